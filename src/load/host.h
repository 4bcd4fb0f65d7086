#ifndef RINGMASTER_LOAD_HOST_H
#define RINGMASTER_LOAD_HOST_H

#include "base/arena.h"
#include "load.pb-c.h"

/* The machine that a test runs on. */

/* Time of all its processors since it started, in ticks. */
struct load_host {
	uint64_t total;
	uint64_t idle;		/* of it: nothing to do, or waiting for disks */
	uint64_t steal;		/* taken by the hypervisor */
};

/* What is read from the first line of /proc/stat; all 0 if it is no such. */
void load_host_parse(const char *line, struct load_host *ret);

/* Read it now; all 0 if that cannot be done. */
void load_host_read(struct load_host *ret);

/* Processors that this process may run on; at least 1. */
unsigned load_host_cpus(void);

/*
 * How much of their time the control group `group` ("/a/b") and those above
 * it may use, in processors, as cpu.max in the tree `root` says (cgroup v2);
 * HUGE_VAL if nothing does.
 */
double load_host_quota_of(const char *root, const char *group);

/* That of this process. */
double load_host_quota(void);

/* What it is: kernel, processors, name; NULL without memory. */
Ringmaster__V1__LoadPlace *load_host_place(struct arena *arena);

#endif

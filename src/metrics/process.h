#ifndef RINGMASTER_METRICS_PROCESS_H
#define RINGMASTER_METRICS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the kernel says about a process. */
struct metrics_process {
	uint64_t cpu_user_ns;
	uint64_t cpu_system_ns;
	uint64_t rss_bytes;
	uint32_t open_fds;	/* 0: unknown */
	uint32_t max_fds;	/* 0: unknown */
};

/*
 * Read it from /proc, which may block for as long as the kernel makes it up.
 * What cannot be read is 0; all of it if the process is gone.
 */
void metrics_process_read(pid_t pid, struct metrics_process *ret);

/* It ended, but its parent has not asked how: it still has its number. */
bool metrics_process_is_zombie(pid_t pid);

#endif

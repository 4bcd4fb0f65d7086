#ifndef RINGMASTER_MASTER_CORE_H
#define RINGMASTER_MASTER_CORE_H

#include <sys/types.h>

#include "conf/conf.h"
#include "master/affinity.h"

/* The directives of the main context and of "events": what the master and
 * the processes it starts have in common. */

enum {
	CORE_WORKERS_MAX = 128,		/* worker_processes */
	CORE_ENV_MAX = 256,		/* "env" directives */
};

struct core_conf {
	int64_t workers;		/* worker_processes */
	int64_t worker_connections;
	int64_t worker_threads;
	int64_t worker_queue;		/* jobs waiting for a thread */
	int64_t worker_rlimit_nofile;	/* CONF_UNSET: as inherited */
	int64_t worker_rlimit_core;
	int64_t worker_shutdown_timeout;/* ms; 0: no limit */
	int64_t daemon, master_process;
	int priority;			/* worker_priority */
	bool priority_set;
	struct affinity affinity;
	struct slice working_directory;	/* empty: stay */
	struct slice pid;		/* absolute */
	struct slice metrics_segment;	/* absolute */
	struct slice metrics_persist;	/* the same; empty: off */
	struct slice user_name;		/* empty: stay who we are */
	uid_t user;
	gid_t group;
	struct slice env[CORE_ENV_MAX];	/* "NAME" or "NAME=VALUE" */
	unsigned env_count;
	struct log log;			/* error_log; empty: not said */
	bool events;			/* there was such a block */
};

extern const struct conf_table core_table;

#endif

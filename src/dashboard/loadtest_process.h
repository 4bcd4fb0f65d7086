#ifndef RINGMASTER_DASHBOARD_LOADTEST_PROCESS_H
#define RINGMASTER_DASHBOARD_LOADTEST_PROCESS_H

#include <sys/types.h>

#include "dashboard/dashboard.h"

/*
 * The process of a load test: the command ringload with nothing open but what
 * it needs, nicer than the server. It gets SIGHUP when the thread that started
 * it dies, and holds the lock of the folder of results as long as it lives.
 */

struct loadtest_process {
	pid_t pid;			/* 0: none */
	int fd;				/* pidfd */
	int live, words;		/* to be read, non-blocking: its
					 * --live-fd 3 and stderr */
};

/*
 * Start it: as `conf` says where it is, or beside ringmaster.
 *
 * segment:  the descriptor of metrics that it gets as 5
 * args:     ended by NULL
 * Returns 0; -EBUSY if another process has the lock; -ENOENT if there is no
 * command or no folder; or -errno.
 */
int loadtest_process_start(const struct dashboard_conf *conf, int segment,
    const char *const *args, struct loadtest_process *ret);

/* It was waited for: close what it left. */
void loadtest_process_fini(struct loadtest_process *process);

/* Take the lock of the folder of results: a descriptor, to be closed. Returns
 * 0, -EBUSY if another process has it, or -errno. */
int loadtest_hold(const struct dashboard_conf *conf, int *ret);

#endif

#ifndef RINGMASTER_DASHBOARD_LOADTEST_KEEP_H
#define RINGMASTER_DASHBOARD_LOADTEST_KEEP_H

#include "dashboard/loadtest.h"

/* The result of a test whose generator was killed before it kept it: what it
 * told last. */
struct loadtest_keep {
	const struct loadtest_now *now;
	const struct loadtest_spec *spec;
	uint64_t started_unix_ns;
	double duration_s;		/* that it ran */
	const char *file;		/* of results */
	/* what came of it: 0 or -errno, and why */
	int err;
	char message[LOADTEST_ERROR_MAX];
};

/* Add it to the file; `arg` is a struct loadtest_keep. Blocks: on a thread of
 * the pool. */
void loadtest_keep(void *arg);

#endif

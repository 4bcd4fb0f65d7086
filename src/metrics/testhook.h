#ifndef RINGMASTER_METRICS_TESTHOOK_H
#define RINGMASTER_METRICS_TESTHOOK_H

/*
 * A way to die in the middle of an update, for tests only: in a build with
 * RINGMASTER_TEST_HOOKS (configure --enable-test-hooks) a worker kills itself
 * after the N-th change of a cell of its slot, with the slot locked. N comes
 * from the environment, RINGMASTER_TEST_DIE_IN_FLUSH=N; it has no effect once
 * a death was recovered from, so that only one worker of a server dies.
 */

struct metrics_segment;

#ifdef RINGMASTER_TEST_HOOKS
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "metrics/segment.h"

extern unsigned long metrics_test_die_after;	/* 0: never */

static inline void metrics_test_start(const struct metrics_segment *segment)
{
	const char *n = getenv("RINGMASTER_TEST_DIE_IN_FLUSH");

	metrics_test_die_after = 0;
	if (n && segment->file->header.recoveries == 0)
		metrics_test_die_after = strtoul(n, NULL, 10);
}

static inline void metrics_test_point(void)
{
	if (metrics_test_die_after > 0 && --metrics_test_die_after == 0)
		(void)kill(getpid(), SIGKILL);
}
#else
static inline void metrics_test_start(const struct metrics_segment *segment)
{
	(void)segment;
}

static inline void metrics_test_point(void)
{
}
#endif

#endif

#ifndef RINGMASTER_LOAD_ENGINE_H
#define RINGMASTER_LOAD_ENGINE_H

#include <signal.h>
#include <stdbool.h>

#include "load/follow.h"
#include "load/plan.h"
#include "load/record.h"

/*
 * Runs a plan: one thread and one ring for each part of the connections. A
 * test begins for all of them at the same moment, when every connection has
 * been made or has failed to be.
 *
 * It ends when its time is over or each connection had its requests; what is
 * under way then has LOAD_GRACE_NS to be answered.
 */

#define LOAD_GRACE_NS (2 * NS_PER_SEC)

enum { LOAD_SECONDS_MAX = 3600 + 60 };	/* of a test, with its end */

/* How the generator itself did. */
struct engine_health {
	double cpu_max;			/* of the busiest thread: share of a
					 * core while the test ran */
	uint64_t cpu_ns;		/* of all threads */
	uint64_t awake_ns;		/* besides; see awake.h */
	uint64_t cq_overflows;
	uint64_t involuntary;		/* times a thread lost its processor */
	uint64_t stalled_ns;		/* most that a thread was late */
};

struct engine_result {
	uint64_t started_real_ns;
	uint64_t started_ns;		/* CLOCK_MONOTONIC */
	uint64_t elapsed_ns;		/* until the last answer, or the end */
	struct load_record record;
	struct load_second *seconds;	/* freed by engine_result_free() */
	unsigned second_count;
	struct engine_health health;
	bool stopped;			/* before its end */
	bool changed;			/* the rate, to this: */
	struct schedule schedule;
};

/* Ask, in any thread, whether `stop`, which may be NULL, is not 0; say so, in
 * any thread or signal handler. */
static inline bool engine_stop_asked(const volatile sig_atomic_t *stop)
{
	return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

static inline void engine_stop_ask(volatile sig_atomic_t *stop)
{
	__atomic_store_n(stop, 1, __ATOMIC_RELAXED);
}

struct engine_hooks {
	/* A second is over: called in the order of the seconds by the thread
	 * that called engine_run(); false ends the test. Or NULL. */
	bool (*second)(void *arg, unsigned index,
	    const struct load_second *second);
	void *arg;
	/* For the plan's threads: requests to be followed. Or NULL. */
	struct load_follow *follow;
	/* Ends the test when it is not 0: for a signal handler. Or NULL. */
	const volatile sig_atomic_t *stop;
	/* Requests a second of the open model from now on, 0 for those of the
	 * plan; read and written atomically in any thread. Or NULL. */
	const uint32_t *rate;
};

/*
 * Run it. The result is filled in also when every request failed.
 * Returns 0, or -errno if it could not be begun: -ENOMEM, or what
 * ring_open() returns.
 */
int engine_run(const struct load_plan *plan, const struct engine_hooks *hooks,
    struct engine_result *result);

void engine_result_free(struct engine_result *result);

#endif

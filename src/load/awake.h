#ifndef RINGMASTER_LOAD_AWAKE_H
#define RINGMASTER_LOAD_AWAKE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A processor that nobody uses sleeps, and needs some 50 us to be awake
 * again, that of a virtual machine up to some ms. So would be late what a
 * thread sends that waits for the right moment.
 *
 * Here a second thread keeps the first one's processor busy meanwhile. It is
 * of the lowest class (SCHED_IDLE), so whoever has something to do there, be
 * it the first thread or a server, takes the processor from it; it stays away
 * from one that others use; and its time is its own, apart from that of the
 * first, which is load.
 */

struct awake {
	pthread_t id;
	bool started;
	bool own;			/* see awake_own() */

	/* Atomic. */
	bool stop;
	int cpu;			/* of the first thread */

	uint64_t cpu_ns;		/* used; known when it was stopped */
};

/* What the second thread notices of others. All 0 but `own` and last_ns at
 * first; last_ns is set anew after a nap. */
struct awake_watch {
	bool own;			/* the processor is; awake_own() */
	uint64_t last_ns;		/* when it ran */
	uint64_t gone_ns;		/* of late it did not */
	uint64_t nap_ns;		/* its last nap, if that was of late */
};

/* It runs at this time: how long it is to leave the processor to others, in
 * ns; 0: not at all. */
uint64_t awake_watch(struct awake_watch *watch, uint64_t now_ns);

/* Were the processors that this process may use given to it by an affinity?
 * The arguments are those of awake_may(). */
bool awake_own(unsigned cpus, unsigned online, double quota);

/*
 * May so many threads have their processors kept awake? One processor more
 * is to be left, since SCHED_IDLE gives way in full only within a control
 * group; or all that this process may use were given to it by an affinity.
 *
 * cpus:    this process may run on
 * online:  there are
 * quota:   of their time, in processors, it may use; HUGE_VAL: all
 */
bool awake_may(unsigned threads, unsigned cpus, unsigned online,
    double quota);

/* awake_may() here and now. */
bool awake_spare(unsigned threads);

/* By the thread whose processor is meant. False without memory or threads. */
bool awake_start(struct awake *awake);

/* It is about to sleep; in a few ns. */
void awake_here(struct awake *awake);

/* If it was started. */
void awake_stop(struct awake *awake);

#endif

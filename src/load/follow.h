#ifndef RINGMASTER_LOAD_FOLLOW_H
#define RINGMASTER_LOAD_FOLLOW_H

#include <stdbool.h>

#include "base/slice.h"
#include "load/plan.h"

/*
 * Which requests are followed through a server that tells of them
 * (metrics/follow.h), and their stamps on the way from the thread that sent
 * them to the one that watches.
 *
 * Each request draws a number, its chance, and is followed if that is below a
 * bound. The bound begins with all and is halved whenever too many were
 * followed of late; it never rises. So those whose chance is below the last
 * bound are an equal share of all requests, whatever the rate was when:
 * a sample without a bias.
 */

enum {
	LOAD_FOLLOW_RATE = 2000,	/* followed a second, at most */
	LOAD_FOLLOW_BURST = 256,	/* and at once */
	LOAD_FOLLOW_STAMPS = 4096,	/* of a thread, not yet taken; a power
					 * of two */
	LOAD_FOLLOW_LINE = 64,		/* bytes of a header line, at least */
};

#define LOAD_FOLLOW_ALL (UINT64_C(1) << 32)	/* above all chances */

/* Of a followed request; CLOCK_MONOTONIC. */
struct load_stamps {
	uint64_t number;
	uint32_t chance;
	uint64_t intended_ns, sent_ns, done_ns;
};

struct load_follow_thread {		/* of one thread */
	uint64_t run;
	uint64_t number, step;		/* of the next one */
	uint64_t random;
	uint64_t below;			/* the bound; atomic */
	double tokens, tokens_max;	/* requests that may be followed now */
	double tokens_rate;		/* more of them, a nanosecond */
	uint64_t refilled_ns;
	/* Atomic: stamps ever given, by the thread; taken, by the watcher. */
	uint64_t given, taken;
	struct load_stamps stamps[LOAD_FOLLOW_STAMPS];
};

struct load_follow {
	unsigned count;
	struct load_follow_thread threads[];
};

/* For a test by so many threads, announced as `run`. NULL without memory;
 * free(3) frees it. */
struct load_follow *load_follow_new(uint64_t run, unsigned threads);

/* ---- a thread ---- */

/* Is a request that is sent now to be followed? Then its number and chance
 * are set. */
bool load_follow_choose(struct load_follow_thread *thread, uint64_t now_ns,
    struct load_stamps *ret);

/* The header line that marks it to `line`, which is what is returned. */
struct slice load_follow_line(const struct load_follow_thread *thread,
    const struct load_stamps *stamps, char line[LOAD_FOLLOW_LINE]);

/* It was answered in full. Lost if nobody takes stamps. */
void load_follow_done(struct load_follow_thread *thread,
    const struct load_stamps *stamps);

/* ---- the watcher ---- */

/* The oldest stamps of a thread that were not taken; false if there are
 * none. */
bool load_follow_take(struct load_follow_thread *thread,
    struct load_stamps *ret);

/* The lowest bound that any thread has come to. */
uint64_t load_follow_below(const struct load_follow *follow);

#endif

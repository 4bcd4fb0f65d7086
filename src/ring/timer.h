#ifndef RINGMASTER_RING_TIMER_H
#define RINGMASTER_RING_TIMER_H

#include <stdint.h>

#include "ring/ring.h"

/*
 * A hierarchical timing wheel. Time is counted in ticks of 2^14 ns (16 us)
 * and a tick is a number of TIMER_LEVELS digits of base 64. Nine levels hold
 * any 64-bit time. One thread.
 */
enum {
	TIMER_TICK_BITS = 14,
	TIMER_SLOT_BITS = 6,
	TIMER_SLOTS = 1 << TIMER_SLOT_BITS,
	TIMER_LEVELS = (64 - TIMER_TICK_BITS) / TIMER_SLOT_BITS + 1,
};

struct timer_wheel {
	uint64_t tick;		/* all timers up to here have been called */
	uint64_t target;	/* what the run under way advances to */
	uint64_t used[TIMER_LEVELS];	/* a bit for each slot not empty */
	struct ring_timer *slots[TIMER_LEVELS][TIMER_SLOTS];
};

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now);

void timer_wheel_set(struct timer_wheel *wheel, struct ring_timer *timer,
    uint64_t deadline);

void timer_wheel_clear(struct timer_wheel *wheel, struct ring_timer *timer);

/*
 * When to call timer_wheel_run() next: the first deadline, or an earlier
 * time at which far timers want to be sorted again. RING_NO_DEADLINE if no
 * timer is set.
 */
uint64_t timer_wheel_next(const struct timer_wheel *wheel);

/* Call all timers whose deadline is at or before `now`, in the order of
 * their ticks. Timers that they set are called by a later run. */
void timer_wheel_run(struct timer_wheel *wheel, uint64_t now);

#endif

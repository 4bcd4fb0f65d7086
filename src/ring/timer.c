/*
 * The timing wheel.
 *
 * A timer lies on the level of the highest digit in which its tick differs
 * from the wheel's, in the slot of that digit. So all timers of a level share
 * their higher digits with the wheel and come later than all timers of the
 * levels below: the next event is the first used slot of the lowest used
 * level, found by two bit scans. When the wheel reaches a slot of a higher
 * level, its timers differ in lower digits only and are sorted down.
 *
 * As the wheel only moves from event to event or to a tick before the next
 * one, no timer's level changes in between.
 */
#include "ring/timer.h"

#include <stddef.h>
#include <string.h>

/* Rounded up: a timer is never early. */
static uint64_t timer_tick(uint64_t ns)
{
	uint64_t part = ns & ((UINT64_C(1) << TIMER_TICK_BITS) - 1);

	return (ns >> TIMER_TICK_BITS) + (part != 0);
}

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->tick = wheel->target = now >> TIMER_TICK_BITS;
}

static void timer_wheel_insert(struct timer_wheel *wheel,
    struct ring_timer *timer)
{
	uint64_t tick = timer_tick(timer->deadline);
	uint64_t differ = tick ^ wheel->tick;
	unsigned level = differ
	    ? (63 - (unsigned)__builtin_clzll(differ)) / TIMER_SLOT_BITS : 0;
	unsigned slot = tick >> level * TIMER_SLOT_BITS & (TIMER_SLOTS - 1);
	struct ring_timer **head = &wheel->slots[level][slot];

	wheel->used[level] |= UINT64_C(1) << slot;
	timer->next = *head;
	if (timer->next)
		timer->next->link = &timer->next;
	timer->link = head;
	*head = timer;
}

void timer_wheel_clear(struct timer_wheel *wheel, struct ring_timer *timer)
{
	struct ring_timer **link = timer->link;
	size_t index;

	if (!link)
		return;
	timer->link = NULL;
	*link = timer->next;
	if (timer->next) {
		timer->next->link = link;
		return;
	}
	/* The last of its list: if also the first, the slot is empty now. */
	index = ((uintptr_t)link - (uintptr_t)wheel->slots) / sizeof(*link);
	if ((uintptr_t)link >= (uintptr_t)wheel->slots &&
	    index < (size_t)TIMER_LEVELS * TIMER_SLOTS)
		wheel->used[index / TIMER_SLOTS] &=
		    ~(UINT64_C(1) << index % TIMER_SLOTS);
}

void timer_wheel_set(struct timer_wheel *wheel, struct ring_timer *timer,
    uint64_t deadline)
{
	uint64_t soonest = (wheel->target + 1) << TIMER_TICK_BITS;

	timer_wheel_clear(wheel, timer);
	timer->deadline = deadline > soonest ? deadline : soonest;
	timer_wheel_insert(wheel, timer);
}

struct timer_event {
	uint64_t tick;
	unsigned level, slot;
};

/* The first slot in which there is something. */
static bool timer_wheel_event(const struct timer_wheel *wheel,
    struct timer_event *ret)
{
	for (unsigned level = 0; level < TIMER_LEVELS; level++) {
		unsigned shift = level * TIMER_SLOT_BITS;
		uint64_t higher = wheel->tick >> shift >> TIMER_SLOT_BITS;
		unsigned slot;

		if (!wheel->used[level])
			continue;
		slot = (unsigned)__builtin_ctzll(wheel->used[level]);
		*ret = (struct timer_event){
			.tick = (higher << TIMER_SLOT_BITS | slot) << shift,
			.level = level,
			.slot = slot,
		};
		return true;
	}
	return false;
}

uint64_t timer_wheel_next(const struct timer_wheel *wheel)
{
	struct timer_event event;

	if (!timer_wheel_event(wheel, &event))
		return RING_NO_DEADLINE;
	if (event.tick > UINT64_MAX >> TIMER_TICK_BITS)
		return RING_NO_DEADLINE - 1;
	return event.tick << TIMER_TICK_BITS;
}

static void timer_wheel_cascade(struct timer_wheel *wheel, unsigned level,
    unsigned slot)
{
	struct ring_timer *timer = wheel->slots[level][slot];

	wheel->slots[level][slot] = NULL;
	wheel->used[level] &= ~(UINT64_C(1) << slot);
	while (timer) {
		struct ring_timer *next = timer->next;

		timer_wheel_insert(wheel, timer);
		timer = next;
	}
}

void timer_wheel_run(struct timer_wheel *wheel, uint64_t now)
{
	struct timer_event event;

	if (now >> TIMER_TICK_BITS <= wheel->tick)
		return;
	wheel->target = now >> TIMER_TICK_BITS;
	while (timer_wheel_event(wheel, &event) &&
	    event.tick <= wheel->target) {
		struct ring_timer *timer;

		wheel->tick = event.tick;
		if (event.level > 0) {
			timer_wheel_cascade(wheel, event.level, event.slot);
			continue;
		}
		while ((timer = wheel->slots[0][event.slot])) {
			timer_wheel_clear(wheel, timer);
			timer->fn(timer->arg);
		}
	}
	wheel->tick = wheel->target;
}

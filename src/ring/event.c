/*
 * Waiting for each other. Who is woken is resumed from the loop and not by
 * who wakes it, so that this one need not expect anything to have changed.
 */
#include <assert.h>
#include <errno.h>

#include "ring/internal.h"

static void ring_waiter_release(struct ring_waiter *waiter, int result)
{
	*waiter->link = waiter->next;
	if (waiter->next)
		waiter->next->link = waiter->link;
	waiter->link = NULL;
	waiter->result = result;
	ring_timer_clear(waiter->ring, &waiter->timer);
	ring_ready(waiter->ring, waiter->coro);
}

static void ring_waiter_expire(void *arg)
{
	ring_waiter_release(arg, -ETIMEDOUT);
}

int ring_event_wait(struct ring *ring, struct ring_event *event,
    struct ring_waiter *waiter, uint64_t deadline)
{
	assert(!waiter->link);
	waiter->ring = ring;
	waiter->coro = ring->coros.current;
	waiter->next = event->first;
	waiter->link = &event->first;
	if (waiter->next)
		waiter->next->link = &waiter->next;
	event->first = waiter;
	if (deadline != RING_NO_DEADLINE) {
		waiter->timer.fn = ring_waiter_expire;
		waiter->timer.arg = waiter;
		ring_timer_set(ring, &waiter->timer, deadline);
	}
	coro_suspend(&ring->coros);
	return waiter->result;
}

void ring_event_wake(struct ring_event *event)
{
	while (event->first)
		ring_waiter_release(event->first, 0);
}

void ring_waiter_wake(struct ring_waiter *waiter)
{
	if (waiter->link)
		ring_waiter_release(waiter, 0);
}

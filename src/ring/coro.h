#ifndef RINGMASTER_RING_CORO_H
#define RINGMASTER_RING_CORO_H

#include <stdbool.h>
#include <stddef.h>

#include "ring/fiber.h"

/*
 * Stackful coroutines: functions that can stop in the middle and go on
 * later, each on a small stack of its own. They resume each other in nested
 * fashion: who resumes one goes on when it suspends or returns.
 *
 * Only callee-saved integer registers are switched; the floating-point
 * control words are not, so nothing may change them and then suspend.
 * A pool and its coroutines belong to one thread.
 */

enum {
	CORO_GUARD_SIZE = 16 * 1024,	/* faults; larger than most frames */
	CORO_SPARE_MAX = 1024,		/* free stacks that stay resident */
};

struct coro {
	void *sp;		/* of its saved registers, while suspended */
	void *resumer_sp;
	struct coro *resumer;	/* NULL: the thread's own stack */
	struct coro *next;	/* in the pool's free list or in a queue */
	struct coro *next_all;
	char *mapping;
	struct coro_pool *pool;
	void (*fn)(void *arg);
	void *arg;
	void *owner;		/* for who started it; the pool leaves it */
	bool returned;
	struct fiber fiber;
};

struct coro_pool {
	struct coro *current;	/* NULL: on the thread's own stack */
	struct coro *free;	/* last used first: its stack is in the cache */
	struct coro *all;
	unsigned used, spare, mapped, max;
	struct fiber fiber;	/* the thread's own stack */
};

/* An empty pool of at most `max` coroutines; on the thread that uses it. */
void coro_pool_init(struct coro_pool *pool, unsigned max);

/* Unmap all stacks; coroutines that are suspended never go on. */
void coro_pool_fini(struct coro_pool *pool);

/*
 * Take a coroutine that will run fn(arg) when first resumed.
 * Returns 0, -EAGAIN when `max` are in use, or -ENOMEM.
 */
int coro_take(struct coro_pool *pool, void (*fn)(void *arg), void *arg,
    struct coro **ret);

/* Give back one that has returned (see coro_resume()) or never ran. */
void coro_give(struct coro *coro);

/* Run it until it suspends or returns: `returned` tells which. */
void coro_resume(struct coro *coro);

/* Go back to the resumer of the current coroutine, until resumed again. */
void coro_suspend(struct coro_pool *pool);

/* First in, first out. */
struct coro_queue {
	struct coro *first, *last;
};

static inline void coro_queue_push(struct coro_queue *queue,
    struct coro *coro)
{
	coro->next = NULL;
	if (queue->first)
		queue->last->next = coro;
	else
		queue->first = coro;
	queue->last = coro;
}

static inline struct coro *coro_queue_pop(struct coro_queue *queue)
{
	struct coro *coro = queue->first;

	if (coro)
		queue->first = coro->next;
	return coro;
}

#endif

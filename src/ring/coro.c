/*
 * Coroutines on pooled stacks.
 *
 * A stack is a mapping of its own: guard pages at the low end, then the
 * stack, with struct coro above it, in a page that is touched anyway.
 * Mapping one costs microseconds, so they are kept. The function at the
 * bottom of each stack never returns: it runs one job after the other, so
 * that taking a pooled coroutine is a switch like any other.
 *
 * Stacks that lie free beyond CORO_SPARE_MAX give their pages back (a call
 * of about a microsecond, paid only after a burst of that many).
 *
 * The switch itself is in switch_*.S, one file for each processor.
 */
#include "ring/coro.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

enum {
	CORO_MAPPING_SIZE = CORO_GUARD_SIZE + FIBER_STACK_SIZE,
	/* Stacks begin at different offsets in their page, or the busy ends
	 * of all of them would compete for the same few sets of the cache. */
	CORO_COLORS = 32,
	CORO_COLOR_SIZE = 128,
};

/* Save the registers, their place in *sp; go on from those at `to`. */
void coro_switch(void **sp, void *to);

/* Build below `top` (aligned to 16) what coro_switch() will find as the
 * registers of entry(arg); returns their place. */
void *coro_frame(void *top, void (*entry)(void *arg), void *arg);

void coro_pool_init(struct coro_pool *pool, unsigned max)
{
	*pool = (struct coro_pool){ .max = max };
	fiber_init_thread(&pool->fiber);
}

void coro_pool_fini(struct coro_pool *pool)
{
	assert(!pool->current);
	while (pool->all) {
		struct coro *coro = pool->all;

		pool->all = coro->next_all;
		fiber_fini(&coro->fiber);
		(void)munmap(coro->mapping, CORO_MAPPING_SIZE);
	}
}

static struct fiber *coro_resumer_fiber(struct coro *coro)
{
	return coro->resumer ? &coro->resumer->fiber : &coro->pool->fiber;
}

static void coro_main(void *arg)
{
	struct coro *coro = arg;

	fiber_arrive(&coro->fiber, coro_resumer_fiber(coro));
	for (;;) {
		coro->fn(coro->arg);
		coro->returned = true;
		coro_suspend(coro->pool);
	}
}

static struct coro *coro_map(struct coro_pool *pool)
{
	char *p = mmap(NULL, CORO_MAPPING_SIZE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	char *bottom = p + CORO_GUARD_SIZE;
	size_t color = pool->mapped % CORO_COLORS * CORO_COLOR_SIZE;
	struct coro *coro;

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(bottom, FIBER_STACK_SIZE, PROT_READ | PROT_WRITE)) {
		(void)munmap(p, CORO_MAPPING_SIZE);
		return NULL;
	}
	coro = (struct coro *)(bottom + FIBER_STACK_SIZE - color -
	    ((sizeof(*coro) + 15) & ~(size_t)15));
	coro->pool = pool;
	coro->mapping = p;
	pool->mapped++;
	coro->sp = coro_frame(coro, coro_main, coro);
	fiber_init(&coro->fiber, bottom, (size_t)((char *)coro - bottom));
	coro->next_all = pool->all;
	pool->all = coro;
	return coro;
}

int coro_take(struct coro_pool *pool, void (*fn)(void *arg), void *arg,
    struct coro **ret)
{
	struct coro *coro = pool->free;

	if (pool->used == pool->max)
		return -EAGAIN;
	if (coro) {
		pool->free = coro->next;
		pool->spare--;
	} else {
		coro = coro_map(pool);
		if (!coro)
			return -ENOMEM;
	}
	coro->fn = fn;
	coro->arg = arg;
	coro->returned = false;
	pool->used++;
	*ret = coro;
	return 0;
}

void coro_give(struct coro *coro)
{
	struct coro_pool *pool = coro->pool;

	if (pool->spare >= CORO_SPARE_MAX) {
		/* All but the page in which its registers are saved. */
		char *bottom = coro->mapping + CORO_GUARD_SIZE;
		size_t below = (size_t)((char *)coro->sp - bottom) &
		    ~(size_t)4095;

		(void)madvise(bottom, below, MADV_DONTNEED); /* only a wish */
	}
	coro->next = pool->free;
	pool->free = coro;
	pool->spare++;
	pool->used--;
}

void coro_resume(struct coro *coro)
{
	struct coro_pool *pool = coro->pool;

	coro->resumer = pool->current;
	pool->current = coro;
	fiber_leave(coro_resumer_fiber(coro), &coro->fiber);
	coro_switch(&coro->resumer_sp, coro->sp);
	fiber_arrive(coro_resumer_fiber(coro), &coro->fiber);
	pool->current = coro->resumer;
}

void coro_suspend(struct coro_pool *pool)
{
	struct coro *coro = pool->current;

	assert(coro);
	fiber_leave(&coro->fiber, coro_resumer_fiber(coro));
	coro_switch(&coro->sp, coro->resumer_sp);
	fiber_arrive(&coro->fiber, coro_resumer_fiber(coro));
}

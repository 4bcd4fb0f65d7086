#include "load/follow.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "metrics/follow.h"

struct load_follow *load_follow_new(uint64_t run, unsigned threads)
{
	struct load_follow *follow = calloc(1, sizeof(*follow) +
	    threads * sizeof(follow->threads[0]));

	if (!follow)
		return NULL;
	follow->count = threads;
	for (unsigned i = 0; i < threads; i++)
		follow->threads[i] = (struct load_follow_thread){
			.run = run,
			.number = i,
			.step = threads,
			.random = hash_mix(run + i) | 1,
			.below = LOAD_FOLLOW_ALL,
			.tokens = (double)LOAD_FOLLOW_BURST / threads,
			.tokens_max = (double)LOAD_FOLLOW_BURST / threads,
			.tokens_rate = (double)LOAD_FOLLOW_RATE /
			    (double)NS_PER_SEC / threads,
		};
	return follow;
}

/* ---- a thread ---- */

/* There are tokens for as many as may be followed. Without one the bound is
 * halved, and the next may be borrowed. */
static void follow_pay(struct load_follow_thread *thread, uint64_t now_ns)
{
	if (thread->refilled_ns)
		thread->tokens += thread->tokens_rate *
		    (double)(now_ns - thread->refilled_ns);
	thread->refilled_ns = now_ns;
	if (thread->tokens > thread->tokens_max)
		thread->tokens = thread->tokens_max;
	thread->tokens -= 1;
	if (thread->tokens >= 0)
		return;
	thread->tokens = thread->tokens_max / 2;
	if (thread->below > 1)
		__atomic_store_n(&thread->below, thread->below / 2,
		    __ATOMIC_RELAXED);
}

bool load_follow_choose(struct load_follow_thread *thread, uint64_t now_ns,
    struct load_stamps *ret)
{
	uint32_t chance = (uint32_t)(schedule_random(&thread->random) >> 32);

	if (chance >= thread->below)
		return false;
	follow_pay(thread, now_ns);
	if (chance >= thread->below)
		return false;
	ret->chance = chance;
	ret->number = thread->number;
	thread->number += thread->step;
	return true;
}

struct slice load_follow_line(const struct load_follow_thread *thread,
    const struct load_stamps *stamps, char line[LOAD_FOLLOW_LINE])
{
	char tag[METRICS_FOLLOW_TAG];
	int len;

	metrics_follow_format(thread->run, stamps->number, tag);
	len = snprintf(line, LOAD_FOLLOW_LINE, METRICS_FOLLOW_HEADER
	    ": %.*s\r\n", METRICS_FOLLOW_TAG, tag);
	return (struct slice){ line, (size_t)len };
}

void load_follow_done(struct load_follow_thread *thread,
    const struct load_stamps *stamps)
{
	uint64_t given = thread->given;

	if (given - __atomic_load_n(&thread->taken, __ATOMIC_ACQUIRE) ==
	    LOAD_FOLLOW_STAMPS)
		return;
	thread->stamps[given % LOAD_FOLLOW_STAMPS] = *stamps;
	__atomic_store_n(&thread->given, given + 1, __ATOMIC_RELEASE);
}

/* ---- the watcher ---- */

bool load_follow_take(struct load_follow_thread *thread,
    struct load_stamps *ret)
{
	uint64_t taken = thread->taken;

	if (taken == __atomic_load_n(&thread->given, __ATOMIC_ACQUIRE))
		return false;
	*ret = thread->stamps[taken % LOAD_FOLLOW_STAMPS];
	__atomic_store_n(&thread->taken, taken + 1, __ATOMIC_RELEASE);
	return true;
}

uint64_t load_follow_below(const struct load_follow *follow)
{
	uint64_t lowest = LOAD_FOLLOW_ALL;

	for (unsigned i = 0; i < follow->count; i++) {
		uint64_t below = __atomic_load_n(&follow->threads[i].below,
		    __ATOMIC_RELAXED);

		if (below < lowest)
			lowest = below;
	}
	return lowest;
}

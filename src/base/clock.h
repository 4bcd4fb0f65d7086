#ifndef RINGMASTER_BASE_CLOCK_H
#define RINGMASTER_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SEC UINT64_C(1000000000)
#define NS_PER_MSEC UINT64_C(1000000)
#define NS_PER_USEC UINT64_C(1000)

/* Nanoseconds that only grow, for durations and deadlines. */
static inline uint64_t clock_mono_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* Nanoseconds since 1970, for people; may jump. */
static inline uint64_t clock_real_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* Processor time of the calling thread. */
static inline uint64_t clock_thread_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/*
 * Ticks, to compare short times on one thread: read in a few cycles where the
 * processor has such a counter. CLOCK_TICKS_LONG of them are no less than
 * 0.2 ms, and no more than a few.
 */
#ifdef __x86_64__
#define CLOCK_TICKS_LONG (UINT64_C(1) << 20)
static inline uint64_t clock_ticks(void)
{
	return __builtin_ia32_rdtsc();
}
#else
#define CLOCK_TICKS_LONG (UINT64_C(1) << 18)
static inline uint64_t clock_ticks(void)
{
	return clock_mono_ns();
}
#endif

#endif

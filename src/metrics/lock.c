#include "metrics/lock.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

int metrics_lock_init(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attributes;
	int error = pthread_mutexattr_init(&attributes);

	if (error)
		return -error;
	/* These two fail for unknown values only. */
	(void)pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	(void)pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	error = pthread_mutex_init(mutex, &attributes);
	(void)pthread_mutexattr_destroy(&attributes);
	return -error;
}

int metrics_lock(pthread_mutex_t *mutex, void (*repair)(void *arg), void *arg,
    uint64_t *recoveries)
{
	int error = pthread_mutex_lock(mutex);

	if (error == 0)
		return 0;
	if (error != EOWNERDEAD)
		return -error;
	repair(arg);
	(void)__atomic_fetch_add(recoveries, 1, __ATOMIC_RELAXED);
	/* Without this, unlocking would make the mutex unusable for good. */
	error = pthread_mutex_consistent(mutex);
	assert(error == 0);
	return 1;
}

void metrics_unlock(pthread_mutex_t *mutex)
{
	int error = pthread_mutex_unlock(mutex);

	assert(error == 0);
	(void)error;
}

/* One look; true if nothing changed meanwhile. */
static int metrics_read_once(const uint64_t *sequence, metrics_word *to,
    const metrics_word *from, size_t words)
{
	uint64_t before = metrics_load(sequence);

	for (size_t i = 0; i < words; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_ACQUIRE);
	return before % 2 == 0 && metrics_load(sequence) == before;
}

int metrics_read(const uint64_t *sequence, void *to, const void *from,
    size_t size, unsigned tries)
{
	assert(size % sizeof(metrics_word) == 0);
	for (unsigned i = 0; i < tries; i++) {
		if (metrics_read_once(sequence, to, from, size / 8))
			return 0;
		if (i >= METRICS_READ_SPINS)
			(void)usleep(METRICS_READ_PAUSE_US);
	}
	return -EAGAIN;
}

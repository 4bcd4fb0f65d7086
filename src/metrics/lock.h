#ifndef RINGMASTER_METRICS_LOCK_H
#define RINGMASTER_METRICS_LOCK_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Locks and sequence counts on memory that several processes map.
 *
 * A process that changes shared data holds the data's robust mutex, and makes
 * the sequence count beside the data odd while it does. Readers that cannot
 * lock (their mapping is read-only) copy the data and compare the count.
 *
 * All words that are read this way are written with metrics_store() and in
 * this order, so that no fence is needed: a release store cannot overtake
 * the odd count before it, an acquire load cannot sink below the check after.
 */

/* A word of any struct in shared memory. */
typedef uint64_t __attribute__((may_alias)) metrics_word;

/* Give up on a writer that stays in the middle of an update (METRICS_READ_TRIES
 * looks, the later ones METRICS_READ_PAUSE_US apart: about 25 ms). */
enum {
	METRICS_READ_TRIES = 1000,
	METRICS_READ_SPINS = 500,
	METRICS_READ_PAUSE_US = 50,
};

static inline void metrics_store(uint64_t *cell, uint64_t value)
{
	__atomic_store_n(cell, value, __ATOMIC_RELEASE);
}

static inline uint64_t metrics_load(const uint64_t *cell)
{
	return __atomic_load_n(cell, __ATOMIC_ACQUIRE);
}

static inline void metrics_store32(uint32_t *cell, uint32_t value)
{
	__atomic_store_n(cell, value, __ATOMIC_RELEASE);
}

static inline uint32_t metrics_load32(const uint32_t *cell)
{
	return __atomic_load_n(cell, __ATOMIC_ACQUIRE);
}

/* Store the first `size` bytes of `from`, rounded up to whole words. */
static inline void metrics_store_words(void *to, const void *from, size_t size)
{
	metrics_word *cells = to;
	const metrics_word *words = from;

#pragma GCC unroll 4
	for (size_t i = 0; i < (size + 7) / 8; i++)
		__atomic_store_n(&cells[i], words[i], __ATOMIC_RELEASE);
}

/* Begin and end a change of what `sequence` guards; the lock is held. */
static inline void metrics_change_begin(uint64_t *sequence)
{
	metrics_store(sequence, *sequence | 1);
}

static inline void metrics_change_end(uint64_t *sequence)
{
	metrics_store(sequence, (*sequence | 1) + 1);
}

/* Prepare a mutex in shared memory. 0 or -errno. */
int metrics_lock_init(pthread_mutex_t *mutex);

/*
 * Lock a mutex in shared memory: the only way to.
 *
 * repair:      called with `arg` when the owner died holding the lock, before
 *              anything else can see the data; must bear to be cut short by
 *              the death of this process and be called again by the next
 * recoveries:  counts such deaths
 * Returns 0, 1 after a repair, or -errno if the mutex is damaged, and then
 * it is not held. Waits without bound for a live owner.
 */
int metrics_lock(pthread_mutex_t *mutex, void (*repair)(void *arg), void *arg,
    uint64_t *recoveries);

void metrics_unlock(pthread_mutex_t *mutex);

/*
 * Copy `size` bytes (a multiple of 8) that `sequence` guards, without a lock.
 * Returns 0 if the copy is of one moment; -EAGAIN if the writer was always
 * in the middle of a change in `tries` looks (it is stopped or dead, or
 * changes without pause): then the copy may be torn.
 */
int metrics_read(const uint64_t *sequence, void *to, const void *from,
    size_t size, unsigned tries);

#endif

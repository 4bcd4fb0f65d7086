#ifndef RINGMASTER_MASTER_BOARD_H
#define RINGMASTER_MASTER_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "master/core.h"

/*
 * The page on which workers show that they live, and the master says who
 * serves the sockets of those that do not. It is shared memory without a
 * file, as old as the master. All fields are single words, read and written
 * atomically; a worker that writes nonsense harms nobody but itself.
 */

enum { BOARD_PROCESSES_MAX = 1024, BOARD_NOBODY = -1 };

struct board {
	/* CLOCK_MONOTONIC of the last sign of life of a process, by its
	 * place in the master's table; 0 until it is ready to serve. Written
	 * by that process, and set to 0 by the master before it is forked. */
	uint64_t beat_ns[BOARD_PROCESSES_MAX];
	/* The worker slot that serves this slot's sockets besides its own, or
	 * BOARD_NOBODY. Written by the master. */
	int32_t taker[CORE_WORKERS_MAX];
};

#define BOARD_BEAT_NS	(UINT64_C(100) * 1000 * 1000)	/* between beats */
#define BOARD_SILENT_NS (UINT64_C(300) * 1000 * 1000)	/* then it is stuck */

/* A page shared with all children; NULL without memory. */
struct board *board_new(void);

static inline void board_beat(struct board *board, unsigned process,
    uint64_t now_ns)
{
	__atomic_store_n(&board->beat_ns[process], now_ns, __ATOMIC_RELEASE);
}

/* When it last showed that it lives; 0: it is not ready. */
static inline uint64_t board_beaten_ns(const struct board *board,
    unsigned process)
{
	return __atomic_load_n(&board->beat_ns[process], __ATOMIC_ACQUIRE);
}

/* Has it shown that it is ready to serve? */
static inline bool board_ready(const struct board *board, unsigned process)
{
	return board_beaten_ns(board, process) != 0;
}

static inline bool board_healthy(const struct board *board, unsigned process,
    uint64_t now_ns)
{
	uint64_t beat = board_beaten_ns(board, process);

	return beat != 0 && now_ns < beat + BOARD_SILENT_NS;
}

static inline int board_taker(const struct board *board, unsigned slot)
{
	return __atomic_load_n(&board->taker[slot], __ATOMIC_RELAXED);
}

/*
 * Choose who serves the sockets of each slot whose worker is not healthy or
 * not there: the healthy ones in turn.
 *
 * healthy:  one a worker slot
 * workers:  number of worker slots; those above have sockets but no worker
 */
void board_assign(struct board *board, const bool *healthy, unsigned workers);

#endif

#include "master/board.h"

#include <sys/mman.h>

struct board *board_new(void)
{
	struct board *board = mmap(NULL, sizeof(*board),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED)
		return NULL;
	for (unsigned i = 0; i < CORE_WORKERS_MAX; i++)
		board->taker[i] = BOARD_NOBODY;
	return board;
}

/* The first healthy slot, looking from `slot` on and around. */
static int board_choose(const bool *healthy, unsigned workers, unsigned slot)
{
	for (unsigned i = 0; i < workers; i++) {
		unsigned candidate = (slot + i) % workers;

		if (healthy[candidate])
			return (int)candidate;
	}
	return BOARD_NOBODY;
}

void board_assign(struct board *board, const bool *healthy, unsigned workers)
{
	for (unsigned i = 0; i < CORE_WORKERS_MAX; i++) {
		int taker = BOARD_NOBODY;

		if (i >= workers || !healthy[i])
			taker = board_choose(healthy, workers, i);
		__atomic_store_n(&board->taker[i], taker, __ATOMIC_RELAXED);
	}
}

#ifndef RINGMASTER_MASTER_WORKER_H
#define RINGMASTER_MASTER_WORKER_H

#include "master/board.h"
#include "master/cycle.h"
#include "master/listen.h"

/*
 * A worker, and the dashboard, which differs in its title and in what it
 * serves: the life of the process from the fork to its end.
 *
 * Signals: QUIT to drain, TERM and INT to stop at once, USR1 to open the log
 * files again. When the master dies, a worker drains; the dashboard stays
 * for a while (orphan.h).
 */

struct metrics_segment;

struct worker_options {
	struct cycle *cycle;
	struct http_conf *http;		/* what it serves; NULL: nothing */
	struct listen_set *listens;	/* inherited; it closes what it does
					 * not need */
	struct metrics_segment *segment;
	struct board *board;
	unsigned process;		/* its place on the board */
	unsigned slot;			/* of the sockets */
	unsigned metrics_slot;
	pid_t master;			/* 0: it is the only process */
	bool dashboard;
};

/*
 * Serve until told to stop. Call it in the process that was forked for it,
 * with all signals blocked. Returns its exit status: 0 unless it failed.
 */
int worker_run(const struct worker_options *options);

#endif

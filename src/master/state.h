#ifndef RINGMASTER_MASTER_STATE_H
#define RINGMASTER_MASTER_STATE_H

#include "master/backoff.h"
#include "master/board.h"
#include "master/cycle.h"
#include "master/listen.h"
#include "master/persist.h"
#include "master/systemd.h"

/*
 * What the master knows. There is one; the files of this folder that run in
 * it share this struct. Only its one thread uses it; children get a copy.
 */

struct metrics_segment;

enum process_kind {
	PROCESS_NONE,
	PROCESS_WORKER,
	PROCESS_DASHBOARD,
	PROCESS_BINARY,			/* the master that follows us */
};

struct process {
	enum process_kind kind;		/* PROCESS_NONE: a free place */
	pid_t pid;
	unsigned slot;			/* worker slot; 0 for others */
	unsigned generation;		/* of the configuration it runs */
	unsigned metrics_slot;
	uint64_t started_ns;
	bool retired;			/* was told to finish */
	bool leaving;			/* will be, when it is replaced */
	bool stuck;			/* a worker: no sign of life */
};

/* A place that one process shall fill: a worker slot or the dashboard. */
struct place {
	struct backoff backoff;
	bool died;			/* its last process, unasked */
};

enum master_state {
	MASTER_SERVING,
	MASTER_RESTING,			/* WINCH: no workers, for an upgrade */
	MASTER_QUITTING,		/* gracefully */
	MASTER_TERMINATING,
};

struct master {
	enum master_state state;
	struct cycle_options options;
	char **argv;
	const char *executable;		/* absolute; what USR2 runs */
	const struct log *log;		/* of the cycle that runs */
	struct cycle *cycle;
	struct listen_set listens;
	struct metrics_segment *segment;
	struct board *board;
	unsigned generation;
	struct process processes[BOARD_PROCESSES_MAX];
	unsigned process_count;		/* places in use are below it */
	struct place workers[CORE_WORKERS_MAX];
	struct place dashboard;
	uint64_t terminated_ns;		/* when TERM was sent; 0: not yet */
	uint64_t swept_s;		/* second of the last sweep */
	pid_t new_binary;		/* 0: none */
	int new_binary_fd;		/* pidfd of it */
	int old_master;			/* pidfd of whom we follow; or -1 */
	struct systemd systemd;
	struct persist persist;
	int ready;			/* tells the waiting parent; -1: none */
	bool starting;			/* no worker has served yet */
	bool failed;			/* none ever will: exit with an error */
};

/* Worker slots that shall have a worker. */
static inline unsigned master_workers(const struct master *master)
{
	return master->cycle->http ? (unsigned)master->cycle->core->workers : 0;
}

/* Of the masters that share the segment, this is the one that came last. */
bool master_is_main(const struct master *master);

/* No other master uses our pid file, unix sockets and segment. */
bool master_is_alone(const struct master *master);

#endif

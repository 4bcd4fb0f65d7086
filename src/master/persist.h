#ifndef RINGMASTER_MASTER_PERSIST_H
#define RINGMASTER_MASTER_PERSIST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * "metrics_persist": the counts of a run go on in the next one. They are
 * written each PERSIST_PERIOD_NS and after a reload by a child, so that a slow
 * disk holds up nobody, and by the master itself when it stops.
 *
 * A master that was killed wrote nothing last, but its segment is still
 * there: the counts are then those of the segment. Of a machine that went
 * down, at most one period is lost.
 */

#define PERSIST_PERIOD_NS (60 * NS_PER_SEC)

struct core_conf;
struct master;
struct metrics_segment;

struct persist {
	struct metrics_segment *former;	/* of the run before; or NULL */
	uint64_t next_ns;		/* when to write; 0: now */
	pid_t writer;			/* 0: none */
	bool failed;			/* the last time, and that was said */
};

/* Open what a former master left, before its name is taken away. */
void persist_look(struct master *master, const struct core_conf *core);

/* Read what was kept into the new segment, when the names of the
 * configuration are in it and nobody counts yet. What cannot be used is put
 * aside; all that goes wrong is said in the log. */
void persist_load(struct master *master);

/* In each turn of the loop: have the counts written if it is time. */
void persist_turn(struct master *master, uint64_t now_ns);

/* A child ended: true if it was the one that writes. */
bool persist_reap(struct master *master, pid_t pid, int status);

/* All workers are gone: write what it came to. */
void persist_stop(struct master *master);

#endif

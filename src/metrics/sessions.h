#ifndef RINGMASTER_METRICS_SESSIONS_H
#define RINGMASTER_METRICS_SESSIONS_H

#include "metrics/segment.h"

/*
 * How many clients are there? Sessions that were seen in the last idle_s
 * seconds are counted one by one, in a table of at most
 * METRICS_SESSIONS_EXACT_MAX; beyond that their number is estimated by
 * HyperLogLog (standard error 0.8 %).
 *
 * The table is open addressing with linear probing; an entry leaves it by
 * moving later ones up, so that there are no graves. The estimate keeps
 * registers for each sixth of idle_s and counts what was seen in the last
 * six and the current one. Those of a whole day have registers of their own.
 *
 * Workers report sessions in batches and each only once in a while; the
 * table's lock is held for a batch. Times are in seconds of CLOCK_MONOTONIC.
 */

enum {
	METRICS_SESSION_IDLE_S = 30 * 60,
	METRICS_SESSION_IDLE_MIN_S = METRICS_HLL_PARTS - 1,
	METRICS_SESSIONS_SWEEP = 4096,	/* entries looked at by one sweep */
};

struct metrics_session_counts {
	uint64_t live;
	uint64_t created;	/* those counted one by one */
	uint64_t expired;
	bool exact;		/* `live` is no estimate */
	uint64_t today;		/* seen since the day began: an estimate */
};

/* Make an empty table in zeroed memory. idle_s: 0 for the default. */
int metrics_sessions_init(struct metrics_sessions *sessions, unsigned idle_s);

/*
 * These sessions were seen now. Takes sessions->lock.
 * keys: spread evenly over all values, see metrics_session_key()
 * Returns 0, 1 after a repair, or -errno.
 */
int metrics_sessions_add(struct metrics_segment *segment,
    const uint64_t *keys, unsigned count, uint64_t now_s);

/*
 * Forget the expired among the next METRICS_SESSIONS_SWEEP entries: the
 * master calls it once a second, so that each entry is looked at every half
 * minute. Takes sessions->lock; 0, 1 after a repair, or -errno.
 */
int metrics_sessions_sweep(struct metrics_segment *segment, uint64_t now_s);

/*
 * It is day number `day`: if that is another than before, count those of
 * today anew. The master calls it once a second. Takes sessions->lock if it
 * is; 0, 1 after a repair, or -errno.
 */
int metrics_sessions_day(struct metrics_segment *segment, uint64_t day);

/* The figures of now; takes no lock. */
void metrics_sessions_read(const struct metrics_segment *segment,
    uint64_t now_s, struct metrics_session_counts *ret);

/* Bring a table in order whose owner died. For metrics_lock(). */
void metrics_sessions_repair(void *sessions);

/* The key of a session id, which clients cannot choose; never 0. */
uint64_t metrics_session_key(const struct metrics_segment *segment,
    uint64_t id_hash);

#endif

#ifndef RINGMASTER_METRICS_WRITER_PART_H
#define RINGMASTER_METRICS_WRITER_PART_H

#include "base/arena.h"
#include "metrics/lock.h"
#include "metrics/segment.h"
#include "metrics/testhook.h"

/* What is shared by writer*.c, and private to them. */

enum {
	METRICS_SESSION_CACHE = 4096,	/* ids remembered; a power of two */
	METRICS_SESSION_AGAIN_S = 10,	/* an id is reported so often */
	METRICS_SESSION_BATCH = 64,	/* ids reported at once */
};

struct hist_sums {		/* what many durations add to one histogram */
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;
};

struct scope_sums {
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t body_out;
	struct hist_sums duration;
};

struct samples {		/* durations that belong to no request */
	uint64_t ns[METRICS_SAMPLES_MAX];
	unsigned count;
};

struct batch_sums {		/* what the requests of a flush add up to */
	uint64_t bytes_in;
	uint64_t body_out;
	struct hist_sums first_byte;
	uint64_t aborted_client;
	uint64_t aborted_server;
};

struct peer_sums {		/* what the tries of one upstream server add */
	bool touched;
	bool failed;			/* `failures` are not all 0 */
	uint64_t classes[METRICS_CLASSES];
	uint64_t failures[METRICS_FAILURE_COUNT];
	uint64_t bytes_in;
	uint64_t bytes_out;
	struct hist_sums times[METRICS_TIME_COUNT];
};

struct writer_peers {		/* upstream servers, and zones of limits */
	unsigned limit;			/* ids below it have cells */
	unsigned touched_count;
	uint16_t touched[METRICS_TOUCHED_MAX];
	unsigned bin_count;
	uint64_t *bins[METRICS_TRIES_MAX * METRICS_TIME_COUNT];
	struct peer_sums sums[METRICS_PEERS_MAX];
	bool shown;			/* `gauges` are newer than the slot */
	struct metrics_peer_gauges gauges[METRICS_PEERS_MAX];
	uint64_t zones_touched;		/* a bit each */
	uint64_t limits[METRICS_ZONES_MAX][METRICS_LIMIT_RESULT_COUNT];
};
_Static_assert((int)METRICS_ZONES_MAX <= 64, "a bit each");

struct writer_tops {		/* lists of the most frequent keys */
	struct arena arena;
	struct writer_top *lists[METRICS_TOPS_MAX];	/* NULL: no room */
	uint32_t taken;			/* a bit for each list in which a key
					 * took an entry */
	unsigned changed_count;
	struct top_changed {
		uint16_t list, entry;
	} changed[METRICS_TOP_TOUCHED_MAX];
};

struct metrics_writer {
	struct metrics_pending pending;	/* first: see writer.h */
	struct metrics_segment *segment;
	struct metrics_slot *slot;
	unsigned undo_count;		/* entries in the slot's undo log */
	unsigned scope_limit;		/* ids below it have cells */
	bool has_ring;			/* `ring` is newer than the slot */
	unsigned touched_count;
	uint16_t touched[METRICS_SCOPES_MAX];	/* scopes with sums */
	struct batch_sums sums;
	struct hist_sums stages[METRICS_STAGE_COUNT];
	bool staged;			/* `stages` are not empty */
	struct writer_peers peers;
	struct writer_tops tops;
	struct samples loop_lag;
	struct samples pool_wait;
	struct samples conn_age;
	struct metrics_stall longest, lately[2];	/* as in the slot */
	unsigned lately_now;		/* which one is of this period */
	uint64_t lately_period;		/* its number */
	bool stalls_changed;		/* they are newer than the slot's */
	struct slowest {
		uint64_t until_ns;	/* CLOCK_MONOTONIC: end of the second */
		unsigned half;		/* of the slot's table: 0 or 1 */
		unsigned count, least;	/* filled; the shortest when all are */
		uint64_t ns[METRICS_SLOW_MAX];
	} slow;
	struct metrics_ring_totals ring_flushed;
	struct ring_stats ring;
	unsigned session_count;
	uint64_t session_keys[METRICS_SESSION_BATCH];
	struct {
		uint64_t key;
		uint64_t said_s;
	} session_cache[METRICS_SESSION_CACHE];
	struct scope_sums scopes[METRICS_SCOPES_MAX];
	struct metrics_request requests[METRICS_PENDING_MAX];
};

static inline void sums_add(struct hist_sums *sums, uint64_t ns)
{
	sums->count++;
	sums->sum_ns += ns;
	if (ns > sums->max_ns)
		sums->max_ns = ns;
}

/* ---- the transaction ---- */

/*
 * Add `n` to a few cells of the slot so that it can be undone. No cell
 * changes before all of their old values are in the log.
 */
static inline __attribute__((always_inline))
void writer_add_cells(struct metrics_writer *writer, uint64_t *const *cells,
    unsigned count, uint64_t n)
{
	struct metrics_slot *slot = writer->slot;
	struct metrics_undo *undo = &slot->undo[writer->undo_count];

#pragma GCC unroll 4
	for (unsigned i = 0; i < count; i++) {
		undo[i].offset = (uint64_t)((char *)cells[i] - (char *)slot);
		undo[i].old = *cells[i];
	}
	writer->undo_count += count;
	metrics_store(&slot->undo_count, writer->undo_count);
#pragma GCC unroll 4
	for (unsigned i = 0; i < count; i++) {
		metrics_store(cells[i], *cells[i] + n);
		metrics_test_point();
	}
}

static inline void writer_add(struct metrics_writer *writer, uint64_t *cell,
    uint64_t n)
{
	if (n > 0)
		writer_add_cells(writer, &cell, 1, n);
}

/* In the middle of a flush: add all but the bins of a histogram, and clear
 * the sums. */
void writer_hist_sums(struct metrics_writer *writer, struct hist *hist,
    struct hist_sums *sums);

/* Likewise what writer_peer.c and writer_top.c have. */
void writer_flush_peers(struct metrics_writer *writer);
void writer_flush_tops(struct metrics_writer *writer);

/* Go on with the lists of the slot; 0 or -ENOMEM. */
int writer_tops_open(struct metrics_writer *writer);

#endif

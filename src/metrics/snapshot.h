#ifndef RINGMASTER_METRICS_SNAPSHOT_H
#define RINGMASTER_METRICS_SNAPSHOT_H

#include "base/arena.h"
#include "metrics.pb-c.h"
#include "metrics/segment.h"

/*
 * The public data model (proto/metrics.proto) filled in from a segment, for
 * encoders, tools and reports.
 */

enum {
	METRICS_SNAPSHOT_RECENT_MAX = 1000,
	METRICS_SNAPSHOT_BYTES = 64 << 20,	/* suffices for any segment */
};

struct metrics_snapshot_options {
	unsigned recent;	/* last requests wanted, of all workers */
	unsigned top_keys;	/* of each list of frequent ones; 0: no lists */
};

/*
 * Fill in a snapshot. It and all in it is memory of the arena, which should
 * allow METRICS_SNAPSHOT_BYTES; it goes with the arena. Takes no lock, so
 * that it works on a read-only mapping, and cannot hold up a worker.
 * Returns 0 or -ENOMEM.
 */
int metrics_snapshot_fill(const struct metrics_segment *segment,
    const struct metrics_snapshot_options *options, struct arena *arena,
    Ringmaster__V1__Snapshot **ret);

/*
 * Unpack a snapshot, with its memory in the arena. Returns it, or NULL if it
 * is none or does not fit. Trusts nothing in the bytes.
 */
Ringmaster__V1__Snapshot *metrics_snapshot_unpack(struct slice bytes,
    struct arena *arena);

/* Fill in a mark, whose text stays where it is. */
void metrics_snapshot_mark(struct metrics_mark *mark,
    Ringmaster__V1__Mark *ret);

/*
 * Fill in the lists of frequent keys with at most `keys` of each, in memory of
 * the arena: up to METRICS_TOPS_MAX to `ret`. Returns how many, or -ENOMEM.
 */
int metrics_tops_fill(const struct metrics_segment *segment,
    struct arena *arena, unsigned keys,
    Ringmaster__V1__Top *ret[METRICS_TOPS_MAX]);

/* ---- single requests ---- */

struct metrics_worker_request {	/* one that ended, and in which worker */
	struct metrics_request request;
	uint32_t worker;
};

struct metrics_worker_inflight {
	struct metrics_inflight request;
	uint32_t worker;
	uint64_t age_ns;
};

/* For qsort(): the one that ended last comes first. */
int metrics_requests_newer(const void *a, const void *b);

/*
 * The requests that ended last, of all workers, newest first, in memory of
 * the arena: at most `max`. Returns 0, or -ENOMEM with *ret_count 0.
 */
int metrics_requests_recent(const struct metrics_segment *segment,
    struct arena *arena, unsigned max, struct metrics_worker_request **ret,
    unsigned *ret_count);

/* A request as the model has it, in memory of the arena; NULL without. */
Ringmaster__V1__Request *metrics_request_fill(
    const struct metrics_segment *segment, struct arena *arena,
    const struct metrics_worker_request *from);
Ringmaster__V1__InFlight *metrics_inflight_fill(
    const struct metrics_segment *segment, struct arena *arena,
    const struct metrics_worker_inflight *from);

#endif

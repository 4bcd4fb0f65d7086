#ifndef RINGMASTER_METRICS_VIEW_H
#define RINGMASTER_METRICS_VIEW_H

#include "base/arena.h"
#include "metrics/process.h"
#include "metrics/segment.h"

/*
 * The slots of a segment added up: what all workers counted, and what each
 * place of a worker did.
 *
 * Each slot's counts are of one moment, those of two slots are not. Totals
 * never go down from one view to the next, unless a worker dies in the very
 * middle of an update and a view is taken before the master repaired it.
 */

struct metrics_worker_view {
	uint32_t index;
	uint32_t pid;		/* of the newest; 0: none is running */
	uint32_t generation;
	enum metrics_slot_state state;	/* METRICS_SLOT_FREE: none runs */
	uint64_t started_real_ns;
	uint64_t requests;
	uint64_t connections;	/* that were accepted */
	uint64_t stalls;
	struct metrics_ring_totals ring;
	struct metrics_gauges gauges;	/* of all that live in this place; its
					 * longest turn of late is lately[0] */
	struct metrics_process process;	/* the same; processor time of all */
	struct hist loop_lag;
	struct hist duration;	/* of its requests */
};

struct metrics_view {
	struct metrics_totals totals;
	uint64_t bytes_out;	/* of all requests, */
	struct hist duration;	/* whatever the cache did for them */
	struct metrics_gauges gauges;
	struct hist stages[METRICS_STAGE_COUNT];
	struct hist pool_wait;
	struct hist conn_age;
	unsigned current;	/* workers of the running configuration */
	unsigned draining;
	bool alive[METRICS_SLOTS];	/* a worker lives in the slot */
	unsigned worker_count;
	struct metrics_worker_view *workers;	/* by index */
};

/*
 * Take a view, in memory of the arena. Takes no lock; reads /proc.
 * Returns 0 or -ENOMEM.
 */
int metrics_view_take(const struct metrics_segment *segment,
    struct arena *arena, struct metrics_view **ret);

/* An upstream server. */
struct metrics_peer_view {
	struct metrics_peer_totals totals;
	struct metrics_peer_gauges gauges;	/* sums; of those that do not
						 * drain: the worst state, and
						 * the longest time */
	bool draining;		/* workers that drain have it, and no others */
};

/* Add up what all workers counted of it. `part` is room to work in. */
void metrics_view_peer(const struct metrics_segment *segment,
    const struct metrics_view *view, unsigned peer,
    struct metrics_peer_totals *part, struct metrics_peer_view *ret);

/* Likewise of a zone of limits. */
void metrics_view_zone(const struct metrics_segment *segment, unsigned zone,
    uint64_t ret[METRICS_LIMIT_RESULT_COUNT]);

/* Add up what all workers counted in a scope. `part` is room to work in. */
void metrics_view_scope(const struct metrics_segment *segment, unsigned scope,
    struct metrics_scope_totals *part, struct metrics_scope_totals *ret);

#endif

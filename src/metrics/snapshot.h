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

/* Fill in a mark, whose text stays where it is. */
void metrics_snapshot_mark(struct metrics_mark *mark,
    Ringmaster__V1__Mark *ret);

#endif

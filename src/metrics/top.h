#ifndef RINGMASTER_METRICS_TOP_H
#define RINGMASTER_METRICS_TOP_H

#include "base/arena.h"
#include "metrics/segment.h"

/*
 * Lists of the most frequent values of a key, such as user agents, in fixed
 * memory whatever clients send: Space-Saving (A. Metwally, D. Agrawal, A. El
 * Abbadi, "Efficient computation of frequent and top-k elements in data
 * streams", 2005). A key without an entry takes that of the key counted
 * least, and inherits its count as what may be too much. So of N requests,
 * with k entries, each key of more than N / k has one, and no count exceeds
 * the true one by more than N / k.
 *
 * Each worker has a table in its slot; who reads adds them up (P. Agarwal and
 * others, "Mergeable summaries", 2012), for which the same holds: a key that
 * a full table lacks may have been in it as often as the least that has an
 * entry there.
 *
 * What else is counted of a key (bytes, time, errors) is of its count - over
 * requests that were certainly its own. What is left of the sums of all is
 * "other"; requests there may well belong to keys in the list.
 *
 * A key is told from others by all of its bytes, though of long ones only the
 * beginning is kept. Bytes may be any: clients choose them.
 */

struct metrics_top_options {
	struct slice name;	/* shorter than METRICS_SCOPE_NAME_MAX */
	struct slice key;	/* as configured */
	unsigned size;		/* entries; 1 to METRICS_TOP_SIZE_MAX */
};

/*
 * In the master, before slots are assigned for a configuration: have these
 * lists, at most METRICS_TOPS_MAX with different names, and no others. One
 * that there was goes on; one of another key or size begins anew.
 *
 * ids:  of each, for metrics_top_add()
 * Takes header.lock; 0 or -errno.
 */
int metrics_tops_set(struct metrics_segment *segment,
    const struct metrics_top_options *options, unsigned count,
    unsigned *ids);

/* Likewise, make room in a free slot for all lists that there are. header.lock
 * is held; 0 or -errno. For metrics_slot_assign(). */
int metrics_tops_assign(struct metrics_segment *segment,
    struct metrics_slot *slot);

struct metrics_top_request {
	uint64_t bytes_out;	/* head and body */
	uint64_t duration_ns;
	bool error;		/* answered with 500 or more */
};

/* In a worker: a request had this key. Does nothing if the slot has no room
 * for the list. */
void metrics_top_add(struct metrics_writer *writer, unsigned id,
    struct slice key, const struct metrics_top_request *request);

/* ---- readers ---- */

struct metrics_top_view {
	struct metrics_top top;
	uint64_t requests;		/* sums of all that had a key */
	uint64_t bytes_out;
	uint64_t duration_ns;
	uint64_t errors;
	unsigned count;			/* at most top.size */
	struct metrics_top_entry *entries;	/* the greatest count first */
};

/*
 * Add up what all workers counted in list `id` (below METRICS_TOPS_MAX), in
 * memory of the arena. Takes no lock.
 * Returns 0, -ENOENT if there is no such list, or -ENOMEM.
 */
int metrics_top_read(const struct metrics_segment *segment, unsigned id,
    struct arena *arena, struct metrics_top_view *ret);

/* How much of the file the tables of a slot take. */
uint64_t metrics_tops_bytes(const struct metrics_slot *slot);

/* What is kept of the entry's key. */
struct slice metrics_top_key(const struct metrics_top_entry *entry);

#endif

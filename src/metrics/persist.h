#ifndef RINGMASTER_METRICS_PERSIST_H
#define RINGMASTER_METRICS_PERSIST_H

#include "base/log.h"
#include "metrics/snapshot.h"

/*
 * Counts that outlive the segment: a snapshot in a file, and the way back
 * from a snapshot into a new segment.
 *
 * The file is a ringmaster.v1.Snapshot as ringstat reads them, without
 * requests and marks. Its last field, which no reader of snapshots knows, is
 * a checksum of all bytes before it, so that a file that was cut short or
 * changed is told from a whole one. It is written beside the old one, synced,
 * and renamed: there is always one that is whole.
 */

enum {
	METRICS_PERSIST_BYTES_MAX = 16 << 20,	/* of a file that is read */
	/* Bytes that an arena for one, and what is in it, should allow. */
	METRICS_PERSIST_ARENA = METRICS_PERSIST_BYTES_MAX +
	    METRICS_SNAPSHOT_BYTES,
};

/*
 * Keep a snapshot of the segment at `path`, in place of a regular file or of
 * nothing. Blocks for as long as the disk does, but no worker: it takes no
 * lock. Returns 0 or -errno (-EINVAL: something else is there).
 */
int metrics_persist_write(const struct metrics_segment *segment,
    const char *path);

/*
 * Read what was kept, with its memory in the arena.
 *
 * wrong:  if it is -EBADMSG, why the file cannot be used: "it is damaged"
 * Returns 0, -EBADMSG, or -errno of what could not be done (-EINVAL: it is
 * no regular file). Trusts nothing in the file.
 */
int metrics_persist_read(const char *path, struct arena *arena,
    const char **wrong, Ringmaster__V1__Snapshot **ret);

/*
 * Add all counters and histograms of a snapshot to a new segment, in which
 * the names of the configuration are known and nothing counts yet. They go to
 * slots that workers of the same number will have. The segment becomes the
 * snapshot's instance. What is of a name that the segment does not know is
 * left out, and `log` is told.
 *
 * Returns 0; or -errno, and then a part may be there.
 */
int metrics_restore(struct metrics_segment *segment,
    const Ringmaster__V1__Snapshot *from, const struct log *log);

#endif

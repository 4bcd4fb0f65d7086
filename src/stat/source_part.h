#ifndef RINGMASTER_STAT_SOURCE_PART_H
#define RINGMASTER_STAT_SOURCE_PART_H

#include "base/buf.h"
#include "stat/source.h"

/* What the files of a source share: where things are, and snapshots. */

enum { STAT_PATH_MAX = 4096 };

/*
 * The path that a name means; see stat_source_open(). Returns 0; or -errno
 * with a sentence in `why`.
 */
int stat_path_find(const char *name, char path[STAT_PATH_MAX],
    char why[STAT_WHY_MAX]);

/* What is at the end of a path, without ".shm"; from the heap, or NULL. */
char *stat_path_name(const char *path);

bool stat_path_is_snapshot(const char *path);

/* Read a file that is a snapshot. Returns 0; or -errno with a sentence. */
int stat_file_read(const char *path, struct buf *ret,
    char why[STAT_WHY_MAX]);

/* When a server was last seen to live: wall clock, not in the future. */
uint64_t stat_segment_seen_ns(const struct metrics_segment *segment);

#endif

#ifndef RINGMASTER_METRICS_OWNER_H
#define RINGMASTER_METRICS_OWNER_H

#include "metrics/segment.h"

/*
 * Whether the master of a segment lives. A master holds a lock on the file,
 * which it shares with the one that takes over from it in an upgrade; the
 * kernel releases it however the master ends, and its children never have
 * it. A number could be another process's by now; this cannot be mistaken.
 */

/*
 * Hold the segment in `fd` for as long as this process lives. A file system
 * without locks is no error: then the segment counts as held for ever.
 * Until then the process must not open and close the same file, which would
 * release the lock.
 */
void metrics_owner_hold(int fd);

/*
 * Remove the segment at `path` if nobody holds it, as a master does that was
 * killed: what is left of its processes sees that by metrics_owner_taken().
 * Anything but a segment, and one that is held, stays.
 */
void metrics_owner_reclaim(const char *path);

/*
 * Does a master hold the segment? For its children, also for those that
 * outlived it. Where there are no locks the master's number has to do.
 */
bool metrics_owner_alive(const struct metrics_segment *segment);

/*
 * For who has a segment whose master is gone: has another master come in its
 * place? It holds the segment, as in an upgrade, or took its name away. Only
 * the descriptor is asked: no rights on the folder are needed.
 */
bool metrics_owner_taken(const struct metrics_segment *segment);

#endif

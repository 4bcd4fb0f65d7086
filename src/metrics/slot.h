#ifndef RINGMASTER_METRICS_SLOT_H
#define RINGMASTER_METRICS_SLOT_H

#include <sys/resource.h>
#include <sys/types.h>

#include "metrics/segment.h"

/*
 * The life of a worker's slot: assigned by the master before it forks the
 * worker, counted into by the worker (writer.h), released by the master when
 * it has reaped the worker. The totals stay in a released slot, and the next
 * worker that gets it goes on from there, so the sum over all slots is what
 * was ever counted. Only the gauges go back to zero.
 */

/*
 * A slot for worker number `worker` of a generation: a free one, if possible
 * that of the last worker of this number, or else a new one, which is
 * allocated in the file. Takes header.lock.
 * Returns its index, -ENOSPC (no slot or no room in the file system), or
 * another -errno.
 */
int metrics_slot_assign(struct metrics_segment *segment,
    enum metrics_slot_kind kind, unsigned generation, unsigned worker);

/* The worker was told to finish. */
void metrics_slot_drain(struct metrics_segment *segment, unsigned slot);

/*
 * The process `pid`, which had the slot, is gone and reaped: undo what it
 * left unfinished and free the slot. A slot that is another's is left alone.
 *
 * usage:  of wait4(): its processor time is kept; or NULL
 * Returns 0, 1 if a flush had to be undone, or -errno. Takes slot->lock.
 */
int metrics_slot_release(struct metrics_segment *segment, unsigned slot,
    pid_t pid, const struct rusage *usage);

/* Milliseconds since the worker's last turn; 0 before its first one. For a
 * watchdog. */
uint64_t metrics_slot_silent_ms(const struct metrics_segment *segment,
    unsigned slot, uint64_t now_ns);

/* Put back all cells that an unfinished flush changed. slot->lock is held.
 * For metrics_lock(); the argument is a struct metrics_slot. */
void metrics_slot_repair(void *slot);

/* The process that counts into the slot lives, as far as can be seen: only
 * then do its gauges mean anything. */
bool metrics_slot_alive(const struct metrics_slot *slot);

/* Counts and gauges of one moment. 0, or -EAGAIN with a copy that may be
 * torn (see metrics_read()). Needs no lock, as the next two. */
int metrics_slot_read(const struct metrics_slot *slot,
    struct metrics_core *ret);

/* One of the slot's other histograms, of one moment; the same results. */
int metrics_slot_read_hist(const struct metrics_slot *slot,
    const struct hist *hist, struct hist *ret);

/* Totals of one scope; zeros if the slot has none for that id. */
int metrics_slot_read_scope(const struct metrics_slot *slot, unsigned scope,
    struct metrics_scope_totals *ret);

/* Totals of one upstream server, likewise. */
int metrics_slot_read_peer(const struct metrics_slot *slot, unsigned peer,
    struct metrics_peer_totals *ret);

/*
 * Up to `max` of the slot's last requests, newest first. Returns how many;
 * those that are just being overwritten are left out.
 */
unsigned metrics_slot_read_recent(const struct metrics_slot *slot,
    struct metrics_request *requests, unsigned max);

/*
 * The slot's last requests from number *next on, oldest first, to `requests`,
 * which has room for METRICS_RECENT; *next becomes the number of the one to
 * come. Returns how many; those written over meanwhile are lost.
 */
unsigned metrics_slot_read_since(const struct metrics_slot *slot,
    uint64_t *next, struct metrics_request *requests);

/*
 * The slot's failed requests from number *next on, as of the last ones,
 * to `requests`, which has room for METRICS_ERRORS.
 */
unsigned metrics_slot_read_errors(const struct metrics_slot *slot,
    uint64_t *next, struct metrics_request *requests);

/*
 * The slowest requests of this second and of the one before, and maybe some
 * of older ones, in no order, to `requests`, which has room for
 * 2 * METRICS_SLOW_MAX. Whoever asks each second gets all, and some twice.
 * Returns how many.
 */
unsigned metrics_slot_read_slow(const struct metrics_slot *slot,
    struct metrics_request *requests);

/*
 * The slot's followed requests from number *next on, as of errors, to
 * `requests`, which has room for METRICS_FOLLOWED. Returns how many.
 */
unsigned metrics_slot_read_followed(const struct metrics_slot *slot,
    uint64_t *next, struct metrics_followed *requests);

/*
 * What is in flight in the process that has the slot; nothing if that is dead
 * or did not say so since `since_ns` (CLOCK_MONOTONIC). Returns 0, or -EAGAIN
 * if there is nothing.
 */
int metrics_slot_read_inflight(const struct metrics_slot *slot,
    uint64_t since_ns, struct metrics_inflight_table *ret);

#endif

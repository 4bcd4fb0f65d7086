#ifndef RINGMASTER_DASHBOARD_REQUESTS_H
#define RINGMASTER_DASHBOARD_REQUESTS_H

#include "metrics/snapshot.h"

/*
 * The requests worth remembering, collected from the segment, which keeps
 * them for a second or two: the slowest of each minute of the last hour, and
 * the last that failed (answered with 400 or more, or aborted).
 *
 * It is memory of the dashboard process; a new one begins with what the
 * segment still has.
 */

enum {
	REQUESTS_SLOWEST_MAX = 100,	/* of a minute */
	REQUESTS_MINUTES = 61,		/* an hour and the one that runs */
	REQUESTS_ERRORS_MAX = 1000,
};

struct requests;

/* An empty collection; NULL without memory. */
struct requests *requests_new(void);
void requests_free(struct requests **requests);

/*
 * Take in what is new in the segment. Nothing is missed if the calls are at
 * most a second apart, but of each worker the slowest beyond METRICS_SLOW_MAX
 * of a second, and the failed beyond METRICS_ERRORS between two calls.
 * Any thread; the same segment each time.
 */
void requests_collect(struct requests *requests,
    const struct metrics_segment *segment);

/*
 * Copies, in memory of the arena: the slowest ones, slowest first, or those
 * that failed, newest first. Returns 0, or -ENOMEM with *ret_count 0.
 */
int requests_slowest(struct requests *requests, struct arena *arena,
    struct metrics_worker_request **ret, unsigned *ret_count);
int requests_errors(struct requests *requests, struct arena *arena,
    struct metrics_worker_request **ret, unsigned *ret_count);

#endif

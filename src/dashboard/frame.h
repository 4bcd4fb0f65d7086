#ifndef RINGMASTER_DASHBOARD_FRAME_H
#define RINGMASTER_DASHBOARD_FRAME_H

#include "base/buf.h"
#include "dashboard/loadtest.h"
#include "dashboard/recorder.h"

/*
 * A frame: what the server does in a second, as one line of JSON that is
 * short enough to be sent to many viewers each second.
 */

enum {
	FRAME_VERSION = 1,		/* raise it when a meaning changes */
	FRAME_SIZE_MAX = 4096,		/* bytes of the line */
	FRAME_WORKERS_MAX = 16,
	FRAME_MARKS_MAX = 8,		/* more follow in the next frame */
	FRAME_REQUESTS_MAX = 10,	/* more are left out */
	FRAME_TEST_S = 10,		/* a test that ended is shown */
};

/* What the columns of "w" and "r" are, for the catalogue; NULL ends them. */
extern const char *const frame_worker_columns[];
extern const char *const frame_request_columns[];

/* A worker's place; NaN: not known. */
struct frame_worker {
	unsigned index;
	uint32_t pid;			/* 0: none is running */
	enum metrics_slot_state state;
	int64_t connections;
	double rate;			/* requests/s */
	double p99_s, lag_p99_s;	/* of this second */
	uint64_t ring_inflight, pool_busy, pool_queued;
	double cpu_ratio;		/* of one core */
	uint64_t rss_bytes, stalls;
};

/* A request that ended in this second. */
struct frame_request {
	struct metrics_request request;
	unsigned worker;
	struct slice method, server;	/* names */
};

/* Since the server started, and limits. */
struct frame_totals {
	uint64_t requests, hits, misses, bypass;
	double mean_s;			/* NaN: no request yet */
	uint64_t sessions;		/* created */
	uint64_t connections_limit, connections_peak, pool_threads;
};

/* All that a frame says. */
struct frame_data {
	uint64_t seq;
	uint64_t time_s;		/* wall clock, as the other times */
	uint64_t instance;
	bool up;			/* the master lives and a worker runs */
	uint64_t since_s;		/* up or down since then */
	uint64_t generation, started_s, reloaded_s;
	bool reload_ok, cache, recording;
	unsigned workers, draining;
	const double *values;		/* HISTORY_COUNT; NaN: not known */
	const uint32_t *heat;		/* HISTORY_HEAT_ROWS, or NULL */
	struct frame_totals totals;
	const struct loadtest_now *test;	/* NULL: none of late */
	const struct frame_worker *worker;
	unsigned worker_count;		/* at most FRAME_WORKERS_MAX */
	unsigned worker_all;
	const struct metrics_mark *marks;	/* oldest first */
	unsigned mark_count;
	const struct frame_request *requests;	/* newest first */
	unsigned request_count;
};

/*
 * Write the line, at most FRAME_SIZE_MAX bytes without a line end, to `out`,
 * which is empty. What comes last has to give way: requests, then marks,
 * workers and heat rows. Returns how many of the marks it holds; check
 * out->failed (memory).
 */
unsigned frame_write(struct buf *out, const struct frame_data *data);

/* ---- in the dashboard process ---- */

/*
 * Begin: of whose segment frames tell. Before frame_take().
 */
void frame_start(const struct metrics_segment *segment);

/*
 * Make the frame of a second, to be had by frame_taken(). On a thread of the
 * pool, one at a time; reads the segment. Without memory there is none.
 */
void frame_take(const struct recorder_second *second);

/*
 * The frame that was taken last, once; false if there is none. The caller
 * frees ret->data. On the loop, while frame_take() does not run.
 */
bool frame_taken(struct buf *ret, uint64_t *ret_seq);

#endif

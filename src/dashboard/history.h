#ifndef RINGMASTER_DASHBOARD_HISTORY_H
#define RINGMASTER_DASHBOARD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "dashboard/history_heat.h"
#include "metrics/segment.h"

/*
 * What the server did, second by second for an hour, and coarser for a day
 * and a week: three rings of records in a file of fixed size. A record's
 * place follows from its time, so what was not recorded is a gap. And a ring
 * of the marks that charts show, of this master and of those before it.
 *
 * Counters are recorded as they stand, with the instance of the segment that
 * counted them: the difference of two records of one instance is right
 * whatever lies between them.
 *
 * Crashes: the file gets its name when it is complete, and a record carries a
 * checksum over its time and numbers; one that was not written to its end
 * counts as a gap. Locks: the process that holds the file's lock (flock)
 * writes; a mutex keeps the threads of one process apart.
 */

enum history_kind {
	HISTORY_GAUGE,		/* of several records: their mean */
	HISTORY_COUNTER,	/* a sum since start; read as rate a second */
	HISTORY_PEAK,		/* of several records: the largest */
	HISTORY_QUANTILE,	/* of requests; of several records: from all
				 * of their heat rows */
};

/* The series: identifier, name, unit, kind. The order is the file's. */
#define HISTORY_SERIES(X) \
	X(CLIENTS, "active_clients", "connections", GAUGE) \
	X(READING, "reading", "connections", GAUGE) \
	X(WRITING, "writing", "connections", GAUGE) \
	X(IDLE, "idle", "connections", GAUGE) \
	X(REQUESTS, "requests", "requests/s", COUNTER) \
	X(C2XX, "2xx", "requests/s", COUNTER) \
	X(C3XX, "3xx", "requests/s", COUNTER) \
	X(C4XX, "4xx", "requests/s", COUNTER) \
	X(C5XX, "5xx", "requests/s", COUNTER) \
	X(ABORTED, "aborted", "requests/s", COUNTER) \
	X(BYTES_IN, "bytes_in", "bytes/s", COUNTER) \
	X(BYTES_OUT, "bytes_out", "bytes/s", COUNTER) \
	X(P50, "latency_p50", "seconds", QUANTILE) \
	X(P90, "latency_p90", "seconds", QUANTILE) \
	X(P95, "latency_p95", "seconds", QUANTILE) \
	X(P99, "latency_p99", "seconds", QUANTILE) \
	X(P999, "latency_p999", "seconds", QUANTILE) \
	X(MAX, "latency_max", "seconds", PEAK) \
	X(CACHE_HITS, "cache_hits", "lookups/s", COUNTER) \
	X(CACHE_MISSES, "cache_misses", "lookups/s", COUNTER) \
	X(CACHE_BYPASS, "cache_bypass", "lookups/s", COUNTER) \
	X(SESSIONS, "sessions", "sessions", GAUGE) \
	X(POOL_BUSY, "pool_busy", "threads", GAUGE) \
	X(POOL_QUEUED, "pool_queued", "tasks", GAUGE) \
	X(POOL_WAIT, "pool_wait_p99", "seconds", PEAK) \
	X(LOOP_LAG, "loop_lag_p99", "seconds", PEAK) \
	X(WORKERS, "workers", "processes", GAUGE) \
	X(ERRORS, "errors", "errors/s", COUNTER) \
	X(HEADER_P50, "stage_header_p50", "seconds", GAUGE) \
	X(HEADER_P99, "stage_header_p99", "seconds", PEAK) \
	X(PARSE_P50, "stage_parse_p50", "seconds", GAUGE) \
	X(PARSE_P99, "stage_parse_p99", "seconds", PEAK) \
	X(POOL_WAIT_P50, "stage_pool_wait_p50", "seconds", GAUGE) \
	X(POOL_WAIT_P99, "stage_pool_wait_p99", "seconds", PEAK) \
	X(HANDLER_P50, "stage_handler_p50", "seconds", GAUGE) \
	X(HANDLER_P99, "stage_handler_p99", "seconds", PEAK) \
	X(UPSTREAM_P50, "stage_upstream_p50", "seconds", GAUGE) \
	X(UPSTREAM_P99, "stage_upstream_p99", "seconds", PEAK) \
	X(SEND_P50, "stage_send_p50", "seconds", GAUGE) \
	X(SEND_P99, "stage_send_p99", "seconds", PEAK) \
	X(C1XX, "1xx", "requests/s", COUNTER)

enum history_id {
#define HISTORY_ID(id, name, unit, kind) HISTORY_##id,
	HISTORY_SERIES(HISTORY_ID)
#undef HISTORY_ID
	HISTORY_COUNT
};

struct history_series {
	const char *name, *unit;
	enum history_kind kind;
};
extern const struct history_series history_series[HISTORY_COUNT];

/* Which percentile a series is: 0.5 of a p50, 1 of a maximum; 0: none. */
extern const double history_shares[HISTORY_COUNT];

/* What the numbers of a series are when read: "gauge", "rate", "peak",
 * "quantile". */
const char *history_kind_name(enum history_kind kind);

/* The rings: seconds a record stands for, and how many are kept. */
enum { HISTORY_TIERS = 3 };
struct history_tier {
	unsigned span_s, count;
};
extern const struct history_tier history_tiers[HISTORY_TIERS];

/* Without holes. */
struct history_record {
	uint64_t sum;		/* of what follows; 0 and all zeros: empty */
	uint64_t time_s;	/* wall clock: the end of what it is about */
	uint64_t instance;	/* of the segment; other one, other counters */
	uint64_t started_s;	/* wall clock: its counters were zero then */
	uint64_t peak_s;	/* wall clock: when the most requests came */
	double peak;		/* the most requests/s since started_s */
	double values[HISTORY_COUNT];	/* NaN: there is none */
	uint32_t heat[HISTORY_HEAT_ROWS];	/* requests, by duration */
};

struct history;

enum { HISTORY_BAD_MAX = 4 };	/* files put aside that are kept */

/*
 * Open the history at `path`, or begin one, with all of its room allocated;
 * the last directory of the path is made if it is missing.
 * What is there and is no history of this layout, is cut short or damaged is
 * renamed to PATH.bad-TIME; of such, only the newest are kept. Both is logged.
 * Returns 0 or -errno (-ENOSPC, -EACCES, -EINVAL if it is no plain file).
 */
int history_open(const char *path, const struct log *log,
    struct history **ret);

/*
 * Look at the history at `path`, which another process may be writing, and
 * change nothing. Only to be read, and closed.
 * Returns 0; -EBADMSG if it is no history of this version, or cut short;
 * -EINVAL if it is no plain file; or -errno.
 */
int history_view(const char *path, struct history **ret);

/* Forget it; the file stays. */
void history_close(struct history **history);

/* May this process write? It may when the one before it has ended; ask
 * again then. */
bool history_own(struct history *history);

/* Record in ring `tier`; sets the record's checksum. */
void history_write(struct history *history, unsigned tier,
    struct history_record *record);

/* Replace the gauges of *record by their means, and its heat rows by their
 * sums, over the records of the finest ring in the `span_s` seconds that end
 * with record->time_s. */
void history_summarize(struct history *history, unsigned span_s,
    struct history_record *record);

/* The newest record of an instance at or before time_s, not older than an
 * hour; false if there is none. */
bool history_last(struct history *history, uint64_t instance,
    uint64_t time_s, struct history_record *ret);

/* What is asked for: points[i] is about the step_s seconds that end at
 * from_s + (i + 1) * step_s. */
struct history_range {
	unsigned tier;		/* its span divides step_s */
	uint64_t from_s;
	unsigned step_s;
	unsigned count;
};

/*
 * The ring to read from: the coarsest whose records fit into step_s, or a
 * coarser one if that does not go back to from_s.
 */
unsigned history_tier_find(uint64_t from_s, unsigned step_s, uint64_t now_s);

/* When point i ends: the second that it is named by. */
static inline uint64_t history_range_end(const struct history_range *range,
    unsigned i)
{
	return range->from_s + (uint64_t)(i + 1) * range->step_s;
}

/*
 * Read series, all in one pass over the records.
 *
 * points:  of each series, room for range->count values, or NULL if it is
 *	    not wanted; NaN where nothing was recorded
 * totals:  of a counter that is wanted, by how much it grew in all; else 0
 */
void history_read(struct history *history, const struct history_range *range,
    double *const points[HISTORY_COUNT], double totals[HISTORY_COUNT]);

/* How many requests took how long, in one step. */
struct history_heat {
	bool recorded;
	uint64_t rows[HISTORY_HEAT_ROWS];
};

/* Read the heat rows: one of `columns` for each step of the range. */
void history_read_heat(struct history *history,
    const struct history_range *range, struct history_heat *columns);

/* ---- marks ---- */

enum {
	HISTORY_MARKS = 256,	/* kept in the file */
	HISTORY_MARKS_ALL = HISTORY_MARKS + METRICS_MARKS,
};

/* Keep those marks of a segment, oldest first, that are not kept yet; for
 * the owner only. */
void history_marks_copy(struct history *history,
    const struct metrics_mark *marks, unsigned count);

/*
 * The marks of the file and those of the segment, each once, newest first.
 *
 * history, segment:  or NULL if there is none
 * ret:      room for HISTORY_MARKS_ALL
 * Returns how many there are.
 */
unsigned history_marks_read(struct history *history,
    const struct metrics_segment *segment, struct metrics_mark *ret);

#endif

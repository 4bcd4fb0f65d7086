#ifndef RINGMASTER_DASHBOARD_HISTORY_H
#define RINGMASTER_DASHBOARD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

/*
 * What the server did, second by second for an hour, and coarser for a day
 * and a week: three rings of records in a file of fixed size. A record's
 * place follows from its time, so what was not recorded is a gap.
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
	X(P50, "latency_p50", "seconds", PEAK) \
	X(P90, "latency_p90", "seconds", PEAK) \
	X(P95, "latency_p95", "seconds", PEAK) \
	X(P99, "latency_p99", "seconds", PEAK) \
	X(P999, "latency_p999", "seconds", PEAK) \
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
	X(ERRORS, "errors", "errors/s", COUNTER)

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

/* What the numbers of a series are when read: "gauge", "rate", "peak". */
const char *history_kind_name(enum history_kind kind);

/* The rings: seconds a record stands for, and how many are kept. */
enum { HISTORY_TIERS = 3 };
struct history_tier {
	unsigned span_s, count;
};
extern const struct history_tier history_tiers[HISTORY_TIERS];

/* All integers of 64 bits, so that the record has no holes. */
struct history_record {
	uint64_t sum;		/* of what follows; 0 and all zeros: empty */
	uint64_t time_s;	/* wall clock: the end of what it is about */
	uint64_t instance;	/* of the segment; other one, other counters */
	uint64_t started_s;	/* wall clock: its counters were zero then */
	double values[HISTORY_COUNT];	/* NaN: there is none */
};

struct history;

/*
 * Open the history at `path`, or begin one, with all of its room allocated.
 * What is there and is no history of this layout, is cut short or damaged is
 * renamed to PATH.bad-TIME, which is logged.
 * Returns 0 or -errno (-ENOSPC, -EACCES, -EINVAL if it is no plain file).
 */
int history_open(const char *path, const struct log *log,
    struct history **ret);

/* Forget it; the file stays. */
void history_close(struct history **history);

/* May this process write? It may when the one before it has ended; ask
 * again then. */
bool history_own(struct history *history);

/* Record in ring `tier`; sets the record's checksum. */
void history_write(struct history *history, unsigned tier,
    struct history_record *record);

/* Replace the gauges of *record by their means over the records of the
 * finest ring in the `span_s` seconds that end with record->time_s. */
void history_average(struct history *history, unsigned span_s,
    struct history_record *record);

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

/*
 * Read a series.
 *
 * points:  range->count values; NaN where nothing was recorded
 * total:   of a counter, by how much it grew in all; else not changed
 */
void history_read(struct history *history, const struct history_range *range,
    enum history_id id, double *points, double *total);

#endif

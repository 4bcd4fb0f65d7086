/*
 * Each second, at the full second of the monotonic clock, a coroutine has a
 * thread of the pool take a view and write a record; at the end of each ten
 * seconds and each minute a record of those, too.
 *
 * A histogram counts since the server started, so the percentiles of an
 * interval are those of the difference of two; each ring keeps the last one
 * of its own. The first interval after a start of this process has none.
 *
 * While another dashboard process still has the history, as in a reload,
 * nothing is recorded.
 */

#include "dashboard/recorder.h"

#include <math.h>

#include "base/clock.h"
#include "base/hash.h"
#include "dashboard/history.h"
#include "http/conn.h"
#include "metrics/sessions.h"
#include "metrics/snapshot.h"
#include "metrics/view.h"

/* The histograms whose percentiles are recorded. */
enum recorder_hist {
	RECORDER_DURATION,
	RECORDER_POOL_WAIT,
	RECORDER_LOOP_LAG,
	RECORDER_HISTS
};

/* One a process, and it lives as long. Only one recorder_take() runs. */
static struct recorder {
	struct http_worker *worker;
	struct history *history;
	struct ring_timer timer;
	uint64_t offset_s;		/* wall clock less monotonic clock */
	uint64_t instance;
	bool busy;
	struct recorder_ring {
		uint64_t last_s;	/* its last record; 0: none yet */
		struct hist before[RECORDER_HISTS];
	} rings[HISTORY_TIERS];
	struct hist now[RECORDER_HISTS];
} recorder;

/* ---- opening ---- */

int recorder_open(struct http_conf *http, const struct log *log)
{
	struct dashboard_conf *conf = http->conf->owner;
	int err = history_open(conf->history_path.data, log, &conf->history);

	if (err)
		log_write(log, LOG_LEVEL_EMERG, -err,
		    "opening the history \"%s\" failed",
		    conf->history_path.data);
	return err;
}

void recorder_close(struct http_conf *http)
{
	struct dashboard_conf *conf = http->conf->owner;

	history_close(&conf->history);
}

/* ---- one second ---- */

static uint64_t recorder_class(const struct metrics_totals *totals,
    unsigned hundreds)
{
	unsigned first = METRICS_CODE_FIRST + 100 * (hundreds - 1);
	uint64_t sum = 0;

	for (unsigned i = 0; i < 100; i++)
		sum += totals->codes[first + i];
	return sum;
}

static void recorder_counters(const struct metrics_totals *totals,
    double *values)
{
	const uint64_t *counters = totals->counters;
	uint64_t c5xx = recorder_class(totals, 5);

	values[HISTORY_REQUESTS] = (double)totals->requests;
	values[HISTORY_C2XX] = (double)recorder_class(totals, 2);
	values[HISTORY_C3XX] = (double)recorder_class(totals, 3);
	values[HISTORY_C4XX] = (double)recorder_class(totals, 4);
	values[HISTORY_C5XX] = (double)c5xx;
	values[HISTORY_ABORTED] = (double)(totals->aborted_client +
	    totals->aborted_server);
	values[HISTORY_BYTES_IN] = (double)counters[METRICS_BYTES_IN];
	values[HISTORY_BYTES_OUT] = (double)totals->requests_bytes_out;
	values[HISTORY_CACHE_HITS] = (double)counters[METRICS_CACHE_HITS];
	values[HISTORY_CACHE_MISSES] = (double)counters[METRICS_CACHE_MISSES];
	values[HISTORY_CACHE_BYPASS] = (double)counters[METRICS_CACHE_BYPASS];
	values[HISTORY_ERRORS] = (double)(c5xx + totals->aborted_server +
	    counters[METRICS_DROPPED]);
}

static void recorder_gauges(const struct metrics_view *view, double *values)
{
	const int64_t *gauges = view->gauges.values;
	struct metrics_session_counts sessions;

	metrics_sessions_read(recorder.worker->segment,
	    clock_mono_ns() / NS_PER_SEC, &sessions);
	values[HISTORY_READING] = (double)gauges[METRICS_READING];
	values[HISTORY_WRITING] = (double)gauges[METRICS_WRITING];
	values[HISTORY_IDLE] = (double)gauges[METRICS_IDLE];
	values[HISTORY_CLIENTS] = values[HISTORY_READING] +
	    values[HISTORY_WRITING] + values[HISTORY_IDLE];
	values[HISTORY_SESSIONS] = (double)sessions.live;
	values[HISTORY_POOL_BUSY] = (double)view->gauges.pool_busy;
	values[HISTORY_POOL_QUEUED] = (double)view->gauges.pool_queued;
	values[HISTORY_WORKERS] = (double)(view->current + view->draining);
}

static void recorder_hists(const struct metrics_view *view)
{
	recorder.now[RECORDER_DURATION] = view->totals.duration;
	recorder.now[RECORDER_POOL_WAIT] = view->pool_wait;
	recorder.now[RECORDER_LOOP_LAG] = (struct hist){ .count = 0 };
	for (unsigned i = 0; i < view->worker_count; i++)
		hist_merge(&recorder.now[RECORDER_LOOP_LAG],
		    &view->workers[i].loop_lag);
}

/* What was counted since `before`. Its longest is known by its bin. */
static void recorder_difference(const struct hist *now,
    const struct hist *before, struct hist *ret)
{
	*ret = (struct hist){ .count = 0 };
	for (unsigned i = 0; i < HIST_BINS; i++) {
		/* A worker's death may have taken an update back. */
		if (now->bins[i] <= before->bins[i])
			continue;
		ret->bins[i] = now->bins[i] - before->bins[i];
		ret->count += ret->bins[i];
		ret->max_ns = hist_bin_upper_ns(i);
	}
	/* The last bin also has what is longer than its edge. */
	if (ret->max_ns > now->max_ns || ret->bins[HIST_BINS - 1])
		ret->max_ns = now->max_ns;
}

static double recorder_quantile(const struct hist *hist, double q)
{
	if (hist->count == 0)
		return (double)NAN;
	return (double)hist_quantile_ns(hist, q) / (double)NS_PER_SEC;
}

static void recorder_quantiles(struct recorder_ring *ring, double *values)
{
	static const struct {
		enum history_id id;
		enum recorder_hist hist;
		double q;
	} wanted[] = {
		{ HISTORY_P50, RECORDER_DURATION, 0.5 },
		{ HISTORY_P90, RECORDER_DURATION, 0.9 },
		{ HISTORY_P95, RECORDER_DURATION, 0.95 },
		{ HISTORY_P99, RECORDER_DURATION, 0.99 },
		{ HISTORY_P999, RECORDER_DURATION, 0.999 },
		{ HISTORY_MAX, RECORDER_DURATION, 1 },
		{ HISTORY_POOL_WAIT, RECORDER_POOL_WAIT, 0.99 },
		{ HISTORY_LOOP_LAG, RECORDER_LOOP_LAG, 0.99 },
	};
	struct hist grown[RECORDER_HISTS];

	for (unsigned i = 0; i < RECORDER_HISTS; i++) {
		recorder_difference(&recorder.now[i], &ring->before[i],
		    &grown[i]);
		ring->before[i] = recorder.now[i];
	}
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		values[wanted[i].id] = ring->last_s == 0 ? (double)NAN :
		    recorder_quantile(&grown[wanted[i].hist], wanted[i].q);
}

/* Write to each ring whose interval has ended. */
static void recorder_write(const struct history_record *now)
{
	for (unsigned i = 0; i < HISTORY_TIERS; i++) {
		struct recorder_ring *ring = &recorder.rings[i];
		struct history_record record = *now;

		record.time_s -= record.time_s % history_tiers[i].span_s;
		if (ring->last_s == record.time_s)
			continue;
		recorder_quantiles(ring, record.values);
		if (i > 0)
			history_average(recorder.history,
			    history_tiers[i].span_s, &record);
		if (i == 0 || ring->last_s != 0)
			history_write(recorder.history, i, &record);
		ring->last_s = record.time_s;
	}
}

/* The wall clock's second, which does not waver by the fraction at which
 * the monotonic clock's begins; it follows when the clock was set. */
static uint64_t recorder_second(void)
{
	uint64_t mono_ns = clock_mono_ns(), real_ns = clock_real_ns();
	uint64_t time_s = mono_ns / NS_PER_SEC + recorder.offset_s;
	uint64_t late_ns = real_ns - time_s * NS_PER_SEC;

	/* From one second early to three late is the clock's own slowness. */
	if (late_ns + NS_PER_SEC >= 4 * NS_PER_SEC) {
		recorder.offset_s = (real_ns - mono_ns) / NS_PER_SEC;
		time_s = mono_ns / NS_PER_SEC + recorder.offset_s;
	}
	return time_s;
}

/* On a thread of the pool. */
static void recorder_take(void *arg)
{
	const struct metrics_segment *segment = recorder.worker->segment;
	struct history_record record = { .instance = recorder.instance,
	    .started_s = segment->file->header.started_real_ns / NS_PER_SEC };
	struct metrics_view *view;
	struct arena arena;

	(void)arg;
	record.time_s = recorder_second();
	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	/* Without memory the second is a gap. */
	if (metrics_view_take(segment, &arena, &view) == 0) {
		recorder_counters(&view->totals, record.values);
		recorder_gauges(view, record.values);
		recorder_hists(view);
		recorder_write(&record);
	}
	arena_fini(&arena);
}

/* ---- the clock ---- */

/* Coroutine. */
static void recorder_run(void *arg)
{
	(void)arg;
	recorder.busy = true;
	/* If the pool is full, the second is a gap. */
	(void)ring_offload(recorder.worker->ring, recorder_take, NULL);
	recorder.busy = false;
}

static void recorder_tick(void *arg)
{
	struct ring *ring = recorder.worker->ring;
	uint64_t next_s = ring_now(ring) / NS_PER_SEC + 1;

	(void)arg;
	if (!recorder.busy && history_own(recorder.history))
		(void)ring_spawn(ring, NULL, recorder_run, NULL); /* a gap */
	ring_timer_set(ring, &recorder.timer, next_s * NS_PER_SEC);
}

int recorder_start(struct http_worker *worker)
{
	const struct dashboard_conf *conf = worker->http->conf->owner;
	const struct metrics_header *header = &worker->segment->file->header;

	if (!conf->history)
		return 0;
	recorder.worker = worker;
	recorder.history = conf->history;
	recorder.instance = hash_bytes((struct slice){
	    (const char *)header->instance, sizeof(header->instance) }, 0);
	recorder.timer.fn = recorder_tick;
	ring_timer_set(worker->ring, &recorder.timer,
	    (clock_mono_ns() / NS_PER_SEC + 1) * NS_PER_SEC);
	return 0;
}

/*
 * Each second, at the full second of the monotonic clock, a coroutine has a
 * thread of the pool take a view and write a record; at the end of each ten
 * seconds and each minute a record of those, too.
 *
 * Counters and histograms count since the server started, so rates and
 * percentiles of an interval are those of the difference of two; each ring
 * keeps the last one of its own. The first view of a process is only what the
 * next is compared with.
 *
 * While another dashboard process still has the history, as in a reload,
 * all goes on but for the writing.
 */

#include "dashboard/recorder.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/hash.h"
#include "dashboard/frame.h"
#include "dashboard/live.h"
#include "dashboard/requests.h"
#include "http/conn.h"
#include "metrics/lock.h"
#include "metrics/sessions.h"
#include "metrics/snapshot.h"

/* A peak is one of a second: what comes soon after a late one, and is shorter
 * than this, would exaggerate it. */
#define RECORDER_PEAK_MIN_NS (900 * NS_PER_MSEC)

/* The histograms whose percentiles are recorded. */
enum recorder_hist {
	RECORDER_DURATION,
	RECORDER_POOL_WAIT,
	RECORDER_LOOP_LAG,
	RECORDER_STAGES,	/* and the others of enum metrics_stage */
	RECORDER_HISTS = RECORDER_STAGES + METRICS_STAGE_COUNT
};

/* One a process, and it lives as long. Only one recorder_take() runs. */
static struct recorder {
	struct ring *ring;
	const struct metrics_segment *segment;	/* outlives the pool */
	struct history *history;	/* or NULL */
	struct requests *requests;
	struct ring_timer timer;
	uint64_t offset_s;		/* wall clock less monotonic clock */
	uint64_t instance;
	uint64_t marks;			/* of the segment, ever: these are in
					 * the history */
	bool busy, ending;
	struct recorder_ring {
		uint64_t last_s;	/* when its last interval ended */
		struct hist before[RECORDER_HISTS];
	} rings[HISTORY_TIERS];
	struct hist now[RECORDER_HISTS];
	uint64_t taken_ns;		/* monotonic: the last view; 0: none */
	double before[HISTORY_COUNT];	/* its counters */
	pthread_mutex_t lock;		/* of the peak */
	struct recorder_peak peak;
} recorder = { .lock = PTHREAD_MUTEX_INITIALIZER };

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

static void recorder_counters(const struct metrics_view *view, double *values)
{
	const struct metrics_totals *totals = &view->totals;
	const uint64_t *counters = totals->counters;
	uint64_t c5xx = recorder_class(totals, 5);

	values[HISTORY_REQUESTS] = (double)totals->requests;
	values[HISTORY_C1XX] = (double)recorder_class(totals, 1);
	values[HISTORY_C2XX] = (double)recorder_class(totals, 2);
	values[HISTORY_C3XX] = (double)recorder_class(totals, 3);
	values[HISTORY_C4XX] = (double)recorder_class(totals, 4);
	values[HISTORY_C5XX] = (double)c5xx;
	values[HISTORY_ABORTED] = (double)(totals->aborted_client +
	    totals->aborted_server);
	values[HISTORY_BYTES_IN] = (double)counters[METRICS_BYTES_IN];
	values[HISTORY_BYTES_OUT] = (double)view->bytes_out;
	values[HISTORY_CACHE_HITS] = (double)counters[METRICS_CACHE_HITS];
	values[HISTORY_CACHE_MISSES] = (double)counters[METRICS_CACHE_MISSES];
	values[HISTORY_CACHE_BYPASS] = (double)counters[METRICS_CACHE_BYPASS];
	values[HISTORY_ERRORS] = (double)(c5xx + totals->aborted_server +
	    counters[METRICS_DROPPED_LIMIT] +
	    counters[METRICS_DROPPED_MEMORY]);
}

static void recorder_gauges(const struct metrics_view *view, double *values)
{
	const int64_t *gauges = view->gauges.values;
	struct metrics_session_counts sessions;

	metrics_sessions_read(recorder.segment,
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
	recorder.now[RECORDER_DURATION] = view->duration;
	recorder.now[RECORDER_POOL_WAIT] = view->pool_wait;
	recorder.now[RECORDER_LOOP_LAG] = (struct hist){ .count = 0 };
	for (unsigned i = 0; i < view->worker_count; i++)
		hist_merge(&recorder.now[RECORDER_LOOP_LAG],
		    &view->workers[i].loop_lag);
	for (unsigned i = 0; i < METRICS_STAGE_COUNT; i++)
		recorder.now[RECORDER_STAGES + i] = view->stages[i];
}

static double recorder_quantile(const struct hist *hist, double q)
{
	if (hist->count == 0)
		return (double)NAN;
	return (double)hist_quantile_ns(hist, q) / (double)NS_PER_SEC;
}

static const struct {
	enum history_id id;
	unsigned hist;
} recorder_wanted[] = {
	{ HISTORY_P50, RECORDER_DURATION },
	{ HISTORY_P90, RECORDER_DURATION },
	{ HISTORY_P95, RECORDER_DURATION },
	{ HISTORY_P99, RECORDER_DURATION },
	{ HISTORY_P999, RECORDER_DURATION },
	{ HISTORY_MAX, RECORDER_DURATION },
	{ HISTORY_POOL_WAIT, RECORDER_POOL_WAIT },
	{ HISTORY_LOOP_LAG, RECORDER_LOOP_LAG },
	{ HISTORY_HEADER_P50, RECORDER_STAGES + METRICS_STAGE_HEADER },
	{ HISTORY_HEADER_P99, RECORDER_STAGES + METRICS_STAGE_HEADER },
	{ HISTORY_PARSE_P50, RECORDER_STAGES + METRICS_STAGE_PARSE },
	{ HISTORY_PARSE_P99, RECORDER_STAGES + METRICS_STAGE_PARSE },
	{ HISTORY_POOL_WAIT_P50, RECORDER_STAGES + METRICS_STAGE_POOL_WAIT },
	{ HISTORY_POOL_WAIT_P99, RECORDER_STAGES + METRICS_STAGE_POOL_WAIT },
	{ HISTORY_HANDLER_P50, RECORDER_STAGES + METRICS_STAGE_HANDLER },
	{ HISTORY_HANDLER_P99, RECORDER_STAGES + METRICS_STAGE_HANDLER },
	{ HISTORY_UPSTREAM_P50, RECORDER_STAGES + METRICS_STAGE_UPSTREAM },
	{ HISTORY_UPSTREAM_P99, RECORDER_STAGES + METRICS_STAGE_UPSTREAM },
	{ HISTORY_SEND_P50, RECORDER_STAGES + METRICS_STAGE_SEND },
	{ HISTORY_SEND_P99, RECORDER_STAGES + METRICS_STAGE_SEND },
};

/* The percentiles of a ring's interval, which ends, and its heat rows. */
static void recorder_distributions(struct recorder_ring *ring,
    struct history_record *record)
{
	for (unsigned hist = 0; hist < RECORDER_HISTS; hist++) {
		struct hist grown;

		hist_difference(&recorder.now[hist], &ring->before[hist],
		    &grown);
		ring->before[hist] = recorder.now[hist];
		if (hist == RECORDER_DURATION && ring == recorder.rings)
			history_heat_count(&grown, record->heat);
		for (unsigned i = 0; i < sizeof(recorder_wanted) /
		    sizeof(*recorder_wanted); i++) {
			enum history_id id = recorder_wanted[i].id;

			if (recorder_wanted[i].hist == hist)
				record->values[id] = recorder_quantile(&grown,
				    history_shares[id]);
		}
	}
}

/* When the interval of a ring that `time_s` lies in began. */
static uint64_t recorder_interval(unsigned tier, uint64_t time_s)
{
	return time_s - time_s % history_tiers[tier].span_s;
}

/* Write the record of the second, and that of each coarser ring whose
 * interval is over. */
static void recorder_write(struct history_record *second, bool recording)
{
	recorder.rings[0].last_s = second->time_s;
	if (recording)
		history_write(recorder.history, 0, second);
	for (unsigned i = 1; i < HISTORY_TIERS; i++) {
		struct recorder_ring *ring = &recorder.rings[i];
		struct history_record record = *second;

		record.time_s = recorder_interval(i, second->time_s);
		if (ring->last_s == record.time_s)
			continue;
		ring->last_s = record.time_s;
		if (recording)
			history_summarize(recorder.history,
			    history_tiers[i].span_s, &record);
		recorder_distributions(ring, &record);
		if (recording)
			history_write(recorder.history, i, &record);
	}
}

static void recorder_marks(void)
{
	const struct metrics_segment *segment = recorder.segment;
	uint64_t count = metrics_load(&segment->file->header.mark_count);
	struct metrics_mark marks[METRICS_MARKS];

	if (count == recorder.marks)
		return;
	history_marks_copy(recorder.history, marks,
	    metrics_marks_read(segment, marks));
	recorder.marks = count;
}

/* Counters as rates since the last view, `elapsed_ns` ago. */
static void recorder_rates(const struct history_record *record,
    uint64_t elapsed_ns, double *values)
{
	for (unsigned id = 0; id < HISTORY_COUNT; id++) {
		double grown = record->values[id] - recorder.before[id];

		values[id] = record->values[id];
		/* A worker's death may have taken an update back. */
		if (history_series[id].kind == HISTORY_COUNTER)
			values[id] = grown <= 0 ? 0 :
			    grown * (double)NS_PER_SEC / (double)elapsed_ns;
	}
}

static void recorder_peak_update(double rate, struct history_record *record,
    uint64_t elapsed_ns)
{
	(void)pthread_mutex_lock(&recorder.lock);
	if (rate > recorder.peak.rate && elapsed_ns >= RECORDER_PEAK_MIN_NS)
		recorder.peak = (struct recorder_peak){ rate, record->time_s };
	record->peak = recorder.peak.rate;
	record->peak_s = recorder.peak.time_s;
	(void)pthread_mutex_unlock(&recorder.lock);
}

/* What a process before this one saw of the same server. */
static void recorder_peak_restore(uint64_t time_s)
{
	struct history_record last;

	if (!recorder.history || !history_last(recorder.history,
		recorder.instance, time_s, &last))
		return;
	(void)pthread_mutex_lock(&recorder.lock);
	recorder.peak = (struct recorder_peak){ last.peak, last.peak_s };
	(void)pthread_mutex_unlock(&recorder.lock);
}

void recorder_peak_read(struct recorder_peak *ret)
{
	(void)pthread_mutex_lock(&recorder.lock);
	*ret = recorder.peak;
	(void)pthread_mutex_unlock(&recorder.lock);
}

/* The first view: what came before it belongs to no second. It shows what
 * can be known at once. */
static void recorder_begin(const struct metrics_view *view,
    const struct history_record *record)
{
	double values[HISTORY_COUNT];

	for (unsigned id = 0; id < HISTORY_COUNT; id++)
		values[id] = history_series[id].kind == HISTORY_GAUGE &&
		    !history_shares[id] ? record->values[id] : (double)NAN;
	for (unsigned i = 0; i < HISTORY_TIERS; i++) {
		memcpy(recorder.rings[i].before, recorder.now,
		    sizeof(recorder.now));
		recorder.rings[i].last_s = recorder_interval(i,
		    record->time_s);
	}
	recorder_peak_restore(record->time_s);
	frame_take(&(struct recorder_second){ .time_s = record->time_s,
	    .view = view, .values = values,
	    .recording = recorder.history &&
		history_own(recorder.history) });
}

/* A second has ended. */
static void recorder_end(const struct metrics_view *view,
    struct history_record *record, uint64_t elapsed_ns)
{
	double values[HISTORY_COUNT];
	bool recording = recorder.history && history_own(recorder.history);
	bool served = view->current + view->draining > 0;

	recorder_distributions(&recorder.rings[0], record);
	recorder_rates(record, elapsed_ns, values);
	recorder_peak_update(values[HISTORY_REQUESTS], record, elapsed_ns);
	/* While nobody serves there is a gap, and not an idle server. */
	for (unsigned id = 0; id < HISTORY_COUNT && !served; id++)
		values[id] = (double)NAN;
	recorder_write(record, recording && served);
	if (recording)
		recorder_marks();
	frame_take(&(struct recorder_second){ .time_s = record->time_s,
	    .view = view, .values = values, .heat = record->heat,
	    .recording = recording });
}

/* The wall clock's second, which does not waver by the fraction at which
 * the monotonic clock's begins; it follows when the clock was set. */
static uint64_t recorder_time(uint64_t mono_ns)
{
	uint64_t real_ns = clock_real_ns();
	uint64_t time_s = mono_ns / NS_PER_SEC + recorder.offset_s;
	uint64_t late_ns = real_ns - time_s * NS_PER_SEC;

	/* From one second early to three late is the clock's own slowness. */
	if (late_ns + NS_PER_SEC >= 4 * NS_PER_SEC) {
		recorder.offset_s = (real_ns - mono_ns) / NS_PER_SEC;
		time_s = mono_ns / NS_PER_SEC + recorder.offset_s;
	}
	return time_s;
}

static void recorder_view(const struct metrics_view *view, uint64_t taken_ns)
{
	const struct metrics_segment *segment = recorder.segment;
	struct history_record record = { .instance = recorder.instance,
	    .time_s = recorder_time(taken_ns),
	    .started_s = segment->file->header.counted_real_ns / NS_PER_SEC };
	double counters[HISTORY_COUNT];

	/* The second under way will not end in this process. */
	if (recorder.ending)
		record.time_s++;
	/* One more after a late one: the next has its counts. */
	if (recorder.taken_ns && record.time_s == recorder.rings[0].last_s)
		return;
	recorder_counters(view, record.values);
	recorder_gauges(view, record.values);
	recorder_hists(view);
	memcpy(counters, record.values, sizeof(counters));
	if (recorder.taken_ns)
		recorder_end(view, &record, taken_ns - recorder.taken_ns);
	else
		recorder_begin(view, &record);
	memcpy(recorder.before, counters, sizeof(counters));
	recorder.taken_ns = taken_ns;
}

/* On a thread of the pool. */
static void recorder_take(void *arg)
{
	uint64_t taken_ns = clock_mono_ns();
	struct metrics_view *view;
	struct arena arena;

	(void)arg;
	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	/* Without memory the second is a gap. */
	if (metrics_view_take(recorder.segment, &arena, &view) == 0)
		recorder_view(view, taken_ns);
	arena_fini(&arena);
	requests_collect(recorder.requests, recorder.segment);
}

/* ---- the clock ---- */

/* Coroutine. */
static void recorder_run(void *arg)
{
	(void)arg;
	recorder.busy = true;
	/* If the pool is full, the second is a gap. */
	(void)ring_offload(recorder.ring, recorder_take, NULL);
	recorder.busy = false;
	live_publish();
}

static void recorder_tick(void *arg)
{
	struct ring *ring = recorder.ring;
	uint64_t next_s = ring_now(ring) / NS_PER_SEC + 1;

	(void)arg;
	if (!recorder.busy)
		(void)ring_spawn(ring, NULL, recorder_run, NULL); /* a gap */
	ring_timer_set(ring, &recorder.timer, next_s * NS_PER_SEC);
}

int recorder_start(struct http_worker *worker)
{
	struct dashboard_conf *conf = worker->http->conf->owner;
	const struct metrics_header *header = &worker->segment->file->header;

	conf->requests = requests_new();
	if (!conf->requests)
		return -ENOMEM;
	recorder.requests = conf->requests;
	recorder.ring = worker->ring;
	recorder.segment = worker->segment;
	recorder.history = conf->history;
	recorder.instance = hash_bytes((struct slice){
	    (const char *)header->instance, sizeof(header->instance) }, 0);
	recorder.timer.fn = recorder_tick;
	/* At once, too: for the first full second to have a beginning. */
	ring_timer_set(worker->ring, &recorder.timer, clock_mono_ns());
	return 0;
}

void recorder_stop(void)
{
	recorder.ending = true;
	if (recorder.segment && !recorder.busy)
		recorder_take(NULL);
}

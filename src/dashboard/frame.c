/*
 * What a frame says, got from the view of the second, the segment, and what
 * was seen a second ago: rates, percentiles and processor time of workers
 * come from the difference of the two, requests and marks are those that came
 * meanwhile.
 */

#include "dashboard/frame.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "metrics/lock.h"
#include "metrics/owner.h"
#include "metrics/sessions.h"
#include "metrics/slot.h"

/* A mark older than this when a process begins was another's to tell. */
#define FRAME_MARK_AGE_NS (10 * NS_PER_SEC)

/* A worker's place as it was a second ago. */
struct frame_before {
	bool seen;
	uint64_t requests, cpu_ns;
	struct hist duration, lag;
};

/* One a process, and it lives as long. Only one frame_take() runs. */
static struct frame_state {
	const struct metrics_segment *segment;
	struct buf taken;		/* not yet had; no data: none */
	uint64_t seq;			/* of the last frame */
	uint64_t instance;
	bool up;
	uint64_t since_s;		/* 0: nothing is known yet */
	uint64_t taken_ns;		/* monotonic; 0: never */
	uint64_t mark_ns;		/* wall clock of the last one told */
	uint64_t recent[METRICS_SLOTS];	/* requests told, by number */
	struct frame_before before[FRAME_WORKERS_MAX];
} frame;

/* ---- workers ---- */

/* The p99 of what was counted since `before`, which becomes `now`. */
static double frame_p99(const struct hist *now, struct hist *before)
{
	struct hist grown;

	hist_difference(now, before, &grown);
	*before = *now;
	return grown.count == 0 ? (double)NAN :
	    (double)hist_quantile_ns(&grown, 0.99) / (double)NS_PER_SEC;
}

/* By how much a sum grew each second; NaN if that cannot be told. */
static double frame_rate(uint64_t now, uint64_t before, uint64_t elapsed_ns)
{
	if (now < before || elapsed_ns == 0)
		return (double)NAN;
	return (double)(now - before) * (double)NS_PER_SEC /
	    (double)elapsed_ns;
}

static void frame_worker_fill(const struct metrics_worker_view *view,
    struct frame_before *before, uint64_t elapsed_ns,
    struct frame_worker *ret)
{
	const int64_t *gauges = view->gauges.values;
	uint64_t cpu_ns = view->process.cpu_user_ns +
	    view->process.cpu_system_ns;

	*ret = (struct frame_worker){
		.index = view->index,
		.pid = view->pid,
		.state = view->state,
		.connections = gauges[METRICS_READING] +
		    gauges[METRICS_WRITING] + gauges[METRICS_IDLE],
		.rate = frame_rate(view->requests, before->requests,
		    elapsed_ns),
		.p99_s = frame_p99(&view->duration, &before->duration),
		.lag_p99_s = frame_p99(&view->loop_lag, &before->lag),
		.ring_inflight = view->gauges.inflight,
		.pool_busy = view->gauges.pool_busy,
		.pool_queued = view->gauges.pool_queued,
		.cpu_ratio = frame_rate(cpu_ns, before->cpu_ns, elapsed_ns) /
		    (double)NS_PER_SEC,
		.rss_bytes = view->process.rss_bytes,
		.stalls = view->stalls,
	};
	if (!before->seen)
		ret->rate = ret->p99_s = ret->lag_p99_s = ret->cpu_ratio =
		    (double)NAN;
	before->seen = true;
	before->requests = view->requests;
	before->cpu_ns = cpu_ns;
}

static unsigned frame_workers(const struct metrics_view *view,
    uint64_t elapsed_ns, struct frame_worker *ret)
{
	unsigned count = 0;

	for (unsigned i = 0; i < view->worker_count &&
	    count < FRAME_WORKERS_MAX; i++) {
		const struct metrics_worker_view *worker = &view->workers[i];

		/* By index, so that a place is always the same one's. */
		if (worker->index < FRAME_WORKERS_MAX)
			frame_worker_fill(worker, &frame.before[worker->index],
			    elapsed_ns, &ret[count++]);
	}
	return count;
}

/* ---- requests ---- */

static struct slice frame_name(const char *name, size_t size)
{
	return (struct slice){ name, strnlen(name, size) };
}

static void frame_request_names(struct frame_request *r)
{
	const struct metrics_header *header = &frame.segment->file->header;

	r->method = SLICE("");
	r->server = SLICE("");
	if (r->request.method < METRICS_METHODS)
		r->method = frame_name(header->methods[r->request.method],
		    METRICS_METHOD_NAME_MAX);
	if (r->method.len == 0)
		r->method = SLICE("other");
	if (r->request.server < metrics_scope_count(frame.segment))
		r->server = frame_name(
		    header->scopes[r->request.server].name,
		    METRICS_SCOPE_NAME_MAX);
}

/* Put one where it belongs among the newest; returns how many there are. */
static unsigned frame_request_insert(struct frame_request *list,
    unsigned count, const struct metrics_request *request, unsigned worker)
{
	unsigned at = count;

	while (at > 0 &&
	    list[at - 1].request.ended_real_ns < request->ended_real_ns)
		at--;
	if (at == FRAME_REQUESTS_MAX)
		return count;
	if (count == FRAME_REQUESTS_MAX)
		count--;
	memmove(&list[at + 1], &list[at], (count - at) * sizeof(*list));
	list[at].request = *request;
	list[at].worker = worker;
	return count + 1;
}

/* The newest of those that ended since the last call; in the first one, none
 * did. */
static unsigned frame_requests(struct frame_request *ret)
{
	unsigned slots = metrics_slot_count(frame.segment), count = 0;
	struct metrics_request some[FRAME_REQUESTS_MAX];

	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot =
		    &frame.segment->file->slots[i];
		uint64_t ended = metrics_load(&slot->recent_count);
		uint64_t new = ended - frame.recent[i];
		unsigned found = 0;

		frame.recent[i] = ended;
		if (slot->kind != METRICS_KIND_WORKER || !frame.taken_ns)
			continue;
		if (new > 0)
			found = metrics_slot_read_recent(slot, some,
			    new < FRAME_REQUESTS_MAX ? (unsigned)new :
			    FRAME_REQUESTS_MAX);
		for (unsigned j = 0; j < found; j++)
			count = frame_request_insert(ret, count, &some[j],
			    slot->worker);
	}
	for (unsigned i = 0; i < count; i++)
		frame_request_names(&ret[i]);
	return count;
}

/* ---- marks ---- */

/* Those that were not told yet, to the front of `marks`. */
static unsigned frame_marks(struct metrics_mark *marks)
{
	unsigned count = metrics_marks_read(frame.segment, marks), new = 0;

	for (unsigned i = 0; i < count; i++)
		if (marks[i].real_ns > frame.mark_ns)
			marks[new++] = marks[i];
	return new;
}

/* ---- the server ---- */

static bool frame_is_up(const struct metrics_view *view)
{
	return metrics_owner_alive(frame.segment) &&
	    view->current + view->draining > 0;
}

static void frame_server(const struct recorder_second *second,
    struct frame_data *data)
{
	const struct metrics_header *header = &frame.segment->file->header;
	struct metrics_reload reload;

	/* A torn copy is shown for a second. */
	(void)metrics_reload_read(frame.segment, &reload);
	data->started_s = header->started_real_ns / NS_PER_SEC;
	data->reloaded_s = reload.real_ns / NS_PER_SEC;
	data->reload_ok = reload.ok;
	data->generation = metrics_load(&header->generation);
	data->cache = metrics_cache_enabled(frame.segment);
	data->workers = second->view->current;
	data->draining = second->view->draining;
	data->up = frame_is_up(second->view);
	if (frame.since_s == 0)
		frame.since_s = data->up ? data->started_s : second->time_s;
	else if (data->up != frame.up)
		frame.since_s = second->time_s;
	frame.up = data->up;
	data->since_s = frame.since_s;
}

static void frame_totals(const struct metrics_view *view,
    struct frame_totals *ret)
{
	const struct metrics_header *header = &frame.segment->file->header;
	const struct metrics_totals *totals = &view->totals;
	struct metrics_session_counts sessions;

	metrics_sessions_read(frame.segment, clock_mono_ns() / NS_PER_SEC,
	    &sessions);
	*ret = (struct frame_totals){
		.requests = totals->requests,
		.hits = totals->counters[METRICS_CACHE_HITS],
		.misses = totals->counters[METRICS_CACHE_MISSES],
		.bypass = totals->counters[METRICS_CACHE_BYPASS],
		.mean_s = view->duration.count == 0 ? (double)NAN :
		    (double)view->duration.sum_ns /
		    (double)view->duration.count / (double)NS_PER_SEC,
		.sessions = sessions.created,
		.connections_limit = metrics_load(&header->connections_limit),
		.connections_peak = metrics_load(&header->connections_peak),
		.pool_threads = view->gauges.pool_threads,
	};
}

/* ---- load tests ---- */

/* The one that runs or just ended, else NULL. */
static const struct loadtest_now *frame_test(struct loadtest_now *test,
    uint64_t now_ns)
{
	loadtest_now(test);
	if (test->running || (test->ended_ns && now_ns - test->ended_ns <
		FRAME_TEST_S * NS_PER_SEC))
		return test;
	return NULL;
}

/* ---- all together ---- */

void frame_start(const struct metrics_segment *segment)
{
	const uint8_t *instance = segment->file->header.instance;

	frame.segment = segment;
	frame.mark_ns = clock_real_ns() - FRAME_MARK_AGE_NS;
	for (unsigned i = 0; i < sizeof(frame.instance); i++)
		frame.instance = frame.instance << 8 | instance[i];
}

void frame_take(const struct recorder_second *second)
{
	struct frame_worker workers[FRAME_WORKERS_MAX];
	struct frame_request requests[FRAME_REQUESTS_MAX];
	struct metrics_mark marks[METRICS_MARKS];
	uint64_t now = clock_mono_ns();
	struct frame_data data = { .seq = ++frame.seq,
	    .instance = frame.instance, .time_s = second->time_s,
	    .recording = second->recording, .values = second->values,
	    .heat = second->heat, .worker = workers, .marks = marks,
	    .requests = requests, .worker_all = second->view->worker_count };
	struct buf out = buf_make(2 * FRAME_SIZE_MAX);
	struct loadtest_now test;
	unsigned told;

	frame_server(second, &data);
	frame_totals(second->view, &data.totals);
	data.test = frame_test(&test, now);
	data.worker_count = frame_workers(second->view,
	    frame.taken_ns ? now - frame.taken_ns : 0, workers);
	data.request_count = frame_requests(requests);
	data.mark_count = frame_marks(marks);
	frame.taken_ns = now;
	told = frame_write(&out, &data);
	if (told > 0 && !out.failed)
		frame.mark_ns = marks[told - 1].real_ns;
	buf_free(&frame.taken);
	if (out.failed)
		buf_free(&out);
	else
		frame.taken = out;
}

bool frame_taken(struct buf *ret, uint64_t *ret_seq)
{
	if (!frame.taken.data)
		return false;
	*ret = frame.taken;
	*ret_seq = frame.seq;
	frame.taken = (struct buf){ .data = NULL };
	return true;
}

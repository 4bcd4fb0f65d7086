/*
 * /api/v1/requests: single requests, as JSON or CSV. All but the waiting is
 * done on the thread pool, as in export.c.
 */

#include "dashboard/answer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/csv.h"
#include "dashboard/requests_query.h"
#include "http/conn.h"
#include "metrics/json.h"
#include "metrics/lock.h"
#include "metrics/slot.h"

enum {
	API_INFLIGHT_WANTED_S = 10,	/* after the last one who asked */
	API_INFLIGHT_FRESH_MS = 3000,	/* workers show it each second */
	API_INFLIGHT_WAIT_MS = 50,
	API_INFLIGHT_WAITS = 6,		/* for the first one who asks */
};

struct api_requests {
	/* what to do */
	struct metrics_segment *segment;
	struct requests *requests;
	struct requests_query query;
	uint64_t now_ns;		/* CLOCK_MONOTONIC */
	/* while it is done */
	struct arena arena;
	struct buf rows;
	uint64_t shown, matched, kept, all;
	/* what came of it */
	struct buf out;
};

/* ---- rows ---- */

static void api_put_comma(struct buf *out, struct slice text)
{
	csv_write_text(out, text);
	buf_append_char(out, ',');
}

static void api_put_csv(struct buf *out,
    const Ringmaster__V1__Request *request)
{
	buf_printf(out, "%" PRIu64 ".%03" PRIu64 ",",
	    request->time_unix_ns / NS_PER_SEC,
	    request->time_unix_ns / NS_PER_MSEC % 1000);
	api_put_comma(out, slice_cstr(request->client_ip));
	api_put_comma(out, slice_cstr(request->method));
	api_put_comma(out, slice_cstr(request->path));
	buf_printf(out, "%u,%.6f,%" PRIu64 ",%u,", request->status,
	    request->response_time, request->bytes_sent, request->worker);
	api_put_comma(out, slice_cstr(request->server));
	api_put_comma(out, slice_cstr(request->request_id));
	api_put_comma(out, slice_cstr(request->upstream));
	buf_printf(out, "%.6f\r\n", request->upstream_time);
}

static const char *api_state_name(Ringmaster__V1__RequestState state)
{
	switch (state) {
	case RINGMASTER__V1__REQUEST_STATE__REQUEST_STATE_HANDLING:
		return "handling";
	case RINGMASTER__V1__REQUEST_STATE__REQUEST_STATE_SENDING:
		return "sending";
	default:
		return "reading";
	}
}

static void api_put_csv_inflight(struct buf *out,
    const Ringmaster__V1__InFlight *request)
{
	api_put_comma(out, slice_cstr(request->client_ip));
	api_put_comma(out, slice_cstr(request->method));
	api_put_comma(out, slice_cstr(request->path));
	buf_printf(out, "%s,%.6f,%" PRIu64 ",%u,",
	    api_state_name(request->state), request->age,
	    request->bytes_sent, request->worker);
	api_put_comma(out, slice_cstr(request->server));
	csv_write_text(out, slice_cstr(request->request_id));
	buf_append_cstr(out, "\r\n");
}

/* It matches: is it shown, too? */
static bool api_count(struct api_requests *api)
{
	if (api->matched++ >= api->query.count)
		return false;
	api->shown++;
	return true;
}

static void api_put_json(struct api_requests *api,
    const ProtobufCMessage *message)
{
	const struct json_options options = { .canonical = false };

	buf_append_cstr(&api->rows, api->shown > 1 ? "," : "");
	json_write(&api->rows, message, &options);
}

static void api_put_list(struct api_requests *api,
    const struct metrics_worker_request *list, unsigned count)
{
	api->kept = count;
	for (unsigned i = 0; i < count; i++) {
		Ringmaster__V1__Request *request = metrics_request_fill(
		    api->segment, &api->arena, &list[i]);

		if (!request)
			api->rows.failed = true;
		if (!request || !requests_query_matches(&api->query,
		    request) || !api_count(api))
			continue;
		if (api->query.csv)
			api_put_csv(&api->rows, request);
		else
			api_put_json(api, &request->base);
	}
}

/* ---- those in flight ---- */

static int api_compare_ages(const void *a, const void *b)
{
	uint64_t left = ((const struct metrics_worker_inflight *)a)->age_ns;
	uint64_t right = ((const struct metrics_worker_inflight *)b)->age_ns;

	return (left < right) - (left > right);
}

/* What a worker says is in flight, to `list`; returns how many. */
static unsigned api_read_inflight(struct api_requests *api,
    const struct metrics_slot *slot, struct metrics_inflight_table *table,
    struct metrics_worker_inflight *list)
{
	if (slot->kind != METRICS_KIND_WORKER ||
	    metrics_slot_read_inflight(slot, api->now_ns -
	    API_INFLIGHT_FRESH_MS * NS_PER_MSEC, table) < 0)
		return 0;
	for (unsigned i = 0; i < table->count; i++) {
		uint64_t started_ns = table->entries[i].started_ns;

		list[i].request = table->entries[i];
		list[i].worker = slot->worker;
		list[i].age_ns = started_ns < api->now_ns ?
		    api->now_ns - started_ns : 0;
	}
	api->all += table->all;
	return (unsigned)table->count;
}

static void api_put_inflight(struct api_requests *api)
{
	unsigned slots = metrics_slot_count(api->segment), count = 0;
	struct metrics_inflight_table *table = arena_alloc(&api->arena,
	    sizeof(*table));
	struct metrics_worker_inflight *list = arena_alloc(&api->arena,
	    ((size_t)slots * METRICS_INFLIGHT_MAX + 1) * sizeof(*list));

	api->rows.failed = !table || !list;
	for (unsigned i = 0; i < slots && !api->rows.failed; i++)
		count += api_read_inflight(api,
		    &api->segment->file->slots[i], table, &list[count]);
	api->kept = count;
	if (count)
		qsort(list, count, sizeof(*list), api_compare_ages);
	for (unsigned i = 0; i < count; i++) {
		Ringmaster__V1__InFlight *request = metrics_inflight_fill(
		    api->segment, &api->arena, &list[i]);

		if (!request)
			api->rows.failed = true;
		if (!request || !requests_query_matches_inflight(&api->query,
		    request) || !api_count(api))
			continue;
		if (api->query.csv)
			api_put_csv_inflight(&api->rows, request);
		else
			api_put_json(api, &request->base);
	}
}

/* Has every worker that lives shown what is in flight lately? */
static bool api_inflight_shown(const struct metrics_segment *segment)
{
	uint64_t since_ns = clock_mono_ns() -
	    API_INFLIGHT_FRESH_MS * NS_PER_MSEC;
	unsigned slots = metrics_slot_count(segment);

	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];

		if (slot->kind == METRICS_KIND_WORKER &&
		    metrics_slot_alive(slot) &&
		    metrics_load(&slot->inflight.written_ns) < since_ns)
			return false;
	}
	return true;
}

/* Tell the workers, and give them time if they did not know. [coroutine] */
static void api_inflight_ask(struct http_request *request)
{
	struct metrics_segment *segment = request->worker->segment;
	struct ring *ring = request->worker->ring;

	metrics_inflight_want(segment, clock_mono_ns() / NS_PER_SEC +
	    API_INFLIGHT_WANTED_S);
	for (unsigned i = 0; i < API_INFLIGHT_WAITS &&
	    !api_inflight_shown(segment); i++)
		ring_sleep(ring, ring_now(ring) +
		    API_INFLIGHT_WAIT_MS * NS_PER_MSEC);
}

/* ---- the whole ---- */

static void api_put_kind(struct api_requests *api)
{
	struct metrics_worker_request *list;
	unsigned count;
	int err;

	switch (api->query.kind) {
	case REQUESTS_SLOWEST:
		requests_collect(api->requests, api->segment);
		err = requests_slowest(api->requests, &api->arena, &list,
		    &count);
		break;
	case REQUESTS_ERRORS:
		requests_collect(api->requests, api->segment);
		err = requests_errors(api->requests, &api->arena, &list,
		    &count);
		break;
	default:
		err = metrics_requests_recent(api->segment, &api->arena,
		    METRICS_SNAPSHOT_RECENT_MAX, &list, &count);
		break;
	}
	if (err)
		api->rows.failed = true;
	else
		api_put_list(api, list, count);
}

static void api_put_head(struct api_requests *api)
{
	bool inflight = api->query.kind == REQUESTS_INFLIGHT;

	if (api->query.csv) {
		buf_append_cstr(&api->out, inflight ? "\"client_ip\","
		    "\"method\",\"path\",\"state\",\"age\",\"bytes_sent\","
		    "\"worker\",\"server\",\"request_id\"\r\n" :
		    "\"time\",\"client_ip\",\"method\",\"path\",\"status\","
		    "\"response_time\",\"bytes_sent\",\"worker\","
		    "\"server\",\"request_id\",\"upstream\","
		    "\"upstream_time\"\r\n");
		return;
	}
	buf_printf(&api->out, "{\"kind\":\"%s\",\"shown\":%" PRIu64
	    ",\"matched\":%" PRIu64 ",\"kept\":%" PRIu64 ",",
	    requests_kind_name(api->query.kind), api->shown, api->matched,
	    api->kept);
	if (inflight)
		buf_printf(&api->out, "\"all\":%" PRIu64 ",", api->all);
	buf_append_cstr(&api->out, "\"requests\":[");
}

static void api_run(void *arg)
{
	struct api_requests *api = arg;

	arena_init(&api->arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	api->now_ns = clock_mono_ns();
	if (api->query.kind == REQUESTS_INFLIGHT)
		api_put_inflight(api);
	else
		api_put_kind(api);
	api_put_head(api);
	buf_append_slice(&api->out, buf_slice(&api->rows));
	if (!api->query.csv)
		buf_append_cstr(&api->out, "]}\n");
	api->out.failed |= api->rows.failed;
	buf_free(&api->rows);
	arena_fini(&api->arena);
}

int dashboard_requests(struct http_request *request)
{
	struct api_requests api = {
		.segment = request->worker->segment,
		.requests = dashboard_request_conf(request)->requests,
		.rows = buf_make(DASHBOARD_BODY_MAX),
		.out = buf_make(DASHBOARD_BODY_MAX),
	};
	const char *wrong = requests_query_parse(request->args,
	    clock_real_ns() / NS_PER_SEC, &request->arena, &api.query);

	if (wrong)
		return dashboard_error(request, 400, "In the query, %s.",
		    wrong);
	if (api.query.kind == REQUESTS_INFLIGHT)
		api_inflight_ask(request);
	if (ring_offload(request->worker->ring, api_run, &api))
		return dashboard_error(request, 503,
		    "Too many are asking at once.");
	return dashboard_answer(request, 200, api.query.csv ?
	    SLICE("text/csv; charset=utf-8; header=present") :
	    SLICE("application/json"), &api.out);
}

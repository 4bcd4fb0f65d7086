/*
 * /api/v1: what the page and programs ask for piece by piece. The work is
 * done on the thread pool, as in export.c.
 */

#include "dashboard/answer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "dashboard/csv.h"
#include "dashboard/query.h"
#include "http/conn.h"
#include "metrics/json.h"
#include "metrics/snapshot.h"

enum { API_REQUESTS = 100 };		/* if nobody says */

struct api {
	/* what to do */
	void (*write)(struct api *api);
	const struct metrics_segment *segment;
	struct api_filter {
		uint64_t count;
		bool by_status, by_class, by_worker, slowest, csv;
		uint64_t status, worker;	/* or the status' first digit */
		struct slice path;		/* is contained in it */
	} filter;
	/* what came of it */
	struct buf out;
};

static void api_run(void *arg)
{
	struct api *api = arg;

	api->write(api);
}

static int api_answer(struct http_request *request, struct api *api, bool csv)
{
	api->segment = request->worker->segment;
	api->out = buf_make(DASHBOARD_BODY_MAX);
	if (ring_offload(request->worker->ring, api_run, api))
		return dashboard_error(request, 503,
		    "Too many are asking at once.");
	return dashboard_answer(request, 200,
	    csv ? SLICE("text/csv; charset=utf-8; header=present")
		: SLICE("application/json"), &api->out);
}

/* ---- requests ---- */

/* "404", "5xx" */
static bool api_parse_status(struct slice text, struct api_filter *filter)
{
	filter->by_class = text.len == 3 && slice_ends(text, SLICE("xx"));
	filter->by_status = true;
	return slice_to_u64(filter->by_class ? slice_first(text, 1) : text,
	    &filter->status);
}

static bool api_parse_flag(struct slice text, bool *ret)
{
	*ret = slice_equal(text, SLICE("1"));
	return *ret || slice_equal(text, SLICE("0"));
}

/* As export_arg(). */
static bool api_filter_arg(struct api_filter *filter,
    const struct query_arg *arg)
{
	struct slice value = arg->value;

	if (slice_equal(arg->name, SLICE("n")))
		return slice_to_u64(value, &filter->count) &&
		    filter->count <= DASHBOARD_RECENT_MAX;
	if (slice_equal(arg->name, SLICE("status")))
		return api_parse_status(value, filter);
	if (slice_equal(arg->name, SLICE("worker"))) {
		filter->by_worker = true;
		return slice_to_u64(value, &filter->worker);
	}
	if (slice_equal(arg->name, SLICE("slowest")))
		return api_parse_flag(value, &filter->slowest);
	if (slice_equal(arg->name, SLICE("format"))) {
		filter->csv = slice_equal(value, SLICE("csv"));
		return filter->csv || slice_equal(value, SLICE("json"));
	}
	if (slice_equal(arg->name, SLICE("path")))
		filter->path = value;
	return true;
}

static bool api_filter_matches(const struct api_filter *filter,
    const Ringmaster__V1__Request *request)
{
	unsigned status = filter->by_class ? request->status / 100
					   : request->status;

	if (filter->by_status && status != filter->status)
		return false;
	if (filter->by_worker && request->worker != filter->worker)
		return false;
	return !filter->path.len || memmem(request->path,
	    strlen(request->path), filter->path.data, filter->path.len);
}

/* Slowest first. */
static int api_compare_times(const void *a, const void *b)
{
	double left = (*(Ringmaster__V1__Request *const *)a)->response_time;
	double right = (*(Ringmaster__V1__Request *const *)b)->response_time;

	return (left < right) - (left > right);
}

static void api_write_csv_request(struct buf *out,
    const Ringmaster__V1__Request *request)
{
	buf_printf(out, "%" PRIu64 ".%03" PRIu64 ",",
	    request->time_unix_ns / NS_PER_SEC,
	    request->time_unix_ns / NS_PER_MSEC % 1000);
	csv_write_text(out, slice_cstr(request->client_ip));
	buf_append_char(out, ',');
	csv_write_text(out, slice_cstr(request->method));
	buf_append_char(out, ',');
	csv_write_text(out, slice_cstr(request->path));
	buf_printf(out, ",%u,%.6f,%" PRIu64 ",%u,", request->status,
	    request->response_time, request->bytes_sent, request->worker);
	csv_write_text(out, slice_cstr(request->server));
	buf_append_cstr(out, "\r\n");
}

/* Those that match, slowest or newest first; out->failed without memory. */
static void api_put_requests(struct buf *out, struct api_filter *filter,
    const Ringmaster__V1__Snapshot *snapshot)
{
	const struct json_options options = { .canonical = false };
	size_t count = 0;

	if (filter->slowest && snapshot->n_recent_requests)
		qsort(snapshot->recent_requests, snapshot->n_recent_requests,
		    sizeof(*snapshot->recent_requests), api_compare_times);
	buf_append_cstr(out, filter->csv ? "\"time\",\"client_ip\","
	    "\"method\",\"path\",\"status\",\"response_time\","
	    "\"bytes_sent\",\"worker\",\"server\"\r\n" : "{\"requests\":[");
	for (size_t i = 0; i < snapshot->n_recent_requests &&
	    count < filter->count; i++) {
		const Ringmaster__V1__Request *request =
		    snapshot->recent_requests[i];

		if (!api_filter_matches(filter, request))
			continue;
		if (filter->csv) {
			api_write_csv_request(out, request);
		} else {
			buf_append_cstr(out, count ? "," : "");
			json_write(out, &request->base, &options);
		}
		count++;
	}
	if (!filter->csv)
		buf_append_cstr(out, "]}\n");
}

static void api_write_requests(struct api *api)
{
	const struct metrics_snapshot_options options = {
		.recent = DASHBOARD_RECENT_MAX,
	};
	Ringmaster__V1__Snapshot *snapshot;
	struct arena arena;

	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	if (metrics_snapshot_fill(api->segment, &options, &arena, &snapshot))
		api->out.failed = true;
	else
		api_put_requests(&api->out, &api->filter, snapshot);
	arena_fini(&arena);
}

int dashboard_requests(struct http_request *request)
{
	struct api api = { .write = api_write_requests,
	    .filter.count = API_REQUESTS };
	struct slice rest = request->args;
	struct query_arg arg;

	while (query_next(&request->arena, &rest, &arg))
		if (!api_filter_arg(&api.filter, &arg))
			return dashboard_error(request, 400, "The argument "
			    "\"%.*s\" has a value it cannot have: n=0..%d, "
			    "status=404|5xx, path=TEXT, worker=INDEX, "
			    "slowest=0|1, format=json|csv",
			    SLICE_ARG(arg.name), DASHBOARD_RECENT_MAX);
	return api_answer(request, &api, api.filter.csv);
}

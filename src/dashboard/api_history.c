/*
 * /api/v1: what is known of the past, and what the numbers mean. The work is
 * done on the thread pool, as in export.c.
 */

#include "dashboard/answer.h"

#include <inttypes.h>

#include "base/clock.h"
#include "dashboard/frame.h"
#include "dashboard/history_query.h"
#include "http/conn.h"
#include "metrics/catalogue.h"
#include "metrics/json.h"
#include "metrics/snapshot.h"

struct api_history {
	/* what to do */
	void (*write)(struct api_history *api);
	const struct metrics_segment *segment;
	struct history *history;	/* or NULL */
	struct history_query query;	/* of a heatmap, its range */
	struct history_span span;	/* of the marks */
	/* what came of it */
	struct buf out;
};

static void api_history_run(void *arg)
{
	struct api_history *api = arg;

	api->write(api);
}

static int api_history_answer(struct http_request *request,
    struct api_history *api)
{
	api->segment = request->worker->segment;
	api->out = buf_make(DASHBOARD_BODY_MAX);
	if (ring_offload(request->worker->ring, api_history_run, api))
		return dashboard_error(request, 503,
		    "Too many are asking at once.");
	return dashboard_answer(request, 200, api->query.csv ?
	    SLICE("text/csv; charset=utf-8; header=present") :
	    SLICE("application/json"), &api->out);
}

/* What is wrong with the query, or with the history. */
static int api_history_refuse(struct http_request *request,
    const char *wrong)
{
	if (wrong)
		return dashboard_error(request, 400, "In the query, %s.",
		    wrong);
	return dashboard_error(request, 503,
	    "There is no history: the error log says why.");
}

/* ---- history and heatmap ---- */

static void api_write_history(struct api_history *api)
{
	history_query_write(&api->out, api->history, &api->query);
}

int dashboard_history(struct http_request *request)
{
	struct api_history api = { .write = api_write_history,
	    .history = dashboard_request_conf(request)->history };
	const char *wrong = history_query_parse(request->args,
	    clock_real_ns() / NS_PER_SEC, &request->arena, &api.query);

	if (wrong || !api.history)
		return api_history_refuse(request, wrong);
	return api_history_answer(request, &api);
}

static void api_write_heatmap(struct api_history *api)
{
	heatmap_query_write(&api->out, api->history, &api->query.range);
}

int dashboard_heatmap(struct http_request *request)
{
	struct api_history api = { .write = api_write_heatmap,
	    .history = dashboard_request_conf(request)->history };
	const char *wrong = heatmap_query_parse(request->args,
	    clock_real_ns() / NS_PER_SEC, &request->arena, &api.query.range);

	if (wrong || !api.history)
		return api_history_refuse(request, wrong);
	return api_history_answer(request, &api);
}

/* ---- marks ---- */

void dashboard_put_mark(struct buf *out, struct metrics_mark *mark)
{
	const struct json_options options = { .canonical = false };
	Ringmaster__V1__Mark message;
	size_t at;

	metrics_snapshot_mark(mark, &message);
	buf_printf(out, "{\"time_unix_ns\":%" PRIu64, mark->real_ns);
	at = out->len;
	json_write(out, &message.base, &options);
	if (!out->failed)
		out->data[at] = ',';	/* not the second '{' */
}

static void api_write_marks(struct api_history *api)
{
	struct metrics_mark marks[HISTORY_MARKS_ALL];
	unsigned count = history_marks_read(api->history, api->segment, marks);
	const char *comma = "";

	buf_append_cstr(&api->out, "{\"marks\":[");
	for (unsigned i = 0; i < count; i++) {
		uint64_t time_s = marks[i].real_ns / NS_PER_SEC;

		if (time_s < api->span.from_s || time_s > api->span.to_s)
			continue;
		buf_append_cstr(&api->out, comma);
		comma = ",";
		dashboard_put_mark(&api->out, &marks[i]);
	}
	buf_append_cstr(&api->out, "]}\n");
}

int dashboard_marks(struct http_request *request)
{
	struct api_history api = { .write = api_write_marks,
	    .history = dashboard_request_conf(request)->history };
	const char *wrong = marks_query_parse(request->args,
	    clock_real_ns() / NS_PER_SEC, &request->arena, &api.span);

	return wrong ? api_history_refuse(request, wrong)
		     : api_history_answer(request, &api);
}

/* ---- catalogue ---- */

static void api_put_text(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "\"%s\":", key);
	if (text)
		json_write_text(out, slice_cstr(text));
	else
		buf_append_cstr(out, "null");
}

static void api_put_entry(struct buf *out, const struct metrics_entry *entry)
{
	static const char *const kinds[] = { "none", "counter", "gauge",
	    "histogram", "info" };

	api_put_text(out, "name", entry->json);
	buf_append_char(out, ',');
	api_put_text(out, "prometheus", entry->prom);
	buf_append_char(out, ',');
	api_put_text(out, "kind", kinds[entry->kind]);
	buf_append_char(out, ',');
	api_put_text(out, "unit", entry->unit);
	buf_append_char(out, ',');
	api_put_text(out, "help", entry->help);
}

static void api_put_series(struct buf *out, const char *comma,
    const struct history_series *series)
{
	buf_printf(out, "%s{\"name\":\"%s\",\"unit\":\"%s\","
	    "\"kind\":\"%s\"}", comma, series->name, series->unit,
	    history_kind_name(series->kind));
}

static void api_put_names(struct buf *out, const char *key,
    const char *const *names)
{
	buf_printf(out, ",\"%s\":", key);
	for (unsigned i = 0; names[i]; i++)
		buf_printf(out, "%c\"%s\"", i ? ',' : '[', names[i]);
	buf_append_char(out, ']');
}

/* The metrics and, as "history", the series that are recorded of them; and
 * what the rows and columns of heatmaps and frames are. */
static void api_write_catalogue(struct api_history *api)
{
	struct buf *out = &api->out;

	buf_append_cstr(out, "{\"metrics\":[");
	for (size_t i = 0; i < metrics_catalogue_count; i++) {
		buf_append_cstr(out, i ? ",{" : "{");
		api_put_entry(out, &metrics_catalogue[i]);
		buf_append_char(out, '}');
	}
	buf_append_cstr(out, "],\"history\":[");
	for (unsigned i = 0; i < HISTORY_COUNT; i++)
		api_put_series(out, i ? "," : "", &history_series[i]);
	buf_append_cstr(out, "],\"heat_edges\":");
	heatmap_write_edges(out);
	api_put_names(out, "worker_columns", frame_worker_columns);
	api_put_names(out, "request_columns", frame_request_columns);
	buf_printf(out, ",\"frame\":%d}\n", FRAME_VERSION);
}

int dashboard_catalogue(struct http_request *request)
{
	struct api_history api = { .write = api_write_catalogue };

	return api_history_answer(request, &api);
}

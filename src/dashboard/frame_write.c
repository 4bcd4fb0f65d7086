/*
 * The text of a frame. Its parts are written in the order of what a viewer
 * can least do without, each as far as it fits with what has to follow it,
 * if that is only its empty form.
 */

#include "dashboard/frame.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "metrics/json.h"

enum {
	FRAME_DIGITS = 6,	/* of a rate or a size */
	FRAME_DIGITS_SHORT = 4,	/* of a duration, known to a hundredth */
};

/* What is written after the list that is being filled. */
static const char frame_after_heat[] = "],\"w\":[],\"w_all\":4294967295"
    ",\"m\":[],\"r\":[]}";
static const char frame_after_workers[] = "],\"w_all\":4294967295"
    ",\"m\":[],\"r\":[]}";
static const char frame_after_marks[] = "],\"r\":[]}";
static const char frame_after_requests[] = "]}";

const char *const frame_worker_columns[] = { "index", "pid", "state",
	"connections", "requests_per_s", "p99_s", "lag_p99_s",
	"ring_inflight", "pool_busy", "pool_queued", "cpu_ratio", "rss_bytes",
	"stalls_total", NULL };
const char *const frame_request_columns[] = { "time_unix_ms", "client_ip",
	"method", "path", "status", "response_time", "bytes_sent", "cache",
	"worker", "request_id", "server", NULL };

static const char *const frame_mark_names[] = {
	[METRICS_MARK_START] = "start",
	[METRICS_MARK_STOP] = "stop",
	[METRICS_MARK_RELOAD] = "reload",
	[METRICS_MARK_RELOAD_FAILED] = "reload_failed",
	[METRICS_MARK_CRASH] = "crash",
	[METRICS_MARK_UPGRADE] = "upgrade",
	[METRICS_MARK_CACHE_ON] = "cache_on",
	[METRICS_MARK_CACHE_OFF] = "cache_off",
	[METRICS_MARK_CACHE_FLUSH] = "cache_flush",
	[METRICS_MARK_DEPLOY] = "deploy",
	[METRICS_MARK_TEST_START] = "test_start",
	[METRICS_MARK_TEST_END] = "test_end",
	[METRICS_MARK_ALERT] = "alert",
	[METRICS_MARK_LOG_LEVEL] = "log_level",
	[METRICS_MARK_DRAIN] = "drain",
};
_Static_assert(sizeof(frame_mark_names) / sizeof(*frame_mark_names) ==
    METRICS_MARK_KIND_COUNT, "each kind of mark has a name");

/* ---- numbers ---- */

static void frame_put_number(struct buf *out, double number, int digits)
{
	if (isfinite(number))
		buf_printf(out, "%.*g", digits, number);
	else
		buf_append_cstr(out, "null");
}

static const char *frame_bool(bool value)
{
	return value ? "true" : "false";
}

/* ---- the parts that are always whole ---- */

static void frame_put_state(struct buf *out, const struct frame_data *data)
{
	buf_printf(out, "{\"v\":%d,\"seq\":%" PRIu64 ",\"t\":%" PRIu64 ","
	    "\"instance\":\"%016" PRIx64 "\",\"up\":%s,\"since\":%" PRIu64 ",",
	    FRAME_VERSION, data->seq, data->time_s, data->instance,
	    frame_bool(data->up), data->since_s);
	buf_printf(out, "\"generation\":%" PRIu64 ",\"started\":%" PRIu64 ","
	    "\"reloaded\":%" PRIu64 ",\"reload_ok\":%s,\"workers\":%u,"
	    "\"draining\":%u,\"cache\":%s,\"recording\":%s",
	    data->generation, data->started_s, data->reloaded_s,
	    frame_bool(data->reload_ok), data->workers, data->draining,
	    frame_bool(data->cache), frame_bool(data->recording));
}

static void frame_put_values(struct buf *out, const struct frame_data *data)
{
	buf_append_cstr(out, ",\"s\":[");
	for (unsigned i = 0; i < HISTORY_COUNT; i++) {
		buf_append_cstr(out, i ? "," : "");
		frame_put_number(out, data->values[i], FRAME_DIGITS);
	}
	buf_append_char(out, ']');
}

static void frame_put_totals(struct buf *out,
    const struct frame_totals *totals)
{
	buf_printf(out, ",\"tot\":{\"requests\":%" PRIu64 ",\"hits\":%" PRIu64
	    ",\"misses\":%" PRIu64 ",\"bypass\":%" PRIu64 ",\"mean\":",
	    totals->requests, totals->hits, totals->misses, totals->bypass);
	frame_put_number(out, totals->mean_s, FRAME_DIGITS_SHORT);
	buf_printf(out, ",\"created\":%" PRIu64 ",\"conn_limit\":%" PRIu64
	    ",\"conn_peak\":%" PRIu64 ",\"pool_threads\":%" PRIu64 "}",
	    totals->sessions, totals->connections_limit,
	    totals->connections_peak, totals->pool_threads);
}

static void frame_put_test(struct buf *out, const struct loadtest_now *test)
{
	if (!test)
		return;
	buf_printf(out, ",\"test\":{\"running\":%s,\"progress\":",
	    frame_bool(test->running));
	frame_put_number(out, test->progress, FRAME_DIGITS_SHORT);
	buf_append_cstr(out, ",\"rate\":");
	frame_put_number(out, test->rate, FRAME_DIGITS_SHORT);
	buf_append_cstr(out, ",\"p99\":");
	frame_put_number(out, test->p99_s, FRAME_DIGITS_SHORT);
	buf_printf(out, ",\"errors\":%" PRIu64 ",\"eta\":", test->errors);
	frame_put_number(out, test->eta_s, FRAME_DIGITS_SHORT);
	buf_append_char(out, '}');
}

/* ---- the lists ---- */

/* Take the last entry back, from `before` on, if there is no room behind it
 * for what follows. Returns whether it stays. */
static bool frame_fits(struct buf *out, size_t before, const char *after)
{
	if (!out->failed && out->len + strlen(after) <= FRAME_SIZE_MAX)
		return true;
	out->len = before;
	return false;
}

static void frame_put_heat(struct buf *out, const uint32_t *heat)
{
	const char *comma = "";

	buf_append_cstr(out, ",\"h\":[");
	for (unsigned i = 0; heat && i < HISTORY_HEAT_ROWS; i++) {
		size_t before = out->len;

		if (heat[i] == 0)
			continue;
		buf_printf(out, "%s%u,%u", comma, i, heat[i]);
		if (!frame_fits(out, before, frame_after_heat))
			break;
		comma = ",";
	}
	buf_append_char(out, ']');
}

static void frame_put_worker(struct buf *out, const struct frame_worker *w)
{
	static const char *const states[] = {
		[METRICS_SLOT_FREE] = "gone",
		[METRICS_SLOT_RUNNING] = "running",
		[METRICS_SLOT_DRAINING] = "draining",
	};

	buf_printf(out, "[%u,%" PRIu32 ",\"%s\",%" PRId64 ",", w->index,
	    w->pid, w->pid ? states[w->state] : "gone", w->connections);
	frame_put_number(out, w->rate, FRAME_DIGITS);
	buf_append_char(out, ',');
	frame_put_number(out, w->p99_s, FRAME_DIGITS_SHORT);
	buf_append_char(out, ',');
	frame_put_number(out, w->lag_p99_s, FRAME_DIGITS_SHORT);
	buf_printf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",",
	    w->ring_inflight, w->pool_busy, w->pool_queued);
	frame_put_number(out, w->cpu_ratio, FRAME_DIGITS_SHORT);
	buf_printf(out, ",%" PRIu64 ",%" PRIu64 "]", w->rss_bytes, w->stalls);
}

static void frame_put_workers(struct buf *out, const struct frame_data *data)
{
	buf_append_cstr(out, ",\"w\":[");
	for (unsigned i = 0; i < data->worker_count; i++) {
		size_t before = out->len;

		buf_append_cstr(out, i ? "," : "");
		frame_put_worker(out, &data->worker[i]);
		if (!frame_fits(out, before, frame_after_workers))
			break;
	}
	buf_printf(out, "],\"w_all\":%u", data->worker_all);
}

static unsigned frame_put_marks(struct buf *out, const struct frame_data *data)
{
	unsigned i;

	buf_append_cstr(out, ",\"m\":[");
	for (i = 0; i < data->mark_count && i < FRAME_MARKS_MAX; i++) {
		const struct metrics_mark *mark = &data->marks[i];
		size_t before = out->len;

		buf_printf(out, "%s[%" PRIu64 ",\"%s\",", i ? "," : "",
		    mark->real_ns / NS_PER_MSEC,
		    mark->kind < METRICS_MARK_KIND_COUNT ?
		    frame_mark_names[mark->kind] : "unknown");
		json_write_text(out, (struct slice){ mark->text,
		    strnlen(mark->text, sizeof(mark->text)) });
		buf_append_char(out, ']');
		if (!frame_fits(out, before, frame_after_marks))
			break;
	}
	buf_append_char(out, ']');
	return i;
}

static void frame_put_client(struct buf *out,
    const struct metrics_request *request)
{
	char text[INET6_ADDRSTRLEN];

	if (request->family == AF_UNIX)
		buf_append_cstr(out, "\"unix:\"");
	else if (inet_ntop(request->family, request->address, text,
		    sizeof(text)))
		buf_printf(out, "\"%s\"", text);
	else
		buf_append_cstr(out, "\"\"");
}

static void frame_put_request(struct buf *out, const struct frame_request *r)
{
	static const char *const caches[] = {
		[METRICS_CACHE_NONE] = "none",
		[METRICS_CACHE_HIT] = "hit",
		[METRICS_CACHE_MISS] = "miss",
		[METRICS_CACHE_BYPASSED] = "bypass",
	};
	const struct metrics_request *request = &r->request;
	size_t path_len = request->path_len < METRICS_PATH_MAX ?
	    request->path_len : METRICS_PATH_MAX;

	buf_printf(out, "[%" PRIu64 ",", request->ended_real_ns / NS_PER_MSEC);
	frame_put_client(out, request);
	buf_append_char(out, ',');
	json_write_text(out, r->method);
	buf_append_char(out, ',');
	json_write_text(out, (struct slice){ request->path, path_len });
	buf_printf(out, ",%u,", request->status);
	frame_put_number(out, (double)request->duration_ns / NS_PER_SEC,
	    FRAME_DIGITS_SHORT);
	buf_printf(out, ",%" PRIu64 ",\"%s\",%u,\"%016" PRIx64 "\",",
	    request->bytes_out, request->cache <= METRICS_CACHE_BYPASSED ?
	    caches[request->cache] : "none", r->worker, request->id);
	json_write_text(out, r->server);
	buf_append_char(out, ']');
}

static void frame_put_requests(struct buf *out, const struct frame_data *data)
{
	const char *comma = "";

	buf_append_cstr(out, ",\"r\":[");
	for (unsigned i = 0; i < data->request_count; i++) {
		size_t before = out->len;

		buf_append_cstr(out, comma);
		frame_put_request(out, &data->requests[i]);
		/* A shorter one behind it may still fit. */
		if (frame_fits(out, before, frame_after_requests))
			comma = ",";
	}
	buf_append_cstr(out, frame_after_requests);
}

unsigned frame_write(struct buf *out, const struct frame_data *data)
{
	unsigned marks;

	frame_put_state(out, data);
	frame_put_values(out, data);
	frame_put_totals(out, &data->totals);
	frame_put_test(out, data->test);
	frame_put_heat(out, data->heat);
	frame_put_workers(out, data);
	marks = frame_put_marks(out, data);
	frame_put_requests(out, data);
	return marks;
}

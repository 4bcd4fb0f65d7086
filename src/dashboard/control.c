/*
 * What changes the server, and whether it is well.
 */

#include "dashboard/answer.h"

#include <errno.h>
#include <math.h>

#include "base/utf8.h"
#include "dashboard/auth.h"
#include "dashboard/change.h"
#include "http/conn.h"
#include "metrics/json.h"
#include "metrics/owner.h"
#include "metrics/slot.h"
#include "metrics/switches.h"

/* ---- the file cache ---- */

/* After a form: back to the page. Programs get the new state. */
static int control_cache_answer(struct http_request *request)
{
	struct buf out = buf_make(DASHBOARD_BODY_MAX);

	if (request->method == HTTP_METHOD_POST &&
	    dashboard_wants_html(request)) {
		request->response.location = SLICE("/");
		return 303;
	}
	buf_printf(&out, "{\"cache_enabled\":%s}\n",
	    metrics_cache_enabled(request->worker->segment) ?
	    "true" : "false");
	return dashboard_answer(request, 200, SLICE("application/json"), &out);
}

static int control_cache_set(struct http_request *request, bool on)
{
	struct metrics_segment *segment = request->worker->segment;
	int err;

	if (on == metrics_cache_enabled(segment))
		return control_cache_answer(request);
	err = metrics_cache_switch(segment, on);
	if (err < 0) {
		http_log(request, LOG_LEVEL_ALERT, -err,
		    "metrics_cache_switch() failed");
		return dashboard_error(request, 500,
		    "The switch could not be set.");
	}
	change_log(request, "switched the file cache %s", on ? "on" : "off");
	return control_cache_answer(request);
}

int dashboard_toggle_cache(struct http_request *request)
{
	static const struct change change = {
		.question = "Switch the file cache?",
		.expected = "nothing, or the token",
	};
	struct fields fields;
	int rc = change_begin(request, &change, &fields);

	return rc != HTTP_DECLINED ? rc : control_cache_set(request,
	    !metrics_cache_enabled(request->worker->segment));
}

int dashboard_cache(struct http_request *request)
{
	static const struct change change = {
		.field = SLICE("enabled"),
		.expected = "{\"enabled\": true} or {\"enabled\": false}",
	};
	struct fields fields;
	bool on;
	int rc = change_begin(request, &change, &fields);

	if (rc != HTTP_DECLINED)
		return rc;
	if (!fields_bool(&fields, change.field, &on))
		return dashboard_error(request, 400, "Expected: %s",
		    change.expected);
	return control_cache_set(request, on);
}

int dashboard_cache_flush(struct http_request *request)
{
	static const struct change change = { .expected = "nothing" };
	struct fields fields;
	int rc = change_begin(request, &change, &fields);

	if (rc != HTTP_DECLINED)
		return rc;
	rc = metrics_cache_flush(request->worker->segment);
	if (rc < 0) {
		http_log(request, LOG_LEVEL_ALERT, -rc,
		    "metrics_cache_flush() failed");
		return dashboard_error(request, 500,
		    "The cache could not be emptied.");
	}
	change_log(request, "emptied the file cache");
	http_response_text(request, 200, SLICE("application/json"),
	    SLICE("{\"flushed\":true}\n"));
	return HTTP_DONE;
}

/* ---- the level of the error logs ---- */

/* A level's name, or "configured". */
static bool control_level_parse(struct slice text, unsigned *ret)
{
	enum log_level level;

	*ret = METRICS_LEVEL_CONFIGURED;
	if (slice_equal(text, SLICE("configured")))
		return true;
	if (!log_level_parse(text, &level))
		return false;
	*ret = level;
	return true;
}

/* Who did it is logged before or after, whichever the log takes. */
static int control_level_set(struct http_request *request, unsigned level,
    struct slice text)
{
	struct metrics_segment *segment = request->worker->segment;
	char room[HTTP_ADDRESS_TEXT];
	int err;

	if (!log_wants(request->worker->log, LOG_LEVEL_NOTICE))
		log_set_level(level);
	change_log(request, "set the level of the error logs: %.*s",
	    SLICE_ARG(text));
	err = metrics_log_switch(segment, level, change_who(request, room));
	if (err < 0)
		http_log(request, LOG_LEVEL_ALERT, -err,
		    "metrics_log_switch() failed");
	return err;
}

int dashboard_log_level(struct http_request *request)
{
	static const struct change change = {
		.field = SLICE("level"),
		.expected = "{\"level\": \"debug\"} or another level, or "
		    "\"configured\"",
	};
	struct buf out = buf_make(DASHBOARD_BODY_MAX);
	struct fields fields;
	struct slice text;
	unsigned level;
	int rc = change_begin(request, &change, &fields);

	if (rc != HTTP_DECLINED)
		return rc;
	if (!fields_text(&fields, change.field, &text) ||
	    !control_level_parse(text, &level))
		return dashboard_error(request, 400, "Expected: %s",
		    change.expected);
	if (level != metrics_log_level(request->worker->segment) &&
	    control_level_set(request, level, text) < 0)
		return dashboard_error(request, 500,
		    "The level could not be set.");
	buf_printf(&out, "{\"level\":\"%.*s\"}\n", SLICE_ARG(text));
	return dashboard_answer(request, 200, SLICE("application/json"), &out);
}

/* ---- replacing a worker ---- */

static int control_drain(struct http_request *request, unsigned worker)
{
	struct buf out = buf_make(DASHBOARD_BODY_MAX);
	char room[HTTP_ADDRESS_TEXT];
	int pid = metrics_drain_want(request->worker->segment, worker,
	    change_who(request, room));

	if (pid == -ENOENT)
		return dashboard_error(request, 404,
		    "No worker of that number is running.");
	if (pid == -EBUSY)
		return dashboard_error(request, 409, "One of that number is "
		    "being replaced, and still serves something.");
	if (pid < 0) {
		http_log(request, LOG_LEVEL_ALERT, -pid,
		    "metrics_drain_want() failed");
		return dashboard_error(request, 500,
		    "The worker could not be replaced.");
	}
	change_log(request, "had worker %u (%d) replaced", worker, pid);
	buf_printf(&out, "{\"worker\":%u,\"pid\":%d}\n", worker, pid);
	return dashboard_answer(request, 202, SLICE("application/json"), &out);
}

int dashboard_drain(struct http_request *request)
{
	static const struct change change = {
		.field = SLICE("worker"),
		.expected = "{\"worker\": 0}, the number of one",
	};
	struct fields fields;
	double worker;
	int rc = change_begin(request, &change, &fields);

	if (rc != HTTP_DECLINED)
		return rc;
	if (!fields_number(&fields, change.field, &worker) || worker < 0 ||
	    worker >= METRICS_WORKERS_MAX || worker != floor(worker))
		return dashboard_error(request, 400, "Expected: %s",
		    change.expected);
	return control_drain(request, (unsigned)worker);
}

/* ---- marks ---- */

/* Text for charts and logs: UTF-8 without control characters. */
static bool control_text_valid(struct slice text)
{
	return text.len && text.len < METRICS_MARK_TEXT_MAX &&
	    utf8_is_plain(text);
}

/* The mark that was just made, as all see it. */
static int control_mark_answer(struct http_request *request,
    struct slice text)
{
	struct metrics_mark marks[METRICS_MARKS];
	unsigned count = metrics_marks_read(request->worker->segment, marks);
	struct buf out = buf_make(DASHBOARD_BODY_MAX);

	while (count && !(marks[count - 1].kind == METRICS_MARK_DEPLOY &&
	    slice_equal(slice_cstr(marks[count - 1].text), text)))
		count--;
	if (!count)
		return dashboard_error(request, 503,
		    "The mark was lost among others.");
	dashboard_put_mark(&out, &marks[count - 1]);
	buf_append_char(&out, '\n');
	return dashboard_answer(request, 201, SLICE("application/json"), &out);
}

int dashboard_mark(struct http_request *request)
{
	static const struct change change = {
		.field = SLICE("text"),
		.expected = "{\"text\": \"what happened\"}, 1 to 95 bytes "
		    "without control characters",
	};
	struct fields fields;
	struct slice text;
	int rc = change_begin(request, &change, &fields);

	if (rc != HTTP_DECLINED)
		return rc;
	if (!fields_text(&fields, change.field, &text) ||
	    !control_text_valid(text))
		return dashboard_error(request, 400, "Expected: %s",
		    change.expected);
	rc = metrics_mark(request->worker->segment, METRICS_MARK_DEPLOY, text);
	if (rc < 0) {
		http_log(request, LOG_LEVEL_ALERT, -rc,
		    "metrics_mark() failed");
		return dashboard_error(request, 500,
		    "The mark could not be set.");
	}
	change_log(request, "set the mark \"%.*s\"", SLICE_ARG(text));
	return control_mark_answer(request, text);
}

/* ---- the session ---- */

int dashboard_session(struct http_request *request)
{
	struct buf out = buf_make(DASHBOARD_BODY_MAX);
	char token[AUTH_CSRF_LEN + 1];

	if (auth_csrf_token(request, token))
		return 500;
	buf_append_cstr(&out, "{\"user\":");
	json_write_text(&out, request->user);
	buf_printf(&out, ",\"token\":\"%s\",\"auth\":%s}\n", token,
	    dashboard_request_conf(request)->auth ? "true" : "false");
	return dashboard_answer(request, 200, SLICE("application/json"), &out);
}

/* ---- health ---- */

static bool control_worker_alive(const struct metrics_segment *segment)
{
	unsigned count = metrics_slot_count(segment);

	for (unsigned i = 0; i < count; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];

		if (__atomic_load_n(&slot->kind, __ATOMIC_RELAXED) ==
		    METRICS_KIND_WORKER && metrics_slot_alive(slot))
			return true;
	}
	return false;
}

int dashboard_health(struct http_request *request)
{
	const struct metrics_segment *segment = request->worker->segment;

	if (!metrics_owner_alive(segment))
		return dashboard_error(request, 503, "The master is gone.");
	if (!control_worker_alive(segment))
		return dashboard_error(request, 503, "No worker is running.");
	http_response_text(request, 200, SLICE("text/plain"), SLICE("ok\n"));
	return HTTP_DONE;
}

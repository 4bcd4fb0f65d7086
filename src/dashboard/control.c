/*
 * What changes the server, and whether it is well.
 */

#include "dashboard/answer.h"

#include "base/utf8.h"
#include "dashboard/auth.h"
#include "dashboard/change.h"
#include "http/conn.h"
#include "metrics/json.h"
#include "metrics/owner.h"
#include "metrics/slot.h"

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

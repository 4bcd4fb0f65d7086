/*
 * What changes the server, and whether it is well.
 */

#include "dashboard/answer.h"

#include <errno.h>
#include <signal.h>

#include "dashboard/access.h"
#include "dashboard/page.h"
#include "http/conn.h"
#include "metrics/slot.h"

/* After a form: back to the page. Programs get the new state. */
static int control_cache_answer(struct http_request *request, bool enabled)
{
	struct buf out = buf_make(DASHBOARD_BODY_MAX);

	if (request->method == HTTP_METHOD_POST &&
	    dashboard_wants_html(request)) {
		request->response.location = SLICE("/");
		return 303;
	}
	buf_printf(&out, "{\"cache_enabled\":%s}\n",
	    enabled ? "true" : "false");
	return dashboard_answer(request, 200, SLICE("application/json"), &out);
}

static int control_cache_confirm(struct http_request *request)
{
	struct buf out = buf_make(DASHBOARD_BODY_MAX);

	page_write_confirm(&out, "Switch the file cache?", "/toggle_cache");
	return dashboard_answer(request, 200,
	    SLICE("text/html; charset=utf-8"), &out);
}

int dashboard_toggle_cache(struct http_request *request)
{
	struct metrics_segment *segment = request->worker->segment;
	const struct access_headers headers = {
		.host = http_request_header(request, SLICE("host")),
		.origin = http_request_header(request, SLICE("origin")),
		.referer = http_request_header(request, SLICE("referer")),
		.fetch_site = http_request_header(request,
		    SLICE("sec-fetch-site")),
	};
	bool post = request->method == HTTP_METHOD_POST;
	bool on;
	int err;

	switch (access_change(&headers, post)) {
	case ACCESS_ALLOW:
		break;
	case ACCESS_CONFIRM:
		return control_cache_confirm(request);
	case ACCESS_REFUSE:
		http_log(request, LOG_LEVEL_WARN, 0,
		    "dashboard: a change from another site was refused");
		request->response.allow = SLICE("POST");
		return dashboard_error(request, post ? 403 : 405, "Only the "
		    "dashboard's own page and programs may change something.");
	}
	on = !metrics_cache_enabled(segment);
	err = metrics_cache_switch(segment, on);
	if (err < 0) {
		http_log(request, LOG_LEVEL_ALERT, -err,
		    "metrics_cache_switch() failed");
		return dashboard_error(request, 500,
		    "The switch could not be set.");
	}
	return control_cache_answer(request, on);
}

/* ---- health ---- */

static bool control_master_alive(const struct metrics_segment *segment)
{
	uint32_t pid = __atomic_load_n(&segment->file->header.master_pid,
	    __ATOMIC_RELAXED);

	return pid && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

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

	if (!control_master_alive(segment))
		return dashboard_error(request, 503, "The master is gone.");
	if (!control_worker_alive(segment))
		return dashboard_error(request, 503, "No worker is running.");
	http_response_text(request, 200, SLICE("text/plain"), SLICE("ok\n"));
	return HTTP_DONE;
}

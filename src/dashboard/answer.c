/*
 * Answers: a body that was written to a buffer, and errors in the form that
 * suits whoever asks.
 */

#include "dashboard/answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "dashboard/page.h"
#include "http/conn.h"
#include "http/header.h"
#include "metrics/json.h"

enum { DASHBOARD_MESSAGE_SIZE = 512 };

const struct dashboard_conf *dashboard_request_conf(
    const struct http_request *request)
{
	return request->worker->http->conf->owner;
}

bool dashboard_wants_html(const struct http_request *request)
{
	struct http_list list = { http_request_header(request,
	    SLICE("accept")) };
	struct slice type;

	while (http_list_next(&list, &type))
		if (slice_equal_nocase(slice_first(type, 9),
			SLICE("text/html")))
			return true;
	return false;
}

int dashboard_answer(struct http_request *request, unsigned status,
    struct slice content_type, struct buf *body)
{
	if (body->failed || (body->data &&
	    http_request_cleanup(request, free, body->data) != 0)) {
		http_log(request, LOG_LEVEL_CRIT, 0,
		    "no memory for an answer");
		buf_free(body);
		return 500;
	}
	http_response_text(request, status, content_type, buf_slice(body));
	return HTTP_DONE;
}

static void dashboard_error_json(struct buf *out, unsigned status,
    struct slice message)
{
	buf_printf(out, "{\"error\":{\"status\":%u,\"message\":", status);
	json_write_text(out, message);
	buf_append_cstr(out, "}}\n");
}

int dashboard_error(struct http_request *request, unsigned status,
    const char *format, ...)
{
	struct buf out = buf_make(DASHBOARD_BODY_MAX);
	bool html = dashboard_wants_html(request);
	char text[DASHBOARD_MESSAGE_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* may be cut */
	va_end(args);
	if (html)
		page_write_error(&out, status, slice_cstr(text));
	else
		dashboard_error_json(&out, status, slice_cstr(text));
	return dashboard_answer(request, status, html ?
	    SLICE("text/html; charset=utf-8") : SLICE("application/json"),
	    &out);
}

#ifndef RINGMASTER_DASHBOARD_ANSWER_H
#define RINGMASTER_DASHBOARD_ANSWER_H

#include "base/buf.h"
#include "dashboard/dashboard.h"
#include "http/request.h"

/* How the handlers of this folder answer. They return as a hook does. */

/* The configuration behind a request. */
const struct dashboard_conf *dashboard_request_conf(
    const struct http_request *request);

/* Would whoever asks rather have HTML than JSON, as a browser does? */
bool dashboard_wants_html(const struct http_request *request);

/* Answer with what `body` holds, whose memory passes to the request; 500 if
 * it is incomplete. */
int dashboard_answer(struct http_request *request, unsigned status,
    struct slice content_type, struct buf *body);

/* Answer with an error as JSON, or as a page for people. */
int dashboard_error(struct http_request *request, unsigned status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- the handlers ---- */

http_handler dashboard_page;		/* / */
http_handler dashboard_metrics;		/* /metrics and its aliases */
http_handler dashboard_toggle_cache;	/* /toggle_cache */
http_handler dashboard_history;		/* /api/v1/history */
http_handler dashboard_requests;	/* /api/v1/requests */
http_handler dashboard_marks;		/* /api/v1/marks */
http_handler dashboard_catalogue;	/* /api/v1/catalogue */
http_handler dashboard_health;		/* /healthz */
http_handler dashboard_asset;		/* files of html/ */

#endif

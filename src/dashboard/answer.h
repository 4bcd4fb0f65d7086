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

struct metrics_mark;

/* Append a mark as JSON: as in a snapshot, and its exact time as a number. */
void dashboard_put_mark(struct buf *out, struct metrics_mark *mark);

/* ---- the handlers ---- */

/* The methods, as bits, of what only tells and of what changes something;
 * of the latter, GET is for the first system's programs. */
enum {
	DASHBOARD_METHODS_READ = 1u << HTTP_METHOD_GET |
	    1u << HTTP_METHOD_HEAD,
	DASHBOARD_METHODS_CHANGE = 1u << HTTP_METHOD_GET |
	    1u << HTTP_METHOD_POST,
};

http_handler dashboard_metrics;		/* /metrics and its aliases */
http_handler dashboard_toggle_cache;	/* /toggle_cache */
http_handler dashboard_cache;		/* /api/v1/cache */
http_handler dashboard_cache_flush;	/* /api/v1/cache/flush */
http_handler dashboard_log_level;	/* /api/v1/logs/level */
http_handler dashboard_drain;		/* /api/v1/workers/drain */
http_handler dashboard_mark;		/* /api/v1/marks, POST */
http_handler dashboard_start_test;	/* /start_test */
http_handler dashboard_test_status;	/* /test_status */
http_handler dashboard_test_stop;	/* /api/v1/tests/stop */
http_handler dashboard_tests;		/* /api/v1/tests and one of them */
http_handler dashboard_tests_compare;	/* /api/v1/tests/compare */
http_handler dashboard_tests_edit;	/* /api/v1/tests/note|pin|delete */
http_handler dashboard_report;		/* /api/v1/reports/{run} */
http_handler dashboard_report_server;	/* /api/v1/reports/server */
http_handler dashboard_reports;		/* /reports/ */
http_handler dashboard_session;		/* /api/v1/session */
http_handler dashboard_history;		/* /api/v1/history */
http_handler dashboard_heatmap;		/* /api/v1/heatmap */
http_handler dashboard_requests;	/* /api/v1/requests */
http_handler dashboard_tops;		/* /api/v1/tops */
http_handler dashboard_logs;		/* /api/v1/logs */
http_handler dashboard_marks;		/* /api/v1/marks */
http_handler dashboard_catalogue;	/* /api/v1/catalogue */
http_handler dashboard_stream;		/* /api/v1/stream */
http_handler dashboard_websocket;	/* /api/v1/ws */
http_handler dashboard_frame;		/* /api/v1/frame */
http_handler dashboard_health;		/* /healthz */
http_handler dashboard_asset;		/* files of html/, else 404 */

#endif

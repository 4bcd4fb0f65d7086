/*
 * The dashboard as a module of the HTTP code: which names it answers to,
 * which path and method leads to which handler, and the headers that tell a
 * browser to run and load nothing but the page's own files, and to let no
 * other site read or frame it.
 */

#include "dashboard/dashboard.h"

#include <errno.h>

#include "dashboard/access.h"
#include "dashboard/answer.h"
#include "dashboard/auth.h"
#include "dashboard/frame.h"
#include "dashboard/live.h"
#include "dashboard/loadtest.h"
#include "dashboard/recorder.h"
#include "http/conn.h"

#define READ(path, handler)						\
	{ SLICE(path), DASHBOARD_METHODS_READ, SLICE("GET, HEAD"), handler }

static const struct dashboard_route {
	struct slice path;
	unsigned methods;
	struct slice allow;
	http_handler *handler;
} dashboard_routes[] = {
	READ("/metrics", dashboard_metrics),
	READ("/metrics.json", dashboard_metrics),
	READ("/metrics.prom", dashboard_metrics),
	READ("/metrics.om", dashboard_metrics),
	READ("/metrics.pb", dashboard_metrics),
	READ("/api/v1/snapshot", dashboard_metrics),
	READ("/api/v1/history", dashboard_history),
	READ("/api/v1/heatmap", dashboard_heatmap),
	READ("/api/v1/requests", dashboard_requests),
	READ("/api/v1/tops", dashboard_tops),
	READ("/api/v1/logs", dashboard_logs),
	{ SLICE("/api/v1/marks"), DASHBOARD_METHODS_READ,
	  SLICE("GET, HEAD, POST"), dashboard_marks },
	{ SLICE("/api/v1/marks"), 1u << HTTP_METHOD_POST,
	  SLICE("GET, HEAD, POST"), dashboard_mark },
	READ("/api/v1/catalogue", dashboard_catalogue),
	READ("/api/v1/stream", dashboard_stream),
	READ("/api/v1/frame", dashboard_frame),
	{ SLICE("/api/v1/ws"), 1u << HTTP_METHOD_GET, SLICE("GET"),
	  dashboard_websocket },
	READ("/healthz", dashboard_health),
	{ SLICE("/toggle_cache"), DASHBOARD_METHODS_CHANGE, SLICE("POST"),
	  dashboard_toggle_cache },
	{ SLICE("/api/v1/cache"), 1u << HTTP_METHOD_POST, SLICE("POST"),
	  dashboard_cache },
	{ SLICE("/api/v1/cache/flush"), 1u << HTTP_METHOD_POST,
	  SLICE("POST"), dashboard_cache_flush },
	{ SLICE("/api/v1/logs/level"), 1u << HTTP_METHOD_POST,
	  SLICE("POST"), dashboard_log_level },
	{ SLICE("/api/v1/workers/drain"), 1u << HTTP_METHOD_POST,
	  SLICE("POST"), dashboard_drain },
	READ("/api/v1/session", dashboard_session),
	{ SLICE("/start_test"), DASHBOARD_METHODS_CHANGE, SLICE("POST"),
	  dashboard_start_test },
	READ("/test_status", dashboard_test_status),
	{ SLICE("/api/v1/tests/stop"), 1u << HTTP_METHOD_POST, SLICE("POST"),
	  dashboard_test_stop },
	{ SLICE("/api/v1/tests/note"), 1u << HTTP_METHOD_POST, SLICE("POST"),
	  dashboard_tests_edit },
	{ SLICE("/api/v1/tests/pin"), 1u << HTTP_METHOD_POST, SLICE("POST"),
	  dashboard_tests_edit },
	{ SLICE("/api/v1/tests/delete"), 1u << HTTP_METHOD_POST, SLICE("POST"),
	  dashboard_tests_edit },
	READ("/api/v1/tests/compare", dashboard_tests_compare),
	READ("/api/v1/tests", dashboard_tests),
	READ("/api/v1/tests/{run}", dashboard_tests),
	READ("/api/v1/reports/compare", dashboard_report),
	READ("/api/v1/reports/server", dashboard_report_server),
	READ("/api/v1/reports/trend", dashboard_report),
	READ("/api/v1/reports/{run}", dashboard_report),
	READ("/reports/", dashboard_reports),
};

/* Before anything else: is it meant for us (RFC 9110 15.5.20)? */
static int dashboard_check_host(struct http_request *request)
{
	const struct dashboard_conf *conf = dashboard_request_conf(request);

	if (access_host(request->host, conf->hosts, conf->host_count)) {
		if (request->head.content_length <= DASHBOARD_REQUEST_MAX)
			return HTTP_DECLINED;
		return dashboard_error(request, 413, "The body is larger "
		    "than %d bytes.", DASHBOARD_REQUEST_MAX);
	}
	http_log(request, LOG_LEVEL_INFO, 0, "dashboard: a host that is not "
	    "allowed was asked for");
	return dashboard_error(request, 421, "The dashboard does not answer "
	    "to the name in the Host header; \"allowed_hosts\" in the "
	    "dashboard block adds names.");
}

/* Is it the path of a route? Its "{run}" stands for any last part that is no
 * name of a route before it. */
static bool dashboard_path_is(struct slice path, struct slice route)
{
	struct slice any = SLICE("{run}");

	if (slice_ends(route, any)) {
		route.len -= any.len;
		return slice_starts(path, route) && path.len > route.len &&
		    !memchr(path.data + route.len, '/', path.len - route.len);
	}
	return slice_equal(path, route);
}

static int dashboard_route(struct http_request *request)
{
	const struct dashboard_route *route = dashboard_routes;
	unsigned count = sizeof(dashboard_routes) / sizeof(*dashboard_routes);

	/* A path can have a handler for reading and one for changes; then
	 * both say in `allow` what both do. */
	for (; count; count--, route++) {
		if (!dashboard_path_is(request->uri, route->path) ||
		    (request->response.allow.len &&
			!slice_equal(request->uri, route->path)))
			continue;
		if (route->methods >> request->method & 1)
			return route->handler(request);
		request->response.allow = route->allow;
	}
	if (request->response.allow.len)
		return dashboard_error(request, 405, "The method is not one "
		    "of: %s.", request->response.allow.data);
	return dashboard_asset(request);
}

static int dashboard_secure(struct http_request *request)
{
	static const struct slice fields[][2] = {
		{ SLICE("Content-Security-Policy"), SLICE("default-src 'none'; "
		    "script-src 'self'; style-src 'self'; "
		    "img-src 'self' data:; connect-src 'self'; "
		    "base-uri 'none'; form-action 'self'; "
		    "frame-ancestors 'none'; "
		    "require-trusted-types-for 'script'") },
		{ SLICE("X-Content-Type-Options"), SLICE("nosniff") },
		{ SLICE("X-Frame-Options"), SLICE("DENY") },
		{ SLICE("Referrer-Policy"), SLICE("no-referrer") },
		{ SLICE("Cross-Origin-Resource-Policy"), SLICE("same-origin") },
		{ SLICE("Cross-Origin-Opener-Policy"), SLICE("same-origin") },
	};
	int err = 0;

	for (unsigned i = 0; i < sizeof(fields) / sizeof(*fields) && !err; i++)
		err = http_response_add(request, fields[i][0], fields[i][1]);
	if (!err)
		err = http_response_add(request, SLICE("Cache-Control"),
		    request->response.etag.len ? SLICE("no-cache") :
		    SLICE("no-store"));
	return err;
}

static int dashboard_worker_start(struct http_worker *worker)
{
	int err = loadtest_start(worker);

	frame_start(worker->segment);
	live_start(worker);
	auth_announce(worker);
	return err ? err : recorder_start(worker);
}

static void dashboard_worker_drain(struct http_worker *worker)
{
	loadtest_drain();
	live_drain(worker);
}

static void dashboard_worker_stop(struct http_worker *worker)
{
	(void)worker;
	loadtest_stop();
}

static const struct conf_directive dashboard_none[] = { { .name = NULL } };

const struct http_module dashboard_module = {
	.table = { .name = "dashboard pages", .directives = dashboard_none },
	.worker_start = dashboard_worker_start,
	.worker_stop = dashboard_worker_stop,
	.worker_drain = dashboard_worker_drain,
	.phase = {
		[HTTP_PHASE_SERVER_REWRITE] = dashboard_check_host,
		[HTTP_PHASE_ACCESS] = auth_check,
		[HTTP_PHASE_CONTENT] = dashboard_route,
	},
	.filter = dashboard_secure,
};

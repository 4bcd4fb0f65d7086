/*
 * Starting and ending a load test, and how it is doing. Results that are kept
 * are in loadtest_results.c.
 */

#include "dashboard/answer.h"

#include <errno.h>
#include <string.h>

#include "dashboard/change.h"
#include "dashboard/loadtest.h"
#include "http/conn.h"
#include "load.pb-c.h"
#include "metrics/json.h"

/* ---- how it is doing ---- */

static void test_put_status(struct buf *out, struct loadtest_now *now)
{
	const struct json_options options = { .bins = true };
	Ringmaster__V1__LoadStatusNow status;

	ringmaster__v1__load_status_now__init(&status);
	status.running = now->running;
	status.progress = now->progress;
	status.run = now->run;
	status.sent = now->sent;
	status.done = now->done;
	status.errors = now->errors;
	status.rate = now->rate;
	status.p50 = now->p50_s;
	status.p99 = now->p99_s;
	status.max = now->max_s;
	status.eta_seconds = now->eta_s;
	status.connections = now->connections;
	if (now->running || now->ended_ns)
		status.preset = (char *)loadtest_preset_names[now->preset];
	status.error = now->error;
	json_write(out, &status.base, &options);
	buf_append_char(out, '\n');
}

static int test_answer(struct http_request *request, unsigned status)
{
	struct buf out = buf_make(DASHBOARD_BODY_MAX);
	struct loadtest_now now;

	loadtest_now(&now);
	test_put_status(&out, &now);
	return dashboard_answer(request, status, SLICE("application/json"),
	    &out);
}

int dashboard_test_status(struct http_request *request)
{
	loadtest_seen();
	return test_answer(request, 200);
}

/* ---- starting ---- */

/* Did a browser send it? Only these say of themselves where they are. */
static bool test_by_page(struct http_request *request)
{
	return http_request_header(request, SLICE("origin")).len ||
	    http_request_header(request, SLICE("referer")).len ||
	    http_request_header(request, SLICE("sec-fetch-site")).len;
}

static int test_refuse(struct http_request *request, int err)
{
	struct loadtest_now now;

	loadtest_now(&now);
	switch (err) {
	case -EBUSY:
		return dashboard_error(request, 409, "A test is running%s%s: "
		    "one at a time.", now.running ? ", " : "", now.running ?
		    loadtest_preset_names[now.preset] : "");
	case -ENOENT:
		return dashboard_error(request, 503, "The program ringload is "
		    "not installed beside ringmaster, or the folder of "
		    "reports is missing; the directives \"ringload\" and "
		    "\"reports\" of the dashboard block say where they are.");
	default:
		http_log(request, LOG_LEVEL_ERROR, -err,
		    "dashboard: a load test could not be started");
		return dashboard_error(request, 503,
		    "The test could not be started: %s.", strerror(-err));
	}
}

int dashboard_start_test(struct http_request *request)
{
	static const struct slice names[] = { SLICE("clients"), SLICE("rate"),
		SLICE("duration"), SLICE("path"), SLICE("target"),
		SLICE("") };
	static const struct change change = {
		.question = "Start a load test of this server?",
		.field = SLICE("preset"),
		.more = names,
		.expected = "{\"preset\": \"burst\"}, or \"custom\" with "
		    "clients, rate, duration and path",
	};
	struct loadtest_spec spec;
	struct fields fields;
	const char *wrong;
	int rc = change_begin(request, &change, &fields);

	if (rc != HTTP_DECLINED)
		return rc;
	wrong = loadtest_spec_read(&fields,
	    dashboard_request_conf(request)->site, &request->arena, &spec);
	if (wrong)
		return dashboard_error(request, 400, "%s.", wrong);
	rc = loadtest_begin(&(struct loadtest_begin){ .spec = &spec,
	    .by_page = test_by_page(request) });
	if (rc)
		return test_refuse(request, rc);
	change_log(request, "started the load test %s of %s",
	    loadtest_preset_names[spec.preset], spec.url);
	if (request->method == HTTP_METHOD_POST &&
	    dashboard_wants_html(request)) {
		request->response.location = SLICE("/");
		return 303;
	}
	return test_answer(request, 202);
}

/* ---- ending ---- */

int dashboard_test_stop(struct http_request *request)
{
	static const struct change change = { .expected = "nothing" };
	struct fields fields;
	int rc = change_begin(request, &change, &fields);

	if (rc != HTTP_DECLINED)
		return rc;
	if (!loadtest_end("It was stopped from the dashboard."))
		return dashboard_error(request, 409, "No test is running.");
	change_log(request, "stopped the load test");
	return test_answer(request, 202);
}

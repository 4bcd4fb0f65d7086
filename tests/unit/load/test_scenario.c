/*
 * Scenario files: the one of the manual, and mistakes with file and line.
 */
#include "plan_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#define REQUEST(line) line " HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" \
	"User-Agent: ringload/" PACKAGE_VERSION "\r\nAccept: */*\r\n"

static const char mixed[] =
	"scenario mixed {\n"
	"  target   http://127.0.0.1:8080;\n"
	"  arrivals poisson;\n"
	"  stage    ramp 0 2000/s over 5s;  stage hold 30s;\n"
	"  stage    ramp 0 over 2s;\n"
	"  request  home  weight=70 { get /; expect status 200; }\n"
	"  request  about weight=25 { get /about.html;\n"
	"      header Accept-Encoding gzip; expect body \"About us\"; }\n"
	"  request  miss  weight=5  { get /no-such; expect status 404; }\n"
	"  session  cookies=keep think=0s..200ms;\n"
	"  slo      p99 < 5ms;  slo errors < 0.1%;\n"
	"}\n";

static void a_scenario_is_a_plan(void **state)
{
	struct fixture *f = *state;
	const char *slos[] = { "rate>10" };
	const struct load_options options = { .slos = slos, .slo_count = 1,
	    .scenario_file = fixture_write(f, mixed) };
	const struct load_request *requests;

	fixture_builds(f, &options);
	requests = f->plan.requests;
	assert_string_equal(f->plan.source, "mixed");
	assert_string_equal(f->plan.url, "http://127.0.0.1:8080");
	assert_int_equal(f->plan.request_count, 3);
	assert_false(f->plan.in_turn);
	assert_string_equal(requests[1].name, "about");
	assert_true(fabs(requests[0].until - 0.70) < 1e-9);
	assert_true(fabs(requests[1].until - 0.95) < 1e-9);
	assert_true(requests[2].until == 1);
	assert_int_equal(requests[0].expect_status, 200);
	assert_int_equal(requests[0].expect_body.len, 0);
	assert_int_equal(requests[1].expect_status, 0);
	assert_true(slice_equal(requests[1].expect_body, SLICE("About us")));
	assert_int_equal(requests[2].expect_status, 404);
	fixture_request(f, 1, REQUEST("GET /about.html")
	    "Accept-Encoding: gzip\r\n\r\n");
	assert_true(f->plan.open);
	assert_int_equal(f->plan.schedule.arrivals, SCHEDULE_POISSON);
	assert_int_equal(f->plan.schedule.count, 4);
	assert_int_equal(f->plan.duration_ns, 37 * NS_PER_SEC);
	assert_int_equal(schedule_area(&f->plan.schedule, UINT64_MAX),
	    5000 + 60000 + 2000);
	assert_int_equal(f->plan.slo_count, 3);
	assert_string_equal(f->plan.slos[0], "rate>10");
	assert_string_equal(f->plan.slos[1], "p99<5ms");
	assert_string_equal(f->plan.slos[2], "errors<0.1%");
}

static void options_come_first(void **state)
{
	struct fixture *f = *state;
	const char *headers[] = { "Accept-Encoding: br", "X-A: b" };
	const struct load_options options = { .rate = 10, .duration_s = 3,
	    .url = "http://127.0.0.1:9/ignored", .headers = headers,
	    .header_count = 2, .arrivals = SCHEDULE_UNIFORM,
	    .scenario_file = fixture_write(f, mixed) };

	fixture_builds(f, &options);
	assert_string_equal(f->plan.url, "http://127.0.0.1:9/ignored");
	assert_int_equal(f->plan.duration_ns, 3 * NS_PER_SEC);
	assert_int_equal(f->plan.schedule.arrivals, SCHEDULE_UNIFORM);
	fixture_request(f, 1, "GET /about.html HTTP/1.1\r\n"
	    "Host: 127.0.0.1:9\r\nUser-Agent: ringload/" PACKAGE_VERSION
	    "\r\nAccept: */*\r\nX-A: b\r\nAccept-Encoding: gzip\r\n\r\n");
}

static void without_stages_the_model_is_closed(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .requests_each = 3, .scenario_file =
	    fixture_write(f, "scenario s { request a { post /x; body \"1\\n\";"
	    " } request b { put /y; } target http://127.0.0.1:8080;\n"
	    "request c { delete /z?q; header Host a.b; } }") };

	fixture_builds(f, &options);
	assert_false(f->plan.open);
	assert_int_equal(f->plan.each, 3);
	assert_true(f->plan.in_turn);
	fixture_request(f, 0,
	    REQUEST("POST /x") "Content-Length: 2\r\n\r\n1\n");
	fixture_request(f, 1, REQUEST("PUT /y") "Content-Length: 0\r\n\r\n");
	fixture_request(f, 2, "DELETE /z?q HTTP/1.1\r\nUser-Agent: ringload/"
	    PACKAGE_VERSION "\r\nAccept: */*\r\nHost: a.b\r\n\r\n");
}

static void a_ramp_may_jump(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = { .scenario_file =
	    fixture_write(f, "scenario s { target http://127.0.0.1;\n"
	    "stage ramp 100/s 100/s over 1s; stage ramp 50 1k/s over 2s;\n"
	    "request a { get /; } }") };
	const struct schedule_point *points = f->plan.schedule.points;

	fixture_builds(f, &options);
	assert_int_equal(f->plan.schedule.count, 4);
	assert_int_equal(points[1].at_ns, NS_PER_SEC);
	assert_true(points[1].rate == 100);
	assert_int_equal(points[2].at_ns, NS_PER_SEC);
	assert_true(points[2].rate == 50);
	assert_int_equal(points[3].at_ns, 3 * NS_PER_SEC);
	assert_true(points[3].rate == 1000);
}

#define IN(text) "scenario s {\ntarget http://127.0.0.1;\n" text "\n}\n"

static void mistakes_have_a_line(void **state)
{
	static const struct {
		const char *text, *sentence;
	} bad[] = {
		{ "", "file has no scenario" },
		{ "request a { get /; }\n", "\"request\" directive is not "
		  "allowed here in file:1" },
		{ "scenario s {\n", "unexpected end of file, expecting \"}\" "
		  "in file:2" },
		{ "scenario s { request a { get /; } }", "the scenario has no "
		  "target, and no URL was given" },
		{ IN(""), "the scenario has no request" },
		{ IN("") IN(""), "a file has one scenario, \"s\" is the "
		  "second in file:5" },
		{ IN("target https://a;"), "https is not there yet: TLS comes "
		  "later, use http:// until then in file:3" },
		{ IN("arrivals often;"), "invalid value \"often\" in "
		  "\"arrivals\" directive, it must be \"constant\", "
		  "\"poisson\" or \"uniform\" in file:3" },
		{ IN("stage hold 5s;"), "there is no rate to hold: the first "
		  "stage is a ramp in file:3" },
		{ IN("stage ramp 5 for 5s;"), "a stage is \"ramp [RATE] RATE "
		  "over TIME\" or \"hold TIME\" in file:3" },
		{ IN("stage ramp x over 5s;"), "\"x\" is not a rate, as "
		  "2000/s in file:3" },
		{ IN("stage ramp 5 over 5y;"), "\"5y\" is not a time, as 30s "
		  "in file:3" },
		{ IN("stage ramp 5 over 11m;"), "the stages cannot be "
		  "followed: it takes longer than 600 s in file:3" },
		{ IN("stage ramp 60k over 1s;"), "the stages cannot be "
		  "followed: the rate is above 50000 requests a second in "
		  "file:3" },
		{ IN("stage ramp 0 over 1s; request a { get /; }"), "the "
		  "stages of file cannot be followed: no request is due in "
		  "it" },
		{ IN("session;"), "invalid number of arguments in "
		  "\"session\" directive in file:3" },
		{ IN("session cookies=eat;"), "a session has \"cookies=keep\" "
		  "and \"think=TIME..TIME\", not \"cookies=eat\" in file:3" },
		{ IN("session cookies=keep;\nsession think=1s;"), "there is a "
		  "second \"session\" in file:4" },
		{ IN("session think=2s..1s;"), "\"think=2s..1s\" is not a time or a "
		  "range of times up to 600 s, as think=0s..200ms in "
		  "file:3" },
		{ IN("session think=1s..;"), "\"think=1s..\" is not a time or a "
		  "range of times up to 600 s, as think=0s..200ms in "
		  "file:3" },
		{ IN("session think=11m;"), "\"think=11m\" is not a time or a "
		  "range of times up to 600 s, as think=0s..200ms in "
		  "file:3" },
		{ IN("session cookies=keep;\nrequest a { get /; header "
		  "Cookie a=b; }"), "a session that keeps cookies sends its "
		  "own, so there can be no header \"Cookie\" in file:4" },
		{ IN("request a weight=x { get /; }"), "\"weight=x\" is not "
		  "weight=NUMBER, above 0 and at most 1000000 in file:3" },
		{ IN("request a { }"), "the request \"a\" has neither get, "
		  "post, put nor delete in file:3" },
		{ IN("request a { get a; }"), "\"get\" needs a path that "
		  "begins with a slash in file:3" },
		{ IN("request a { get /; post /; }"), "the request has a "
		  "second \"post\" in file:3" },
		{ IN("request a { get /; header A \"b\\nc\"; }"), "header "
		  "\"A\" cannot be sent: it has an end of line or a control "
		  "character in file:3" },
		{ IN("request a { get /; expect status 99; }"), "\"99\" is "
		  "not a status from 200 to 599 in file:3" },
		{ IN("request a { get /; expect luck 1; }"), "\"expect\" is "
		  "followed by status NUMBER or body TEXT in file:3" },
		{ IN("request a { get /; expect body \"\"; }"), "every body "
		  "has an empty text in it in file:3" },
		{ IN("request a { get /; patch /; }"), "unknown directive "
		  "\"patch\" in file:3" },
	};
	struct fixture *f = *state;
	struct load_options options = { .url = NULL };
	char sentence[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		options.scenario_file = fixture_write(f, bad[i].text);
		(void)snprintf(sentence, sizeof(sentence), "--scenario: %s",
		    bad[i].sentence);
		fixture_refused(f, &options, sentence);
	}
}

static void a_session_makes_users_of_connections(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .pipeline = 2, .scenario_file =
	    fixture_write(f, IN("session think=10ms..1.5s cookies=keep;"
	    "request a { post /; body xyz; }")) };
	const char *headers[] = { "cookie: a=b" };

	fixture_builds(f, &options);
	assert_true(f->plan.cookies);
	assert_int_equal(f->plan.think_min_ns, 10 * NS_PER_MSEC);
	assert_int_equal(f->plan.think_max_ns, 1500 * NS_PER_MSEC);
	assert_null(f->plan.notice);
	/* Each is made with what its user has then. */
	assert_int_equal(f->plan.batch.len, 0);
	assert_int_equal(f->plan.requests[0].bytes.len -
	    f->plan.requests[0].head_len, strlen("\r\nxyz"));
	options.headers = headers;
	options.header_count = 1;
	fixture_refused(f, &options, "--scenario: a session that keeps cookies "
	    "sends its own, so there can be no header \"Cookie\" in file:3");
}

static void in_the_open_model_nobody_thinks(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = { .rate = 10, .scenario_file =
	    fixture_write(f, IN("session think=1s; request a { get /; }")) };

	fixture_builds(f, &options);
	assert_int_equal(f->plan.think_max_ns, 0);
	assert_string_equal(f->plan.notice, "nobody thinks in the open model: "
	    "the rate says when requests are sent");
}

static void what_does_not_go_together(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .scenario_file =
	    fixture_write(f, mixed), .requests_each = 1 };

	fixture_refused(f, &options, "--requests counts those of a "
	    "connection, which is not how the open model ends: use "
	    "--duration");
	options.requests_each = 0;
	options.duration_s = 5;
	fixture_refused(f, &options, "--duration does not go with stages, "
	    "which have their times");
	options.duration_s = 0;
	options.scenario_file = fixture_write(f,
	    IN("arrivals poisson; request a { get /; }"));
	fixture_refused(f, &options, "arrivals are those of a rate: give "
	    "--rate or --stages, too");
	options.scenario_file = "/no/such";
	fixture_refused(f, &options, "--scenario: open() \"/no/such\" failed "
	    "(2: No such file or directory)");
}

/* At each limit, and one past it. */
static void limits_have_names(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(65536), *end;
	struct load_options options = { .url = "http://127.0.0.1" };

	assert_non_null(text);
	for (unsigned more = 0; more < 2; more++) {
		end = stpcpy(text, "scenario s { request a { get /; }\n");
		for (unsigned i = 0; i < LOAD_SLOS_MAX + more; i++)
			end = stpcpy(end, "slo p99 < 5ms;");
		(void)stpcpy(end, "}");
		options.scenario_file = fixture_write(f, text);
		if (!more)
			fixture_builds(f, &options);
	}
	fixture_refused(f, &options,
	    "--scenario: there are more than 32 \"slo\" in file:2");
	for (unsigned more = 0; more < 2; more++) {
		end = stpcpy(text, "scenario s { request a { get /;\n");
		for (unsigned i = 0; i < LOAD_HEADERS_MAX + more; i++)
			end = stpcpy(end, "header A b;");
		(void)stpcpy(end, "} }");
		options.scenario_file = fixture_write(f, text);
		if (!more)
			fixture_builds(f, &options);
	}
	fixture_refused(f, &options,
	    "--scenario: a request has at most 64 headers in file:2");
	free(text);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_scenario_is_a_plan),
		TEST(options_come_first),
		TEST(without_stages_the_model_is_closed),
		TEST(a_ramp_may_jump),
		TEST(mistakes_have_a_line),
		TEST(a_session_makes_users_of_connections),
		TEST(in_the_open_model_nobody_thinks),
		TEST(what_does_not_go_together),
		TEST(limits_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

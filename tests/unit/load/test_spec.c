/*
 * From options to a plan: defaults, limits and one past them, what excludes
 * what, and the bytes that are sent.
 */
#include "plan_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/clock.h"

#define URL "http://127.0.0.1:8080/a?b=c"
#define HEAD "Host: 127.0.0.1:8080\r\n" \
	"User-Agent: ringload/" PACKAGE_VERSION "\r\nAccept: */*\r\n"

static void a_url_is_enough(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = { .url = URL, .warmup_s = -1 };
	const struct sockaddr_in *address =
	    (const struct sockaddr_in *)&f->plan.address;

	fixture_builds(f, &options);
	fixture_request(f, 0, "GET /a?b=c HTTP/1.1\r\n" HEAD "\r\n");
	assert_int_equal(f->plan.request_count, 1);
	assert_int_equal(f->plan.requests[0].method, HTTP_METHOD_GET);
	assert_string_equal(f->plan.requests[0].name, "/a?b=c");
	assert_string_equal(f->plan.url, URL);
	assert_null(f->plan.source);
	assert_int_equal(address->sin_family, AF_INET);
	assert_int_equal(address->sin_port, htons(8080));
	assert_int_equal(address->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(f->plan.connections, 10);
	assert_int_equal(f->plan.threads, 1);
	assert_int_equal(f->plan.pipeline, 1);
	assert_int_equal(f->plan.batch.len, 0);
	assert_true(f->plan.keepalive);
	assert_false(f->plan.open);
	assert_int_equal(f->plan.each, 0);
	assert_int_equal(f->plan.duration_ns, 10 * NS_PER_SEC);
	assert_int_equal(f->plan.warmup_ns, NS_PER_SEC);
	assert_int_equal(f->plan.timeout_ns, 10 * NS_PER_SEC);
	assert_true(f->plan.seed != 0);
}

static void the_burst_has_no_warmup(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .connections = 100,
	    .requests_each = 1, .warmup_s = -1 };

	fixture_builds(f, &options);
	assert_int_equal(f->plan.connections, 100);
	assert_int_equal(f->plan.each, 1);
	assert_int_equal(f->plan.duration_ns, 0);
	assert_int_equal(f->plan.warmup_ns, 0);
	options.duration_s = 60;
	fixture_builds(f, &options);
	assert_int_equal(f->plan.duration_ns, 60 * NS_PER_SEC);
	assert_int_equal(f->plan.warmup_ns, 0);
}

static void the_warmup_is_a_tenth_up_to_2_s(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .duration_s = 60,
	    .warmup_s = -1 };

	fixture_builds(f, &options);
	assert_int_equal(f->plan.warmup_ns, 2 * NS_PER_SEC);
	options.warmup_s = 59.5;
	fixture_builds(f, &options);
	assert_int_equal(f->plan.warmup_ns, 59500 * NS_PER_MSEC);
	options.warmup_s = 60;
	fixture_refused(f, &options,
	    "--warmup: 60 s leave nothing of a test of 60 s");
}

static void headers_are_added_or_replace(void **state)
{
	struct fixture *f = *state;
	const char *headers[] = { "X-One:  1 ", "host: example.org",
	    "Accept:", "X-One: 2" };
	struct load_options options = { .url = URL, .headers = headers,
	    .header_count = 4, .no_keepalive = true };

	fixture_builds(f, &options);
	assert_false(f->plan.keepalive);
	fixture_request(f, 0, "GET /a?b=c HTTP/1.1\r\n"
	    "User-Agent: ringload/" PACKAGE_VERSION "\r\n"
	    "Connection: close\r\n"
	    "X-One: 1\r\nhost: example.org\r\nAccept: \r\nX-One: 2\r\n\r\n");
}

static void headers_that_break_out_are_refused(void **state)
{
	static const struct {
		const char *header, *sentence;
	} bad[] = {
		{ "X-A: b\r\nX-C: d", "--header: \"X-A\" cannot be sent: it "
		  "has an end of line or a control character" },
		{ "X-A: b\nX-C: d", "--header: \"X-A\" cannot be sent: it "
		  "has an end of line or a control character" },
		{ "X A: b", "--header: \"X A\" cannot be sent: its name is "
		  "not a word" },
		{ ": b", "--header: \"\" cannot be sent: its name is not a "
		  "word" },
		{ "nothing", "--header: \"nothing\" is not NAME: VALUE" },
		{ "Content-Length: 5", "--header: \"Content-Length\" cannot "
		  "be sent: ringload sets it by the body" },
		{ "transfer-encoding: chunked", "--header: "
		  "\"transfer-encoding\" cannot be sent: ringload sets it by "
		  "the body" },
	};
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .header_count = 1 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		options.headers = &bad[i].header;
		fixture_refused(f, &options, bad[i].sentence);
	}
}

static void bodies_have_a_length(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = "http://127.0.0.1/",
	    .body = SLICE("a\0b"), .has_body = true };
	const char head[] = "Host: 127.0.0.1\r\n"
	    "User-Agent: ringload/" PACKAGE_VERSION "\r\nAccept: */*\r\n";
	char expected[512];
	int len;

	fixture_builds(f, &options);
	len = snprintf(expected, sizeof(expected), "POST / HTTP/1.1\r\n%s"
	    "Content-Length: 3\r\n\r\n", head);
	assert_int_equal(f->plan.requests[0].bytes.len, len + 3);
	assert_memory_equal(f->plan.requests[0].bytes.data, expected, len);
	assert_memory_equal(f->plan.requests[0].bytes.data + len, "a\0b", 3);
	options.has_body = false;
	options.method = "PUT";
	fixture_builds(f, &options);
	(void)snprintf(expected, sizeof(expected), "PUT / HTTP/1.1\r\n%s"
	    "Content-Length: 0\r\n\r\n", head);
	fixture_request(f, 0, expected);
	options.method = "HEAD";
	fixture_builds(f, &options);
	assert_int_equal(f->plan.requests[0].method, HTTP_METHOD_HEAD);
	options.method = "A B";
	fixture_refused(f, &options, "--method: \"A B\" cannot be sent: it "
	    "is not a method");
	options.method = "CONNECT";
	fixture_refused(f, &options, "--method: \"CONNECT\" cannot be sent: "
	    "CONNECT makes a tunnel of the connection");
}

static void a_seed_is_what_every_reader_of_json_can_tell(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .seed = LOAD_SEED_MAX };

	fixture_builds(f, &options);
	assert_int_equal(f->plan.seed, LOAD_SEED_MAX);
	options.seed++;
	fixture_refused(f, &options, "--seed: 9007199254740993 is above the "
	    "limit of 9007199254740992");
	options.seed = UINT64_MAX;
	fixture_refused(f, &options, "--seed: 18446744073709551615 is above "
	    "the limit of 9007199254740992");
}

static void a_pipeline_is_sent_at_once(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .pipeline = 3 };
	size_t len;

	fixture_builds(f, &options);
	len = f->plan.requests[0].bytes.len;
	assert_int_equal(f->plan.batch.len, 3 * len);
	for (unsigned i = 0; i < 3; i++)
		assert_memory_equal(f->plan.batch.data + i * len,
		    f->plan.requests[0].bytes.data, len);
	options.no_keepalive = true;
	fixture_refused(f, &options, "--pipeline needs connections that are "
	    "kept, without --no-keepalive");
}

static void the_open_model_has_a_rate(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .rate = 1000,
	    .duration_s = 30, .arrivals = SCHEDULE_POISSON, .seed = 7 };

	fixture_builds(f, &options);
	assert_true(f->plan.open);
	assert_int_equal(f->plan.duration_ns, 30 * NS_PER_SEC);
	assert_int_equal(f->plan.schedule.count, 2);
	assert_true(schedule_rate(&f->plan.schedule, NS_PER_SEC) == 1000);
	assert_int_equal(f->plan.schedule.arrivals, SCHEDULE_POISSON);
	assert_int_equal(f->plan.seed, 7);
	options.rate = 0;
	fixture_refused(f, &options, "arrivals are those of a rate: give "
	    "--rate or --stages, too");
	options.rate = 5;
	options.requests_each = 2;
	fixture_refused(f, &options, "--requests counts those of a "
	    "connection, which is not how the open model ends: use "
	    "--duration");
}

static void stages_are_a_course(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .warmup_s = -1,
	    .stages = "0:0, 5s:5k,25s:5000/s,30s:0" };

	fixture_builds(f, &options);
	assert_true(f->plan.open);
	assert_int_equal(f->plan.schedule.count, 4);
	assert_int_equal(f->plan.duration_ns, 30 * NS_PER_SEC);
	assert_int_equal(f->plan.warmup_ns, 2 * NS_PER_SEC);
	assert_int_equal(schedule_area(&f->plan.schedule, UINT64_MAX),
	    125000);
	options.duration_s = 5;
	fixture_refused(f, &options, "--duration does not go with stages, "
	    "which have their times");
	options.duration_s = 0;
	options.rate = 5;
	fixture_refused(f, &options, "--rate and --stages both say the rate, "
	    "there can be only one");
}

static void bad_stages_are_told(void **state)
{
	static const struct {
		const char *stages, *why;
	} bad[] = {
		{ "", "each point is written TIME:RATE, as 5s:2000" },
		{ "0:5", "a course of rates has at least two points" },
		{ "0:0,5s:0", "no request is due in it" },
		{ "0:5,0:7", "no request is due in it" },
		{ "1s:5,2s:5", "the first point is not at 0" },
		{ "0:5,2s:5,1s:5", "the times go back" },
		{ "0:5,2s", "each point is written TIME:RATE, as 5s:2000" },
		{ "0:5,2x:5", "a time is not a number with s, ms or m" },
		{ "0:5,2s:-5", "a rate is not a number" },
		{ "0:5,2s:5,", "each point is written TIME:RATE, as 5s:2000" },
		{ "0:5,601s:5", "it takes longer than 600 s" },
		{ "0:5,2s:50001", "the rate is above 50000 requests a second" },
	};
	struct fixture *f = *state;
	struct load_options options = { .url = URL };
	char sentence[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		options.stages = bad[i].stages;
		(void)snprintf(sentence, sizeof(sentence), "--stages: \"%s\" "
		    "cannot be followed: %s", bad[i].stages, bad[i].why);
		fixture_refused(f, &options, sentence);
	}
}

static void stages_have_at_most_64_points(void **state)
{
	struct fixture *f = *state;
	char text[1024] = "0:1";
	struct load_options options = { .url = URL, .stages = text };

	for (unsigned i = 1; i < 64; i++)
		(void)snprintf(text + strlen(text), sizeof(text) -
		    strlen(text), ",%us:1", i);
	fixture_builds(f, &options);
	strcat(text, ",70:1");
	assert_int_equal(fixture_build(f, &options), -22);
	assert_non_null(strstr(f->error, "more than 64 points"));
}

/* Each option at its limit, and one past it. */
static void limits_have_names(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .connections = 200,
	    .threads = 64, .pipeline = 64, .duration_s = 600,
	    .timeout_s = 600, .rate = 50000 }, past;

	fixture_builds(f, &options);
	past = options;
	past.connections = 10001;
	fixture_refused(f, &past,
	    "--connections: 10001 is above the limit of 10000");
	past = options;
	past.threads = 65;
	fixture_refused(f, &past, "--threads: 65 is above the limit of 64");
	past = options;
	past.connections = 63;
	fixture_refused(f, &past, "--threads: 64 threads have nothing to do "
	    "with 63 connections");
	past = options;
	past.pipeline = 65;
	fixture_refused(f, &past, "--pipeline: 65 is above the limit of 64");
	past = options;
	past.duration_s = 601;
	fixture_refused(f, &past,
	    "--duration: 601 s is not from 1 ms to 600 s");
	past.duration_s = -1;
	fixture_refused(f, &past,
	    "--duration: -1 s is not from 1 ms to 600 s");
	past = options;
	past.timeout_s = 601;
	fixture_refused(f, &past,
	    "--timeout: 601 s is not from 1 ms to 600 s");
	past = options;
	past.rate = 50001;
	fixture_refused(f, &past, "--rate: 50001 is not above 0 and at most "
	    "50000 requests a second");
	past.rate = -1;
	fixture_refused(f, &past, "--rate: -1 is not above 0 and at most "
	    "50000 requests a second");
	past.rate = 0.0 / 0.0;
	assert_int_equal(fixture_build(f, &past), -22);
	past = (struct load_options){ .url = URL,
	    .requests_each = 1000000000 };
	fixture_builds(f, &past);
	past.requests_each++;
	fixture_refused(f, &past,
	    "--requests: 1000000001 is above the limit of 1000000000");
	past = options;
	past.speed = 2;
	fixture_refused(f, &past, "--speed is that of a --replay");
}

static void there_is_one_source(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .urls_file = "a",
	    .replay_file = "b" };

	fixture_refused(f, &options, "of --urls, --replay and --scenario "
	    "there can be only one");
	options = (struct load_options){ .url = NULL };
	fixture_refused(f, &options, "there is no URL");
	options.replay_file = "b";
	fixture_refused(f, &options, "--replay needs the URL of the server, "
	    "a log does not say it");
}

static void slos_are_kept(void **state)
{
	struct fixture *f = *state;
	const char *slos[] = { "p99<5ms", "err<1%" };
	const struct load_options options = { .url = URL, .slos = slos,
	    .slo_count = 2 };

	fixture_builds(f, &options);
	assert_int_equal(f->plan.slo_count, 2);
	assert_string_equal(f->plan.slos[1], "err<1%");
}

/* The last one: the limit cannot be raised again. */
static void connections_leave_descriptors(void **state)
{
	const struct rlimit limit = { 100, 200 }, few = { 52, 52 };
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .connections = 120 };
	struct rlimit now;

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	fixture_builds(f, &options);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(now.rlim_cur, 200);
	options.connections = 121;
	fixture_refused(f, &options, "--connections: 121 are more than 60 % "
	    "of the 200 files that this process may open (ulimit -n)");
	/* 31.2 of them. */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	options.connections = 31;
	fixture_builds(f, &options);
	options.connections = 32;
	fixture_refused(f, &options, "--connections: 32 are more than 60 % "
	    "of the 52 files that this process may open (ulimit -n)");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_url_is_enough),
		TEST(the_burst_has_no_warmup),
		TEST(the_warmup_is_a_tenth_up_to_2_s),
		TEST(headers_are_added_or_replace),
		TEST(headers_that_break_out_are_refused),
		TEST(bodies_have_a_length),
		TEST(a_seed_is_what_every_reader_of_json_can_tell),
		TEST(a_pipeline_is_sent_at_once),
		TEST(the_open_model_has_a_rate),
		TEST(stages_are_a_course),
		TEST(bad_stages_are_told),
		TEST(stages_have_at_most_64_points),
		TEST(limits_have_names),
		TEST(there_is_one_source),
		TEST(slos_are_kept),
		TEST(connections_leave_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

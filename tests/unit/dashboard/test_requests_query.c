#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "dashboard/requests_query.h"

enum { NOW_S = 100000 };

static struct arena arena;
static struct requests_query query;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 65536);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void parse(const char *text)
{
	assert_null(requests_query_parse(slice_cstr(text), NOW_S, &arena,
	    &query));
}

static void nothing_asks_for_the_recent(void **state)
{
	(void)state;
	parse("");
	assert_int_equal(REQUESTS_RECENT, query.kind);
	assert_int_equal(100, query.count);
	assert_int_equal(0, query.since_ns);
	assert_true(query.until_ns == UINT64_MAX);
	parse("kind=slowest");
	assert_int_equal((NOW_S - 300) * NS_PER_SEC, query.since_ns);
	parse("unknown=1&kind=inflight&n=1000");
	assert_int_equal(REQUESTS_INFLIGHT, query.kind);
	assert_int_equal(1000, query.count);
}

static void since_counts_back_from_now(void **state)
{
	(void)state;
	parse("since=60");
	assert_int_equal((NOW_S - 60) * NS_PER_SEC, query.since_ns);
	parse("since=60.5&until=1000.25");
	assert_int_equal((NOW_S - 61) * NS_PER_SEC + NS_PER_SEC / 2,
	    query.since_ns);
	assert_int_equal(1000 * NS_PER_SEC + NS_PER_SEC / 4, query.until_ns);
	parse("since=0&kind=slowest");
	assert_int_equal(NOW_S * NS_PER_SEC, query.since_ns);
	parse("since=100000");
	assert_int_equal(0, query.since_ns);
	parse("since=100000.9");
	assert_int_equal(0, query.since_ns);
	parse("until=4294967295");
	assert_int_equal(4294967295 * NS_PER_SEC, query.until_ns);
}

static void seconds_have_fractions(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{ "min=0", 0 }, { "min=1", NS_PER_SEC },
		{ "min=0.5", NS_PER_SEC / 2 }, { "min=0.000000001", 1 },
		{ "min=86400", 86400 * NS_PER_SEC },
		{ "min=0.010", 10 * NS_PER_MSEC },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		parse(cases[i].text);
		assert_int_equal(cases[i].ns, query.min_ns);
	}
}

static void what_cannot_be_is_refused(void **state)
{
	static const char *const wrong[] = { "kind=x", "kind=", "n=1001",
	    "n=", "n=-1", "status=x", "status=xxx", "status=", "worker=x",
	    "since=100001", "since=x", "since=", "until=4294967296",
	    "until=x", "min=86401", "min=0.0000000001", "min=.5", "min=5.",
	    "max=1e3", "max=-1", "format=", "format=xml", "a=b&n=x" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (!requests_query_parse(slice_cstr(wrong[i]), NOW_S,
			&arena, &query))
			fail_msg("\"%s\" was taken", wrong[i]);
}

static bool matches(const char *text, Ringmaster__V1__Request *request)
{
	parse(text);
	return requests_query_matches(&query, request);
}

static void a_request_has_to_match_all(void **state)
{
	Ringmaster__V1__Request request;

	(void)state;
	ringmaster__v1__request__init(&request);
	request.client_ip = (char *)"192.0.2.1";
	request.method = (char *)"GET";
	request.path = (char *)"/a/b";
	request.status = 404;
	request.worker = 1;
	request.response_time = 0.01;
	request.time_unix_ns = 1000 * NS_PER_SEC;
	assert_true(matches("", &request));
	assert_true(matches("status=404&worker=1&path=/b&client=192.&"
	    "method=get&min=0.01&max=0.01", &request));
	assert_true(matches("status=4xx", &request));
	assert_false(matches("status=5xx", &request));
	assert_false(matches("status=4", &request));
	assert_false(matches("worker=0", &request));
	assert_false(matches("path=/B", &request));
	assert_true(matches("client=0.2.1", &request));
	assert_false(matches("client=192.0.2.10", &request));
	assert_false(matches("method=GE", &request));
	assert_false(matches("min=0.010000001", &request));
	assert_false(matches("max=0.009999999", &request));
	/* From the beginning to just before the end. */
	assert_true(matches("since=99000&until=1000.000000001", &request));
	assert_false(matches("since=98999.999999999", &request));
	assert_false(matches("until=1000", &request));
	assert_false(matches("status=aborted", &request));
	request.aborted = true;
	assert_true(matches("status=aborted", &request));
}

static void one_in_flight_has_no_status(void **state)
{
	Ringmaster__V1__InFlight request;

	(void)state;
	ringmaster__v1__in_flight__init(&request);
	request.client_ip = (char *)"::1";
	request.method = (char *)"";
	request.path = (char *)"";
	request.worker = 1;
	request.age = 2;
	parse("worker=1&min=2&max=2&client=::&since=1&until=1");
	assert_true(requests_query_matches_inflight(&query, &request));
	parse("status=200");
	assert_false(requests_query_matches_inflight(&query, &request));
	parse("worker=0");
	assert_false(requests_query_matches_inflight(&query, &request));
	parse("max=1");
	assert_false(requests_query_matches_inflight(&query, &request));
	parse("method=GET");
	assert_false(requests_query_matches_inflight(&query, &request));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_asks_for_the_recent),
		TEST(since_counts_back_from_now),
		TEST(seconds_have_fractions),
		TEST(what_cannot_be_is_refused),
		TEST(a_request_has_to_match_all),
		TEST(one_in_flight_has_no_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

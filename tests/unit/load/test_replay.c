/*
 * Logs that are asked again: which times and requests are understood, how
 * gaps are kept, and that what clients once sent cannot break out.
 */
#include "plan_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "load/replay.h"

#define URL "http://127.0.0.1:8080"
#define REST "200 5 \"-\" \"agent\""
#define AT(time, request) "127.0.0.1 - - [22/Nov/2026:18:" time " +0000] \"" \
	request "\" " REST "\n"

static const uint64_t second_ns = UINT64_C(1795371315) * NS_PER_SEC;

static void times_of_many_forms(void **state)
{
	static const struct {
		const char *line;
		uint64_t more_ns;
		bool to_second;
	} good[] = {
		{ "1.2.3.4 - - [22/Nov/2026:18:15:15 +0000] \"GET / "
		  "HTTP/1.1\" " REST, 0, true },
		{ "1.2.3.4 - me [22/Nov/2026:20:15:15 +0200] \"GET / "
		  "HTTP/1.1\" " REST, 0, true },
		{ "[22/Nov/2026:10:45:15.250 -0730] \"GET / HTTP/1.1\"",
		  250000000, false },
		{ "2026-11-22T18:15:15+00:00 \"GET / HTTP/2.0\"", 0, true },
		{ "[2026-11-22T18:15:15.5Z] \"GET / HTTP/1.0\"", 500000000,
		  false },
		{ "1795371315.123 1.2.3.4 \"GET / HTTP/1.1\" 200", 123000000,
		  false },
		{ "\"GET / HTTP/1.1\" 200 [1795371315.000001]", 1000, false },
		{ "{\"time\":\"2026-11-22T18:15:15.75+00:00\",\"request\":"
		  "\"GET / HTTP/1.1\",\"status\":200}", 750000000, false },
		/* The finer of two that agree. */
		{ "[22/Nov/2026:18:15:15 +0000] \"GET / HTTP/1.1\" "
		  "0.001 1795371315.987", 987000000, false },
		/* Not what a client says. */
		{ "[22/Nov/2026:18:15:15 +0000] \"GET / HTTP/1.1\" "
		  "\"1999999999.000\"", 0, true },
	};
	struct replay_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (!replay_line_parse(slice_cstr(good[i].line), &line))
			fail_msg("not understood: %s", good[i].line);
		if (line.at_ns != second_ns + good[i].more_ns)
			fail_msg("%llu: %s", (unsigned long long)line.at_ns,
			    good[i].line);
		assert_int_equal(line.to_second, good[i].to_second);
	}
}

static void what_is_not_understood(void **state)
{
	static const char *const bad[] = {
		"",
		"\"GET / HTTP/1.1\" 200",
		"[22/Nov/2026:18:15:15 +0000] 200",
		"[32/Nov/2026:18:15:15 +0000] \"GET / HTTP/1.1\"",
		"[22/Foo/2026:18:15:15 +0000] \"GET / HTTP/1.1\"",
		"[22/Nov/2026:24:15:15 +0000] \"GET / HTTP/1.1\"",
		"[22/Nov/2026:18:15:15.x +0000] \"GET / HTTP/1.1\"",
		"[22/Nov/2026:18:15:15] \"GET / HTTP/1.1\"",
		"[22/Nov/2026:18:15:15 +0000] \"-\"",
		"[22/Nov/2026:18:15:15 +0000] \"\"",
		"[22/Nov/2026:18:15:15 +0000] \"\\x16\\x03\\x01\"",
		"[22/Nov/2026:18:15:15 +0000] \"GET /\"",
		"[22/Nov/2026:18:15:15 +0000] \"GET HTTP/1.1\"",
		"[22/Nov/2026:18:15:15 +0000] \"OPTIONS * HTTP/1.1\"",
		"[22/Nov/2026:18:15:15 +0000] \"CONNECT a:443 HTTP/1.1\"",
		"[22/Nov/2026:18:15:15 +0000] \"GET http://a HTTP/1.1\"",
		"[22/Nov/2026:18:15:15 +0000] \"G@T / HTTP/1.1\"",
		"1795371315 \"GET / HTTP/1.1\"",
		"2026-11-22T18:15:15+0 \"GET / HTTP/1.1\"",
		"1969-11-22T18:15:15Z \"GET / HTTP/1.1\"",
	};
	struct replay_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (replay_line_parse(slice_cstr(bad[i]), &line))
			fail_msg("understood: %s", bad[i]);
}

static void escapes_are_undone(void **state)
{
	struct replay_line line;

	(void)state;
	assert_true(replay_line_parse(SLICE("1795371315.123 "
	    "\"GET /a\\x22b\\\\c\\\"d\\xC3\\xa4\\xzz HTTP/1.1\""), &line));
	assert_true(slice_equal(line.uri,
	    SLICE("/a\"b\\c\"d\xc3\xa4\\xzz")));
	assert_true(replay_line_parse(SLICE("1795371315.123 "
	    "\"GET http://a.b/c?d HTTP/1.1\""), &line));
	assert_true(slice_equal(line.uri, SLICE("/c?d")));
}

static void targets_have_a_limit(void **state)
{
	char text[REPLAY_URI_MAX + 64], *end;
	struct replay_line line;

	(void)state;
	end = stpcpy(text, "1795371315.123 \"GET /");
	memset(end, 'x', REPLAY_URI_MAX - 1);
	strcpy(end + REPLAY_URI_MAX - 1, " HTTP/1.1\"");
	assert_true(replay_line_parse(slice_cstr(text), &line));
	assert_int_equal(line.uri.len, REPLAY_URI_MAX);
	strcpy(end + REPLAY_URI_MAX - 1, "x HTTP/1.1\"");
	assert_false(replay_line_parse(slice_cstr(text), &line));
}

static void check_times(const struct fixture *f, const unsigned *ms,
    unsigned count)
{
	assert_true(f->plan.open);
	assert_int_equal(f->plan.replay_count, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(f->plan.replay[i].at_ns / 1000,
		    ms[i] * 1000);
}

static void gaps_are_kept(void **state)
{
	const unsigned once[] = { 0, 500, 4000, 4250, 4500, 4750, 6000 };
	const unsigned twice[] = { 0, 250, 2000, 2125, 2250, 2375, 3000 };
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .replay_file =
	    fixture_write(f, AT("15:10", "GET /a HTTP/1.1")
		AT("15:10", "GET /b HTTP/1.1")
		AT("15:14", "GET /a HTTP/1.1")
		AT("15:14", "GET /a HTTP/1.1")
		AT("15:16", "GET /b?x HTTP/1.1")
		AT("15:14", "GET /a HTTP/1.1")	/* a little late */
		AT("15:14", "HEAD /a HTTP/1.1")) };

	fixture_builds(f, &options);
	check_times(f, once, 7);
	assert_null(f->plan.notice);
	assert_int_equal(f->plan.request_count, 4);
	assert_int_equal(f->plan.replay[0].request,
	    f->plan.replay[2].request);
	assert_string_equal(f->plan.requests[f->plan.replay[6].request].name,
	    "/b");
	assert_int_equal(f->plan.duration_ns, 6001 * NS_PER_MSEC);
	assert_in_range(schedule_area(&f->plan.schedule, UINT64_MAX) + 0.01,
	    7, 7);
	options.speed = 2;
	fixture_builds(f, &options);
	check_times(f, twice, 7);
}

static void a_part_can_be_taken(void **state)
{
	const unsigned expected[] = { 0, 2000 };
	struct fixture *f = *state;
	const struct load_options options = { .url = URL, .duration_s = 2,
	    .speed = 2, .replay_file = fixture_write(f,
		AT("15:10", "GET /a HTTP/1.1") AT("15:14", "GET /b HTTP/1.1")
		AT("15:15", "GET /c HTTP/1.1") "nonsense\n"
		AT("15:10", "POST /d HTTP/1.1")) };

	fixture_builds(f, &options);
	check_times(f, expected, 2);
	assert_string_equal(f->plan.notice + strlen(f->path),
	    ": left out 1 lines without a time or a request, 1 requests that "
	    "are neither GET nor HEAD, 1 behind the end");
}

static void other_methods_only_if_told(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .replay_file =
	    fixture_write(f, AT("15:10", "DELETE /a HTTP/1.1")) };

	fixture_refused(f, &options, "--replay: file: it has no GET and no "
	    "HEAD; --replay-all-methods takes other methods, too");
	options.replay_all_methods = true;
	fixture_builds(f, &options);
	assert_int_equal(f->plan.requests[0].method, HTTP_METHOD_DELETE);
}

static void errors_are_expected_again(void **state)
{
	static const char *const lines[] = {
		"1795371315.1 \"GET /a HTTP/1.1\" 200 5",
		"1795371315.2 \"GET /a HTTP/1.1\" 404 5",
		"1795371315.3 \"GET /a HTTP/1.1\" 304 5",
		"1795371315.4 \"GET /a HTTP/1.1\" 404 5",
		"1795371315.5 \"GET /a HTTP/1.1\" 1404 5",
		"1795371315.6 \"GET /a HTTP/1.1\" \"404\"",
	};
	const unsigned requests[] = { 0, 1, 0, 1, 0, 0 };
	struct fixture *f = *state;
	struct load_options options = { .url = URL };
	char text[512] = "";

	for (unsigned i = 0; i < 6; i++) {
		strcat(text, lines[i]);
		strcat(text, "\n");
	}
	options.replay_file = fixture_write(f, text);
	fixture_builds(f, &options);
	assert_int_equal(f->plan.request_count, 2);
	assert_int_equal(f->plan.requests[0].expect_status, 0);
	assert_int_equal(f->plan.requests[1].expect_status, 404);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(f->plan.replay[i].request, requests[i]);
}

/* A client had an end of line logged, which must not become one again. */
static void nothing_breaks_out_of_a_path(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = { .url = URL, .replay_file =
	    fixture_write(f, AT("15:10", "GET /\\x0D\\x0AX: y#\\x00 "
	    "HTTP/1.1")) };

	fixture_builds(f, &options);
	fixture_request(f, 0, "GET /%0D%0AX:%20y HTTP/1.1\r\n"
	    "Host: 127.0.0.1:8080\r\n"
	    "User-Agent: ringload/" PACKAGE_VERSION "\r\nAccept: */*\r\n\r\n");
}

static void tests_have_a_limit(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .replay_file =
	    fixture_write(f, AT("15:10", "GET /a HTTP/1.1")
		AT("35:10", "GET /b HTTP/1.1")) };

	fixture_refused(f, &options, "--replay: file: the log takes 1200 s, "
	    "a test at most 600: raise --speed, or take a part with "
	    "--duration");
	options.speed = 2;
	fixture_builds(f, &options);
	options.speed = 1001;
	fixture_refused(f, &options, "--speed: 1001 is not above 0 and at "
	    "most 1000");
}

static void rates_have_a_limit(void **state)
{
	const char line[] = AT("15:10", "GET /a HTTP/1.1");
	struct fixture *f = *state;
	struct load_options options = { .url = URL };
	char *text = malloc(50002 * sizeof(line)), *end = text;

	assert_non_null(text);
	for (unsigned i = 0; i < 50000; i++)
		end = stpcpy(end, line);
	options.replay_file = fixture_write(f, text);
	fixture_builds(f, &options);
	(void)stpcpy(end, line);
	options.replay_file = fixture_write(f, text);
	fixture_refused(f, &options, "--replay: file: the log has more than "
	    "50000 requests in a second at this --speed");
	free(text);
}

static void entries_have_a_limit(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .speed = 10,
	    .replay_file = f->path };
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	for (unsigned i = 0; i < LOAD_REPLAY_MAX; i++)
		assert_true(fprintf(file, "%u.%03u \"GET / HTTP/1.1\"\n",
		    1795371315 + i / 1000, i % 1000) > 0);
	assert_int_equal(fflush(file), 0);
	fixture_builds(f, &options);
	assert_int_equal(f->plan.replay_count, LOAD_REPLAY_MAX);
	assert_int_equal(f->plan.request_count, 1);
	assert_int_equal(f->plan.replay[LOAD_REPLAY_MAX - 1].at_ns /
	    NS_PER_MSEC, (LOAD_REPLAY_MAX - 1) / 10);
	assert_true(fputs("1795371315.123 \"GET / HTTP/1.1\"\n", file) > 0);
	assert_int_equal(fclose(file), 0);
	fixture_refused(f, &options, "--replay: file: the log has more than "
	    "1000000 requests: take a part with --duration");
}

static void what_does_not_go_with_a_log(void **state)
{
	struct fixture *f = *state;
	struct load_options options = { .url = URL, .rate = 5, .replay_file =
	    fixture_write(f, AT("15:10", "GET /a HTTP/1.1")) };

	fixture_refused(f, &options, "--rate, --stages and --arrivals do not "
	    "go with --replay, the log has the times");
	options.rate = 0;
	options.requests_each = 1;
	fixture_refused(f, &options, "--requests counts those of a "
	    "connection, which is not how the open model ends: use "
	    "--duration");
	options.requests_each = 0;
	options.method = "GET";
	fixture_refused(f, &options, "--method does not go with --replay, "
	    "the log has the methods");
	options.method = NULL;
	options.replay_file = fixture_write(f, "nothing\n");
	fixture_refused(f, &options, "--replay: file: it has no line with a "
	    "time and a request");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_many_forms),
		cmocka_unit_test(what_is_not_understood),
		cmocka_unit_test(escapes_are_undone),
		cmocka_unit_test(targets_have_a_limit),
		TEST(gaps_are_kept),
		TEST(a_part_can_be_taken),
		TEST(other_methods_only_if_told),
		TEST(errors_are_expected_again),
		TEST(nothing_breaks_out_of_a_path),
		TEST(tests_have_a_limit),
		TEST(rates_have_a_limit),
		TEST(entries_have_a_limit),
		TEST(what_does_not_go_with_a_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Conditions and queries: what is true, what is refused and with which words,
 * limits; and which rows a filter lets through.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "metrics.pb-c.h"
#include "stat/conditions.h"
#include "stat/filter.h"

static Ringmaster__V1__Request request = RINGMASTER__V1__REQUEST__INIT;

static int setup(void **state)
{
	(void)state;
	request.status = 404;
	request.path = (char *)"/api/v1/\"x y\"";
	request.method = (char *)"GET";
	request.response_time = 0.012;
	request.bytes_sent = 70000;
	request.cache = RINGMASTER__V1__CACHE_RESULT__CACHE_RESULT_MISS;
	request.aborted = 1;
	return 0;
}

static bool holds(const char *text)
{
	static struct expression expression;
	char why[EXPRESSION_WHY_MAX] = "";

	if (!expression_parse(slice_cstr(text), &stat_request_names,
		&expression, why))
		fail_msg("\"%s\" %s", text, why);
	return expression_holds(&expression, &request);
}

static void refused(const struct expression_names *names, const char *text,
    const char *because)
{
	static struct expression expression;
	char why[EXPRESSION_WHY_MAX] = "";

	if (expression_parse(slice_cstr(text), names, &expression, why))
		fail_msg("\"%s\" is taken", text);
	if (!strstr(why, because))
		fail_msg("\"%s\" %s", text, why);
}

static void numbers_compare_with_units(void **state)
{
	(void)state;
	assert_true(holds("status = 404"));
	assert_true(holds("status=404"));
	assert_false(holds("status != 404"));
	assert_true(holds("status >= 400 and status < 500"));
	assert_true(holds("response_time > 10ms"));
	assert_true(holds("response_time <= 12ms"));
	assert_false(holds("response_time >= 1s"));
	assert_true(holds("bytes_sent > 64KiB"));
	assert_true(holds("bytes_sent < 70.1k"));
	assert_true(holds("aborted"));
	assert_false(holds("not aborted"));
	assert_false(holds("worker"));
}

static void texts_are_equal_or_contain_or_match(void **state)
{
	(void)state;
	assert_true(holds("method = GET"));
	assert_false(holds("method = get"));
	assert_true(holds("path ~ api"));
	assert_false(holds("path ~ apis"));
	assert_true(holds("path !~ apis"));
	assert_true(holds("path ~ '/api/*'"));
	assert_true(holds("path ~ /api/*/*"));
	assert_false(holds("path ~ /v1*"));
	assert_true(holds("path ~ '\"x y\"'"));
	assert_true(holds("cache = miss"));
	assert_true(holds("cache"));
	assert_false(holds("client_ip"));
	assert_true(holds("client_ip = ''"));
}

static void and_binds_more_than_or(void **state)
{
	(void)state;
	assert_true(holds("aborted or worker and worker"));
	assert_false(holds("(aborted or worker) and worker"));
	assert_false(holds("not aborted or worker"));
	assert_false(holds("not (aborted or worker)"));
	assert_true(holds("not not aborted"));
	/* Words that only begin so are names. */
	refused(&stat_request_names, "notaborted", "\"notaborted\"");
	refused(&stat_request_names, "aborted andworker", "\"andworker\"");
}

static void what_is_wrong_is_said(void **state)
{
	const struct expression_names *names = &stat_request_names;

	(void)state;
	refused(names, "", "ends too early");
	refused(names, "status >", "ends too early");
	refused(names, "status > and", "\"and\", which is no number");
	refused(names, "status > 5x", "\"5x\", which is no number");
	refused(names, "statuz = 1", "unknown name \"statuz\"");
	refused(names, "path > 5", "as if it was a number");
	refused(names, "status ~ 5", "looks for a text");
	refused(names, "path = 'a", "lacks a closing '");
	refused(names, "(status = 1", "lacks a closing parenthesis");
	refused(names, "status = 1)", "not understood from \")\"");
	refused(names, "= 1", "missing at \"= 1\"");
	refused(names, "rate(status) > 1", "no rate() of \"status\"");
	refused(names, "rate(status", "lacks a )");
	refused(names, "status = 1 status = 2", "not understood from");
	refused(names, "time_unix_ns > 1", "unknown name");
	refused(names, "stages = 1", "unknown name");
}

/* `n` times `part`, then `end`. */
static const char *repeated(unsigned n, const char *part, const char *end)
{
	static char text[2 * EXPRESSION_TEXT_MAX];
	size_t len = 0;

	while (n-- > 0)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
		    part);
	(void)snprintf(text + len, sizeof(text) - len, "%s", end);
	return text;
}

static void it_has_limits(void **state)
{
	const struct expression_names *names = &stat_request_names;

	(void)state;
	assert_false(holds(repeated(EXPRESSION_DEPTH_MAX - 1, "not ",
	    "aborted")));
	refused(names, repeated(EXPRESSION_DEPTH_MAX, "not ", "aborted"),
	    "nested too deeply");
	refused(names, repeated(EXPRESSION_DEPTH_MAX, "(", ""),
	    "nested too deeply");
	assert_true(holds(repeated(EXPRESSION_NODES_MAX / 2 - 1,
	    "aborted or ", "aborted")));
	refused(names, repeated(EXPRESSION_NODES_MAX / 2, "aborted or ",
	    "aborted"), "more than 64 parts");
	assert_true(holds(repeated(EXPRESSION_TEXT_MAX - 8, " ",
	    "aborted")));
	refused(names, repeated(EXPRESSION_TEXT_MAX - 7, " ", "aborted"),
	    "too long");
}

static bool counters_hold(const struct stat_table *table, const char *text)
{
	static struct expression expression;
	char why[EXPRESSION_WHY_MAX] = "";

	if (!expression_parse(slice_cstr(text), &stat_counter_names,
		&expression, why))
		fail_msg("\"%s\" %s", text, why);
	return expression_holds(&expression, table);
}

static void counters_have_rates_and_recent_quantiles(void **state)
{
	Ringmaster__V1__Snapshot snapshot = RINGMASTER__V1__SNAPSHOT__INIT;
	struct stat_sample sample = { .snapshot = &snapshot,
		.taken_ns = 1000000000, .run = 1 };
	struct stat_table table;

	(void)state;
	stat_table_init(&table);
	snapshot.total_requests = 100;
	assert_int_equal(stat_table_update(&table, &sample), 0);
	assert_true(counters_hold(&table, "total_requests = 100"));
	/* It has no rate yet: nothing is true of it. */
	assert_false(counters_hold(&table, "rate(total_requests) >= 0"));
	assert_false(counters_hold(&table, "rate(total_requests) = 0"));
	sample.taken_ns += 500000000;
	snapshot.total_requests = 200;
	assert_int_equal(stat_table_update(&table, &sample), 0);
	assert_true(counters_hold(&table, "rate(total_requests) = 200"));
	/* What was not counted yet. */
	assert_true(counters_hold(&table, "http.codes.500.count = 0"));
	refused(&stat_counter_names, "rate(active_clients) > 1", "no rate()");
	refused(&stat_counter_names, "recent(total_requests) > 1",
	    "no recent()");
	refused(&stat_counter_names, "http.code.500 > 1", "unknown name");
	stat_table_fini(&table);
}

static void globs_let_through_and_keep_out(void **state)
{
	struct stat_filter filter = { .count = 0 };

	(void)state;
	assert_true(stat_filter_passes(&filter, "http.in_flight"));
	assert_true(stat_filter_add(&filter, "^*.codes.*"));
	assert_true(stat_filter_passes(&filter, "http.in_flight"));
	assert_false(stat_filter_passes(&filter, "http.codes.200.count"));
	assert_true(stat_filter_add(&filter, "http.*"));
	assert_true(stat_filter_add(&filter, "pool.[bq]*"));
	assert_true(stat_filter_passes(&filter, "http.in_flight"));
	assert_true(stat_filter_passes(&filter, "pool.busy"));
	assert_false(stat_filter_passes(&filter, "pool.threads"));
	assert_false(stat_filter_passes(&filter, "http.codes.200.count"));
	assert_false(stat_filter_passes(&filter, "active_clients"));
	while (filter.count < STAT_FILTER_MAX)
		assert_true(stat_filter_add(&filter, "x"));
	assert_false(stat_filter_add(&filter, "x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_compare_with_units),
		cmocka_unit_test(texts_are_equal_or_contain_or_match),
		cmocka_unit_test(and_binds_more_than_or),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(it_has_limits),
		cmocka_unit_test(counters_have_rates_and_recent_quantiles),
		cmocka_unit_test(globs_let_through_and_keep_out),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

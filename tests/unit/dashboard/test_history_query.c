#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/csv.h"
#include "dashboard/history_query.h"

#define NOW UINT64_C(1800000005)

static struct arena arena;
static struct history_query query;

static const char *parse(const char *args)
{
	return history_query_parse(slice_cstr(args), NOW, &arena, &query);
}

static void assert_range(const char *args, unsigned step_s, unsigned tier,
    unsigned count)
{
	assert_null(parse(args));
	assert_int_equal(query.range.step_s, step_s);
	assert_int_equal(query.range.tier, tier);
	assert_int_equal(query.range.count, count);
	assert_int_equal(query.range.from_s % step_s, 0);
	assert_true(query.range.from_s + (uint64_t)step_s * count <= NOW);
}

static void the_presets_have_a_step_each(void **state)
{
	(void)state;
	assert_range("", 1, 0, 300);
	assert_range("range=30s", 1, 0, 30);
	assert_range("range=5m", 1, 0, 300);
	assert_range("range=1h", 10, 1, 360);
	assert_range("range=24h", 180, 2, 480);
	assert_range("range=7d", 1200, 2, 504);
}

static void no_step_gives_more_points_than_the_default(void **state)
{
	char args[64];

	(void)state;
	for (unsigned minutes = 1; minutes < 366 * 24 * 60;
	    minutes += 1 + minutes / 100) {
		(void)snprintf(args, sizeof(args), "range=%um", minutes);
		assert_null(parse(args));
		assert_true(query.range.count <= HISTORY_POINTS);
		assert_true(minutes < 5 || query.range.count >= 60);
		assert_int_equal(query.range.step_s %
		    history_tiers[query.range.tier].span_s, 0);
	}
}

static void a_heatmap_has_a_limit_of_columns(void **state)
{
	static const struct {
		const char *args;
		unsigned step_s, count;
	} wanted[] = {
		{ "", 1, 300 },
		{ "range=12m&step=1", 1, 720 },
		{ "range=721s&step=1", 2, 360 },
		{ "range=1h&step=1", 5, 720 },
		{ "range=7d&step=60", 840, 720 },
		{ "range=24h", 180, 480 },
	};
	struct history_range range;

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		assert_null(heatmap_query_parse(slice_cstr(wanted[i].args),
		    NOW, &arena, &range));
		assert_int_equal(range.step_s, wanted[i].step_s);
		assert_int_equal(range.count, wanted[i].count);
	}
	assert_non_null(heatmap_query_parse(SLICE("range=x"), NOW, &arena,
	    &range));
}

static void marks_are_asked_for_by_range_or_all(void **state)
{
	struct history_span span;

	(void)state;
	assert_null(marks_query_parse(SLICE(""), NOW, &arena, &span));
	assert_true(span.from_s == 0 && span.to_s == NOW);
	assert_null(marks_query_parse(SLICE("range=5m"), NOW, &arena, &span));
	assert_true(span.from_s == NOW - 300 && span.to_s == NOW);
	assert_non_null(marks_query_parse(SLICE("range="), NOW, &arena,
	    &span));
}

static void a_range_may_begin_with_the_epoch(void **state)
{
	(void)state;
	assert_null(parse("range=0..5"));
	assert_int_equal(query.range.from_s, 0);
	assert_true(query.range.count <= 5);
}

static void a_range_lies_between_two_times(void **state)
{
	(void)state;
	assert_range("range=1799999900..1800000000&step=5", 5, 0, 20);
	assert_int_equal(query.range.from_s, 1799999900);
	assert_range("range=1799999900..1900000000&step=5", 5, 0, 21);
}

static void a_step_is_made_of_whole_records(void **state)
{
	(void)state;
	assert_range("range=24h&step=15", 20, 1, 4320);
	assert_range("range=7d&step=1", 60, 2, 10080);
}

static void more_points_than_the_limit_are_refused(void **state)
{
	(void)state;
	assert_null(parse("range=10080m&step=60"));
	assert_non_null(parse("range=10081m&step=60"));
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const wrong[] = { "range=", "range=5", "range=s",
	    "range=0s", "range=-5s", "range=5y", "range=5..5", "range=6..5",
	    "range=..", "range=1..", "range=9999999d", "step=0", "step=x",
	    "range=18446744073709551615d", "range=0..18446744073709551615",
	    "series=nothing", "series=requests,nothing", "format=xml" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (!parse(wrong[i]))
			fail_msg("%s was accepted", wrong[i]);
}

static void series_are_chosen_by_name(void **state)
{
	(void)state;
	assert_null(parse("series=requests,5xx&format=csv"));
	assert_true(query.csv);
	assert_true(query.wanted[HISTORY_REQUESTS]);
	assert_true(query.wanted[HISTORY_C5XX]);
	assert_false(query.wanted[HISTORY_CLIENTS]);
	assert_null(parse(""));
	assert_true(query.wanted[HISTORY_CLIENTS]);
}

static void assert_cell(const char *text, const char *expected)
{
	struct buf out = buf_make(100);

	csv_write_text(&out, slice_cstr(text));
	assert_int_equal(out.len, strlen(expected));
	assert_memory_equal(out.data, expected, out.len);
	buf_free(&out);
}

static void a_cell_cannot_become_a_formula(void **state)
{
	(void)state;
	assert_cell("/index", "\"/index\"");
	assert_cell("", "\"\"");
	assert_cell("=1+1", "\"'=1+1\"");
	assert_cell("+1", "\"'+1\"");
	assert_cell("-1", "\"'-1\"");
	assert_cell("@SUM(A1)", "\"'@SUM(A1)\"");
	assert_cell("\t=1", "\"'\t=1\"");
	assert_cell("a\",=1", "\"a\"\",=1\"");
}

/* What is written for a gauge of this value. */
static void assert_number(double value, const char *expected)
{
	struct history_record record = { .time_s = NOW, .instance = 1 };
	char directory[] = "/tmp/query-XXXXXX", path[64], wanted[64];
	const struct log quiet = { .count = 0 };
	struct history *history;
	struct buf out = buf_make(1000);

	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/h", directory);
	assert_int_equal(history_open(path, &quiet, &history), 0);
	record.values[HISTORY_CLIENTS] = value;
	history_write(history, 0, &record);
	assert_null(parse("range=1s&series=active_clients&format=csv"));
	history_query_write(&out, history, &query);
	buf_append_char(&out, '\0');
	assert_false(out.failed);
	(void)snprintf(wanted, sizeof(wanted),
	    "\"time\",\"active_clients\"\r\n1800000005,%s\r\n", expected);
	assert_string_equal(out.data, wanted);
	buf_free(&out);
	history_close(&history);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void numbers_have_nine_places(void **state)
{
	(void)state;
	assert_number(0, "0");
	assert_number(-0.0, "0");
	assert_number(42, "42");
	assert_number(100, "100");
	assert_number(0.5, "0.5");
	assert_number(-2.25, "-2.25");
	assert_number(0.000081, "0.000081");
	assert_number(1e-9, "0.000000001");
	assert_number(1e-10, "0");
	assert_number(1.0 / 3, "0.333333333");
	assert_number(0.9999999999, "1");
	assert_number(999999999.5, "999999999.5");
	assert_number(1e9, "1000000000");
	assert_number(123456789012.5, "123456789012.5");
	assert_number(1e300, "1e+300");
	assert_number((double)NAN, "");
	assert_number((double)INFINITY, "");
}

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_presets_have_a_step_each),
		cmocka_unit_test(no_step_gives_more_points_than_the_default),
		cmocka_unit_test(a_heatmap_has_a_limit_of_columns),
		cmocka_unit_test(marks_are_asked_for_by_range_or_all),
		cmocka_unit_test(a_range_may_begin_with_the_epoch),
		cmocka_unit_test(a_range_lies_between_two_times),
		cmocka_unit_test(a_step_is_made_of_whole_records),
		cmocka_unit_test(more_points_than_the_limit_are_refused),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(series_are_chosen_by_name),
		cmocka_unit_test(numbers_have_nine_places),
		cmocka_unit_test(a_cell_cannot_become_a_formula),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

/* Ticks and the words at them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "report/axis.h"

static void check_ticks(const struct axis_ticks *ticks, unsigned count,
    double first, double last)
{
	assert_int_equal(ticks->count, count);
	assert_true(fabs(ticks->at[0] - first) < 1e-9);
	assert_true(fabs(ticks->at[count - 1] - last) < 1e-9);
}

static void even_ticks_are_1_2_5_apart(void **state)
{
	struct axis_ticks ticks;

	(void)state;
	axis_ticks(0, 10, 6, &ticks);
	check_ticks(&ticks, 6, 0, 10);
	axis_ticks(0, 10, 5, &ticks);
	check_ticks(&ticks, 3, 0, 10);
	axis_ticks(-0.3, 0.3, 5, &ticks);
	check_ticks(&ticks, 3, -0.2, 0.2);
	axis_ticks(5, 5, 5, &ticks);
	assert_int_equal(ticks.count, 0);
	axis_ticks(0, INFINITY, 5, &ticks);
	assert_int_equal(ticks.count, 0);
}

static void an_axis_from_zero_ends_at_a_tick(void **state)
{
	struct axis axis = { .from = 100, .to = 0 };

	(void)state;
	axis_from_zero(&axis, 2034, 1);
	assert_true(axis.high == 3000);
	assert_true(axis_place(&axis, 1500) == 50);
	assert_true(axis_place(&axis, 9000) == 0);
	assert_true(isnan(axis_place(&axis, NAN)));
	axis_from_zero(&axis, NAN, 1);
	assert_true(axis.high == 1);
}

static void logarithmic_ticks_are_as_many_as_fit(void **state)
{
	struct axis axis = { .low = 1e-4, .high = 1e-1, .log = true,
		.from = 0, .to = 300 };
	struct axis_ticks ticks;

	(void)state;
	axis_log_ticks(&axis, 4, &ticks);
	check_ticks(&ticks, 4, 1e-4, 1e-1);
	axis_log_ticks(&axis, 2, &ticks);
	assert_int_equal(ticks.count, 2);
	axis_log_ticks(&axis, 7, &ticks);
	check_ticks(&ticks, 7, 1e-4, 1e-1);
	assert_true(fabs(axis_place(&axis, 1e-3) - 100) < 1e-6);
	axis_log_around(&axis, NAN, NAN, 1);
	assert_true(axis.low > 0 && axis.high >= 10 * axis.low * 0.999);
	axis_log_around(&axis, 1e-3, 1e-3, 1);
	assert_true(axis.low < 1e-3 && axis.high > 1e-3);
}

static void times_of_a_run_have_ticks_of_the_clock(void **state)
{
	struct axis_ticks ticks;

	(void)state;
	axis_time_ticks(30, 8, &ticks);
	assert_true(ticks.step == 5);
	axis_time_ticks(600, 8, &ticks);
	assert_true(ticks.step == 120);
	axis_time_ticks(86400, 8, &ticks);
	assert_true(ticks.step == 21600);
	axis_time_ticks(1, 6, &ticks);
	assert_true(ticks.count == 6);
}

static void numbers_are_short(void **state)
{
	char words[WORDS_MAX];

	(void)state;
	assert_string_equal(axis_words_time(words, 1e-4), "100 \xc2\xb5s");
	assert_string_equal(axis_words_time(words, 1e-3), "1 ms");
	assert_string_equal(axis_words_time(words, 1.5), "1.5 s");
	assert_string_equal(axis_words_count(words, 0), "0");
	assert_string_equal(axis_words_count(words, 2500), "2,500");
	assert_string_equal(axis_words_count(words, 1.5e6), "1.5M");
	assert_string_equal(axis_words_elapsed(words, 5), "5 s");
	assert_string_equal(axis_words_elapsed(words, 90), "1:30");
	assert_string_equal(axis_words_elapsed(words, 600), "10 min");
	assert_string_equal(axis_words_elapsed(words, 5400), "1:30 h");
	assert_string_equal(report_words_time(words, 5.213e-6),
	    "5.21 \xc2\xb5s");
	assert_string_equal(report_words_time(words, NAN), "-");
	assert_string_equal(report_words_change(words, -0.032),
	    "\xe2\x88\x92" "3.20 %");
	/* Nothing overflows the words. */
	(void)axis_words_count(words, 1e300);
	(void)axis_words_elapsed(words, 1e300);
	(void)axis_words_time(words, 1e300);
	(void)report_words_change(words, 1e300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(even_ticks_are_1_2_5_apart),
		cmocka_unit_test(an_axis_from_zero_ends_at_a_tick),
		cmocka_unit_test(logarithmic_ticks_are_as_many_as_fit),
		cmocka_unit_test(times_of_a_run_have_ticks_of_the_clock),
		cmocka_unit_test(numbers_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

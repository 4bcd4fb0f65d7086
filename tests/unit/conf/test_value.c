#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/conf.h"

typedef bool (*parse_fn)(struct slice s, int64_t *ret);

static void assert_value(parse_fn parse, const char *text, int64_t expected)
{
	int64_t value = -7;

	if (!parse(slice_cstr(text), &value))
		fail_msg("\"%s\" was refused", text);
	assert_int_equal(value, expected);
}

static void assert_refused(parse_fn parse, const char *text)
{
	int64_t value = -7;

	if (parse(slice_cstr(text), &value))
		fail_msg("\"%s\" was taken", text);
	assert_int_equal(value, -7);
}

static void numbers_are_digits(void **state)
{
	(void)state;
	assert_value(conf_parse_number, "0", 0);
	assert_value(conf_parse_number, "007", 7);
	assert_value(conf_parse_number, "9223372036854775807", INT64_MAX);
	assert_refused(conf_parse_number, "9223372036854775808");
	assert_refused(conf_parse_number, "");
	assert_refused(conf_parse_number, "-1");
	assert_refused(conf_parse_number, "+1");
	assert_refused(conf_parse_number, "1 ");
	assert_refused(conf_parse_number, "1k");
}

static void sizes_have_units(void **state)
{
	(void)state;
	assert_value(conf_parse_size, "10", 10);
	assert_value(conf_parse_size, "1k", 1024);
	assert_value(conf_parse_size, "1K", 1024);
	assert_value(conf_parse_size, "3m", 3 << 20);
	assert_value(conf_parse_size, "3M", 3 << 20);
	assert_value(conf_parse_size, "2g", INT64_C(2) << 30);
	assert_value(conf_parse_size, "2G", INT64_C(2) << 30);
	assert_refused(conf_parse_size, "");
	assert_refused(conf_parse_size, "k");
	assert_refused(conf_parse_size, "1kb");
	assert_refused(conf_parse_size, "1t");
	assert_refused(conf_parse_size, "1 k");
	assert_refused(conf_parse_size, "-1k");
}

static void sizes_do_not_overflow(void **state)
{
	(void)state;
	assert_value(conf_parse_size, "9223372036854775807", INT64_MAX);
	assert_value(conf_parse_size, "8589934591g", INT64_C(8589934591) << 30);
	assert_refused(conf_parse_size, "8589934592g");
	assert_refused(conf_parse_size, "9223372036854775808");
}

static void times_have_units(void **state)
{
	int64_t day = 86400000;

	(void)state;
	assert_value(conf_parse_time, "0", 0);
	assert_value(conf_parse_time, "5", 5000);
	assert_value(conf_parse_time, "10ms", 10);
	assert_value(conf_parse_time, "5s", 5000);
	assert_value(conf_parse_time, "5m", 300000);
	assert_value(conf_parse_time, "5h", 18000000);
	assert_value(conf_parse_time, "2d", 2 * day);
	assert_value(conf_parse_time, "2w", 14 * day);
	assert_value(conf_parse_time, "2M", 60 * day);
	assert_value(conf_parse_time, "2y", 730 * day);
}

static void times_are_combined_from_large_to_small(void **state)
{
	(void)state;
	assert_value(conf_parse_time, "1h30m", 5400000);
	assert_value(conf_parse_time, "1h 30m", 5400000);
	assert_value(conf_parse_time, "1h30", 3630000);
	assert_value(conf_parse_time, "1m1s1ms", 61001);
	assert_value(conf_parse_time, "1y1M1w1d1h1m1s1ms",
	    INT64_C(403) * 86400000 + 3661001);
	assert_refused(conf_parse_time, "30m1h");
	assert_refused(conf_parse_time, "1h1h");
	assert_refused(conf_parse_time, "1ms1s");
	assert_refused(conf_parse_time, "1 1");
}

static void malformed_times_are_refused(void **state)
{
	(void)state;
	assert_refused(conf_parse_time, "");
	assert_refused(conf_parse_time, "s");
	assert_refused(conf_parse_time, " 1s");
	assert_refused(conf_parse_time, "1x");
	assert_refused(conf_parse_time, "1S");
	assert_refused(conf_parse_time, "1sec");
	assert_refused(conf_parse_time, "1h m");
	assert_refused(conf_parse_time, "1hm");
	assert_refused(conf_parse_time, "-1");
	assert_refused(conf_parse_time, "1.5s");
}

static void times_do_not_overflow(void **state)
{
	(void)state;
	assert_value(conf_parse_time, "9223372036854775807ms", INT64_MAX);
	assert_value(conf_parse_time, "9223372036854775s807ms", INT64_MAX);
	assert_refused(conf_parse_time, "9223372036854775s808ms");
	assert_refused(conf_parse_time, "9223372036854776s");
	assert_refused(conf_parse_time, "9223372036854775808ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits),
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(sizes_do_not_overflow),
		cmocka_unit_test(times_have_units),
		cmocka_unit_test(times_are_combined_from_large_to_small),
		cmocka_unit_test(malformed_times_are_refused),
		cmocka_unit_test(times_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

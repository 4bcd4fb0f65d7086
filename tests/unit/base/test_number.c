/*
 * Numbers with units: what people write, and what they mistype.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/number.h"

typedef bool parser(struct slice s, double *ret);

static void check(parser *parse, const char *text, double expected)
{
	double value = -1;

	if (!parse(slice_cstr(text), &value))
		fail_msg("\"%s\" is not taken", text);
	if (fabs(value - expected) > 1e-9 * expected)
		fail_msg("\"%s\" is %g", text, value);
}

static void check_bad(parser *parse, const char *text)
{
	double value = -1;

	if (parse(slice_cstr(text), &value) || value >= 0)
		fail_msg("\"%s\" is taken", text);
}

static void counts_have_thousands(void **state)
{
	(void)state;
	check(number_parse, "0", 0);
	check(number_parse, "5000", 5000);
	check(number_parse, "5k", 5000);
	check(number_parse, "1.5k", 1500);
	check(number_parse, "2M", 2000000);
	check(number_parse, "0.25", 0.25);
	check(number_parse, "123456789012345", 123456789012345);
}

static void bytes_have_units(void **state)
{
	(void)state;
	check(number_parse_bytes, "512", 512);
	check(number_parse_bytes, "512B", 512);
	check(number_parse_bytes, "64KiB", 65536);
	check(number_parse_bytes, "1.5MiB", 1572864);
	check(number_parse_bytes, "2GiB", 2147483648);
	check_bad(number_parse_bytes, "2G");
	check_bad(number_parse_bytes, "1 KiB");
}

static void times_have_units(void **state)
{
	(void)state;
	check(number_parse_seconds, "10", 10);
	check(number_parse_seconds, "10s", 10);
	check(number_parse_seconds, "500ms", 0.5);
	check(number_parse_seconds, "250us", 0.00025);
	check(number_parse_seconds, "2m", 120);
	check(number_parse_seconds, "1.5h", 5400);
}

static void rates_are_a_second(void **state)
{
	(void)state;
	check(number_parse_rate, "2000/s", 2000);
	check(number_parse_rate, "2k/s", 2000);
	check(number_parse_rate, "0.5", 0.5);
	check_bad(number_parse_rate, "2000/m");
	check_bad(number_parse_rate, "/s");
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[] = { "", "s", "-1", "+1", " 1", "1 ",
		"1.", ".5", "1.2.3", "1e3", "0x10", "nan", "inf", "1k5",
		"1ks", "1234567890123456" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		check_bad(number_parse, bad[i]);
		check_bad(number_parse_seconds, bad[i]);
		check_bad(number_parse_rate, bad[i]);
	}
	check_bad(number_parse, "1s");
	check_bad(number_parse_seconds, "1k");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_have_thousands),
		cmocka_unit_test(bytes_have_units),
		cmocka_unit_test(times_have_units),
		cmocka_unit_test(rates_are_a_second),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

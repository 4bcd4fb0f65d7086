/* Dates, against the C library's and in all three forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/date.h"

static void check_format(time_t time)
{
	char ours[HTTP_DATE_LEN + 1] = { 0 }, theirs[64];
	struct tm tm;
	time_t back;

	http_date_format(ours, time);
	assert_non_null(gmtime_r(&time, &tm));
	assert_int_equal(strftime(theirs, sizeof(theirs),
	    "%a, %d %b %Y %H:%M:%S GMT", &tm), HTTP_DATE_LEN);
	assert_string_equal(ours, theirs);
	assert_true(http_date_parse(slice_cstr(ours), &back));
	assert_int_equal(back, time);
}

static void every_day_is_written_as_the_c_library_does(void **state)
{
	(void)state;
	for (time_t day = -60000; day < 200000; day += 3)
		check_format(day * 86400 + (day & 0x7fff));
	check_format(0);
	check_format(-1);
	check_format(INT32_MAX);
	check_format((time_t)INT32_MAX + 1);
	check_format(253402300799);	/* the end of 9999 */
}

static void all_three_forms_are_read(void **state)
{
	static const struct { const char *text; time_t time; } table[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
		{ "Sun Nov  6 08:49:37 1994", 784111777 },
		{ "Sun Nov 16 08:49:37 1994", 784975777 },
		{ "Thursday, 01-Jan-70 00:00:00 GMT", 0 },
		{ "Sunday, 06-Nov-50 08:49:37 GMT", 2551337377 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
		{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
		{ "Fri, 25 Feb 2174 09:42:23 GMT", 6442450943 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		time_t time;

		if (!http_date_parse(slice_cstr(table[i].text), &time))
			fail_msg("%s refused", table[i].text);
		assert_int_equal(time, table[i].time);
	}
}

static void anything_else_is_no_date(void **state)
{
	static const char *const table[] = {
		"", "yesterday", "0", "Sun, 06 Nov 1994 08:49:37", "GMT",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Thu, 31 Nov 1994 08:49:37 GMT",
		"Thu, 29 Feb 1900 00:00:00 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov -994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		" Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 94",
		"Sun Nov 6 08:49:37 1994", "Sunday, 06-Nov-1994 08:49:37 GMT",
		"S1n Nov  6 08:49:37 1994",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		time_t time = 7;

		if (http_date_parse(slice_cstr(table[i]), &time))
			fail_msg("%s accepted", table[i]);
		assert_int_equal(time, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_is_written_as_the_c_library_does),
		cmocka_unit_test(all_three_forms_are_read),
		cmocka_unit_test(anything_else_is_no_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

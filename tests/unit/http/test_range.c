/* Ranges: what is answered, and that no number wraps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/range.h"

#define RANGES_MAX 4
#define HUGE "99999999999999999999999"

struct expected {
	const char *value;
	uint64_t size;
	enum range_result result;
	const char *ranges;	/* "first-end " of each */
};

static const struct expected cases[] = {
	{ "bytes=0-8", 1000, RANGE_PARTIAL, "0-9 " },
	{ "BYTES=0-8", 1000, RANGE_PARTIAL, "0-9 " },
	{ "bytes=-10", 1000, RANGE_PARTIAL, "990-1000 " },
	{ "bytes=990-", 1000, RANGE_PARTIAL, "990-1000 " },
	{ "bytes=990-1990", 1000, RANGE_PARTIAL, "990-1000 " },
	{ "bytes=999-999", 1000, RANGE_PARTIAL, "999-1000 " },
	{ "bytes=-1000", 1000, RANGE_PARTIAL, "0-1000 " },
	{ "bytes=-1001", 1000, RANGE_PARTIAL, "0-1000 " },
	{ "bytes=0-9, -10, 10-19", 1000, RANGE_PARTIAL,
	    "0-10 990-1000 10-20 " },
	{ "bytes=0-9 , -10,100000-,10 - 19", 1000, RANGE_PARTIAL,
	    "0-10 990-1000 10-20 " },
	{ "bytes=0-0,1-1,2-2,3-3", 1000, RANGE_PARTIAL,
	    "0-1 1-2 2-3 3-4 " },
	{ "bytes=0-0,1-1,2-2,3-3,4-4", 1000, RANGE_WHOLE, "" },
	{ "bytes=0-10001, 0-0", 1000, RANGE_WHOLE, "" },
	{ "bytes=0-998,999-999", 1000, RANGE_PARTIAL, "0-999 999-1000 " },
	{ "bytes=0-,0-", 1000, RANGE_WHOLE, "" },
	{ "lines=0-8", 1000, RANGE_WHOLE, "" },
	{ "bytes", 1000, RANGE_WHOLE, "" },
	{ "bytes=", 1000, RANGE_WHOLE, "" },
	{ "", 1000, RANGE_WHOLE, "" },
	{ "bytes = 0-9", 1000, RANGE_WHOLE, "" },
	{ "bytes=1000-", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=-0", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=5-2", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=alpha", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=10-alpha", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=10", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=10-11 12-", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=-", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=--5", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=+1-5", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=,", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=0-9,", 1000, RANGE_UNSATISFIABLE, "" },
	{ "bytes=0-9;x", 1000, RANGE_UNSATISFIABLE, "" },
	/* numbers that do not fit */
	{ "bytes=95-" HUGE, 100, RANGE_PARTIAL, "95-100 " },
	{ "bytes=" HUGE "-", 100, RANGE_UNSATISFIABLE, "" },
	{ "bytes=-" HUGE, 100, RANGE_PARTIAL, "0-100 " },
	{ "bytes=18446744073709551610-18446744073709551615", 100,
	    RANGE_UNSATISFIABLE, "" },
	{ "bytes=0-18446744073709551615", 100, RANGE_PARTIAL, "0-100 " },
	{ "bytes=-18446744073709551615", 100, RANGE_PARTIAL, "0-100 " },
	{ "bytes=-18446744073709551615,1-1", INT64_MAX, RANGE_WHOLE, "" },
	{ "bytes=9223372036854775806-", INT64_MAX, RANGE_PARTIAL,
	    "9223372036854775806-9223372036854775807 " },
	{ "bytes=0-,0-,0-,0-", INT64_MAX, RANGE_WHOLE, "" },
	/* of nothing there is nothing */
	{ "bytes=0-", 0, RANGE_WHOLE, "" },
	{ "bytes=-1", 0, RANGE_WHOLE, "" },
	{ "bytes=1-", 0, RANGE_UNSATISFIABLE, "" },
};

static void ranges_are_answered_as_nginx_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct expected *e = &cases[i];
		struct range ranges[RANGES_MAX];
		struct range_set set = { ranges, RANGES_MAX, 0 };
		char text[256] = "";
		size_t n = 0;
		enum range_result result = range_parse(slice_cstr(e->value),
		    e->size, &set);

		if (result != e->result)
			fail_msg("%s: %d", e->value, (int)result);
		if (result != RANGE_PARTIAL)
			continue;
		for (unsigned k = 0; k < set.count; k++) {
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%llu-%llu ", (unsigned long long)ranges[k].first,
			    (unsigned long long)ranges[k].end);
		}
		assert_string_equal(text, e->ranges);
	}
}

static void no_ranges_are_allowed_by_max_ranges_zero(void **state)
{
	struct range_set set = { NULL, 0, 0 };

	(void)state;
	assert_int_equal(range_parse(SLICE("bytes=0-9"), 1000, &set),
	    RANGE_WHOLE);
}

/* Ranges of one byte each in a body of `size`. */
static enum range_result many(unsigned count, uint64_t size)
{
	static char text[8192];
	struct range ranges[1024];
	struct range_set set = { ranges, 1024, 0 };
	size_t n = (size_t)snprintf(text, sizeof(text), "bytes=0-0");

	for (unsigned i = 1; i < count; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",0-0");
	return range_parse((struct slice){ text, n }, size, &set);
}

static void parts_must_not_cost_more_than_the_whole(void **state)
{
	(void)state;
	/* count + 256 * count <= size + 4096 */
	assert_int_equal(many(100, 100 * 257 - 4096), RANGE_PARTIAL);
	assert_int_equal(many(100, 100 * 257 - 4097), RANGE_WHOLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_answered_as_nginx_does),
		cmocka_unit_test(no_ranges_are_allowed_by_max_ranges_zero),
		cmocka_unit_test(parts_must_not_cost_more_than_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Numbers as people read them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/words.h"

static char words[WORDS_MAX];

static void counts_have_commas(void **state)
{
	(void)state;
	assert_string_equal(words_count(words, 0), "0");
	assert_string_equal(words_count(words, 999), "999");
	assert_string_equal(words_count(words, 1410), "1,410");
	assert_string_equal(words_count(words, 100000), "100,000");
	assert_string_equal(words_count(words, UINT64_MAX),
	    "18,446,744,073,709,551,615");
}

static void numbers_have_three_digits(void **state)
{
	(void)state;
	assert_string_equal(words_number(words, 0), "0");
	assert_string_equal(words_number(words, 1.234), "1.23");
	assert_string_equal(words_number(words, 9.996), "10.0");
	assert_string_equal(words_number(words, 12.34), "12.3");
	assert_string_equal(words_number(words, 99.96), "100");
	assert_string_equal(words_number(words, 1410.4), "1,410");
	assert_string_equal(words_number(words, NAN), "-");
	assert_string_equal(words_number(words, INFINITY), "-");
}

static void times_have_the_unit_that_fits(void **state)
{
	(void)state;
	assert_string_equal(words_time(words, 0), "0 s");
	assert_string_equal(words_time(words, 15e-9), "15.0 ns");
	assert_string_equal(words_time(words, 999e-9), "999 ns");
	assert_string_equal(words_time(words, 999.9e-9), "1.00 us");
	assert_string_equal(words_time(words, 0.00521), "5.21 ms");
	assert_string_equal(words_time(words, 0.99999), "1.00 s");
	assert_string_equal(words_time(words, 60), "60.0 s");
	assert_string_equal(words_time(words, NAN), "-");
	assert_string_equal(words_time(words, 1e300), "1000000000 s");
}

static void shares_and_bytes(void **state)
{
	(void)state;
	assert_string_equal(words_share(words, 0.123), "12.3 %");
	assert_string_equal(words_share(words, -0.021), "-2.10 %");
	assert_string_equal(words_share(words, 0), "0 %");
	assert_string_equal(words_share(words, NAN), "-");
	assert_string_equal(words_share(words, 1e300), "-");
	assert_string_equal(words_bytes(words, 0), "0 B");
	assert_string_equal(words_bytes(words, 1536 * 1024), "1.50 MiB");
	assert_string_equal(words_bytes(words, 1e300), "1000000000 TiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_have_commas),
		cmocka_unit_test(numbers_have_three_digits),
		cmocka_unit_test(times_have_the_unit_that_fits),
		cmocka_unit_test(shares_and_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

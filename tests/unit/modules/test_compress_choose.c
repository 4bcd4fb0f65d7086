#include "modules/compress.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ALL = (1 << COMPRESS_COUNT) - 1 };

static void the_heaviest_wins(void **state)
{
	(void)state;
	assert_int_equal(compress_choose(SLICE("gzip;q=0.4, br;q=0.3"), ALL),
	    COMPRESS_GZIP);
	assert_int_equal(compress_choose(SLICE("gzip;q=0.001,br;q=0.002"),
	    ALL), COMPRESS_BROTLI);
	assert_int_equal(compress_choose(SLICE("zstd , GZIP ; q=0.9"), ALL),
	    COMPRESS_ZSTD);
}

static void of_equal_ones_the_first_of_ours(void **state)
{
	(void)state;
	assert_int_equal(compress_choose(SLICE("gzip, zstd, br"), ALL),
	    COMPRESS_BROTLI);
	assert_int_equal(compress_choose(SLICE("gzip, deflate, zstd"), ALL),
	    COMPRESS_ZSTD);
}

static void only_what_is_available(void **state)
{
	(void)state;
	assert_int_equal(compress_choose(SLICE("gzip;q=0.1, zstd, br"),
	    1 << COMPRESS_GZIP), COMPRESS_GZIP);
	assert_int_equal(compress_choose(SLICE("gzip"), 0), COMPRESS_COUNT);
}

static void what_names_none(void **state)
{
	static const char *const texts[] = { "", ",", "*", "*;q=1", "identity",
		"gzip;q=0", "gzip;q=0.000", "gzip;q=1.001", "gzip;q=", "gzip;",
		"gzip;level=1", "xgzip", "gzip x", "brotli" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(compress_choose(slice_cstr(texts[i]), ALL),
		    COMPRESS_COUNT);
}

static void the_first_mention_counts(void **state)
{
	(void)state;
	assert_int_equal(compress_choose(SLICE("gzip;q=0, gzip"), ALL),
	    COMPRESS_COUNT);
	assert_int_equal(compress_choose(SLICE("gzip;q=x, gzip"), ALL),
	    COMPRESS_GZIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_heaviest_wins),
		cmocka_unit_test(of_equal_ones_the_first_of_ours),
		cmocka_unit_test(only_what_is_available),
		cmocka_unit_test(what_names_none),
		cmocka_unit_test(the_first_mention_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

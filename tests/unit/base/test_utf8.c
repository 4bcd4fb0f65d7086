/* UTF-8 at the edges of RFC 3629. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

static void characters_at_the_edges_are_valid(void **state)
{
	(void)state;
	assert_int_equal(utf8_char_len(SLICE("\0")), 1);
	assert_int_equal(utf8_char_len(SLICE("\x7f")), 1);
	assert_int_equal(utf8_char_len(SLICE("\xc2\x80")), 2);
	assert_int_equal(utf8_char_len(SLICE("\xdf\xbf")), 2);
	assert_int_equal(utf8_char_len(SLICE("\xe0\xa0\x80")), 3);
	assert_int_equal(utf8_char_len(SLICE("\xed\x9f\xbf")), 3);
	assert_int_equal(utf8_char_len(SLICE("\xee\x80\x80")), 3);
	assert_int_equal(utf8_char_len(SLICE("\xf0\x90\x80\x80")), 4);
	assert_int_equal(utf8_char_len(SLICE("\xf4\x8f\xbf\xbf")), 4);
	assert_int_equal(utf8_char_len(SLICE("\xc3\xa4rger")), 2);
}

static void terminals_obey_control_characters_only(void **state)
{
	(void)state;
	assert_true(utf8_is_plain(SLICE("")));
	assert_true(utf8_is_plain(SLICE(" ~\xc2\xa0\xdf\xbf")));
	assert_true(utf8_is_plain(SLICE("\xe2\x80\x80\xf4\x8f\xbf\xbf")));
	assert_false(utf8_is_plain(SLICE("a\0")));
	assert_false(utf8_is_plain(SLICE("a\x1f")));
	assert_false(utf8_is_plain(SLICE("a\x7f")));
	assert_false(utf8_is_plain(SLICE("a\xc2\x80")));
	assert_false(utf8_is_plain(SLICE("a\xc2\x9f")));
	assert_false(utf8_is_plain(SLICE("a\xc2")));
	assert_false(utf8_is_plain(SLICE("\x9b")));
}

static void one_past_the_edges_is_invalid(void **state)
{
	(void)state;
	assert_int_equal(utf8_char_len(SLICE("")), 0);
	assert_int_equal(utf8_char_len(SLICE("\x80")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xc0\x80")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xc1\xbf")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xe0\x9f\xbf")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xed\xa0\x80")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xf0\x8f\xbf\xbf")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xf4\x90\x80\x80")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xf5\x80\x80\x80")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xff")), 0);
}

static void cut_characters_are_invalid(void **state)
{
	(void)state;
	assert_int_equal(utf8_char_len(SLICE("\xc3")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xc3 ")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xe2\x82")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xe2\x82 ")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xf0\x9f\x98")), 0);
	assert_int_equal(utf8_char_len(SLICE("\xf0\x9f\x98 ")), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_at_the_edges_are_valid),
		cmocka_unit_test(terminals_obey_control_characters_only),
		cmocka_unit_test(one_past_the_edges_is_invalid),
		cmocka_unit_test(cut_characters_are_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

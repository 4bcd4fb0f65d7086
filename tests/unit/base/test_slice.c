#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void equality_looks_at_all_bytes(void **state)
{
	const struct slice none = { NULL, 0 };

	(void)state;
	assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
	assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
	assert_false(slice_equal(SLICE("a"), SLICE("ab")));
	assert_false(slice_equal(SLICE("a"), SLICE("A")));
	assert_true(slice_equal(none, SLICE("")));
	assert_true(slice_equal_nocase(SLICE("aBc-1"), SLICE("AbC-1")));
	assert_false(slice_equal_nocase(SLICE("@"), SLICE("`")));
	assert_false(slice_equal_nocase(SLICE("a\0b"), SLICE("A\0c")));
	assert_true(slice_equal_nocase(none, none));
}

static void starts_and_ends(void **state)
{
	const struct slice none = { NULL, 0 };

	(void)state;
	assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
	assert_true(slice_starts(SLICE("abc"), SLICE("abc")));
	assert_false(slice_starts(SLICE("ab"), SLICE("abc")));
	assert_true(slice_ends(SLICE("abc"), SLICE("bc")));
	assert_false(slice_ends(SLICE("abc"), SLICE("ab")));
	assert_false(slice_ends(SLICE("c"), SLICE("bc")));
	assert_true(slice_starts(none, none));
	assert_true(slice_ends(SLICE("a"), none));
}

static void cutting_never_leaves_the_slice(void **state)
{
	struct slice s = SLICE("abc");

	(void)state;
	assert_true(slice_equal(slice_from(s, 0), s));
	assert_true(slice_equal(slice_from(s, 2), SLICE("c")));
	assert_int_equal(slice_from(s, 3).len, 0);
	assert_ptr_equal(slice_from(s, 3).data, s.data + 3);
	assert_ptr_equal(slice_from(s, SIZE_MAX).data, s.data + 3);
	assert_int_equal(slice_from(s, SIZE_MAX).len, 0);
	assert_true(slice_equal(slice_first(s, 2), SLICE("ab")));
	assert_true(slice_equal(slice_first(s, SIZE_MAX), s));
	assert_int_equal(slice_first(s, 0).len, 0);
}

static void check_number(const char *text, uint64_t expected)
{
	uint64_t value = 77;

	assert_true(slice_to_u64(slice_cstr(text), &value));
	assert_int_equal(value, expected);
}

static void numbers_up_to_the_largest(void **state)
{
	(void)state;
	check_number("0", 0);
	check_number("007", 7);
	check_number("18446744073709551615", UINT64_MAX);
}

static void what_is_no_number(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "1x",
	    "0x1", "18446744073709551616", "99999999999999999999999" };
	uint64_t value = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(slice_to_u64(slice_cstr(bad[i]), &value));
	assert_int_equal(value, 77);
}

static void weights_have_three_decimals_at_most(void **state)
{
	static const char *const bad[] = { "", "1.001", "2", "0.0001", ".5",
	    "-1", "0,5", "1.0000", "a", "0.x" };
	static const struct {
		const char *text;
		unsigned weight;
	} good[] = { { "0", 0 }, { "1", 1000 }, { "1.000", 1000 },
	    { "0.", 0 }, { "0.5", 500 }, { "0.25", 250 }, { "0.001", 1 } };
	unsigned weight = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(slice_to_weight(slice_cstr(bad[i]), &weight));
	assert_int_equal(weight, 77);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(slice_to_weight(slice_cstr(good[i].text),
		    &weight));
		assert_int_equal(weight, good[i].weight);
	}
}

static void trims_blanks_and_tabs_only(void **state)
{
	const struct slice none = { NULL, 0 };

	(void)state;
	assert_true(slice_equal(slice_trim(SLICE(" \ta b\t ")),
	    SLICE("a b")));
	assert_true(slice_equal(slice_trim(SLICE("\na\r")), SLICE("\na\r")));
	assert_int_equal(slice_trim(SLICE(" \t ")).len, 0);
	assert_int_equal(slice_trim(none).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality_looks_at_all_bytes),
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(cutting_never_leaves_the_slice),
		cmocka_unit_test(numbers_up_to_the_largest),
		cmocka_unit_test(what_is_no_number),
		cmocka_unit_test(weights_have_three_decimals_at_most),
		cmocka_unit_test(trims_blanks_and_tabs_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

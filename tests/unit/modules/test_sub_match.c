#include "modules/sub_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check(const char *list, const char *text, bool last, bool found,
    size_t before, unsigned index)
{
	struct slice patterns[8];
	struct sub_patterns prepared;
	struct sub_match match = { 0 };
	const bool used[8] = { false };
	unsigned count = 0;

	for (const char *p = list; *p; p += *p == ',') {
		patterns[count].data = p;
		patterns[count].len = strcspn(p, ",");
		p += patterns[count++].len;
	}
	sub_patterns_init(&prepared, patterns, count);
	assert_int_equal(sub_find(&prepared, used, slice_cstr(text), last,
	    &match), found);
	assert_int_equal(match.before, before);
	if (found)
		assert_int_equal(match.index, index);
}

static void the_first_place_counts(void **state)
{
	(void)state;
	check("foo", "a foo", true, true, 2, 0);
	check("foo", "fofoo", true, true, 2, 0);
	check("foo", "FoO", true, true, 0, 0);
	check("bar,foo", "foobar", true, true, 0, 1);
	check("longer,er", "a longer", true, true, 2, 0);
	check("a", "bbba", true, true, 3, 0);
}

static void of_one_place_the_first_pattern(void **state)
{
	(void)state;
	check("ab,abc", "xabc", true, true, 1, 0);
	check("abc,ab", "xabc", true, true, 1, 0);
}

static void what_may_become_a_match_waits(void **state)
{
	(void)state;
	check("foo", "a fo", false, false, 2, 0);
	check("foo", "a fo", true, false, 4, 0);
	check("abc,ab", "xab", false, false, 1, 0);
	check("abc,ab", "xab", true, true, 1, 1);
	check("ababc", "ababab", false, false, 2, 0);
	check("foo", "nothing", false, false, 7, 0);
	check("foo", "", false, false, 0, 0);
}

/* Whatever the pieces, the same as looking at every place. */
static void the_same_as_without_skipping(void **state)
{
	const struct slice patterns[] = { { "aab", 3 }, { "ba", 2 },
		{ "abba", 4 } };
	struct sub_patterns prepared;
	const bool used[3] = { false };

	(void)state;
	sub_patterns_init(&prepared, patterns, 3);
	for (unsigned bits = 0; bits < 1u << 12; bits++) {
		struct sub_match match = { 0 };
		char text[13] = "";
		size_t at = 12;
		bool found;

		for (unsigned i = 0; i < 12; i++)
			text[i] = bits & 1u << i ? 'b' : 'a';
		for (unsigned i = 0; i < 3; i++) {
			const char *p = strstr(text, patterns[i].data);

			if (p && (size_t)(p - text) < at)
				at = (size_t)(p - text);
		}
		found = sub_find(&prepared, used, slice_cstr(text), true,
		    &match);
		assert_int_equal(found, at != 12);
		assert_int_equal(match.before, at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_place_counts),
		cmocka_unit_test(of_one_place_the_first_pattern),
		cmocka_unit_test(what_may_become_a_match_waits),
		cmocka_unit_test(the_same_as_without_skipping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

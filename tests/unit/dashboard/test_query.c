#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dashboard/query.h"

/* All arguments as "name=value;". */
static void assert_query(const char *query, const char *expected)
{
	struct slice rest = slice_cstr(query);
	struct query_arg arg;
	struct arena arena;
	char seen[256] = "";
	size_t len = 0;

	arena_init(&arena, NULL, 0, 65536);
	while (query_next(&arena, &rest, &arg))
		len += (size_t)snprintf(seen + len, sizeof(seen) - len,
		    "%.*s=%.*s;", SLICE_ARG(arg.name), SLICE_ARG(arg.value));
	assert_string_equal(seen, expected);
	arena_fini(&arena);
}

static void arguments_are_split_at_ampersands(void **state)
{
	(void)state;
	assert_query("", "");
	assert_query("n=5", "n=5;");
	assert_query("n=5&json=proto", "n=5;json=proto;");
	assert_query("a&b=&c==d", "a=;b=;c==d;");
	assert_query("&&a=1&&", "a=1;");
	assert_query("=1&a=2", "a=2;");
}

static void names_and_values_are_decoded(void **state)
{
	(void)state;
	assert_query("name%5B%5D=a%2fb", "name[]=a/b;");
	assert_query("a=b+c%20d", "a=b c d;");
	assert_query("a%3db=c%26d", "a=b=c&d;");
}

static void a_bad_escape_stands_for_itself(void **state)
{
	(void)state;
	assert_query("a=%", "a=%;");
	assert_query("a=%2", "a=%2;");
	assert_query("a=%2g%41", "a=%2gA;");
	assert_query("a=%%41", "a=%A;");
}

static void no_memory_ends_the_list(void **state)
{
	struct slice rest = SLICE("a=1");
	struct query_arg arg;
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, 0, 0);
	assert_false(query_next(&arena, &rest, &arg));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_split_at_ampersands),
		cmocka_unit_test(names_and_values_are_decoded),
		cmocka_unit_test(a_bad_escape_stands_for_itself),
		cmocka_unit_test(no_memory_ends_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

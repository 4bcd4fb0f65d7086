/* Host names with wildcards: which of them is found. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/names.h"

struct fixture {
	struct arena arena;
	struct http_names names;
};

static int setup(void **state)
{
	static struct fixture f;

	arena_init(&f.arena, NULL, 0, 16 << 20);
	http_names_init(&f.names, &f.arena);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_fini(&f->arena);
	return 0;
}

/* Add a name that stands for its own text. */
static int add(struct fixture *f, const char *name)
{
	return http_names_add(&f->names, slice_cstr(name), true,
	    (void *)name);
}

static void finds(struct fixture *f, const char *name, const char *expected)
{
	const char *found = http_names_find(&f->names, slice_cstr(name));

	if (!expected)
		assert_null(found);
	else
		assert_string_equal(found, expected);
}

static void test_the_longest_wildcard_counts(void **state)
{
	static const char *const names[] = { "example.com", "*.example.com",
		"*.sub.example.com", "www.example.*", "www.*",
		".example.org", "*.net", "" };
	struct fixture *f = *state;

	finds(f, "example.com", NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(add(f, names[i]), 0);
	finds(f, "example.com", "example.com");
	finds(f, "EXAMPLE.com", "example.com");
	finds(f, "www.example.com", "*.example.com");
	finds(f, "a.b.example.com", "*.example.com");
	finds(f, "a.SUB.example.com", "*.sub.example.com");
	finds(f, "sub.example.com", "*.example.com");
	finds(f, "www.example.de", "www.example.*");
	finds(f, "www.example.co.uk", "www.example.*");
	finds(f, "www.other.de", "www.*");
	finds(f, "example.org", ".example.org");
	finds(f, "a.example.org", ".example.org");
	finds(f, "www.example.net", "*.net");	/* '*' in front first */
	finds(f, "net", NULL);
	finds(f, "badexample.com", NULL);
	finds(f, "", "");
}

static void test_names_are_there_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, "example.com"), 0);
	assert_int_equal(add(f, "EXAMPLE.com"), -EEXIST);
	assert_int_equal(add(f, ".example.com"), -EEXIST);
	finds(f, "www.example.com", NULL);
	assert_int_equal(add(f, "*.example.com"), 0);
	assert_int_equal(add(f, "*.example.com"), -EEXIST);
}

static void test_what_is_no_wildcard(void **state)
{
	static const char *const bad[] = { "a*.com", "*a.com", "a.*.com",
		"*.a.*", "*", "*.", ".*", "a..b", "**.a" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(add(f, bad[i]), -EINVAL);
	/* Taken as it is written, it may be anything. */
	assert_int_equal(http_names_add(&f->names, SLICE("a*..b"), false,
	    (void *)"x"), 0);
	finds(f, "A*..b", "x");
	finds(f, "ac.b", NULL);
}

static void test_long_names(void **state)
{
	struct fixture *f = *state;
	char name[HTTP_NAME_MAX + 2];

	assert_int_equal(add(f, "*.com"), 0);
	memset(name, 'a', sizeof(name));
	memcpy(name + HTTP_NAME_MAX - 4, ".com", 5);
	finds(f, name, "*.com");
	memset(name, 'a', sizeof(name));
	memcpy(name + HTTP_NAME_MAX - 3, ".com", 5);
	finds(f, name, NULL);
}

static void test_many_names(void **state)
{
	struct fixture *f = *state;
	static char names[5000][16];

	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "n%u", i);
		assert_int_equal(add(f, names[i]), 0);
	}
	for (unsigned i = 0; i < 5000; i++)
		finds(f, names[i], names[i]);
	finds(f, "n5000", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_the_longest_wildcard_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_are_there_once,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_wildcard,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_names, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_many_names, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Passwords that were right: known for their time, by all that counted.
 */

#include "http/password_cache.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct password_cache cache;

static int set_up(void **state)
{
	(void)state;
	memset(&cache, 0, sizeof(cache));
	return password_cache_init(&cache);
}

static struct password_key key_of(struct slice context, struct slice user,
    struct slice password)
{
	struct password_key key;

	assert_int_equal(password_cache_key(&cache, context, user, password,
	    &key), 0);
	return key;
}

static void known_until_their_time(void **state)
{
	struct password_key key = key_of(SLICE("f"), SLICE("u"), SLICE("p"));

	(void)state;
	assert_null(password_cache_find(&cache, &key, 0));
	password_cache_add(&cache, &key, &cache, 10);
	assert_ptr_equal(password_cache_find(&cache, &key, 9), &cache);
	assert_null(password_cache_find(&cache, &key, 10));
}

static void all_of_it_counts(void **state)
{
	struct password_key key = key_of(SLICE("f"), SLICE("u"), SLICE("p"));
	const struct slice others[][3] = {
		{ SLICE("g"), SLICE("u"), SLICE("p") },
		{ SLICE("f"), SLICE("v"), SLICE("p") },
		{ SLICE("f"), SLICE("u"), SLICE("q") },
		{ SLICE("f"), SLICE("u"), SLICE("") },
		{ SLICE("fu"), SLICE(""), SLICE("p") },
		{ SLICE("f"), SLICE("up"), SLICE("") },
		{ SLICE(""), SLICE("f"), SLICE("up") },
	};

	(void)state;
	password_cache_add(&cache, &key, &cache, UINT64_MAX);
	for (unsigned i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct password_key other = key_of(others[i][0],
		    others[i][1], others[i][2]);

		assert_null(password_cache_find(&cache, &other, 0));
	}
	/* Nor does anybody else's secret lead to the same key. */
	assert_int_equal(password_cache_init(&cache), 0);
	key = key_of(SLICE("f"), SLICE("u"), SLICE("p"));
	assert_null(password_cache_find(&cache, &key, 0));
}

static void texts_have_a_limit(void **state)
{
	static const char text[PASSWORD_CACHE_TEXT + 1];
	struct password_key key;

	(void)state;
	for (size_t a = 0; a < 3; a++) {
		const struct slice part = { text, PASSWORD_CACHE_TEXT - 2 };

		assert_int_equal(password_cache_key(&cache, part,
		    (struct slice){ text, a }, (struct slice){ text, 2 - a },
		    &key), 0);
		assert_int_equal(password_cache_key(&cache, part,
		    (struct slice){ text, a }, (struct slice){ text, 3 - a },
		    &key), -EMSGSIZE);
	}
	assert_int_equal(password_cache_key(&cache, (struct slice){ text,
	    sizeof(text) }, SLICE(""), SLICE(""), &key), -EMSGSIZE);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(known_until_their_time),
		TEST(all_of_it_counts),
		TEST(texts_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

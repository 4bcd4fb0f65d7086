/*
 * What a user's cookies are after answers, as they are sent with the next
 * request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "load/cookies.h"

#define HEAD "GET / HTTP/1.1\r\nHost: a\r\n"

/* 2001-09-09 */
static const time_t now = 1000000000;

static int setup(void **state)
{
	static struct cookies cookies;

	*state = &cookies;
	return 0;
}

static int teardown(void **state)
{
	cookies_free(*state);
	return 0;
}

static void set(struct cookies *cookies, const char *value)
{
	cookies_set(cookies, slice_cstr(value), now);
}

/* The cookies, together, after one more. */
static void gives(struct cookies *cookies, const char *value,
    const char *wanted)
{
	set(cookies, value);
	assert_int_equal(cookies->len, strlen(wanted));
	assert_memory_equal(cookies->text, wanted, strlen(wanted));
}

static void cookies_are_kept_by_name(void **state)
{
	struct cookies *cookies = *state;

	gives(cookies, "a=1", "a=1");
	gives(cookies, "ab=2; Path=/x; Secure; HttpOnly", "a=1; ab=2");
	gives(cookies, " c = 3=4 ;Max-Age=60", "a=1; ab=2; c=3=4");
	gives(cookies, "a=", "ab=2; c=3=4; a=");
	gives(cookies, "c=5", "ab=2; a=; c=5");
}

static void the_server_removes_them(void **state)
{
	static const char *const attributes[] = {
		"Max-Age=0", "max-age=-1", "MAX-AGE = 0",
		"Expires=Thu, 01 Jan 1970 00:00:00 GMT",
		"expires=Thu, 01-Jan-1970 00:00:01 GMT",
		"Expires=Wed, 09 Jun 2100 10:18:14 GMT; Max-Age=0",
		"Max-Age=60; Max-Age=0",
	};
	struct cookies *cookies = *state;
	char value[128];

	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		set(cookies, "a=1");
		set(cookies, "b=2");
		set(cookies, "c=3");
		(void)snprintf(value, sizeof(value), "b=; %s", attributes[i]);
		gives(cookies, value, "a=1; c=3");
		(void)snprintf(value, sizeof(value), "c=; %s", attributes[i]);
		gives(cookies, value, "a=1");
		(void)snprintf(value, sizeof(value), "a=; %s", attributes[i]);
		gives(cookies, value, "");
		assert_int_equal(cookies->count, 0);
	}
}

static void what_does_not_remove(void **state)
{
	struct cookies *cookies = *state;

	gives(cookies, "a=1; Max-Age=1", "a=1");
	gives(cookies, "a=2; Max-Age=", "a=2");
	gives(cookies, "a=3; Max-Age=0x", "a=3");
	gives(cookies, "a=4; Expires=never", "a=4");
	gives(cookies, "a=5; Expires=Wed, 09 Jun 2100 10:18:14 GMT", "a=5");
	gives(cookies, "a=6; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
	    "Max-Age=60", "a=6");
}

static void what_is_no_cookie(void **state)
{
	static const char *const bad[] = { "", ";", "a", "=b", " =b; a=b",
		"; a=b" };
	struct cookies *cookies = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		gives(cookies, bad[i], "");
}

static void limits_have_names(void **state)
{
	static char value[LOAD_COOKIE_BYTES_MAX + 1];
	struct cookies *cookies = *state;

	for (unsigned i = 0; i < LOAD_COOKIES_MAX + 1; i++) {
		(void)snprintf(value, sizeof(value), "c%u=1", i);
		set(cookies, value);
	}
	assert_int_equal(cookies->count, LOAD_COOKIES_MAX);
	assert_null(memmem(cookies->text, cookies->len, "c50=", 4));
	set(cookies, "c0=; Max-Age=0");
	set(cookies, "c50=1");
	assert_non_null(memmem(cookies->text, cookies->len, "c50=", 4));
	cookies_free(cookies);
	memset(value, 'x', sizeof(value) - 1);
	memcpy(value, "a=", 2);
	set(cookies, value);
	assert_int_equal(cookies->count, 0);
	value[LOAD_COOKIE_BYTES_MAX - 10] = '\0';
	set(cookies, value);
	assert_int_equal(cookies->len, LOAD_COOKIE_BYTES_MAX - 10);
	set(cookies, "b=0123456789");
	assert_int_equal(cookies->count, 1);
}

static void they_stand_in_the_head(void **state)
{
	const struct load_request request = {
	    .bytes = SLICE(HEAD "\r\nbody"), .head_len = strlen(HEAD) };
	struct cookies *cookies = *state;

	assert_ptr_equal(cookies_add(cookies, &request).data,
	    request.bytes.data);
	set(cookies, "a=1");
	assert_true(slice_equal(cookies_add(cookies, &request),
	    SLICE(HEAD "Cookie: a=1\r\n\r\nbody")));
	set(cookies, "b=2");
	assert_true(slice_equal(cookies_add(cookies, &request),
	    SLICE(HEAD "Cookie: a=1; b=2\r\n\r\nbody")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cookies_are_kept_by_name),
		TEST(the_server_removes_them),
		TEST(what_does_not_remove),
		TEST(what_is_no_cookie),
		TEST(limits_have_names),
		TEST(they_stand_in_the_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

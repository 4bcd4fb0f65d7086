/* The files of users and tokens, the header, and who is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>

#include <cmocka.h>

#include "base/base64.h"
#include "dashboard/auth.h"

#define HASH "abkwZZadvNgTs"		/* of "horse" */
#define TOKEN "0123456789abcdef"

static struct arena arena;
static struct auth auth;
static struct auth_fault fault;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 16 << 20);
	memset(&auth, 0, sizeof(auth));
	fault = (struct auth_fault){ 0, NULL };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static int users(const char *text)
{
	return auth_users_parse(&arena, slice_cstr(text), &auth.users, &fault);
}

static int tokens(const char *text)
{
	return auth_tokens_parse(&arena, slice_cstr(text), &auth.tokens,
	    &fault);
}

static bool user_is(unsigned i, const char *name, const char *hash)
{
	return slice_equal(auth.users.entries[i].name, slice_cstr(name)) &&
	    slice_equal(auth.users.entries[i].secret, slice_cstr(hash));
}

static void users_are_read_as_nginx_does(void **state)
{
	(void)state;
	assert_int_equal(users("# who may\n\nann:" HASH "\r\n"
	    "bob:{PLAIN}x y:a comment: really\n#eve:" HASH "\n"
	    "j\xc3\xb6rg:" HASH), 0);
	assert_int_equal(auth.users.count, 3);
	assert_true(user_is(0, "ann", HASH));
	assert_true(user_is(1, "bob", "{PLAIN}x y"));
	assert_true(user_is(2, "j\xc3\xb6rg", HASH));
}

static void faults_of_users_are_told_by_line(void **state)
{
	static const struct { const char *text; unsigned line; } table[] = {
		{ "", 0 }, { "\n\n# nobody\n", 0 }, { "ann\n", 1 },
		{ "ann:" HASH "\nbob\n", 2 }, { ":" HASH, 1 },
		{ "ann:", 1 }, { "ann:secret", 1 }, { "\nann: " HASH, 2 },
		{ "a\x1b[31m:" HASH, 1 }, { "a\x7f:" HASH, 1 },
		{ "a\xc2\x9b:" HASH, 1 },
		{ "a\xff:" HASH, 1 }, { "ann:" HASH "\nann:" HASH, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		fault = (struct auth_fault){ 999, NULL };
		if (users(table[i].text) != -EINVAL)
			fail_msg("case %zu", i);
		assert_int_equal(fault.line, table[i].line);
		assert_non_null(fault.reason);
		assert_null(strstr(fault.reason, "secret"));
	}
}

static void names_and_entries_have_limits(void **state)
{
	static char text[(AUTH_ENTRIES_MAX + 1) * 32];
	size_t len = 0;

	(void)state;
	memset(text, 'n', AUTH_NAME_MAX + 1);
	strcpy(text + AUTH_NAME_MAX, ":" HASH);
	assert_int_equal(users(text), 0);
	memset(text, 'n', AUTH_NAME_MAX + 1);
	strcpy(text + AUTH_NAME_MAX + 1, ":" HASH);
	assert_int_equal(users(text), -EINVAL);
	for (unsigned i = 0; i <= AUTH_ENTRIES_MAX; i++) {
		if (i == AUTH_ENTRIES_MAX)
			assert_int_equal(users(text), 0);
		len += (size_t)sprintf(text + len, "u%u:" HASH "\n", i);
	}
	assert_int_equal(users(text), -EINVAL);
	assert_int_equal(fault.line, AUTH_ENTRIES_MAX + 1);
}

static void tokens_are_found_and_not_kept(void **state)
{
	const struct auth_entry *found;

	(void)state;
	assert_int_equal(tokens("# for scrapers\n" TOKEN "\n"
	    "prometheus:" TOKEN "-._~+/==\n"), 0);
	assert_int_equal(auth.tokens.count, 2);
	found = auth_token_find(&auth, SLICE(TOKEN));
	assert_ptr_equal(found, &auth.tokens.entries[0]);
	assert_true(slice_equal(found->name, SLICE("token")));
	assert_int_equal(found->secret.len, DIGEST_SHA256_SIZE);
	assert_false(slice_starts(found->secret, SLICE("0123")));
	found = auth_token_find(&auth, SLICE(TOKEN "-._~+/=="));
	assert_true(slice_equal(found->name, SLICE("prometheus")));
	assert_null(auth_token_find(&auth, SLICE(TOKEN "x")));
	assert_null(auth_token_find(&auth, SLICE("0123456789abcde")));
	assert_null(auth_token_find(&auth, SLICE("")));
}

static void faults_of_tokens_are_told_by_line(void **state)
{
	static const char *const bad[] = { "0123456789abcde", ":" TOKEN,
		"n:0123456789abcde", "n:m:" TOKEN, TOKEN " ", "a b" TOKEN,
		"================", TOKEN "=x", TOKEN "\x1b", TOKEN "\"",
	};
	char text[AUTH_TOKEN_MAX + 2];

	(void)state;
	assert_int_equal(tokens("# none\n"), -EINVAL);
	assert_int_equal(fault.line, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		fault.line = 999;
		if (tokens(bad[i]) != -EINVAL)
			fail_msg("%s", bad[i]);
		assert_int_equal(fault.line, 1);
	}
	memset(text, 'x', sizeof(text));
	text[AUTH_TOKEN_MAX + 1] = '\0';
	assert_int_equal(tokens(text), -EINVAL);
	text[AUTH_TOKEN_MAX] = '\0';
	assert_int_equal(tokens(text), 0);
}

static char space[AUTH_SPACE_SIZE];

static struct auth_credentials header(const char *value)
{
	return auth_header_parse(slice_cstr(value), space);
}

static void the_header_is_read(void **state)
{
	struct auth_credentials got = header("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"
	    "==");		/* RFC 7617 2 */

	(void)state;
	assert_int_equal(got.scheme, AUTH_BASIC);
	assert_true(slice_equal(got.user, SLICE("Aladdin")));
	assert_true(slice_equal(got.secret, SLICE("open sesame")));
	got = header("bAsIc   dGVzdDoxMjPCow==");	/* RFC 7617 2.1 */
	assert_int_equal(got.scheme, AUTH_BASIC);
	assert_true(slice_equal(got.secret, SLICE("123\xc2\xa3")));
	got = header("Basic Ojo=");
	assert_int_equal(got.scheme, AUTH_BASIC);
	assert_true(slice_equal(got.user, SLICE("")));
	assert_true(slice_equal(got.secret, SLICE(":")));
	got = header("Bearer mF_9.B5f-4.1JqM");		/* RFC 6750 2.1 */
	assert_int_equal(got.scheme, AUTH_BEARER);
	assert_true(slice_equal(got.secret, SLICE("mF_9.B5f-4.1JqM")));
}

static void other_headers_are_none(void **state)
{
	static const char *const bad[] = { "", " ", "Basic", "Basic ",
		"Basic =", "Basic !!!!", "Basic YQ==",	/* no colon */
		"Basic YQpiOmM=", "Basic YToA",		/* \n and \0 */
		"BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Bearer", "Bearer  ",
		"Digest username=\"x\"", "Negotiate abc", "Basic a:b",
	};
	char value[8 + BASE64_LEN(AUTH_BASIC_MAX) + 8] = "Bearer ";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (header(bad[i]).scheme != AUTH_NONE)
			fail_msg("%s", bad[i]);
	memset(value + 7, 'x', sizeof(value) - 8);
	value[7 + AUTH_TOKEN_MAX] = '\0';
	assert_int_equal(header(value).scheme, AUTH_BEARER);
	value[7 + AUTH_TOKEN_MAX] = 'x';
	assert_int_equal(header(value).scheme, AUTH_NONE);
}

static enum auth_scheme basic(size_t name_len, size_t password_len)
{
	char text[2 * AUTH_BASIC_MAX], value[4 * AUTH_BASIC_MAX] = "Basic ";

	memset(text, 'x', sizeof(text));
	text[name_len] = ':';
	base64_encode((struct slice){ text, name_len + 1 + password_len },
	    value + 6);
	return header(value).scheme;
}

static void names_and_passwords_have_limits(void **state)
{
	(void)state;
	assert_int_equal(basic(AUTH_NAME_MAX, PASSWORD_MAX), AUTH_BASIC);
	assert_int_equal(basic(AUTH_NAME_MAX + 1, 1), AUTH_NONE);
	assert_int_equal(basic(1, PASSWORD_MAX + 1), AUTH_NONE);
	assert_int_equal(basic(AUTH_NAME_MAX, PASSWORD_MAX + 9), AUTH_NONE);
}

static void who_is_unknown_is_checked_like_somebody(void **state)
{
	const struct auth_entry *entry, *others[2] = { NULL, NULL };
	bool known;

	(void)state;
	assert_int_equal(users("ann:" HASH "\nbob:{PLAIN}x"), 0);
	entry = auth_user_find(&auth, SLICE("bob"), &known);
	assert_true(known);
	assert_ptr_equal(entry, &auth.users.entries[1]);
	for (int i = 0; i < 100; i++) {
		char name[16];
		struct slice text = { name, (size_t)sprintf(name, "x%d", i) };

		entry = auth_user_find(&auth, text, &known);
		assert_false(known);
		assert_ptr_equal(entry, auth_user_find(&auth, text, &known));
		others[entry - auth.users.entries] = entry;
	}
	assert_non_null(others[0]);
	assert_non_null(others[1]);
	(void)auth_user_find(&auth, SLICE("an"), &known);
	assert_false(known);
	(void)auth_user_find(&auth, SLICE(""), &known);
	assert_false(known);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(users_are_read_as_nginx_does),
		TEST(faults_of_users_are_told_by_line),
		TEST(names_and_entries_have_limits),
		TEST(tokens_are_found_and_not_kept),
		TEST(faults_of_tokens_are_told_by_line),
		TEST(the_header_is_read),
		TEST(other_headers_are_none),
		TEST(names_and_passwords_have_limits),
		TEST(who_is_unknown_is_checked_like_somebody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

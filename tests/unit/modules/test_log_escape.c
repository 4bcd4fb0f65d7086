#include "modules/log_escape.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check(struct slice text, enum log_escape escape,
    const char *expected)
{
	struct buf buf = buf_make(1 << 16);

	log_escape_append(&buf, text, escape);
	assert_false(buf.failed);
	assert_int_equal(buf.len, strlen(expected));
	assert_memory_equal(buf.data, expected, buf.len);
	buf_free(&buf);
}

static void clean_text_stays_as_it_is(void **state)
{
	const char *text = "GET /a/b?c=d HTTP/1.1 (all that is printable: ~ ')";

	(void)state;
	check(slice_cstr(text), LOG_ESCAPE_DEFAULT, text);
	check(slice_cstr(text), LOG_ESCAPE_JSON, text);
	check(slice_cstr(text), LOG_ESCAPE_NONE, text);
}

static void default_escapes_as_nginx(void **state)
{
	(void)state;
	check(SLICE("\"\\\n\x1f\x7f\x80\xff~ "), LOG_ESCAPE_DEFAULT,
	    "\\x22\\x5C\\x0A\\x1F\\x7F\\x80\\xFF~ ");
	check(SLICE("a\0b"), LOG_ESCAPE_DEFAULT, "a\\x00b");
}

static void json_escapes_as_nginx(void **state)
{
	(void)state;
	check(SLICE("\"\\\n\r\t\b\f\x1b\x01"), LOG_ESCAPE_JSON,
	    "\\\"\\\\\\n\\r\\t\\b\\f\\u001B\\u0001");
	check(SLICE("\x7f\xc3\xa4"), LOG_ESCAPE_JSON, "\x7f\xc3\xa4");
}

static void none_escapes_nothing(void **state)
{
	(void)state;
	check(SLICE("\"\n\xff"), LOG_ESCAPE_NONE, "\"\n\xff");
}

/* The search goes by 16 bytes: a byte must be found at any place. */
static void the_byte_is_found_anywhere(void **state)
{
	(void)state;
	for (size_t len = 1; len <= 40; len++) {
		for (size_t at = 0; at < len; at++) {
			char text[40], expected[48];

			memset(text, 'a', len);
			text[at] = '\n';
			memset(expected, 'a', len + 3);
			memcpy(expected + at, "\\x0A", 4);
			expected[len + 3] = '\0';
			check((struct slice){ text, len }, LOG_ESCAPE_DEFAULT,
			    expected);
		}
	}
}

static void text_beyond_the_limit_is_refused(void **state)
{
	struct buf buf = buf_make(15);

	(void)state;
	log_escape_append(&buf, SLICE("\n\n\n\n"), LOG_ESCAPE_DEFAULT);
	assert_true(buf.failed);
	buf_free(&buf);
	buf = buf_make(16);
	log_escape_append(&buf, SLICE("\n\n\n\n"), LOG_ESCAPE_DEFAULT);
	assert_false(buf.failed);
	assert_int_equal(buf.len, 16);
	buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_text_stays_as_it_is),
		cmocka_unit_test(default_escapes_as_nginx),
		cmocka_unit_test(json_escapes_as_nginx),
		cmocka_unit_test(none_escapes_nothing),
		cmocka_unit_test(the_byte_is_found_anywhere),
		cmocka_unit_test(text_beyond_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

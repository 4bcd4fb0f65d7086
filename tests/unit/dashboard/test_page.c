#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dashboard/page.h"

static struct buf out;

static void assert_written(const char *expected)
{
	buf_append_char(&out, '\0');
	assert_false(out.failed);
	assert_string_equal(out.data, expected);
	buf_free(&out);
}

static void assert_escaped(const char *text, const char *expected)
{
	page_escape(&out, slice_cstr(text));
	assert_written(expected);
}

static void text_cannot_become_markup(void **state)
{
	(void)state;
	assert_escaped("", "");
	assert_escaped("/index.html", "/index.html");
	assert_escaped("<script>alert(1)</script>",
	    "&lt;script&gt;alert(1)&lt;/script&gt;");
	assert_escaped("\" onload='x' &amp;",
	    "&quot; onload=&#39;x&#39; &amp;amp;");
}

static void control_bytes_are_shown(void **state)
{
	(void)state;
	assert_escaped("a\x1b[31m\r\n\x7f", "a\\x1B[31m\\x0D\\x0A\\x7F");
	assert_escaped("\xc2\x9b", "\\xC2\\x9B");
	page_escape(&out, (struct slice){ "a\0b", 3 });
	assert_written("a\\x00b");
}

static void what_is_not_utf8_is_shown_byte_by_byte(void **state)
{
	(void)state;
	assert_escaped("\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac");
	assert_escaped("\xff<\xc3", "\\xFF&lt;\\xC3");
	assert_escaped("\xc0\xbc", "\\xC0\\xBC");
	assert_escaped("\xe2\x82<", "\\xE2\\x82&lt;");
}

/* ---- whole pages ---- */

static bool page_has(const char *text)
{
	return memmem(out.data, out.len, text, strlen(text)) != NULL;
}

static void pages_hold_neither_inline_script_nor_style(void **state)
{
	(void)state;
	page_write_error(&out, 404, SLICE("<b>no</b>"));
	page_write_confirm(&out, "Sure?", SLICE("/toggle_cache"), "abc");
	assert_false(out.failed);
	assert_false(page_has("<script>"));
	assert_true(page_has("<script src=\"/js/theme.js\"></script>"));
	assert_false(page_has("<style"));
	assert_false(page_has(" style="));
	assert_false(page_has("<b>no"));
	assert_true(page_has("action=\"/toggle_cache\""));
	assert_true(page_has("&lt;b&gt;no&lt;/b&gt;"));
	buf_free(&out);
}

static int init(void **state)
{
	(void)state;
	out = buf_make(1 << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_cannot_become_markup),
		cmocka_unit_test(control_bytes_are_shown),
		cmocka_unit_test(what_is_not_utf8_is_shown_byte_by_byte),
		cmocka_unit_test(pages_hold_neither_inline_script_nor_style),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}

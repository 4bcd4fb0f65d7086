/* Bodies of requests that change something: JSON and forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dashboard/fields.h"

static struct arena arena;
static struct fields fields;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static const char *json(const char *text)
{
	fields = (struct fields){ .count = 99 };
	return fields_parse_json(&arena, slice_cstr(text), &fields);
}

static bool has_text(const char *name, const char *value)
{
	struct slice text;

	return fields_text(&fields, slice_cstr(name), &text) &&
	    slice_equal(text, slice_cstr(value));
}

static void json_objects_are_read(void **state)
{
	bool on = false;

	(void)state;
	assert_null(json("{\"enabled\":true}"));
	assert_int_equal(fields.count, 1);
	assert_true(fields_bool(&fields, SLICE("enabled"), &on));
	assert_true(on);
	assert_null(json(" \r\n{ \"a\" :\t\"x\" , \"b\" : false } \n"));
	assert_int_equal(fields.count, 2);
	assert_true(has_text("a", "x"));
	assert_true(fields_bool(&fields, SLICE("b"), &on));
	assert_false(on);
	assert_null(json("{}"));
	assert_int_equal(fields.count, 0);
	assert_null(json("{\"\":\"\"}"));
	assert_true(has_text("", ""));
}

static double number_of(const char *text)
{
	double value = -1;

	assert_null(json(text));
	assert_true(fields_number(&fields, SLICE("a"), &value));
	return value;
}

static void json_numbers_are_read(void **state)
{
	double value = 7;
	struct slice text;
	bool on;

	(void)state;
	assert_true(number_of("{\"a\":0}") == 0);
	assert_true(number_of("{\"a\":-12.5e1}") == -125);
	assert_true(number_of("{\"a\": 1E+2 }") == 100);
	assert_true(number_of("{\"a\":0.25,\"b\":null}") == 0.25);
	assert_false(fields_number(&fields, SLICE("b"), &value));
	assert_false(fields_text(&fields, SLICE("a"), &text));
	assert_false(fields_bool(&fields, SLICE("a"), &on));
	assert_null(json("{\"a\":\"1\",\"b\":true,\"c\":"
	    "1000000000000000000000000000000000000000000}"));
	assert_false(fields_number(&fields, SLICE("a"), &value));
	assert_false(fields_number(&fields, SLICE("b"), &value));
	assert_false(fields_number(&fields, SLICE("c"), &value));
	assert_null(fields_parse_form(&arena, SLICE("a=12&b=1x&c="),
	    &fields));
	assert_false(fields_number(&fields, SLICE("b"), &value));
	assert_false(fields_number(&fields, SLICE("c"), &value));
	assert_true(value == 7);
	assert_true(fields_number(&fields, SLICE("a"), &value));
	assert_true(value == 12);
}

static void json_strings_are_decoded(void **state)
{
	(void)state;
	assert_null(json("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"));
	assert_true(has_text("a", "\"\\/\b\f\n\r\t"));
	assert_null(json("{\"a\":\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"}"));
	assert_true(has_text("a", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	assert_null(json("{\"\\u0061\":\"\xc3\xa9\"}"));
	assert_true(has_text("a", "\xc3\xa9"));
	assert_null(json("{\"a\":\"\\u0000b\"}"));
	assert_int_equal(fields.list[0].text.len, 2);
}

static void what_is_not_quite_json_is_refused(void **state)
{
	static const char *const bad[] = { "", " ", "{", "}", "[]", "true",
		"{\"a\"}", "{\"a\":}", "{\"a\":01}", "{\"a\":nul}",
		"{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":-}",
		"{\"a\":1e}", "{\"a\":1e+}", "{\"a\":0x1}", "{\"a\":NaN}",
		"{\"a\":{}}", "{\"a\":[]}", "{\"a\":True}", "{a:true}",
		"{'a':true}", "{\"a\":true,}", "{,}", "{\"a\":true}x",
		"{\"a\":true}{}", "{\"a\":true \"b\":true}", "{\"a\":\"x}",
		"{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}",
		"{\"a\":\"\\u123g\"}", "{\"a\":\"\\ud83d\"}",
		"{\"a\":\"\\ude00\"}", "{\"a\":\"\\ud83d\\u0041\"}",
		"{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\\",
		"{\"a\":true,\"a\":true}", "{\"a\":true,\"\\u0061\":true}",
		"{\"a\":true", "{\"a\":\"x\"", "\xef\xbb\xbf{}", "//\n{}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (!json(bad[i]))
			fail_msg("%s", bad[i]);
		assert_int_equal(fields.count, 99);
	}
	assert_non_null(fields_parse_json(&arena, SLICE("{}\0"), &fields));
	assert_non_null(fields_parse_json(&arena, (struct slice){ NULL, 0 },
	    &fields));
}

static void forms_are_read(void **state)
{
	bool on = true;

	(void)state;
	assert_null(fields_parse_form(&arena,
	    SLICE("enabled=false&text=two+words%21&&token"), &fields));
	assert_int_equal(fields.count, 3);
	assert_true(fields_bool(&fields, SLICE("enabled"), &on));
	assert_false(on);
	assert_true(has_text("text", "two words!"));
	assert_true(has_text("token", ""));
	assert_non_null(fields_parse_form(&arena, SLICE("a=1&a=2"),
	    &fields));
}

static void kinds_are_kept_apart(void **state)
{
	struct slice text;
	bool on;

	(void)state;
	assert_null(json("{\"a\":\"true\",\"b\":true}"));
	assert_false(fields_bool(&fields, SLICE("a"), &on));
	assert_false(fields_text(&fields, SLICE("b"), &text));
	assert_false(fields_bool(&fields, SLICE("c"), &on));
	assert_false(fields_text(&fields, SLICE("c"), &text));
	assert_null(fields_parse_form(&arena, SLICE("a=yes&b=true"),
	    &fields));
	assert_false(fields_bool(&fields, SLICE("a"), &on));
	assert_true(fields_bool(&fields, SLICE("b"), &on));
}

static void their_number_has_a_limit(void **state)
{
	char text[16 * FIELDS_MAX] = "{";
	size_t len = 1;

	(void)state;
	for (int i = 0; i <= FIELDS_MAX; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s\"n%d\":true", i ? "," : "", i);
		(void)snprintf(text + len, sizeof(text) - len, "}");
		if (i < FIELDS_MAX)
			assert_null(json(text));
		else
			assert_non_null(json(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_objects_are_read),
		cmocka_unit_test(json_numbers_are_read),
		cmocka_unit_test(json_strings_are_decoded),
		cmocka_unit_test(what_is_not_quite_json_is_refused),
		cmocka_unit_test(forms_are_read),
		cmocka_unit_test(kinds_are_kept_apart),
		cmocka_unit_test(their_number_has_a_limit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

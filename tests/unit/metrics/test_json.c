/* Both forms of JSON against golden texts, for every type of field. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics.pb-c.h"
#include "metrics/json.h"
#include "tests/types.pb-c.h"

static void check_json(const ProtobufCMessage *message,
    struct json_options options, const char *want)
{
	struct buf out = buf_make(1 << 16);

	json_write(&out, message, &options);
	buf_append_char(&out, '\0');
	assert_false(out.failed);
	assert_string_equal(out.data, want);
	buf_free(&out);
}

static void check_text(struct slice text, const char *want)
{
	struct buf out = buf_make(1 << 16);

	json_write_text(&out, text);
	buf_append_char(&out, '\0');
	assert_string_equal(out.data, want);
	buf_free(&out);
}

/* Extremes of all types. */
static void fill(Ringmaster__Tests__Types *types)
{
	static double doubles[] = { 0.1, INFINITY, 5e-324, 1e300, 123456789 };
	static char *strings[] = { "a", "" };
	static Ringmaster__Tests__Inner inner = RINGMASTER__TESTS__INNER__INIT;
	static Ringmaster__Tests__Inner *inners[] = { &inner };
	static protobuf_c_boolean bools[] = { 1, 0 };
	static uint8_t bytes[] = { 0xde, 0xad, 0xbe, 0xef };

	*types = (Ringmaster__Tests__Types)RINGMASTER__TESTS__TYPES__INIT;
	types->a_int32 = types->a_sint32 = types->a_sfixed32 = INT32_MIN;
	types->a_uint32 = types->a_fixed32 = UINT32_MAX;
	types->a_int64 = types->a_sint64 = types->a_sfixed64 = INT64_MIN;
	types->a_uint64 = types->a_fixed64 = UINT64_MAX;
	types->a_float = 0.5;
	types->a_double = NAN;
	types->a_bool = 1;
	types->a_string = "t";
	types->a_bytes = (ProtobufCBinaryData){ sizeof(bytes), bytes };
	types->a_state = RINGMASTER__TESTS__BIG_STATE__BIG_STATE_UP_AGAIN;
	types->an_inner = &inner;
	types->ended_unix_ns = 1700000000123999999;
	types->many_doubles = doubles;
	types->n_many_doubles = sizeof(doubles) / sizeof(doubles[0]);
	types->many_strings = strings;
	types->n_many_strings = 2;
	types->many_inner = inners;
	types->n_many_inner = 1;
	types->many_bools = bools;
	types->n_many_bools = 2;
	types->choice_case = RINGMASTER__TESTS__TYPES__CHOICE_ONE_NUMBER;
	types->one_number = 0;
}

static void usual_form_of_extremes(void **state)
{
	Ringmaster__Tests__Types types;

	(void)state;
	fill(&types);
	check_json(&types.base, (struct json_options){ 0 },
	    "{\"a_int32\":-2147483648,\"a_sint32\":-2147483648,"
	    "\"a_sfixed32\":-2147483648,\"a_uint32\":4294967295,"
	    "\"a_fixed32\":4294967295,\"a_int64\":-9223372036854775808,"
	    "\"a_sint64\":-9223372036854775808,"
	    "\"a_sfixed64\":-9223372036854775808,"
	    "\"a_uint64\":18446744073709551615,"
	    "\"a_fixed64\":18446744073709551615,\"a_float\":0.5,"
	    "\"a_double\":null,\"a_bool\":true,\"a_string\":\"t\","
	    "\"a_bytes\":\"deadbeef\",\"a_state\":\"up_again\","
	    "\"an_inner\":{\"value\":0},"
	    "\"ended\":\"2023-11-14T22:13:20.123Z\","
	    "\"ended_unix_ms\":1700000000123,"
	    "\"many_doubles\":[0.1,null,4.94065645841247e-324,1e+300,"
	    "123456789],\"many_strings\":[\"a\",\"\"],"
	    "\"many_inner\":[{\"value\":0}],\"many_bools\":[true,false],"
	    "\"one_number\":0}");
}

static void usual_form_shows_empty_and_zero(void **state)
{
	Ringmaster__Tests__Types types = RINGMASTER__TESTS__TYPES__INIT;

	(void)state;
	check_json(&types.base, (struct json_options){ 0 },
	    "{\"a_int32\":0,\"a_sint32\":0,\"a_sfixed32\":0,\"a_uint32\":0,"
	    "\"a_fixed32\":0,\"a_int64\":0,\"a_sint64\":0,\"a_sfixed64\":0,"
	    "\"a_uint64\":0,\"a_fixed64\":0,\"a_float\":0,\"a_double\":0,"
	    "\"a_bool\":false,\"a_string\":\"\",\"a_bytes\":\"\","
	    "\"a_state\":\"unknown\",\"an_inner\":null,\"ended\":null,"
	    "\"ended_unix_ms\":0,\"many_doubles\":[],\"many_strings\":[],"
	    "\"many_inner\":[],\"many_bools\":[]}");
}

static void canonical_form_of_extremes(void **state)
{
	Ringmaster__Tests__Types types;

	(void)state;
	fill(&types);
	check_json(&types.base, (struct json_options){ .canonical = true },
	    "{\"aInt32\":-2147483648,\"aSint32\":-2147483648,"
	    "\"aSfixed32\":-2147483648,\"aUint32\":4294967295,"
	    "\"aFixed32\":4294967295,\"aInt64\":\"-9223372036854775808\","
	    "\"aSint64\":\"-9223372036854775808\","
	    "\"aSfixed64\":\"-9223372036854775808\","
	    "\"aUint64\":\"18446744073709551615\","
	    "\"aFixed64\":\"18446744073709551615\",\"aFloat\":0.5,"
	    "\"aDouble\":\"NaN\",\"aBool\":true,\"aString\":\"t\","
	    "\"aBytes\":\"3q2+7w==\",\"aState\":\"BIG_STATE_UP_AGAIN\","
	    "\"anInner\":{},\"endedUnixNs\":\"1700000000123999999\","
	    "\"manyDoubles\":[0.1,\"Infinity\",4.94065645841247e-324,1e+300,"
	    "123456789],\"manyStrings\":[\"a\",\"\"],\"manyInner\":[{}],"
	    "\"manyBools\":[true,false],\"oneNumber\":0}");
}

static void canonical_form_leaves_defaults_out(void **state)
{
	Ringmaster__Tests__Types types = RINGMASTER__TESTS__TYPES__INIT;

	(void)state;
	check_json(&types.base, (struct json_options){ .canonical = true },
	    "{}");
}

static void enums_without_prefix_or_name(void **state)
{
	Ringmaster__Tests__Types types = RINGMASTER__TESTS__TYPES__INIT;
	struct buf out = buf_make(1 << 16);

	(void)state;
	types.a_state = RINGMASTER__TESTS__BIG_STATE__OTHER_NAME;
	json_write(&out, &types.base, &(struct json_options){ 0 });
	types.a_state = 77;
	json_write(&out, &types.base, &(struct json_options){ 0 });
	json_write(&out, &types.base,
	    &(struct json_options){ .canonical = true });
	buf_append_char(&out, '\0');
	assert_non_null(strstr(out.data, "\"a_state\":\"other_name\""));
	assert_non_null(strstr(out.data, "\"a_state\":77"));
	assert_non_null(strstr(out.data, "{\"aState\":77}"));
	buf_free(&out);
}

static void text_is_escaped(void **state)
{
	(void)state;
	check_text(SLICE(""), "\"\"");
	check_text((struct slice){ NULL, 0 }, "\"\"");
	check_text(SLICE("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
	check_text(SLICE("\b\f\n\r\t\1\x1f\x7f"),
	    "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
	check_text(SLICE("a\0b"), "\"a\\u0000b\"");
	check_text(SLICE("\xc3\xa9\xf0\x9f\x98\x80"),
	    "\"\xc3\xa9\xf0\x9f\x98\x80\"");
}

static void text_that_is_not_utf8_is_escaped(void **state)
{
	(void)state;
	check_text(SLICE("/caf\xe9"), "\"/caf\\u00e9\"");
	check_text(SLICE("\xc3"), "\"\\u00c3\"");
	check_text(SLICE("\xed\xa0\x80x"), "\"\\u00ed\\u00a0\\u0080x\"");
	check_text(SLICE("\xf0\x9f\x98"), "\"\\u00f0\\u009f\\u0098\"");
}

static void numbers_are_as_short_as_they_can_be(void **state)
{
	static double doubles[] = { 0.1 + 0.2, 1.0 / 3, -0.0234, 1e21, 100 };
	Ringmaster__Tests__Types types = RINGMASTER__TESTS__TYPES__INIT;

	(void)state;
	types.many_doubles = doubles;
	types.n_many_doubles = 5;
	check_json(&types.base, (struct json_options){ .canonical = true },
	    "{\"manyDoubles\":[0.30000000000000004,0.3333333333333333,"
	    "-0.0234,1e+21,100]}");
}

static void bins_are_shown_when_asked_for(void **state)
{
	Ringmaster__V1__Histogram histogram = RINGMASTER__V1__HISTOGRAM__INIT;
	uint64_t bins[] = { 1, 2 };

	(void)state;
	histogram.count = 3;
	histogram.first_bin = 7;
	histogram.n_bins = 2;
	histogram.bins = bins;
	check_json(&histogram.base, (struct json_options){ 0 },
	    "{\"count\":3,\"sum_seconds\":0,\"max_seconds\":0,\"p50\":0,"
	    "\"p90\":0,\"p95\":0,\"p99\":0,\"p999\":0}");
	check_json(&histogram.base, (struct json_options){ .bins = true },
	    "{\"count\":3,\"sum_seconds\":0,\"max_seconds\":0,"
	    "\"first_bin\":7,\"bins\":[1,2],\"p50\":0,\"p90\":0,\"p95\":0,"
	    "\"p99\":0,\"p999\":0}");
	check_json(&histogram.base, (struct json_options){ .canonical = true },
	    "{\"count\":\"3\",\"firstBin\":7,\"bins\":[\"1\",\"2\"]}");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_form_of_extremes),
		cmocka_unit_test(usual_form_shows_empty_and_zero),
		cmocka_unit_test(canonical_form_of_extremes),
		cmocka_unit_test(canonical_form_leaves_defaults_out),
		cmocka_unit_test(enums_without_prefix_or_name),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(text_that_is_not_utf8_is_escaped),
		cmocka_unit_test(numbers_are_as_short_as_they_can_be),
		cmocka_unit_test(bins_are_shown_when_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

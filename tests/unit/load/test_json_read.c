/*
 * JSON into messages: what was written comes back, what is wrong is refused.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "load/json_read.h"
#include "metrics/json.h"

static struct arena arena;
static struct json_reader reader;
static Ringmaster__V1__LoadResult *result;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 4 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static int read_slice(struct slice text)
{
	ProtobufCMessage *message = NULL;
	int err;

	json_reader_init(&reader, text);
	err = json_read_message(&reader,
	    &ringmaster__v1__load_result__descriptor, &arena, &message);
	result = (Ringmaster__V1__LoadResult *)message;
	return err;
}

static int read_text(const char *text)
{
	return read_slice(slice_cstr(text));
}

static void what_was_written_comes_back(void **state)
{
	const struct json_options options = { .bins = true };
	Ringmaster__V1__LoadResult run = RINGMASTER__V1__LOAD_RESULT__INIT;
	Ringmaster__V1__LoadSpec spec = RINGMASTER__V1__LOAD_SPEC__INIT;
	Ringmaster__V1__LoadVerdict verdict =
	    RINGMASTER__V1__LOAD_VERDICT__INIT;
	Ringmaster__V1__LoadLatency latency =
	    RINGMASTER__V1__LOAD_LATENCY__INIT;
	uint64_t bins[] = { 1, 0, 7 };
	char *reasons[] = { "one \"reason\"", "other\n\xc3\xa4" };
	struct buf first = buf_make(1 << 20), second = buf_make(1 << 20);

	(void)state;
	run.requests = UINT64_C(9007199254740993);
	run.rate = 1234.5678;
	run.started_unix_ns = UINT64_C(1800000000123000000);
	run.url = "http://127.0.0.1:8080/";
	run.pinned = true;
	run.spec = &spec;
	spec.seed = INT64_MAX;
	spec.threads = UINT32_MAX;
	run.verdict = &verdict;
	verdict.state = RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_SUSPECT;
	verdict.n_reasons = 2;
	verdict.reasons = reasons;
	run.latency = &latency;
	latency.p99 = NAN;
	latency.first_bin = 3;
	latency.n_bins = 3;
	latency.bins = bins;
	json_write(&first, &run.base, &options);
	assert_int_equal(read_slice(buf_slice(&first)), 0);
	assert_true(json_read_end(&reader));
	assert_int_equal(result->requests, UINT64_C(9007199254740993));
	assert_true(result->rate == 1234.5678);
	assert_true(result->started_unix_ns == run.started_unix_ns);
	assert_int_equal(result->verdict->state, verdict.state);
	assert_string_equal(result->verdict->reasons[1], reasons[1]);
	assert_true(isnan(result->latency->p99));
	assert_int_equal(result->latency->n_bins, 3);
	assert_int_equal(result->latency->bins[2], 7);
	assert_int_equal(result->spec->threads, UINT32_MAX);
	assert_true(result->pinned);
	assert_null(result->server);
	json_write(&second, &result->base, &options);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
	buf_free(&first);
	buf_free(&second);
}

static void unknown_names_are_skipped_missing_ones_are_default(void **state)
{
	(void)state;
	assert_int_equal(read_text("{\"later\":{\"a\":[1,{}]},\"errors\":5,"
	    "\"started\":\"2026\",\"url\":null,\"bins\":0}"), 0);
	assert_int_equal(result->errors, 5);
	assert_int_equal(result->requests, 0);
	assert_string_equal(result->url, "");
	assert_null(result->latency);
	assert_int_equal(result->n_seconds, 0);
}

static void an_enum_of_a_later_version_keeps_its_number(void **state)
{
	(void)state;
	assert_int_equal(read_text("{\"verdict\":{\"state\":77}}"), 0);
	assert_int_equal(result->verdict->state, 77);
}

static void what_is_wrong_is_refused(void **state)
{
	static const char *const texts[] = {
		"", " ", "{", "[]", "5", "nonsense", "{\"requests\":}",
		"{\"requests\":-1}", "{\"requests\":1.5}",
		"{\"requests\":\"1\"}", "{\"requests\":true}",
		"{\"requests\":9223372036854775808}",
		"{\"rate\":\"5\"}", "{\"rate\":1e999}",
		"{\"passed\":1}", "{\"url\":5}", "{\"url\":\"\\u0000\"}",
		"{\"url\":\"\xff\"}", "{\"latency\":[]}", "{\"seconds\":{}}",
		"{\"seconds\":[null]}",
		"{\"seconds\":[{\"second\":4294967296}]}",
		"{\"verdict\":{\"state\":\"good\"}}",
		"{\"verdict\":{\"reasons\":[1]}}",
		"{\"started_unix_ms\":-1}",
		"{\"started_unix_ms\":9223372036854775807}",
		"{\"requests\":1,\"requests\":2}",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (read_text(texts[i]) != -EBADMSG)
			fail_msg("%s is taken", texts[i]);
		assert_true(reader.error[0] != '\0');
	}
}

static void errors_name_the_line(void **state)
{
	(void)state;
	assert_int_equal(read_text("{\n\"requests\": 5,\n\"rate\": x}"),
	    -EBADMSG);
	assert_non_null(strstr(reader.error, "line 3: "));
}

static void deep_nesting_is_refused(void **state)
{
	enum { DEPTH = 100000 };
	char *text = malloc(DEPTH + 16);

	(void)state;
	assert_non_null(text);
	memcpy(text, "{\"later\":", 9);
	memset(text + 9, '[', DEPTH);
	assert_int_equal(read_slice((struct slice){ text, DEPTH + 9 }),
	    -EBADMSG);
	free(text);
}

/* At the limit, and one more. */
static void the_size_of_a_value_is_limited(void **state)
{
	char *text = malloc(JSON_READ_BYTES_MAX + 1);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', JSON_READ_BYTES_MAX + 1);
	text[0] = '{';
	text[JSON_READ_BYTES_MAX - 1] = '}';
	assert_int_equal(read_slice((struct slice){ text,
	    JSON_READ_BYTES_MAX + 1 }), 0);
	text[JSON_READ_BYTES_MAX - 1] = ' ';
	text[JSON_READ_BYTES_MAX] = '}';
	assert_int_equal(read_slice((struct slice){ text,
	    JSON_READ_BYTES_MAX + 1 }), -EBADMSG);
	assert_non_null(strstr(reader.error, "too long"));
	free(text);
}

static void memory_is_limited(void **state)
{
	struct arena small;
	ProtobufCMessage *message;

	(void)state;
	arena_init(&small, NULL, 0, 64);
	json_reader_init(&reader, SLICE("{}"));
	assert_int_equal(json_read_message(&reader,
	    &ringmaster__v1__load_result__descriptor, &small, &message),
	    -ENOMEM);
	arena_fini(&small);
}

static void values_are_read_one_after_the_other(void **state)
{
	char name[6];
	uint64_t number = 0;

	(void)state;
	json_reader_init(&reader, SLICE(" \"a name\" : 12 , [1,2]\n"));
	assert_int_equal(json_read_name(&reader, name, sizeof(name)), 0);
	assert_string_equal(name, "a nam");
	assert_int_equal(json_read_uint(&reader, &number), 0);
	assert_int_equal(number, 12);
	assert_false(json_read_char(&reader, ']'));
	assert_true(json_read_char(&reader, ','));
	assert_int_equal(json_read_skip(&reader), 0);
	assert_true(json_read_end(&reader));
	assert_int_equal(json_read_skip(&reader), -EBADMSG);
	json_reader_init(&reader, SLICE("-1"));
	assert_int_equal(json_read_uint(&reader, &number), -EBADMSG);
	json_reader_init(&reader, SLICE("\"name\" 5"));
	assert_int_equal(json_read_name(&reader, name, sizeof(name)),
	    -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_comes_back),
		cmocka_unit_test(
		    unknown_names_are_skipped_missing_ones_are_default),
		cmocka_unit_test(an_enum_of_a_later_version_keeps_its_number),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(errors_name_the_line),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(the_size_of_a_value_is_limited),
		cmocka_unit_test(memory_is_limited),
		cmocka_unit_test(values_are_read_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

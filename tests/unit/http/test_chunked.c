/* The chunked coding, whole and cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/chunked.h"

struct decoded {
	enum chunked_result result;
	char body[64];
	size_t body_len;
	size_t used;
};

/* Feed the bytes in pieces of `step`. */
static struct decoded decode(const char *input, size_t len, size_t step)
{
	struct chunked chunked = { 0 };
	struct decoded d = { .result = CHUNKED_MORE };

	while (d.used < len && d.result == CHUNKED_MORE) {
		size_t n = len - d.used < step ? len - d.used : step;
		char *copy = malloc(n);
		struct slice in = { copy, n }, body;

		memcpy(copy, input + d.used, n);
		while ((d.result = chunked_next(&chunked, &in, &body)) ==
		    CHUNKED_DATA) {
			assert_true(body.len > 0);
			if (d.body_len + body.len <= sizeof(d.body))
				memcpy(d.body + d.body_len, body.data,
				    body.len);
			d.body_len += body.len;
		}
		d.used += n - in.len;
		assert_int_equal(d.result == CHUNKED_BAD,
		    chunked.reason != NULL);
		free(copy);
	}
	return d;
}

static struct decoded decode_all_ways(const char *input, size_t len)
{
	struct decoded whole = decode(input, len, len);

	for (size_t step = 1; step < 40; step++) {
		struct decoded d = decode(input, len, step);

		assert_int_equal(d.result, whole.result);
		assert_int_equal(d.used, whole.used);
		assert_int_equal(d.body_len, whole.body_len);
	}
	return whole;
}

static void good_bodies_are_decoded(void **state)
{
	static const struct { const char *in, *body; } table[] = {
		{ "0\r\n\r\n", "" },
		{ "5\r\nhello\r\n0\r\n\r\n", "hello" },
		{ "0005\r\nhello\r\n000\r\n\r\n", "hello" },
		{ "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n", "0123456789x" },
		{ "A\r\n0123456789\r\n0\r\n\r\n", "0123456789" },
		{ "5;a\r\nhello\r\n0;b=c\r\n\r\n", "hello" },
		{ "5;a=\"b;\\\"c\";d\r\nhello\r\n0\r\n\r\n", "hello" },
		{ "5 ; a = b ;\tc\r\nhello\r\n0\r\n\r\n", "hello" },
		{ "5\r\nhello\r\n0\r\nX: y\r\nZ:\r\n\r\n", "hello" },
		{ "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n", "hello" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char input[128];
		size_t len = strlen(table[i].in);
		struct decoded d;

		memcpy(input, table[i].in, len);
		memcpy(input + len, "NEXT", 4);
		d = decode_all_ways(input, len + 4);
		if (d.result != CHUNKED_DONE)
			fail_msg("%s: %d", table[i].in, (int)d.result);
		assert_int_equal(d.used, len);
		assert_true(slice_equal((struct slice){ d.body, d.body_len },
		    slice_cstr(table[i].body)));
	}
}

static void bad_framing_is_refused(void **state)
{
	static const char *const table[] = {
		"g\r\n", "\r\n", "-5\r\n", "+5\r\n", "0x5\r\n", "5.0\r\n",
		" 5\r\n", "5 \r\n", "5junk\r\n", "5\n", "5\rh", "5\r\r\n",
		"5\r\nhello0\r\n", "4\r\nhello\r\n", "5\r\nhello\n0",
		"5\r\nhelloXX", "5\r\nhello\r0", "10000000000000005\r\n",
		"8000000000000000\r\n", "100000000000000000005\r\n",
		"5;\r\n", "5;;a\r\n", "5;a;\r\n", "5;a\n", "5;a\rb\r\n",
		"5;a=\r\n", "5;a=\"b\r\n", "5;a=\"\\\r\n", "5;a=\"b\"c\r\n",
		"5;a =b c\r\n", "5;a \r\n", "5;a=b \r\n", "5;a\x01\r\n",
		"5;a=\"\x7f\"\r\n", "5,\r\n", "\xef\xbc\x95\r\n", "0\n",
		"0\r\n\n", "0\r\n\rX", "0\r\nnocolon\r\n", "0\r\nX : y\r\n",
		"0\r\n X: y\r\n",
		"0\r\n: y\r\n", "0\r\nX: y\n", "0\r\nX: \x01\r\n",
		"0\r\nX: y\r\n z\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (decode_all_ways(table[i], strlen(table[i])).result !=
		    CHUNKED_BAD)
			fail_msg("%s accepted", table[i]);
	}
	assert_int_equal(decode_all_ways("5\0\r\n", 4).result, CHUNKED_BAD);
}

static void unfinished_bodies_ask_for_more(void **state)
{
	static const char input[] = "5;a=\"b\"\r\nhello\r\n0\r\nX: y\r\n\r\n";

	(void)state;
	for (size_t len = 0; len < sizeof(input) - 1; len++)
		assert_int_equal(decode_all_ways(input, len).result,
		    CHUNKED_MORE);
}

static void the_largest_chunk_is_accepted(void **state)
{
	struct decoded d = decode_all_ways("7fffffffffffffff\r\nx", 19);

	(void)state;
	assert_int_equal(d.result, CHUNKED_MORE);
	assert_int_equal(d.body_len, 1);
}

/* `prefix`, as many 'a' as make `total` bytes, `suffix`. */
static enum chunked_result padded(const char *prefix, size_t total,
    const char *suffix)
{
	char *text = malloc(total + 16);
	enum chunked_result result;
	size_t len = strlen(prefix);

	memcpy(text, prefix, len);
	memset(text + len, 'a', total - len);
	memcpy(text + total, suffix, strlen(suffix));
	result = decode(text, total + strlen(suffix), 4096).result;
	free(text);
	return result;
}

static void size_lines_and_trailers_have_limits(void **state)
{
	(void)state;
	assert_int_equal(padded("0;", CHUNKED_LINE_BYTES_MAX, "\r\n\r\n"),
	    CHUNKED_DONE);
	assert_int_equal(padded("0;", CHUNKED_LINE_BYTES_MAX + 1, "\r\n\r\n"),
	    CHUNKED_BAD);
	/* The trailers of this begin at byte 3 and end with a CRLF. */
	assert_int_equal(padded("0\r\nX:", 3 + CHUNKED_TRAILER_BYTES_MAX - 2,
	    "\r\n\r\n"), CHUNKED_DONE);
	assert_int_equal(padded("0\r\nX:", 3 + CHUNKED_TRAILER_BYTES_MAX - 1,
	    "\r\n\r\n"), CHUNKED_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_bodies_are_decoded),
		cmocka_unit_test(bad_framing_is_refused),
		cmocka_unit_test(unfinished_bodies_ask_for_more),
		cmocka_unit_test(the_largest_chunk_is_accepted),
		cmocka_unit_test(size_lines_and_trailers_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

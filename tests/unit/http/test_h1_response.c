/*
 * Heads of responses: what is understood, what is refused, how long the
 * content is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/h1_response.h"

static struct http_header headers[8];

static enum h1_response_result parse(const char *text,
    struct h1_response *response, size_t *consumed)
{
	*response = (struct h1_response){ .headers = headers,
	    .header_capacity = 8 };
	return h1_response_parse(slice_cstr(text), response, consumed);
}

static void a_usual_head_is_understood(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nServer: x\r\n"
	    "Content-Length:  12 \r\nConnection: keep-alive\r\n\r\nhello";
	struct h1_response response;
	size_t consumed;

	(void)state;
	assert_int_equal(parse(text, &response, &consumed), H1_RESPONSE_DONE);
	assert_int_equal(consumed, sizeof(text) - 1 - 5);
	assert_int_equal(response.status, 200);
	assert_int_equal(response.version_minor, 1);
	assert_true(slice_equal(response.reason, SLICE("OK")));
	assert_int_equal(response.header_count, 3);
	assert_true(slice_equal(headers[1].value, SLICE("12")));
	assert_int_equal(response.content_length, 12);
	assert_int_equal(h1_response_framing(&response, HTTP_METHOD_GET),
	    H1_RESPONSE_LENGTH);
	assert_true(h1_response_keeps(&response, H1_RESPONSE_LENGTH));
}

static void every_beginning_asks_for_more(void **state)
{
	static const char text[] = "HTTP/1.0 404 Not Found\r\n"
	    "Content-Length: 3\nX-Y: \xc3\xa4\r\n\r\n";
	struct h1_response response = { .headers = NULL };
	size_t consumed;

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(h1_response_parse((struct slice){ text, len },
		    &response, &consumed), H1_RESPONSE_MORE);
	assert_int_equal(h1_response_parse(SLICE(text), &response, &consumed),
	    H1_RESPONSE_DONE);
	assert_int_equal(consumed, sizeof(text) - 1);
	assert_int_equal(response.header_count, 2);
	assert_false(h1_response_keeps(&response, H1_RESPONSE_LENGTH));
}

static void what_is_not_http_is_refused(void **state)
{
	static const char *const texts[] = {
		"\x15\x03\x01\x00\x02\x02\x28",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.x 200 OK\r\n\r\n",
		"HTTP/1.1  200 OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n\r\n",
		"HTTP/1.1 099 No\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 200 O\x01K\r\n\r\n",
		"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
	};
	struct h1_response response;
	size_t consumed;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(parse(texts[i], &response, &consumed),
		    H1_RESPONSE_BAD);
		assert_non_null(response.why);
	}
}

static void an_unclear_length_is_refused(void **state)
{
	static const char *const lines[] = {
		"Content-Length: 3\r\nContent-Length: 3\r\n",
		"Content-Length: 3, 3\r\n",
		"Content-Length: +3\r\n",
		"Content-Length: 99999999999999999999\r\n",
		"Content-Length:\r\n",
		"Transfer-Encoding: gzip\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
	};
	struct h1_response response;
	char text[256];
	size_t consumed;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		(void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%s\r\n",
		    lines[i]);
		assert_int_equal(parse(text, &response, &consumed),
		    H1_RESPONSE_BAD);
	}
}

/* RFC 9112 §6.3 */
static void the_framing_follows_from_all_of_it(void **state)
{
	static const struct {
		const char *text;
		enum http_method method;
		enum h1_response_framing framing;
		bool keeps;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		  HTTP_METHOD_HEAD, H1_RESPONSE_NO_BODY, true },
		{ "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n",
		  HTTP_METHOD_GET, H1_RESPONSE_NO_BODY, true },
		{ "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n",
		  HTTP_METHOD_GET, H1_RESPONSE_NO_BODY, true },
		{ "HTTP/1.1 100 Continue\r\n\r\n",
		  HTTP_METHOD_POST, H1_RESPONSE_NO_BODY, true },
		{ "HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n",
		  HTTP_METHOD_GET, H1_RESPONSE_CHUNKED, true },
		{ "HTTP/1.1 200 OK\r\n\r\n",
		  HTTP_METHOD_GET, H1_RESPONSE_UNTIL_CLOSE, false },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
		  "Connection: foo, Close\r\n\r\n",
		  HTTP_METHOD_GET, H1_RESPONSE_LENGTH, false },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n"
		  "Connection: Keep-Alive\r\n\r\n",
		  HTTP_METHOD_GET, H1_RESPONSE_LENGTH, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct h1_response response;
		size_t consumed;

		assert_int_equal(parse(cases[i].text, &response, &consumed),
		    H1_RESPONSE_DONE);
		assert_int_equal(h1_response_framing(&response,
		    cases[i].method), cases[i].framing);
		assert_int_equal(h1_response_keeps(&response,
		    cases[i].framing), cases[i].keeps);
	}
}

static void limits_hold(void **state)
{
	struct h1_response response = { .headers = headers,
	    .header_capacity = 8 };
	size_t consumed, len = 0, size = 2 * H1_RESPONSE_BYTES_MAX;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	len += (size_t)snprintf(text, size, "HTTP/1.1 200 OK\r\n");
	for (unsigned i = 0; i < H1_RESPONSE_HEADERS_MAX; i++)
		len += (size_t)snprintf(text + len, size - len, "A: b\r\n");
	(void)snprintf(text + len, size - len, "\r\n");
	assert_int_equal(h1_response_parse((struct slice){ text, len + 2 },
	    &response, &consumed), H1_RESPONSE_DONE);
	assert_int_equal(response.header_count, H1_RESPONSE_HEADERS_MAX);
	(void)snprintf(text + len, size - len, "A: b\r\n\r\n");
	assert_int_equal(h1_response_parse((struct slice){ text, len + 8 },
	    &response, &consumed), H1_RESPONSE_BAD);

	memset(text + 17, 'a', size - 17);
	assert_int_equal(h1_response_parse((struct slice){ text,
	    H1_RESPONSE_BYTES_MAX - 1 }, &response, &consumed),
	    H1_RESPONSE_MORE);
	assert_int_equal(h1_response_parse((struct slice){ text,
	    H1_RESPONSE_BYTES_MAX }, &response, &consumed), H1_RESPONSE_BAD);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_usual_head_is_understood),
		cmocka_unit_test(every_beginning_asks_for_more),
		cmocka_unit_test(what_is_not_http_is_refused),
		cmocka_unit_test(an_unclear_length_is_refused),
		cmocka_unit_test(the_framing_follows_from_all_of_it),
		cmocka_unit_test(limits_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

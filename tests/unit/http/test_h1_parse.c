/*
 * The parser of request heads: what it accepts, what it refuses and why, and
 * that no split of the bytes makes a difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "h1_dump.h"

#define HEADERS_MAX 64
#define H "Host: a\r\n"
#define GET "GET / HTTP/1.1\r\n"

struct parse {
	struct h1_parser parser;
	struct http_header headers[HEADERS_MAX];
	struct h1_head head;
	size_t consumed;
	enum h1_result result;
};

struct expected {
	const char *input;
	enum h1_result result;
};

static const struct h1_options defaults = {
	.line_bytes_max = 8 << 10,
	.head_bytes_max = 32 << 10,
	.header_count_max = HEADERS_MAX,
};

static void parse_begin(struct parse *p, const struct h1_options *options)
{
	memset(p, 0, sizeof(*p));
	h1_parser_init(&p->parser, options);
	p->head.headers = p->headers;
	p->head.header_capacity = HEADERS_MAX;
}

static void parse_feed(struct parse *p, const char *data, size_t len)
{
	p->result = h1_parse_head(&p->parser, data, len, &p->head,
	    &p->consumed);
}

static void parse(struct parse *p, const struct h1_options *options,
    const char *input)
{
	parse_begin(p, options);
	parse_feed(p, input, strlen(input));
}

static void parse_ok(struct parse *p, const char *input)
{
	parse(p, &defaults, input);
	if (p->result != H1_DONE)
		fail_msg("%s: %d %s", input, (int)p->result, p->head.reason);
}

static void dump(const struct parse *p, char *out, size_t size,
    const char *data)
{
	(void)h1_dump(out, size, p->result, &p->head, data,
	    p->consumed);
}

/* Feed copies of exactly `cuts` lengths; whoever reads beyond one is caught. */
static void parse_cut(const char *input, size_t len, size_t first, size_t step,
    const char *whole)
{
	struct parse p;
	char text[4096], *old = NULL;

	parse_begin(&p, &defaults);
	for (size_t n = first;; n += step) {
		char *copy;

		n = n < len ? n : len;
		copy = malloc(n ? n : 1);
		memcpy(copy, input, n);
		parse_feed(&p, copy, n);
		free(old);
		old = copy;
		if (p.result != H1_MORE || n == len)
			break;
	}
	dump(&p, text, sizeof(text), old);
	if (strcmp(text, whole) != 0)
		fail_msg("%s\ncut at %zu+%zu: %s\nwhole: %s", input, first,
		    step, text, whole);
	free(old);
}

static void check_splits(const char *input)
{
	struct parse p;
	char whole[4096];
	size_t len = strlen(input);

	parse(&p, &defaults, input);
	dump(&p, whole, sizeof(whole), input);
	for (size_t cut = 0; cut <= len; cut++)
		parse_cut(input, len, cut, len, whole);
	for (size_t step = 1; step < 20; step++)
		parse_cut(input, len, step, step, whole);
}

static const struct expected cases[] = {
	/* request line */
	{ GET H "\r\n", H1_DONE },
	{ "GET / HTTP/1.1\nHost: a\n\n", H1_DONE },
	{ "GET / HTTP/1.1\r\nHost: a\n\r\n", H1_DONE },
	{ "\r\n\r\n" GET H "\r\n", H1_DONE },
	{ "\n" GET H "\r\n", H1_DONE },
	{ "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" GET H "\r\n", H1_DONE },
	{ "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" GET H "\r\n", H1_BAD_REQUEST },
	{ "\r" GET H "\r\n", H1_BAD_REQUEST },
	{ "GET  / HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET /  HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET\t/ HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET /\tHTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET /\rHTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ " / HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/1.1 \r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/1.1\r" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/1.1\n\rHost: a\n\r\n\r", H1_BAD_REQUEST },
	{ "GET /\r\n", H1_BAD_REQUEST },
	{ "GET\r\n", H1_BAD_REQUEST },
	{ "\x16\x03\x01", H1_BAD_REQUEST },
	{ "(GET) / HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "G@T / HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "get / HTTP/1.1\r\n" H "\r\n", H1_DONE },
	{ "M-SEARCH / HTTP/1.1\r\n" H "\r\n", H1_DONE },
	/* version */
	{ "GET / HTTP/1.0\r\n\r\n", H1_DONE },
	{ "GET / HTTP/1.9\r\n" H "\r\n", H1_DONE },
	{ "GET / HTTP/1.10\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/01.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/1.\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/-1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/1.A\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / http/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / RTSP/1.0\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/0.9\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/2.0\r\n" H "\r\n", H1_VERSION },
	{ "GET / HTTP/9.9\r\n" H "\r\n", H1_VERSION },
	/* target */
	{ "GET foo HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET * HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", H1_DONE },
	{ "OPTIONS ** HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET a:80 HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET http://a HTTP/1.1\r\n" H "\r\n", H1_DONE },
	{ "GET HTTPS://a/ HTTP/1.1\r\n" H "\r\n", H1_DONE },
	{ "GET http://a:80?x HTTP/1.1\r\n" H "\r\n", H1_DONE },
	{ "GET http:///x HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET http:// HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET http://u@a/ HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET http://a:65536/ HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET ftp://a/ HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET http://a/ HTTP/1.1\r\n\r\n", H1_BAD_REQUEST },
	{ "CONNECT a:80 HTTP/1.1\r\n" H "\r\n", H1_DONE },
	{ "CONNECT a HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "CONNECT a: HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "CONNECT / HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET /\x01 HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET /\x7f HTTP/1.1\r\n" H "\r\n", H1_BAD_REQUEST },
	{ "GET /caf\xc3\xa9\"<>\\^`{|} HTTP/1.1\r\n" H "\r\n", H1_DONE },
	/* header lines */
	{ GET H "X: y", H1_MORE },
	{ GET H "X: y\r\n\r", H1_MORE },
	{ GET H "\rX: y\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "X : y\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "X\t: y\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "X: a\r\n b\r\n\r\n", H1_BAD_REQUEST },
	{ GET " X: a\r\n" H "\r\n", H1_BAD_REQUEST },
	{ GET H "nocolon\r\n\r\n", H1_BAD_REQUEST },
	{ GET H ": v\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "X(Y: z\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "X\x80: z\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "X:\r\n\r\n", H1_DONE },
	{ GET H "X:\t \r\n\r\n", H1_DONE },
	{ GET H "X: a\tb \xe9\xff\r\n\r\n", H1_DONE },
	{ GET H "X: a\rb\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "X: a\r\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "X: a\x01\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "X: 0123456789abcdef\x7f\r\n\r\n", H1_BAD_REQUEST },
	/* Host */
	{ GET "\r\n", H1_BAD_REQUEST },
	{ GET H H "\r\n", H1_BAD_REQUEST },
	{ "GET / HTTP/1.0\r\n" H "host: b\r\n\r\n", H1_BAD_REQUEST },
	{ GET "Host: a b\r\n\r\n", H1_BAD_REQUEST },
	{ GET "Host:\r\n\r\n", H1_BAD_REQUEST },
	/* framing */
	{ GET H "Content-Length: 0005\r\n\r\n", H1_DONE },
	{ GET H "Content-Length: 9223372036854775807\r\n\r\n", H1_DONE },
	{ GET H "Content-Length: 9223372036854775808\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "Content-Length: 18446744073709551616\r\n\r\n",
	    H1_BAD_REQUEST },
	{ GET H "Content-Length:\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "Content-Length: +5\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "Content-Length: -0\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "Content-Length: 5, 5\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "Content-Length: 5 5\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "Content-Length: 5\r\ncontent-length: 5\r\n\r\n",
	    H1_BAD_REQUEST },
	{ GET H "Transfer-Encoding: ChUnKeD\r\n\r\n", H1_DONE },
	{ GET H "Transfer-Encoding:\t chunked \t\r\n\r\n", H1_DONE },
	{ GET H "Transfer-Encoding: gzip, chunked\r\n\r\n",
	    H1_NOT_IMPLEMENTED },
	{ GET H "Transfer-Encoding: identity\r\n\r\n", H1_NOT_IMPLEMENTED },
	{ GET H "Transfer-Encoding: chunked, chunked\r\n\r\n",
	    H1_NOT_IMPLEMENTED },
	{ GET H "Transfer-Encoding:\r\n\r\n", H1_NOT_IMPLEMENTED },
	{ GET H "Transfer-Encoding: \xff" "chunked\r\n\r\n",
	    H1_NOT_IMPLEMENTED },
	{ GET H "Transfer-Encoding: a\r\nTransfer-Encoding: b\r\n\r\n",
	    H1_BAD_REQUEST },
	{ GET H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	    H1_BAD_REQUEST },
	{ GET H "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n",
	    H1_BAD_REQUEST },
	{ GET H "X: a\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
	    H1_BAD_REQUEST },
	{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
	    H1_BAD_REQUEST },
	/* headers that may come once */
	{ GET H "Expect: a\r\nExpect: b\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "If-Range: a\r\nIf-Range: b\r\n\r\n", H1_BAD_REQUEST },
	{ GET H "If-None-Match: foo\r\nIf-None-Match: bar\r\n\r\n",
	    H1_BAD_REQUEST },
	{ GET H "If-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\n\r\n",
	    H1_DONE },
	{ GET H "Cookie: a\r\nCookie: b\r\n\r\n", H1_DONE },
};

static void each_case_ends_as_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parse p;

		parse(&p, &defaults, cases[i].input);
		if (p.result != cases[i].result)
			fail_msg("%s: %d, not %d (%s)", cases[i].input,
			    (int)p.result, (int)cases[i].result,
			    p.head.reason);
		assert_int_equal(p.result >= H1_BAD_REQUEST,
		    p.head.reason != NULL);
	}
}

static void no_split_makes_a_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_splits(cases[i].input);
	check_splits("POST http://Ex.org:81/a?b HTTP/1.1\r\nHost: b\r\n"
	    "User-Agent: a rather long value, longer than two vectors are\r\n"
	    "content-length: 12\r\nCONNECTION: upgrade, close\r\n"
	    "x_dropped: 1\r\nExpect: 100-continue\r\n\r\nGET / HT");
}

static void a_head_is_taken_apart(void **state)
{
	static const char input[] = "\r\nPUT /a/b?c=d HTTP/1.1\r\n"
	    "Host: Example.org.:8080\r\nContent-Length: 42\r\n"
	    "Connection: foo ,\tKeep-Alive, Upgrade\r\nX-Y:  z  \r\n"
	    "Expect: 100-Continue\r\n\r\nbody";
	struct parse p;
	const struct h1_head *h = &p.head;
	char lower[16];

	(void)state;
	parse_ok(&p, input);
	assert_int_equal(p.consumed, sizeof(input) - 1 - 4);
	assert_ptr_equal(h->raw.data, input + 2);
	assert_int_equal(h->raw.len, p.consumed - 2);
	assert_int_equal(h->method, HTTP_METHOD_PUT);
	assert_true(slice_equal(h->path, SLICE("/a/b?c=d")));
	assert_int_equal(h->form, H1_TARGET_ORIGIN);
	assert_int_equal(h->version_minor, 1);
	assert_true(slice_equal(http_host_lower(&h->host, lower),
	    SLICE("example.org")));
	assert_int_equal(h->host.port, 8080);
	assert_true(h->has_content_length);
	assert_int_equal(h->content_length, 42);
	assert_true(h->connection_keep_alive && h->connection_upgrade);
	assert_true(h->keep_alive);
	assert_int_equal(h->expect, H1_EXPECT_CONTINUE);
	assert_int_equal(h->header_count, 5);
	assert_true(slice_equal(h->headers[3].name, SLICE("X-Y")));
	assert_true(slice_equal(h->headers[3].value, SLICE("z")));
	assert_int_equal(h->headers[3].id, HTTP_HEADER_OTHER);
	assert_true(h->present & HTTP_HEADER_BIT(HTTP_HEADER_EXPECT));
}

static void the_host_of_the_target_wins(void **state)
{
	struct parse p;

	(void)state;
	parse_ok(&p, "GET http://a:1?x=http://b HTTP/1.1\r\nHost: c\r\n\r\n");
	assert_true(slice_equal(p.head.host.name, SLICE("a")));
	assert_int_equal(p.head.host.port, 1);
	assert_true(slice_equal(p.head.scheme, SLICE("http")));
	assert_true(slice_equal(p.head.path, SLICE("?x=http://b")));
	parse_ok(&p, "GET / HTTP/1.0\r\n\r\n");
	assert_false(p.head.has_host);
}

static void connections_persist_as_the_rfc_says(void **state)
{
	static const struct { const char *input; bool keep; } table[] = {
		{ GET H "\r\n", true },
		{ GET H "Connection: close\r\n\r\n", false },
		{ GET H "Connection: foo,CLOSE\r\n\r\n", false },
		{ GET H "Connection: closed\r\n\r\n", true },
		{ GET H "Connection: keep-alive\r\nConnection: close\r\n\r\n",
		    false },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct parse p;

		parse_ok(&p, table[i].input);
		assert_int_equal(p.head.keep_alive, table[i].keep);
	}
}

static void expectations_are_told_apart(void **state)
{
	struct parse p;

	(void)state;
	parse_ok(&p, GET H "Expect: 200-ok\r\n\r\n");
	assert_int_equal(p.head.expect, H1_EXPECT_UNKNOWN);
	parse_ok(&p, "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(p.head.expect, H1_EXPECT_NONE);
}

static void odd_names_are_dropped_or_kept(void **state)
{
	static const char input[] = GET H "x_y: 1\r\nx.y: 2\r\nx-y: 3\r\n\r\n";
	struct h1_options options = defaults;
	struct parse p;

	(void)state;
	parse(&p, &options, input);
	assert_int_equal(p.head.header_count, 2);
	options.underscores = true;
	parse(&p, &options, input);
	assert_int_equal(p.head.header_count, 3);
	options.keep_invalid_headers = true;
	parse(&p, &options, input);
	assert_int_equal(p.head.header_count, 4);
}

static void lines_have_a_limit(void **state)
{
	struct h1_options options = defaults;
	struct parse p;

	(void)state;
	options.line_bytes_max = 16;		/* GET / HTTP/1.1 CRLF */
	parse(&p, &options, GET H "X: 90123456789\n\n");
	assert_int_equal(p.result, H1_DONE);
	parse(&p, &options, GET H "X: 901234567890\n\n");
	assert_int_equal(p.result, H1_DONE);
	parse(&p, &options, GET H "X: 9012345678901\n\n");
	assert_int_equal(p.result, H1_HEADERS_TOO_LARGE);
	parse(&p, &options, GET H "X: 9012345678901");
	assert_int_equal(p.result, H1_HEADERS_TOO_LARGE);
	parse(&p, &options, "GET /1 HTTP/1.1\r\n");
	assert_int_equal(p.result, H1_URI_TOO_LONG);
	parse(&p, &options, "GET /1 HTTP/1.1\n");
	assert_int_equal(p.result, H1_MORE);
	parse(&p, &options, "GETGETGETGETGETGET");
	assert_int_equal(p.result, H1_URI_TOO_LONG);
}

static void the_head_has_a_limit(void **state)
{
	static const char input[] = GET H "X: y\r\n\r\n";
	struct h1_options options = defaults;
	struct parse p;

	(void)state;
	options.head_bytes_max = sizeof(input) - 1;
	parse(&p, &options, input);
	assert_int_equal(p.result, H1_DONE);
	options.head_bytes_max--;
	parse(&p, &options, input);
	assert_int_equal(p.result, H1_HEADERS_TOO_LARGE);
}

static void headers_are_counted(void **state)
{
	struct h1_options options = defaults;
	struct parse p;

	(void)state;
	options.header_count_max = 2;
	parse(&p, &options, GET H "a_b: dropped\r\nA: b\r\n\r\n");
	assert_int_equal(p.result, H1_DONE);
	parse(&p, &options, GET H "A: b\r\nC: d\r\n\r\n");
	assert_int_equal(p.result, H1_TOO_MANY_HEADERS);
}

static void a_full_array_can_be_exchanged(void **state)
{
	static const char input[] = GET H "A: b\r\nC: d\r\n\r\n";
	struct http_header larger[3];
	struct parse p;

	(void)state;
	parse_begin(&p, &defaults);
	p.head.header_capacity = 1;
	parse_feed(&p, input, sizeof(input) - 1);
	assert_int_equal(p.result, H1_MORE_HEADERS);
	memcpy(larger, p.headers, sizeof(larger[0]));
	p.head.headers = larger;
	p.head.header_capacity = 3;
	parse_feed(&p, input, sizeof(input) - 1);
	assert_int_equal(p.result, H1_DONE);
	assert_int_equal(p.head.header_count, 3);
	assert_true(slice_equal(larger[2].value, SLICE("d")));
}

static void nul_bytes_are_refused_everywhere(void **state)
{
	static const char input[] = "GET /a HTTP/1.1\r\n" H "X: y\r\n\r\n";

	(void)state;
	for (size_t i = 0; i < sizeof(input) - 1; i++) {
		char copy[sizeof(input)];
		struct parse p;

		memcpy(copy, input, sizeof(input));
		copy[i] = '\0';
		parse_begin(&p, &defaults);
		parse_feed(&p, copy, sizeof(input) - 1);
		assert_int_equal(p.result, H1_BAD_REQUEST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_ends_as_expected),
		cmocka_unit_test(no_split_makes_a_difference),
		cmocka_unit_test(a_head_is_taken_apart),
		cmocka_unit_test(the_host_of_the_target_wins),
		cmocka_unit_test(connections_persist_as_the_rfc_says),
		cmocka_unit_test(expectations_are_told_apart),
		cmocka_unit_test(odd_names_are_dropped_or_kept),
		cmocka_unit_test(lines_have_a_limit),
		cmocka_unit_test(the_head_has_a_limit),
		cmocka_unit_test(headers_are_counted),
		cmocka_unit_test(a_full_array_can_be_exchanged),
		cmocka_unit_test(nul_bytes_are_refused_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

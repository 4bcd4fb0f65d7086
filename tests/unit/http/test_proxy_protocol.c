/* The PROXY protocol: whom a header names, and what is no header. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/proxy_protocol.h"

#define PAD20 "aaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text;
	enum proxy_protocol_result result;
	const char *source, *destination; /* NULL: unknown */
} lines[] = {
	{ "PROXY TCP4 192.0.2.1 192.0.2.2 123 5678\r\n", PROXY_PROTOCOL_DONE,
	    "192.0.2.1:123", "192.0.2.2:5678" },
	{ "PROXY TCP4 192.0.2.1 192.0.2.2 0 65535\r\nGET", PROXY_PROTOCOL_DONE,
	    "192.0.2.1:0", "192.0.2.2:65535" },
	{ "PROXY TCP6 2001:DB8::1 ::2 123 5678\r\n", PROXY_PROTOCOL_DONE,
	    "2001:db8::1:123", "::2:5678" },
	{ "PROXY UNKNOWN\r\n", PROXY_PROTOCOL_DONE, NULL, NULL },
	{ "PROXY UNKNOWN 1 2 3 4 5 6\r\n", PROXY_PROTOCOL_DONE, NULL, NULL },
	{ "", PROXY_PROTOCOL_MORE, NULL, NULL },
	{ "P", PROXY_PROTOCOL_MORE, NULL, NULL },
	{ "PROXY TCP4 192.0.2.1 192.0.2.2 123 5678\r", PROXY_PROTOCOL_MORE,
	    NULL, NULL },
	{ "PROXY TCP4 192.0.2.1 192.0.2.2 123 5678\n", PROXY_PROTOCOL_BROKEN,
	    NULL, NULL },
	{ "PROXY TCP4 192.0.2.1 192.0.2.2 123 5678 \r\n",
	    PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "PROXY TCP4 192.0.2.1 192.0.2.2 123 5678 9\r\n",
	    PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "PROXY TCP4 192.0.2.1 192.0.2.2 123 65536\r\n",
	    PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "PROXY TCP4 192.0.2.1 192.0.2.2 123\r\n", PROXY_PROTOCOL_BROKEN,
	    NULL, NULL },
	{ "PROXY TCP4 192.0.2.1  192.0.2.2 123 5678\r\n",
	    PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "PROXY TCP4 2001:db8::1 ::2 123 5678\r\n", PROXY_PROTOCOL_BROKEN,
	    NULL, NULL },
	{ "PROXY TCP6 192.0.2.1 192.0.2.2 123 5678\r\n",
	    PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "PROXY TCP5 192.0.2.1 192.0.2.2 123 5678\r\n",
	    PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "PROXY UNKNOWNS\r\n", PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "PROXY \r\n", PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "proxy UNKNOWN\r\n", PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "GET / HTTP/1.1\r\n", PROXY_PROTOCOL_BROKEN, NULL, NULL },
	{ "\r\n\r\n", PROXY_PROTOCOL_MORE, NULL, NULL },
	{ "\r\n\r\nG", PROXY_PROTOCOL_BROKEN, NULL, NULL },
	/* A line of 107 bytes, and of one more. */
	{ "PROXY UNKNOWN " PAD20 PAD20 PAD20 PAD20 "aaaaaaaaaaa\r\n",
	    PROXY_PROTOCOL_DONE, NULL, NULL },
	{ "PROXY UNKNOWN " PAD20 PAD20 PAD20 PAD20 "aaaaaaaaaaaa\r\n",
	    PROXY_PROTOCOL_BROKEN, NULL, NULL },
};

static void names(const union http_address *address, const char *expected)
{
	char text[HTTP_ADDRESS_TEXT + 8];
	size_t len;

	if (!expected) {
		assert_int_equal(address->any.sa_family, AF_UNSPEC);
		return;
	}
	len = http_address_text(address, text);
	(void)snprintf(text + len, sizeof(text) - len, ":%u",
	    http_address_port(address));
	assert_string_equal(text, expected);
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct slice text = slice_cstr(lines[i].text);
		struct proxy_protocol header;
		enum proxy_protocol_result result;
		size_t size;

		result = proxy_protocol_parse(text, &header, &size);
		if (result != lines[i].result)
			fail_msg("%d for \"%s\"", result, lines[i].text);
		if (result == PROXY_PROTOCOL_MORE)
			assert_true(size > text.len);
		if (result != PROXY_PROTOCOL_DONE)
			continue;
		assert_int_equal(size, (size_t)(strchr(lines[i].text, '\n') +
		    1 - lines[i].text));
		names(&header.source, lines[i].source);
		names(&header.destination, lines[i].destination);
		assert_int_equal(header.tlvs.len, 0);
	}
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IPV4 "\xc0\0\2\1\xc0\0\2\2\0\x7b\x16\x2e"

static enum proxy_protocol_result parse(struct slice bytes,
    struct proxy_protocol *header)
{
	size_t size;
	enum proxy_protocol_result result;

	/* Each shorter one asks for more, and never for too much. */
	for (size_t len = 0; len < bytes.len; len++) {
		result = proxy_protocol_parse(slice_first(bytes, len), header,
		    &size);
		if (result != PROXY_PROTOCOL_MORE)
			return result;
		assert_in_range(size, len + 1, bytes.len);
	}
	result = proxy_protocol_parse(bytes, header, &size);
	if (result == PROXY_PROTOCOL_DONE)
		assert_int_equal(size, bytes.len);
	return result;
}

static void test_binary(void **state)
{
	struct proxy_protocol header;
	struct slice value;

	(void)state;
	assert_int_equal(parse(SLICE(SIGNATURE "\x21\x11\0\x13" IPV4
	    "\1\0\2h2\5\0"), &header), PROXY_PROTOCOL_DONE);
	names(&header.source, "192.0.2.1:123");
	names(&header.destination, "192.0.2.2:5678");
	assert_int_equal(proxy_protocol_tlv(header.tlvs, 1, &value), 1);
	assert_true(slice_equal(value, SLICE("h2")));
	/* The type behind it lacks a byte of its length. */
	assert_int_equal(proxy_protocol_tlv(header.tlvs, 5, &value), -EINVAL);

	assert_int_equal(parse(SLICE(SIGNATURE "\x21\x21\0\x24"
	    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\x7b\0\1"), &header),
	    PROXY_PROTOCOL_DONE);
	names(&header.source, "2001:db8::1:123");
	names(&header.destination, "::2:1");
	assert_int_equal(proxy_protocol_tlv(header.tlvs, 1, &value), 0);
}

static void test_binary_without_addresses(void **state)
{
	static const struct slice headers[] = {
		SLICE(SIGNATURE "\x20\0\0\0"),		/* LOCAL */
		SLICE(SIGNATURE "\x20\x11\0\x0c" IPV4),
		SLICE(SIGNATURE "\x21\0\0\0"),		/* UNSPEC */
		SLICE(SIGNATURE "\x21\x12\0\x0c" IPV4),	/* UDP */
		SLICE(SIGNATURE "\x21\x31\0\3abc"),	/* AF_UNIX */
		SLICE(SIGNATURE "\x2f\x11\0\x0c" IPV4),	/* no command */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct proxy_protocol header;

		assert_int_equal(parse(headers[i], &header),
		    PROXY_PROTOCOL_DONE);
		names(&header.source, NULL);
		assert_int_equal(header.tlvs.len, 0);
	}
}

static void test_bad_binary(void **state)
{
	struct proxy_protocol header;

	(void)state;
	assert_int_equal(parse(SLICE(SIGNATURE "\x11\x11\0\x0c" IPV4),
	    &header), PROXY_PROTOCOL_VERSION);
	assert_int_equal(parse(SLICE(SIGNATURE "\x21\x11\0\x0b"
	    "\xc0\0\2\1\xc0\0\2\2\0\x7b\x16"), &header),
	    PROXY_PROTOCOL_BROKEN);
	/* 4096 bytes with these 16, and one more */
	assert_int_equal(parse(SLICE(SIGNATURE "\x21\x11\x0f\xf1"), &header),
	    PROXY_PROTOCOL_TOO_LARGE);
	assert_int_equal(parse(SLICE(SIGNATURE "\x21\x11\xff\xff"), &header),
	    PROXY_PROTOCOL_TOO_LARGE);
}

static void test_the_largest_binary(void **state)
{
	char bytes[PROXY_PROTOCOL_SIZE_MAX] = SIGNATURE "\x21\x11\x0f\xf0" IPV4
	    "\xee\x0f\xe1";
	struct proxy_protocol header;
	struct slice value;

	(void)state;
	assert_int_equal(parse((struct slice){ bytes, sizeof(bytes) },
	    &header), PROXY_PROTOCOL_DONE);
	assert_int_equal(proxy_protocol_tlv(header.tlvs, 0xee, &value), 1);
	assert_int_equal(value.len, 0xfe1);
	assert_ptr_equal(value.data + value.len, bytes + sizeof(bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_binary_without_addresses),
		cmocka_unit_test(test_bad_binary),
		cmocka_unit_test(test_the_largest_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

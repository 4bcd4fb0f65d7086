#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dashboard/websocket.h"

/* What clients send, against RFC 6455: handshake, frames, closing. */

#define BYTES(...)                                                           \
	(const unsigned char[]){ __VA_ARGS__ },                              \
	    sizeof((const unsigned char[]){ __VA_ARGS__ })

static char data[WEBSOCKET_CLIENT_MAX + 1];
static struct websocket_parser parser;
static struct websocket_frame frame;

static int setup(void **state)
{
	(void)state;
	parser = (struct websocket_parser){ .in_message = false };
	return 0;
}

static unsigned parse(const unsigned char *bytes, size_t len)
{
	memcpy(data, bytes, len);
	return websocket_parse(&parser, data, len, &frame);
}

/* A frame whose mask is zero, with `len` bytes 'x', in `data`; its size. */
static size_t make(unsigned char first, size_t len)
{
	size_t head = 2;

	data[0] = (char)first;
	if (len < 126) {
		data[1] = (char)(0x80 | len);
	} else {
		data[1] = (char)(0x80 | 126);
		data[2] = (char)(len >> 8);
		data[3] = (char)len;
		head = 4;
	}
	memset(data + head, 0, 4);
	memset(data + head + 4, 'x', len);
	return head + 4 + len;
}

static unsigned parse_made(unsigned char first, size_t len)
{
	return websocket_parse(&parser, data, make(first, len), &frame);
}

/* ---- the handshake ---- */

static void the_example_of_the_rfc_is_accepted(void **state)
{
	char text[WEBSOCKET_ACCEPT_LEN];

	(void)state;
	assert_int_equal(0, websocket_accept(
	    SLICE("dGhlIHNhbXBsZSBub25jZQ=="), text));
	assert_memory_equal(text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
	    sizeof(text));
}

static void a_key_is_sixteen_bytes_of_base64(void **state)
{
	static const struct slice wrong[] = {
		SLICE(""), SLICE("AAAA"),
		SLICE("dGhlIHNhbXBsZSBub25jZQ="),	/* not padded */
		SLICE("dGhlIHNhbXBsZSBub25jZQAA"),	/* 18 bytes */
		SLICE("dGhlIHNhbXBsZSBub25jZTE="),	/* 17 bytes */
		SLICE("dGhlIHNhbXBsZSBub25j!Q=="),
		SLICE("dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ=="),
	};
	char text[WEBSOCKET_ACCEPT_LEN];

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(-EINVAL, websocket_accept(wrong[i], text));
}

/* ---- frames ---- */

static void a_masked_text_is_unmasked(void **state)
{
	static const unsigned char hello[] = { 0x81, 0x85, 0x37, 0xfa, 0x21,
		0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58 };

	(void)state;
	for (size_t len = 0; len < sizeof(hello); len++)
		assert_int_equal(WEBSOCKET_MORE, parse(hello, len));
	assert_int_equal(WEBSOCKET_FRAME, parse(hello, sizeof(hello)));
	assert_int_equal(frame.opcode, WEBSOCKET_TEXT);
	assert_int_equal(frame.size, sizeof(hello));
	assert_true(slice_equal(frame.payload, SLICE("Hello")));
}

static void what_follows_a_frame_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(WEBSOCKET_FRAME, parse(BYTES(0x89, 0x81, 1, 2, 3, 4,
	    'a' ^ 1, 0x8a, 0x80, 9, 9, 9, 9)));
	assert_int_equal(frame.opcode, WEBSOCKET_PING);
	assert_int_equal(frame.size, 7);
	assert_true(slice_equal(frame.payload, SLICE("a")));
	assert_int_equal((unsigned char)data[7], 0x8a);
	assert_int_equal(data[9], 9);
}

static void what_breaks_the_rules_is_told_at_once(void **state)
{
	(void)state;
	/* Reserved bits, with nothing more. */
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR, parse(BYTES(0xc1)));
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR, parse(BYTES(0xa1)));
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR, parse(BYTES(0x91)));
	/* Without a mask. */
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR, parse(BYTES(0x81, 0x05)));
	/* Opcodes that nobody knows. */
	for (unsigned char opcode = 0; opcode < 16; opcode++) {
		bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);

		parser.in_message = opcode == WEBSOCKET_CONTINUATION;
		assert_int_equal(parse_made(0x80 | opcode, 0),
		    known ? WEBSOCKET_FRAME : WEBSOCKET_PROTOCOL_ERROR);
	}
}

static void a_length_has_its_shortest_form(void **state)
{
	(void)state;
	assert_int_equal(WEBSOCKET_MORE, parse(BYTES(0x82, 0xfe, 0, 126)));
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR,
	    parse(BYTES(0x82, 0xfe, 0, 125)));
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR,
	    parse(BYTES(0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff)));
	assert_int_equal(WEBSOCKET_TOO_BIG,
	    parse(BYTES(0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0)));
	assert_int_equal(WEBSOCKET_TOO_BIG,
	    parse(BYTES(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff)));
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR,
	    parse(BYTES(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0)));
}

static void a_message_has_a_limit(void **state)
{
	(void)state;
	assert_int_equal(WEBSOCKET_FRAME,
	    parse_made(0x82, WEBSOCKET_MESSAGE_MAX));
	assert_int_equal(frame.payload.len, WEBSOCKET_MESSAGE_MAX);
	assert_true(frame.size <= WEBSOCKET_CLIENT_MAX);
	/* One more, known from its head alone. */
	(void)make(0x82, WEBSOCKET_MESSAGE_MAX + 1 - 4);
	data[2] = (char)((WEBSOCKET_MESSAGE_MAX + 1) >> 8);
	data[3] = (char)(WEBSOCKET_MESSAGE_MAX + 1);
	assert_int_equal(WEBSOCKET_TOO_BIG,
	    websocket_parse(&parser, data, 4, &frame));
}

static void the_parts_of_a_message_add_up(void **state)
{
	(void)state;
	assert_int_equal(WEBSOCKET_FRAME, parse_made(0x01, 1000));
	assert_int_equal(WEBSOCKET_FRAME, parse_made(0x89, 125));
	assert_int_equal(WEBSOCKET_FRAME, parse_made(0x00, 20));
	assert_int_equal(WEBSOCKET_TOO_BIG, parse_made(0x80, 5));
	assert_int_equal(WEBSOCKET_FRAME, parse_made(0x80, 4));
	/* The next one begins from nothing. */
	assert_int_equal(WEBSOCKET_FRAME, parse_made(0x81, 1024));
}

static void parts_come_in_order(void **state)
{
	(void)state;
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR, parse_made(0x80, 1));
	assert_int_equal(WEBSOCKET_FRAME, parse_made(0x01, 1));
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR, parse_made(0x81, 1));
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR, parse_made(0x02, 1));
	assert_int_equal(WEBSOCKET_FRAME, parse_made(0x80, 1));
	assert_int_equal(WEBSOCKET_PROTOCOL_ERROR, parse_made(0x00, 1));
}

static void control_frames_are_short_and_whole(void **state)
{
	static const unsigned char controls[] = { WEBSOCKET_CLOSE,
		WEBSOCKET_PING, WEBSOCKET_PONG };

	(void)state;
	for (unsigned i = 0; i < sizeof(controls); i++) {
		assert_int_equal(WEBSOCKET_FRAME,
		    parse_made(0x80 | controls[i], 125));
		assert_int_equal(WEBSOCKET_PROTOCOL_ERROR,
		    parse_made(0x80 | controls[i], 126));
		assert_int_equal(WEBSOCKET_PROTOCOL_ERROR,
		    parse_made(controls[i], 1));
	}
}

/* ---- closing ---- */

static unsigned answer(unsigned code, struct slice reason)
{
	char payload[WEBSOCKET_CONTROL_MAX] = { (char)(code >> 8),
		(char)code };

	memcpy(payload + 2, reason.data, reason.len);
	return websocket_close_answer((struct slice){ payload,
	    2 + reason.len });
}

static void closing_is_answered_with_its_own_code(void **state)
{
	static const unsigned good[] = { 1000, 1001, 1003, 1007, 1014, 3000,
		4999 };
	static const unsigned bad[] = { 0, 999, 1004, 1005, 1006, 1015, 2999,
		5000, 65535 };

	(void)state;
	assert_int_equal(1000, websocket_close_answer(SLICE("")));
	assert_int_equal(1002, websocket_close_answer(SLICE("\x03")));
	for (unsigned i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(good[i], answer(good[i], SLICE("bye \u00e4")));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(1002, answer(bad[i], SLICE("")));
	assert_int_equal(1007, answer(1000, SLICE("bye \xe4")));
}

/* ---- frames of ours ---- */

static void our_heads_are_short_and_unmasked(void **state)
{
	char out[WEBSOCKET_SERVER_HEAD];

	(void)state;
	assert_int_equal(2, websocket_write_head(out, WEBSOCKET_TEXT, 125));
	assert_memory_equal(out, "\x81\x7d", 2);
	assert_int_equal(4, websocket_write_head(out, WEBSOCKET_TEXT, 126));
	assert_memory_equal(out, "\x81\x7e\x00\x7e", 4);
	assert_int_equal(4, websocket_write_head(out, WEBSOCKET_CLOSE,
	    WEBSOCKET_SERVER_MAX));
	assert_memory_equal(out, "\x88\x7e\xff\xff", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_rfc_is_accepted),
		cmocka_unit_test(a_key_is_sixteen_bytes_of_base64),
		cmocka_unit_test_setup(a_masked_text_is_unmasked, setup),
		cmocka_unit_test_setup(what_follows_a_frame_is_left_alone,
		    setup),
		cmocka_unit_test_setup(what_breaks_the_rules_is_told_at_once,
		    setup),
		cmocka_unit_test_setup(a_length_has_its_shortest_form, setup),
		cmocka_unit_test_setup(a_message_has_a_limit, setup),
		cmocka_unit_test_setup(the_parts_of_a_message_add_up, setup),
		cmocka_unit_test_setup(parts_come_in_order, setup),
		cmocka_unit_test_setup(control_frames_are_short_and_whole,
		    setup),
		cmocka_unit_test(closing_is_answered_with_its_own_code),
		cmocka_unit_test(our_heads_are_short_and_unmasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

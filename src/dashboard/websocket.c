#include "dashboard/websocket.h"

#include <assert.h>
#include <errno.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "http/digest.h"

enum {
	WEBSOCKET_FIN = 0x80,
	WEBSOCKET_RESERVED = 0x70,
	WEBSOCKET_OPCODE = 0x0f,
	WEBSOCKET_IS_CONTROL = 0x08,
	WEBSOCKET_MASKED = 0x80,
	WEBSOCKET_LEN = 0x7f,
	WEBSOCKET_LEN_2 = 126,		/* two bytes of length follow */
	WEBSOCKET_LEN_8 = 127,
	WEBSOCKET_MASK_SIZE = 4,
};

/* ---- the handshake ---- */

int websocket_accept(struct slice key, char ret[WEBSOCKET_ACCEPT_LEN])
{
	static const struct slice guid =
	    SLICE("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	char text[BASE64_LEN(WEBSOCKET_KEY_SIZE) + 36];
	char bytes[BASE64_LEN(WEBSOCKET_KEY_SIZE) / 4 * 3 + 2];
	uint8_t sum[DIGEST_SHA1_SIZE];
	int err;

	_Static_assert(BASE64_LEN(DIGEST_SHA1_SIZE) == WEBSOCKET_ACCEPT_LEN,
	    "what is accepted is a digest");
	if (key.len != BASE64_LEN(WEBSOCKET_KEY_SIZE) ||
	    base64_decode_to(key, bytes) != WEBSOCKET_KEY_SIZE)
		return -EINVAL;
	memcpy(text, key.data, key.len);
	memcpy(text + key.len, guid.data, guid.len);
	err = digest_sha1((struct slice){ text, sizeof(text) }, sum);
	if (err)
		return err;
	base64_encode((struct slice){ (const char *)sum, sizeof(sum) }, ret);
	return 0;
}

/* ---- frames of a client ---- */

/* The head of a frame. */
struct websocket_head {
	bool fin;
	unsigned opcode;
	uint64_t len;		/* of the payload */
	size_t size;		/* of the head, with the mask */
};

static uint64_t websocket_number(const unsigned char *p, unsigned size)
{
	uint64_t number = 0;

	while (size--)
		number = number << 8 | *p++;
	return number;
}

static unsigned websocket_parse_head(const unsigned char *p, size_t len,
    struct websocket_head *ret)
{
	unsigned extra = 0;	/* bytes of length */

	if (len >= 1 && (p[0] & WEBSOCKET_RESERVED))
		return WEBSOCKET_PROTOCOL_ERROR;
	if (len < 2)
		return WEBSOCKET_MORE;
	if (!(p[1] & WEBSOCKET_MASKED))
		return WEBSOCKET_PROTOCOL_ERROR;
	ret->fin = p[0] & WEBSOCKET_FIN;
	ret->opcode = p[0] & WEBSOCKET_OPCODE;
	ret->len = p[1] & WEBSOCKET_LEN;
	if (ret->len == WEBSOCKET_LEN_2)
		extra = 2;
	else if (ret->len == WEBSOCKET_LEN_8)
		extra = 8;
	ret->size = 2 + extra + WEBSOCKET_MASK_SIZE;
	if (len < 2 + extra)
		return WEBSOCKET_MORE;
	if (extra)
		ret->len = websocket_number(p + 2, extra);
	if ((extra == 2 && ret->len < WEBSOCKET_LEN_2) ||
	    (extra == 8 && (ret->len <= UINT16_MAX || ret->len >> 63)))
		return WEBSOCKET_PROTOCOL_ERROR;
	return WEBSOCKET_FRAME;
}

/* May a frame with this head come now? */
static unsigned websocket_check(const struct websocket_parser *parser,
    const struct websocket_head *head)
{
	switch (head->opcode) {
	case WEBSOCKET_CLOSE:
	case WEBSOCKET_PING:
	case WEBSOCKET_PONG:
		return head->fin && head->len <= WEBSOCKET_CONTROL_MAX ?
		    WEBSOCKET_FRAME : WEBSOCKET_PROTOCOL_ERROR;
	case WEBSOCKET_CONTINUATION:
	case WEBSOCKET_TEXT:
	case WEBSOCKET_BINARY:
		if (parser->in_message !=
		    (head->opcode == WEBSOCKET_CONTINUATION))
			return WEBSOCKET_PROTOCOL_ERROR;
		return head->len <=
		    WEBSOCKET_MESSAGE_MAX - parser->message_size ?
		    WEBSOCKET_FRAME : WEBSOCKET_TOO_BIG;
	default:
		return WEBSOCKET_PROTOCOL_ERROR;
	}
}

static void websocket_unmask(unsigned char *data, size_t len,
    const unsigned char *mask)
{
	for (size_t i = 0; i < len; i++)
		data[i] ^= mask[i % WEBSOCKET_MASK_SIZE];
}

unsigned websocket_parse(struct websocket_parser *parser, char *data,
    size_t len, struct websocket_frame *ret)
{
	unsigned char *p = (unsigned char *)data;
	struct websocket_head head = { .len = 0 };
	unsigned result = websocket_parse_head(p, len, &head);

	if (result == WEBSOCKET_FRAME)
		result = websocket_check(parser, &head);
	if (result != WEBSOCKET_FRAME)
		return result;
	if (len < head.size || len - head.size < head.len)
		return WEBSOCKET_MORE;
	websocket_unmask(p + head.size, (size_t)head.len,
	    p + head.size - WEBSOCKET_MASK_SIZE);
	if (!(head.opcode & WEBSOCKET_IS_CONTROL)) {
		parser->in_message = !head.fin;
		parser->message_size = head.fin ? 0 :
		    parser->message_size + (size_t)head.len;
	}
	ret->opcode = (enum websocket_opcode)head.opcode;
	ret->payload = (struct slice){ data + head.size, (size_t)head.len };
	ret->size = head.size + (size_t)head.len;
	return WEBSOCKET_FRAME;
}

/* Those of §7.4.1 that may be sent, and the ranges of §7.4.2. */
static bool websocket_code_valid(unsigned code)
{
	return (code >= 1000 && code <= 1003) ||
	    (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

enum websocket_code websocket_close_answer(struct slice payload)
{
	struct slice reason = slice_from(payload, 2);
	unsigned code;

	if (payload.len == 0)
		return WEBSOCKET_NORMAL;
	if (payload.len == 1)
		return WEBSOCKET_PROTOCOL_ERROR;
	code = (unsigned)websocket_number(
	    (const unsigned char *)payload.data, 2);
	if (!websocket_code_valid(code))
		return WEBSOCKET_PROTOCOL_ERROR;
	while (reason.len) {
		size_t n = utf8_char_len(reason);

		if (n == 0)
			return WEBSOCKET_NOT_UTF8;
		reason = slice_from(reason, n);
	}
	return (enum websocket_code)code;
}

/* ---- frames of ours ---- */

size_t websocket_write_head(char out[WEBSOCKET_SERVER_HEAD],
    enum websocket_opcode opcode, size_t len)
{
	assert(len <= WEBSOCKET_SERVER_MAX);
	out[0] = (char)(WEBSOCKET_FIN | opcode);
	if (len < WEBSOCKET_LEN_2) {
		out[1] = (char)len;
		return 2;
	}
	out[1] = WEBSOCKET_LEN_2;
	out[2] = (char)(len >> 8);
	out[3] = (char)len;
	return 4;
}

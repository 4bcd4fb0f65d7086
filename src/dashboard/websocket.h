#ifndef RINGMASTER_DASHBOARD_WEBSOCKET_H
#define RINGMASTER_DASHBOARD_WEBSOCKET_H

#include "base/slice.h"

/*
 * The WebSocket protocol (RFC 6455), the server's side: bytes in, frames out,
 * and the other way round. Nothing here reads or sends.
 */

enum {
	WEBSOCKET_VERSION = 13,
	WEBSOCKET_KEY_SIZE = 16,	/* bytes, in base64 */
	WEBSOCKET_ACCEPT_LEN = 28,	/* characters */
	WEBSOCKET_CONTROL_MAX = 125,	/* payload bytes; §5.5 */
	WEBSOCKET_MESSAGE_MAX = 1024,	/* of a client: nobody reads them */
	WEBSOCKET_CLIENT_HEAD = 14,	/* bytes before a payload, at most */
	WEBSOCKET_SERVER_HEAD = 4,	/* ... of a frame of ours */
	WEBSOCKET_CLIENT_MAX = WEBSOCKET_CLIENT_HEAD + WEBSOCKET_MESSAGE_MAX,
	WEBSOCKET_SERVER_MAX = 65535,	/* payload bytes of a frame of ours */
};

enum websocket_opcode {			/* §5.2 */
	WEBSOCKET_CONTINUATION = 0,
	WEBSOCKET_TEXT = 1,
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10,
};

enum websocket_code {			/* why it is closed; §7.4.1 */
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_PROTOCOL_ERROR = 1002,
	WEBSOCKET_NOT_UTF8 = 1007,
	WEBSOCKET_TOO_BIG = 1009,
};

/*
 * What Sec-WebSocket-Accept says to this Sec-WebSocket-Key (§4.2.2).
 * Returns 0; -EINVAL if the key is not base64 of WEBSOCKET_KEY_SIZE bytes;
 * or -EIO if there is no SHA-1.
 */
int websocket_accept(struct slice key, char ret[WEBSOCKET_ACCEPT_LEN]);

/* Between two frames of a client; zeroed before the first. */
struct websocket_parser {
	bool in_message;	/* its last frame has not come */
	size_t message_size;	/* so far */
};

struct websocket_frame {
	enum websocket_opcode opcode;
	struct slice payload;	/* unmasked */
	size_t size;		/* bytes of the whole frame */
};

enum { WEBSOCKET_MORE, WEBSOCKET_FRAME };

/*
 * Take the first frame of a client from `data`, which is changed: payloads
 * are unmasked in place. Any frame fits into WEBSOCKET_CLIENT_MAX bytes.
 * Returns WEBSOCKET_FRAME; WEBSOCKET_MORE if it is not all there; or the
 * enum websocket_code to close with, as soon as that is known: for reserved
 * bits and opcodes, a frame without a mask, a length not in its shortest
 * form, a control frame that is long or in parts, parts of no message
 * (1002), or a message that is too long (1009). RFC 6455 §5
 */
unsigned websocket_parse(struct websocket_parser *parser, char *data,
    size_t len, struct websocket_frame *ret);

/* The code to answer a close frame with: its own; 1002 or 1007 if what it
 * holds is none (§5.5.1, §7.4). */
enum websocket_code websocket_close_answer(struct slice payload);

/* Write the head of an unmasked frame of `len` <= WEBSOCKET_SERVER_MAX
 * bytes; returns its size. */
size_t websocket_write_head(char out[WEBSOCKET_SERVER_HEAD],
    enum websocket_opcode opcode, size_t len);

#endif

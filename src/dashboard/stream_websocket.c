/*
 * The live stream over a WebSocket, with a frame as a text message. One
 * coroutine both sends and reads what the client says meanwhile; messages of
 * a client mean nothing here and are dropped unread.
 */

#include "dashboard/answer.h"
#include "dashboard/frame.h"
#include "dashboard/stream.h"
#include "dashboard/websocket.h"
#include "http/upgrade.h"

_Static_assert((int)FRAME_SIZE_MAX <= (int)WEBSOCKET_SERVER_MAX,
    "a frame is one message");

/* How long we wait for the client's answer to our closing. */
#define SOCKET_CLOSE_NS (250 * NS_PER_MSEC)

enum { SOCKET_OPEN = 0 };	/* beside the codes to close with */

/* On the stack of its coroutine. */
struct socket {
	struct http_upgrade *upgrade;
	struct live_viewer *viewer;
	struct websocket_parser parser;
	bool peer_closed;
	size_t in_len;
	char in[WEBSOCKET_CLIENT_MAX];
	char out[WEBSOCKET_SERVER_HEAD + FRAME_SIZE_MAX];
};

/* ---- sending ---- */

/* Send a whole frame; an error stays in upgrade->error. */
static void socket_send(struct socket *socket, enum websocket_opcode opcode,
    struct slice payload)
{
	size_t head = websocket_write_head(socket->out, opcode, payload.len);

	if (payload.len)
		memcpy(socket->out + head, payload.data, payload.len);
	(void)http_upgrade_send(socket->upgrade, (struct slice){ socket->out,
	    head + payload.len });
}

static void socket_send_close(struct socket *socket, unsigned code)
{
	const char payload[2] = { (char)(code >> 8), (char)code };

	socket_send(socket, WEBSOCKET_CLOSE,
	    (struct slice){ payload, sizeof(payload) });
}

/* ---- receiving ---- */

/* SOCKET_OPEN, or the code to close with. */
static unsigned socket_take(struct socket *socket,
    const struct websocket_frame *frame)
{
	switch (frame->opcode) {
	case WEBSOCKET_CLOSE:
		socket->peer_closed = true;
		return websocket_close_answer(frame->payload);
	case WEBSOCKET_PING:
		socket_send(socket, WEBSOCKET_PONG, frame->payload);
		break;
	case WEBSOCKET_CONTINUATION:
	case WEBSOCKET_TEXT:
	case WEBSOCKET_BINARY:
	case WEBSOCKET_PONG:
		break;
	}
	return SOCKET_OPEN;
}

/* Take all frames that have come as a whole. Returns as socket_take(). */
static unsigned socket_take_all(struct socket *socket)
{
	struct websocket_frame frame;
	unsigned code = SOCKET_OPEN;
	size_t done = 0;

	while (code == SOCKET_OPEN && !socket->upgrade->error) {
		code = websocket_parse(&socket->parser, socket->in + done,
		    socket->in_len - done, &frame);
		if (code == WEBSOCKET_MORE)
			break;
		if (code == WEBSOCKET_FRAME) {
			code = socket_take(socket, &frame);
			done += frame.size;
		}
	}
	memmove(socket->in, socket->in + done, socket->in_len - done);
	socket->in_len -= done;
	return code;
}

/*
 * Receive something, until the deadline, and take it. Returns as
 * socket_take(); an end of the connection is WEBSOCKET_NORMAL.
 */
static unsigned socket_receive(struct socket *socket, uint64_t deadline)
{
	ssize_t n = http_upgrade_recv(socket->upgrade,
	    socket->in + socket->in_len, sizeof(socket->in) - socket->in_len,
	    deadline);

	if (n <= 0) {
		socket->peer_closed = true;
		return WEBSOCKET_NORMAL;
	}
	socket->in_len += (size_t)n;
	return socket_take_all(socket);
}

/* ---- its life ---- */

/* Send frames until something ends it: the code to close with. */
static unsigned socket_watch(struct socket *socket)
{
	const struct http_worker *worker = socket->upgrade->request->worker;
	unsigned code;

	for (;;) {
		while (http_upgrade_ready(socket->upgrade)) {
			code = socket_receive(socket, RING_NO_DEADLINE);
			if (code != SOCKET_OPEN)
				return code;
		}
		if (socket->upgrade->error)
			return WEBSOCKET_NORMAL;
		if (worker->draining)
			return WEBSOCKET_GOING_AWAY;
		if (live_next(socket->viewer))
			socket_send(socket, WEBSOCKET_TEXT,
			    socket->viewer->frame->text);
		else
			live_wait(socket->viewer);
	}
}

/* Say that it is closed; if the client did not, wait for it to say so. */
static void socket_close(struct socket *socket, unsigned code)
{
	struct ring *ring = socket->upgrade->request->worker->ring;
	uint64_t deadline = ring_now(ring) + SOCKET_CLOSE_NS;

	socket_send_close(socket, code);
	if (code != WEBSOCKET_GOING_AWAY)
		return;		/* it did, or what it says has no meaning */
	while (!socket->peer_closed && !socket->upgrade->error &&
	    ring_now(ring) < deadline)
		if (socket_receive(socket, deadline) != SOCKET_OPEN)
			break;
}

static void socket_speak(struct http_upgrade *upgrade)
{
	struct socket socket;

	/* Not the buffers. */
	memset(&socket, 0, offsetof(struct socket, in));
	socket.upgrade = upgrade;
	socket.viewer = upgrade->arg;
	socket_close(&socket, socket_watch(&socket));
}

/* ---- the handshake ---- */

/* It has to be another kind of request. */
static int socket_refuse(struct http_request *request)
{
	int rc;

	if (http_response_add(request, SLICE("Sec-WebSocket-Version"),
		SLICE("13")))
		return 500;
	rc = dashboard_error(request, 426, "This is for WebSocket, version "
	    "%d.", WEBSOCKET_VERSION);
	if (rc == HTTP_DONE)
		request->response.upgrade = SLICE("websocket");
	return rc;
}

int dashboard_websocket(struct http_request *request)
{
	char *accept = arena_alloc_text(&request->arena, WEBSOCKET_ACCEPT_LEN);
	struct live_viewer *viewer;
	int rc;

	if (!accept)
		return 500;
	if (!http_upgrade_asked(request, SLICE("websocket")) ||
	    !slice_equal(http_request_header(request,
		SLICE("sec-websocket-version")), SLICE("13")))
		return socket_refuse(request);
	if (websocket_accept(http_request_header(request,
		SLICE("sec-websocket-key")), accept))
		return dashboard_error(request, 400,
		    "Sec-WebSocket-Key is not base64 of %d bytes.",
		    WEBSOCKET_KEY_SIZE);
	rc = stream_enter(request, &viewer);
	if (rc != HTTP_DECLINED)
		return rc;
	if (http_response_add(request, SLICE("Sec-WebSocket-Accept"),
		(struct slice){ accept, WEBSOCKET_ACCEPT_LEN }))
		return 500;
	return http_upgrade_answer(request, SLICE("websocket"), socket_speak,
	    viewer);
}

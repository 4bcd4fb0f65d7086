/*
 * proxy: sending a request. A small one goes out with one call. A large body
 * is sent by a coroutine of its own while the answer is waited for, since a
 * server may answer before it has read all.
 */

#include "modules/proxy.h"

#include <errno.h>
#include <stdio.h>

enum {
	PROXY_JOIN_MAX = 16 * 1024,	/* head and body in one piece */
	PROXY_GATHER = 8 * 1024,	/* of a body that is passed on */
	PROXY_CHUNK_LINE = 18,		/* "2000\r\n" */
	PROXY_CHUNK_END = 7,		/* "\r\n0\r\n\r\n" */
	PROXY_FILE_PIECE = 64 * 1024,	/* of a file before others' turn */
};

static uint64_t proxy_send_deadline(const struct proxy *proxy)
{
	return ring_now(proxy->ring) +
	    (uint64_t)proxy->record->send_timeout * NS_PER_MSEC;
}

static int proxy_send_bytes(struct proxy *proxy, struct slice bytes, int flags)
{
	ssize_t n = bytes.len ? ring_send(proxy->ring, proxy->conn->stream.fd,
	    bytes, flags, proxy_send_deadline(proxy)) : 0;

	if (n < 0)
		return (int)n;
	proxy->sent = true;
	proxy->state->bytes_sent += bytes.len;
	return 0;
}

static int proxy_send_file(struct proxy *proxy)
{
	struct ring_file_part part = { .fd = proxy->body.fd,
	    .offset = proxy->body.offset };
	uint64_t left = proxy->body_len;

	while (left) {
		size_t size = left < PROXY_FILE_PIECE ? left :
		    PROXY_FILE_PIECE;
		ssize_t n;

		part.size = size;
		n = ring_sendfile(proxy->ring, proxy->conn->stream.fd, &part,
		    (uint64_t)proxy->record->send_timeout * NS_PER_MSEC);
		proxy->state->bytes_sent += size - part.size;
		if (n < 0)
			return (int)n;
		if (part.size)
			return -EIO;
		left -= size;
		if (left)
			ring_yield(proxy->ring);
		if (proxy->stopped)
			return -ECANCELED;
	}
	return 0;
}

/* Pieces that come together are sent together, in the coding that the head
 * announced. */
struct proxy_gather {
	struct proxy *proxy;
	size_t len;
	char data[PROXY_CHUNK_LINE + PROXY_GATHER + PROXY_CHUNK_END];
};

static int proxy_gather_flush(struct proxy_gather *gather, bool last)
{
	char line[PROXY_CHUNK_LINE + 1], *at = gather->data + PROXY_CHUNK_LINE;
	char *end = at + gather->len;

	if (gather->proxy->request->head.chunked) {
		if (gather->len) {
			size_t len = (size_t)snprintf(line, sizeof(line),
			    "%zx\r\n", gather->len);

			at -= len;
			memcpy(at, line, len);
			end = mempcpy(end, "\r\n", 2);
		}
		if (last)
			end = mempcpy(end, "0\r\n\r\n", 5);
	}
	gather->len = 0;
	return proxy_send_bytes(gather->proxy, (struct slice){ at,
	    (size_t)(end - at) }, 0);
}

static int proxy_gather_add(struct proxy_gather *gather, struct slice bytes)
{
	int err = 0;

	while (bytes.len && !err) {
		struct slice part = slice_first(bytes,
		    PROXY_GATHER - gather->len);

		memcpy(gather->data + PROXY_CHUNK_LINE + gather->len,
		    part.data, part.len);
		gather->len += part.len;
		bytes = slice_from(bytes, part.len);
		if (bytes.len)
			err = proxy_gather_flush(gather, false);
	}
	return err;
}

/* The body as it comes from the client. */
static int proxy_send_stream(struct proxy *proxy)
{
	struct http_source *source = proxy->request->body;
	struct proxy_gather gather;
	struct http_chunk chunk;
	int more = 1, err = 0;

	gather.proxy = proxy;
	gather.len = 0;
	while (source && !err && !proxy->stopped &&
	    (more = source->next(source, &chunk)) > 0) {
		err = proxy_gather_add(&gather, chunk.bytes);
		if (!err && (!source->ready ||
		    source->ready(source) == HTTP_SOURCE_WAITS))
			err = proxy_gather_flush(&gather, false);
	}
	if (!err && more == 0)
		err = proxy_gather_flush(&gather, true);
	if (proxy->stopped)
		return -ECANCELED;
	if (more < 0) {
		proxy->client_error = more;
		return more;
	}
	return err;
}

static int proxy_send_body(struct proxy *proxy)
{
	if (proxy->unbuffered)
		return proxy_send_stream(proxy);
	if (proxy->body.kind == HTTP_BODY_FILE)
		return proxy_send_file(proxy);
	return proxy_send_bytes(proxy, proxy->body.bytes, 0);
}

static int proxy_send_all(struct proxy *proxy)
{
	bool more = proxy->unbuffered || proxy->body_len;
	int err = proxy_send_bytes(proxy, proxy->head, more ? MSG_MORE : 0);

	if (!err && more)
		err = proxy_send_body(proxy);
	if (!err)
		proxy->body_sent = true;
	if (!err && proxy->unbuffered)
		proxy_client_watch(proxy);	/* nothing reads from it now */
	proxy->sent_ns = ring_now(proxy->ring);
	return err;
}

/* Head and a small body become one. */
static void proxy_send_join(struct proxy *proxy)
{
	size_t len = proxy->head.len + proxy->body_len;
	char *text;

	if (!proxy->body_len || proxy->body.kind != HTTP_BODY_BYTES ||
	    len > PROXY_JOIN_MAX)
		return;
	text = arena_alloc_text(&proxy->request->arena, len);
	if (!text)
		return;		/* it is only quicker */
	memcpy(text, proxy->head.data, proxy->head.len);
	memcpy(text + proxy->head.len, proxy->body.bytes.data,
	    proxy->body_len);
	proxy->head = (struct slice){ text, len };
	proxy->body_len = 0;
}

static void proxy_sender(void *arg)
{
	struct proxy *proxy = arg;

	proxy->send_error = proxy_send_all(proxy);
	/* Who has reset the connection may have answered before; nobody else
	 * need be waited for. */
	if (proxy->send_error && proxy->send_error != -EPIPE &&
	    proxy->send_error != -ECONNRESET)
		ring_cancel(proxy->ring, proxy->conn->stream.fd);
}

int proxy_send(struct proxy *proxy)
{
	int err;

	proxy_send_join(proxy);
	if (!proxy->unbuffered && proxy->body_len <= PROXY_JOIN_MAX &&
	    proxy->body.kind != HTTP_BODY_FILE)
		return proxy_send_all(proxy);
	err = ring_spawn(proxy->ring, &proxy->sender, proxy_sender, proxy);
	proxy->sending = !err;
	return err;
}

void proxy_send_stop(struct proxy *proxy)
{
	if (!proxy->sending)
		return;
	if (!proxy->sender.done) {
		/* It waits for either of them, or for its turn. */
		proxy->stopped = true;
		ring_cancel(proxy->ring, proxy->conn->stream.fd);
		if (proxy->unbuffered)
			ring_cancel(proxy->ring,
			    proxy->request->conn->stream.fd);
	}
	ring_join(proxy->ring, &proxy->sender);
	proxy->sending = false;
}

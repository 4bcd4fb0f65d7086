/*
 * Bodies of HTTP/1 requests (RFC 9112 §6, §7.1), read when somebody pulls.
 *
 * Their first bytes are usually in the input buffer, behind the head; those
 * that come later go to a buffer of the request, since the head must stay
 * where it is. What a chunked body leaves there belongs to the next request
 * and is put back.
 */

#include "http/h1.h"

#include <errno.h>

static const struct http_core_record *h1_body_core(
    const struct h1_body *body)
{
	return body->request->location->core;
}

/* The bytes at hand: those of the input buffer first. */
static struct slice h1_body_peek(const struct h1_body *body)
{
	const struct h1 *h1 = body->h1;

	if (h1->in_next < h1->in_end)
		return (struct slice){ h1->in + h1->in_next,
		    h1->in_end - h1->in_next };
	return body->buffered;
}

static void h1_body_use(struct h1_body *body, size_t n)
{
	struct h1 *h1 = body->h1;

	if (h1->in_next < h1->in_end)
		h1->in_next += n;
	else
		body->buffered = slice_from(body->buffered, n);
}

/* Wait for more bytes. Returns 0 or -errno. */
static int h1_body_receive(struct h1_body *body)
{
	struct h1 *h1 = body->h1;
	uint64_t deadline = ring_now(h1->ring) + (uint64_t)
	    h1_body_core(body)->client_body_timeout * NS_PER_MSEC;
	size_t size = H1_BODY_SIZE;
	ssize_t n;

	if (!body->chunked && body->left < size)
		size = body->left;
	n = ring_recv(&h1->conn->stream, body->buffer, size, deadline);
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return (int)n;
	metrics_count(h1->conn->worker->metrics, METRICS_BYTES_IN,
	    (uint64_t)n);
	body->buffered = (struct slice){ body->buffer, (size_t)n };
	return 0;
}

/* Decode what is at hand. Returns 1 and a piece, 0 if more is needed or the
 * body is done, or -EBADMSG. */
static int h1_body_decode(struct h1_body *body, struct slice *piece)
{
	struct slice in = h1_body_peek(body);
	size_t before = in.len;
	enum chunked_result result;

	if (!body->chunked) {
		*piece = slice_first(in, body->left);
		h1_body_use(body, piece->len);
		body->left -= piece->len;
		body->done = body->left == 0;
		return piece->len > 0;
	}
	result = chunked_next(&body->decoder, &in, piece);
	h1_body_use(body, before - in.len);
	body->done = result == CHUNKED_DONE;
	if (result == CHUNKED_BAD) {
		http_log(body->request, LOG_LEVEL_INFO, 0,
		    "client sent invalid chunked body: %s",
		    body->decoder.reason);
		return -EBADMSG;
	}
	return result == CHUNKED_DATA;
}

static int h1_body_count(struct h1_body *body, size_t n)
{
	struct http_request *request = body->request;

	request->body_received += n;
	if (request->body_max == 0 ||
	    request->body_received <= (uint64_t)request->body_max)
		return 0;
	http_log(request, LOG_LEVEL_ERROR, 0,
	    "client intended to send too large chunked body: %llu bytes",
	    (unsigned long long)request->body_received);
	return -EFBIG;
}

/* Does the client wait to be told that it may send the body? */
static bool h1_body_is_awaited(struct h1_body *body)
{
	return body->request->head.expect == H1_EXPECT_CONTINUE &&
	    body->request->body_received == 0 && h1_body_peek(body).len == 0;
}

/* Tell it so. True if it was waiting. */
static bool h1_body_ask(struct h1_body *body)
{
	if (!h1_body_is_awaited(body))
		return false;
	body->request->head.expect = H1_EXPECT_NONE;
	h1_put(body->h1, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
	return true;
}

static int h1_body_next(struct http_source *source, struct http_chunk *ret)
{
	struct h1_body *body = (struct h1_body *)source;
	struct slice piece;
	int err = 0, got;

	if (h1_body_ask(body))
		h1_flush(body->h1, 0);
	while (!body->done && !body->failed) {
		got = h1_body_peek(body).len ?
		    h1_body_decode(body, &piece) : 0;
		if (got > 0)
			got = h1_body_count(body, piece.len) ? -EFBIG : got;
		if (got > 0) {
			*ret = (struct http_chunk){ piece, -1, 0, 0 };
			return 1;
		}
		err = got;
		if (!err && !body->done && h1_body_peek(body).len == 0)
			err = h1_body_receive(body);
		body->failed = err != 0;
	}
	return body->failed ? err ? err : -EIO : 0;
}

static enum http_source_ready h1_body_ready(const struct http_source *source)
{
	const struct h1_body *body = (const struct h1_body *)source;
	struct slice in = h1_body_peek(body), piece;
	struct chunked decoder = body->decoder;
	enum http_source_ready ready = HTTP_SOURCE_WAITS;
	enum chunked_result result;

	if (body->done || body->failed)
		return HTTP_SOURCE_HAS_ALL;
	if (!body->chunked)
		return in.len >= body->left ? HTTP_SOURCE_HAS_ALL :
		    in.len ? HTTP_SOURCE_HAS : HTTP_SOURCE_WAITS;
	while ((result = chunked_next(&decoder, &in, &piece)) == CHUNKED_DATA)
		ready = HTTP_SOURCE_HAS;
	return result == CHUNKED_MORE ? ready : HTTP_SOURCE_HAS_ALL;
}

void h1_body_init(struct h1_body *body, struct h1 *h1,
    struct http_request *request)
{
	const struct h1_head *head = &request->head;

	/* Not the buffer: most requests have no body. */
	memset(body, 0, offsetof(struct h1_body, buffer));
	body->source.next = h1_body_next;
	body->source.ready = h1_body_ready;
	body->h1 = h1;
	body->request = request;
	body->left = head->content_length;
	body->chunked = head->chunked;
	body->done = !head->chunked && head->content_length == 0;
	/* Whoever asks whether to send nothing is answered as well. */
	request->body = body->done && !(head->has_content_length &&
	    head->expect == H1_EXPECT_CONTINUE) ? NULL : &body->source;
}

bool h1_body_discard_ready(struct h1_body *body, bool wanted)
{
	struct slice piece;
	int got = 1;

	while (!body->done && !body->failed && got > 0 &&
	    h1_body_peek(body).len) {
		got = h1_body_decode(body, &piece);
		if (got > 0)
			body->request->body_received += piece.len;
	}
	if (got < 0)
		body->failed = true;
	if (body->failed)
		return false;
	if (body->done) {
		if (wanted)
			(void)h1_body_ask(body);
		return true;
	}
	/* It is cheaper to connect again than to send a lot in vain. */
	if (!body->chunked && body->left > H1_DISCARD_MAX)
		return false;
	if (!wanted && h1_body_is_awaited(body))
		return false;
	(void)h1_body_ask(body);
	return true;
}

bool h1_body_discard(struct h1_body *body)
{
	struct http_chunk chunk = { .fd = -1 };
	uint64_t discarded = 0, end = ring_now(body->h1->ring) + (uint64_t)
	    h1_body_core(body)->lingering_time * NS_PER_MSEC;

	body->request->body_max = 0;
	while (!body->done && discarded <= H1_DISCARD_MAX &&
	    ring_now(body->h1->ring) < end) {
		if (h1_body_next(&body->source, &chunk) < 0)
			return false;
		discarded += chunk.bytes.len;
	}
	return body->done;
}

void h1_body_finish(struct h1_body *body)
{
	struct h1 *h1 = body->h1;
	struct slice rest = body->buffered;

	if (rest.len == 0)
		return;
	/* The input buffer is empty then, and at least as large. */
	memcpy(h1->in, rest.data, rest.len);
	h1->in_next = 0;
	h1->in_end = rest.len;
}

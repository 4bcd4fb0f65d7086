/*
 * proxy: the body of an answer.
 *
 * With proxy_buffering a coroutine reads it into blocks, at most
 * proxy_buffers of them, as fast as the server sends; what the client does
 * not take in time goes on to a temporary file, so that the server is done
 * with it early. The order of the bytes is: what came with the head, the
 * file, the blocks.
 *
 * Without buffering it is read when the client is ready for more.
 *
 * While the pool writes blocks to the file, nothing is taken from them.
 */

#include "modules/proxy_body.h"

#include <errno.h>
#include <stdlib.h>

enum {
	PROXY_RATE_PIECES = 8,	/* reads a second under proxy_limit_rate */
	PROXY_PATIENCE_MS = 10,	/* with a client, before the file is used */
	PROXY_BLOCK_MAX = 16 * 1024, /* of several small proxy_buffers */
};

static void proxy_body_log(struct proxy_body *body, enum log_level level,
    int error, const char *text)
{
	http_log(body->proxy->request, level, error, "%s", text);
}

/* ---- blocks ---- */

void proxy_block_put(struct proxy_body *body, struct proxy_block *block)
{
	block->next = body->spare;
	body->spare = block;
}

/* Small buffers are taken several at a time: fewer and larger reads and
 * sends. */
static void proxy_blocks_plan(struct proxy_body *body)
{
	const struct proxy_record *record = body->proxy->record;
	size_t total = (size_t)(record->buffer_count * record->buffers_size);

	body->block_size = total / 2 < PROXY_BLOCK_MAX ? total / 2 :
	    PROXY_BLOCK_MAX;
	if (body->block_size < (size_t)record->buffers_size)
		body->block_size = (size_t)record->buffers_size;
	body->blocks_max = (unsigned)(total / body->block_size);
}

/* The block that is to be read into; NULL if there may be no more. */
static struct proxy_block *proxy_block_get(struct proxy_body *body)
{
	struct proxy_block *last = body->blocks_end == &body->blocks ? NULL :
	    (struct proxy_block *)body->blocks_end;
	struct proxy_block *block = body->spare;

	if (last && last->to < body->block_size)
		return last;
	if (block) {
		body->spare = block->next;
	} else if (body->block_count < body->blocks_max) {
		block = malloc(sizeof(*block) + body->block_size);
		if (!block) {
			body->error = -ENOMEM;
			return NULL;
		}
		body->block_count++;
	}
	if (!block)
		return NULL;
	block->from = block->to = 0;
	block->next = NULL;
	*body->blocks_end = block;
	body->blocks_end = &block->next;
	return block;
}

static void proxy_blocks_free(struct proxy_block *block)
{
	while (block) {
		struct proxy_block *next = block->next;

		free(block);
		block = next;
	}
}

/* ---- decoding ---- */

/* Take `len` received bytes at `data`: what is content of them is moved to
 * the front. Returns its length. */
static size_t proxy_body_decode(struct proxy_body *body, char *data,
    size_t len)
{
	struct slice in = { data, len }, piece;
	enum chunked_result result;
	size_t done = len;

	body->proxy->state->response_length += len;
	if (body->proxy->framing == H1_RESPONSE_LENGTH) {
		body->extra = len > body->left;
		if (body->extra) {
			done = (size_t)body->left;
			proxy_body_log(body, LOG_LEVEL_WARN, 0, "upstream "
			    "sent more data than specified in "
			    "\"Content-Length\" header");
		}
		body->left -= done;
		body->ended = body->left == 0;
	}
	if (body->proxy->framing != H1_RESPONSE_CHUNKED)
		return done;
	done = 0;
	while ((result = chunked_next(&body->decoder, &in, &piece)) ==
	    CHUNKED_DATA) {
		memmove(data + done, piece.data, piece.len);
		done += piece.len;
	}
	body->ended = result == CHUNKED_DONE;
	body->extra = body->ended && in.len;
	if (body->extra)
		proxy_body_log(body, LOG_LEVEL_WARN, 0,
		    "upstream sent data after final chunk");
	if (result == CHUNKED_BAD) {
		body->error = -EIO;
		body->proxy->failure = METRICS_FAILURE_INVALID;
		proxy_body_log(body, LOG_LEVEL_ERROR, 0,
		    "upstream sent invalid chunked response");
	}
	return done;
}

/* ---- reading ---- */

/* How many bytes may have been read by now: those of one second more than
 * have passed. */
static uint64_t proxy_body_due(const struct proxy_body *body)
{
	const struct proxy *proxy = body->proxy;

	return proxy->rate ? proxy->rate + (uint64_t)((double)proxy->rate *
	    (double)(ring_now(proxy->ring) - body->begun_ns) / NS_PER_SEC) :
	    UINT64_MAX;
}

/* Is it of no use to read on? */
static bool proxy_body_unwanted(const struct proxy_body *body)
{
	return body->proxy->gone || (body->stopped &&
	    !body->proxy->record->ignore_client_abort);
}

/* Wait while proxy_limit_rate is used up. */
static void proxy_body_limit(struct proxy_body *body)
{
	struct proxy *proxy = body->proxy;

	while (proxy->rate && !proxy_body_unwanted(body)) {
		struct ring_waiter waiter = { .link = NULL };

		if (body->read < proxy_body_due(body))
			return;
		(void)ring_event_wait(proxy->ring, &body->changed, &waiter,
		    ring_now(proxy->ring) + NS_PER_SEC /
		    PROXY_RATE_PIECES);		/* looked again */
	}
}

/* The end or an error instead of more bytes. */
static void proxy_body_lost(struct proxy_body *body, ssize_t n)
{
	struct proxy *proxy = body->proxy;

	if (n == 0 && proxy->framing == H1_RESPONSE_UNTIL_CLOSE) {
		body->ended = body->extra = true;
		return;
	}
	body->error = -EIO;
	if (proxy->gone || body->stopped)
		return;
	proxy->failure = n == -ETIMEDOUT ? METRICS_FAILURE_TIMEOUT :
	    METRICS_FAILURE_CLOSED;
	if (n == 0)
		proxy_body_log(body, LOG_LEVEL_ERROR, 0,
		    "upstream prematurely closed connection");
	else if (n == -ETIMEDOUT)
		proxy_body_log(body, LOG_LEVEL_ERROR, ETIMEDOUT,
		    "upstream timed out");
	else
		proxy_body_log(body, LOG_LEVEL_ERROR, (int)-n,
		    "recv() failed");
}

/* Read what is here, if there is a block for it. False: nothing is. */
static bool proxy_body_take_in(struct proxy_body *body)
{
	struct proxy *proxy = body->proxy;
	struct proxy_block *block = proxy_block_get(body);
	uint64_t due = proxy_body_due(body) - body->read;
	size_t room;
	char *at;
	ssize_t n;

	if (!block)
		return false;
	at = block->data + block->to;
	room = body->block_size - block->to;
	n = ring_recv_now(&proxy->conn->stream, at, room < due ? room :
	    (size_t)due);
	if (n == -EAGAIN)
		return false;
	if (n <= 0) {
		proxy_body_lost(body, n);
		return true;
	}
	body->read += (uint64_t)n;
	proxy->state->bytes_received += (uint64_t)n;
	block->to += proxy_body_decode(body, at, (size_t)n);
	return true;
}

/* Read once; or wait until there is something, but hold no block meanwhile,
 * since the client may be given what is in it. */
static void proxy_body_read(struct proxy_body *body)
{
	struct proxy *proxy = body->proxy;
	ssize_t n = 0;

	proxy_body_limit(body);
	if (proxy_body_unwanted(body))
		n = -ECANCELED;
	else if (!proxy_body_take_in(body))
		n = ring_recv(&proxy->conn->stream, NULL, 0,
		    ring_now(proxy->ring) +
		    (uint64_t)proxy->record->read_timeout * NS_PER_MSEC);
	if (n < 0)
		proxy_body_lost(body, n);
}

static bool proxy_body_over(const struct proxy_body *body)
{
	return body->ended || body->error;
}

/* All has come, or will not: the server is done with it. */
static void proxy_body_release(struct proxy_body *body)
{
	struct proxy *proxy = body->proxy;

	proxy_release(proxy, body->ended && !body->extra &&
	    h1_response_keeps(&proxy->response, proxy->framing));
}

/* Whoever waits for the other side looks again. */
static void proxy_body_wait(struct proxy_body *body)
{
	struct ring_waiter waiter = { .link = NULL };

	(void)ring_event_wait(body->proxy->ring, &body->changed, &waiter,
	    RING_NO_DEADLINE); /* no deadline: it was woken */
}

/* Nobody wants what has come. */
static void proxy_body_drop(struct proxy_body *body)
{
	while (body->blocks) {
		struct proxy_block *block = body->blocks;

		body->blocks = block->next;
		proxy_block_put(body, block);
	}
	body->blocks_end = &body->blocks;
}

/* The blocks are full: does the client take none for a while? */
static bool proxy_client_is_slow(struct proxy_body *body)
{
	struct ring *ring = body->proxy->ring;
	struct ring_waiter waiter = { .link = NULL };

	if (body->file_from != body->file_to)
		return true;		/* it is behind already */
	return ring_event_wait(ring, &body->changed, &waiter, ring_now(ring) +
	    PROXY_PATIENCE_MS * NS_PER_MSEC) == -ETIMEDOUT;
}

/* There is no room to read on: make some, or wait for it; but not for what
 * happened while it looked at the client or wrote to the file. */
static void proxy_reader_full(struct proxy_body *body)
{
	if (body->stopped) {
		proxy_body_drop(body);
		ring_yield(body->proxy->ring);
	} else if (!body->error && proxy_client_is_slow(body) &&
	    !proxy_file_spill(body) && !body->error && !body->stopped &&
	    !body->spare) {
		proxy_body_wait(body);
	}
}

static void proxy_reader(void *arg)
{
	struct proxy_body *body = arg;

	while (!proxy_body_over(body)) {
		if (proxy_block_get(body))
			proxy_body_read(body);
		else
			proxy_reader_full(body);
		ring_event_wake(&body->changed);
	}
	proxy_body_release(body);
	ring_event_wake(&body->changed);
}

/* ---- what the client's side pulls ---- */

static bool proxy_body_take(struct proxy_body *body, struct http_chunk *ret)
{
	struct proxy_block *block;

	*ret = (struct http_chunk){ .bytes = body->first, .fd = -1 };
	if (body->first.len) {
		body->first.len = 0;
		return true;
	}
	if (proxy_file_next(body, ret))
		return true;
	block = body->spilling ? NULL : body->blocks;
	if (!block || block->from == block->to)
		return false;
	body->blocks = block->next;
	if (!body->blocks)
		body->blocks_end = &body->blocks;
	block->next = NULL;
	body->held = block;
	ret->bytes = (struct slice){ block->data + block->from,
		block->to - block->from };
	return true;
}

/* Wait for more, or read it: there is nothing to give. */
static void proxy_body_more(struct proxy_body *body)
{
	uint64_t begun_ns = proxy_wait_begin(body->proxy);

	if (body->reading)
		proxy_body_wait(body);
	else
		proxy_body_read(body);
	proxy_wait_end(body->proxy, begun_ns);
	if (!body->reading && proxy_body_over(body))
		proxy_body_release(body);
}

static int proxy_body_next(struct http_source *source, struct http_chunk *ret)
{
	struct proxy_body *body = (struct proxy_body *)source;

	if (body->held) {
		proxy_block_put(body, body->held);
		body->held = NULL;
		ring_event_wake(&body->changed);
	}
	for (;;) {
		if (body->proxy->gone)
			return -ECONNRESET;
		if (proxy_body_take(body, ret)) {
			body->flushed = false;
			return 1;
		}
		if (body->ended && !body->spilling)
			return 0;
		if (!body->reading && !body->error && !body->proxy->rate &&
		    proxy_body_take_in(body)) {
			if (proxy_body_over(body))
				proxy_body_release(body);
			continue;
		}
		/* What there was before an error is sent as well. */
		if (!body->flushed) {
			body->flushed = true;
			return 1;
		}
		if (body->error)
			return body->error;
		proxy_body_more(body);
	}
}

static void proxy_body_close(struct http_source *source)
{
	struct proxy *proxy = ((struct proxy_body *)source)->proxy;

	proxy_body_end(proxy);
	proxy_release(proxy, false);
	proxy_unwatch(proxy);
}

void proxy_body_wake(struct proxy *proxy)
{
	ring_event_wake(&proxy->source->changed);
}

/* proxy_ignore_client_abort: read on for nobody. */
static void proxy_body_discard(struct proxy_body *body)
{
	while (!proxy_body_over(body)) {
		proxy_body_read(body);
		proxy_body_drop(body);
		ring_yield(body->proxy->ring);
	}
	proxy_body_release(body);
}

void proxy_body_end(struct proxy *proxy)
{
	struct proxy_body *body = proxy->source;

	if (!body)
		return;
	body->stopped = true;
	if (body->reading) {
		if (!body->reader.done && proxy->conn &&
		    !proxy->record->ignore_client_abort)
			ring_cancel(proxy->ring, proxy->conn->stream.fd);
		ring_event_wake(&body->changed);
		ring_join(proxy->ring, &body->reader);
	} else if (proxy->record->ignore_client_abort && proxy->conn) {
		proxy_body_discard(body);
	}
	proxy_file_close(body);
	proxy_blocks_free(body->blocks);
	proxy_blocks_free(body->held);
	proxy_blocks_free(body->spare);
	proxy->source = NULL;
}

/* ---- the beginning ---- */

/* What came with the head. */
static void proxy_body_first(struct proxy_body *body)
{
	struct proxy *proxy = body->proxy;
	char *data = proxy->buffer + proxy->used;
	size_t len = proxy->received - proxy->used;

	body->left = proxy->response.content_length;
	body->ended = proxy->framing == H1_RESPONSE_NO_BODY ||
	    (proxy->framing == H1_RESPONSE_LENGTH && body->left == 0);
	body->read = len;
	if (body->ended && len) {
		proxy->state->response_length += len;
		body->extra = true;
		proxy_body_log(body, LOG_LEVEL_WARN, 0, "upstream sent more "
		    "data than specified in \"Content-Length\" header");
	} else if (len) {
		body->first = (struct slice){ data, proxy_body_decode(body,
		    data, len) };
	}
}

/* What is here already is taken at once: most answers end with it. */
static void proxy_body_ready(struct proxy_body *body)
{
	while (!proxy_body_over(body) && !body->proxy->rate &&
	    proxy_body_take_in(body))
		;
}

static void proxy_rate_eval(struct proxy *proxy)
{
	struct slice text;

	if (!proxy->record->has_limit_rate)
		return;
	text = http_value_get(proxy->request, &proxy->record->limit_rate);
	if (!conf_parse_size(text, (int64_t *)&proxy->rate))
		proxy->rate = 0;
}

/* The response's body is what there is, or comes from the source. */
static void proxy_body_give(struct proxy_body *body)
{
	struct http_response *response = &body->proxy->request->response;

	if (body->ended && !body->blocks && response->length >= 0) {
		response->body = (struct http_body){ .fd = -1,
		    .kind = body->first.len ? HTTP_BODY_BYTES :
		    HTTP_BODY_NONE, .bytes = body->first };
		return;
	}
	response->body = (struct http_body){ .kind = HTTP_BODY_SOURCE,
	    .fd = -1, .source = &body->source };
}

int proxy_body_begin(struct proxy *proxy)
{
	struct proxy_body *body = arena_calloc(&proxy->request->arena, 1,
	    sizeof(*body));

	if (!body)
		return -ENOMEM;
	body->source.next = proxy_body_next;
	body->source.close = proxy_body_close;
	body->proxy = proxy;
	body->blocks_end = &body->blocks;
	body->fd = -1;
	body->begun_ns = ring_now(proxy->ring);
	proxy->source = body;
	proxy_blocks_plan(body);
	proxy_rate_eval(proxy);
	proxy_body_first(body);
	if (!proxy_body_over(body) && proxy->buffering)
		proxy_body_ready(body);
	if (proxy_body_over(body)) {
		proxy_body_release(body);
		proxy_unwatch(proxy);
	} else if (proxy->buffering && proxy->request->method !=
	    HTTP_METHOD_HEAD) {
		if (ring_spawn(proxy->ring, &body->reader, proxy_reader, body))
			return -ENOMEM;
		body->reading = true;
	}
	proxy_body_give(body);
	return 0;
}

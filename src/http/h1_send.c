/*
 * Responses in HTTP/1 (RFC 9112). What is small is gathered, header and body
 * and the answers to pipelined requests, and sent with one call; a large file
 * goes from the page cache to the socket behind its header.
 */

#include "http/h1.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>

#include "http/date.h"
#include "http/status.h"

enum {
	H1_LINES_MAX = 1024,	/* bytes of the lines of fixed form */
	H1_RATE_PIECES = 8,	/* sends a second under limit_rate */
	H1_CORK_MIN = 1024 * 1024, /* bytes of a file for which it pays */
};

/* ---- bytes ---- */

static void h1_send(struct h1 *h1, struct slice bytes, int flags)
{
	ssize_t n;

	if (h1->error || bytes.len == 0)
		return;
	n = ring_send(h1->ring, h1->conn->stream.fd, bytes, flags,
	    ring_now(h1->ring) + h1->send_timeout_ns);
	if (n < 0)
		h1->error = (int)n;
}

void h1_flush(struct h1 *h1, int flags)
{
	size_t len = h1->out_len;

	h1->out_len = 0;
	h1_send(h1, (struct slice){ h1->out, len }, flags);
}

void h1_put(struct h1 *h1, struct slice bytes)
{
	if (bytes.len > H1_OUTPUT_SIZE - h1->out_len)
		h1_flush(h1, MSG_MORE);
	if (bytes.len > H1_OUTPUT_SIZE) {
		h1_send(h1, bytes, 0);
		return;
	}
	if (bytes.len)
		memcpy(h1->out + h1->out_len, bytes.data, bytes.len);
	h1->out_len += bytes.len;
}

/* ---- the header ---- */

static char *h1_add(char *p, struct slice text)
{
	if (text.len)
		memcpy(p, text.data, text.len);
	return p + text.len;
}

static char *h1_add_line(char *p, struct slice name, struct slice value)
{
	if (value.len == 0)
		return p;
	p = h1_add(p, name);
	p = h1_add(p, value);
	return h1_add(p, SLICE("\r\n"));
}

static char *h1_add_number(char *p, uint64_t number)
{
	char digits[20];
	size_t len = 0;

	do
		digits[sizeof(digits) - ++len] = (char)('0' + number % 10);
	while (number /= 10);
	return h1_add(p, (struct slice){ digits + sizeof(digits) - len, len });
}

/* The same of an answer that is another server's. `head` are the lines of
 * our own. */
static char *h1_add_foreign(char *p, const struct http_response *response,
    struct slice head)
{
	const char *server = memchr(head.data, '\n', head.len);
	const char *date = memchr(server + 1, '\n',
	    head.len - (size_t)(server + 1 - head.data));
	struct slice lines[2] = {
		{ server + 1, (size_t)(date - server) },
		slice_from(head, (size_t)(date + 1 - head.data)),
	};

	p = h1_add(p, SLICE("HTTP/1.1 "));
	p = h1_add_number(p, response->status);
	p = h1_add(p, SLICE(" "));
	p = h1_add(p, response->reason);
	p = h1_add(p, SLICE("\r\n"));
	p = response->server.len ? h1_add_line(p, SLICE("Server: "),
	    response->server) : h1_add(p, lines[0]);
	return response->date.len ? h1_add_line(p, SLICE("Date: "),
	    response->date) : h1_add(p, lines[1]);
}

/* "HTTP/1.1 200 OK", Server, Date: made once a second. */
static char *h1_add_first(char *p, struct http_request *request)
{
	const struct http_date_text *date = http_worker_date(request->worker);
	bool version = request->location->core->server_tokens !=
	    HTTP_TOKENS_OFF;
	struct slice head = { date->head[version], date->head_len[version] };
	char text[HTTP_STATUS_TEXT];

	if (request->response.reason.data &&
	    (request->response.status != 200 ||
		request->response.server.len || request->response.date.len ||
		!slice_equal(request->response.reason, SLICE("OK"))))
		return h1_add_foreign(p, &request->response, head);
	if (request->response.status == 200)
		return h1_add(p, head);
	p = h1_add(p, SLICE("HTTP/1.1 "));
	p = h1_add(p, http_status_text(request->response.status, text));
	return h1_add(p, slice_from(head, sizeof("HTTP/1.1 200 OK") - 1));
}

static char *h1_add_connection(char *p, const struct http_request *request)
{
	const struct http_core_record *core = request->location->core;

	if (request->response.upgrade.len) {
		p = h1_add_line(p, SLICE("Upgrade: "),
		    request->response.upgrade);
		return h1_add(p, request->response.speak || request->keepalive
		    ? SLICE("Connection: upgrade\r\n")
		    : SLICE("Connection: upgrade, close\r\n"));
	}
	if (!request->keepalive)
		return h1_add(p, SLICE("Connection: close\r\n"));
	p = h1_add(p, SLICE("Connection: keep-alive\r\n"));
	if (core->keepalive_header) {
		p = h1_add(p, SLICE("Keep-Alive: timeout="));
		p = h1_add_number(p, (uint64_t)core->keepalive_header / 1000);
		p = h1_add(p, SLICE("\r\n"));
	}
	return p;
}

/* The lines that response->prepared stands for. */
static char *h1_add_entity(char *p, const struct http_response *response)
{
	if (response->prepared.len)
		return h1_add(p, response->prepared);
	if (response->content_type.len) {
		p = h1_add(p, SLICE("Content-Type: "));
		p = h1_add(p, response->content_type);
		if (response->charset.len)
			p = h1_add(p, SLICE("; charset="));
		p = h1_add(p, response->charset);
		p = h1_add(p, SLICE("\r\n"));
	}
	if (response->length >= 0) {
		p = h1_add(p, SLICE("Content-Length: "));
		p = h1_add_number(p, (uint64_t)response->length);
		p = h1_add(p, SLICE("\r\n"));
	}
	if (response->last_modified != -1) {
		p = h1_add(p, SLICE("Last-Modified: "));
		http_date_format(p, response->last_modified);
		p = h1_add(p + HTTP_DATE_LEN, SLICE("\r\n"));
	}
	p = h1_add_line(p, SLICE("ETag: "), response->etag);
	if (response->accept_ranges)
		p = h1_add(p, SLICE("Accept-Ranges: bytes\r\n"));
	return p;
}

static char *h1_add_header(char *p, struct http_request *request,
    bool chunked)
{
	const struct http_response *response = &request->response;

	p = h1_add_first(p, request);
	p = h1_add_entity(p, response);
	p = h1_add_line(p, SLICE("Location: "), response->location);
	p = h1_add_line(p, SLICE("Allow: "), response->allow);
	p = h1_add_line(p, SLICE("Content-Range: "), response->content_range);
	if (chunked)
		p = h1_add(p, SLICE("Transfer-Encoding: chunked\r\n"));
	p = h1_add_connection(p, request);
	if (response->vary_encoding)
		p = h1_add(p, SLICE("Vary: Accept-Encoding\r\n"));
	for (const struct http_field *f = response->fields; f; f = f->next) {
		p = h1_add(p, f->name);
		p = h1_add(p, SLICE(": "));
		p = h1_add(p, f->value);
		p = h1_add(p, SLICE("\r\n"));
	}
	return h1_add(p, SLICE("\r\n"));
}

/* At least the bytes that the header will have. */
static size_t h1_header_room(const struct http_response *response)
{
	size_t room = H1_LINES_MAX + response->prepared.len +
	    response->content_type.len + response->charset.len +
	    response->etag.len +
	    response->location.len + response->allow.len +
	    response->content_range.len + response->upgrade.len +
	    response->reason.len + response->server.len + response->date.len;

	for (const struct http_field *f = response->fields; f; f = f->next)
		room += f->name.len + f->value.len + 4;
	return room;
}

static void h1_put_header(struct h1 *h1, struct http_request *request,
    bool chunked)
{
	size_t room = h1_header_room(&request->response);
	char *p = h1->out + h1->out_len, *end;

	if (room > H1_OUTPUT_SIZE - h1->out_len) {
		h1_flush(h1, 0);
		p = room > H1_OUTPUT_SIZE ?
		    arena_alloc_text(&request->arena, room) : h1->out;
		if (!p) {
			h1->error = -ENOMEM;
			return;
		}
	}
	end = h1_add_header(p, request, chunked);
	request->head_sent = (uint64_t)(end - p);
	if (p == h1->out + h1->out_len)
		h1->out_len += (size_t)(end - p);
	else
		h1_send(h1, (struct slice){ p, (size_t)(end - p) }, MSG_MORE);
}

/* ---- the body ---- */

/*
 * How many of `want` bytes may be sent now under limit_rate: as many as are
 * due since the request began, plus a second's worth. Waits if none are.
 */
static size_t h1_rate_wait(struct h1 *h1, struct http_request *request,
    size_t want)
{
	uint64_t rate, free, piece;

	/* Asked once: what variables say may change. */
	request->limit_rate = http_request_limit_rate(request);
	request->limit_rate_set = true;
	if (request->limit_rate == 0)
		return want;
	request->limit_rate_after = http_request_limit_rate_after(request);
	request->limit_rate_after_set = true;
	rate = (uint64_t)request->limit_rate;
	free = (uint64_t)request->limit_rate_after;
	piece = rate / H1_RATE_PIECES + 1;
	for (;;) {
		uint64_t now = ring_now(h1->ring);
		uint64_t due = free + rate + (uint64_t)((double)rate *
		    (double)(now - request->started_ns) / NS_PER_SEC);
		uint64_t left = due > request->body_sent ?
		    due - request->body_sent : 0;

		if (left >= piece || left >= want)
			return want < left ? want : (size_t)left;
		h1_flush(h1, 0);
		if (h1->error)
			return 0;
		if (http_request_wait(request, NULL, now + NS_PER_SEC /
		    H1_RATE_PIECES) == -ECONNRESET) {
			h1->error = -ECONNRESET;
			return 0;
		}
	}
}

static void h1_body_bytes(struct h1 *h1, struct http_request *request,
    struct slice bytes)
{
	while (bytes.len && !h1->error) {
		size_t n = h1_rate_wait(h1, request, bytes.len);

		h1_put(h1, slice_first(bytes, n));
		request->body_sent += n;
		bytes = slice_from(bytes, n);
	}
}

/* Have the kernel send full segments only, or what is left as well. */
static void h1_cork(const struct h1 *h1, int on)
{
	(void)setsockopt(h1->conn->stream.fd, IPPROTO_TCP, TCP_CORK, &on,
	    sizeof(on)); /* it only saves wake-ups */
}

static void h1_body_file(struct h1 *h1, struct http_request *request,
    struct ring_file_part part)
{
	bool corked = part.size > H1_CORK_MIN;
	size_t left = part.size;

	if (corked)
		h1_cork(h1, 1);
	request->file_part = &part;
	while (left && !h1->error) {
		ssize_t n;

		part.size = h1_rate_wait(h1, request, left);
		request->file_part_size = part.size;
		h1_flush(h1, MSG_MORE);
		if (h1->error)
			break;
		n = ring_sendfile(h1->ring, h1->conn->stream.fd, &part,
		    h1->send_timeout_ns);
		if (n == 0)
			http_log(request, LOG_LEVEL_CRIT, 0, "file was "
			    "truncated while it was sent");
		if (n <= 0)
			h1->error = n ? (int)n : -EIO;
		else
			request->body_sent += (uint64_t)n;
		request->file_part_size = part.size;
		left -= n > 0 ? (size_t)n : 0;
	}
	request->file_part = NULL;
	if (corked)
		h1_cork(h1, 0);
}

static void h1_body_chunk(struct h1 *h1, struct http_request *request,
    const struct http_chunk *chunk)
{
	if (chunk->fd < 0)
		h1_body_bytes(h1, request, chunk->bytes);
	else
		h1_body_file(h1, request, (struct ring_file_part){ chunk->fd,
		    chunk->offset, chunk->size });
}

static void h1_body_piece(struct h1 *h1, struct http_request *request,
    const struct http_chunk *chunk, bool chunked)
{
	size_t size = chunk->fd < 0 ? chunk->bytes.len : chunk->size;
	char line[20];

	if (size == 0)
		return;
	if (chunked)
		h1_put(h1, (struct slice){ line, (size_t)snprintf(line,
		    sizeof(line), "%zx\r\n", size) });
	h1_body_chunk(h1, request, chunk);
	if (chunked)
		h1_put(h1, SLICE("\r\n"));
}

static void h1_body_source(struct h1 *h1, struct http_request *request,
    bool chunked)
{
	struct http_source *source = request->response.body.source;
	struct http_chunk chunk;
	int more = 0;

	while (!h1->error && (more = source->next(source, &chunk)) > 0) {
		if (chunk.fd < 0 && chunk.bytes.len == 0)
			h1_flush(h1, 0);
		h1_body_piece(h1, request, &chunk, chunked);
	}
	if (more < 0 && !h1->error)
		h1->error = more;
}

static void h1_put_body(struct h1 *h1, struct http_request *request,
    bool chunked, int64_t length)
{
	const struct http_body *body = &request->response.body;

	switch (body->kind) {
	case HTTP_BODY_NONE:
		break;
	case HTTP_BODY_BYTES:
		h1_body_piece(h1, request, &(struct http_chunk){
		    .bytes = body->bytes, .fd = -1 }, chunked);
		break;
	case HTTP_BODY_FILE:
		h1_body_piece(h1, request, &(struct http_chunk){
		    .fd = body->fd, .offset = body->offset,
		    .size = (size_t)length }, chunked);
		break;
	case HTTP_BODY_SOURCE:
		h1_body_source(h1, request, chunked);
		break;
	}
}

/* What stands behind the body (RFC 9112 §7.1.2). */
static void h1_put_end(struct h1 *h1, struct http_request *request,
    bool chunked)
{
	const struct http_response *response = &request->response;
	int err = response->make_trailers ?
	    response->make_trailers(request) : 0;

	if (err && !h1->error)
		h1->error = err;
	if (!chunked)
		return;
	h1_put(h1, SLICE("0\r\n"));
	for (const struct http_field *f = response->trailers; f; f = f->next) {
		h1_put(h1, f->name);
		h1_put(h1, SLICE(": "));
		h1_put(h1, f->value);
		h1_put(h1, SLICE("\r\n"));
	}
	h1_put(h1, SLICE("\r\n"));
}

/* Is the body sent in chunks? With trailers even if its length is known. */
static bool h1_chunks(struct http_request *request)
{
	const struct http_response *response = &request->response;
	bool unknown = response->length < 0 &&
	    response->body.kind == HTTP_BODY_SOURCE;
	bool chunked = request->head.version_minor >= 1 &&
	    request->location->core->chunked_transfer_encoding;

	if (request->header_only || !(unknown || response->make_trailers))
		return false;
	if (unknown && !chunked)
		request->keepalive = false;
	return chunked;
}

void h1_respond(struct h1 *h1, struct http_request *request)
{
	struct http_response *response = &request->response;
	struct http_source *source = response->body.kind == HTTP_BODY_SOURCE ?
	    response->body.source : NULL;
	bool chunked = h1_chunks(request);
	int64_t length = response->length;

	h1->send_timeout_ns = (uint64_t)request->location->core->send_timeout *
	    NS_PER_MSEC;
	if (chunked) {
		response->length = -1;
		response->prepared = (struct slice){ NULL, 0 };
	}
	h1_put_header(h1, request, chunked);
	request->header_sent = true;
	if (!request->header_only) {
		h1_put_body(h1, request, chunked, length);
		h1_put_end(h1, request, chunked);
	}
	if (source && source->close)
		source->close(source);
}

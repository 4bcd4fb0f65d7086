/*
 * HTTP/1 on a connection: heads are read and parsed where they were received,
 * requests are served one after the other, answers to pipelined ones leave
 * together. When nothing is left to do, the coroutine ends and the
 * connection is idle.
 */

#include "http/h1.h"

#include <errno.h>
#include <stdlib.h>

#include "http/timing.h"
#include "http/upstream.h"

enum h1_next {
	H1_AGAIN,		/* there may be another request */
	H1_IDLE,		/* all is done: wait without a coroutine */
	H1_CLOSE,
	H1_LINGER,		/* close, but the client may still be sending */
};

/* ---- the end of a request ---- */

/* Who asked, and for what: for the lists of requests. */
static void h1_metrics_kept(struct http_request *request,
    struct metrics_request *m)
{
	m->ended_real_ns = http_worker_real_ns(request->worker);
	m->id = request->id;
	upstream_trace_metrics(request, m);
	m->port = http_client_bytes(request, &m->family, m->address);
	m->path_len = (uint8_t)http_request_shown_path(request, m->path,
	    sizeof(m->path));
}

static void h1_metrics_stages(const struct http_request *request,
    struct metrics_request *m)
{
	for (unsigned i = 0; i < METRICS_STAGE_COUNT; i++)
		m->stage_ns[i] = request->timing.stage_ns[i] < UINT32_MAX
		    ? (uint32_t)request->timing.stage_ns[i] : UINT32_MAX;
}

static void h1_metrics(struct h1 *h1, struct http_request *request)
{
	struct metrics_request *m = metrics_request_add(
	    request->worker->metrics,
	    ring_now(h1->ring) - request->started_ns,
	    request->response.status >= 400 || request->aborted_by_client ||
	    request->aborted_by_server);

	m->first_byte_ns = m->duration_ns;
	m->bytes_in = request->head.raw.len + request->body_received;
	m->bytes_out = request->head_sent + request->body_sent;
	m->body_out = request->body_sent;
	m->server = request->server->scope;
	m->location = request->location->scope;
	m->status = (uint16_t)request->response.status;
	m->method = (uint8_t)request->head.method;
	m->cache = request->cache_result;
	m->version = (uint8_t)(10 + request->head.version_minor);
	m->aborted_by_client = request->aborted_by_client;
	m->aborted_by_server = request->aborted_by_server;
	m->staged = request->sampled;
	if (request->sampled)
		h1_metrics_stages(request, m);
	if (m->kept)
		h1_metrics_kept(request, m);
}

static void h1_request_end(struct h1 *h1, struct http_request *request)
{
	if (h1->error == -ETIMEDOUT) {
		request->aborted_by_server = true;
		metrics_count(request->worker->metrics, METRICS_TIMEOUTS, 1);
		http_log(request, LOG_LEVEL_INFO, ETIMEDOUT,
		    "client timed out");
	} else if (h1->error == -EPIPE || h1->error == -ECONNRESET) {
		request->aborted_by_client = true;
	} else if (h1->error) {
		request->aborted_by_server = true;
	}
	if (request->aborted_by_client && !request->header_sent)
		request->response.status = 499;
	if (METRICS_COUNTED)
		h1_metrics(h1, request);
	http_request_end(request);
}

/* ---- reading a head ---- */

/* The settings of the server that the connection came to: names are not
 * known yet. */
static const struct http_server *h1_server(const struct h1 *h1)
{
	return h1->conn->listen->default_server;
}

/* Make room for more of a head. Returns 0, or -EMSGSIZE, -ENOMEM. */
static int h1_input_grow(struct h1 *h1)
{
	const struct http_server_record *record = h1_server(h1)->record;
	size_t most = (size_t)(record->large_header_buffer_count *
	    record->large_header_buffer_size) + H1_INPUT_SIZE;
	size_t size = h1->in_size * 2 < most ? h1->in_size * 2 : most;
	size_t len = h1->in_end - h1->in_next;
	char *in;

	if (h1->in_next) {
		memmove(h1->in, h1->in + h1->in_next, len);
		h1->in_next = 0;
		h1->in_end = len;
		return 0;
	}
	if (size <= h1->in_size)
		return -EMSGSIZE;
	in = malloc(size);
	if (!in)
		return -ENOMEM;
	memcpy(in, h1->in, len);
	if (h1->in != h1->input_first)
		free(h1->in);
	h1->in = in;
	h1->in_size = size;
	return 0;
}

/* Receive more. Returns as ring_recv() does. */
static ssize_t h1_input_receive(struct h1 *h1, uint64_t deadline)
{
	ssize_t n;
	int err = 0;

	if (h1->in_next == h1->in_end)
		h1->in_next = h1->in_end = 0;
	else if (h1->in_end == h1->in_size)
		err = h1_input_grow(h1);
	if (err)
		return err;
	n = ring_recv(&h1->conn->stream, h1->in + h1->in_end,
	    h1->in_size - h1->in_end, deadline);
	if (n > 0) {
		h1->in_end += (size_t)n;
		metrics_count(h1->conn->worker->metrics, METRICS_BYTES_IN,
		    (uint64_t)n);
	}
	return n;
}

static struct h1_options h1_options(const struct h1 *h1)
{
	const struct http_server_record *record = h1_server(h1)->record;

	return (struct h1_options){
		.line_bytes_max = (size_t)record->large_header_buffer_size,
		.head_bytes_max = (size_t)(record->large_header_buffer_size *
		    record->large_header_buffer_count),
		.header_count_max = (unsigned)record->max_headers,
		.keep_invalid_headers = !record->ignore_invalid_headers,
		.underscores = record->underscores_in_headers,
	};
}

static unsigned h1_result_status(enum h1_result result)
{
	switch (result) {
	case H1_URI_TOO_LONG:
		return 414;
	case H1_HEADERS_TOO_LARGE:
		return 431;
	case H1_MORE_HEADERS:	/* without memory for them */
		return 500;
	case H1_NOT_IMPLEMENTED:
		return 501;
	case H1_VERSION:
		return 505;
	default:
		return 400;
	}
}

/* What it counts as; H1_MORE_HEADERS, for want of memory, as nothing. */
static void h1_count_error(struct http_request *request,
    enum h1_result result)
{
	static const enum metrics_counter counters[] = {
		[H1_BAD_REQUEST] = METRICS_PARSE_BAD,
		[H1_URI_TOO_LONG] = METRICS_PARSE_URI,
		[H1_HEADERS_TOO_LARGE] = METRICS_PARSE_HEADERS,
		[H1_TOO_MANY_HEADERS] = METRICS_PARSE_HEADERS,
		[H1_NOT_IMPLEMENTED] = METRICS_PARSE_CODING,
		[H1_VERSION] = METRICS_PARSE_VERSION,
	};

	if (result >= H1_BAD_REQUEST)
		metrics_count(request->worker->metrics, counters[result], 1);
}

/* What came of reading a head. */
enum h1_head_result {
	H1_HEAD_DONE,
	H1_HEAD_IDLE,		/* nothing has come yet */
	H1_HEAD_NONE,		/* nothing will */
	H1_HEAD_BAD,		/* response status is set */
	H1_HEAD_GONE,		/* closed or timed out in the middle */
};

static bool h1_headers_grow(struct http_request *request)
{
	unsigned capacity = request->head.header_capacity * 4;
	struct http_header *headers = arena_calloc(&request->arena, capacity,
	    sizeof(*headers));

	if (!headers)
		return false;
	memcpy(headers, request->head.headers,
	    request->head.header_capacity * sizeof(*headers));
	request->head.headers = headers;
	request->head.header_capacity = capacity;
	return true;
}

static enum h1_head_result h1_head_lost(struct h1 *h1,
    struct http_request *request, ssize_t n)
{
	if (n == -EMSGSIZE || n == -ENOMEM) {
		request->response.status = n == -ENOMEM ? 500 : 431;
		if (n == -EMSGSIZE)
			h1_count_error(request, H1_HEADERS_TOO_LARGE);
		return H1_HEAD_BAD;
	}
	if (h1->in_next == h1->in_end)
		return H1_HEAD_NONE;
	request->head.raw = (struct slice){ h1->in + h1->in_next,
	    h1->in_end - h1->in_next };
	request->response.status = n == -ETIMEDOUT ? 408 : 400;
	if (n != -ETIMEDOUT)
		http_log(request, LOG_LEVEL_INFO, n < 0 ? (int)-n : 0,
		    "client prematurely closed connection while reading "
		    "client request headers");
	h1->error = n < 0 ? (int)n : -ECONNRESET;
	return H1_HEAD_GONE;
}

/* Receive more of a head, which may have to be waited for. */
static ssize_t h1_read_more(struct h1 *h1, struct http_request *request,
    uint64_t deadline)
{
	bool waits = request->timed && !ring_stream_ready(&h1->conn->stream);
	uint64_t since = waits ? clock_mono_ns() : 0;
	ssize_t n = h1_input_receive(h1, deadline);

	if (waits)
		http_timing_wait(request, METRICS_STAGE_HEADER,
		    clock_mono_ns() - since);
	return n;
}

static enum h1_head_result h1_read_head(struct h1 *h1,
    struct http_request *request)
{
	struct h1_options options = h1_options(h1);
	uint64_t begun = ring_now(h1->ring);
	uint64_t deadline = begun + (uint64_t)
	    h1_server(h1)->record->client_header_timeout * NS_PER_MSEC;
	struct h1_parser parser;
	enum h1_result result;
	size_t used;
	ssize_t n;

	h1_parser_init(&parser, &options);
	for (;;) {
		result = h1_parse_head(&parser, h1->in + h1->in_next,
		    h1->in_end - h1->in_next, &request->head, &used);
		if (result == H1_MORE_HEADERS && h1_headers_grow(request))
			continue;
		if (result != H1_MORE)
			break;
		h1_flush(h1, 0);
		if (h1->in_next == h1->in_end &&
		    !ring_stream_ready(&h1->conn->stream))
			return h1->error ? H1_HEAD_NONE : H1_HEAD_IDLE;
		n = h1->error ? h1->error : h1_read_more(h1, request, deadline);
		if (n <= 0)
			return h1_head_lost(h1, request, n);
	}
	request->started_ns = ring_now(h1->ring);
	request->header_ns = request->started_ns - begun;
	if (result == H1_DONE) {
		request->head_read = true;
		h1->in_next += used;
		return H1_HEAD_DONE;
	}
	request->head.raw = (struct slice){ h1->in + h1->in_next,
	    h1->in_end - h1->in_next };
	request->response.status = h1_result_status(result);
	h1_count_error(request, result);
	http_log(request, LOG_LEVEL_INFO, 0, "%s", request->head.reason ?
	    request->head.reason : "no memory for request headers");
	return H1_HEAD_BAD;
}

/* ---- one request ---- */

/* A request on this connection, before anything of it is known. */
static void h1_request_init(struct h1 *h1, struct http_request *request)
{
	struct http_conn *conn = h1->conn;
	const struct http_server *server = h1_server(h1);

	memset(request, 0, offsetof(struct http_request, head));
	request->conn = conn;
	request->worker = conn->worker;
	request->server = server;
	request->location = &server->root;
	request->records = server->records;
	request->response.last_modified = -1;
	request->response.length = -1;
	request->started_ns = ring_now(h1->ring);
	request->id = ++conn->worker->request_ids;
	request->sampled = request->id % METRICS_STAGE_SAMPLE == 0;
	request->timed = request->sampled || conn->worker->follow_run;
	request->pipelined = h1->in_next < h1->in_end;
	conn->request = request;
}

/* When the first byte came of what is read next. */
static uint64_t h1_received_ns(const struct h1 *h1)
{
	return h1->in_next < h1->in_end ? ring_now(h1->ring)
	    : ring_stream_since(&h1->conn->stream);
}

/* Has anything come behind the request? */
static bool h1_has_more(const struct h1 *h1, const struct h1_body *body)
{
	return h1->in_next < h1->in_end || body->buffered.len ||
	    ring_stream_ready(&h1->conn->stream);
}

/* Answer a request whose head was read. */
static enum h1_next h1_answer(struct h1 *h1, struct http_request *request,
    struct h1_body *body)
{
	bool reusable = true, refused;

	request->keepalive = request->head.keep_alive;
	if (http_request_run(request) == HTTP_ABORT) {
		request->response.status = 444;
		h1_flush(h1, 0);	/* answers to earlier requests */
		return H1_CLOSE;
	}
	h1->keepalive_ns = (uint64_t)
	    request->location->core->keepalive_timeout * NS_PER_MSEC;
	if (request->timed)
		http_timing_stage(request, METRICS_STAGE_HANDLER);
	if (request->response.speak) {
		h1_upgrade(h1, request);
		return !h1->error && h1_has_more(h1, body) ? H1_LINGER
							   : H1_CLOSE;
	}
	refused = body->failed;		/* whoever read it has answered so */
	if (request->body)
		reusable = h1_body_discard_ready(body,
		    request->response.status < 400);
	if (body->failed && !refused)
		http_request_refuse(request, 400);
	/* The worker may have been told to end meanwhile. */
	request->keepalive &= reusable && !request->worker->draining;
	h1_respond(h1, request);
	if (!body->done)
		h1_flush(h1, 0);
	if (!reusable)
		return h1->error ? H1_CLOSE : H1_LINGER;
	if (!body->done) {
		reusable = !h1->error && h1_body_discard(body);
	}
	/* Answers to what is already here leave with this one. */
	if (h1->in_next == h1->in_end || !request->keepalive)
		h1_flush(h1, 0);
	if (request->timed)
		http_timing_end(request);
	if (h1->error)
		return H1_CLOSE;
	if (!reusable)
		return H1_LINGER;
	if (!request->keepalive)
		return h1_has_more(h1, body) ? H1_LINGER : H1_CLOSE;
	return h1_has_more(h1, body) ? H1_AGAIN : H1_IDLE;
}

static enum h1_next h1_refuse(struct h1 *h1, struct http_request *request)
{
	request->head.version_minor = 1;
	if (http_request_fail(request, request->response.status) == HTTP_DONE)
		h1_respond(h1, request);
	h1_flush(h1, 0);
	return h1->error ? H1_CLOSE : H1_LINGER;
}

static enum h1_next h1_serve_one(struct h1 *h1)
{
	struct http_request request;
	struct http_header headers[H1_HEADERS];
	char memory[HTTP_REQUEST_ARENA_INLINE];
	enum h1_head_result read;
	enum h1_next next = H1_CLOSE;
	struct h1_body body;

	h1_request_init(h1, &request);
	request.head.headers = headers;
	request.head.header_capacity = H1_HEADERS;
	arena_init(&request.arena, memory, sizeof(memory),
	    HTTP_REQUEST_ARENA_MAX);
	if (request.timed)
		http_timing_begin(&request, h1_received_ns(h1));
	read = h1_read_head(h1, &request);
	if (read == H1_HEAD_IDLE || read == H1_HEAD_NONE) {
		arena_fini(&request.arena);
		return read == H1_HEAD_IDLE ? H1_IDLE : H1_CLOSE;
	}
	h1->conn->requests++;
	if (request.timed)
		http_timing_stage(&request, METRICS_STAGE_PARSE);
	if (read == H1_HEAD_BAD)
		next = h1_refuse(h1, &request);
	if (read != H1_HEAD_DONE) {
		h1_request_end(h1, &request);
		return next;
	}
	http_conn_set_state(h1->conn, HTTP_CONN_WRITING);
	h1_body_init(&body, h1, &request);
	next = h1_answer(h1, &request, &body);
	h1_request_end(h1, &request);
	h1_body_finish(&body);
	return next;
}

/* ---- the connection ---- */

/*
 * Closing a socket with unread bytes resets the connection, and the client
 * may never see the answer; so read until it has closed its side.
 */
static void h1_linger(struct h1 *h1)
{
	const struct http_core_record *core = h1_server(h1)->core;
	uint64_t now = ring_now(h1->ring);
	uint64_t end = now + (uint64_t)core->lingering_time * NS_PER_MSEC;
	ssize_t n = 1;

	if (!core->lingering_close)
		return;
	(void)shutdown(h1->conn->stream.fd, SHUT_WR); /* gone: recv tells */
	while (n > 0 && now < end) {
		uint64_t pause = now + (uint64_t)core->lingering_timeout *
		    NS_PER_MSEC;

		n = ring_recv(&h1->conn->stream, h1->out, sizeof(h1->out),
		    pause < end ? pause : end);
		now = ring_now(h1->ring);
	}
}

void h1_serve(void *arg)
{
	struct http_conn *conn = arg;
	enum h1_next next;
	struct h1 h1;

	h1.conn = conn;
	h1.ring = conn->worker->ring;
	h1.in = h1.input_first;
	h1.in_size = sizeof(h1.input_first);
	h1.in_next = h1.in_end = 0;
	h1.out_len = 0;
	h1.error = 0;
	h1.send_timeout_ns = (uint64_t)h1_server(&h1)->core->send_timeout *
	    NS_PER_MSEC;
	h1.keepalive_ns = (uint64_t)h1_server(&h1)->core->keepalive_timeout *
	    NS_PER_MSEC;
	if (conn->listen->proxy_protocol && !conn->proxy_read &&
	    !http_conn_read_proxy(conn)) {
		http_conn_close(conn, false);
		return;
	}
	do {
		do
			next = h1_serve_one(&h1);
		while (next == H1_AGAIN);
		conn->request = NULL;
		/* What came meanwhile is served at once. */
	} while (next == H1_IDLE && !http_conn_idle(conn, h1.keepalive_ns));
	if (next == H1_LINGER)
		h1_linger(&h1);
	if (h1.in != h1.input_first)
		free(h1.in);
	if (next != H1_IDLE)
		http_conn_close(conn, h1.error == -ETIMEDOUT);
}

/*
 * proxy: passing a request on. A server is chosen, connected to (or an idle
 * connection to it taken), sent the request and listened to until the head of
 * its answer is there; if that fails, and nothing speaks against it, the same
 * with the next one.
 */

#include "modules/proxy.h"

#include <errno.h>

#include "http/request_body.h"
#include "http/response.h"
#include "http/timing.h"
#include "metrics/segment.h"

/* ---- the client ---- */

static void proxy_client_cb(void *arg)
{
	struct proxy *proxy = arg;

	if (!ring_stream_ended(&proxy->request->conn->stream) ||
	    proxy->record->ignore_client_abort || proxy->gone)
		return;
	proxy->gone = true;
	http_log(proxy->request, LOG_LEVEL_INFO, 0, "epoll_wait() reported "
	    "that client prematurely closed connection, so upstream "
	    "connection is closed too");
	http_request_gone(proxy->request);
	if (proxy->connecting_fd >= 0)
		ring_cancel(proxy->ring, proxy->connecting_fd);
	else if (proxy->conn)
		ring_cancel(proxy->ring, proxy->conn->stream.fd);
	if (proxy->source)
		proxy_body_wake(proxy);
}

void proxy_unwatch(struct proxy *proxy)
{
	http_conn_watch(proxy->request->conn, NULL, NULL);
	proxy->trace->doing = NULL;
}

void proxy_client_watch(struct proxy *proxy)
{
	http_conn_watch(proxy->request->conn, proxy_client_cb, proxy);
}

/* ---- the log ---- */

/* The level at which nginx logs a connect() that fails at once. */
static enum log_level proxy_connect_level(int err)
{
	switch (err) {
	case ECONNREFUSED:
	case ECONNRESET:
	case EAGAIN:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ETIMEDOUT:
		return LOG_LEVEL_ERROR;
	default:
		return LOG_LEVEL_CRIT;
	}
}

static void proxy_log_connect(struct proxy *proxy, int err,
    const struct upstream_connect *options)
{
	const struct upstream_address *address = &proxy->try.peer->address;
	bool at_once = address->any.sa_family == AF_UNIX ||
	    !slice_equal(slice_cstr(options->failed), SLICE("connect()"));

	http_log(proxy->request, proxy_connect_level(err), err,
	    at_once ? "%s to %.*s failed" : "%s failed", options->failed,
	    SLICE_ARG(address->name));
}

/* ---- a connection ---- */

/* The local address of proxy_bind, if there is one. */
static void proxy_local(struct proxy *proxy, struct upstream_address *local,
    struct upstream_connect *options)
{
	struct http_request *request = proxy->request;
	struct upstream_url url;
	struct slice text;

	if (!proxy->record->has_bind)
		return;
	text = http_value_get(request, &proxy->record->bind);
	if (text.len == 0)
		return;
	if (!upstream_url_parse(text, 0, false, &url) ||
	    !upstream_address_literal(&request->arena, &url, local)) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "invalid local address \"%.*s\"", SLICE_ARG(text));
		return;
	}
	options->local = &local->any;
	options->local_len = local->len;
	options->transparent = proxy->record->bind_transparent;
}

static int proxy_connect(struct proxy *proxy)
{
	const struct proxy_record *record = proxy->record;
	struct upstream_address local;
	struct upstream_connect options = {
		.deadline = ring_now(proxy->ring) +
		    (uint64_t)record->connect_timeout * NS_PER_MSEC,
		.keepalive = record->socket_keepalive,
		.rcvbuf = (int)record->socket_rcvbuf,
		.sndbuf = (int)record->socket_sndbuf,
	};
	int err;

	proxy->trace->doing = "connecting to upstream";
	proxy->conn = upstream_conn_take(proxy->target.group,
	    proxy->try.peer, record);
	proxy->cached = proxy->conn;
	if (proxy->conn)
		return 0;
	proxy_local(proxy, &local, &options);
	err = upstream_conn_open(proxy->ring, proxy->try.peer, &options,
	    &proxy->connecting_fd, &proxy->conn);
	if (!err)
		return 0;
	if (proxy->gone)
		return PROXY_GONE;
	if (err == -ETIMEDOUT &&
	    ring_now(proxy->ring) >= options.deadline)
		return PROXY_NEXT_TIMEOUT;
	proxy_log_connect(proxy, -err, &options);
	return PROXY_NEXT_ERROR;
}

/* ---- a try ---- */

uint64_t proxy_wait_begin(const struct proxy *proxy)
{
	return proxy->request->timed ? clock_mono_ns() : 0;
}

void proxy_wait_end(struct proxy *proxy, uint64_t begun_ns)
{
	if (proxy->request->timed)
		http_timing_wait(proxy->request, METRICS_STAGE_UPSTREAM,
		    clock_mono_ns() - begun_ns);
}

/* The try has come so far. */
static void proxy_time(struct proxy *proxy, enum metrics_peer_time time)
{
	proxy->state->ns[time] = ring_now(proxy->ring) -
	    proxy->state->begun_ns;
}

static int64_t proxy_ms_since(const struct proxy *proxy, uint64_t since)
{
	return (int64_t)((ring_now(proxy->ring) - since) / NS_PER_MSEC);
}

static int proxy_exchange(struct proxy *proxy)
{
	int err, rc = proxy_connect(proxy);

	if (rc)
		return rc;
	if (proxy->gone)
		return PROXY_GONE;
	proxy_time(proxy, METRICS_TIME_CONNECT);
	proxy->trace->doing = "sending request to upstream";
	err = proxy_send(proxy);
	if (err == -ETIMEDOUT)
		return PROXY_NEXT_TIMEOUT;
	if (err == -ECANCELED && proxy->gone)
		return PROXY_GONE;
	/* It may have answered and closed without reading. */
	if (err && err != -EPIPE && err != -ECONNRESET) {
		http_log(proxy->request, LOG_LEVEL_ERROR, -err,
		    "send() failed");
		return PROXY_NEXT_ERROR;
	}
	rc = proxy_read_head(proxy);
	proxy_send_stop(proxy);
	if (!rc)
		proxy_time(proxy, METRICS_TIME_HEADER);
	return rc;
}

/* Count the try, which is over; nothing if there is none. */
static void proxy_try_count(struct proxy *proxy)
{
	const struct upstream_state *state = proxy->state;
	struct metrics_try try;

	if (!METRICS_COUNTED || !proxy->try.peer || !state)
		return;
	try = (struct metrics_try){
		.bytes_in = state->bytes_received,
		.bytes_out = state->bytes_sent,
		.peer = state->metrics,
		.status = (uint16_t)state->status,
		.failure = proxy->failure,
	};
	memcpy(try.ns, state->ns, sizeof(try.ns));
	if (proxy->cached)
		try.ns[METRICS_TIME_CONNECT] = METRICS_TIME_NONE;
	metrics_try_add(proxy->request->worker->metrics, &try);
}

/* The try has ended without an answer that is used. */
static void proxy_try_end(struct proxy *proxy, bool failed)
{
	proxy_time(proxy, METRICS_TIME_RESPONSE);
	proxy_send_stop(proxy);
	upstream_conn_close(&proxy->conn);
	proxy->try.now_ns = ring_now(proxy->ring);
	proxy_try_count(proxy);
	if (upstream_done(&proxy->try, failed))
		http_log(proxy->request, LOG_LEVEL_WARN, 0,
		    "upstream server temporarily disabled");
}

static unsigned proxy_next_status(int next)
{
	switch (next) {
	case PROXY_NEXT_TIMEOUT:
	case PROXY_NEXT_504:
		return 504;
	case PROXY_NEXT_500:
		return 500;
	case PROXY_NEXT_503:
		return 503;
	case PROXY_NEXT_403:
		return 403;
	case PROXY_NEXT_404:
		return 404;
	case PROXY_NEXT_429:
		return 429;
	default:
		return 502;
	}
}

/* May another server be asked after this? */
static bool proxy_may_repeat(const struct proxy *proxy, int next)
{
	const struct proxy_record *record = proxy->record;
	enum http_method method = proxy->request->method;

	if (proxy->sent && (method == HTTP_METHOD_POST ||
	    method == HTTP_METHOD_LOCK || method == HTTP_METHOD_PATCH))
		next |= PROXY_NEXT_NON_IDEMPOTENT;
	return (record->next_upstream & next) == next &&
	    !(proxy->sent && proxy->unbuffered) &&
	    !(record->next_timeout && proxy_ms_since(proxy, proxy->begun_ns) >=
		record->next_timeout);
}

/* The bit for a status that another server might better, or 0. */
static int proxy_next_of(unsigned status)
{
	switch (status) {
	case 500:
		return PROXY_NEXT_500;
	case 502:
		return PROXY_NEXT_502;
	case 503:
		return PROXY_NEXT_503;
	case 504:
		return PROXY_NEXT_504;
	case 403:
		return PROXY_NEXT_403;
	case 404:
		return PROXY_NEXT_404;
	case 429:
		return PROXY_NEXT_429;
	default:
		return 0;
	}
}

static enum metrics_failure proxy_failure(const struct proxy *proxy, int next)
{
	bool connected = proxy->state->ns[METRICS_TIME_CONNECT] !=
	    METRICS_TIME_NONE;

	switch (next) {
	case PROXY_NEXT_ERROR:
		return connected ? METRICS_FAILURE_CLOSED :
		    METRICS_FAILURE_CONNECT;
	case PROXY_NEXT_TIMEOUT:
		return connected ? METRICS_FAILURE_TIMEOUT :
		    METRICS_FAILURE_CONNECT_TIMEOUT;
	case PROXY_NEXT_INVALID_HEADER:
		return METRICS_FAILURE_INVALID;
	case PROXY_NEXT_403:
	case PROXY_NEXT_404:
		return METRICS_FAILURE_NONE;
	default:
		return METRICS_FAILURE_STATUS;
	}
}

/* After a try that failed so. Returns 0 to try again, or what to answer. */
static int proxy_next(struct proxy *proxy, int next)
{
	unsigned status = proxy_next_status(next);

	if (next == PROXY_NEXT_TIMEOUT)
		http_log(proxy->request, LOG_LEVEL_ERROR, ETIMEDOUT,
		    "upstream timed out");
	proxy->failure = proxy_failure(proxy, next);
	proxy_try_end(proxy, proxy->failure != METRICS_FAILURE_NONE);
	if (proxy->cached && next == PROXY_NEXT_ERROR)
		proxy->try.left++;
	if (proxy->gone)
		return PROXY_GONE;
	proxy->state->status = status;
	return proxy->try.left && proxy_may_repeat(proxy, next) ? 0 :
	    (int)status;
}

static struct upstream_peer *proxy_pick(struct proxy *proxy)
{
	struct upstream_group *group = proxy->target.group;
	struct upstream_trace *trace = proxy->trace;
	struct upstream_peer *peer;
	bool first = !proxy->state;

	proxy->try.now_ns = ring_now(proxy->ring);
	peer = upstream_pick(&proxy->try);
	trace->scheme = proxy->target.scheme;
	trace->peer = peer ? peer->address.name : group->name;
	trace->uri = proxy->uri;
	proxy->state = upstream_trace_add(proxy->request, trace->peer);
	if (proxy->state) {
		proxy->state->redirected = first &&
		    trace->states != proxy->state;
		proxy->state->metrics = peer ? peer->metrics :
		    METRICS_NAME_NONE;
	}
	return peer;
}

/* Ask servers until one has answered. Returns 0 or a status or PROXY_GONE. */
static int proxy_try_all(struct proxy *proxy)
{
	int rc;

	do {
		struct upstream_peer *peer = proxy_pick(proxy);

		if (!proxy->state)
			return 500;
		if (!peer) {
			proxy->trace->doing = "connecting to upstream";
			http_log(proxy->request, LOG_LEVEL_ERROR, 0,
			    "no live upstreams");
			proxy->state->status = 502;
			proxy->state->ns[METRICS_TIME_RESPONSE] = 0;
			return 502;
		}
		proxy->sent = proxy->body_sent = proxy->stopped = false;
		proxy->send_error = 0;
		proxy->failure = METRICS_FAILURE_NONE;
		rc = proxy_exchange(proxy);
		if (rc < 0) {
			proxy_try_end(proxy, false);
			return rc;
		}
		if (!rc) {
			int next = proxy_next_of(proxy->response.status);

			proxy->state->status = proxy->response.status;
			if (!next || proxy->try.left < 2 ||
			    !proxy_may_repeat(proxy, next))
				return 0;
			rc = next;
		}
		rc = proxy_next(proxy, rc);
	} while (rc == 0);
	return rc;
}

/* ---- all of it ---- */

void proxy_release(struct proxy *proxy, bool reusable)
{
	if (proxy->state &&
	    proxy->state->ns[METRICS_TIME_RESPONSE] == METRICS_TIME_NONE)
		proxy_time(proxy, METRICS_TIME_RESPONSE);
	proxy->try.now_ns = ring_now(proxy->ring);
	proxy_try_count(proxy);
	(void)upstream_done(&proxy->try, false); /* it was no failure */
	if (!proxy->conn)
		return;
	if (reusable && proxy->body_sent && !proxy->request->worker->draining)
		upstream_conn_keep(&proxy->conn, proxy->target.group,
		    proxy->record);
	else
		upstream_conn_close(&proxy->conn);
}

static void proxy_cleanup(void *arg)
{
	struct proxy *proxy = arg;

	proxy_body_end(proxy);
	proxy_release(proxy, false);
	proxy_unwatch(proxy);
}

static struct proxy *proxy_new(struct http_request *request)
{
	void **data = http_request_data(request, &http_proxy_module);
	struct proxy *proxy = data ? arena_alloc(&request->arena,
	    sizeof(*proxy)) : NULL;

	if (!proxy || http_request_cleanup(request, proxy_cleanup, proxy))
		return NULL;
	memset(proxy, 0, offsetof(struct proxy, first_headers));
	*data = proxy;
	proxy->request = request;
	proxy->record = http_request_record(request, &http_proxy_module.table);
	proxy->ring = request->worker->ring;
	proxy->connecting_fd = -1;
	proxy->begun_ns = ring_now(proxy->ring);
	proxy->trace = upstream_trace_get(request);
	proxy->buffering = proxy->record->buffering;
	proxy->buffer = arena_alloc_text(&request->arena,
	    (size_t)proxy->record->buffer_size);
	return proxy->trace && proxy->buffer ? proxy : NULL;
}

/* Is the body passed on while it comes? Not if all of it has come. */
static bool proxy_is_unbuffered(const struct proxy *proxy)
{
	const struct proxy_record *record = proxy->record;
	const struct http_request *request = proxy->request;
	const struct http_source *body = request->body;

	return !record->request_buffering && !record->has_body &&
	    record->pass_request_body && body && !request->body_read &&
	    (!request->head.chunked || record->http_version == 11) &&
	    !(body->ready &&
		body->ready(body) == HTTP_SOURCE_HAS_ALL);
}

/* Read the body, or see to it that it will be. Returns 0 or a status. */
static int proxy_take_body(struct proxy *proxy)
{
	struct http_body body = { .kind = HTTP_BODY_NONE };
	int rc;

	proxy->unbuffered = proxy_is_unbuffered(proxy);
	if (proxy->unbuffered)
		return 0;
	rc = http_request_body_read(proxy->request, &body);
	if (rc)
		return rc;
	if (body.kind != HTTP_BODY_NONE && proxy->record->pass_request_body &&
	    !proxy->record->has_body) {
		proxy->body = body;
		proxy->body_len = proxy->request->body_received;
	}
	return 0;
}

static int proxy_begin(struct proxy *proxy)
{
	int rc = proxy_request_target(proxy);

	if (!rc)
		rc = proxy_take_body(proxy);
	if (!rc)
		rc = proxy_request_make(proxy);
	if (!rc && upstream_try_begin(&proxy->try, proxy->request,
	    proxy->target.group))
		rc = 500;
	if (proxy->record->next_tries &&
	    proxy->try.left > proxy->record->next_tries)
		proxy->try.left = (unsigned)proxy->record->next_tries;
	return rc;
}

int proxy_handle(struct http_request *request)
{
	struct proxy *proxy = proxy_new(request);
	uint64_t begun_ns;
	int rc;

	if (!proxy)
		return 500;
	rc = proxy_begin(proxy);
	if (rc)
		return rc;
	if (!proxy->unbuffered)
		proxy_client_watch(proxy);
	begun_ns = proxy_wait_begin(proxy);
	rc = proxy_try_all(proxy);
	proxy_wait_end(proxy, begun_ns);
	if (!rc)
		return proxy_respond(proxy);
	proxy_unwatch(proxy);
	if (rc == PROXY_GONE || proxy->client_error == -ECONNRESET) {
		request->aborted_by_client = true;
		return HTTP_ABORT;
	}
	if (rc != PROXY_FAILED)
		return rc;
	return proxy->client_error ? http_request_body_failed(request,
	    proxy->client_error) : 500;
}

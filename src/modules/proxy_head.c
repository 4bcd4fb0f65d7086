/*
 * proxy: reading the head of an answer.
 */

#include "modules/proxy.h"

#include <errno.h>

/* Wait for more of the answer. The time for it counts from when the whole
 * request was sent. Returns as ring_recv() does. */
static ssize_t proxy_read(struct proxy *proxy)
{
	const struct proxy_record *record = proxy->record;
	bool sending;
	ssize_t n;

	do {
		uint64_t from = ring_now(proxy->ring);

		if (proxy->gone)
			return -ECANCELED;
		sending = proxy->sending && !proxy->sender.done;
		if (!sending && !proxy->received)
			from = proxy->sent_ns;
		n = ring_recv(&proxy->conn->stream,
		    proxy->buffer + proxy->received,
		    (size_t)record->buffer_size - proxy->received,
		    from + (uint64_t)record->read_timeout * NS_PER_MSEC);
	} while (n == -ETIMEDOUT && sending);
	return n;
}

static void proxy_log_invalid(struct proxy *proxy)
{
	struct slice line = { proxy->buffer, proxy->received };

	if (!slice_starts(line, SLICE("HTTP/"))) {
		http_log(proxy->request, LOG_LEVEL_ERROR, 0,
		    "upstream sent no valid HTTP/1.0 header");
		return;
	}
	http_log(proxy->request, LOG_LEVEL_ERROR, 0,
	    "upstream sent invalid header: %s", proxy->response.why);
}

/* Parse what has come: 0 for a head, -EAGAIN, or PROXY_NEXT_INVALID_HEADER. */
static int proxy_parse(struct proxy *proxy)
{
	struct h1_response *response = &proxy->response;
	enum h1_response_result result;
	struct http_header *more;

	for (;;) {
		struct slice data = { proxy->buffer + proxy->used,
			proxy->received - proxy->used };
		size_t used = 0;

		result = h1_response_parse(data, response, &used);
		if (result == H1_RESPONSE_MORE)
			return -EAGAIN;
		if (result == H1_RESPONSE_BAD) {
			proxy_log_invalid(proxy);
			return PROXY_NEXT_INVALID_HEADER;
		}
		if (response->header_count > response->header_capacity) {
			more = arena_calloc(&proxy->request->arena,
			    response->header_count, sizeof(*more));
			if (!more)
				return PROXY_FAILED;
			response->headers = more;
			response->header_capacity = response->header_count;
			continue;
		}
		proxy->used += used;
		if (response->status >= 200)
			return 0;
		if (response->status == 101) {
			http_log(proxy->request, LOG_LEVEL_ERROR, 0,
			    "upstream sent unexpected status 101");
			return PROXY_NEXT_INVALID_HEADER;
		}
		/* 100 and 103 say nothing that is passed on. */
	}
}

/* What an end or an error means before there is a head. */
static int proxy_read_failed(struct proxy *proxy, ssize_t n)
{
	int err = proxy->send_error && n == -ECANCELED ? proxy->send_error :
	    (int)n;

	if (proxy->gone)
		return PROXY_GONE;
	if (proxy->client_error)
		return PROXY_FAILED;
	if (err == -ETIMEDOUT)
		return PROXY_NEXT_TIMEOUT;
	if (err)
		http_log(proxy->request, LOG_LEVEL_ERROR, -err,
		    proxy->send_error ? "send() failed" : "recv() failed");
	else
		http_log(proxy->request, LOG_LEVEL_ERROR, 0,
		    "upstream prematurely closed connection");
	return PROXY_NEXT_ERROR;
}

int proxy_read_head(struct proxy *proxy)
{
	int rc = -EAGAIN;

	proxy->trace->doing = "reading response header from upstream";
	proxy->received = proxy->used = 0;
	proxy->response.headers = proxy->first_headers;
	proxy->response.header_capacity = PROXY_HEADERS;
	while (rc == -EAGAIN) {
		ssize_t n;

		if (proxy->received == (size_t)proxy->record->buffer_size) {
			http_log(proxy->request, LOG_LEVEL_ERROR, 0,
			    "upstream sent too big header");
			return PROXY_NEXT_INVALID_HEADER;
		}
		n = proxy_read(proxy);
		if (n <= 0)
			return proxy_read_failed(proxy, n);
		proxy->received += (size_t)n;
		proxy->state->bytes_received += (uint64_t)n;
		rc = proxy_parse(proxy);
	}
	return rc;
}

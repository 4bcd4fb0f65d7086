/*
 * What is in flight, for those who look at the server: about once a second,
 * and only while somebody does, the worker goes through its connections. A
 * request costs two stores for it, into its connection's record.
 */

#include "http/conn.h"

#include "metrics/segment.h"

enum {
	/* Of very many connections, those that were idle last are left out:
	 * their requests are the youngest. */
	HTTP_INFLIGHT_CONNS_MAX = 16384,
};

/* The oldest ones so far. */
struct http_inflight {
	const struct http_request *requests[METRICS_INFLIGHT_MAX];
	unsigned count, youngest;	/* valid when all places are taken */
	uint64_t all;
};

static void http_inflight_add(struct http_inflight *found,
    const struct http_request *request)
{
	const struct http_request **requests = found->requests;
	unsigned youngest = 0;

	found->all++;
	if (found->count < METRICS_INFLIGHT_MAX)
		requests[found->count++] = request;
	else if (request->started_ns < requests[found->youngest]->started_ns)
		requests[found->youngest] = request;
	else
		return;
	for (unsigned i = 1; i < found->count; i++)
		if (requests[i]->started_ns > requests[youngest]->started_ns)
			youngest = i;
	found->youngest = youngest;
}

static uint64_t http_inflight_sent(const struct http_request *request)
{
	uint64_t sent = request->head_sent + request->body_sent;

	/* Of a file that is being sent, as far as the kernel took it. */
	if (request->file_part)
		sent += request->file_part_size - request->file_part->size;
	return sent;
}

static void http_inflight_fill(const struct http_request *request,
    struct metrics_inflight *ret)
{
	*ret = (struct metrics_inflight){
		.started_ns = request->started_ns,
		.bytes_sent = http_inflight_sent(request),
		.id = request->id,
		.server = request->server->scope,
		.state = METRICS_INFLIGHT_READING,
	};
	ret->port = http_client_bytes(request, &ret->family, ret->address);
	if (!request->head_read)
		return;
	ret->state = request->header_sent ? METRICS_INFLIGHT_SENDING :
	    METRICS_INFLIGHT_HANDLING;
	ret->method = (uint8_t)request->head.method;
	ret->path_len = (uint8_t)http_request_shown_path(request, ret->path,
	    sizeof(ret->path));
}

void http_inflight_tick(struct http_worker *worker)
{
	uint64_t now = ring_now(worker->ring);
	struct metrics_inflight list[METRICS_INFLIGHT_MAX];
	struct http_inflight found = { .count = 0 };
	struct http_conn *conn = worker->conns;

	if (now < worker->inflight_ns ||
	    !metrics_inflight_wanted(worker->segment, now / NS_PER_SEC))
		return;
	worker->inflight_ns = now + NS_PER_SEC;
	for (unsigned i = 0; conn && i < HTTP_INFLIGHT_CONNS_MAX; i++) {
		if (conn->request)
			http_inflight_add(&found, conn->request);
		conn = conn->next;
	}
	for (unsigned i = 0; i < found.count; i++)
		http_inflight_fill(found.requests[i], &list[i]);
	metrics_inflight_show(worker->metrics, list, found.count, found.all);
}

struct http_scopes http_coroutine_scopes(void (*fn)(void *arg),
    const void *fn_arg)
{
	const struct http_conn *conn = fn_arg;

	if (fn != h1_serve || !conn->request)
		return (struct http_scopes){ METRICS_SCOPE_NONE,
		    METRICS_SCOPE_NONE };
	return (struct http_scopes){
		.server = conn->request->server->scope,
		.location = conn->request->location->scope,
	};
}

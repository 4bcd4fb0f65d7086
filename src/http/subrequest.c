/*
 * Subrequests. Variables that the configuration defines are one set for both,
 * so the memory of a subrequest goes with its parent's, not before.
 */

#include "http/subrequest.h"

#include <errno.h>

#include "http/conn.h"
#include "http/filter.h"

/* Headers that are said of the parent's answer only. */
#define SUBREQUEST_HIDDEN (HTTP_HEADER_BIT(HTTP_HEADER_RANGE) |		\
    HTTP_HEADER_BIT(HTTP_HEADER_IF_MATCH) |				\
    HTTP_HEADER_BIT(HTTP_HEADER_IF_NONE_MATCH) |			\
    HTTP_HEADER_BIT(HTTP_HEADER_IF_MODIFIED_SINCE) |			\
    HTTP_HEADER_BIT(HTTP_HEADER_IF_UNMODIFIED_SINCE) |			\
    HTTP_HEADER_BIT(HTTP_HEADER_ACCEPT_ENCODING))

static void subrequest_end(void *arg)
{
	struct http_request *request = arg;
	struct http_source *body = request->response.body.source;

	if (body && body->close)
		body->close(body);
	for (; request->cleanups; request->cleanups = request->cleanups->next)
		request->cleanups->fn(request->cleanups->arg);
	arena_fini(&request->arena);
}

static unsigned subrequest_depth(const struct http_request *request)
{
	unsigned depth = 0;

	for (; request->parent; request = request->parent)
		depth++;
	return depth;
}

static struct http_request *subrequest_new(struct http_request *parent,
    struct slice uri, struct slice args)
{
	struct http_request *request = arena_alloc(&parent->arena,
	    sizeof(*request));

	if (!request)
		return NULL;
	memset(request, 0, offsetof(struct http_request, head));
	arena_init(&request->arena, NULL, 0, HTTP_REQUEST_ARENA_MAX);
	if (http_request_cleanup(parent, subrequest_end, request))
		return NULL;
	request->parent = parent;
	request->conn = parent->conn;
	request->worker = parent->worker;
	request->server = parent->server;
	request->location = &parent->server->root;
	request->records = parent->server->records;
	request->client = parent->client;
	request->host = parent->host;
	request->user = parent->user;
	request->values = parent->values;
	request->started_ns = parent->started_ns;
	request->id = parent->id;
	request->head_read = true;
	request->internal = true;
	request->head = parent->head;
	request->head.present &= ~SUBREQUEST_HIDDEN;
	request->head.has_content_length = false;
	request->uri = uri;
	request->args = args;
	return request;
}

/* Returns HTTP_DONE with *ret, whose `response` is what came of it; HTTP_ABORT
 * for no answer; or -ENOMEM, -ELOOP after logging. */
static int subrequest_run(struct http_request *parent, struct slice uri,
    struct slice args, struct http_request **ret)
{
	struct http_request *request;

	if (subrequest_depth(parent) >= HTTP_SUBREQUEST_DEPTH_MAX) {
		http_log(parent, LOG_LEVEL_ERROR, 0, "subrequests cycle while "
		    "processing \"%.*s\"", SLICE_ARG(uri));
		return -ELOOP;
	}
	request = subrequest_new(parent, uri, args);
	if (!request)
		return -ENOMEM;
	*ret = request;
	return http_request_run_inner(request);
}

/* ---- its body ---- */

struct subrequest_source {
	struct http_source source;
	struct http_request *parent;
	struct slice uri, args;
	struct http_source *body;	/* NULL: not run yet */
	bool done;
};

static int subrequest_next(struct http_source *source,
    struct http_chunk *ret)
{
	struct subrequest_source *sub = (struct subrequest_source *)source;
	struct http_request *request;
	int rc;

	if (sub->done)
		return 0;
	if (!sub->body) {
		rc = subrequest_run(sub->parent, sub->uri, sub->args,
		    &request);
		sub->done = rc == HTTP_ABORT;
		if (rc != HTTP_DONE)
			return sub->done ? 0 : rc;
		sub->body = http_response_source(request);
		if (!sub->body)
			return -ENOMEM;
	}
	return sub->body->next(sub->body, ret);
}

struct http_source *http_subrequest_source(struct http_request *parent,
    struct slice uri, struct slice args)
{
	struct subrequest_source *sub = arena_calloc(&parent->arena, 1,
	    sizeof(*sub));

	if (!sub)
		return NULL;
	*sub = (struct subrequest_source){
		.source = { .next = subrequest_next },
		.parent = parent, .uri = uri, .args = args };
	return &sub->source;
}

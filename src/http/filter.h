#ifndef RINGMASTER_HTTP_FILTER_H
#define RINGMASTER_HTTP_FILTER_H

#include "http/request.h"

/*
 * Filters of a response's body: a filter is a source that pulls from the body
 * there was, whatever kind it was of, and gets pieces that are bytes in memory.
 *
 * What it may count on and has to keep: a piece is valid until the next pull;
 * an empty piece says that nothing more will come for a while, and all that
 * came before it is to be passed on, and it as well. Of an answer to HEAD
 * nothing is pulled. All memory is the request's arena, or what a
 * http_request_cleanup() frees: not every body is read to its end.
 */

enum {
	HTTP_FILTER_READ = 64 * 1024,	/* bytes of a file in one piece */
	HTTP_FILTER_RETRY_MS = 2,	/* when the pool's queue is full */
	HTTP_FILTER_TURN_NS = 500 * 1000, /* after so much of a turn of the
					 * loop the next piece waits ... */
	HTTP_FILTER_TURNS_MAX = 256,	/* ... for so many turns at the most */
};

/* The first member of a filter's own record. */
struct http_filter {
	struct http_source source;	/* `next` is the filter's */
	struct http_source *inner;	/* what it pulls from */
	struct http_request *request;
};

/* The response's body as a source of pieces in memory, to be closed by the
 * caller; NULL without memory. */
struct http_source *http_response_source(struct http_request *request);

/*
 * Make `filter`, whose source.next is set, the response's body, and the body
 * there was what it pulls from. Of the new body neither the length is known
 * nor any part can be had alone; who knows better sets that again. The ETag
 * is left alone, see below. Returns 0 or -ENOMEM.
 */
int http_filter_use(struct http_request *request, struct http_filter *filter);

/* The entity is not the same to the byte any more: a strong ETag becomes a
 * weak one (RFC 9110 §8.8.1). Returns 0 or -ENOMEM. */
int http_response_weaken(struct http_request *request);

/* The first of the response's own lines `name` (in any case), or NULL; and
 * take all of them away. */
struct http_field *http_response_find(const struct http_request *request,
    struct slice name);
void http_response_remove(struct http_request *request, struct slice name);

/*
 * http_offload() for what must be done now, though the pool's queue be full:
 * waits until it is not. [coroutine]
 */
void http_offload_sure(struct http_request *request, void (*fn)(void *arg),
    void *arg);

#endif

#ifndef RINGMASTER_HTTP_H1_H
#define RINGMASTER_HTTP_H1_H

#include "http/chunked.h"
#include "http/conn.h"

/*
 * HTTP/1 on one connection, while a coroutine serves it: h1.c reads heads,
 * h1_body.c the bodies of requests, h1_send.c writes responses. All of it
 * lies on the coroutine's stack.
 */

enum {
	H1_INPUT_SIZE = 4096,		/* first buffer for heads */
	H1_OUTPUT_SIZE = 16 * 1024,	/* responses gathered for one send */
	H1_HEADERS = 32,		/* header lines before more are taken */
	H1_BODY_SIZE = 4096,		/* of a piece of a request's body */
	H1_DISCARD_MAX = 256 * 1024,	/* bytes of a body nobody reads, for
					 * which a connection is kept */
};

struct h1 {
	struct http_conn *conn;
	struct ring *ring;
	char *in;			/* input_first, or from the heap */
	size_t in_size;
	size_t in_next, in_end;		/* received, not yet used */
	size_t out_len;
	int error;			/* of a send; then nothing more is */
	uint64_t send_timeout_ns;
	uint64_t keepalive_ns;		/* of the last request's location */
	char input_first[H1_INPUT_SIZE];
	char out[H1_OUTPUT_SIZE];
};

/* The body of a request, as a source. */
struct h1_body {
	struct http_source source;
	struct h1 *h1;
	struct http_request *request;
	uint64_t left;			/* of a body with a length */
	bool chunked, done, failed;
	struct chunked decoder;
	struct slice buffered;		/* in `buffer`; not used yet */
	char buffer[H1_BODY_SIZE];
};

/* ---- h1_body.c ---- */

/* Set request->body up from its head; NULL if there is none. */
void h1_body_init(struct h1_body *body, struct h1 *h1,
    struct http_request *request);

/*
 * Before the response is written: use up what has come of a body that nobody
 * read. `wanted`: a client that waits to be told so is to send it. Returns
 * false if the connection cannot be used again, since too much is missing.
 */
bool h1_body_discard_ready(struct h1_body *body, bool wanted);

/* After the response: read the rest. False if it could not be. */
bool h1_body_discard(struct h1_body *body);

/* Put what was received behind the body where the next head is read. The
 * head of this request must not be needed any more. */
void h1_body_finish(struct h1_body *body);

/* ---- h1_send.c ---- */

/* Send what is gathered. flags: MSG_MORE or 0. Errors stay in h1->error. */
void h1_flush(struct h1 *h1, int flags);

/* Gather bytes for the next send, sending when there is no room. */
void h1_put(struct h1 *h1, struct slice bytes);

/* Write the response of a request, its body too, to the end; a small one
 * is only gathered. */
void h1_respond(struct h1 *h1, struct http_request *request);

/* ---- upgrade.c ---- */

/* Write the 101 and let request->response.speak have the connection, which
 * is of no more use then but to be closed. */
void h1_upgrade(struct h1 *h1, struct http_request *request);

#endif

#ifndef RINGMASTER_HTTP_REQUEST_BODY_H
#define RINGMASTER_HTTP_REQUEST_BODY_H

#include "http/core.h"
#include "http/request.h"

/* The body of a request as it was read; in the request's arena. */
struct http_request_body {
	struct http_body body;
	struct slice path;	/* of its file; empty: it is in memory */
	int status;		/* why it could not be read, or 0 */
	/* private */
	enum http_in_file in_file;
	bool saved;		/* a handler wants the file */
	char *buffer;		/* heap: what is not in the file yet */
	size_t size, len;	/* of the buffer; bytes in it */
	uint64_t written;	/* bytes in the file */
};

/*
 * Read the body of a request to its end, for a handler that wants all of it.
 *
 * At most client_body_buffer_size bytes are kept in memory. A longer body,
 * and with client_body_in_file_only any, is written to a file in
 * client_body_temp_path by the thread pool. The file has lost its name
 * already, unless client_body_in_file_only is "on", which leaves it for
 * others to remove, or "clean", which removes it when the request ends.
 *
 * ret: none, bytes, or a file from its beginning, as long as the request;
 *      of request->body_received bytes. Asked again, it is the same.
 * Returns HTTP_DECLINED, or the status to answer with: 400 for a body that
 * is malformed or broken off, 408 for a pause beyond client_body_timeout,
 * 413 beyond client_max_body_size, 500, or 503 if the pool is overloaded.
 * [coroutine]
 */
int http_request_body_read(struct http_request *request,
    struct http_body *ret);

/* The same status for an error that whoever pulled from request->body was
 * given; and the connection ends with it. */
int http_request_body_failed(struct http_request *request, int err);

/*
 * The same for a handler that wants it as a file, though it be empty: its
 * name is request->body_read->path, and it is removed when the request ends,
 * unless the handler has given it another name. [coroutine]
 */
int http_request_body_save(struct http_request *request);

#endif

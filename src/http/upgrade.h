#ifndef RINGMASTER_HTTP_UPGRADE_H
#define RINGMASTER_HTTP_UPGRADE_H

#include "http/conn.h"

/*
 * Switching protocols (RFC 9110 §7.8): the handler of a request answers 101,
 * and then has the connection for as long as it likes, on the coroutine of
 * the request. When it returns, the connection is closed.
 */

/* A connection that speaks another protocol now. */
struct http_upgrade {
	struct http_request *request;
	void *arg;		/* of http_upgrade_answer() */
	struct slice received;	/* came behind the request's head; unread */
	int error;		/* what a call below failed with, or 0 */
};

/*
 * Does the request ask to go on with `protocol` (in any case)? Upgrade names
 * it and Connection has "upgrade", in HTTP/1.1, and there is no body.
 */
bool http_upgrade_asked(const struct http_request *request,
    struct slice protocol);

/*
 * Answer with 101, and when that is sent call speak(), which finds `arg` in
 * its argument. The request and its arena live on meanwhile; `protocol` must
 * live as long as they do. Returns as a hook does.
 */
int http_upgrade_answer(struct http_request *request, struct slice protocol,
    void (*speak)(struct http_upgrade *upgrade), void *arg);

/* Would http_upgrade_recv() return at once? */
bool http_upgrade_ready(const struct http_upgrade *upgrade);

/* As ring_recv(), what came behind the head first. [coroutine] */
ssize_t http_upgrade_recv(struct http_upgrade *upgrade, void *data,
    size_t size, uint64_t deadline);

/* Send all of `data`; waits for as long as send_timeout says. Returns 0 or
 * -errno, and then nothing more can be sent. [coroutine] */
int http_upgrade_send(struct http_upgrade *upgrade, struct slice data);

#endif

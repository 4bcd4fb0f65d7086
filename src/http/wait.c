/*
 * Waiting on behalf of a request, for as long as there is a client to be
 * answered.
 */

#include <errno.h>

#include "http/conn.h"

static void wait_input(void *waiter)
{
	ring_waiter_wake(waiter);
}

/*
 * While bytes of the client are not read, and pipelined ones may be there from
 * the beginning, its end is not seen: then the whole time is waited.
 */
int http_request_wait(struct http_request *request, struct ring_event *event,
    uint64_t deadline)
{
	struct http_conn *conn = request->conn;
	struct ring_event never = { NULL };
	struct ring_waiter waiter = { .link = NULL };
	int result = 0;

	while (!result && !ring_stream_ended(&conn->stream)) {
		http_conn_watch(conn, wait_input, &waiter);
		result = ring_event_wait(conn->worker->ring,
		    event ? event : &never, &waiter, deadline);
		http_conn_watch(conn, NULL, NULL);
		if (event)
			break;
	}
	if (!ring_stream_ended(&conn->stream))
		return result;
	http_log(request, LOG_LEVEL_INFO, 0,
	    "client prematurely closed connection");
	request->aborted_by_client = true;
	http_request_gone(request);
	return -ECONNRESET;
}

#ifndef RINGMASTER_HTTP_CONN_H
#define RINGMASTER_HTTP_CONN_H

#include <sys/un.h>

#include "http/core.h"
#include "http/request.h"

/*
 * Client connections of a worker. An idle one is this record and an armed
 * receive; one that is being served has a coroutine besides.
 */

enum http_conn_state {		/* for the gauges, and for who may close it */
	HTTP_CONN_IDLE,		/* waits for the first byte of a request */
	HTTP_CONN_READING,	/* a head is being read */
	HTTP_CONN_WRITING,	/* a request is being served */
	HTTP_CONN_CLOSING,
};

struct http_conn {
	struct ring_stream stream;
	struct ring_timer timer;	/* of idleness; runs on while served */
	struct http_worker *worker;
	const struct http_listen *listen;
	struct http_conn *next, **link;	/* worker->conns, longest idle first */
	uint64_t number;		/* as in the logs: "*7" */
	uint64_t accepted_ns;
	uint64_t idle_until;		/* when `timer` may close it */
	uint32_t requests;		/* begun on it */
	enum http_conn_state state;
	const struct http_request *request;	/* being read or served */
	bool proxy_read;		/* its PROXY protocol header was */
	struct proxy_protocol *proxy;	/* what that said; or NULL */
	void (*watch)(void *arg);	/* see http_conn_watch() */
	void *watch_arg;
	union http_address peer;	/* who connected: not always the client,
					 * see http_request_client() */
};

struct http_date_text {
	uint64_t second;		/* since 1970, of what follows */
	char imf[32];			/* "Sun, 06 Nov 1994 08:49:37 GMT" */
	char head[2][160];		/* status line 200, Server, Date: [0]
					 * server_tokens off, [1] on */
	unsigned head_len[2];
};

struct http_worker {
	struct http_conf *http;
	struct ring *ring;
	struct metrics_segment *segment;
	struct metrics_writer *metrics;
	const struct log *log;
	unsigned connections_max;
	unsigned connections;
	struct http_conn *conns;	/* longest idle first */
	struct http_conn **conns_end;
	uint64_t conn_numbers;
	uint64_t request_ids;
	bool draining;
	uint64_t drain_until_ns;	/* till then idle ones are kept */
	void (*drained)(void *arg);
	void *drained_arg;
	uint64_t real_offset_ns;	/* wall clock less monotonic clock */
	uint64_t date_until_ns;		/* until then `date` holds */
	struct http_date_text date;
	uint64_t dropped_log_ns;	/* not sooner is it logged again */
	uint64_t inflight_ns;		/* not sooner is shown what is */
	uint64_t follow_run;		/* the load test that is announced: all
					 * requests are timed; or 0 */
	struct file_cache *files;
};

/* Read the header of the PROXY protocol that the connection must begin with;
 * false, after logging, if it does not. [coroutine] */
bool http_conn_read_proxy(struct http_conn *conn);

/* The client's address as the metrics have it: its family, and its bytes in
 * network order to `address` (16). Returns its port. */
uint16_t http_client_bytes(const struct http_request *request,
    uint8_t *ret_family, uint8_t *address);

/* Show what is in flight, if somebody wants to know; called now and then. */
void http_inflight_tick(struct http_worker *worker);

/* Move to a state, and the gauges with it. */
void http_conn_set_state(struct http_conn *conn, enum http_conn_state state);

/*
 * While a request is served: call fn(arg) once, from the loop, when the client
 * sends something more or ends the connection, unless ring_stream_ready() is
 * already true for it. NULL: no more.
 */
void http_conn_watch(struct http_conn *conn, void (*fn)(void *arg), void *arg);

/* Texts made of the wall clock once a second; and that of this turn. */
const struct http_date_text *http_worker_date(struct http_worker *worker);
uint64_t http_worker_real_ns(const struct http_worker *worker);

/* HTTP/1: serve a connection that has something to read; a coroutine. */
void h1_serve(void *conn);

/*
 * Nothing is left to do: the connection is idle from now on, for at most
 * timeout_ns, and its coroutine must return. Returns false if something came
 * meanwhile, and the coroutine goes on.
 */
bool http_conn_idle(struct http_conn *conn, uint64_t timeout_ns);

/* Close and free the connection; `timed_out`: with a reset where
 * reset_timedout_connection says so. [coroutine] */
void http_conn_close(struct http_conn *conn, bool timed_out);

/*
 * Route the request, run its hooks, complete request->response. Returns
 * HTTP_DONE, or HTTP_ABORT for no answer at all.
 */
int http_request_run(struct http_request *request);

/* The same without the client's request line: a GET of the uri that is set,
 * in the server that is set. */
int http_request_run_inner(struct http_request *request);

/* The same for a request whose head was not understood: answer with what
 * error_page says of `status`, or the default page. */
int http_request_fail(struct http_request *request, unsigned status);

/* Make the response the default page for `status`. */
void http_request_refuse(struct http_request *request, unsigned status);

/* Log hooks and cleanups: the last thing that is done with a request. */
void http_request_end(struct http_request *request);

#endif

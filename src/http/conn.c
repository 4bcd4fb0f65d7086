/*
 * Connections: accepted, idle, closed.
 *
 * worker->conns is in the order in which they became idle, so that the first
 * idle one is the one to close when room is needed. The timer of a connection
 * is not moved at each request: it goes off, sees that the connection was
 * used, and is set again.
 */

#include "http/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	HTTP_SPAWN_RETRY_MS = 100,	/* without memory for a stack */
	HTTP_DRAIN_GRACE_MS = 250,	/* for requests that are on their way */
	HTTP_DRAIN_LAST_MS = 50,	/* ... after a later answer */
};

/* ---- what others ask ---- */

const union http_address *http_request_client(
    const struct http_request *request)
{
	return request->client ? request->client : &request->conn->peer;
}

uint16_t http_client_bytes(const struct http_request *request,
    uint8_t *ret_family, uint8_t *address)
{
	const union http_address *client = http_request_client(request);
	struct slice bytes = http_address_bytes(client);

	*ret_family = (uint8_t)client->any.sa_family;
	if (bytes.len)
		memcpy(address, bytes.data, bytes.len);
	return http_address_port(client);
}

/* ---- states ---- */

static const enum metrics_gauge http_state_gauges[] = {
	[HTTP_CONN_IDLE] = METRICS_IDLE,
	[HTTP_CONN_READING] = METRICS_READING,
	[HTTP_CONN_WRITING] = METRICS_WRITING,
	[HTTP_CONN_CLOSING] = METRICS_WRITING,
};

void http_conn_set_state(struct http_conn *conn, enum http_conn_state state)
{
	struct metrics_writer *metrics = conn->worker->metrics;

	metrics_gauge_add(metrics, http_state_gauges[conn->state], -1);
	metrics_gauge_add(metrics, http_state_gauges[state], 1);
	conn->state = state;
}

void http_conn_watch(struct http_conn *conn, void (*fn)(void *arg), void *arg)
{
	conn->watch = fn;
	conn->watch_arg = arg;
	if (fn)
		ring_stream_keep(&conn->stream);
}

static void http_conn_unlink(struct http_conn *conn)
{
	*conn->link = conn->next;
	if (conn->next)
		conn->next->link = conn->link;
	else
		conn->worker->conns_end = conn->link;
}

static void http_conn_link_last(struct http_conn *conn)
{
	conn->next = NULL;
	conn->link = conn->worker->conns_end;
	*conn->link = conn;
	conn->worker->conns_end = &conn->next;
}

/* See to it that the timer goes off at `until`, or before. */
static void http_conn_expire_at(struct http_conn *conn, uint64_t until)
{
	conn->idle_until = until;
	if (!conn->timer.link || conn->timer.deadline > until)
		ring_timer_set(conn->worker->ring, &conn->timer, until);
}

/* When a connection that became idle while its worker drains is closed. */
static uint64_t http_drain_until(const struct http_worker *worker)
{
	uint64_t last = ring_now(worker->ring) +
	    HTTP_DRAIN_LAST_MS * NS_PER_MSEC;

	return last > worker->drain_until_ns ? last : worker->drain_until_ns;
}

bool http_conn_idle(struct http_conn *conn, uint64_t timeout_ns)
{
	struct http_worker *worker = conn->worker;

	http_conn_set_state(conn, HTTP_CONN_IDLE);
	ring_stream_keep(&conn->stream);
	if (ring_stream_ready(&conn->stream)) {
		http_conn_set_state(conn, HTTP_CONN_READING);
		return false;
	}
	http_conn_unlink(conn);
	http_conn_link_last(conn);
	http_conn_expire_at(conn, worker->draining ?
	    http_drain_until(worker) : ring_now(worker->ring) + timeout_ns);
	return true;
}

/* ---- the end ---- */

static void http_worker_check_drained(struct http_worker *worker)
{
	void (*drained)(void *arg) = worker->drained;

	if (worker->draining && worker->connections == 0 && drained) {
		worker->drained = NULL;
		drained(worker->drained_arg);
	}
}

void http_conn_close(struct http_conn *conn, bool timed_out)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct http_worker *worker = conn->worker;

	/* Whoever comes in this turn shall not count it any more. */
	http_conn_set_state(conn, HTTP_CONN_CLOSING);
	metrics_gauge_add(worker->metrics, METRICS_WRITING, -1);
	metrics_conn_end(worker->metrics, ring_now(worker->ring) -
	    conn->accepted_ns, conn->requests);
	if (timed_out &&
	    conn->listen->default_server->core->reset_timedout_connection)
		(void)setsockopt(conn->stream.fd, SOL_SOCKET, SO_LINGER,
		    &reset, sizeof(reset)); /* else it is a plain close */
	ring_timer_clear(worker->ring, &conn->timer);
	ring_stream_close(&conn->stream);
	http_conn_unlink(conn);
	worker->connections--;
	free(conn->proxy);
	free(conn);
	http_worker_check_drained(worker);
}

static void http_conn_close_idle(void *arg)
{
	http_conn_close(arg, true);
}

/* Close a connection that no coroutine serves. */
static void http_conn_expire(struct http_conn *conn)
{
	struct ring *ring = conn->worker->ring;

	http_conn_set_state(conn, HTTP_CONN_CLOSING);
	if (ring_spawn(ring, NULL, http_conn_close_idle, conn)) {
		http_conn_set_state(conn, HTTP_CONN_IDLE);
		http_conn_expire_at(conn, ring_now(ring) +
		    HTTP_SPAWN_RETRY_MS * NS_PER_MSEC);
	}
}

static void http_conn_readable(void *arg);

static void http_conn_timer(void *arg)
{
	struct http_conn *conn = arg;

	if (conn->state != HTTP_CONN_IDLE)
		return;
	if (ring_stream_ready(&conn->stream))
		http_conn_readable(conn);	/* had no stack before */
	else if (ring_now(conn->worker->ring) >= conn->idle_until)
		http_conn_expire(conn);
	else
		http_conn_expire_at(conn, conn->idle_until);
}

/* ---- the beginning ---- */

static void http_conn_readable(void *arg)
{
	struct http_conn *conn = arg;
	struct ring *ring = conn->worker->ring;

	if (conn->watch)
		conn->watch(conn->watch_arg);
	if (conn->state != HTTP_CONN_IDLE)
		return;
	http_conn_set_state(conn, HTTP_CONN_READING);
	if (ring_spawn(ring, NULL, h1_serve, conn)) {
		http_conn_set_state(conn, HTTP_CONN_IDLE);
		http_conn_expire_at(conn, ring_now(ring) +
		    HTTP_SPAWN_RETRY_MS * NS_PER_MSEC);
	}
}

/* Close the connection that has been idle longest. False: none is idle. */
static bool http_worker_evict(struct http_worker *worker)
{
	struct http_conn *conn = worker->conns;

	while (conn && conn->state != HTTP_CONN_IDLE)
		conn = conn->next;
	if (conn)
		http_conn_expire(conn);
	return conn;
}

/* Close a connection at once, and say why now and then. */
static void http_worker_refuse(struct http_worker *worker, int fd)
{
	uint64_t now = ring_now(worker->ring);
	bool limited = worker->connections >= worker->connections_max;

	metrics_count(worker->metrics, limited ? METRICS_DROPPED_LIMIT :
	    METRICS_DROPPED_MEMORY, 1);
	(void)close(fd); /* nothing was sent */
	if (now < worker->dropped_log_ns)
		return;
	worker->dropped_log_ns = now + NS_PER_SEC;
	if (!limited)
		log_write(worker->log, LOG_LEVEL_ALERT, ENOMEM,
		    "no memory for a connection");
	else
		log_write(worker->log, LOG_LEVEL_ALERT, 0,
		    "%u worker_connections are not enough",
		    worker->connections_max);
}

void http_worker_accept(struct http_worker *worker,
    const struct http_listen *listen, int fd)
{
	union http_address peer;
	socklen_t len = sizeof(peer);
	struct http_conn *conn = NULL;

	metrics_count(worker->metrics, METRICS_ACCEPTED, 1);
	/* A client that has reset the connection has no address any more, by
	 * which rules could judge it, and what it sent is gone as well. */
	if (getpeername(fd, &peer.any, &len)) {
		metrics_count(worker->metrics, METRICS_HANDLED, 1);
		(void)close(fd);
		return;
	}
	if (worker->connections < worker->connections_max ||
	    http_worker_evict(worker))
		conn = calloc(1, sizeof(*conn));
	if (!conn) {
		http_worker_refuse(worker, fd);
		return;
	}
	conn->stream = (struct ring_stream){ .ring = worker->ring, .fd = fd,
	    .readable = http_conn_readable, .arg = conn };
	conn->timer.fn = http_conn_timer;
	conn->timer.arg = conn;
	conn->worker = worker;
	conn->listen = listen;
	conn->peer = peer;
	conn->number = ++worker->conn_numbers;
	conn->accepted_ns = ring_now(worker->ring);
	worker->connections++;
	metrics_count(worker->metrics, METRICS_HANDLED, 1);
	metrics_gauge_add(worker->metrics, METRICS_IDLE, 1);
	http_conn_link_last(conn);
	ring_stream_open(&conn->stream);
	http_conn_expire_at(conn, conn->accepted_ns + (uint64_t)
	    listen->default_server->record->client_header_timeout *
	    NS_PER_MSEC);
}

/* ---- draining ---- */

void http_worker_drain(struct http_worker *worker, void (*drained)(void *arg),
    void *arg)
{
	const struct http_module *const *module = worker->http->modules;

	worker->drain_until_ns = ring_now(worker->ring) +
	    HTTP_DRAIN_GRACE_MS * NS_PER_MSEC;
	worker->draining = true;
	worker->drained = drained;
	worker->drained_arg = arg;
	/* A request that is on its way now is still answered. */
	for (struct http_conn *conn = worker->conns; conn; conn = conn->next)
		if (conn->state == HTTP_CONN_IDLE)
			http_conn_expire_at(conn, worker->drain_until_ns);
	for (; *module; module++)
		if ((*module)->worker_drain)
			(*module)->worker_drain(worker);
	http_worker_check_drained(worker);
}

/*
 * Connections to upstream servers, and those of them that are kept.
 *
 * An idle one is a struct and an armed receive. Whatever comes on it (its
 * end, or bytes nobody asked for) is the end of it; so is the end of
 * keepalive_timeout.
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/conn.h"
#include "http/upstream.h"

enum { UPSTREAM_SPAWN_RETRY_MS = 100 };	/* without memory for a stack */

/* ---- the pool ---- */

static void upstream_conn_unlink(struct upstream_conn *conn)
{
	*conn->link = conn->next;
	if (conn->next)
		conn->next->link = conn->link;
}

/* It is not idle any more, though still in the list. */
static void upstream_conn_wake(struct upstream_conn *conn)
{
	conn->idle = false;
	conn->group->idle_count--;
	conn->peer->idle--;
	ring_timer_clear(conn->stream.ring, &conn->timer);
}

static void upstream_conn_close_cb(void *arg)
{
	struct upstream_conn *conn = arg;

	/* It stays in the list meanwhile: the ring may end before. */
	upstream_conn_wake(conn);
	ring_stream_close(&conn->stream);
	upstream_conn_unlink(conn);
	free(conn);
}

/* Close an idle connection, from the loop. */
static void upstream_conn_expire(void *arg)
{
	struct upstream_conn *conn = arg;
	struct ring *ring = conn->stream.ring;

	if (!conn->idle)
		return;
	if (ring_spawn(ring, NULL, upstream_conn_close_cb, conn))
		ring_timer_set(ring, &conn->timer, ring_now(ring) +
		    UPSTREAM_SPAWN_RETRY_MS * NS_PER_MSEC);
}

static bool upstream_address_equal(const struct upstream_peer *a,
    const struct upstream_peer *b)
{
	return a == b || (a->address.len == b->address.len &&
	    memcmp(&a->address.any, &b->address.any, a->address.len) == 0);
}

struct upstream_conn *upstream_conn_take(struct upstream_group *group,
    struct upstream_peer *peer, const void *tag)
{
	struct upstream_conn *conn = group->idle;

	while (conn && (!conn->idle || (conn->tag && conn->tag != tag) ||
	    ring_stream_ready(&conn->stream) ||
	    !upstream_address_equal(conn->peer, peer)))
		conn = conn->next;
	if (conn) {
		upstream_conn_wake(conn);
		upstream_conn_unlink(conn);
		conn->peer = peer;
		conn->requests++;
	}
	return conn;
}

static bool upstream_conn_may_keep(const struct upstream_conn *conn,
    const struct upstream_group *group)
{
	uint64_t age = ring_now(conn->stream.ring) - conn->opened_ns;

	return group->keepalive &&
	    conn->requests < group->keepalive_requests &&
	    age <= (uint64_t)group->keepalive_time * NS_PER_MSEC;
}

void upstream_conn_keep(struct upstream_conn **at,
    struct upstream_group *group, const void *tag)
{
	struct upstream_conn *conn = *at, *last = conn;

	if (!upstream_conn_may_keep(conn, group)) {
		upstream_conn_close(at);
		return;
	}
	ring_stream_rest(&conn->stream);
	if (ring_stream_ready(&conn->stream)) {
		upstream_conn_close(at);
		return;
	}
	*at = NULL;
	conn->group = group;
	conn->tag = group->keepalive_local ? tag : NULL;
	conn->idle = true;
	conn->next = group->idle;
	if (conn->next)
		conn->next->link = &conn->next;
	conn->link = &group->idle;
	group->idle = conn;
	group->idle_count++;
	conn->peer->idle++;
	ring_timer_set(conn->stream.ring, &conn->timer,
	    ring_now(conn->stream.ring) +
	    (uint64_t)group->keepalive_timeout * NS_PER_MSEC);
	if (group->idle_count <= group->keepalive)
		return;
	for (; conn; conn = conn->next)
		if (conn->idle)
			last = conn;
	upstream_conn_close_cb(last);
}

void upstream_group_drain(struct upstream_group *group)
{
	struct upstream_conn *conn = group->idle, *next;

	for (; conn; conn = next) {
		next = conn->next;
		upstream_conn_expire(conn);
	}
	group->keepalive = 0;
}

void upstream_group_free(struct upstream_group *group)
{
	struct upstream_conn *conn = group->idle, *next;

	for (; conn; conn = next) {
		next = conn->next;
		if (conn->idle)
			(void)close(conn->stream.fd); /* all was written */
		free(conn);
	}
	group->idle = NULL;
	group->idle_count = 0;
}

/* ---- one connection ---- */

static int upstream_socket_prepare(int fd, int family,
    struct upstream_connect *options)
{
	const int on = 1;

	options->failed = "setsockopt()";
	if (options->keepalive && setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on,
	    sizeof(on)))
		return -errno;
	if (options->rcvbuf && setsockopt(fd, SOL_SOCKET, SO_RCVBUF,
	    &options->rcvbuf, sizeof(options->rcvbuf)))
		return -errno;
	if (options->sndbuf && setsockopt(fd, SOL_SOCKET, SO_SNDBUF,
	    &options->sndbuf, sizeof(options->sndbuf)))
		return -errno;
	if (family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on)); /* it is only quicker with it */
	if (!options->local)
		return 0;
	if (options->transparent && setsockopt(fd, family == AF_INET6 ?
	    IPPROTO_IPV6 : IPPROTO_IP, family == AF_INET6 ? IPV6_TRANSPARENT :
	    IP_TRANSPARENT, &on, sizeof(on)))
		return -errno;
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on)); /* it only saves ports */
	options->failed = "bind()";
	return bind(fd, options->local, options->local_len) ? -errno : 0;
}

static void upstream_conn_readable(void *arg)
{
	upstream_conn_expire(arg);
}

int upstream_conn_open(struct ring *ring, struct upstream_peer *peer,
    struct upstream_connect *options, int *ret_fd, struct upstream_conn **ret)
{
	const struct upstream_address *address = &peer->address;
	struct upstream_conn *conn;
	int err, fd = socket(address->any.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	options->failed = "socket()";
	if (fd < 0)
		return -errno;
	err = upstream_socket_prepare(fd, address->any.sa_family, options);
	if (!err) {
		options->failed = "connect()";
		*ret_fd = fd;
		err = ring_connect(ring, fd, &address->any, address->len,
		    options->deadline);
		*ret_fd = -1;
	}
	conn = err ? NULL : calloc(1, sizeof(*conn));
	if (!conn) {
		(void)close(fd); /* nothing was written */
		return err ? err : -ENOMEM;
	}
	conn->stream = (struct ring_stream){ .ring = ring, .fd = fd,
	    .readable = upstream_conn_readable, .arg = conn };
	conn->timer.fn = upstream_conn_expire;
	conn->timer.arg = conn;
	conn->peer = peer;
	conn->opened_ns = ring_now(ring);
	conn->requests = 1;
	*ret = conn;
	return 0;
}

void upstream_conn_close(struct upstream_conn **conn)
{
	if (!*conn)
		return;
	ring_stream_close(&(*conn)->stream);
	free(*conn);
	*conn = NULL;
}

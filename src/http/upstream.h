#ifndef RINGMASTER_HTTP_UPSTREAM_H
#define RINGMASTER_HTTP_UPSTREAM_H

#include <sys/socket.h>
#include <sys/un.h>

#include "http/http.h"
#include "http/request.h"
#include "metrics/writer.h"

/*
 * Groups of other servers ("upstream" blocks, and what a "proxy_pass" names
 * without one), the choice of one of them for a try, and connections to them
 * that are kept. Nothing here knows what is said on a connection.
 *
 * Groups and peers lie in the configuration. Their state (weights, failures,
 * connections) is that of one worker.
 */

enum {
	UPSTREAM_KEEPALIVE = 32,	/* idle ones of a group, by default */
	UPSTREAM_PEERS_MAX = 4096,	/* of a group */
};

struct upstream_conn;

struct upstream_address {
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	};
	socklen_t len;
	struct slice name;		/* "127.0.0.1:80", "unix:/path" */
};

struct upstream_peer {
	struct upstream_address address;
	int64_t weight, max_fails, max_conns;
	uint64_t fail_timeout_ns;
	bool down;
	bool backup;			/* asked when the others cannot */
	uint16_t metrics;		/* of metrics_peer_id() */
	/* state */
	int64_t current_weight, effective_weight;
	int64_t fails;
	unsigned conns;			/* tries under way */
	unsigned idle;			/* connections that are kept */
	uint64_t accessed_ns, checked_ns;
};

/* Those that are asked first, or those that are asked when they cannot. */
struct upstream_peers {
	struct upstream_peer *peers;
	unsigned count;
	unsigned tries;			/* peers that are not down */
};

struct upstream_group {
	struct slice name;
	uint16_t port;			/* 0: none was said */
	bool no_port;
	bool defined;			/* by an "upstream" block */
	bool single;			/* one peer: failures do not count */
	const struct conf_node *node;
	struct upstream_peers main, backup;
	const struct upstream_balancer *balancer;
	/* of the pool */
	int64_t keepalive;		/* connections; 0: none is kept */
	int64_t keepalive_requests;
	int64_t keepalive_time;		/* ms */
	int64_t keepalive_timeout;	/* ms */
	int64_t keepalive_local;	/* not shared by locations */
	struct upstream_conn *idle;	/* newest first; also those that are
					 * being closed */
	unsigned idle_count;
	struct upstream_group *next;
};

/* ---- choosing ---- */

/* The tries of one request; filled in by upstream_try_begin(). */
struct upstream_try {
	struct upstream_group *group;
	struct upstream_peers *from;
	struct upstream_peer *peer;	/* chosen, and not told the outcome */
	uint64_t *tried;		/* a bit a peer of `from` */
	uint64_t tried_first;
	unsigned left;			/* more tries that make sense */
	uint64_t now_ns;		/* of the choice or the outcome */
};

/* How a group chooses; another method is another one of these. */
struct upstream_balancer {
	/* The peer of try->from for this try, or NULL if none can be had. */
	struct upstream_peer *(*pick)(struct upstream_try *try);
	/* What became of try->peer. */
	void (*done)(struct upstream_try *try, bool failed);
};

extern const struct upstream_balancer upstream_round_robin;

/* Begin; 0 or -ENOMEM. */
int upstream_try_begin(struct upstream_try *try, struct http_request *request,
    struct upstream_group *group);

/* Choose a peer for the next try: NULL if none is alive. */
struct upstream_peer *upstream_pick(struct upstream_try *try);

/* Tell the outcome of the try; nothing if there is none under way. Returns
 * true if the peer is now left alone for a while. */
bool upstream_done(struct upstream_try *try, bool failed);

/* Show in the metrics how the worker sees its peers; called now and then. */
void upstream_tick(const struct http_worker *worker);

/* ---- connections ---- */

struct upstream_conn {
	struct ring_stream stream;
	struct ring_timer timer;	/* while idle */
	struct upstream_group *group;
	struct upstream_peer *peer;
	const void *tag;		/* the location, if it is not shared */
	uint64_t opened_ns;
	unsigned requests;		/* begun on it */
	bool idle;			/* nobody uses or closes it */
	struct upstream_conn *next, **link;	/* group->idle */
};

struct upstream_connect {
	uint64_t deadline;
	const struct sockaddr *local;	/* to bind to; NULL: any */
	socklen_t local_len;
	bool transparent;		/* the local address is another's */
	bool keepalive;			/* SO_KEEPALIVE */
	int rcvbuf, sndbuf;		/* 0: the system's */
	const char *failed;		/* the call that failed; a result */
};

/* An idle connection to the peer that `tag` may use, or NULL. */
struct upstream_conn *upstream_conn_take(struct upstream_group *group,
    struct upstream_peer *peer, const void *tag);

/*
 * A new connection; the peer must live as long as it. Returns 0,
 * -ETIMEDOUT at the deadline, -ECANCELED after ring_cancel() of *ret_fd
 * (which is -1 when nothing waits), or -errno. [coroutine]
 */
int upstream_conn_open(struct ring *ring, struct upstream_peer *peer,
    struct upstream_connect *options, int *ret_fd, struct upstream_conn **ret);

/* Give it to the group for others, if it may have one more, or close it.
 * Takes it over. [coroutine] */
void upstream_conn_keep(struct upstream_conn **conn,
    struct upstream_group *group, const void *tag);

/* Close and free. [coroutine] */
void upstream_conn_close(struct upstream_conn **conn);

/* A worker drains: close all that are idle. */
void upstream_group_drain(struct upstream_group *group);

/* The ring will not run again: free all. */
void upstream_group_free(struct upstream_group *group);

/* ---- the configuration ---- */

/* A URL's part behind the scheme, taken apart. */
struct upstream_url {
	struct slice text;		/* without the URI */
	struct slice host;		/* of a unix socket: its path */
	uint16_t port;
	bool no_port;
	bool unix_socket;
	struct slice uri;		/* what follows: "/...", "?..." or "" */
	const char *why;		/* it is wrong */
};

/* False: ret->why says what is wrong. `with_uri`: a URI may follow. */
bool upstream_url_parse(struct slice text, uint16_t port, bool with_uri,
    struct upstream_url *ret);

/* The address of a url whose host is one (not a name); false if it is a name.
 * address->name is made in `arena`, its `data` NULL without memory. */
bool upstream_address_literal(struct arena *arena,
    const struct upstream_url *url, struct upstream_address *address);

/* The same for an address that is known. */
void upstream_address_set(struct arena *arena,
    const union http_address *from, uint16_t port,
    struct upstream_address *address);

/* The group that a url means, made when it is not there yet; NULL after
 * conf_fail(). */
struct upstream_group *upstream_group_use(struct conf *conf,
    const struct conf_node *node, struct http_conf *http,
    const struct upstream_url *url);

/* A new group for the "upstream" block `node`; or NULL after conf_fail(). */
struct upstream_group *upstream_group_define(struct conf *conf,
    const struct conf_node *node, struct http_conf *http);

/* The group that a url means at run time, or NULL. */
struct upstream_group *upstream_group_find(const struct http_conf *http,
    const struct upstream_url *url);

/* Add the addresses of `url` (a name may have several) as peers like `like`.
 * Returns 0 or the result of conf_fail(). Asks the resolver. */
int upstream_group_add(struct conf *conf, const struct conf_node *node,
    struct upstream_group *group, const struct upstream_url *url,
    const struct upstream_peer *like);

/* All was read: complete each group. 0 or the result of conf_fail(). */
int upstream_groups_finish(struct conf *conf, struct http_conf *http);

/* ---- what a request knows of its tries ---- */

struct upstream_state {
	struct slice peer;		/* address, or the group: none lives */
	unsigned status;		/* 0: there was no answer */
	uint64_t ns[METRICS_TIME_COUNT];	/* or METRICS_TIME_NONE */
	uint16_t metrics;		/* as of the peer */
	uint64_t begun_ns;
	uint64_t bytes_sent, bytes_received, response_length;
	bool passed;			/* its answer is the response: until
					 * that begins no end of it is known */
	bool redirected;		/* first after an internal redirect */
	struct upstream_state *next;
};

struct upstream_trace {
	struct upstream_state *states, *last;
	/* of the last answer, for $upstream_http_NAME */
	const struct http_header *headers;
	unsigned header_count;
	/* for the log, while a server is spoken with; or empty */
	struct slice scheme, peer, uri;
	const char *doing;		/* "connecting to upstream"; NULL */
};

/* The trace of a request, new at first; NULL without memory. */
struct upstream_trace *upstream_trace_get(struct http_request *request);

/* Add a state to it; NULL without memory. */
struct upstream_state *upstream_trace_add(struct http_request *request,
    struct slice peer);

/* What the metrics keep of it: the last peer, and the time of all. */
void upstream_trace_metrics(const struct http_request *request,
    struct metrics_request *m);

#endif

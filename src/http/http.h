#ifndef RINGMASTER_HTTP_HTTP_H
#define RINGMASTER_HTTP_HTTP_H

#include <sys/socket.h>

#include "base/log.h"
#include "conf/conf.h"
#include "http/module.h"
#include "metrics/writer.h"
#include "ring/ring.h"

/*
 * HTTP as the other layers see it: the configuration it leaves behind, and
 * its life in a worker.
 */

struct metrics_segment;
struct upstream_group;

/* An address that "listen" directives name, with what they say of it. The
 * owner of the sockets (the master) opens one a worker slot. */
struct http_listen {
	struct sockaddr_storage address;
	socklen_t address_len;
	struct slice name;		/* as in nginx's messages */
	int backlog;
	int64_t rcvbuf, sndbuf;		/* CONF_UNSET: the system's */
	int64_t ipv6only;		/* CONF_UNSET: on */
	int64_t deferred;
	bool proxy_protocol;		/* connections begin with its header */
	const struct conf_node *node;	/* first directive that named it */
	struct http_server *default_server;
	bool default_set;		/* by "default_server" */
	struct http_server **servers;	/* all that listen here */
	unsigned server_count;
	void *names;			/* of server names; private */
	struct http_listen *next;
};

struct http_conf {
	struct conf *conf;
	void **main_records;		/* of the http block */
	struct http_listen *listens;
	struct http_server **servers;	/* in the order written */
	unsigned server_count;
	const struct log *log;		/* of the http block */
	const struct http_module *const *modules;	/* NULL ends it */
	unsigned module_count;
	struct upstream_group *upstreams;	/* see upstream.h */
	int (**hooks[HTTP_PHASE_COUNT])(struct http_request *request);
					/* of each phase; NULL ends them */
};

/* The table with the "http" block: one of the main context's. */
extern const struct conf_table http_block_table;

/* Its record: where "http" leaves what it read. */
struct http_block {
	const struct http_module *const *modules; /* set before conf_apply() */
	struct http_conf *http;			/* NULL: there was no block */
};

enum { HTTP_TABLES_MAX = 64 };

/*
 * Write the tables that HTTP with these modules needs (http_block_table, the
 * core's, one a module) to `ret`, which has room for HTTP_TABLES_MAX.
 * Returns their number.
 */
unsigned http_tables(const struct http_module *const *modules,
    const struct conf_table **ret);

/*
 * Register the servers and locations as scopes of the segment, and upstream
 * servers, zones and what modules count as what they are there; call it in the
 * master, when the configuration is going to be used.
 */
int http_conf_scopes(struct http_conf *http, struct metrics_segment *segment);

/* ---- in a worker ---- */

struct http_worker_options {
	struct http_conf *http;
	struct ring *ring;
	struct metrics_segment *segment;
	struct metrics_writer *metrics;
	const struct log *log;
	unsigned connections_max;	/* worker_connections */
};

int http_worker_start(const struct http_worker_options *options,
    struct http_worker **ret);

/* Serve a new connection; takes over `fd`. */
void http_worker_accept(struct http_worker *worker,
    const struct http_listen *listen, int fd);

/* What a coroutine, fn(fn_arg), serves: the scopes of its request, or
 * METRICS_SCOPE_NONE. */
struct http_scopes {
	uint16_t server, location;
};
struct http_scopes http_coroutine_scopes(void (*fn)(void *arg),
    const void *fn_arg);

/* What is to be done now and then: call it each 100 ms or so. */
void http_worker_tick(struct http_worker *worker);

/*
 * Finish: close idle connections now and the others after the request they
 * serve. drained(arg) is called when the last one has gone, perhaps at once.
 */
void http_worker_drain(struct http_worker *worker, void (*drained)(void *arg),
    void *arg);

/* SIGUSR1: the log files have been reopened; flush buffers to the new. */
void http_worker_reopened(struct http_worker *worker);

/* Stop without waiting; flush logs; free. All connections must have gone,
 * or the ring will not run again. */
void http_worker_stop(struct http_worker **worker);

#endif

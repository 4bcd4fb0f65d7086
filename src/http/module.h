#ifndef RINGMASTER_HTTP_MODULE_H
#define RINGMASTER_HTTP_MODULE_H

#include "conf/conf.h"

/*
 * A module is one file in src/modules: its directives, the record they fill,
 * its variables and its hooks stand together in a `struct http_module`, and
 * the array of src/modules/modules.c names it. Nothing else knows it.
 */

struct http_conf;
struct http_request;
struct http_value;
struct http_worker;
struct metrics_segment;

/* nginx's phases, in their order, as far as hooks are called in them. */
enum http_phase {
	HTTP_PHASE_SERVER_REWRITE,
	HTTP_PHASE_REWRITE,
	HTTP_PHASE_PREACCESS,
	HTTP_PHASE_ACCESS,
	HTTP_PHASE_PRECONTENT,	/* try_files */
	HTTP_PHASE_CONTENT,
	HTTP_PHASE_COUNT
};

/*
 * What a hook returns: one of these, or an HTTP status (>= 100), which ends
 * the request with that answer (through error_page where one matches).
 */
enum {
	HTTP_DECLINED = 0,	/* not mine: ask the next */
	HTTP_DONE = 1,		/* request->response is complete */
	HTTP_REDIRECTED = 2,	/* the uri is another one: go on with that */
	HTTP_ABORT = 3,		/* close the connection without an answer */
	HTTP_ALLOWED = 4,	/* access phase: let in, as far as I am asked */
};

/*
 * A variable: `get` writes its value to *ret, with memory of the request's
 * arena or longer-lived; false if it has none ("-" in a log). A module that
 * lets the configuration define variables ("map", "set") fills in `make`
 * instead, see http_variable_define().
 */
struct http_variable {
	struct slice name;	/* without '$'; a trailing '*' for a prefix */
	bool (*get)(struct http_request *request, struct slice name,
	    struct slice *ret);
	/* What "set $name" does; NULL: it cannot be set. */
	bool (*set)(struct http_request *request, struct slice value);

	bool changeable;	/* "map" and the like may define it anew */
	const char *help;	/* one line: what it is; not if `make` */

	/* Of those that the configuration defines; `get` is NULL then. */
	bool (*make)(struct http_request *request, void *arg,
	    struct slice *ret);	/* NULL: none, until it is set */
	void *arg;
	const struct http_variable *family;	/* "http_*", or what it was
						 * else: asked if it is neither
						 * made nor set */
	unsigned index;		/* among the request's values */
	bool defined;
	bool is_volatile;	/* made anew each time it is asked for */
};

struct http_module {
	struct conf_table table;	/* records at http, server, location */
	const struct http_variable *variables; /* ended by an empty name */
	/* Once, when the whole configuration was read and merged; or NULL. */
	int (*configured)(struct conf *conf, struct http_conf *http);
	/* In the master, when the configuration is going to be used: name
	 * what is counted. Returns 0 or -errno. Or NULL. */
	int (*named)(struct http_conf *http, struct metrics_segment *segment);
	/* In each worker at its start, and at its end; or NULL. */
	int (*worker_start)(struct http_worker *worker);
	void (*worker_stop)(struct http_worker *worker);
	/* The worker drains (worker->draining): end answers that would else
	 * go on for ever; or NULL. */
	void (*worker_drain)(struct http_worker *worker);
	/* Log files were reopened: write what waits to the new; or NULL. */
	void (*reopened)(struct http_worker *worker);
	/* Called in the order of the phases, modules in array order. */
	int (*phase[HTTP_PHASE_COUNT])(struct http_request *request);
	/* Change the response before its header is sent; or NULL. */
	int (*filter)(struct http_request *request);
	/* The client has gone before it had its answer, and the request will
	 * end soon: give back now what others are counted against; or NULL.
	 * Must not wait. */
	void (*gone)(struct http_request *request);
	/* The request has ended, however; or NULL. */
	void (*log)(struct http_request *request);
};

/* The function that makes the answer in a location that a directive gave
 * over to it ("stub_status", "proxy_pass", ...); returns as a hook does. */
typedef int http_handler(struct http_request *request);

/* Give the location that `scope` is in over to `handler`. */
void http_location_handle(const struct conf_scope *scope,
    http_handler *handler);

/* The same for one that passes requests on: to a location "/x/" a client that
 * asks for "/x" is sent. */
void http_location_pass(const struct conf_scope *scope,
    http_handler *handler);

#endif

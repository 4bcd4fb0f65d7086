#ifndef RINGMASTER_HTTP_REQUEST_H
#define RINGMASTER_HTTP_REQUEST_H

#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/address.h"
#include "http/body.h"
#include "http/h1_parse.h"
#include "http/module.h"
#include "metrics/writer.h"

/*
 * One request and its response, whatever protocol brought it. It lives on
 * the stack of the coroutine that serves it; its arena is freed as a whole
 * when it has ended.
 */

struct file;
struct ring_event;
struct ring_file_part;
struct http_captures;
struct http_conn;
struct http_location;
struct http_request_body;
struct http_server;
struct http_upgrade;
struct http_variable_value;
struct http_worker;
struct upstream_trace;

enum {
	HTTP_REQUEST_ARENA_MAX = 1024 * 1024,	/* heap bytes of one request */
	HTTP_REQUEST_ARENA_INLINE = 2048,	/* bytes of it on the stack */
	HTTP_REDIRECTS_MAX = 10,		/* internal ones, as nginx */
};

/* A header line of the response, besides those with a field of their own. */
struct http_field {
	struct slice name, value;
	struct http_field *next;
	bool kept;			/* whatever page is sent in the end */
};

struct http_response {
	unsigned status;
	int64_t length;			/* of the body; -1: not known */
	struct slice content_type;	/* empty: no such line */
	struct slice charset;		/* appended to content_type, or empty */
	struct slice override_charset;	/* X-Accel-Charset of an upstream */
	struct slice location;		/* of a redirect: URI or path */
	struct slice etag;		/* with its quotes; empty: none */
	struct slice allow;		/* methods, for 405 and OPTIONS */
	struct slice upgrade;		/* protocol switched to, with 101 */
	struct slice reason;		/* phrase behind the status, if it is
					 * another server's; NULL: the usual */
	struct slice server, date;	/* instead of our own; or empty */
	time_t last_modified;		/* -1: not known */
	struct slice content_range;
	bool accept_ranges;		/* a Range may be applied */
	bool vary_encoding;		/* "Vary: Accept-Encoding" */
	bool foreign;			/* another server's, who has judged the
					 * request's conditions */
	struct http_field *fields;	/* in order */
	struct http_field **fields_end;
	/* The lines of content_type, length, last_modified, etag and
	 * accept_ranges as they will be sent: whoever changes one of those
	 * after it was set makes this empty. */
	struct slice prepared;
	struct http_body body;
	/* Lines behind the body: called when it has ended, this fills in
	 * `trailers` and returns 0 or -ENOMEM. NULL: there are none. */
	int (*make_trailers)(struct http_request *request);
	struct http_field *trailers;
	struct file *file;		/* of the cache, all of which is the
					 * body as it is; or NULL */
	/* Who has the connection after a 101; see upgrade.h. */
	void (*speak)(struct http_upgrade *upgrade);
	void *speak_arg;
};

/* Of a request that is timed; see timing.h. Times are CLOCK_MONOTONIC. */
struct http_timing {
	uint64_t received_ns;		/* turn in which its first byte came */
	uint64_t begun_ns;		/* its coroutine began to read it */
	uint64_t since_ns;		/* the stage under way began, or would
					 * have without its waits */
	uint64_t stage_ns[METRICS_STAGE_COUNT];
};

/* Something to be done when the request has ended: last added, first run. */
struct http_cleanup {
	void (*fn)(void *arg);
	void *arg;
	struct http_cleanup *next;
};

struct http_request {
	struct http_conn *conn;
	struct http_worker *worker;
	const struct http_server *server;
	const struct http_location *location;
	void **records;			/* of the location, or the server */
	const struct http_request *parent; /* that this one is made for, see
					 * subrequest.h; NULL: a client's */
	const union http_address *client; /* that a trusted proxy names; NULL:
					 * who connected is the client */

	struct slice uri;		/* decoded, normalised path */
	struct slice args;		/* behind '?', as received */
	struct slice host;		/* lower case, without port */
	enum http_method method;	/* of now: error_page may make it GET */
	struct http_captures *captures;	/* $1 ...; NULL: nothing matched */
	struct http_variable_value *values;	/* of variables that the
						 * configuration defines */

	struct http_response response;
	struct http_source *body;	/* of the request; NULL: none */
	struct http_request_body *body_read;	/* see request_body.h */
	uint64_t body_received;
	int64_t body_max;		/* client_max_body_size; 0: no limit */

	uint64_t started_ns;		/* turn in which its head was whole */
	uint64_t header_ns;		/* first byte to whole head */
	uint64_t head_sent;		/* bytes of the response's header */
	uint64_t body_sent;
	const struct ring_file_part *file_part;	/* what of it is being sent
					 * and not in body_sent; or NULL */
	size_t file_part_size;		/* of it, at first */
	uint64_t id;
	int64_t limit_rate;		/* instead of the location's, if: */
	int64_t limit_rate_after;
	bool limit_rate_set, limit_rate_after_set;
	struct slice user;		/* authenticated, or empty */
	struct slice content_type;	/* of whatever is the answer; empty:
					 * its own */
	struct upstream_trace *upstream;/* NULL: none was asked */

	unsigned redirects;		/* internal ones, and rewrites */
	bool uri_changed;		/* it is not the client's any more */
	bool uri_rewritten;		/* nor does it begin with the name of
					 * its location */
	bool enters_server;		/* its server's rewrites come next */
	bool escape_captures;		/* $1 ... are to stand in a query */
	struct http_location *named;	/* go there next, whatever the uri */
	unsigned error_status;		/* that error_page is serving, or 0 */
	unsigned answer_status;		/* which it is sent with; 0: its own */
	uint8_t cache_result;		/* enum metrics_cache_result */
	bool keepalive;			/* the connection may be used again */
	bool header_only;		/* HEAD, or a status without body */
	bool head_read;			/* `head` is filled in */
	bool header_sent;
	bool internal;			/* reached by an internal redirect */
	bool pipelined;			/* it was here before it was read */
	bool uri_behind_alias;		/* of a regular expression, which else
					 * is the whole file name */
	bool aborted_by_client;
	bool aborted_by_server;
	bool timed;			/* `timing` is filled in */
	bool sampled;			/* and counts in the metrics */

	struct http_cleanup *cleanups;
	void **module_data;		/* by module index; NULL until used */

	/* All above begins as zero. */
	struct h1_head head;		/* as received */
	struct http_timing timing;	/* if `timed` */
	struct arena arena;
};

/* The client's address: who connected, or whom they speak for. */
const union http_address *http_request_client(
    const struct http_request *request);

/* The path as received, without the query, which may hold what should not be
 * shown: up to `size` bytes to `to`. Returns the length. */
size_t http_request_shown_path(const struct http_request *request, char *to,
    size_t size);

/* The record that the module `table` has for this request's location. */
void *http_request_record(const struct http_request *request,
    const struct conf_table *table);

/*
 * The module's place for what it keeps of this request: NULL in it at first.
 * Returns NULL if there is no memory.
 */
void **http_request_data(struct http_request *request,
    const struct http_module *module);

/* The request's header line `name` (the first one), or an empty slice. */
struct slice http_request_header(const struct http_request *request,
    struct slice name);

/*
 * Add a header line to the response. The strings must live as long as the
 * request. Returns 0 or -ENOMEM.
 */
int http_response_add(struct http_request *request, struct slice name,
    struct slice value);

/* The same in the place of all lines that are called so (in any case). */
int http_response_set(struct http_request *request, struct slice name,
    struct slice value);

/* The same for a line that belongs to the status: it stays when the answer
 * becomes an error page. */
int http_response_add_kept(struct http_request *request, struct slice name,
    struct slice value);

/*
 * Wait until `event` (NULL: nothing) is woken: 0, perhaps too early; or until
 * the deadline: -ETIMEDOUT. If the client goes meanwhile the request is marked
 * as aborted by it and the result is -ECONNRESET: return HTTP_ABORT then.
 * [coroutine]
 */
int http_request_wait(struct http_request *request, struct ring_event *event,
    uint64_t deadline);

/* The client has gone: let modules know, see module.h. */
void http_request_gone(struct http_request *request);

/* Make `text` the body, with its length and type. */
void http_response_text(struct http_request *request, unsigned status,
    struct slice content_type, struct slice text);

/* `path` with %XX for the bytes that may not stand in a URI's path, in the
 * request's arena; `data` is NULL without memory. */
struct slice http_uri_escape(struct http_request *request, struct slice path);

/* How fast the response may be sent, in bytes a second, and how much of it
 * before that holds: what was set, else what the location says now. */
int64_t http_request_limit_rate(struct http_request *request);
int64_t http_request_limit_rate_after(struct http_request *request);

/* Run fn(arg) when the request ends. Returns 0 or -ENOMEM. */
int http_request_cleanup(struct http_request *request, void (*fn)(void *),
    void *arg);

/*
 * Go on with another URI ("/path", "/path?args") or, if it begins with '@',
 * in a named location. Returns HTTP_REDIRECTED, or 500 after
 * HTTP_REDIRECTS_MAX of them.
 */
int http_redirect_internally(struct http_request *request, struct slice uri,
    struct slice args);

/* Send the client to the path with a slash behind it. Returns the status. */
int http_request_add_slash(struct http_request *request);

/* Have the settings of `location` from now on. */
void http_request_enter(struct http_request *request,
    const struct http_location *location);

/*
 * Log with the request's context behind the message, as nginx does:
 * ", client: ADDRESS, server: NAME, request: "LINE", host: "HOST"".
 */
void http_log(struct http_request *request, enum log_level level, int error,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif

#ifndef RINGMASTER_MODULES_PROXY_H
#define RINGMASTER_MODULES_PROXY_H

#include "http/conn.h"
#include "http/h1_response.h"
#include "http/upstream.h"
#include "http/variable.h"

/*
 * The reverse proxy, in files:
 *
 *   proxy.c           the table of directives, defaults, merging, variables
 *   proxy_set.c       the directives that need more than a row
 *   proxy_request.c   what is sent
 *   proxy_send.c      sending it, and its body
 *   proxy_run.c       trying servers until one has answered
 *   proxy_head.c      reading the head of an answer
 *   proxy_response.c  what becomes of that
 *   proxy_body.c      the answer's body, as a source
 *   proxy_file.c      the file in which it waits for its client
 *   proxy_rewrite.c   redirects and cookies
 */

enum {
	PROXY_HEADERS = 40,	/* of an answer, before more are taken */
};

/* When another server is asked: bits of proxy_next_upstream. */
enum {
	PROXY_NEXT_ERROR = 1 << 0,
	PROXY_NEXT_TIMEOUT = 1 << 1,
	PROXY_NEXT_INVALID_HEADER = 1 << 2,
	PROXY_NEXT_500 = 1 << 3,
	PROXY_NEXT_502 = 1 << 4,
	PROXY_NEXT_503 = 1 << 5,
	PROXY_NEXT_504 = 1 << 6,
	PROXY_NEXT_403 = 1 << 7,
	PROXY_NEXT_404 = 1 << 8,
	PROXY_NEXT_429 = 1 << 9,
	PROXY_NEXT_NON_IDEMPOTENT = 1 << 10,
	PROXY_NEXT_OFF = 1 << 11,
	PROXY_NEXT_SET = 1 << 12,	/* something was said */
};

/* Headers of an answer without their effect: bits of proxy_ignore_headers. */
enum {
	PROXY_IGNORE_REDIRECT = 1 << 0,
	PROXY_IGNORE_EXPIRES = 1 << 1,
	PROXY_IGNORE_LIMIT_RATE = 1 << 2,
	PROXY_IGNORE_BUFFERING = 1 << 3,
	PROXY_IGNORE_CHARSET = 1 << 4,
	PROXY_IGNORE_CACHE = 1 << 5,	/* those that only a cache minds */
	PROXY_IGNORE_SET = 1 << 6,
};

/* What a try came to: 0, or one bit of PROXY_NEXT_*, or: */
enum {
	PROXY_GONE = -1,		/* the client went */
	PROXY_FAILED = -2,		/* no use in trying others */
};

/* Where requests go, and what follows from the URL. */
struct proxy_target {
	struct upstream_group *group;
	struct slice scheme;		/* "http://" */
	struct slice host;		/* of the Host header, $proxy_host */
	struct slice port;		/* $proxy_port */
	struct slice uri;		/* empty: none was said */
};

/* A line of proxy_set_header. */
struct proxy_header {
	struct slice name;
	struct http_value value;
	bool drop;			/* it is never sent */
	struct proxy_header *next;
};

/* A name of proxy_hide_header or proxy_pass_header. */
struct proxy_name {
	struct slice name;
	struct proxy_name *next;
};

/* A rule of proxy_redirect, proxy_cookie_domain or proxy_cookie_path. */
struct proxy_rewrite {
	struct http_regex *regex;	/* or NULL: */
	struct http_value pattern;
	struct http_value replacement;
	bool is_default;		/* made from proxy_pass */
	struct proxy_rewrite *next;
};

/* A rule of proxy_cookie_flags. */
struct proxy_flags {
	struct http_regex *regex;	/* or NULL: */
	struct http_value name;
	struct http_value *flags;
	unsigned count;
	struct proxy_flags *next;
};

struct proxy_record {
	/* Not inherited, but by "if" and "limit_except". */
	bool passes;			/* there is a proxy_pass */
	struct http_value url;		/* if it has variables */
	bool has_url;
	struct proxy_target target;	/* if not */
	struct slice url_text;
	struct slice location;		/* which the URI replaces */

	struct proxy_header *headers;	/* NULL: inherit */
	struct http_value *host;	/* of those; NULL: the target's */
	uint64_t replaced;		/* client headers left out, known.. */
	struct proxy_name *replaced_names;	/* ... and other ones */

	struct proxy_name *hide, *pass;
	struct proxy_rewrite *redirects, *cookie_domains, *cookie_paths;
	struct proxy_flags *cookie_flags;
	bool redirects_set, domains_set, paths_set, flags_set;

	struct http_value method, body, limit_rate, bind;
	bool has_method, has_body, has_limit_rate, has_bind, bind_set;
	bool bind_transparent;
	int64_t next_upstream, ignore_headers;	/* sets of bits; 0: inherit */

	int64_t http_version;			/* 10, 11 */
	int64_t buffering, request_buffering, ignore_client_abort;
	int64_t intercept_errors, pass_request_headers, pass_request_body;
	int64_t pass_trailers, socket_keepalive, force_ranges;
	int64_t socket_rcvbuf, socket_sndbuf;
	int64_t connect_timeout, send_timeout, read_timeout;	/* ms */
	int64_t next_tries, next_timeout;	/* ms; 0: no limit */
	int64_t buffer_size, buffer_count, buffers_size;
	int64_t busy_buffers_size, temp_file_write_size, max_temp_file_size;
	int64_t file_write, file_max;	/* what follows from those */
	struct slice temp_path;
};

/* A request that is passed on; in the request's arena. */
struct proxy {
	struct http_request *request;
	const struct proxy_record *record;
	struct ring *ring;
	struct proxy_target target;
	struct upstream_try try;
	struct upstream_conn *conn;	/* NULL: none now */
	struct upstream_trace *trace;
	struct upstream_state *state;
	int connecting_fd;		/* or -1 */
	uint64_t begun_ns;
	bool unbuffered;		/* the request's body is passed on as
					 * it comes */
	bool cached;			/* the connection had been used */
	enum metrics_failure failure;	/* of this try */
	bool sent;			/* some of the request */
	bool body_sent;			/* all of it */
	bool gone;			/* the client */
	bool buffering;			/* the answer */
	bool head_method;		/* what was asked with is HEAD */

	struct slice head;		/* of the request */
	struct slice uri;		/* in it */
	struct http_body body;
	uint64_t body_len;
	struct ring_task sender;	/* while `sending` */
	bool sending, stopped;
	int send_error;			/* of it */
	int client_error;		/* of reading the client's body */
	uint64_t sent_ns;		/* when all was, or the error came */

	/* the answer */
	char *buffer;			/* proxy_buffer_size */
	size_t received, used;		/* bytes in it; those of the head */
	struct h1_response response;
	enum h1_response_framing framing;
	uint64_t rate;			/* proxy_limit_rate; bytes a second */
	struct proxy_body *source;	/* of its body, or NULL */

	/* All above begins as zero. */
	struct http_header first_headers[PROXY_HEADERS];
};

extern const struct http_module http_proxy_module;

/* proxy_set.c */
typedef int proxy_setter(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record);
proxy_setter proxy_set_pass, proxy_set_header, proxy_set_hide, proxy_set_keep,
    proxy_set_redirect, proxy_set_cookie_domain, proxy_set_cookie_path,
    proxy_set_cookie_flags, proxy_set_value, proxy_set_bind,
    proxy_set_next_upstream, proxy_set_ignore_headers, proxy_set_buffers,
    proxy_set_temp_path;

/* The default rule of proxy_redirect for the record; NULL without memory. */
struct proxy_rewrite *proxy_redirect_default(struct conf *conf,
    const struct proxy_record *record);

/* What follows from a parsed URL, with text in `arena`. */
int proxy_target_init(struct arena *arena, const struct upstream_url *url,
    struct proxy_target *target);

/* proxy_run.c: the handler of a location with proxy_pass. */
int proxy_handle(struct http_request *request);

/* Learn when the client goes: the exchange then ends; and not any more. */
void proxy_client_watch(struct proxy *proxy);
void proxy_unwatch(struct proxy *proxy);

/* proxy_request.c: where it goes, and proxy->head. 0, or the status to answer
 * with. */
int proxy_request_target(struct proxy *proxy);
int proxy_request_make(struct proxy *proxy);

/* proxy_send.c: send the request, or begin to: 0 or -errno; and have no part
 * of it under way any more. [coroutine] */
int proxy_send(struct proxy *proxy);
void proxy_send_stop(struct proxy *proxy);

/* proxy_head.c: read up to the end of the answer's head. Returns what the try
 * came to. [coroutine] */
int proxy_read_head(struct proxy *proxy);

/* proxy_response.c: make request->response out of the head that was read.
 * Returns as a handler does. [coroutine] */
int proxy_respond(struct proxy *proxy);

/* The request is waited with for the server, from one to the other; the
 * result of the first is for the second. */
uint64_t proxy_wait_begin(const struct proxy *proxy);
void proxy_wait_end(struct proxy *proxy, uint64_t begun_ns);

/* The exchange is over: the connection is kept or closed. [coroutine] */
void proxy_release(struct proxy *proxy, bool reusable);

/* proxy_body.c: what follows the head becomes the response's body.
 * Returns 0 or -ENOMEM. [coroutine] */
int proxy_body_begin(struct proxy *proxy);

/* Nothing more is wanted of it. [coroutine] */
void proxy_body_end(struct proxy *proxy);

/* Look whether the client has gone. */
void proxy_body_wake(struct proxy *proxy);

/* proxy_rewrite.c: the value as the client is to see it. */
struct slice proxy_rewrite_location(struct proxy *proxy, struct slice value,
    bool refresh);
struct slice proxy_rewrite_cookie(struct proxy *proxy, struct slice value);

#endif

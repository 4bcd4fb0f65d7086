#ifndef RINGMASTER_HTTP_CORE_H
#define RINGMASTER_HTTP_CORE_H

#include "http/conditional.h"
#include "http/http.h"
#include "http/regex.h"
#include "http/value.h"

/*
 * The core's own directives: records of what "http", "server" and
 * "location" say, and the tables of servers and locations built from them.
 */

enum {
	HTTP_NESTING_MAX = 16,		/* locations inside locations */
	HTTP_HEADER_BUFFERS_MAX = 64,	/* large_client_header_buffers */
	HTTP_HEADER_LINE_MIN = 64,
	HTTP_HEADER_LINE_MAX = 1024 * 1024,
	HTTP_HEADERS_MAX = 4096,	/* lines of a request's head */
};

/* What is settled before the location is known: one a server. */
struct http_server_record {
	int64_t client_header_timeout;		/* ms */
	int64_t client_header_buffer_size;	/* bytes */
	int64_t large_header_buffer_count;
	int64_t large_header_buffer_size;	/* bytes of a line */
	int64_t ignore_invalid_headers;
	int64_t underscores_in_headers;
	int64_t merge_slashes;
	int64_t max_headers;
};

/* client_body_in_file_only: a file without a name if there must be one, one
 * that stays, one that goes with the request. */
enum http_in_file { HTTP_IN_FILE_OFF, HTTP_IN_FILE_ON, HTTP_IN_FILE_CLEAN };

/* keepalive_disable: browsers that mistake what is left open. */
enum http_no_keepalive {
	HTTP_NO_KEEPALIVE_NONE = 1 << 0,
	HTTP_NO_KEEPALIVE_MSIE6 = 1 << 1,	/* to POST */
	HTTP_NO_KEEPALIVE_SAFARI = 1 << 2,	/* of macOS */
};

enum http_satisfy { HTTP_SATISFY_ALL, HTTP_SATISFY_ANY };
enum http_tokens { HTTP_TOKENS_OFF, HTTP_TOKENS_ON, HTTP_TOKENS_BUILD };

struct http_error_page {
	unsigned status;
	int overwrite;			/* answer with this; -1: with the
					 * status of what is served; 0: keep */
	struct http_value uri;
	struct http_error_page *next;
};

struct http_type {			/* file name extension to type */
	struct slice extension;		/* lower case */
	struct slice type;
	struct http_type *next;
};

/* What is inherited from http to server to location. */
struct http_core_record {
	struct http_value root;
	bool root_set;
	bool alias;			/* root replaces the location's name */
	size_t alias_len;		/* bytes of that name */
	unsigned root_dots;		/* ".." segments it was written with */
	int64_t client_body_timeout;	/* ms */
	int64_t client_body_buffer_size;
	int64_t client_max_body_size;
	int64_t client_body_in_file_only;
	int64_t client_body_in_single_buffer;
	struct slice client_body_temp_path;
	int64_t send_timeout;		/* ms */
	int64_t keepalive_timeout;	/* ms; 0: off */
	int64_t keepalive_header;	/* ms of "Keep-Alive: timeout="; 0 */
	int64_t keepalive_requests;
	int64_t keepalive_time;		/* ms */
	int64_t lingering_close;
	int64_t lingering_time;		/* ms */
	int64_t lingering_timeout;	/* ms */
	struct http_value limit_rate;	/* bytes a second; of no parts: not */
	struct http_value limit_rate_after;	/* said, as 0 */
	int64_t keepalive_disable;	/* of enum http_no_keepalive */
	int64_t max_ranges;		/* CONF_UNSET-like -1: no limit */
	int64_t if_modified_since;
	int64_t etag;
	int64_t log_not_found;
	int64_t server_tokens;
	int64_t absolute_redirect;
	int64_t port_in_redirect;
	int64_t server_name_in_redirect;
	int64_t satisfy;
	int64_t auth_delay;		/* ms */
	int64_t internal;
	int64_t disable_symlinks;	/* enum file_links */
	bool symlinks_set;
	struct http_value symlinks_from;/* "from="; of no parts: not said */
	int64_t reset_timedout_connection;
	int64_t chunked_transfer_encoding;
	struct slice default_type;
	struct http_type **types;	/* hash table; NULL: inherit */
	unsigned types_size;		/* a power of two */
	struct http_error_page *error_pages;
	bool error_pages_set;
	int64_t recursive_error_pages;
	struct log *log;		/* error_log of this context, or NULL */
};

enum http_location_kind {
	HTTP_LOCATION_PREFIX,
	HTTP_LOCATION_PREFIX_FINAL,	/* ^~ */
	HTTP_LOCATION_EXACT,		/* = */
	HTTP_LOCATION_REGEX,		/* ~ and ~* */
	HTTP_LOCATION_NAMED,		/* @name */
	HTTP_LOCATION_BLOCK,		/* of "if" or "limit_except" */
};

/* The locations of one block, sorted for lookup. */
struct http_locations {
	struct http_location **exact;	/* by name */
	unsigned exact_count;
	struct http_location **prefix;	/* by name */
	unsigned prefix_count;
	struct http_location **regex;	/* as written */
	unsigned regex_count;
	struct http_location **redirect; /* those with auto_redirect, by name
					 * without the slash */
	unsigned redirect_count;
	struct http_location *list;	/* all of the block, as written */
	struct http_location **list_end;
};

struct http_location {
	struct slice name;		/* without modifier */
	enum http_location_kind kind;
	struct http_regex *regex;
	struct http_location *longer_of;/* the next shorter prefix of `name` */
	struct http_location *limited;	/* settings for other methods than */
	unsigned methods;		/* these: 1 << enum http_method */
	bool auto_redirect;		/* "/x" is sent to "/x/", its name */
	void **records;
	const struct http_core_record *core;
	http_handler *handler;
	struct http_server *server;
	struct http_locations nested;
	const struct conf_node *node;
	struct http_location *next;
	uint16_t scope;			/* in the metrics */
};

struct http_server_name {
	struct slice name;		/* lower case; as matched */
	struct http_regex *regex;
	struct http_server_name *next;
};

struct http_server {
	void **records;
	const struct http_core_record *core;
	const struct http_server_record *record;
	struct http_server_name *names, **names_end;
	struct slice name;		/* the first one, for $server_name */
	struct http_location root;	/* no location matched; holds nested */

	const struct conf_node *node;
	struct http_conf *http;
	uint16_t scope;			/* in the metrics */
	bool listens;			/* had a "listen" */
};

extern const struct conf_table http_core_table;
extern const struct conf_table http_server_table;

/* ---- lookups; in the hot path ---- */

/* The server for a request to `listen` with this (normalised) host. *regex
 * becomes the expression that decided, and is left alone if none did. */
struct http_server *http_server_find(const struct http_listen *listen,
    struct slice host, const struct http_regex **regex);

/* What a path leads to. */
struct http_found {
	struct http_location *location;	/* the server's root if no other */
	const struct http_regex *regex;	/* the last that matched, or NULL */
	bool redirect;			/* it is the location's name but for
					 * the slash, see auto_redirect */
};

/* The location for a normalised path: exact, longest prefix, then regular
 * expressions. Returns 0, or -E2BIG if one of them takes too long. */
int http_location_find(struct http_server *server, struct slice uri,
    struct http_found *ret);
struct http_location *http_location_named(struct http_server *server,
    struct slice name);

/* The type for a file name, from "types" and "default_type". */
struct slice http_content_type(const struct http_core_record *core,
    struct slice path);

/* ---- while the configuration is read ---- */

/*
 * A block within the location or server of `scope` whose directives, allowed
 * in `context`, stand for the location's own while its condition holds ("if",
 * "limit_except"). Returns 0, or a negative errno after logging.
 */
int http_location_block(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, enum conf_context context,
    struct http_location **ret);

/* Sort the locations of `server` and set up what lookups need. */
int http_locations_build(struct conf *conf, struct http_server *server);

/* Build each listen's table of server names. */
int http_names_build(struct conf *conf, struct http_conf *http);

#endif

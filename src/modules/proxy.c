/*
 * proxy: the directives of the reverse proxy, how they are inherited, and its
 * variables.
 */

#include "modules/proxy.h"

#include <errno.h>

#define FIELD(field) offsetof(struct proxy_record, field)
#define WHERE CONF_HTTP_ALL
#define ROW(directive, kind, field, preset, help_text)			\
	.name = directive, .contexts = WHERE, .type = kind,		\
	.args_min = 1, .args_max = 1, .offset = FIELD(field),		\
	.initial = preset, .help = help_text
#define SET(directive, least, most, setter, help_text)			\
	.name = directive, .contexts = WHERE, .args_min = least,	\
	.args_max = most, .set = setter, .help = help_text
#define LATER(directive, most, what)					\
	.name = directive, .contexts = WHERE, .args_max = most,		\
	.type = CONF_UNSUPPORTED, .help = what

static const struct conf_enum proxy_versions[] = {
	{ "1.0", 10 }, { "1.1", 11 }, { NULL, 0 },
};

static const struct conf_directive proxy_directives[] = {
	{ .name = "proxy_pass", .contexts = CONF_LOCATION | CONF_LOCATION_IF |
	  CONF_LIMIT_EXCEPT, .args_min = 1, .args_max = 1,
	  .set = proxy_set_pass,
	  .syntax = "URL",
	  .help = "where requests are passed to" },
	{ SET("proxy_set_header", 2, 2, proxy_set_header,
	    "a header line of the request that is passed on"),
	  .syntax = "NAME VALUE" },
	{ SET("proxy_hide_header", 1, 1, proxy_set_hide,
	    "a header line of answers that is left out"),
	  .syntax = "NAME" },
	{ SET("proxy_pass_header", 1, 1, proxy_set_keep,
	    "a header line of answers that is not left out"),
	  .syntax = "NAME" },
	{ SET("proxy_ignore_headers", 1, CONF_ARGS_ANY,
	    proxy_set_ignore_headers, "headers of answers without effect"),
	  .syntax = "NAME ..." },
	{ SET("proxy_redirect", 1, 2, proxy_set_redirect,
	    "what Location and Refresh become"),
	  .syntax = "off | default | FROM TO" },
	{ SET("proxy_cookie_domain", 1, 2, proxy_set_cookie_domain,
	    "what the domain of a cookie becomes"),
	  .syntax = "off | DOMAIN REPLACEMENT" },
	{ SET("proxy_cookie_path", 1, 2, proxy_set_cookie_path,
	    "what the path of a cookie becomes"),
	  .syntax = "off | PATH REPLACEMENT" },
	{ SET("proxy_cookie_flags", 1, 4, proxy_set_cookie_flags,
	    "flags of a cookie"),
	  .syntax = "off | COOKIE FLAG ..." },
	{ SET("proxy_method", 1, 1, proxy_set_value,
	    "method of the request that is passed on"),
	  .syntax = "METHOD",
	  .offset = FIELD(method) },
	{ SET("proxy_set_body", 1, 1, proxy_set_value,
	    "body of the request that is passed on"),
	  .syntax = "TEXT",
	  .offset = FIELD(body) },
	{ SET("proxy_limit_rate", 1, 1, proxy_set_value,
	    "bytes a second that are read of an answer"),
	  .syntax = "SIZE",
	  .offset = FIELD(limit_rate) },
	{ SET("proxy_bind", 1, 2, proxy_set_bind,
	    "local address of connections"),
	  .syntax = "off | ADDRESS [transparent]" },
	{ SET("proxy_next_upstream", 1, CONF_ARGS_ANY,
	    proxy_set_next_upstream, "when the next server is asked"),
	  .syntax = "off | CONDITION ...",
	  .initial = "error timeout" },
	{ ROW("proxy_next_upstream_tries", CONF_NUMBER, next_tries, "0",
	    "servers that are asked at most; 0 is all") },
	{ ROW("proxy_next_upstream_timeout", CONF_TIME, next_timeout, "0",
	    "time for asking several; 0 is any") },
	{ ROW("proxy_http_version", CONF_ENUM, http_version, "1.1",
	    "version that is spoken"), .values = proxy_versions },
	{ ROW("proxy_buffering", CONF_FLAG, buffering, "on",
	    "a slow client does not hold the server up") },
	{ ROW("proxy_request_buffering", CONF_FLAG, request_buffering, "on",
	    "a request is read whole before it is passed on") },
	{ ROW("proxy_ignore_client_abort", CONF_FLAG, ignore_client_abort,
	    "off", "finish though the client has gone") },
	{ ROW("proxy_intercept_errors", CONF_FLAG, intercept_errors, "off",
	    "error_page for what the server answers") },
	{ ROW("proxy_pass_request_headers", CONF_FLAG, pass_request_headers,
	    "on", "pass the client's header lines on") },
	{ ROW("proxy_pass_request_body", CONF_FLAG, pass_request_body, "on",
	    "pass the client's body on") },
	{ ROW("proxy_pass_trailers", CONF_FLAG, pass_trailers, "off",
	    "no effect: trailers are checked and dropped") },
	{ ROW("proxy_socket_keepalive", CONF_FLAG, socket_keepalive, "off",
	    "SO_KEEPALIVE on connections") },
	{ ROW("proxy_socket_rcvbuf", CONF_SIZE, socket_rcvbuf, "0",
	    "SO_RCVBUF of connections; 0: the system's"), .max = INT32_MAX },
	{ ROW("proxy_socket_sndbuf", CONF_SIZE, socket_sndbuf, "0",
	    "SO_SNDBUF of connections; 0: the system's"), .max = INT32_MAX },
	{ ROW("proxy_connect_timeout", CONF_TIME, connect_timeout, "60s",
	    "time to connect") },
	{ ROW("proxy_send_timeout", CONF_TIME, send_timeout, "60s",
	    "pause allowed while sending") },
	{ ROW("proxy_read_timeout", CONF_TIME, read_timeout, "60s",
	    "pause allowed while reading") },
	{ ROW("proxy_buffer_size", CONF_SIZE, buffer_size, "4k",
	    "largest head of an answer"), .min = 1, .max = 1 << 19 },
	{ SET("proxy_buffers", 2, 2, proxy_set_buffers,
	    "number and size of buffers for an answer"),
	  .syntax = "NUMBER SIZE", .initial = "8 4k" },
	{ .name = "proxy_busy_buffers_size", .contexts = WHERE,
	  .args_min = 1, .args_max = 1, .type = CONF_SIZE,
	  .offset = FIELD(busy_buffers_size),
	  .help = "checked; what has come is always sent" },
	{ .name = "proxy_temp_file_write_size", .contexts = WHERE,
	  .args_min = 1, .args_max = 1, .type = CONF_SIZE,
	  .offset = FIELD(temp_file_write_size),
	  .help = "bytes written to the temporary file at once" },
	{ .name = "proxy_max_temp_file_size", .contexts = WHERE,
	  .args_min = 1, .args_max = 1, .type = CONF_SIZE,
	  .offset = FIELD(max_temp_file_size),
	  .help = "largest file of an answer that waits for its client; 0: "
	  "none" },
	{ SET("proxy_temp_path", 1, 4, proxy_set_temp_path,
	    "directory for answers that wait for their client"),
	  .syntax = "PATH [LEVEL ...]", .initial = "proxy_temp" },
	{ .name = "proxy_headers_hash_max_size", .contexts = WHERE,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "proxy_headers_hash_bucket_size", .contexts = WHERE,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "proxy_send_lowat", .contexts = WHERE, .args_min = 1,
	  .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: Linux has none" },
	{ ROW("proxy_force_ranges", CONF_FLAG, force_ranges, "off",
	    "no effect: answers are passed whole") },
	{ LATER("proxy_cache", 1, "answers are not cached") },
	{ LATER("proxy_cache_path", CONF_ARGS_ANY, "answers are not cached") },
	{ LATER("proxy_cache_key", 1, "answers are not cached") },
	{ LATER("proxy_cache_valid", CONF_ARGS_ANY, "answers are not cached") },
	{ LATER("proxy_cache_bypass", CONF_ARGS_ANY,
	    "answers are not cached") },
	{ LATER("proxy_no_cache", CONF_ARGS_ANY, "answers are not cached") },
	{ LATER("proxy_cache_use_stale", CONF_ARGS_ANY,
	    "answers are not cached") },
	{ LATER("proxy_cache_methods", CONF_ARGS_ANY,
	    "answers are not cached") },
	{ LATER("proxy_cache_lock", 1, "answers are not cached") },
	{ LATER("proxy_cache_lock_timeout", 1, "answers are not cached") },
	{ LATER("proxy_cache_lock_age", 1, "answers are not cached") },
	{ LATER("proxy_cache_min_uses", 1, "answers are not cached") },
	{ LATER("proxy_cache_revalidate", 1, "answers are not cached") },
	{ LATER("proxy_cache_background_update", 1,
	    "answers are not cached") },
	{ LATER("proxy_cache_convert_head", 1, "answers are not cached") },
	{ LATER("proxy_cache_max_range_offset", 1,
	    "answers are not cached") },
	{ LATER("proxy_store", 1, "answers are not stored") },
	{ LATER("proxy_store_access", 3, "answers are not stored") },
	{ .name = NULL },
};

/* ---- inheritance ---- */

static int64_t proxy_or(int64_t said, int64_t otherwise)
{
	return said == CONF_UNSET ? otherwise : said;
}

static int proxy_check_buffers(struct conf *conf, struct proxy_record *record)
{
	int64_t size = record->buffer_size > record->buffers_size ?
	    record->buffer_size : record->buffers_size;

	int64_t busy = proxy_or(record->busy_buffers_size, 2 * size);

	record->file_write = proxy_or(record->temp_file_write_size, 2 * size);
	record->file_max = proxy_or(record->max_temp_file_size,
	    INT64_C(1) << 30);
	if (busy < size)
		return conf_fail(conf, NULL, 0, "\"proxy_busy_buffers_size\" "
		    "must be equal to or greater than the maximum of the "
		    "value of \"proxy_buffer_size\" and one of the "
		    "\"proxy_buffers\"");
	if (busy > (record->buffer_count - 1) * record->buffers_size)
		return conf_fail(conf, NULL, 0, "\"proxy_busy_buffers_size\" "
		    "must be less than the size of all \"proxy_buffers\" "
		    "minus one buffer");
	if (record->file_write < size)
		return conf_fail(conf, NULL, 0,
		    "\"proxy_temp_file_write_size\" must be equal to or "
		    "greater than the maximum of the value of "
		    "\"proxy_buffer_size\" and one of the \"proxy_buffers\"");
	if (record->file_max && record->file_max < size)
		return conf_fail(conf, NULL, 0, "\"proxy_max_temp_file_size\" "
		    "must be equal to zero to disable temporary files usage "
		    "or must be equal to or greater than the maximum of the "
		    "value of \"proxy_buffer_size\" and one of the "
		    "\"proxy_buffers\"");
	return 0;
}

static void proxy_merge_value(struct http_value *value, bool *has,
    const struct http_value *parent, bool parent_has)
{
	if (*has || !parent_has)
		return;
	*value = *parent;
	*has = true;
}

static void proxy_inherit(const struct proxy_record *parent,
    struct proxy_record *record)
{
	/* For blocks of "if" and "limit_except": in others nobody looks. */
	if (!record->passes) {
		record->url = parent->url;
		record->has_url = parent->has_url;
		record->target = parent->target;
		record->url_text = parent->url_text;
		record->location = parent->location;
	}
	if (!record->headers)
		record->headers = parent->headers;
	if (!record->hide)
		record->hide = parent->hide;
	if (!record->pass)
		record->pass = parent->pass;
	if (!record->redirects_set) {
		record->redirects = parent->redirects;
		record->redirects_set = parent->redirects_set;
	}
	if (!record->domains_set)
		record->cookie_domains = parent->cookie_domains;
	if (!record->paths_set)
		record->cookie_paths = parent->cookie_paths;
	if (!record->flags_set)
		record->cookie_flags = parent->cookie_flags;
	proxy_merge_value(&record->method, &record->has_method,
	    &parent->method, parent->has_method);
	proxy_merge_value(&record->body, &record->has_body, &parent->body,
	    parent->has_body);
	proxy_merge_value(&record->limit_rate, &record->has_limit_rate,
	    &parent->limit_rate, parent->has_limit_rate);
	if (!record->bind_set) {
		record->bind = parent->bind;
		record->has_bind = parent->has_bind;
		record->bind_transparent = parent->bind_transparent;
	}
	if (!record->next_upstream)
		record->next_upstream = parent->next_upstream;
	if (!record->ignore_headers)
		record->ignore_headers = parent->ignore_headers;
	if (!record->buffer_count) {
		record->buffer_count = parent->buffer_count;
		record->buffers_size = parent->buffers_size;
	}
	if (!record->temp_path.data)
		record->temp_path = parent->temp_path;
}

/* Client headers that never go on as they are: those of a connection, and
 * those that are made anew. */
#define PROXY_REPLACED (HTTP_HEADER_BIT(HTTP_HEADER_HOST) |		\
    HTTP_HEADER_BIT(HTTP_HEADER_CONNECTION) |				\
    HTTP_HEADER_BIT(HTTP_HEADER_CONTENT_LENGTH) |			\
    HTTP_HEADER_BIT(HTTP_HEADER_TRANSFER_ENCODING) |			\
    HTTP_HEADER_BIT(HTTP_HEADER_TE) |					\
    HTTP_HEADER_BIT(HTTP_HEADER_KEEP_ALIVE) |				\
    HTTP_HEADER_BIT(HTTP_HEADER_EXPECT) |				\
    HTTP_HEADER_BIT(HTTP_HEADER_UPGRADE))

/* Which lines of clients those of proxy_set_header stand for. */
static int proxy_headers_prepare(struct conf *conf,
    struct proxy_record *record)
{
	static const struct proxy_name connection = {
		{ "Proxy-Connection", 16 }, NULL };
	struct proxy_header *header = record->headers;

	record->replaced = PROXY_REPLACED;
	record->replaced_names = (struct proxy_name *)&connection;
	for (; header; header = header->next) {
		enum http_header_id id = http_header_lookup(header->name);
		struct proxy_name *name;

		if (id == HTTP_HEADER_HOST)
			record->host = &header->value;
		if (id != HTTP_HEADER_OTHER) {
			record->replaced |= HTTP_HEADER_BIT(id);
			continue;
		}
		name = arena_calloc(&conf->arena, 1, sizeof(*name));
		if (!name)
			return -ENOMEM;
		*name = (struct proxy_name){ header->name,
		    record->replaced_names };
		record->replaced_names = name;
	}
	return 0;
}

static int proxy_merge(struct conf *conf, const void *parent, void *data)
{
	struct proxy_record *record = data;

	if (parent)
		proxy_inherit(parent, record);
	if (!record->next_upstream)
		record->next_upstream = PROXY_NEXT_SET | PROXY_NEXT_ERROR |
		    PROXY_NEXT_TIMEOUT;
	if (!record->buffer_count) {
		record->buffer_count = 8;
		record->buffers_size = 4096;
	}
	if (!record->temp_path.data) {
		const char *path = conf_directory(conf, SLICE("proxy_temp"));

		if (!path)
			return -ENOMEM;
		record->temp_path = slice_cstr(path);
	}
	if (!record->redirects_set && record->url_text.data) {
		record->redirects = proxy_redirect_default(conf, record);
		if (!record->redirects)
			return -ENOMEM;
	}
	return proxy_headers_prepare(conf, record) ? -ENOMEM :
	    proxy_check_buffers(conf, record);
}

/* ---- variables ---- */

static const struct proxy *proxy_of(struct http_request *request)
{
	void **data = http_request_data(request, &http_proxy_module);

	return data ? *data : NULL;
}

static bool get_host(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct proxy *proxy = proxy_of(request);

	(void)name;
	if (proxy)
		*ret = proxy->target.host;
	return proxy != NULL;
}

static bool get_port(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct proxy *proxy = proxy_of(request);

	(void)name;
	if (proxy)
		*ret = proxy->target.port;
	return proxy && proxy->target.port.data;
}

static bool get_forwarded(struct http_request *request, struct slice name,
    struct slice *ret)
{
	char client[HTTP_ADDRESS_TEXT];
	size_t len = http_address_text(http_request_client(request), client);
	struct slice before = { NULL, 0 };

	(void)name;
	(void)http_header_join(request, request->head.headers,
	    request->head.header_count, SLICE("x_forwarded_for"),
	    &before); /* or there is none */
	*ret = arena_printf(&request->arena, "%.*s%s%.*s", SLICE_ARG(before),
	    before.len ? ", " : "", (int)len, client);
	return ret->data != NULL;
}

static const struct http_variable proxy_variables[] = {
	{ .name = { "proxy_host", 10 }, .get = get_host,
	  .help = "name and port of the server in proxy_pass" },
	{ .name = { "proxy_port", 10 }, .get = get_port,
	  .help = "its port, or that of the scheme" },
	{ .name = { "proxy_add_x_forwarded_for", 25 }, .get = get_forwarded,
	  .help = "X-Forwarded-For of the client, with its own address "
	    "behind it" },
	{ .name = { NULL, 0 }, .get = NULL },
};

const struct http_module http_proxy_module = {
	.table = {
		.name = "proxy",
		.help = "passes requests on to other HTTP servers",
		.directives = proxy_directives,
		.record_size = sizeof(struct proxy_record),
		.merge = proxy_merge,
	},
	.variables = proxy_variables,
};

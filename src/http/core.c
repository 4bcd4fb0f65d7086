/*
 * The core's directives, and the blocks that they stand in: http, server,
 * location. What needs more than a row in a table (listen, server_name,
 * error_page, types) is in core_set.c, lookups are in route.c.
 */

#include "http/core_set.h"

#include <errno.h>
#include <stdlib.h>

#include "http/file_open.h"

#define FIELD(field) offsetof(struct http_core_record, field)
#define ROW(directive, where, kind, field, preset, help_text)		\
	.name = directive, .contexts = where, .type = kind,		\
	.args_min = 1, .args_max = 1, .offset = FIELD(field),		\
	.initial = preset, .help = help_text

static const struct conf_enum http_satisfy_values[] = {
	{ "all", HTTP_SATISFY_ALL }, { "any", HTTP_SATISFY_ANY }, { NULL, 0 },
};

static const struct conf_enum http_if_modified_values[] = {
	{ "off", HTTP_IMS_OFF }, { "exact", HTTP_IMS_EXACT },
	{ "before", HTTP_IMS_BEFORE }, { NULL, 0 },
};

static const struct conf_enum http_tokens_values[] = {
	{ "off", HTTP_TOKENS_OFF }, { "on", HTTP_TOKENS_ON },
	{ "build", HTTP_TOKENS_BUILD }, { NULL, 0 },
};

static const struct conf_enum http_lingering_values[] = {
	{ "off", 0 }, { "on", 1 }, { "always", 2 }, { NULL, 0 },
};

static const struct conf_enum http_in_file_values[] = {
	{ "off", HTTP_IN_FILE_OFF }, { "on", HTTP_IN_FILE_ON },
	{ "clean", HTTP_IN_FILE_CLEAN }, { NULL, 0 },
};

static const struct conf_enum http_symlinks_values[] = {
	{ "off", FILE_LINKS_ALL }, { "on", FILE_LINKS_NONE },
	{ "if_not_owner", FILE_LINKS_OWNER }, { NULL, 0 },
};

static const struct conf_directive http_core_directives[] = {
	{ .name = "location", .contexts = CONF_SERVER | CONF_LOCATION,
	  .args_min = 1, .args_max = 2, .block = true, .set = http_set_location,
	  .help = "settings for the paths that match" },
	{ .name = "limit_except", .contexts = CONF_LOCATION, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .block = true,
	  .set = http_set_limit_except,
	  .help = "settings for all methods but these" },
	{ .name = "root", .contexts = CONF_HTTP_ALL | CONF_LOCATION_IF,
	  .args_min = 1, .args_max = 1, .set = http_set_root,
	  .initial = "html", .help = "directory that paths are looked up in" },
	{ .name = "alias", .contexts = CONF_LOCATION, .args_min = 1,
	  .args_max = 1, .set = http_set_alias,
	  .help = "directory that replaces the location's part of a path" },
	{ .name = "error_page", .contexts = CONF_HTTP_ALL | CONF_LOCATION_IF,
	  .args_min = 2, .args_max = CONF_ARGS_ANY, .set = http_set_error_page,
	  .help = "what is served for a status" },
	{ ROW("recursive_error_pages", CONF_HTTP_ALL | CONF_LOCATION_IF,
	    CONF_FLAG, recursive_error_pages, "off",
	    "error pages may have error pages") },
	{ .name = "error_log", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 2, .set = http_set_error_log,
	  .help = "file for errors, and their least level" },
	{ .name = "types", .contexts = CONF_HTTP_ALL, .block = true,
	  .set = http_set_types, .help = "media types of name extensions" },
	{ ROW("default_type", CONF_HTTP_ALL, CONF_STRING, default_type,
	    "text/plain", "media type of other names") },
	{ ROW("client_body_timeout", CONF_HTTP_ALL, CONF_TIME,
	    client_body_timeout, "60s", "pause allowed within a body") },
	{ ROW("client_body_buffer_size", CONF_HTTP_ALL, CONF_SIZE,
	    client_body_buffer_size, "16k", "body bytes kept in memory"),
	  .min = 1, .max = INT64_MAX },
	{ ROW("client_max_body_size", CONF_HTTP_ALL, CONF_SIZE,
	    client_max_body_size, "1m", "largest body; 0 is any") },
	{ ROW("client_body_in_file_only", CONF_HTTP_ALL, CONF_ENUM,
	    client_body_in_file_only, "off", "write each body to a file"),
	  .values = http_in_file_values },
	{ ROW("client_body_in_single_buffer", CONF_HTTP_ALL, CONF_FLAG,
	    client_body_in_single_buffer, "off",
	    "bodies in memory are always in one piece") },
	{ .name = "client_body_temp_path", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 4, .set = http_set_temp_path,
	  .offset = FIELD(client_body_temp_path),
	  .initial = "client_body_temp",
	  .help = "directory for large request bodies" },
	{ ROW("send_timeout", CONF_HTTP_ALL, CONF_TIME, send_timeout, "60s",
	    "pause allowed while sending") },
	{ .name = "keepalive_timeout", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 2, .set = http_set_keepalive_timeout,
	  .initial = "75s",
	  .help = "how long an idle connection is kept; and told the client" },
	{ ROW("keepalive_requests", CONF_HTTP_ALL, CONF_NUMBER,
	    keepalive_requests, "1000", "requests a connection may carry") },
	{ ROW("keepalive_time", CONF_HTTP_ALL, CONF_TIME, keepalive_time,
	    "1h", "age at which a connection is no longer kept") },
	{ ROW("lingering_close", CONF_HTTP_ALL, CONF_ENUM, lingering_close,
	    "on", "read on after the last answer"),
	  .values = http_lingering_values },
	{ ROW("lingering_time", CONF_HTTP_ALL, CONF_TIME, lingering_time,
	    "30s", "longest lingering") },
	{ ROW("lingering_timeout", CONF_HTTP_ALL, CONF_TIME,
	    lingering_timeout, "5s", "longest pause while lingering") },
	{ .name = "limit_rate", .contexts = CONF_HTTP_ALL | CONF_LOCATION_IF,
	  .args_min = 1, .args_max = 1, .set = http_set_limit_rate,
	  .offset = FIELD(limit_rate), .initial = "0",
	  .help = "bytes a second of one response; 0 is any" },
	{ .name = "limit_rate_after",
	  .contexts = CONF_HTTP_ALL | CONF_LOCATION_IF, .args_min = 1,
	  .args_max = 1, .set = http_set_limit_rate_after,
	  .offset = FIELD(limit_rate_after), .initial = "0",
	  .help = "bytes sent before the limit begins" },
	{ ROW("max_ranges", CONF_HTTP_ALL, CONF_NUMBER, max_ranges,
	    "2147483647", "ranges of one request; 0: none is honoured") },
	{ ROW("if_modified_since", CONF_HTTP_ALL, CONF_ENUM,
	    if_modified_since, "exact", "how the date is compared"),
	  .values = http_if_modified_values },
	{ ROW("etag", CONF_HTTP_ALL, CONF_FLAG, etag, "on",
	    "entity tags for static files") },
	{ ROW("log_not_found", CONF_HTTP_ALL, CONF_FLAG, log_not_found, "on",
	    "log missing files as errors") },
	{ ROW("server_tokens", CONF_HTTP_ALL, CONF_ENUM, server_tokens, "on",
	    "tell the version to clients"), .values = http_tokens_values },
	{ ROW("absolute_redirect", CONF_HTTP_ALL, CONF_FLAG,
	    absolute_redirect, "on", "redirects name scheme and host") },
	{ ROW("port_in_redirect", CONF_HTTP_ALL, CONF_FLAG, port_in_redirect,
	    "on", "and the port") },
	{ ROW("server_name_in_redirect", CONF_HTTP_ALL, CONF_FLAG,
	    server_name_in_redirect, "off",
	    "and the first server_name instead of the host asked for") },
	{ ROW("satisfy", CONF_HTTP_ALL, CONF_ENUM, satisfy, "all",
	    "need all access modules agree, or any"),
	  .values = http_satisfy_values },
	{ ROW("auth_delay", CONF_HTTP_ALL, CONF_TIME, auth_delay, "0",
	    "how late 401 is answered") },
	{ .name = "internal", .contexts = CONF_LOCATION,
	  .set = http_set_internal,
	  .help = "for internal redirects only; 404 to clients" },
	{ .name = "disable_symlinks", .contexts = CONF_HTTP_ALL,
	  .type = CONF_ENUM, .args_min = 1, .args_max = 2,
	  .offset = FIELD(disable_symlinks), .values = http_symlinks_values,
	  .initial = "off", .set = http_set_symlinks,
	  .help = "refuse paths with symbolic links" },
	{ ROW("reset_timedout_connection", CONF_HTTP_ALL, CONF_FLAG,
	    reset_timedout_connection, "off",
	    "end connections that timed out with a reset") },
	{ ROW("chunked_transfer_encoding", CONF_HTTP_ALL, CONF_FLAG,
	    chunked_transfer_encoding, "on",
	    "chunks for responses of unknown length") },

	/* Tuned by the loop itself, or meaningless in it. */
	{ .name = "sendfile", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: files are always sent by the better way" },
	{ .name = "sendfile_max_chunk", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: connections always take turns" },
	{ .name = "tcp_nopush", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: head and body are always sent together" },
	{ .name = "tcp_nodelay", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: always on" },
	{ .name = "output_buffers", .contexts = CONF_HTTP_ALL, .args_min = 2,
	  .args_max = 2, .type = CONF_ACCEPTED,
	  .help = "no effect: files are not read into buffers" },
	{ .name = "postpone_output", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: small answers are always sent at once" },
	{ .name = "open_file_cache", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 2, .type = CONF_ACCEPTED,
	  .help = "no effect: the file cache is always on, and never stale" },
	{ .name = "open_file_cache_valid", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: see open_file_cache" },
	{ .name = "open_file_cache_min_uses", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: see open_file_cache" },
	{ .name = "open_file_cache_errors", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: see open_file_cache" },
	{ .name = "keepalive_disable", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = CONF_ARGS_ANY,
	  .set = http_set_keepalive_disable, .initial = "msie6",
	  .help = "none, msie6, safari: whose connections are not kept" },
	{ .name = "open_file_cache_events", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: see open_file_cache" },
	{ .name = "aio", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: files are read without waiting anyway" },
	{ .name = "aio_write", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: files are written by the thread pool anyway" },
	{ .name = "directio", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: files are sent from the page cache" },
	{ .name = "directio_alignment", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: files are sent from the page cache" },
	{ .name = "read_ahead", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: the kernel reads ahead as it sees fit" },
	{ .name = "send_lowat", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: it was for FreeBSD" },
	{ .name = "client_body_early_read", .contexts = CONF_HTTP | CONF_SERVER,
	  .args_min = 1, .args_max = CONF_ARGS_ANY, .type = CONF_ACCEPTED,
	  .help = "no effect: bodies are read when somebody wants them" },
	{ .name = "keepalive_min_timeout", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: idle connections are closed when a worker ends" },
	{ .name = "msie_padding", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: the browsers it was for are gone" },
	{ .name = "msie_refresh", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: the browsers it was for are gone" },
	{ .name = "log_subrequest", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: subrequests are never logged" },
	{ .name = "subrequest_output_buffer_size", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: subrequests need no such buffer" },
	{ .name = "early_hints", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = CONF_ARGS_ANY, .type = CONF_ACCEPTED,
	  .help = "no effect: only final answers are passed on" },
	{ .name = "types_hash_max_size", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "types_hash_bucket_size", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "server_names_hash_max_size", .contexts = CONF_HTTP,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "server_names_hash_bucket_size", .contexts = CONF_HTTP,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "variables_hash_max_size", .contexts = CONF_HTTP,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "variables_hash_bucket_size", .contexts = CONF_HTTP,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "fastcgi_temp_path", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 4, .type = CONF_ACCEPTED,
	  .help = "no effect: there is no FastCGI" },
	{ .name = "uwsgi_temp_path", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 4, .type = CONF_ACCEPTED,
	  .help = "no effect: there is no uwsgi" },
	{ .name = "scgi_temp_path", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 4, .type = CONF_ACCEPTED,
	  .help = "no effect: there is no SCGI" },
	{ .name = NULL },
};

const struct conf_table http_core_table = {
	.name = "http core",
	.directives = http_core_directives,
	.record_size = sizeof(struct http_core_record),
	.init = http_core_init,
	.merge = http_core_merge,
};

#undef FIELD
#define FIELD(field) offsetof(struct http_server_record, field)

static const struct conf_directive http_server_directives[] = {
	{ .name = "server", .contexts = CONF_HTTP, .block = true,
	  .set = http_set_server, .help = "settings of a virtual server" },
	{ .name = "listen", .contexts = CONF_SERVER, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = http_set_listen,
	  .initial = "*:80", .help = "address or port to serve at" },
	{ .name = "server_name", .contexts = CONF_SERVER, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = http_set_server_name,
	  .initial = "\"\"", .help = "hosts that the server answers for" },
	{ ROW("client_header_timeout", CONF_HTTP | CONF_SERVER, CONF_TIME,
	    client_header_timeout, "60s", "time allowed for a whole head") },
	{ ROW("client_header_buffer_size", CONF_HTTP | CONF_SERVER, CONF_SIZE,
	    client_header_buffer_size, "1k",
	    "first buffer for a head; larger ones are taken as needed") },
	{ .name = "large_client_header_buffers",
	  .contexts = CONF_HTTP | CONF_SERVER, .args_min = 2, .args_max = 2,
	  .set = http_set_large_buffers, .initial = "4 8k",
	  .help = "largest head, as a number of longest lines" },
	{ ROW("ignore_invalid_headers", CONF_HTTP | CONF_SERVER, CONF_FLAG,
	    ignore_invalid_headers, "on", "drop headers with odd names") },
	{ ROW("underscores_in_headers", CONF_HTTP | CONF_SERVER, CONF_FLAG,
	    underscores_in_headers, "off", "underscores are not odd") },
	{ ROW("merge_slashes", CONF_HTTP | CONF_SERVER, CONF_FLAG,
	    merge_slashes, "on", "take // in a path for /") },
	{ ROW("max_headers", CONF_HTTP | CONF_SERVER, CONF_NUMBER,
	    max_headers, "4096", "header lines of one request"),
	  .min = 1, .max = HTTP_HEADERS_MAX },
	{ .name = "connection_pool_size", .contexts = CONF_HTTP | CONF_SERVER,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: of fixed size" },
	{ .name = "request_pool_size", .contexts = CONF_HTTP | CONF_SERVER,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: of fixed size" },
	{ .name = NULL },
};

const struct conf_table http_server_table = {
	.name = "http server",
	.directives = http_server_directives,
	.record_size = sizeof(struct http_server_record),
	.merge = http_server_merge,
};

static const struct conf_directive http_block_directives[] = {
	{ .name = "http", .contexts = CONF_MAIN, .block = true,
	  .set = http_set_http, .help = "settings of the web server" },
	{ .name = NULL },
};

const struct conf_table http_block_table = {
	.name = "http",
	.directives = http_block_directives,
	.record_size = sizeof(struct http_block),
};

unsigned http_tables(const struct http_module *const *modules,
    const struct conf_table **ret)
{
	unsigned count = 0;

	ret[count++] = &http_block_table;
	ret[count++] = &http_server_table;
	ret[count++] = &http_core_table;
	for (; *modules && count < HTTP_TABLES_MAX; modules++)
		ret[count++] = &(*modules)->table;
	return count;
}

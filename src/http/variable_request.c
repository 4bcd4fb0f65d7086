/*
 * Variables of the request and its response.
 */

#include "http/variable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/hash.h"
#include "http/conn.h"
#include "http/request_body.h"
#include "http/timing.h"

static const struct http_core_record *request_core(
    const struct http_request *request)
{
	return request->location ? request->location->core
				 : request->server->core;
}

/* ---- what was asked for ---- */

static bool get_args(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	*ret = request->args;
	return ret->len;
}

static bool set_args(struct http_request *request, struct slice value)
{
	request->args = value;
	return true;
}

static bool get_is_args(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	*ret = request->args.len ? SLICE("?") : SLICE("");
	return true;
}

static bool get_uri(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	*ret = request->uri;
	return true;
}

/* A group that is to stand in a query, as nginx has it: only if the client
 * escaped something in its path. */
static bool group_escape(struct http_request *request, struct slice *ret)
{
	struct slice path = request->head.path, text = *ret;
	char *to;

	if (!path.len || (!memchr(path.data, '%', path.len) &&
	    !memchr(path.data, '+', path.len)))
		return true;
	to = arena_alloc_text(&request->arena, text.len * 3 + 1);
	if (!to)
		return false;
	ret->data = to;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c > ' ' && c < 0x7f && !strchr("\"#%&+;<>?\\^`{|}", c))
			*to++ = text.data[i];
		else
			to += sprintf(to, "%%%02X", c);
	}
	ret->len = (size_t)(to - ret->data);
	return true;
}

/* A group of the regular expression that matched last. */
static bool get_group(struct http_request *request, struct slice name,
    struct slice *ret)
{
	if (!request->captures)
		return false;
	*ret = request->captures->groups[name.data[0] - '0'];
	if (!ret->data)
		return false;
	return !request->escape_captures || group_escape(request, ret);
}

/* As sent, but without scheme and host of an absolute target. */
static bool get_request_uri(struct http_request *request, struct slice name,
    struct slice *ret)
{
	struct slice path = request->head.path;

	(void)name;
	if (path.len && path.data[0] == '/')
		*ret = path;
	else if (request->head.form == H1_TARGET_ABSOLUTE)
		*ret = arena_printf(&request->arena, "/%.*s",
		    SLICE_ARG(path));
	else
		*ret = request->head.target;
	return ret->data != NULL;
}

/* The first line: searched for its end from behind the target only. */
static bool get_request(struct http_request *request, struct slice name,
    struct slice *ret)
{
	struct slice raw = request->head.raw, target = request->head.target;
	size_t skip = target.data ?
	    (size_t)(target.data + target.len - raw.data) : 0;
	const char *end;

	(void)name;
	if (!raw.len)
		return false;
	end = memchr(raw.data + skip, '\n', raw.len - skip);
	if (end)
		raw.len = (size_t)(end - raw.data);
	if (raw.len && raw.data[raw.len - 1] == '\r')
		raw.len--;
	*ret = raw;
	return true;
}

static bool get_request_method(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	*ret = request->method == request->head.method ?
	    request->head.method_text : http_method_name(request->method);
	return ret->len != 0;
}

static bool get_server_protocol(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	*ret = request->head.version_minor ? SLICE("HTTP/1.1")
					   : SLICE("HTTP/1.0");
	return request->head.version_major != 0;
}

static bool get_host(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	*ret = request->host.len ? request->host : request->server->name;
	return true;
}

static bool get_server_name(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	*ret = request->server->name;
	return true;
}

static bool get_request_port(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	if (request->head.host.port)
		return http_variable_number(request, request->head.host.port,
		    ret);
	*ret = SLICE("");
	return true;
}

static bool get_is_request_port(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	*ret = request->head.host.port ? SLICE(":") : SLICE("");
	return true;
}

static bool get_content_length(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	return request->head.has_content_length && http_variable_number(
	    request, request->head.content_length, ret);
}

static bool get_request_length(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	return http_variable_number(request,
	    request->head.raw.len + request->body_received, ret);
}

/* Only if a handler has read it, and it is in memory. */
static bool get_request_body(struct http_request *request,
    struct slice name, struct slice *ret)
{
	const struct http_request_body *read = request->body_read;

	(void)name;
	if (!read || read->body.kind != HTTP_BODY_BYTES)
		return false;
	*ret = read->body.bytes;
	return true;
}

static bool get_request_body_file(struct http_request *request,
    struct slice name, struct slice *ret)
{
	const struct http_request_body *read = request->body_read;

	(void)name;
	if (!read || read->body.kind != HTTP_BODY_FILE)
		return false;
	*ret = read->path;
	return true;
}

bool http_basic_credentials(struct http_request *request,
    struct slice *user, struct slice *password)
{
	const struct http_header *header;
	struct slice text;
	const char *colon;

	if (!(request->head.present & HTTP_HEADER_BIT(
	    HTTP_HEADER_AUTHORIZATION)))
		return false;
	header = http_header_find(request->head.headers,
	    request->head.header_count, HTTP_HEADER_AUTHORIZATION);
	if (!slice_equal_nocase(slice_first(header->value, 6),
	    SLICE("Basic ")))
		return false;
	text = slice_trim(slice_from(header->value, 6));
	if (!base64_decode(&request->arena, text, &text))
		return false;
	colon = text.len ? memchr(text.data, ':', text.len) : NULL;
	if (!colon || colon == text.data)
		return false;
	*user = slice_first(text, (size_t)(colon - text.data));
	*password = slice_from(text, user->len + 1);
	return true;
}

/* The user that was named, believed or not. */
static bool get_remote_user(struct http_request *request, struct slice name,
    struct slice *ret)
{
	struct slice password;

	(void)name;
	*ret = request->user;
	return ret->len || http_basic_credentials(request, ret, &password);
}

/* ---- files ---- */

struct slice http_document_root(struct http_request *request)
{
	return http_value_get(request, &request_core(request)->root);
}

static bool get_document_root(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	*ret = http_document_root(request);
	return ret->data != NULL;
}

/* realpath() for a pool thread: it may wait for a disk. */
struct realpath_job {
	const char *path;
	char *resolved;			/* of the heap, or NULL */
	int error;			/* errno then */
};

static void realpath_job_run(void *arg)
{
	struct realpath_job *job = arg;

	job->resolved = realpath(job->path, NULL);
	job->error = errno;
}

static bool get_realpath_root(struct http_request *request,
    struct slice name, struct slice *ret)
{
	struct slice root = arena_copy(&request->arena,
	    http_document_root(request));
	struct realpath_job job = { root.data, NULL, 0 };

	(void)name;
	if (!job.path || http_offload(request, realpath_job_run, &job))
		return false;
	if (!job.resolved) {
		http_log(request, LOG_LEVEL_CRIT, job.error,
		    "realpath() \"%s\" failed", job.path);
		return false;
	}
	*ret = arena_copy(&request->arena, slice_cstr(job.resolved));
	free(job.resolved);
	return ret->data != NULL;
}

struct slice http_request_path(struct http_request *request, struct slice uri)
{
	const struct http_core_record *core = request_core(request);
	struct slice root = http_document_root(request);
	char *path;

	if (core->alias && !request->uri_behind_alias)
		uri = slice_from(uri, core->alias_len);
	path = root.data ? arena_alloc_text(&request->arena,
	    root.len + uri.len + 1) : NULL;
	if (!path)
		return (struct slice){ NULL, 0 };
	memcpy(path, root.data, root.len);
	if (uri.len)
		memcpy(path + root.len, uri.data, uri.len);
	path[root.len + uri.len] = '\0';
	return (struct slice){ path, root.len + uri.len };
}

struct slice http_request_filename(struct http_request *request)
{
	return http_request_path(request, request->uri);
}

static bool get_request_filename(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	*ret = http_request_filename(request);
	return ret->data != NULL;
}

/* ---- what was answered ---- */

static bool get_status(struct http_request *request, struct slice name,
    struct slice *ret)
{
	unsigned status = request->answer_status ?
	    request->answer_status : request->response.status;

	(void)name;
	if (status < 100) {
		*ret = SLICE("000");
		return true;
	}
	return http_variable_number(request, status, ret);
}

static bool get_bytes_sent(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_number(request, request->head_sent +
	    request->body_sent, ret);
}

static bool get_body_bytes_sent(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	return http_variable_number(request, request->body_sent, ret);
}

/* Did it come behind another one, before that was answered? */
static bool get_pipe(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	*ret = request->pipelined ? SLICE("p") : SLICE(".");
	return true;
}

static bool get_request_completion(struct http_request *request,
    struct slice name, struct slice *ret)
{
	bool whole = request->header_sent && !request->aborted_by_client &&
	    !request->aborted_by_server;

	(void)name;
	*ret = whole ? SLICE("OK") : SLICE("");
	return true;
}

static bool get_request_time(struct http_request *request, struct slice name,
    struct slice *ret)
{
	uint64_t now = ring_now(request->worker->ring);
	uint64_t begin = request->started_ns - request->header_ns;

	(void)name;
	return http_variable_seconds(request, now > begin ? now - begin : 0,
	    ret);
}

static bool get_limit_rate(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_number(request,
	    (uint64_t)http_request_limit_rate(request), ret);
}

static bool set_limit_rate(struct http_request *request, struct slice value)
{
	int64_t rate;

	if (!conf_parse_size(value, &rate)) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "invalid $limit_rate \"%.*s\"", SLICE_ARG(value));
		return true;
	}
	request->limit_rate = rate;
	request->limit_rate_set = true;
	return true;
}

/* 128 bits that nobody else has: the request's number, hashed with a secret
 * of this process, so that they tell nothing. */
static bool get_request_id(struct http_request *request, struct slice name,
    struct slice *ret)
{
	static uint64_t secret[2];
	struct slice id = { (const char *)&request->id, sizeof(request->id) };

	(void)name;
	if (!secret[0] && getrandom(secret, sizeof(secret), 0) !=
	    (ssize_t)sizeof(secret))
		return false;
	*ret = arena_printf(&request->arena, "%016llx%016llx",
	    (unsigned long long)hash_bytes(id, secret[0]),
	    (unsigned long long)hash_bytes(id, secret[1]));
	return ret->data != NULL;
}

const struct http_variable http_request_variables[] = {
	{ .name = { "args", 4 }, .get = get_args, .set = set_args,
	  .help = "what stands behind \"?\" in the request; may be set" },
	{ .name = { "query_string", 12 }, .get = get_args,
	  .help = "the same as $args" },
	{ .name = { "is_args", 7 }, .get = get_is_args,
	  .help = "\"?\" if there are arguments; else empty" },
	{ .name = { "uri", 3 }, .get = get_uri,
	  .help = "the path, decoded and normalized; it changes with each "
	    "redirect inside the server" },
	{ .name = { "document_uri", 12 }, .get = get_uri,
	  .help = "the same as $uri" },
	{ .name = { "request_uri", 11 }, .get = get_request_uri,
	  .help = "path and arguments as the client sent them" },
	{ .name = { "1", 1 }, .get = get_group,
	  .help = "the first group of the regular expression that matched "
	    "last" },
	{ .name = { "2", 1 }, .get = get_group,
	  .help = "its second group" },
	{ .name = { "3", 1 }, .get = get_group,
	  .help = "its third group" },
	{ .name = { "4", 1 }, .get = get_group,
	  .help = "its fourth group" },
	{ .name = { "5", 1 }, .get = get_group,
	  .help = "its fifth group" },
	{ .name = { "6", 1 }, .get = get_group,
	  .help = "its sixth group" },
	{ .name = { "7", 1 }, .get = get_group,
	  .help = "its seventh group" },
	{ .name = { "8", 1 }, .get = get_group,
	  .help = "its eighth group" },
	{ .name = { "9", 1 }, .get = get_group,
	  .help = "its ninth group" },
	{ .name = { "request", 7 }, .get = get_request,
	  .help = "the first line of the request" },
	{ .name = { "request_method", 14 }, .get = get_request_method,
	  .help = "GET, HEAD, ..." },
	{ .name = { "server_protocol", 15 }, .get = get_server_protocol,
	  .help = "HTTP/1.0 or HTTP/1.1" },
	{ .name = { "host", 4 }, .get = get_host,
	  .help = "the host asked for, in lower case and without its port; "
	    "else the server's first name" },
	{ .name = { "server_name", 11 }, .get = get_server_name,
	  .help = "the first name of the server that answers" },
	{ .name = { "request_port", 12 }, .get = get_request_port,
	  .help = "the port in the host asked for; else empty" },
	{ .name = { "is_request_port", 15 }, .get = get_is_request_port,
	  .help = "\":\" if there is such a port; else empty" },
	{ .name = { "content_length", 14 }, .get = get_content_length,
	  .help = "Content-Length of the request" },
	{ .name = { "request_length", 14 }, .get = get_request_length,
	  .help = "bytes of the request so far, head and body" },
	{ .name = { "request_body", 12 }, .get = get_request_body,
	  .help = "the body, if it was read and is in memory" },
	{ .name = { "request_body_file", 17 }, .get = get_request_body_file,
	  .help = "the file with the body, if it was read and is in one" },
	{ .name = { "remote_user", 11 }, .get = get_remote_user,
	  .help = "the name that the client gave with Basic authentication" },
	{ .name = { "document_root", 13 }, .get = get_document_root,
	  .help = "what root or alias says for the request" },
	{ .name = { "realpath_root", 13 }, .get = get_realpath_root,
	  .help = "the same without symbolic links" },
	{ .name = { "request_filename", 16 }, .get = get_request_filename,
	  .help = "the file that the request names" },
	{ .name = { "status", 6 }, .get = get_status,
	  .help = "status of the answer; 000 if there is none" },
	{ .name = { "bytes_sent", 10 }, .get = get_bytes_sent,
	  .help = "bytes of the answer so far, head and body" },
	{ .name = { "body_bytes_sent", 15 }, .get = get_body_bytes_sent,
	  .help = "bytes of its body so far" },
	{ .name = { "pipe", 4 }, .get = get_pipe,
	  .help = "\"p\" if the request came before the one in front of it "
	    "was answered; else \".\"" },
	{ .name = { "request_completion", 18 },
	  .get = get_request_completion,
	  .help = "\"OK\" if the answer was sent whole; else empty" },
	{ .name = { "request_time", 12 }, .get = get_request_time,
	  .help = "seconds since the first byte of the request, with "
	    "milliseconds" },
	{ .name = { "request_id", 10 }, .get = get_request_id,
	  .help = "32 hexadecimal digits that no other request has" },
	{ .name = { "limit_rate", 10 }, .get = get_limit_rate,
	  .set = set_limit_rate,
	  .help = "bytes a second of this answer; may be set" },
	{ .name = { NULL, 0 }, .get = NULL },
};

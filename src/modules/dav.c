/*
 * dav: PUT, DELETE, MKCOL, COPY and MOVE on the files that are served. What
 * a request means is found out here; dav_job.c does it, on the pool.
 *
 * As nginx's module, but for three things: links to directories are not
 * followed within trees, the root of a location is not deleted or moved, and
 * a collection is deleted after it was moved only if all of it was copied.
 */

#include <errno.h>

#include "http/conn.h"
#include "http/date.h"
#include "http/file_cache.h"
#include "http/request_body.h"
#include "http/timing.h"
#include "http/uri.h"
#include "http/variable.h"
#include "modules/dav_job.h"
#include "modules/modules.h"

enum {
	DAV_INFINITY = -1,		/* of "Depth" */
	DAV_INVALID = -2,
};
#define DAV_METHOD(method) (1U << (method))
#define DAV_OFF DAV_METHOD(HTTP_METHOD_COUNT)	/* said, and that is all */

struct dav_record {
	unsigned methods;		/* 0: not set */
	int64_t access;			/* of files that are made */
	int64_t full_path;
	int64_t min_delete_depth;
};

extern const struct http_module http_dav_module;

/* ---- the request ---- */

/* The path without slashes at its end, terminated; NULL without memory. */
static const char *dav_path(struct http_request *request, struct slice path)
{
	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	return path.data ? arena_copy(&request->arena, path).data : NULL;
}

/* Is it the location's root, of which the configuration says where it is? */
static bool dav_is_root(const struct http_request *request)
{
	const struct http_core_record *core = request->location->core;
	struct slice rest = core->alias && !request->uri_behind_alias ?
	    slice_from(request->uri, core->alias_len) : request->uri;

	while (slice_starts(rest, SLICE("/")))
		rest = slice_from(rest, 1);
	return rest.len == 0 && !request->uri_behind_alias;
}

static void dav_log(struct http_request *request, const struct dav_job *job)
{
	const struct dav_failure *failure = &job->failure;
	const char *shown = job->to ? job->to : job->path;

	if (failure->call)
		http_log(request, job->status >= 500 ? LOG_LEVEL_CRIT :
		    LOG_LEVEL_ERROR, failure->error,
		    failure->name[0] ? "%s \"%s\" failed at \"%s\""
				     : "%s \"%s\" failed", failure->call,
		    job->path, failure->name);
	else if (job->why)
		http_log(request, LOG_LEVEL_ERROR, 0, "\"%s\" %s", shown,
		    job->why);
}

/* Have the pool do it, and answer. */
static int dav_do(struct http_request *request, struct dav_job *job,
    void (*run)(void *))
{
	const struct http_core_record *core = request->location->core;
	int err;

	job->worker = request->worker;
	job->slash = slice_ends(request->uri, SLICE("/"));
	job->path = dav_path(request, http_request_filename(request));
	if (!job->path)
		return 500;
	if (uri_dots(slice_cstr(job->path)) != core->root_dots)
		return 404;
	err = http_offload(request, run, job);
	if (err)
		return err == -EAGAIN ? 503 : 500;
	if (job->failure.call || job->why)
		dav_log(request, job);
	if (job->status >= 300)
		return (int)job->status;
	http_response_text(request, job->status, (struct slice){ NULL, 0 },
	    SLICE(""));
	if (job->status == 201 && request->method != HTTP_METHOD_COPY &&
	    request->method != HTTP_METHOD_MOVE) {
		request->response.location = http_uri_escape(request,
		    request->uri);
		if (!request->response.location.data)
			return 500;
	}
	return HTTP_DONE;
}

static int dav_refuse(struct http_request *request, int status,
    const char *why)
{
	http_log(request, LOG_LEVEL_ERROR, 0, "%s", why);
	return status;
}

static struct slice dav_header(const struct http_request *request,
    enum http_header_id id)
{
	const struct http_header *header = http_header_find(
	    request->head.headers, request->head.header_count, id);

	return header ? header->value : (struct slice){ NULL, 0 };
}

/* What "Depth" says: 0, 1, DAV_INFINITY or, after logging, DAV_INVALID. */
static int dav_depth(struct http_request *request)
{
	struct slice depth = dav_header(request, HTTP_HEADER_DEPTH);

	if (!depth.data || slice_equal(depth, SLICE("infinity")))
		return DAV_INFINITY;
	if (slice_equal(depth, SLICE("0")) || slice_equal(depth, SLICE("1")))
		return depth.data[0] - '0';
	http_log(request, LOG_LEVEL_ERROR, 0, "client sent invalid \"Depth\" "
	    "header: \"%.*s\"", SLICE_ARG(depth));
	return DAV_INVALID;
}

static int dav_put(struct http_request *request, struct dav_job *job)
{
	struct slice date = dav_header(request, HTTP_HEADER_DATE);
	int status;

	if (slice_ends(request->uri, SLICE("/")))
		return dav_refuse(request, 409, "cannot PUT to a collection");
	if (dav_header(request, HTTP_HEADER_CONTENT_RANGE).data)
		return dav_refuse(request, 501,
		    "PUT with range is unsupported");
	status = http_request_body_save(request);
	if (status)
		return status;
	job->body = request->body_read->path.data;
	job->modified = -1;
	if (date.data && !http_date_parse(date, &job->modified))
		job->modified = -1;
	return dav_do(request, job, dav_put_run);
}

/* Is the URI deep enough to be deleted? */
static bool dav_delete_deep(struct http_request *request,
    const struct dav_record *record)
{
	int64_t depth = 0;

	if (record->min_delete_depth == 0)
		return true;
	for (size_t i = 0; i < request->uri.len; i++)
		if (request->uri.data[i] == '/' &&
		    ++depth >= record->min_delete_depth &&
		    i + 1 < request->uri.len)
			return true;
	http_log(request, LOG_LEVEL_ERROR, 0,
	    "insufficient URI depth:%lld to DELETE", (long long)depth);
	return false;
}

static int dav_delete(struct http_request *request,
    const struct dav_record *record, struct dav_job *job)
{
	bool slash = slice_ends(request->uri, SLICE("/"));
	int depth;

	if (!dav_delete_deep(request, record))
		return 409;
	if (dav_is_root(request))
		return dav_refuse(request, 403, "cannot DELETE the root");
	depth = dav_depth(request);
	if (depth != DAV_INFINITY && (slash || depth != 0))
		return dav_refuse(request, 400, slash ?
		    "\"Depth\" header must be infinity" :
		    "\"Depth\" header must be 0 or infinity");
	return dav_do(request, job, dav_delete_run);
}

static int dav_mkcol(struct http_request *request, struct dav_job *job)
{
	if (!slice_ends(request->uri, SLICE("/")))
		return dav_refuse(request, 409,
		    "MKCOL can create a collection only");
	return dav_do(request, job, dav_mkcol_run);
}

/* ---- COPY, MOVE ---- */

/* The path in "Destination", as sent; empty if there is no good one. */
static struct slice dav_destination_path(struct http_request *request,
    struct slice destination)
{
	struct slice rest = destination;
	const char *slash;

	if (slice_starts(destination, SLICE("/")))
		return destination;
	if (slice_starts(rest, SLICE("http://")))
		rest = slice_from(rest, strlen("http://"));
	else if (slice_starts(rest, SLICE("https://")))
		rest = slice_from(rest, strlen("https://"));
	else
		return SLICE("");
	if (!request->host.len || !slice_equal_nocase(
	    slice_first(rest, request->host.len), request->host)) {
		http_log(request, LOG_LEVEL_ERROR, 0, "\"Destination\" URI "
		    "\"%.*s\" is handled by different repository than the "
		    "source URI", SLICE_ARG(destination));
		return SLICE("");
	}
	rest = slice_from(rest, request->host.len);
	slash = memchr(rest.data, '/', rest.len);
	if (!slash || (rest.data[0] != '/' && rest.data[0] != ':'))
		return SLICE("");
	return slice_from(rest, (size_t)(slash - rest.data));
}

/* The decoded path of "Destination"; false if there is no good one. */
static bool dav_destination(struct http_request *request, struct slice *ret)
{
	const struct http_core_record *core = request->location->core;
	struct slice text = dav_header(request, HTTP_HEADER_DESTINATION);
	struct slice path, name = slice_first(request->uri,
	    core->alias && !request->uri_behind_alias ? core->alias_len : 0);
	struct uri uri;
	char *buffer;

	if (!text.data)
		return dav_refuse(request, 0,
		    "client sent no \"Destination\" header");
	path = dav_destination_path(request, text);
	buffer = arena_alloc_text(&request->arena, path.len + 1);
	/* An alias replaces the location's name: it has to be there. */
	if (path.len == 0 || !buffer ||
	    !uri_normalise(path, true, buffer, &uri) ||
	    !slice_starts(uri.path, name)) {
		http_log(request, LOG_LEVEL_ERROR, 0, "client sent invalid "
		    "\"Destination\" header: \"%.*s\"", SLICE_ARG(text));
		return false;
	}
	*ret = uri.path;
	return true;
}

/* "Overwrite: T" or "F"; false after logging if it is neither. */
static bool dav_overwrite(struct http_request *request, bool *ret)
{
	struct slice text = dav_header(request, HTTP_HEADER_OVERWRITE);

	*ret = !text.data || slice_equal_nocase(text, SLICE("T"));
	if (*ret || slice_equal_nocase(text, SLICE("F")))
		return true;
	http_log(request, LOG_LEVEL_ERROR, 0, "client sent invalid "
	    "\"Overwrite\" header: \"%.*s\"", SLICE_ARG(text));
	return false;
}

/* Is one of the paths the other, or a collection within it? */
static bool dav_overlap(const char *one, const char *other, bool slash)
{
	size_t a = strlen(one), b = strlen(other), len = a < b ? a : b;

	if (memcmp(one, other, len) != 0)
		return false;
	return a == b || (slash && (a < b ? other[len] == '/'
					  : one[len] == '/'));
}

static int dav_transfer(struct http_request *request, struct dav_job *job)
{
	const struct http_core_record *core = request->location->core;
	bool slash = slice_ends(request->uri, SLICE("/"));
	struct slice to;
	const char *path;
	int depth;

	if (!dav_destination(request, &to))
		return 400;
	if (slash != slice_ends(to, SLICE("/")))
		return dav_refuse(request, 409, "both URI and \"Destination\" "
		    "URI should be either collections or non-collections");
	depth = dav_depth(request);
	if (depth != DAV_INFINITY &&
	    (depth != 0 || request->method == HTTP_METHOD_MOVE))
		return dav_refuse(request, 400, request->method ==
		    HTTP_METHOD_MOVE ? "\"Depth\" header must be infinity" :
		    "\"Depth\" header must be 0 or infinity");
	if (!dav_overwrite(request, &job->overwrite))
		return 400;
	path = dav_path(request, http_request_filename(request));
	job->to = dav_path(request, http_request_path(request, to));
	if (!path || !job->to)
		return 500;
	if (uri_dots(slice_cstr(job->to)) != core->root_dots)
		return dav_refuse(request, 400, "\"Destination\" URI would "
		    "leave the root");
	if (dav_overlap(path, job->to, slash))
		return dav_refuse(request, 403, "one of URI and "
		    "\"Destination\" URI is the other or within it");
	return dav_do(request, job, dav_transfer_run);
}

static int dav_content(struct http_request *request)
{
	const struct dav_record *record = http_request_record(request,
	    &http_dav_module.table);
	struct dav_job *job;

	if (!(record->methods & DAV_METHOD(request->method)))
		return HTTP_DECLINED;
	job = arena_calloc(&request->arena, 1, sizeof(*job));
	if (!job)
		return 500;
	job->access = (mode_t)record->access;
	job->full_path = record->full_path;
	job->move = request->method == HTTP_METHOD_MOVE;
	if (request->method == HTTP_METHOD_PUT)
		return dav_put(request, job);
	if (request->head.chunked || request->head.content_length > 0)
		return dav_refuse(request, 415, "DELETE, MKCOL, COPY and MOVE "
		    "with body are unsupported");
	if (request->method == HTTP_METHOD_DELETE)
		return dav_delete(request, record, job);
	return request->method == HTTP_METHOD_MKCOL ? dav_mkcol(request, job)
						    : dav_transfer(request,
							  job);
}

/* ---- directives ---- */

static int dav_set_methods(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct dav_record *record = arg;

	(void)scope;
	for (unsigned i = 1; i < node->argc; i++) {
		enum http_method method = http_method_lookup(node->args[i]);

		if (slice_equal(node->args[i], SLICE("off")))
			record->methods |= DAV_OFF;
		else if (method >= HTTP_METHOD_PUT &&
		    method <= HTTP_METHOD_MOVE)
			record->methods |= DAV_METHOD(method);
		else
			return conf_fail(conf, node, 0,
			    "invalid value \"%s\"", node->args[i].data);
	}
	return 0;
}

static int dav_set_access(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	static const struct { struct slice who; unsigned shift; } whose[] = {
		{ { "user:", 5 }, 6 }, { { "group:", 6 }, 3 },
		{ { "all:", 4 }, 0 },
	};
	struct dav_record *record = arg;
	int64_t access = 0, user = 0600;

	(void)scope;
	if (record->access != CONF_UNSET)
		return conf_fail(conf, node, 0,
		    "\"dav_access\" directive is duplicate");
	for (unsigned i = 1; i < node->argc; i++) {
		struct slice right = node->args[i];
		unsigned k = 0;

		while (k < 3 && !slice_starts(right, whose[k].who))
			k++;
		right = slice_from(right, k < 3 ? whose[k].who.len : 0);
		if (k == 3 || (!slice_equal(right, SLICE("rw")) &&
		    !slice_equal(right, SLICE("r"))))
			return conf_fail(conf, node, 0,
			    "invalid value \"%s\"", node->args[i].data);
		if (k == 0)
			user = 0;
		access |= (int64_t)(right.len == 2 ? 6 : 4) << whose[k].shift;
	}
	record->access = access | user;
	return 0;
}

static void dav_init(struct conf *conf, void *arg)
{
	(void)conf;
	((struct dav_record *)arg)->access = CONF_UNSET;
}

static int dav_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct dav_record *from = parent;
	struct dav_record *record = arg;

	(void)conf;
	if (!record->methods)
		record->methods = from ? from->methods : DAV_OFF;
	if (record->methods & DAV_OFF)
		record->methods = DAV_OFF;
	if (record->access == CONF_UNSET)
		record->access = from ? from->access : 0600;
	return 0;
}

#define DAV_FIELD(field) offsetof(struct dav_record, field)

static const struct conf_directive dav_directives[] = {
	{ .name = "dav_methods", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = dav_set_methods,
	  .initial = "off",
	  .syntax = "off | METHOD ...",
	  .help = "which of PUT, DELETE, MKCOL, COPY and MOVE are allowed" },
	{ .name = "create_full_put_path", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_FLAG, .initial = "off",
	  .offset = DAV_FIELD(full_path),
	  .help = "PUT makes the directories that are missing" },
	{ .name = "min_delete_depth", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_NUMBER, .initial = "0",
	  .offset = DAV_FIELD(min_delete_depth),
	  .help = "names that a path to be deleted has at least" },
	{ .name = "dav_access", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 3, .set = dav_set_access, .initial = "user:rw",
	  .syntax = "WHO:RIGHTS ...",
	  .help = "permissions of what is made" },
	{ .name = NULL },
};

const struct http_module http_dav_module = {
	.table = { .name = "dav",
	    .help = "changes files by PUT, DELETE, MKCOL, COPY and MOVE "
	      "(RFC 4918)",
	    .directives = dav_directives,
	    .record_size = sizeof(struct dav_record), .init = dav_init,
	    .merge = dav_merge },
	.phase = { [HTTP_PHASE_CONTENT] = dav_content },
};

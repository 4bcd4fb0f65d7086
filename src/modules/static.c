/*
 * Files: a path that does not end in a slash is looked up below the root (or
 * the alias) and answered from the file cache.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/conn.h"
#include "http/date.h"
#include "http/variable.h"
#include "modules/modules.h"
#include "modules/static.h"

enum { STATIC_LINES_MAX = 256 };	/* bytes of lines without the type */

/* The status for a file that cannot be opened, and a line in the log. */
static int static_error(struct http_request *request, const struct file *file)
{
	switch (file->error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		if (request->location->core->log_not_found)
			http_log(request, LOG_LEVEL_ERROR, file->error,
			    "open() \"%.*s\" failed", SLICE_ARG(file->path));
		return 404;
	case EACCES:
	case ELOOP:
	case EXDEV:
		http_log(request, LOG_LEVEL_ERROR, file->error,
		    "open() \"%.*s\" failed", SLICE_ARG(file->path));
		return 403;
	default:
		http_log(request, LOG_LEVEL_CRIT, file->error,
		    "open() \"%.*s\" failed", SLICE_ARG(file->path));
		return 500;
	}
}

/* The header lines of the file, written once for a type. */
static void static_prepare(struct file *file, struct slice type)
{
	char date[HTTP_DATE_LEN];
	int n;

	file->prepared = malloc(STATIC_LINES_MAX + type.len);
	if (!file->prepared)
		return;
	http_date_format(date, file->modified);
	n = snprintf(file->prepared, STATIC_LINES_MAX + type.len,
	    "%s%.*s%sContent-Length: %llu\r\nLast-Modified: %.*s\r\n"
	    "ETag: %s\r\nAccept-Ranges: bytes\r\n",
	    type.len ? "Content-Type: " : "", SLICE_ARG(type),
	    type.len ? "\r\n" : "", (unsigned long long)file->size,
	    HTTP_DATE_LEN, date, file->etag);
	file->prepared_len = (unsigned)n;
	file->prepared_type = type;
}

int static_answer(struct http_request *request, struct file *file)
{
	const struct http_core_record *core = request->location->core;
	struct http_response *response = &request->response;
	struct slice type = http_content_type(core, request->uri);

	response->status = 200;
	response->length = (int64_t)file->size;
	response->content_type = type;
	response->last_modified = file->modified;
	response->accept_ranges = true;
	if (core->etag) {
		response->etag = (struct slice){ file->etag, file->etag_len };
		if (!file->prepared)
			static_prepare(file, type);
		/* The same text at the same place: set up for this type. */
		if (file->prepared && file->prepared_type.data == type.data)
			response->prepared = (struct slice){ file->prepared,
			    file->prepared_len };
	}
	response->file = file;
	response->body = file->body ?
	    (struct http_body){ .kind = HTTP_BODY_BYTES, .fd = -1,
		.bytes = { file->body, file->size } } :
	    (struct http_body){ .kind = HTTP_BODY_FILE, .fd = file->fd };
	return HTTP_DONE;
}

static bool static_reads(const struct http_request *request)
{
	return request->method == HTTP_METHOD_GET ||
	    request->method == HTTP_METHOD_HEAD;
}

static int static_not_allowed(struct http_request *request)
{
	request->response.allow = SLICE("GET, HEAD");
	return 405;
}

static int static_content(struct http_request *request)
{
	struct slice path;
	struct file *file;
	int err;

	if (slice_ends(request->uri, SLICE("/")))
		return HTTP_DECLINED;
	if (!static_reads(request) && request->method != HTTP_METHOD_POST)
		return static_not_allowed(request);
	path = http_request_filename(request);
	if (!path.data)
		return 500;
	err = file_cache_open(request, path, &file);
	if (err)
		return err == -EAGAIN ? 503 : 500;
	if (file->error)
		return static_error(request, file);
	if (S_ISDIR(file->mode))
		return http_request_add_slash(request);
	if (!S_ISREG(file->mode)) {
		http_log(request, LOG_LEVEL_CRIT, 0,
		    "\"%.*s\" is not a regular file", SLICE_ARG(path));
		return 404;
	}
	if (!static_reads(request))
		return static_not_allowed(request);
	return static_answer(request, file);
}

static const struct conf_directive static_directives[] = {
	{ .name = NULL },
};

const struct http_module http_static_module = {
	.table = { .name = "static",
	    .help = "answers with files; it has no directives of its own",
	    .directives = static_directives },
	.phase = { [HTTP_PHASE_CONTENT] = static_content },
};

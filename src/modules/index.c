/*
 * index: a path that ends in a slash is answered by the first of these files
 * that is in the directory.
 */

#include <errno.h>

#include "http/conn.h"
#include "http/file_cache.h"
#include "http/variable.h"
#include "modules/modules.h"

struct index_name {
	struct http_value name;
	struct index_name *next;
};

struct index_record {
	struct index_name *names, **end;
};

extern const struct http_module http_index_module;

static int index_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct index_record *index = record;
	int err = 0;

	(void)scope;
	if (!index->end)
		index->end = &index->names;
	for (unsigned i = 1; i < node->argc && !err; i++) {
		struct index_name *name = arena_calloc(&conf->arena, 1,
		    sizeof(*name));

		if (!name)
			return -ENOMEM;
		if (node->args[i].len == 0)
			return conf_fail(conf, node, 0, "index \"\" in "
			    "\"index\" directive is invalid");
		*index->end = name;
		index->end = &name->next;
		err = http_value_compile(conf, node, node->args[i],
		    &name->name);
	}
	return err;
}

static int index_merge(struct conf *conf, const void *parent, void *record)
{
	const struct index_record *from = parent;
	struct index_record *index = record;

	if (index->names)
		return 0;
	if (from) {
		index->names = from->names;
		return 0;
	}
	index->names = arena_calloc(&conf->arena, 1, sizeof(*index->names));
	return index->names ? http_value_compile(conf, NULL,
	    SLICE("index.html"), &index->names->name) : -ENOMEM;
}

/* Open directory and name, or just the directory. */
static int index_open(struct http_request *request, struct slice name,
    struct file **ret)
{
	struct slice uri = arena_printf(&request->arena, "%.*s%.*s",
	    SLICE_ARG(request->uri), SLICE_ARG(name));
	struct slice path = uri.data ? http_request_path(request, uri) : uri;

	if (!path.data)
		return -ENOMEM;
	return file_cache_open(request, path, ret);
}

/* None of the names was there: is there a directory at all? */
static int index_missing(struct http_request *request)
{
	struct file *directory;
	int err = index_open(request, SLICE(""), &directory);

	if (err)
		return err == -EAGAIN ? 503 : 500;
	if (!directory->error)
		return HTTP_DECLINED;
	if (directory->error == EACCES || directory->error == ELOOP) {
		http_log(request, LOG_LEVEL_ERROR, directory->error,
		    "open() \"%.*s\" failed", SLICE_ARG(directory->path));
		return 403;
	}
	if (request->location->core->log_not_found)
		http_log(request, LOG_LEVEL_ERROR, directory->error,
		    "\"%.*s\" is not found", SLICE_ARG(directory->path));
	return 404;
}

static int index_content(struct http_request *request)
{
	const struct index_record *index = http_request_record(request,
	    &http_index_module.table);

	if (!slice_ends(request->uri, SLICE("/")))
		return HTTP_DECLINED;
	if (request->method != HTTP_METHOD_GET &&
	    request->method != HTTP_METHOD_HEAD &&
	    request->method != HTTP_METHOD_POST)
		return HTTP_DECLINED;
	for (const struct index_name *entry = index->names; entry;
	    entry = entry->next) {
		struct slice name = http_value_get(request, &entry->name);
		struct slice uri;
		struct file *file;
		int err;

		if (name.len && name.data[0] == '/')
			return http_redirect_internally(request, name,
			    request->args);
		err = name.data ? index_open(request, name, &file) : -ENOMEM;
		if (err)
			return err == -EAGAIN ? 503 : 500;
		if (file->error || S_ISDIR(file->mode))
			continue;
		uri = arena_printf(&request->arena, "%.*s%.*s",
		    SLICE_ARG(request->uri), SLICE_ARG(name));
		return uri.data ? http_redirect_internally(request, uri,
		    request->args) : 500;
	}
	return index_missing(request);
}

static const struct conf_directive index_directives[] = {
	{ .name = "index", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = index_set,
	  .initial = "index.html",
	  .syntax = "FILE ...",
	  .help = "files that answer for a directory" },
	{ .name = NULL },
};

const struct http_module http_index_module = {
	.table = { .name = "index",
	    .help = "answers for a path that ends in a slash with a file of "
	      "that directory",
	    .directives = index_directives,
	    .record_size = sizeof(struct index_record),
	    .merge = index_merge },
	.phase = { [HTTP_PHASE_CONTENT] = index_content },
};

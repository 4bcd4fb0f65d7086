/*
 * try_files: go on with the first of these that exists, or with the last.
 */

#include <errno.h>

#include "http/conn.h"
#include "http/file_cache.h"
#include "http/uri.h"
#include "http/variable.h"
#include "modules/modules.h"

struct try_files_path {
	struct http_value value;
	bool directory;			/* it was written with a '/' behind */
};

struct try_files_record {
	struct try_files_path *paths;	/* the last is the fallback */
	unsigned count;			/* 0: not set */
	unsigned status;		/* the fallback is "=status" */
};

extern const struct http_module http_try_files_module;

/* The slash at the end of all but the fallback only says what to look for. */
static int try_files_add(struct conf *conf, const struct conf_node *node,
    struct try_files_record *try)
{
	struct try_files_path *path = &try->paths[try->count++];
	struct slice text = node->args[try->count];

	if (try->count + 1 < node->argc && text.len &&
	    text.data[text.len - 1] == '/') {
		path->directory = true;
		text.len--;
	}
	return http_value_compile(conf, node, text, &path->value);
}

static int try_files_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct try_files_record *try = record;
	struct slice last = node->args[node->argc - 1];
	uint64_t status;
	int err = 0;

	(void)scope;
	if (try->count)
		return conf_fail(conf, node, 0,
		    "\"try_files\" directive is duplicate");
	try->paths = arena_calloc(&conf->arena, node->argc - 1,
	    sizeof(*try->paths));
	if (!try->paths)
		return -ENOMEM;
	for (unsigned i = 1; i < node->argc && !err; i++)
		err = try_files_add(conf, node, try);
	if (err || last.len == 0 || last.data[0] != '=')
		return err;
	if (!slice_to_u64(slice_from(last, 1), &status) || status > 999)
		return conf_fail(conf, node, 0, "invalid code \"%.*s\"",
		    SLICE_ARG(last));
	try->status = (unsigned)status;
	return 0;
}

/* The path of a request for what is tried. Below an alias a name stands for
 * a file there, unless a variable gave it with the location's part. */
static struct slice try_files_uri(struct http_request *request,
    const struct http_value *value)
{
	const struct http_core_record *core = request->location->core;
	struct slice text = http_value_get(request, value);
	struct slice prefix = slice_first(request->uri, core->alias_len);

	if (!text.data || !core->alias || core->alias_len == SIZE_MAX ||
	    (!value->constant && slice_starts(text, prefix)))
		return text;
	return arena_printf(&request->arena, "%.*s%.*s", SLICE_ARG(prefix),
	    SLICE_ARG(text));
}

/* Does the file, or the directory, exist? Returns 1, 0, or -errno. What a
 * client made up does not, outside the root. */
static int try_files_exists(struct http_request *request, struct slice uri,
    bool directory)
{
	struct slice path = http_request_path(request, uri);
	struct file *file;
	int err;

	if (!path.data)
		return -ENOMEM;
	/* Below an alias, opening it sees to that. */
	if (!request->location->core->alias && !uri_is_inside(uri))
		return 0;
	err = file_cache_open(request, path, &file);
	if (err)
		return err;
	return !file->error && !!S_ISDIR(file->mode) == directory;
}

static int try_files_fallback(struct http_request *request,
    const struct try_files_record *try)
{
	struct slice uri = http_value_get(request,
	    &try->paths[try->count - 1].value);
	struct slice args = { NULL, 0 };
	const char *mark;

	if (!uri.data)
		return 500;
	if (try->status)
		return (int)try->status;
	mark = uri.data[0] == '@' ? NULL : memchr(uri.data, '?', uri.len);
	if (mark) {
		args = slice_from(uri, (size_t)(mark + 1 - uri.data));
		uri.len = (size_t)(mark - uri.data);
	}
	return http_redirect_internally(request, uri, args);
}

static int try_files_precontent(struct http_request *request)
{
	const struct try_files_record *try = http_request_record(request,
	    &http_try_files_module.table);

	request->uri_behind_alias = try->count &&
	    request->location->core->alias_len == SIZE_MAX;
	for (unsigned i = 0; i + 1 < try->count; i++) {
		const struct try_files_path *path = &try->paths[i];
		struct slice uri = try_files_uri(request, &path->value);
		int found = uri.data ? try_files_exists(request, uri,
		    path->directory) : -ENOMEM;

		if (found < 0)
			return found == -EAGAIN ? 503 : 500;
		if (found) {
			request->uri = uri;
			return HTTP_DECLINED;
		}
	}
	return try->count ? try_files_fallback(request, try) : HTTP_DECLINED;
}

static const struct conf_directive try_files_directives[] = {
	{ .name = "try_files", .contexts = CONF_SERVER | CONF_LOCATION,
	  .args_min = 2, .args_max = CONF_ARGS_ANY, .set = try_files_set,
	  .syntax = "FILE ... URI | =STATUS",
	  .help = "serve the first that exists, or the last" },
	{ .name = NULL },
};

const struct http_module http_try_files_module = {
	.table = { .name = "try_files",
	    .help = "tries names of files in turn",
	    .directives = try_files_directives,
	    .record_size = sizeof(struct try_files_record) },
	.phase = { [HTTP_PHASE_PRECONTENT] = try_files_precontent },
};

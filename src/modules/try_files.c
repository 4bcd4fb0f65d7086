/*
 * try_files: go on with the first of these that exists, or with the last.
 */

#include <errno.h>

#include "http/conn.h"
#include "http/file_cache.h"
#include "http/variable.h"
#include "modules/modules.h"

struct try_files_record {
	struct http_value *paths;	/* the last is the fallback */
	unsigned count;			/* 0: not set */
	unsigned status;		/* the fallback is "=status" */
};

extern const struct http_module http_try_files_module;

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
		err = http_value_compile(conf, node, node->args[i],
		    &try->paths[try->count++]);
	if (err || last.len == 0 || last.data[0] != '=')
		return err;
	if (!slice_to_u64(slice_from(last, 1), &status) || status > 999)
		return conf_fail(conf, node, 0, "invalid code \"%.*s\"",
		    SLICE_ARG(last));
	try->status = (unsigned)status;
	return 0;
}

/* Does the file, or with a slash at its end the directory, exist?
 * Returns 1, 0, or -errno. */
static int try_files_exists(struct http_request *request, struct slice uri)
{
	bool directory = uri.len && uri.data[uri.len - 1] == '/';
	struct slice path = http_request_path(request, uri);
	struct file *file;
	int err;

	if (!path.data)
		return -ENOMEM;
	err = file_cache_open(request, path,
	    !request->location->core->disable_symlinks, &file);
	if (err)
		return err;
	return !file->error && !!S_ISDIR(file->mode) == directory;
}

static int try_files_fallback(struct http_request *request,
    const struct try_files_record *try)
{
	struct slice uri = http_value_get(request,
	    &try->paths[try->count - 1]);
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

	for (unsigned i = 0; i + 1 < try->count; i++) {
		struct slice uri = http_value_get(request, &try->paths[i]);
		int found = uri.data ? try_files_exists(request, uri) :
		    -ENOMEM;

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
	  .help = "serve the first that exists, or the last" },
	{ .name = NULL },
};

const struct http_module http_try_files_module = {
	.table = { .name = "try_files", .directives = try_files_directives,
	    .record_size = sizeof(struct try_files_record) },
	.phase = { [HTTP_PHASE_PRECONTENT] = try_files_precontent },
};

/*
 * random_index: a path that ends in a slash is answered by any file of the
 * directory.
 */

#include <stdlib.h>
#include <sys/random.h>

#include "http/conn.h"
#include "modules/directory.h"
#include "modules/modules.h"

struct random_index_record {
	int64_t on;
};

extern const struct http_module http_random_index_module;

static int random_index_content(struct http_request *request)
{
	const struct random_index_record *record = http_request_record(
	    request, &http_random_index_module.table);
	struct directory *directory;
	struct slice name, uri;
	uint32_t number;
	int status;

	if (!record->on || !slice_ends(request->uri, SLICE("/")) ||
	    (request->method != HTTP_METHOD_GET &&
		request->method != HTTP_METHOD_HEAD &&
		request->method != HTTP_METHOD_POST))
		return HTTP_DECLINED;
	status = directory_read(request, DIRECTORY_FILES, &directory);
	if (status || directory->count == 0)
		return status;
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return 500;
	name = directory_name(directory,
	    &directory->entries[number % directory->count]);
	uri = arena_printf(&request->arena, "%.*s%.*s",
	    SLICE_ARG(request->uri), SLICE_ARG(name));
	return uri.data ? http_redirect_internally(request, uri,
	    request->args) : 500;
}

static const struct conf_directive random_index_directives[] = {
	{ .name = "random_index", .contexts = CONF_LOCATION, .args_min = 1,
	  .args_max = 1, .type = CONF_FLAG, .initial = "off",
	  .offset = offsetof(struct random_index_record, on),
	  .help = "any file of the directory answers for it" },
	{ .name = NULL },
};

const struct http_module http_random_index_module = {
	.table = { .name = "random_index",
	    .help = "answers for a directory with any of its files",
	    .directives = random_index_directives,
	    .record_size = sizeof(struct random_index_record) },
	.phase = { [HTTP_PHASE_CONTENT] = random_index_content },
};

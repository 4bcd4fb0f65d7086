/*
 * add_before_body, add_after_body: what another location answers stands
 * before or behind the body.
 */

#include <errno.h>

#include "http/filter.h"
#include "http/subrequest.h"
#include "http/types.h"
#include "modules/modules.h"

struct addition_record {
	struct slice before, after;	/* URIs; empty: none */
	struct http_types *types;
};

enum { ADDITION_PARTS = 3 };		/* before, the body, after */

struct addition_filter {
	struct http_filter filter;
	struct http_source *parts[ADDITION_PARTS];	/* or NULL */
	unsigned at;			/* the part that is being pulled */
};

extern const struct http_module http_addition_module;

static const struct slice addition_types[] = { { "text/html", 9 },
	{ NULL, 0 } };

static int addition_next(struct http_source *source, struct http_chunk *ret)
{
	struct addition_filter *filter = (struct addition_filter *)source;

	for (; filter->at < ADDITION_PARTS; filter->at++) {
		struct http_source *part = filter->parts[filter->at];
		int rc = part ? part->next(part, ret) : 0;

		if (rc)
			return rc;
	}
	return 0;
}

static int addition_add(struct http_request *request, struct slice uri,
    struct http_source **ret)
{
	if (uri.len == 0)
		return 0;
	*ret = http_subrequest_source(request, uri,
	    (struct slice){ NULL, 0 });
	return *ret ? 0 : -ENOMEM;
}

static int addition_filter(struct http_request *request)
{
	const struct addition_record *record = http_request_record(request,
	    &http_addition_module.table);
	struct addition_filter *filter;

	if (!(record->before.len || record->after.len) || request->parent ||
	    request->response.status != 200 ||
	    !http_types_match(record->types, addition_types,
		request->response.content_type))
		return 0;
	filter = arena_calloc(&request->arena, 1, sizeof(*filter));
	if (!filter)
		return -ENOMEM;
	filter->filter.source.next = addition_next;
	if (addition_add(request, record->before, &filter->parts[0]) ||
	    addition_add(request, record->after, &filter->parts[2]) ||
	    http_filter_use(request, &filter->filter))
		return -ENOMEM;
	filter->parts[1] = filter->filter.inner;
	return http_response_weaken(request);
}

static int addition_set_types(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct addition_record *record = arg;

	(void)scope;
	return http_types_add(conf, node, &record->types);
}

static int addition_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct addition_record *from = parent;
	struct addition_record *record = arg;

	(void)conf;
	if (!record->types && from)
		record->types = from->types;
	return 0;
}

static const struct conf_directive addition_directives[] = {
	{ .name = "add_before_body", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_STRING,
	  .offset = offsetof(struct addition_record, before), .initial = "",
	  .syntax = "URI",
	  .help = "URI of what stands before the body" },
	{ .name = "add_after_body", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_STRING,
	  .offset = offsetof(struct addition_record, after), .initial = "",
	  .syntax = "URI",
	  .help = "URI of what stands behind the body" },
	{ .name = "addition_types", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = addition_set_types,
	  .initial = "text/html",
	  .syntax = "TYPE ...",
	  .help = "types it is done with besides text/html; *: all" },
	{ .name = NULL },
};

const struct http_module http_addition_module = {
	.table = {
		.name = "addition",
		.help = "puts answers of other paths before and behind a body",
		.directives = addition_directives,
		.record_size = sizeof(struct addition_record),
		.merge = addition_merge,
	},
	.filter = addition_filter,
};

/*
 * charset: names the character set of texts, and recodes those that are in
 * another one by the tables of charset_map.
 */

#include <errno.h>

#include "http/conn.h"
#include "http/filter.h"
#include "http/types.h"
#include "http/value.h"
#include "modules/charset_map.h"
#include "modules/modules.h"

enum { CHARSET_OUT = 16 * 1024 };	/* bytes of a piece */

/* charset or source_charset; of no parts: off. */
struct charset_name {
	struct http_value value;
	bool set;
};

struct charset_record {
	struct charset_name charset, source;
	int64_t override;
	struct http_types *types;
	struct charset_map *maps;	/* all; of the http block */
};

struct charset_filter {
	struct http_filter filter;
	struct charset_recode recode;
	struct slice in;		/* what is left of a piece */
	char *out;
};

extern const struct http_module http_charset_module;

static const struct slice charset_types[] = {
	{ "text/html", 9 },
	{ "text/xml", 8 },
	{ "text/plain", 10 },
	{ "text/vnd.wap.wml", 16 },
	{ "application/javascript", 22 },
	{ "application/rss+xml", 19 },
	{ NULL, 0 },
};

/* ---- recoding ---- */

static int charset_next(struct http_source *source, struct http_chunk *ret)
{
	struct charset_filter *filter = (struct charset_filter *)source;
	struct http_source *inner = filter->filter.inner;
	struct http_chunk chunk;
	size_t len = 0;
	int rc;

	if (!filter->out)
		filter->out = arena_alloc_text(
		    &filter->filter.request->arena, CHARSET_OUT);
	if (!filter->out)
		return -ENOMEM;
	while (len == 0) {
		if (filter->in.len == 0) {
			rc = inner->next(inner, &chunk);
			if (rc <= 0)
				return rc;
			filter->in = chunk.bytes;
			if (chunk.bytes.len == 0)
				break;	/* a flush */
		}
		len = charset_recode(&filter->recode, &filter->in,
		    filter->out, CHARSET_OUT);
	}
	*ret = (struct http_chunk){ .fd = -1, .bytes = { filter->out, len } };
	return 1;
}

/* The table from one set to the other, and in which direction. */
static const struct charset_map *charset_map_find(
    const struct charset_map *map, struct slice from, struct slice to,
    bool *back)
{
	for (; map; map = map->next) {
		*back = slice_equal_nocase(map->to, from);
		if (*back ? slice_equal_nocase(map->from, to) :
		    slice_equal_nocase(map->from, from) &&
		    slice_equal_nocase(map->to, to))
			break;
	}
	return map;
}

static int charset_use(struct http_request *request,
    const struct charset_map *map, bool back)
{
	struct http_response *response = &request->response;
	int64_t length = response->length;
	bool accept_ranges = response->accept_ranges;
	struct charset_filter *filter = arena_calloc(&request->arena, 1,
	    sizeof(*filter));
	int err;

	if (!filter)
		return -ENOMEM;
	filter->filter.source.next = charset_next;
	filter->recode.map = map;
	filter->recode.back = back;
	err = http_filter_use(request, &filter->filter);
	if (!map->utf8) {
		/* A byte for each byte: all stays where it was. */
		response->length = length;
		response->accept_ranges = accept_ranges;
	}
	return err;
}

/* ---- which sets ---- */

/* The charset that the content type names itself: that is cut off it. */
static struct slice charset_own(struct slice *type)
{
	static const struct slice name = { "charset=", 8 };
	const char *mark = type->len ? memchr(type->data, ';', type->len) :
	    NULL;
	struct slice own = { NULL, 0 }, rest;

	if (!mark)
		return own;
	rest = slice_trim(slice_from(*type,
	    (size_t)(mark + 1 - type->data)));
	if (!slice_equal_nocase(slice_first(rest, name.len), name))
		return own;
	own = slice_from(rest, name.len);
	if (own.len > 1 && own.data[0] == '"' &&
	    own.data[own.len - 1] == '"')
		own = (struct slice){ own.data + 1, own.len - 2 };
	type->len = (size_t)(mark - type->data);
	return own;
}

static bool charset_is(const struct charset_name *one, struct slice name)
{
	return one->value.count && one->value.constant &&
	    slice_equal_nocase(one->value.parts[0].text, name);
}

/* Does the configuration say anything of the set `name`? */
static bool charset_known(const struct charset_record *record,
    struct slice name)
{
	const struct charset_map *map = record->maps;

	if (charset_is(&record->charset, name) ||
	    charset_is(&record->source, name))
		return true;
	for (; map; map = map->next)
		if (slice_equal_nocase(map->from, name) ||
		    slice_equal_nocase(map->to, name))
			return true;
	return false;
}

/* The set that the answer is to be in; empty: whatever it is in. */
static struct slice charset_wanted(struct http_request *request,
    const struct charset_record *record, struct slice own)
{
	const struct http_response *response = &request->response;
	struct slice none = { NULL, 0 };
	struct slice override = response->override_charset;

	if (response->content_type.len == 0)
		return none;
	if (request->parent)
		return request->parent->response.charset;
	if (override.len) {
		if (charset_known(record, override))
			return override;
		http_log(request, LOG_LEVEL_ERROR, 0, "unknown charset "
		    "\"%.*s\" to override", SLICE_ARG(override));
		return none;
	}
	if (!record->charset.value.count)
		return none;
	if (own.len ? !record->override : !http_types_match(record->types,
	    charset_types, response->content_type))
		return none;
	return http_value_get(request, &record->charset.value);
}

/* A redirect names none: once browsers took it for that of the next page. */
static void charset_set(struct http_response *response, struct slice name,
    struct slice type)
{
	response->content_type = type;
	response->charset = name;
	if (response->status == 301 || response->status == 302)
		response->charset = (struct slice){ NULL, 0 };
	response->prepared = (struct slice){ NULL, 0 };
}

static int charset_filter(struct http_request *request)
{
	const struct charset_record *record = http_request_record(request,
	    &http_charset_module.table);
	struct http_response *response = &request->response;
	const struct charset_map *map;
	struct slice type = response->content_type, own, from, to;
	bool back;

	if (!record->charset.value.count && !response->override_charset.len &&
	    !request->parent)
		return 0;
	own = charset_own(&type);
	to = charset_wanted(request, record, own);
	if (to.len == 0)
		return 0;
	from = own;
	if (!own.len && record->source.value.count)
		from = http_value_get(request, &record->source.value);
	if (from.len == 0 || slice_equal_nocase(from, to)) {
		charset_set(response, to, type);
		return 0;
	}
	if (http_response_find(request, SLICE("Content-Encoding")))
		return 0;
	map = charset_map_find(record->maps, from, to, &back);
	if (!map) {
		http_log(request, LOG_LEVEL_ERROR, 0, "no \"charset_map\" "
		    "between the charsets \"%.*s\" and \"%.*s\"",
		    SLICE_ARG(from), SLICE_ARG(to));
		return 0;
	}
	charset_set(response, to, type);
	return charset_use(request, map, back);
}

/* ---- directives ---- */

static int charset_set_name(struct conf *conf, const struct conf_node *node,
    struct charset_name *name)
{
	if (name->set)
		return conf_fail(conf, node, 0,
		    "\"%s\" directive is duplicate", node->args[0].data);
	name->set = true;
	return http_value_compile(conf, node, node->args[1], &name->value);
}

static int charset_set_charset(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope, void *arg)
{
	struct charset_record *record = arg;

	(void)scope;
	if (!record->charset.set && slice_equal(node->args[1], SLICE("off"))) {
		record->charset.set = true;
		return 0;
	}
	return charset_set_name(conf, node, &record->charset);
}

static int charset_set_source(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct charset_record *record = arg;

	(void)scope;
	return charset_set_name(conf, node, &record->source);
}

static int charset_set_types(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct charset_record *record = arg;

	(void)scope;
	return http_types_add(conf, node, &record->types);
}

static int charset_set_map_line(struct conf *conf,
    const struct conf_node *node, struct charset_map *map)
{
	if (node->argc != 2)
		return conf_fail(conf, node, 0, "invalid parameters number");
	switch (charset_map_add(&conf->arena, map, node->args[0],
	    node->args[1])) {
	case CHARSET_OK:
		return 0;
	case CHARSET_BAD_FROM:
		return conf_fail(conf, node, 0, "invalid value \"%s\"",
		    node->args[0].data);
	case CHARSET_BAD_TO:
		return conf_fail(conf, node, 0, "invalid value \"%s\"",
		    node->args[1].data);
	case CHARSET_NO_MEMORY:
		break;
	}
	return -ENOMEM;
}

static int charset_set_map(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct charset_record *record = arg;
	struct slice from = node->args[1], to = node->args[2];
	struct charset_map *map;
	bool back;
	int err = 0;

	(void)scope;
	if (slice_equal_nocase(from, to))
		return conf_fail(conf, node, 0, "\"charset_map\" between the "
		    "same charsets \"%s\" and \"%s\"", from.data, to.data);
	if (slice_equal_nocase(from, SLICE("utf-8")))
		return conf_fail(conf, node, 0, "\"charset_map\" with "
		    "\"utf-8\" charset should be given in the second column");
	if (charset_map_find(record->maps, from, to, &back))
		return conf_fail(conf, node, 0, "duplicate \"charset_map\" "
		    "between \"%s\" and \"%s\"", from.data, to.data);
	map = charset_map_new(&conf->arena, from, to);
	if (!map)
		return -ENOMEM;
	for (const struct conf_node *line = node->children; line && !err;
	    line = line->next)
		err = charset_set_map_line(conf, line, map);
	map->next = record->maps;
	record->maps = map;
	return err;
}

static int charset_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct charset_record *from = parent;
	struct charset_record *record = arg;
	struct slice source, target;
	bool back;

	if (from) {
		record->maps = from->maps;
		if (!record->types)
			record->types = from->types;
		if (!record->charset.set)
			record->charset = from->charset;
		if (!record->source.set)
			record->source = from->source;
	}
	if (!record->charset.value.constant || !record->source.value.constant ||
	    !record->charset.value.count || !record->source.value.count)
		return 0;
	source = record->source.value.parts[0].text;
	target = record->charset.value.parts[0].text;
	if (slice_equal_nocase(source, target) ||
	    charset_map_find(record->maps, source, target, &back))
		return 0;
	return conf_fail(conf, NULL, 0, "no \"charset_map\" between the "
	    "charsets \"%.*s\" and \"%.*s\"", SLICE_ARG(source),
	    SLICE_ARG(target));
}

static const struct conf_directive charset_directives[] = {
	{ .name = "charset", .contexts = CONF_HTTP_ALL | CONF_LOCATION_IF,
	  .args_min = 1, .args_max = 1, .set = charset_set_charset,
	  .initial = "off",
	  .syntax = "CHARSET | off",
	  .help = "character set that texts are in, or are recoded to" },
	{ .name = "source_charset",
	  .contexts = CONF_HTTP_ALL | CONF_LOCATION_IF, .args_min = 1,
	  .args_max = 1, .set = charset_set_source,
	  .syntax = "CHARSET",
	  .help = "character set that texts are recoded from" },
	{ .name = "override_charset",
	  .contexts = CONF_HTTP_ALL | CONF_LOCATION_IF, .args_min = 1,
	  .args_max = 1, .type = CONF_FLAG,
	  .offset = offsetof(struct charset_record, override),
	  .initial = "off",
	  .help = "recode also what an upstream says the charset of" },
	{ .name = "charset_types", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = charset_set_types,
	  .initial = "text/html text/xml text/plain text/vnd.wap.wml "
	  "application/javascript application/rss+xml",
	  .syntax = "TYPE ...",
	  .help = "types that are texts, besides text/html; *: all" },
	{ .name = "charset_map", .contexts = CONF_HTTP, .args_min = 2,
	  .args_max = 2, .block = true, .set = charset_set_map,
	  .syntax = "CHARSET CHARSET",
	  .help = "which characters of two sets are the same" },
	{ .name = NULL },
};

const struct http_module http_charset_module = {
	.table = {
		.name = "charset",
		.help = "names the character set of texts, and recodes them",
		.directives = charset_directives,
		.record_size = sizeof(struct charset_record),
		.merge = charset_merge,
	},
	.filter = charset_filter,
};

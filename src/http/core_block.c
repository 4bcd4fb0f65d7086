/*
 * The blocks http, server and location: each makes a set of records, has its
 * directives applied to them, and is merged with the block around it once
 * all of http was read.
 */

#include "http/core_set.h"

#include <errno.h>

#include "http/variable.h"
#include "http/zone.h"

void http_location_handle(const struct conf_scope *scope,
    http_handler *handler)
{
	struct http_location *location = scope->owner;

	location->handler = handler;
}

void http_location_pass(const struct conf_scope *scope, http_handler *handler)
{
	struct http_location *location = scope->owner;

	location->handler = handler;
	location->auto_redirect = slice_ends(location->name, SLICE("/"));
}

/* Is the modifier in front of a location's name one, and which? */
static int http_location_modifier(struct conf *conf,
    const struct conf_node *node, struct http_location *location,
    struct slice modifier, struct slice name)
{
	bool nocase = slice_equal(modifier, SLICE("~*"));

	location->name = name;
	if (nocase || slice_equal(modifier, SLICE("~"))) {
		location->kind = HTTP_LOCATION_REGEX;
		return http_regex_compile(conf, node, name, nocase,
		    &location->regex);
	}
	if (slice_equal(modifier, SLICE("="))) {
		location->kind = HTTP_LOCATION_EXACT;
		return 0;
	}
	if (slice_equal(modifier, SLICE("^~"))) {
		location->kind = HTTP_LOCATION_PREFIX_FINAL;
		return 0;
	}
	return conf_fail(conf, node, 0, "invalid location modifier \"%.*s\"",
	    SLICE_ARG(modifier));
}

/* "~*x", "=x" and the like without a blank, as nginx allows. */
static int http_location_name(struct conf *conf, const struct conf_node *node,
    struct http_location *location)
{
	static const char *const modifiers[] = { "~*", "~", "=", "^~" };
	struct slice name = node->args[1];

	if (node->argc == 3)
		return http_location_modifier(conf, node, location, name,
		    node->args[2]);
	for (unsigned i = 0; i < sizeof(modifiers) / sizeof(*modifiers); i++) {
		struct slice modifier = slice_cstr(modifiers[i]);

		if (slice_starts(name, modifier))
			return http_location_modifier(conf, node, location,
			    modifier, slice_from(name, modifier.len));
	}
	location->name = name;
	location->kind = name.len && name.data[0] == '@' ?
	    HTTP_LOCATION_NAMED : HTTP_LOCATION_PREFIX;
	return 0;
}

/* Is `inner` allowed inside `outer`? */
static int http_location_check(struct conf *conf,
    const struct conf_node *node, const struct http_location *outer,
    const struct http_location *inner)
{
	if (outer->kind == HTTP_LOCATION_EXACT)
		return conf_fail(conf, node, 0, "location \"%.*s\" cannot be "
		    "inside the exact location \"%.*s\"",
		    SLICE_ARG(inner->name), SLICE_ARG(outer->name));
	if (outer->kind == HTTP_LOCATION_NAMED)
		return conf_fail(conf, node, 0, "location \"%.*s\" cannot be "
		    "inside the named location \"%.*s\"",
		    SLICE_ARG(inner->name), SLICE_ARG(outer->name));
	if (inner->kind == HTTP_LOCATION_NAMED)
		return conf_fail(conf, node, 0, "named location \"%.*s\" can "
		    "be on the server level only", SLICE_ARG(inner->name));
	if (inner->kind != HTTP_LOCATION_REGEX &&
	    outer->kind != HTTP_LOCATION_REGEX &&
	    !slice_starts(inner->name, outer->name))
		return conf_fail(conf, node, 0, "location \"%.*s\" is outside "
		    "location \"%.*s\"", SLICE_ARG(inner->name),
		    SLICE_ARG(outer->name));
	return 0;
}

/* How many locations are around what stands in `scope`. */
static unsigned http_location_depth(const struct conf_scope *scope)
{
	unsigned depth = 0;

	for (; scope && scope->context == CONF_LOCATION; scope = scope->parent)
		depth++;
	return depth;
}

/* The location, or the server's root, that `scope` is in. */
static struct http_location *http_scope_location(
    const struct conf_scope *scope)
{
	return scope->context == CONF_SERVER ?
	    &((struct http_server *)scope->owner)->root : scope->owner;
}

/* A new location in the list of those within `outer`; NULL without memory. */
static struct http_location *http_location_new(struct conf *conf,
    const struct conf_node *node, struct http_location *outer)
{
	struct http_locations *list = &outer->nested;
	struct http_location *location = arena_calloc(&conf->arena, 1,
	    sizeof(*location));

	if (!location || !(location->records = conf_records_new(conf)))
		return NULL;
	location->server = outer->server;
	location->node = node;
	if (!list->list_end)
		list->list_end = &list->list;
	*list->list_end = location;
	list->list_end = &location->next;
	return location;
}

int http_location_block(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, enum conf_context context,
    struct http_location **ret)
{
	struct http_location *outer = http_scope_location(scope);
	struct http_location *location = http_location_new(conf, node, outer);
	struct conf_scope inner;

	if (!location)
		return -ENOMEM;
	location->kind = HTTP_LOCATION_BLOCK;
	location->name = outer->name;
	inner = (struct conf_scope){ context, location->records, location,
	    scope };
	*ret = location;
	return conf_apply(conf, node->children, &inner);
}

int http_set_location(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_location *outer = http_scope_location(scope);
	struct http_location *location;
	struct conf_scope inner;
	int err;

	(void)record;
	if (http_location_depth(scope) >= HTTP_NESTING_MAX)
		return conf_fail(conf, node, 0, "locations are nested deeper "
		    "than %d", HTTP_NESTING_MAX);
	location = http_location_new(conf, node, outer);
	if (!location)
		return -ENOMEM;
	err = http_location_name(conf, node, location);
	if (!err && scope->context == CONF_LOCATION)
		err = http_location_check(conf, node, outer, location);
	if (err)
		return err;
	inner = (struct conf_scope){ CONF_LOCATION, location->records,
	    location, scope };
	return conf_apply(conf, node->children, &inner);
}

/* A configuration may write methods in any case. */
static enum http_method http_method_nocase(struct slice name)
{
	enum http_method method = HTTP_METHOD_COUNT;

	while (--method > HTTP_METHOD_OTHER &&
	    !slice_equal_nocase(http_method_name(method), name))
		;
	return method;
}

/* limit_except METHOD ... { } */
int http_set_limit_except(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_location *location = scope->owner;

	(void)record;
	if (location->limited)
		return conf_fail(conf, node, 0,
		    "\"limit_except\" directive is duplicate");
	for (unsigned i = 1; i < node->argc; i++) {
		enum http_method method = http_method_nocase(node->args[i]);

		if (method == HTTP_METHOD_OTHER)
			return conf_fail(conf, node, 0,
			    "invalid method \"%s\"", node->args[i].data);
		location->methods |= 1U << method;
		if (method == HTTP_METHOD_GET)
			location->methods |= 1U << HTTP_METHOD_HEAD;
	}
	return http_location_block(conf, node, scope, CONF_LIMIT_EXCEPT,
	    &location->limited);
}

int http_set_server(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_conf *http = scope->owner;
	struct http_server *server = arena_calloc(&conf->arena, 1,
	    sizeof(*server));
	struct http_server **servers = arena_calloc(&conf->arena,
	    http->server_count + 1, sizeof(*servers));
	struct conf_scope inner;

	(void)record;
	if (!server || !servers || !(server->records = conf_records_new(conf)))
		return -ENOMEM;
	if (http->server_count)
		memcpy(servers, http->servers,
		    http->server_count * sizeof(*servers));
	servers[http->server_count++] = server;
	http->servers = servers;

	server->http = http;
	server->node = node;
	server->names_end = &server->names;
	server->root.server = server;
	server->root.records = server->records;
	server->root.name = SLICE("/");
	inner = (struct conf_scope){ CONF_SERVER, server->records, server,
	    scope };
	return conf_apply(conf, node->children, &inner);
}

/* Merge all that is within `outer`, which was itself merged. */
static int http_locations_merge(struct conf *conf,
    const struct http_location *outer)
{
	struct http_location *location = outer->nested.list;
	int err = 0;

	for (; location && !err; location = location->next) {
		if (location->kind == HTTP_LOCATION_BLOCK &&
		    !location->handler)
			location->handler = outer->handler;
		err = conf_merge(conf, CONF_HTTP_ALL, outer->records,
		    location->records);
		location->core = conf_record(conf, location->records,
		    &http_core_table);
		if (!err)
			err = http_locations_merge(conf, location);
	}
	return err;
}

static int http_server_finish(struct conf *conf, struct http_conf *http,
    struct http_server *server)
{
	int err = conf_merge(conf, CONF_HTTP_ALL, http->main_records,
	    server->records);

	if (err)
		return err;
	server->core = conf_record(conf, server->records, &http_core_table);
	server->record = conf_record(conf, server->records,
	    &http_server_table);
	server->root.core = server->core;
	/* ".example.org" is called what is behind the dot. */
	if (server->names)
		server->name = slice_from(server->names->name,
		    slice_starts(server->names->name, SLICE(".")));
	err = http_locations_merge(conf, &server->root);
	if (!err && !server->listens)
		err = http_listen_default(conf, server);
	return err ? err : http_locations_build(conf, server);
}

/* For each phase the hooks of all modules, so that a request calls no more
 * than there are. */
static int http_hooks_build(struct conf *conf, struct http_conf *http)
{
	for (int phase = 0; phase < HTTP_PHASE_COUNT; phase++) {
		unsigned count = 0;

		http->hooks[phase] = arena_calloc(&conf->arena,
		    http->module_count + 1, sizeof(*http->hooks[phase]));
		if (!http->hooks[phase])
			return -ENOMEM;
		for (unsigned i = 0; i < http->module_count; i++)
			if (http->modules[i]->phase[phase])
				http->hooks[phase][count++] =
				    http->modules[i]->phase[phase];
	}
	return 0;
}

static int http_finish(struct conf *conf, struct http_conf *http)
{
	const struct http_core_record *core;
	int err = conf_merge(conf, CONF_HTTP_ALL, NULL, http->main_records);

	for (unsigned i = 0; i < http->server_count && !err; i++)
		err = http_server_finish(conf, http, http->servers[i]);
	if (!err)
		err = http_names_build(conf, http);
	if (!err)
		err = http_hooks_build(conf, http);
	if (!err)
		err = http_variables_check(conf);
	if (!err)
		err = http_zones_check(conf);
	core = conf_record(conf, http->main_records, &http_core_table);
	http->log = core->log ? core->log : conf->log;
	for (unsigned i = 0; i < http->module_count && !err; i++)
		if (http->modules[i]->configured)
			err = http->modules[i]->configured(conf, http);
	return err;
}

int http_set_http(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_block *block = record;
	struct http_conf *http;
	struct conf_scope inner;
	int err;

	if (block->http)
		return conf_fail(conf, node, 0,
		    "\"http\" directive is duplicate");
	http = arena_calloc(&conf->arena, 1, sizeof(*http));
	if (!http || !(http->main_records = conf_records_new(conf)))
		return -ENOMEM;
	err = http_variables_begin(conf);
	if (err)
		return err;
	http->conf = conf;
	http->modules = block->modules;
	while (http->modules[http->module_count])
		http->module_count++;
	http_variables_use(http->modules);
	block->http = http;
	inner = (struct conf_scope){ CONF_HTTP, http->main_records, http,
	    scope };
	err = conf_apply(conf, node->children, &inner);
	return err ? err : http_finish(conf, http);
}

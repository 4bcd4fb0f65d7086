/*
 * map: a variable whose value depends on that of others.
 *
 * Keys are looked up in any case, in one hash table; then the regular
 * expressions are tried in the order in which they were written.
 */

#include <errno.h>

#include "http/names.h"
#include "http/regex.h"
#include "http/variable.h"
#include "modules/modules.h"

struct map_regex {
	struct http_regex *regex;
	struct http_value value;
	struct map_regex *next;
};

struct map {
	struct http_value source;
	bool hostnames;
	struct http_names names;	/* to struct http_value */
	struct map_regex *regexes, **regexes_end;
	struct http_value *otherwise;	/* "default"; NULL: nothing */
};

/* ---- requests ---- */

static const struct http_value *map_find(struct http_request *request,
    const struct map *map, struct slice key)
{
	const struct http_value *value = http_names_find(&map->names, key);

	if (value || key.len == 0)
		return value;
	for (const struct map_regex *regex = map->regexes; regex;
	    regex = regex->next) {
		int match = http_regex_match(regex->regex, key);

		if (match > 0)
			match = http_regex_capture(request, regex->regex,
			    key) ? -ENOMEM : 1;
		if (match > 0)
			return &regex->value;
		if (match < 0) {
			http_log(request, LOG_LEVEL_ERROR, 0,
			    "a regular expression of \"map\" failed on "
			    "\"%.*s\"", SLICE_ARG(key));
			return NULL;
		}
	}
	return NULL;
}

static bool map_make(struct http_request *request, void *arg,
    struct slice *ret)
{
	const struct map *map = arg;
	struct slice key = http_value_get(request, &map->source);
	const struct http_value *value;

	if (!key.data)
		return false;
	if (map->hostnames && slice_ends(key, SLICE(".")))
		key.len--;
	value = map_find(request, map, key);
	if (!value)
		value = map->otherwise;
	*ret = value ? http_value_get(request, value) : SLICE("");
	return ret->data;
}

/* ---- configuration ---- */

static int map_add_default(struct conf *conf, const struct conf_node *node,
    struct map *map)
{
	if (map->otherwise)
		return conf_fail(conf, node, 0,
		    "duplicate default map parameter");
	map->otherwise = arena_alloc(&conf->arena, sizeof(*map->otherwise));
	return map->otherwise ? http_value_compile(conf, node, node->args[1],
	    map->otherwise) : -ENOMEM;
}

/* "~pattern", "~*pattern" */
static int map_add_regex(struct conf *conf, const struct conf_node *node,
    struct map *map)
{
	struct slice pattern = slice_from(node->args[0], 1);
	bool nocase = slice_starts(pattern, SLICE("*"));
	struct map_regex *regex = arena_calloc(&conf->arena, 1,
	    sizeof(*regex));
	int err;

	if (!regex)
		return -ENOMEM;
	err = http_regex_compile(conf, node, slice_from(pattern, nocase),
	    nocase, &regex->regex);
	if (err)
		return err;
	*map->regexes_end = regex;
	map->regexes_end = &regex->next;
	return http_value_compile(conf, node, node->args[1], &regex->value);
}

static int map_add_key(struct conf *conf, const struct conf_node *node,
    struct map *map)
{
	struct http_value *value = arena_alloc(&conf->arena, sizeof(*value));
	struct slice key = node->args[0];
	int err;

	/* "\default", "\hostnames", "\~x" are meant as they are. */
	if (slice_starts(key, SLICE("\\")))
		key = slice_from(key, 1);
	if (!value)
		return -ENOMEM;
	err = http_value_compile(conf, node, node->args[1], value);
	if (err)
		return err;
	err = http_names_add(&map->names, key, map->hostnames, value);
	if (err == -EINVAL)
		return conf_fail(conf, node, 0,
		    "invalid hostname or wildcard \"%.*s\"", SLICE_ARG(key));
	if (err == -EEXIST)
		return conf_fail(conf, node, 0,
		    "conflicting parameter \"%.*s\"", SLICE_ARG(key));
	return err;
}

static int map_add(struct conf *conf, const struct conf_node *node,
    struct map *map, struct http_variable *variable)
{
	struct slice key = node->args[0];

	if (node->block)
		return conf_fail(conf, node, 0, "unexpected \"{\"");
	if (node->argc == 1 && slice_equal(key, SLICE("hostnames"))) {
		map->hostnames = true;
		return 0;
	}
	if (node->argc == 1 && slice_equal(key, SLICE("volatile"))) {
		variable->is_volatile = true;
		return 0;
	}
	if (node->argc != 2)
		return conf_fail(conf, node, 0,
		    "invalid number of the map parameters");
	if (slice_equal(key, SLICE("default")))
		return map_add_default(conf, node, map);
	if (slice_starts(key, SLICE("~")))
		return map_add_regex(conf, node, map);
	return map_add_key(conf, node, map);
}

static int map_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct map *map = arena_calloc(&conf->arena, 1, sizeof(*map));
	const struct conf_node *child = node->children;
	struct http_variable *variable;
	int err;

	(void)scope, (void)record;
	if (!map)
		return -ENOMEM;
	http_names_init(&map->names, &conf->arena);
	map->regexes_end = &map->regexes;
	err = http_value_compile(conf, node, node->args[1], &map->source);
	if (!err)
		err = http_variable_define_word(conf, node, node->args[2],
		    &variable);
	for (; child && !err; child = child->next)
		err = map_add(conf, child, map, variable);
	if (err)
		return err;
	variable->make = map_make;
	variable->arg = map;
	return 0;
}

static const struct conf_directive map_directives[] = {
	{ .name = "map", .contexts = CONF_HTTP, .args_min = 2, .args_max = 2,
	  .block = true, .set = map_set,
	  .syntax = "TEXT $VARIABLE",
	  .help = "a variable whose value depends on others" },
	{ .name = "map_hash_max_size", .contexts = CONF_HTTP, .args_min = 1,
	  .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "map_hash_bucket_size", .contexts = CONF_HTTP,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = NULL },
};

const struct http_module http_map_module = {
	.table = {
		.name = "map",
		.help = "defines variables that depend on other variables",
		.directives = map_directives,
	},
};

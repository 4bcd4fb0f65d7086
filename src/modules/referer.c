/*
 * referer: $invalid_referer is "1" where a request comes from a page that
 * valid_referers does not name, so that "if" can refuse it.
 */

#include <errno.h>

#include "http/core.h"
#include "http/names.h"
#include "http/regex.h"
#include "http/variable.h"
#include "modules/modules.h"

struct referer_regex {
	struct http_regex *regex;
	struct referer_regex *next;
};

struct referer_record {
	bool set;
	bool none, blocked, server_names;
	struct http_names names;	/* to struct slice: the path that a
					 * referer's begins with, or empty */
	struct referer_regex *hosts;	/* of server_name */
	struct referer_regex *regexes, **regexes_end;
	const struct http_server *server; /* it stands in */
	const struct conf_node *node;
};

extern const struct http_module http_referer_module;

/* ---- requests ---- */

static bool referer_regex_has(struct http_request *request,
    const struct referer_regex *regex, struct slice text)
{
	int match = 0;

	for (; regex && match == 0; regex = regex->next)
		match = http_regex_match(regex->regex, text);
	if (match < 0)
		http_log(request, LOG_LEVEL_ERROR, 0, "a regular "
		    "expression of \"valid_referers\" failed on \"%.*s\"",
		    SLICE_ARG(text));
	return match > 0;
}

/* `rest`: what stands behind the scheme. */
static bool referer_names_valid(struct http_request *request,
    const struct referer_record *record, struct slice rest)
{
	const struct slice *path;
	struct slice host = rest;
	const char *slash;
	size_t len = 0;

	while (len < rest.len && rest.data[len] != '/' &&
	    rest.data[len] != ':')
		len++;
	host.len = len;
	if (host.len > HTTP_NAME_MAX)
		return false;
	path = http_names_find(&record->names, host);
	if (!path)
		return referer_regex_has(request, record->hosts, host) ||
		    referer_regex_has(request, record->regexes, rest);
	slash = rest.len ? memchr(rest.data, '/', rest.len) : NULL;
	rest = slash ? slice_from(rest, (size_t)(slash - rest.data)) :
	    SLICE("");
	return slice_starts(rest, *path);
}

static bool referer_valid(struct http_request *request,
    const struct referer_record *record)
{
	struct slice referer = http_request_header(request, SLICE("Referer"));
	static const struct slice schemes[] = { SLICE("http://"),
		SLICE("https://") };

	if (!record->names.count && !record->hosts && !record->regexes)
		return true;
	if (!referer.data)
		return record->none;
	/* Nothing shorter has a host with a domain. */
	for (size_t i = 0; i < 2 && referer.len >= strlen("http://i.ru");
	    i++)
		if (slice_equal_nocase(slice_first(referer, schemes[i].len),
		    schemes[i]))
			return referer_names_valid(request, record,
			    slice_from(referer, schemes[i].len));
	return record->blocked;
}

static bool get_invalid_referer(struct http_request *request,
    struct slice name, struct slice *ret)
{
	const struct referer_record *record = http_request_record(request,
	    &http_referer_module.table);

	(void)name;
	*ret = referer_valid(request, record) ? SLICE("") : SLICE("1");
	return true;
}

static const struct http_variable referer_variables[] = {
	{ .name = { "invalid_referer", 15 }, .get = get_invalid_referer,
	  .help = "\"1\" if the Referer is none of valid_referers; else "
	    "empty" },
	{ .name = { NULL, 0 }, .get = NULL },
};

/* ---- configuration ---- */

static int referer_add_regex(struct conf *conf, const struct conf_node *node,
    struct slice word, struct referer_record *record)
{
	struct referer_regex *regex = arena_calloc(&conf->arena, 1,
	    sizeof(*regex));

	if (!regex)
		return -ENOMEM;
	if (word.len == 1)
		return conf_fail(conf, node, 0, "empty regex in \"%.*s\"",
		    SLICE_ARG(word));
	*record->regexes_end = regex;
	record->regexes_end = &regex->next;
	return http_regex_compile(conf, node, slice_from(word, 1), true,
	    &regex->regex);
}

/* "host", "host/path" */
static int referer_add_name(struct conf *conf, const struct conf_node *node,
    struct slice word, struct referer_record *record)
{
	const char *slash = word.len ? memchr(word.data, '/', word.len) :
	    NULL;
	struct slice host = slash ? slice_first(word,
	    (size_t)(slash - word.data)) : word;
	struct slice *path = arena_alloc(&conf->arena, sizeof(*path));
	int err;

	if (!path)
		return -ENOMEM;
	*path = slice_from(word, host.len);
	err = http_names_add(&record->names, host, true, path);
	if (err == -EINVAL)
		return conf_fail(conf, node, 0,
		    "invalid hostname or wildcard \"%.*s\"", SLICE_ARG(host));
	if (err == -EEXIST)
		return conf_fail(conf, node, 0,
		    "conflicting parameter \"%.*s\"", SLICE_ARG(host));
	return err;
}

static int referer_add(struct conf *conf, const struct conf_node *node,
    struct slice word, struct referer_record *record)
{
	if (word.len == 0)
		return conf_fail(conf, node, 0, "invalid referer \"\"");
	if (slice_equal(word, SLICE("none")))
		record->none = true;
	else if (slice_equal(word, SLICE("blocked")))
		record->blocked = true;
	else if (slice_equal(word, SLICE("server_names")))
		record->server_names = true;
	else if (word.data[0] == '~')
		return referer_add_regex(conf, node, word, record);
	else
		return referer_add_name(conf, node, word, record);
	return 0;
}

/* The names of the server, which may be written behind this. */
static int referer_add_server_names(struct conf *conf,
    struct referer_record *record)
{
	const struct http_server_name *name = record->server->names;
	struct referer_regex **hosts_end = &record->hosts;
	int err = 0;

	for (; name && !err; name = name->next) {
		if (!name->regex) {
			err = referer_add_name(conf, record->node, name->name,
			    record);
			continue;
		}
		*hosts_end = arena_calloc(&conf->arena, 1,
		    sizeof(**hosts_end));
		if (!*hosts_end)
			return -ENOMEM;
		(*hosts_end)->regex = name->regex;
		hosts_end = &(*hosts_end)->next;
	}
	return err;
}

static int referer_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct referer_record *referer = record;
	int err = 0;

	if (!referer->set) {
		http_names_init(&referer->names, &conf->arena);
		referer->regexes_end = &referer->regexes;
		referer->server = scope->context == CONF_SERVER ?
		    scope->owner :
		    ((const struct http_location *)scope->owner)->server;
		referer->node = node;
		referer->set = true;
	}
	for (unsigned i = 1; i < node->argc && !err; i++)
		err = referer_add(conf, node, node->args[i], referer);
	return err;
}

static int referer_merge(struct conf *conf, const void *parent, void *record)
{
	struct referer_record *referer = record;
	int err = 0;

	if (!referer->set) {
		if (parent)
			*referer = *(const struct referer_record *)parent;
		referer->set = false;
		return 0;
	}
	if (referer->server_names)
		err = referer_add_server_names(conf, referer);
	if (err)
		return err;
	if ((referer->none || referer->blocked) && !referer->names.count)
		return conf_fail(conf, referer->node, 0, "the \"none\" or "
		    "\"blocked\" referers are specified in the "
		    "\"valid_referers\" directive without any valid referer");
	return 0;
}

static const struct conf_directive referer_directives[] = {
	{ .name = "valid_referers", .contexts = CONF_SERVER | CONF_LOCATION,
	  .args_min = 1, .args_max = CONF_ARGS_ANY, .set = referer_set,
	  .syntax = "none | blocked | server_names | NAME | ~REGEX ...",
	  .help = "pages that may link here; see $invalid_referer" },
	{ .name = "referer_hash_max_size",
	  .contexts = CONF_SERVER | CONF_LOCATION, .args_min = 1,
	  .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = "referer_hash_bucket_size",
	  .contexts = CONF_SERVER | CONF_LOCATION, .args_min = 1,
	  .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "no effect: tables fit what is in them" },
	{ .name = NULL },
};

const struct http_module http_referer_module = {
	.table = {
		.name = "referer",
		.help = "tells whether the page that a request came from "
		    "may link here",
		.directives = referer_directives,
		.record_size = sizeof(struct referer_record),
		.merge = referer_merge,
	},
	.variables = referer_variables,
};

/*
 * Which server and which location a request is for.
 *
 * Names of servers stand in one table a listen. Locations are sorted by name;
 * each prefix knows the next shorter one that it begins with, so that the
 * longest match is the greatest name not above the path, or a shorter one on
 * its chain.
 */

#include "http/core.h"

#include <errno.h>
#include <stdlib.h>

#include "http/names.h"

/* ---- servers ---- */

struct http_listen_names {
	struct http_names names;
	struct http_server_name **regexes; /* as written */
	struct http_server **regex_servers;
	unsigned regex_count;
};

struct http_server *http_server_find(const struct http_listen *listen,
    struct slice host, const struct http_regex **regex)
{
	const struct http_listen_names *names = listen->names;
	struct http_server *server;

	if (!names)
		return listen->default_server;
	server = http_names_find(&names->names, host);
	for (unsigned i = 0; i < names->regex_count && !server; i++) {
		if (http_regex_match(names->regexes[i]->regex, host) <= 0)
			continue;
		*regex = names->regexes[i]->regex;
		server = names->regex_servers[i];
	}
	return server ? server : listen->default_server;
}

static int http_name_build(struct conf *conf, struct http_listen *listen,
    struct http_server *server, struct http_server_name *name)
{
	struct http_listen_names *names = listen->names;
	int err;

	if (name->regex) {
		names->regexes[names->regex_count] = name;
		names->regex_servers[names->regex_count++] = server;
		return 0;
	}
	err = http_names_add(&names->names, name->name, true, server);
	if (err == -EEXIST)
		return conf_warn(conf, server->node, "conflicting server name "
		    "\"%.*s\" on %.*s, ignored", SLICE_ARG(name->name),
		    SLICE_ARG(listen->name));
	if (err == -EINVAL)
		return conf_fail(conf, server->node, 0,
		    "invalid server name or wildcard \"%.*s\" on %.*s",
		    SLICE_ARG(name->name), SLICE_ARG(listen->name));
	return err;
}

static int http_names_build_listen(struct conf *conf,
    struct http_listen *listen)
{
	struct http_listen_names *names = arena_calloc(&conf->arena, 1,
	    sizeof(*names));
	unsigned count = 0;
	int err = 0;

	for (unsigned i = 0; i < listen->server_count; i++)
		for (struct http_server_name *name =
		    listen->servers[i]->names; name; name = name->next)
			count++;
	if (!names)
		return -ENOMEM;
	http_names_init(&names->names, &conf->arena);
	names->regexes = arena_calloc(&conf->arena, count + 1,
	    sizeof(*names->regexes));
	names->regex_servers = arena_calloc(&conf->arena, count + 1,
	    sizeof(*names->regex_servers));
	if (!names->regexes || !names->regex_servers)
		return -ENOMEM;
	listen->names = names;
	for (unsigned i = 0; i < listen->server_count && !err; i++)
		for (struct http_server_name *name =
		    listen->servers[i]->names; name && !err; name = name->next)
			err = http_name_build(conf, listen,
			    listen->servers[i], name);
	return err;
}

int http_names_build(struct conf *conf, struct http_conf *http)
{
	int err = 0;

	/* With one server there is nothing to choose. */
	for (struct http_listen *listen = http->listens; listen && !err;
	    listen = listen->next)
		if (listen->server_count > 1)
			err = http_names_build_listen(conf, listen);
	return err;
}

/* ---- locations ---- */

static int http_name_compare(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.data, b.data, len) : 0;

	return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

static int http_location_compare(const void *a, const void *b)
{
	return http_name_compare((*(struct http_location *const *)a)->name,
	    (*(struct http_location *const *)b)->name);
}

static int http_redirect_compare(const void *a, const void *b)
{
	struct slice x = (*(struct http_location *const *)a)->name;
	struct slice y = (*(struct http_location *const *)b)->name;

	return http_name_compare(slice_first(x, x.len - 1),
	    slice_first(y, y.len - 1));
}

/* The index of the first location whose name is greater than `name`. */
static unsigned http_locations_above(struct http_location *const *sorted,
    unsigned count, struct slice name)
{
	unsigned low = 0, high = count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (http_name_compare(sorted[middle]->name, name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct http_location *http_location_find_exact(
    const struct http_locations *list, struct slice uri)
{
	unsigned above = http_locations_above(list->exact, list->exact_count,
	    uri);

	if (above && slice_equal(list->exact[above - 1]->name, uri))
		return list->exact[above - 1];
	return NULL;
}

static struct http_location *http_location_find_prefix(
    const struct http_locations *list, struct slice uri)
{
	unsigned above = http_locations_above(list->prefix,
	    list->prefix_count, uri);
	struct http_location *location = above ? list->prefix[above - 1] :
	    NULL;

	while (location && !slice_starts(uri, location->name))
		location = location->longer_of;
	return location;
}

/* The location with the name `uri` and a slash that wants to redirect. */
static struct http_location *http_location_find_redirect(
    const struct http_locations *list, struct slice uri)
{
	unsigned low = 0, high = list->redirect_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		struct slice name = list->redirect[middle]->name;
		int order = http_name_compare(slice_first(name, name.len - 1),
		    uri);

		if (order == 0)
			return list->redirect[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What is found out on the way to a location. */
struct http_location_search {
	const struct http_regex *regex;	/* the last one that matched */
	bool final;			/* nothing can be better */
	bool redirect;			/* to the name of what was found */
	bool failed;			/* an expression took too long */
};

static struct http_location *http_location_find_in(
    struct http_locations *list, struct slice uri,
    struct http_location_search *search)
{
	struct http_location *found, *nested, *location;

	found = list->exact_count ? http_location_find_exact(list, uri) : NULL;
	if (found) {
		search->final = true;
		return found;
	}
	found = http_location_find_prefix(list, uri);
	location = list->redirect_count && (!found ||
	    found->name.len < uri.len) ?
	    http_location_find_redirect(list, uri) : NULL;
	if (location) {
		search->redirect = search->final = true;
		return location;
	}
	nested = found && found->nested.list ?
	    http_location_find_in(&found->nested, uri, search) : NULL;
	if (search->final)
		return nested;
	location = nested ? nested : found;
	if (location && location->kind == HTTP_LOCATION_PREFIX_FINAL)
		return location;
	for (unsigned i = 0; i < list->regex_count; i++) {
		int match = http_regex_match(list->regex[i]->regex, uri);

		if (match == 0)
			continue;
		if (match < 0) {
			search->failed = search->final = true;
			return NULL;
		}
		found = list->regex[i];
		search->regex = found->regex;
		nested = found->nested.list ?
		    http_location_find_in(&found->nested, uri, search) : NULL;
		search->final = true;
		return nested ? nested : found;
	}
	return location;
}

int http_location_find(struct http_server *server, struct slice uri,
    struct http_found *ret)
{
	struct http_location_search search = { 0 };
	struct http_location *location = http_location_find_in(
	    &server->root.nested, uri, &search);

	if (search.failed)
		return -E2BIG;
	*ret = (struct http_found){ location ? location : &server->root,
	    search.regex, search.redirect };
	return 0;
}

struct http_location *http_location_named(struct http_server *server,
    struct slice name)
{
	struct http_location *location = server->root.nested.list;

	while (location && !(location->kind == HTTP_LOCATION_NAMED &&
	    slice_equal(location->name, name)))
		location = location->next;
	return location;
}

/* Link each prefix to the longest other one that it begins with. */
static void http_locations_chain(struct http_locations *list)
{
	for (unsigned i = 1; i < list->prefix_count; i++) {
		struct http_location *shorter = list->prefix[i - 1];

		while (shorter && !slice_starts(list->prefix[i]->name,
		    shorter->name))
			shorter = shorter->longer_of;
		list->prefix[i]->longer_of = shorter;
	}
}

static int http_locations_duplicate(struct conf *conf,
    struct http_location *const *sorted, unsigned count)
{
	for (unsigned i = 1; i < count; i++)
		if (slice_equal(sorted[i - 1]->name, sorted[i]->name))
			return conf_fail(conf, sorted[i]->node, 0,
			    "duplicate location \"%.*s\"",
			    SLICE_ARG(sorted[i]->name));
	return 0;
}

static int http_locations_sort(struct conf *conf, struct http_locations *list)
{
	unsigned count = 0;
	int err = 0;

	for (struct http_location *l = list->list; l; l = l->next)
		count++;
	list->exact = arena_calloc(&conf->arena, count + 1, sizeof(void *));
	list->prefix = arena_calloc(&conf->arena, count + 1, sizeof(void *));
	list->regex = arena_calloc(&conf->arena, count + 1, sizeof(void *));
	list->redirect = arena_calloc(&conf->arena, count + 1, sizeof(void *));
	if (!list->exact || !list->prefix || !list->regex || !list->redirect)
		return -ENOMEM;
	for (struct http_location *l = list->list; l && !err; l = l->next) {
		if (l->kind == HTTP_LOCATION_EXACT)
			list->exact[list->exact_count++] = l;
		else if (l->kind == HTTP_LOCATION_REGEX)
			list->regex[list->regex_count++] = l;
		else if (l->kind == HTTP_LOCATION_PREFIX ||
		    l->kind == HTTP_LOCATION_PREFIX_FINAL)
			list->prefix[list->prefix_count++] = l;
		if (l->auto_redirect && l->kind != HTTP_LOCATION_REGEX)
			list->redirect[list->redirect_count++] = l;
		if (l->nested.list)
			err = http_locations_sort(conf, &l->nested);
	}
	if (err)
		return err;
	qsort(list->exact, list->exact_count, sizeof(void *),
	    http_location_compare);
	qsort(list->prefix, list->prefix_count, sizeof(void *),
	    http_location_compare);
	qsort(list->redirect, list->redirect_count, sizeof(void *),
	    http_redirect_compare);
	http_locations_chain(list);
	err = http_locations_duplicate(conf, list->exact, list->exact_count);
	return err ? err : http_locations_duplicate(conf, list->prefix,
	    list->prefix_count);
}

int http_locations_build(struct conf *conf, struct http_server *server)
{
	return http_locations_sort(conf, &server->root.nested);
}

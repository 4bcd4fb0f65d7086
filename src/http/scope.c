/* Servers and locations as scopes of the metrics. */

#include "http/core.h"

#include <errno.h>

#include "metrics/segment.h"

/* As it stands in the configuration: "/x", "= /x", "~* \.php$". */
static struct slice http_location_text(struct conf *conf,
    const struct http_location *location)
{
	const struct conf_node *node = location->node;

	if (node->argc == 2)
		return node->args[1];
	return arena_printf(&conf->arena, "%.*s %.*s",
	    SLICE_ARG(node->args[1]), SLICE_ARG(node->args[2]));
}

static int http_locations_scope(struct http_conf *http,
    struct metrics_segment *segment, const struct http_location *outer)
{
	struct http_location *location = outer->nested.list;
	int id = 0;

	for (; location && id >= 0; location = location->next) {
		struct slice text;

		if (location->kind == HTTP_LOCATION_BLOCK) {
			location->scope = outer->scope;
			continue;
		}
		text = http_location_text(http->conf, location);
		id = text.data ? metrics_scope_id(segment,
		    METRICS_SCOPE_LOCATION, location->server->scope, text) :
		    -ENOMEM;
		location->scope = (uint16_t)id;
		if (id >= 0)
			id = http_locations_scope(http, segment, location);
	}
	return id < 0 ? id : 0;
}

/* Its first name, or its first address if it has none. */
static struct slice http_server_text(const struct http_conf *http,
    const struct http_server *server)
{
	if (server->name.len)
		return server->name;
	for (const struct http_listen *listen = http->listens; listen;
	    listen = listen->next)
		for (unsigned i = 0; i < listen->server_count; i++)
			if (listen->servers[i] == server)
				return listen->name;
	return SLICE("_");
}

int http_conf_scopes(struct http_conf *http, struct metrics_segment *segment)
{
	for (unsigned i = 0; i < http->server_count; i++) {
		struct http_server *server = http->servers[i];
		int err = metrics_scope_id(segment, METRICS_SCOPE_SERVER,
		    METRICS_SCOPE_NONE, http_server_text(http, server));

		if (err < 0)
			return err;
		server->scope = (uint16_t)err;
		err = http_locations_scope(http, segment, &server->root);
		if (err)
			return err;
	}
	return 0;
}

/* Servers and locations as scopes of the metrics, upstream servers, zones, and
 * what modules name there. */

#include "http/core.h"

#include <errno.h>

#include "http/upstream.h"
#include "http/zone.h"
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

/* As in the configuration: "backend", "127.0.0.1:8080". */
static struct slice http_upstream_text(struct http_conf *http,
    const struct upstream_group *group)
{
	if (group->no_port || !group->port)
		return group->name;
	return arena_printf(&http->conf->arena, "%.*s:%u",
	    SLICE_ARG(group->name), group->port);
}

static int http_peers_scope(struct metrics_segment *segment,
    struct slice group, const struct upstream_peers *peers)
{
	for (unsigned i = 0; i < peers->count; i++) {
		int id = metrics_peer_id(segment, group,
		    peers->peers[i].address.name);

		if (id < 0)
			return id;
		peers->peers[i].metrics = (uint16_t)id;
	}
	return 0;
}

static int http_upstreams_scope(struct http_conf *http,
    struct metrics_segment *segment)
{
	struct upstream_group *group = http->upstreams;
	int err = 0;

	for (; group && !err; group = group->next) {
		struct slice text = http_upstream_text(http, group);

		if (!text.data)
			return -ENOMEM;
		err = http_peers_scope(segment, text, &group->main);
		if (!err)
			err = http_peers_scope(segment, text, &group->backup);
	}
	return err;
}

static int http_zones_scope(struct http_conf *http,
    struct metrics_segment *segment)
{
	struct http_zone *zone = http->conf->zones;

	for (; zone; zone = zone->next) {
		int id = metrics_zone_id(segment, zone->name);

		if (id < 0)
			return id;
		zone->metrics = (uint16_t)id;
	}
	return 0;
}

int http_conf_scopes(struct http_conf *http, struct metrics_segment *segment)
{
	int err;

	for (unsigned i = 0; i < http->server_count; i++) {
		struct http_server *server = http->servers[i];

		err = metrics_scope_id(segment, METRICS_SCOPE_SERVER,
		    METRICS_SCOPE_NONE, http_server_text(http, server));

		if (err < 0)
			return err;
		server->scope = (uint16_t)err;
		err = http_locations_scope(http, segment, &server->root);
		if (err)
			return err;
	}
	err = http_upstreams_scope(http, segment);
	if (!err)
		err = http_zones_scope(http, segment);
	for (unsigned i = 0; i < http->module_count && !err; i++)
		if (http->modules[i]->named)
			err = http->modules[i]->named(http, segment);
	return err;
}

/*
 * Groups as the configuration names them: a URL's host is the name of an
 * "upstream" block, wherever that stands, or the address of a server, or a
 * name that the system's resolver knows when the configuration is read.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>

#include "http/upstream.h"

/* ---- URLs ---- */

static bool upstream_url_bad(struct upstream_url *url, const char *why)
{
	url->why = why;
	return false;
}

/* "unix:/path" or "unix:/path:/uri" */
static bool upstream_url_unix(struct slice text, bool with_uri,
    struct upstream_url *url)
{
	struct slice path = slice_from(text, strlen("unix:"));
	const char *colon = with_uri && path.len ?
	    memchr(path.data, ':', path.len) : NULL;

	if (colon) {
		url->uri = slice_from(path,
		    (size_t)(colon + 1 - path.data));
		path.len = (size_t)(colon - path.data);
	}
	url->unix_socket = true;
	url->host = path;
	url->text = slice_first(text, strlen("unix:") + path.len);
	if (path.len == 0)
		return upstream_url_bad(url,
		    "no path in the unix domain socket");
	if (path.len >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return upstream_url_bad(url,
		    "too long path in the unix domain socket");
	return true;
}

/* Where the URI begins in `text`. */
static size_t upstream_url_uri(struct slice text)
{
	size_t at = 0;

	while (at < text.len && text.data[at] != '/' && text.data[at] != '?')
		at++;
	return at;
}

bool upstream_url_parse(struct slice text, uint16_t port, bool with_uri,
    struct upstream_url *url)
{
	size_t at = upstream_url_uri(text);
	const char *end, *colon;
	uint64_t number;

	*url = (struct upstream_url){ .port = port, .no_port = true };
	if (slice_starts(text, SLICE("unix:")))
		return upstream_url_unix(text, with_uri, url);
	url->uri = slice_from(text, at);
	url->text = url->host = slice_first(text, at);
	if (url->uri.len && !with_uri)
		return upstream_url_bad(url, "invalid host");
	end = url->host.len && url->host.data[0] == '[' ?
	    memchr(url->host.data, ']', url->host.len) : url->host.data;
	if (!end)
		return upstream_url_bad(url, "invalid host");
	colon = url->host.len ? memchr(end, ':', url->host.len -
	    (size_t)(end - url->host.data)) : NULL;
	if (colon) {
		url->host.len = (size_t)(colon - url->host.data);
		if (!slice_to_u64(slice_from(url->text, url->host.len + 1),
		    &number) || number < 1 || number > UINT16_MAX)
			return upstream_url_bad(url, "invalid port");
		url->port = (uint16_t)number;
		url->no_port = false;
	}
	return url->host.len || upstream_url_bad(url, "no host");
}

/* ---- addresses ---- */

static void upstream_address_name(struct arena *arena,
    struct upstream_address *address)
{
	char text[INET6_ADDRSTRLEN];

	if (address->any.sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 =
		    (const struct sockaddr_in6 *)&address->any;

		(void)inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		address->name = arena_printf(arena, "[%s]:%u", text,
		    ntohs(in6->sin6_port));
	} else if (address->any.sa_family == AF_INET) {
		const struct sockaddr_in *in =
		    (const struct sockaddr_in *)&address->any;

		(void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		address->name = arena_printf(arena, "%s:%u", text,
		    ntohs(in->sin_port));
	} else {
		address->name = arena_printf(arena, "unix:%s",
		    address->un.sun_path);
	}
}

static void upstream_address_port(struct upstream_address *address,
    uint16_t port)
{
	if (address->any.sa_family == AF_INET6)
		((struct sockaddr_in6 *)&address->any)->sin6_port =
		    htons(port);
	else
		((struct sockaddr_in *)&address->any)->sin_port = htons(port);
}

void upstream_address_set(struct arena *arena,
    const union http_address *from, uint16_t port,
    struct upstream_address *address)
{
	memset(address, 0, sizeof(*address));
	memcpy(&address->any, from, sizeof(*from));
	address->len = from->any.sa_family == AF_INET ?
	    sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	upstream_address_port(address, port);
	upstream_address_name(arena, address);
}

bool upstream_address_literal(struct arena *arena,
    const struct upstream_url *url, struct upstream_address *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&address->any;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address->any;
	char text[INET6_ADDRSTRLEN];

	memset(address, 0, sizeof(*address));
	if (url->unix_socket) {
		address->un.sun_family = AF_UNIX;
		memcpy(address->un.sun_path, url->host.data, url->host.len);
		address->len = (socklen_t)(offsetof(struct sockaddr_un,
		    sun_path) + url->host.len + 1);
		upstream_address_name(arena, address);
		return true;
	}
	if (url->host.len >= sizeof(text))
		return false;
	memcpy(text, url->host.data, url->host.len);
	text[url->host.len] = '\0';
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		address->len = sizeof(*in);
	} else if (url->host.len > 2 && text[0] == '[' &&
	    text[url->host.len - 1] == ']') {
		text[url->host.len - 1] = '\0';
		if (inet_pton(AF_INET6, text + 1, &in6->sin6_addr) != 1)
			return false;
		in6->sin6_family = AF_INET6;
		address->len = sizeof(*in6);
	} else {
		return false;
	}
	upstream_address_port(address, url->port);
	upstream_address_name(arena, address);
	return true;
}

/* ---- groups ---- */

static bool upstream_ports_match(const struct upstream_group *group,
    const struct upstream_url *url)
{
	return !group->port || !url->port || group->port == url->port;
}

struct upstream_group *upstream_group_find(const struct http_conf *http,
    const struct upstream_url *url)
{
	struct upstream_group *group = http->upstreams;

	while (group && (!slice_equal_nocase(group->name, url->host) ||
	    (group->defined ? !url->no_port && url->port :
	    !upstream_ports_match(group, url))))
		group = group->next;
	return group;
}

static struct upstream_group *upstream_group_new(struct conf *conf,
    const struct conf_node *node, struct http_conf *http, struct slice name)
{
	struct upstream_group *group = arena_calloc(&conf->arena, 1,
	    sizeof(*group));
	struct upstream_group **end = &http->upstreams;

	if (!group) {
		(void)conf_fail(conf, node, ENOMEM, "upstream");
		return NULL;
	}
	group->name = name;
	group->node = node;
	group->balancer = &upstream_round_robin;
	while (*end)
		end = &(*end)->next;
	*end = group;
	return group;
}

struct upstream_group *upstream_group_use(struct conf *conf,
    const struct conf_node *node, struct http_conf *http,
    const struct upstream_url *url)
{
	struct upstream_group *group = http->upstreams;

	for (; group; group = group->next) {
		if (!slice_equal_nocase(group->name, url->host))
			continue;
		if (group->defined && !url->no_port) {
			(void)conf_fail(conf, node, 0, "upstream \"%.*s\" may "
			    "not have port %u", SLICE_ARG(url->host),
			    url->port);
			return NULL;
		}
		if (upstream_ports_match(group, url))
			return group;
	}
	group = upstream_group_new(conf, node, http, url->host);
	if (group) {
		group->port = url->unix_socket ? 0 : url->port;
		group->no_port = url->no_port;
	}
	if (group && url->unix_socket &&
	    upstream_group_add(conf, node, group, url,
	    &(struct upstream_peer){ .weight = 1 }))
		return NULL;
	return group;
}

struct upstream_group *upstream_group_define(struct conf *conf,
    const struct conf_node *node, struct http_conf *http)
{
	struct upstream_group *group = http->upstreams;
	struct slice name = node->args[1];

	while (group && !slice_equal_nocase(group->name, name))
		group = group->next;
	if (group && group->defined) {
		(void)conf_fail(conf, node, 0, "duplicate upstream \"%.*s\"",
		    SLICE_ARG(name));
		return NULL;
	}
	if (group && !group->no_port) {
		(void)conf_fail(conf, group->node, 0, "upstream \"%.*s\" may "
		    "not have port %u", SLICE_ARG(name), group->port);
		return NULL;
	}
	if (!group)
		group = upstream_group_new(conf, node, http, name);
	if (group) {
		group->defined = true;
		group->port = 0;
		group->no_port = true;
		group->node = node;
	}
	return group;
}

static int upstream_peer_add(struct conf *conf, const struct conf_node *node,
    struct upstream_peers *peers, const struct upstream_peer *peer)
{
	unsigned count = peers->count;
	struct upstream_peer *all = peers->peers;

	if (count == UPSTREAM_PEERS_MAX)
		return conf_fail(conf, node, 0, "more than %d servers in one "
		    "upstream", UPSTREAM_PEERS_MAX);
	if ((count & (count - 1)) == 0)		/* the array is full */
		all = arena_calloc(&conf->arena, count ? count * 2 : 1,
		    sizeof(*all));
	if (!all || !peer->address.name.data)
		return conf_fail(conf, node, ENOMEM, "upstream");
	if (count && all != peers->peers)
		memcpy(all, peers->peers, count * sizeof(*all));
	all[count] = *peer;
	all[count].effective_weight = peer->weight;
	peers->peers = all;
	peers->count++;
	peers->tries += !peer->down;
	return 0;
}

static int upstream_resolve(struct conf *conf, const struct conf_node *node,
    const struct upstream_url *url, struct addrinfo **ret)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct slice name = arena_copy(&conf->arena, url->host);

	if (!name.data)
		return conf_fail(conf, node, ENOMEM, "upstream");
	if (getaddrinfo(name.data, NULL, &hints, ret))
		return conf_fail(conf, node, 0,
		    "host not found in upstream \"%.*s\"",
		    SLICE_ARG(url->text));
	return 0;
}

int upstream_group_add(struct conf *conf, const struct conf_node *node,
    struct upstream_group *group, const struct upstream_url *url,
    const struct upstream_peer *like)
{
	struct upstream_peers *peers = like->backup ? &group->backup
						    : &group->main;
	struct upstream_peer peer = *like;
	struct addrinfo *found, *at;
	int err;

	if (upstream_address_literal(&conf->arena, url, &peer.address))
		return upstream_peer_add(conf, node, peers, &peer);
	err = upstream_resolve(conf, node, url, &found);
	if (err)
		return err;
	for (at = found; at && !err; at = at->ai_next) {
		if (at->ai_family != AF_INET && at->ai_family != AF_INET6)
			continue;
		memset(&peer.address, 0, sizeof(peer.address));
		memcpy(&peer.address.any, at->ai_addr, at->ai_addrlen);
		peer.address.len = at->ai_addrlen;
		upstream_address_port(&peer.address, url->port);
		upstream_address_name(&conf->arena, &peer.address);
		err = upstream_peer_add(conf, node, peers, &peer);
	}
	freeaddrinfo(found);
	return err;
}

/* What a "proxy_pass" named, and no block was for. */
static int upstream_group_imply(struct conf *conf,
    struct upstream_group *group)
{
	const struct upstream_url url = { .text = group->name,
	    .host = group->name, .port = group->port };

	return upstream_group_add(conf, group->node, group, &url,
	    &(struct upstream_peer){ .weight = 1, .max_fails = 1 });
}

int upstream_groups_finish(struct conf *conf, struct http_conf *http)
{
	struct upstream_group *group = http->upstreams;
	int err = 0;

	for (; group && !err; group = group->next) {
		if (!group->defined && !group->main.count)
			err = upstream_group_imply(conf, group);
		if (!err && !group->main.count)
			err = conf_fail(conf, group->node, 0, "no servers in "
			    "upstream \"%.*s\"", SLICE_ARG(group->name));
		group->single = group->main.count == 1 &&
		    !group->backup.count;
	}
	return err;
}

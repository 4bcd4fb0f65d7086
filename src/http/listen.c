/*
 * The "listen" directive: an address, and what is said of it. Directives
 * that name the same address share one struct http_listen.
 */

#include "http/core_set.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	HTTP_BACKLOG = 511,
	HTTP_PORT_DEFAULT = 80,
	HTTP_PORT_UNPRIVILEGED = 8000,
};

static int http_listen_unix(struct conf *conf, const struct conf_node *node,
    struct slice path, struct http_listen *listen)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&listen->address;

	if (path.len == 0 || path.len >= sizeof(un->sun_path))
		return conf_fail(conf, node, 0,
		    "too %s path in the unix domain socket in \"%s\" of the "
		    "\"listen\" directive", path.len ? "long" : "short",
		    node->args[1].data);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path.data, path.len);
	listen->address_len = (socklen_t)(offsetof(struct sockaddr_un,
	    sun_path) + path.len + 1);
	return 0;
}

/* "8080-8089" is a listen for each port. */
struct http_ports {
	uint16_t first, last;
};

static bool http_listen_port(struct slice text, uint16_t *ret)
{
	uint64_t port;

	if (!slice_to_u64(text, &port) || port < 1 || port > UINT16_MAX)
		return false;
	*ret = (uint16_t)port;
	return true;
}

static bool http_listen_ports(struct slice text, struct http_ports *ret)
{
	const char *dash = text.len ? memchr(text.data, '-', text.len) : NULL;
	size_t len = dash ? (size_t)(dash - text.data) : text.len;

	if (!http_listen_port(slice_first(text, len), &ret->first))
		return false;
	ret->last = ret->first;
	return !dash || (http_listen_port(slice_from(text, len + 1),
	    &ret->last) && ret->first <= ret->last);
}

/* Split "host:port", "[v6]:port", "port", "host", "*:port"; each port may be
 * a range. */
static bool http_listen_split(struct slice text, struct slice *host,
    struct http_ports *ports)
{
	const char *bracket = memrchr(text.data, ']', text.len);
	const char *from = bracket ? bracket : text.data;
	const char *colon = memrchr(from, ':',
	    text.len - (size_t)(from - text.data));
	uint64_t number;

	*host = text;
	ports->first = ports->last = geteuid() == 0 ? HTTP_PORT_DEFAULT :
	    HTTP_PORT_UNPRIVILEGED;
	if (colon) {
		host->len = (size_t)(colon - text.data);
		return host->len && http_listen_ports(slice_from(text,
		    host->len + 1), ports);
	}
	if (slice_to_u64(text, &number) || http_listen_ports(text, ports)) {
		*host = SLICE("*");
		return http_listen_ports(text, ports);
	}
	return text.len > 0;
}

static int http_listen_resolve(struct conf *conf,
    const struct conf_node *node, struct slice host,
    struct http_listen *listen)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found;
	char name[256];
	int err;

	if (host.len >= sizeof(name))
		return conf_fail(conf, node, 0, "host not found in \"%s\" of "
		    "the \"listen\" directive", node->args[1].data);
	memcpy(name, host.data, host.len);
	name[host.len] = '\0';
	err = getaddrinfo(name, NULL, &hints, &found);
	if (err)
		return conf_fail(conf, node, 0, "%s in \"%s\" of the "
		    "\"listen\" directive", err == EAI_NONAME ?
		    "host not found" : gai_strerror(err), node->args[1].data);
	memcpy(&listen->address, found->ai_addr, found->ai_addrlen);
	listen->address_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* The address, still without a port, and the ports. */
static int http_listen_inet(struct conf *conf, const struct conf_node *node,
    struct http_listen *listen, struct http_ports *ports)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&listen->address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&listen->address;
	struct slice host;
	char name[INET6_ADDRSTRLEN];

	if (!http_listen_split(node->args[1], &host, ports))
		return conf_fail(conf, node, 0, "invalid port in \"%s\" of the "
		    "\"listen\" directive", node->args[1].data);
	if (slice_equal(host, SLICE("*"))) {
		in->sin_family = AF_INET;
		listen->address_len = sizeof(*in);
	} else if (host.data[0] == '[') {
		snprintf(name, sizeof(name), "%.*s", (int)host.len - 2,
		    host.data + 1);
		if (inet_pton(AF_INET6, name, &in6->sin6_addr) != 1)
			return conf_fail(conf, node, 0, "invalid IPv6 address "
			    "in \"%s\" of the \"listen\" directive",
			    node->args[1].data);
		in6->sin6_family = AF_INET6;
		listen->address_len = sizeof(*in6);
	} else {
		return http_listen_resolve(conf, node, host, listen);
	}
	return 0;
}

static struct slice http_listen_text(struct conf *conf,
    const struct http_listen *listen)
{
	const void *address = &listen->address;
	const struct sockaddr_in6 *in6 = address;
	const struct sockaddr_in *in = address;
	char text[INET6_ADDRSTRLEN];

	if (listen->address.ss_family == AF_UNIX)
		return arena_printf(&conf->arena, "unix:%s",
		    ((const struct sockaddr_un *)address)->sun_path);
	if (listen->address.ss_family == AF_INET6)
		return arena_printf(&conf->arena, "[%s]:%u",
		    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text)),
		    ntohs(in6->sin6_port));
	return arena_printf(&conf->arena, "%s:%u",
	    inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)),
	    ntohs(in->sin_port));
}

/* The listen with the address of `wanted`, made if it is new. */
static struct http_listen *http_listen_get(struct conf *conf,
    struct http_conf *http, const struct http_listen *wanted)
{
	struct http_listen **slot = &http->listens;

	for (; *slot; slot = &(*slot)->next)
		if ((*slot)->address_len == wanted->address_len &&
		    memcmp(&(*slot)->address, &wanted->address,
			wanted->address_len) == 0)
			return *slot;
	*slot = arena_alloc(&conf->arena, sizeof(**slot));
	if (*slot) {
		**slot = *wanted;
		(*slot)->name = http_listen_text(conf, wanted);
	}
	return *slot;
}

static int http_listen_add_server(struct conf *conf,
    const struct conf_node *node, struct http_listen *listen,
    struct http_server *server)
{
	struct http_server **servers;

	for (unsigned i = 0; i < listen->server_count; i++)
		if (listen->servers[i] == server)
			return conf_fail(conf, node, 0,
			    "a duplicate listen %.*s", SLICE_ARG(listen->name));
	servers = arena_calloc(&conf->arena, listen->server_count + 1,
	    sizeof(*servers));
	if (!servers)
		return -ENOMEM;
	if (listen->server_count)
		memcpy(servers, listen->servers,
		    listen->server_count * sizeof(*servers));
	servers[listen->server_count++] = server;
	listen->servers = servers;
	if (!listen->default_server)
		listen->default_server = server;
	server->listens = true;
	return 0;
}

/* What a "listen" says besides the address. */
struct http_listen_options {
	bool default_server, proxy_protocol;
	int64_t backlog, rcvbuf, sndbuf, ipv6only, deferred;
};

static bool http_listen_flag(struct slice value, int64_t *ret)
{
	*ret = slice_equal(value, SLICE("on"));
	return *ret || slice_equal(value, SLICE("off"));
}

static bool http_listen_backlog(struct slice value, int64_t *ret)
{
	uint64_t number;

	if (!slice_to_u64(value, &number) || number < 1 || number > INT32_MAX)
		return false;
	*ret = (int64_t)number;
	return true;
}

/* "name=value" options; false if the value is bad, or the name unknown. */
static bool http_listen_value(struct slice text,
    struct http_listen_options *options, bool *known)
{
	*known = true;
	if (slice_starts(text, SLICE("backlog=")))
		return http_listen_backlog(slice_from(text, 8),
		    &options->backlog);
	if (slice_starts(text, SLICE("rcvbuf=")))
		return conf_parse_size(slice_from(text, 7), &options->rcvbuf);
	if (slice_starts(text, SLICE("sndbuf=")))
		return conf_parse_size(slice_from(text, 7), &options->sndbuf);
	if (slice_starts(text, SLICE("ipv6only=")))
		return http_listen_flag(slice_from(text, 9),
		    &options->ipv6only);
	return *known = false;
}

static int http_listen_option(struct conf *conf, const struct conf_node *node,
    struct slice text, struct http_listen_options *options)
{
	bool known;

	if (http_listen_value(text, options, &known))
		return 0;
	if (known)
		return conf_fail(conf, node, 0, "invalid value in \"%.*s\" of "
		    "the \"listen\" directive", SLICE_ARG(text));
	if (slice_equal(text, SLICE("default_server")) ||
	    slice_equal(text, SLICE("default"))) {
		options->default_server = true;
		return 0;
	}
	if (slice_equal(text, SLICE("deferred"))) {
		options->deferred = 1;
		return 0;
	}
	if (slice_equal(text, SLICE("proxy_protocol"))) {
		options->proxy_protocol = true;
		return 0;
	}
	/* Each address has its own sockets, one a worker, in any case. */
	if (slice_equal(text, SLICE("reuseport")) ||
	    slice_equal(text, SLICE("bind")))
		return 0;
	if (slice_equal(text, SLICE("ssl")) ||
	    slice_equal(text, SLICE("http2")) ||
	    slice_equal(text, SLICE("quic")))
		return conf_fail(conf, node, 0, "parameter \"%.*s\" of the "
		    "\"listen\" directive is not supported by ringmaster",
		    SLICE_ARG(text));
	return conf_fail(conf, node, 0, "invalid parameter \"%.*s\"",
	    SLICE_ARG(text));
}

static void http_listen_apply(struct http_listen *listen,
    const struct http_listen_options *options)
{
	if (options->backlog != CONF_UNSET)
		listen->backlog = (int)options->backlog;
	if (options->rcvbuf != CONF_UNSET)
		listen->rcvbuf = options->rcvbuf;
	if (options->sndbuf != CONF_UNSET)
		listen->sndbuf = options->sndbuf;
	if (options->ipv6only != CONF_UNSET)
		listen->ipv6only = options->ipv6only;
	if (options->deferred != CONF_UNSET)
		listen->deferred = options->deferred;
	listen->proxy_protocol |= options->proxy_protocol;
}

static int http_listen_add(struct conf *conf, const struct conf_node *node,
    struct http_server *server, struct http_listen *wanted,
    const struct http_listen_options *options)
{
	struct http_listen *listen = http_listen_get(conf, server->http,
	    wanted);
	int err = listen ? http_listen_add_server(conf, node, listen, server) :
	    -ENOMEM;

	if (err)
		return err;
	http_listen_apply(listen, options);
	if (!options->default_server)
		return 0;
	if (listen->default_set)
		return conf_fail(conf, node, 0,
		    "a duplicate default server for %.*s",
		    SLICE_ARG(listen->name));
	listen->default_set = true;
	listen->default_server = server;
	return 0;
}

static struct http_listen http_listen_new(const struct conf_node *node)
{
	return (struct http_listen){ .backlog = HTTP_BACKLOG,
	    .rcvbuf = CONF_UNSET, .sndbuf = CONF_UNSET,
	    .ipv6only = CONF_UNSET, .deferred = CONF_UNSET, .node = node };
}

static const struct http_listen_options http_listen_unset = {
	.backlog = CONF_UNSET, .rcvbuf = CONF_UNSET, .sndbuf = CONF_UNSET,
	.ipv6only = CONF_UNSET, .deferred = CONF_UNSET,
};

static void http_listen_set_port(struct http_listen *listen, unsigned port)
{
	/* It stands at the same place for both families. */
	if (listen->address.ss_family != AF_UNIX)
		((struct sockaddr_in *)&listen->address)->sin_port =
		    htons((uint16_t)port);
}

int http_set_listen(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_listen_options options = http_listen_unset;
	struct http_listen wanted = http_listen_new(node);
	struct http_ports ports = { 0, 0 };	/* one path, without a port */
	struct slice text = node->args[1];
	int err = slice_starts(text, SLICE("unix:")) ?
	    http_listen_unix(conf, node, slice_from(text, 5), &wanted) :
	    http_listen_inet(conf, node, &wanted, &ports);

	(void)record;
	for (unsigned i = 2; i < node->argc && !err; i++)
		err = http_listen_option(conf, node, node->args[i], &options);
	for (unsigned port = ports.first; port <= ports.last && !err; port++) {
		http_listen_set_port(&wanted, port);
		err = http_listen_add(conf, node, scope->owner, &wanted,
		    &options);
	}
	return err;
}

int http_listen_default(struct conf *conf, struct http_server *server)
{
	struct http_listen wanted = http_listen_new(server->node);
	struct sockaddr_in *in = (struct sockaddr_in *)&wanted.address;

	in->sin_family = AF_INET;
	in->sin_port = htons(geteuid() == 0 ? HTTP_PORT_DEFAULT :
	    HTTP_PORT_UNPRIVILEGED);
	wanted.address_len = sizeof(*in);
	return http_listen_add(conf, server->node, server, &wanted,
	    &http_listen_unset);
}

/*
 * realip: the client's address, as proxies that are trusted tell it. From
 * there on it is the request's: for other modules, variables, logs and
 * metrics.
 *
 * It is looked for twice, as nginx does: with the server's settings before
 * anything else, and, if it was not found then, with the location's.
 */

#include <errno.h>
#include <netdb.h>

#include "http/conn.h"
#include "http/networks.h"
#include "http/proxy_protocol.h"
#include "http/variable.h"
#include "modules/modules.h"

struct realip_record {
	struct http_networks from;
	struct slice header;
	int64_t recursive;
};

extern const struct http_module http_realip_module;

/* ---- requests ---- */

static bool realip_proxy_protocol(const struct http_request *request,
    const struct http_networks *from, union http_address *address)
{
	const struct proxy_protocol *proxy = request->conn->proxy;

	if (!proxy || !http_networks_have(from, address))
		return false;
	*address = proxy->source;
	return true;
}

static bool realip_find(const struct http_request *request,
    const struct realip_record *record, union http_address *address)
{
	struct slice value;

	if (slice_equal(record->header, SLICE("proxy_protocol")))
		return realip_proxy_protocol(request, &record->from, address);
	if (slice_equal_nocase(record->header, SLICE("X-Forwarded-For")))
		return http_forwarded_for(request, &record->from,
		    record->recursive, address);
	value = http_request_header(request, record->header);
	return value.data && http_forwarded(&record->from, value,
	    record->recursive, address);
}

static int realip_run(struct http_request *request)
{
	const struct realip_record *record = http_request_record(request,
	    &http_realip_module.table);
	union http_address address, *client;

	if (request->client || !record->from.count)
		return HTTP_DECLINED;
	address = *&request->conn->peer;
	if (!realip_find(request, record, &address))
		return HTTP_DECLINED;
	client = arena_alloc(&request->arena, sizeof(*client));
	if (!client)
		return 500;
	*client = address;
	request->client = client;
	return HTTP_DECLINED;
}

/* ---- variables: who connected ---- */

static bool get_realip_addr(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_address(request, &request->conn->peer,
	    ret);
}

static bool get_realip_port(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_port(request, &request->conn->peer,
	    ret);
}

static const struct http_variable realip_variables[] = {
	{ .name = { "realip_remote_addr", 18 }, .get = get_realip_addr,
	  .help = "the address that the connection really comes from" },
	{ .name = { "realip_remote_port", 18 }, .get = get_realip_port,
	  .help = "its port" },
	{ .name = { NULL, 0 }, .get = NULL },
};

/* ---- configuration ---- */

/* All addresses of a host name, which is looked up now. */
static int realip_add_host(struct conf *conf, const struct conf_node *node,
    struct http_networks *from)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int err = getaddrinfo(node->args[1].data, NULL, &hints, &found);

	if (err)
		return conf_fail(conf, node, 0, "%s in set_real_ip_from "
		    "\"%s\"", err == EAI_NONAME ? "host not found" :
		    gai_strerror(err), node->args[1].data);
	for (const struct addrinfo *info = found; info && !err;
	    info = info->ai_next) {
		union http_address address;
		struct http_network network;

		if (info->ai_addrlen > sizeof(address))
			continue;
		memcpy(&address, info->ai_addr, info->ai_addrlen);
		network = http_network_of(&address);
		err = http_networks_add(conf, from, &network);
	}
	freeaddrinfo(found);
	return err;
}

static int realip_set_from(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	const struct http_network any_unix = { .family = AF_UNIX };
	struct http_networks *from = &((struct realip_record *)record)->from;
	struct http_network network;
	int err;

	(void)scope;
	if (slice_equal(node->args[1], SLICE("unix:")))
		return http_networks_add(conf, from, &any_unix);
	if (http_network_parse(node->args[1], &network) == HTTP_NETWORK_BAD)
		return realip_add_host(conf, node, from);
	err = http_network_read(conf, node, node->args[1], &network);
	return err ? err : http_networks_add(conf, from, &network);
}

static int realip_merge(struct conf *conf, const void *parent, void *record)
{
	const struct realip_record *from = parent;
	struct realip_record *realip = record;

	(void)conf;
	if (from && !realip->from.count)
		realip->from = from->from;
	return 0;
}

#define FIELD(field) offsetof(struct realip_record, field)

static const struct conf_directive realip_directives[] = {
	{ .name = "set_real_ip_from", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .set = realip_set_from,
	  .syntax = "ADDRESS | NETWORK | HOST | unix:",
	  .help = "proxies that are trusted to name the client" },
	{ .name = "real_ip_header", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .type = CONF_STRING, .offset = FIELD(header),
	  .initial = "X-Real-IP",
	  .syntax = "NAME | proxy_protocol",
	  .help = "header with the client's address, or proxy_protocol" },
	{ .name = "real_ip_recursive", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_FLAG,
	  .offset = FIELD(recursive), .initial = "off",
	  .help = "pass over all trusted proxies that are named" },
	{ .name = NULL },
};

const struct http_module http_realip_module = {
	.table = {
		.name = "realip",
		.help = "takes the address of the client from what a "
		    "trusted proxy says",
		.directives = realip_directives,
		.record_size = sizeof(struct realip_record),
		.merge = realip_merge,
	},
	.variables = realip_variables,
	.phase = {
		[HTTP_PHASE_SERVER_REWRITE] = realip_run,
		[HTTP_PHASE_PREACCESS] = realip_run,
	},
};

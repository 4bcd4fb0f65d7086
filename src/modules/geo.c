/*
 * geo: a variable whose value depends on an address, the client's or any
 * other.
 *
 * What is written becomes a table of the addresses at which the value changes
 * when the configuration has been read: a request costs one binary search.
 * Files of ranges that nginx has compiled (".bin") are neither read nor
 * written: the text is read each time.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "http/networks.h"
#include "http/variable.h"
#include "modules/geo_table.h"
#include "modules/modules.h"

/* 255.255.255.255: where it is looked up what has no IPv4 address, as in
 * nginx. */
#define GEO_NO_ADDRESS UINT32_MAX

struct geo {
	struct http_value source;	/* of no parts: the client's address */
	struct http_networks proxies;
	bool proxy_recursive;
	bool ranges;			/* of IPv4 only */
	struct slice otherwise;		/* "default", of ranges */
	struct geo_table ipv4, ipv6;
};

/* What is known while a block is read. */
struct geo_reader {
	struct conf *conf;
	struct geo *geo;
	struct http_variable *variable;
	struct geo_networks ipv4, ipv6;
	struct geo_ranges *ranges;
};

/* ---- requests ---- */

static bool geo_address(struct http_request *request, const struct geo *geo,
    union http_address *ret)
{
	if (!geo->source.count)
		*ret = *http_request_client(request);
	else if (!http_address_parse(http_value_get(request, &geo->source),
	    ret))
		return false;
	if (geo->proxies.count)
		(void)http_forwarded_for(request, &geo->proxies,
		    geo->proxy_recursive, ret); /* else it stays */
	return true;
}

/* An address of IPv6 as a number. */
static unsigned __int128 geo_number(const uint8_t *bytes)
{
	unsigned __int128 number = 0;

	for (unsigned i = 0; i < 16; i++)
		number = number << 8 | bytes[i];
	return number;
}

static struct slice geo_find(const struct geo *geo,
    const union http_address *address)
{
	const struct in6_addr *in6 = &address->in6.sin6_addr;
	uint32_t ipv4 = htonl(GEO_NO_ADDRESS);

	if (address->any.sa_family == AF_INET)
		ipv4 = address->in.sin_addr.s_addr;
	else if (address->any.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(in6))
		memcpy(&ipv4, in6->s6_addr + 12, sizeof(ipv4));
	else if (address->any.sa_family == AF_INET6 && !geo->ranges)
		return geo_table_find(&geo->ipv6, geo_number(in6->s6_addr));
	return geo_table_find(&geo->ipv4, ntohl(ipv4));
}

static bool geo_make(struct http_request *request, void *arg,
    struct slice *ret)
{
	const struct geo *geo = arg;
	union http_address address = { .any = { .sa_family = AF_UNSPEC } };

	(void)geo_address(request, geo, &address); /* or no address */
	*ret = geo_find(geo, &address);
	if (!ret->data)
		*ret = geo->otherwise;
	return true;
}

/* ---- configuration: networks ---- */

static int geo_add_network(struct geo_reader *reader,
    const struct conf_node *node, struct slice text, struct slice value,
    const struct http_network *network)
{
	unsigned __int128 first = geo_number(network->bytes);
	unsigned bits = network->family == AF_INET ? 32 : 128;
	struct geo_network entry = { .text = text, .value = value,
	    .node = node };

	if (network->family == AF_INET)
		first >>= 96;
	entry.first = first;
	entry.last = first;
	if (network->bits < bits)
		entry.last |= ~(unsigned __int128)0 >>
		    (128 - (bits - network->bits));
	return geo_networks_add(network->family == AF_INET ? &reader->ipv4 :
	    &reader->ipv6, &entry);
}

static int geo_read_network(struct geo_reader *reader,
    const struct conf_node *node)
{
	const struct http_network all[] = { { .family = AF_INET },
		{ .family = AF_INET6 } };
	struct slice text = node->args[0], value = node->args[1];
	struct http_network network;
	int err;

	if (slice_equal(text, SLICE("default"))) {
		err = geo_add_network(reader, node, text, value, &all[0]);
		return err ? err : geo_add_network(reader, node, text, value,
		    &all[1]);
	}
	if (slice_equal(text, SLICE("delete"))) {
		text = value;
		value = (struct slice){ NULL, 0 };
	}
	err = http_network_read(reader->conf, node, text, &network);
	return err ? err : geo_add_network(reader, node, text, value,
	    &network);
}

/* ---- configuration: ranges ---- */

/* "192.0.2.1-192.0.2.9" */
static bool geo_parse_range(struct slice text, struct geo_range *ret)
{
	const char *dash = text.len ? memchr(text.data, '-', text.len) : NULL;
	size_t len = dash ? (size_t)(dash - text.data) : 0;
	union http_address first, last;

	if (!dash || !http_address_parse(slice_first(text, len), &first) ||
	    !http_address_parse(slice_from(text, len + 1), &last) ||
	    first.any.sa_family != AF_INET || last.any.sa_family != AF_INET)
		return false;
	ret->first = ntohl(first.in.sin_addr.s_addr);
	ret->last = ntohl(last.in.sin_addr.s_addr);
	return ret->first <= ret->last;
}

static int geo_set_default(struct geo_reader *reader,
    const struct conf_node *node)
{
	struct slice old = reader->geo->otherwise;

	reader->geo->otherwise = node->args[1];
	return old.len ? conf_warn(reader->conf, node, "duplicate default geo "
	    "range value: \"%.*s\", old value: \"%.*s\"",
	    SLICE_ARG(node->args[1]), SLICE_ARG(old)) : 0;
}

static int geo_read_range(struct geo_reader *reader,
    const struct conf_node *node)
{
	bool delete = slice_equal(node->args[0], SLICE("delete"));
	struct geo_range range = { .text = node->args[delete ? 1 : 0],
	    .value = node->args[1], .node = node };

	if (slice_equal(node->args[0], SLICE("default")))
		return geo_set_default(reader, node);
	if (!geo_parse_range(range.text, &range))
		return conf_fail(reader->conf, node, 0,
		    "invalid range \"%.*s\"", SLICE_ARG(range.text));
	if (!reader->ranges && !(reader->ranges = geo_ranges_new()))
		return -ENOMEM;
	if (!delete)
		return geo_ranges_add(reader->conf, reader->ranges, &range);
	geo_ranges_delete(reader->conf, reader->ranges, &range);
	return 0;
}

/* ---- configuration: the block ---- */

static int geo_read_proxy(struct geo_reader *reader,
    const struct conf_node *node)
{
	struct http_network network;
	int err = http_network_read(reader->conf, node, node->args[1],
	    &network);

	return err ? err : http_networks_add(reader->conf,
	    &reader->geo->proxies, &network);
}

static int geo_read_word(struct geo_reader *reader,
    const struct conf_node *node)
{
	struct geo *geo = reader->geo;

	if (slice_equal(node->args[0], SLICE("ranges"))) {
		if (reader->ipv4.count || reader->ipv6.count)
			return conf_fail(reader->conf, node, 0, "the "
			    "\"ranges\" directive must be the first directive "
			    "inside \"geo\" block");
		geo->ranges = true;
	} else if (slice_equal(node->args[0], SLICE("proxy_recursive"))) {
		geo->proxy_recursive = true;
	} else if (slice_equal(node->args[0], SLICE("volatile"))) {
		reader->variable->is_volatile = true;
	} else {
		return conf_fail(reader->conf, node, 0,
		    "invalid number of the geo parameters");
	}
	return 0;
}

static int geo_read(struct geo_reader *reader, const struct conf_node *node)
{
	if (node->block)
		return conf_fail(reader->conf, node, 0, "unexpected \"{\"");
	if (node->argc == 1)
		return geo_read_word(reader, node);
	if (node->argc != 2)
		return conf_fail(reader->conf, node, 0,
		    "invalid number of the geo parameters");
	if (slice_equal(node->args[0], SLICE("proxy")))
		return geo_read_proxy(reader, node);
	return reader->geo->ranges ? geo_read_range(reader, node) :
	    geo_read_network(reader, node);
}

static int geo_read_all(struct geo_reader *reader,
    const struct conf_node *node)
{
	struct geo *geo = reader->geo;
	int err = 0;

	for (; node && !err; node = node->next)
		err = geo_read(reader, node);
	if (!err && reader->ranges)
		err = geo_ranges_finish(reader->conf, reader->ranges,
		    &geo->ipv4);
	if (!err)
		err = geo_networks_finish(reader->conf, &reader->ipv4,
		    &geo->ipv4);
	if (!err)
		err = geo_networks_finish(reader->conf, &reader->ipv6,
		    &geo->ipv6);
	geo_ranges_free(&reader->ranges);
	free(reader->ipv4.list);
	free(reader->ipv6.list);
	return err;
}

static int geo_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct geo *geo = arena_calloc(&conf->arena, 1, sizeof(*geo));
	struct geo_reader reader = { .conf = conf, .geo = geo };
	int err = 0;

	(void)scope, (void)record;
	if (!geo)
		return -ENOMEM;
	geo->otherwise = SLICE("");
	if (node->argc == 3 && !slice_starts(node->args[1], SLICE("$")))
		return conf_fail(conf, node, 0, "invalid variable name "
		    "\"%.*s\"", SLICE_ARG(node->args[1]));
	if (node->argc == 3)
		err = http_value_compile(conf, node, node->args[1],
		    &geo->source);
	if (!err)
		err = http_variable_define_word(conf, node,
		    node->args[node->argc - 1], &reader.variable);
	if (!err)
		err = geo_read_all(&reader, node->children);
	if (err)
		return err;
	reader.variable->make = geo_make;
	reader.variable->arg = geo;
	return 0;
}

static const struct conf_directive geo_directives[] = {
	{ .name = "geo", .contexts = CONF_HTTP, .args_min = 1, .args_max = 2,
	  .block = true, .set = geo_set,
	  .syntax = "[$ADDRESS] $VARIABLE",
	  .help = "a variable whose value depends on an address" },
	{ .name = NULL },
};

const struct http_module http_geo_module = {
	.table = {
		.name = "geo",
		.help = "defines variables that depend on an address",
		.directives = geo_directives,
	},
};

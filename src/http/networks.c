#include "http/networks.h"

#include <errno.h>

#include "http/request.h"

/* ---- lists ---- */

int http_networks_add(struct conf *conf, struct http_networks *networks,
    const struct http_network *network)
{
	unsigned count = networks->count;
	struct http_network *list;

	/* Their number is a power of two when there is no room left. */
	if ((count & (count - 1)) == 0) {
		list = arena_calloc(&conf->arena, count ? 2 * count : 1,
		    sizeof(*list));
		if (!list)
			return -ENOMEM;
		if (count)
			memcpy(list, networks->list, count * sizeof(*list));
		networks->list = list;
	}
	networks->list[networks->count++] = *network;
	return 0;
}

int http_network_read(struct conf *conf, const struct conf_node *node,
    struct slice text, struct http_network *ret)
{
	switch (http_network_parse(text, ret)) {
	case HTTP_NETWORK_BAD:
		return conf_fail(conf, node, 0, "invalid network \"%.*s\"",
		    SLICE_ARG(text));
	case HTTP_NETWORK_LOW_BITS:
		return conf_warn(conf, node, "low address bits of %.*s are "
		    "meaningless", SLICE_ARG(text));
	case HTTP_NETWORK_GOOD:
		break;
	}
	return 0;
}

bool http_networks_have(const struct http_networks *networks,
    const union http_address *address)
{
	for (unsigned i = 0; i < networks->count; i++)
		if (http_network_has(&networks->list[i], address))
			return true;
	return false;
}

/* ---- whom proxies speak for ---- */

enum forwarded {
	FORWARDED_NONE,			/* nothing changed */
	FORWARDED_FOUND,		/* this is the client */
	FORWARDED_ON,			/* ... as far as the line tells */
};

static bool forwarded_separator(char c)
{
	return c == ' ' || c == ',';
}

/* The last item of a list, which is taken from it. */
static struct slice forwarded_last(struct slice *list)
{
	struct slice item;
	size_t start;

	while (list->len && forwarded_separator(list->data[list->len - 1]))
		list->len--;
	for (start = list->len; start &&
	    !forwarded_separator(list->data[start - 1]); start--)
		continue;
	item = slice_from(*list, start);
	list->len = start;
	return item;
}

static enum forwarded forwarded_line(const struct http_networks *trusted,
    struct slice line, bool recursive, union http_address *address)
{
	bool found = false;

	do {
		if (!http_networks_have(trusted, address) ||
		    !http_address_parse_port(forwarded_last(&line), address))
			return found ? FORWARDED_FOUND : FORWARDED_NONE;
		found = true;
	} while (recursive && line.len);
	return FORWARDED_ON;
}

bool http_forwarded(const struct http_networks *trusted, struct slice text,
    bool recursive, union http_address *address)
{
	return forwarded_line(trusted, text, recursive, address) !=
	    FORWARDED_NONE;
}

bool http_forwarded_for(const struct http_request *request,
    const struct http_networks *trusted, bool recursive,
    union http_address *address)
{
	bool found = false;

	for (unsigned i = request->head.header_count; i > 0; i--) {
		const struct http_header *header =
		    &request->head.headers[i - 1];
		enum forwarded result;

		if (!slice_equal_nocase(header->name,
		    SLICE("X-Forwarded-For")))
			continue;
		result = forwarded_line(trusted, header->value, recursive,
		    address);
		if (result != FORWARDED_NONE)
			found = true;
		if (result != FORWARDED_ON || !recursive)
			break;
	}
	return found;
}

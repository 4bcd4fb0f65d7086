#include "http/address.h"

#include <arpa/inet.h>

/* ---- addresses ---- */

/* "127.0.0.1"; inet_ntop() would be a large part of what a log line costs. */
static size_t ipv4_text(const struct in_addr *address, char *text)
{
	const unsigned char *bytes = (const unsigned char *)address;
	char *to = text;

	for (int i = 0; i < 4; i++) {
		unsigned value = bytes[i];

		if (value >= 100)
			*to++ = (char)('0' + value / 100);
		if (value >= 10)
			*to++ = (char)('0' + value / 10 % 10);
		*to++ = (char)('0' + value % 10);
		*to++ = '.';
	}
	*--to = '\0';
	return (size_t)(to - text);
}

size_t http_address_text(const union http_address *address, char *text)
{
	if (address->any.sa_family == AF_INET)
		return ipv4_text(&address->in.sin_addr, text);
	if (address->any.sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &address->in6.sin6_addr, text,
		    HTTP_ADDRESS_TEXT); /* cannot fail */
	else
		memcpy(text, "unix:", sizeof("unix:"));
	return strlen(text);
}

struct slice http_address_bytes(const union http_address *address)
{
	if (address->any.sa_family == AF_INET)
		return (struct slice){ (const char *)&address->in.sin_addr,
			sizeof(address->in.sin_addr) };
	if (address->any.sa_family == AF_INET6)
		return (struct slice){ (const char *)&address->in6.sin6_addr,
			sizeof(address->in6.sin6_addr) };
	return (struct slice){ NULL, 0 };
}

uint16_t http_address_port(const union http_address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohs(address->in.sin_port);
	if (address->any.sa_family == AF_INET6)
		return ntohs(address->in6.sin6_port);
	return 0;
}

void http_address_set_port(union http_address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET)
		address->in.sin_port = htons(port);
	else if (address->any.sa_family == AF_INET6)
		address->in6.sin6_port = htons(port);
}

bool http_address_parse(struct slice text, union http_address *ret)
{
	union http_address address = { .in6 = { .sin6_family = AF_INET6 } };
	char copy[HTTP_ADDRESS_TEXT];

	if (text.len == 0 || text.len >= sizeof(copy) ||
	    memchr(text.data, '\0', text.len))
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (!strchr(copy, ':')) {
		address.in = (struct sockaddr_in){ .sin_family = AF_INET };
		if (inet_pton(AF_INET, copy, &address.in.sin_addr) != 1)
			return false;
	} else if (inet_pton(AF_INET6, copy, &address.in6.sin6_addr) != 1) {
		return false;
	}
	*ret = address;
	return true;
}

bool http_address_parse_port(struct slice text, union http_address *ret)
{
	const char *colon = text.len ? memrchr(text.data, ':', text.len) :
	    NULL;
	union http_address address;
	struct slice host;
	uint64_t port;

	if (http_address_parse(text, ret))
		return true;
	if (!colon)
		return false;
	host = slice_first(text, (size_t)(colon - text.data));
	if (slice_starts(host, SLICE("[")) && slice_ends(host, SLICE("]")))
		host = (struct slice){ host.data + 1, host.len - 2 };
	else if (memchr(host.data, ':', host.len))
		return false;
	if (!slice_to_u64(slice_from(text, (size_t)(colon + 1 - text.data)),
	    &port) || port < 1 || port > UINT16_MAX ||
	    !http_address_parse(host, &address))
		return false;
	http_address_set_port(&address, (uint16_t)port);
	*ret = address;
	return true;
}

/* ---- networks ---- */

struct http_network http_network_of(const union http_address *address)
{
	struct http_network network = { .family = address->any.sa_family };
	struct slice bytes = http_address_bytes(address);

	network.bits = (unsigned)bytes.len * 8;
	if (bytes.len)
		memcpy(network.bytes, bytes.data, bytes.len);
	return network;
}

/* Make the bits behind the first `bits` zero; true if one was not. */
static bool network_mask(struct http_network *network)
{
	bool low = false;

	for (unsigned i = network->bits / 8; i < sizeof(network->bytes); i++) {
		uint8_t keep = i > network->bits / 8 ? 0 :
		    (uint8_t)(0xff00 >> network->bits % 8);

		low |= network->bytes[i] & ~keep;
		network->bytes[i] &= keep;
	}
	return low;
}

enum http_network_result http_network_parse(struct slice text,
    struct http_network *ret)
{
	const char *slash = text.len ? memchr(text.data, '/', text.len) : NULL;
	union http_address address;
	struct http_network network;
	uint64_t bits;

	if (!http_address_parse(slash ? slice_first(text,
	    (size_t)(slash - text.data)) : text, &address))
		return HTTP_NETWORK_BAD;
	network = http_network_of(&address);
	if (slash) {
		if (!slice_to_u64(slice_from(text,
		    (size_t)(slash + 1 - text.data)), &bits) ||
		    bits > network.bits)
			return HTTP_NETWORK_BAD;
		network.bits = (unsigned)bits;
	}
	*ret = network;
	return network_mask(ret) ? HTTP_NETWORK_LOW_BITS : HTTP_NETWORK_GOOD;
}

bool http_network_has(const struct http_network *network,
    const union http_address *address)
{
	struct slice bytes = http_address_bytes(address);
	int family = address->any.sa_family;
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (family == AF_INET6 && network->family == AF_INET &&
	    IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr)) {
		bytes = slice_from(bytes, 12);
		family = AF_INET;
	}
	if (family != network->family)
		return false;
	if (whole && memcmp(bytes.data, network->bytes, whole) != 0)
		return false;
	return rest == 0 || ((uint8_t)bytes.data[whole] ^
	    network->bytes[whole]) >> (8 - rest) == 0;
}

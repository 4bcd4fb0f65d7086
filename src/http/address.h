#ifndef RINGMASTER_HTTP_ADDRESS_H
#define RINGMASTER_HTTP_ADDRESS_H

#include <netinet/in.h>

#include "base/slice.h"

/* Addresses of clients and networks: their bytes and texts. No look-ups. */

/* Up to IPv6; of a unix socket (AF_UNIX) only that it is one. */
union http_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

enum { HTTP_ADDRESS_TEXT = INET6_ADDRSTRLEN };

/* The address without its port, "unix:" if it is neither IPv4 nor IPv6, to
 * `text` (HTTP_ADDRESS_TEXT bytes); returns its length. */
size_t http_address_text(const union http_address *address, char *text);

/* Its bytes in network order: 4, 16, or none. */
struct slice http_address_bytes(const union http_address *address);

/* Its port, 0 without one; and another one for an IPv4 or IPv6 address. */
uint16_t http_address_port(const union http_address *address);
void http_address_set_port(union http_address *address, uint16_t port);

/*
 * Read "192.0.2.1" or "2001:db8::1" (without brackets); the port is 0.
 * Returns false, leaving *ret alone, if it is anything else.
 */
bool http_address_parse(struct slice text, union http_address *ret);

/* The same, or "192.0.2.1:80" or "[2001:db8::1]:80". */
bool http_address_parse_port(struct slice text, union http_address *ret);

/* All addresses that begin with the same bits; of AF_UNIX all of these. */
struct http_network {
	int family;
	unsigned bits;
	uint8_t bytes[16];		/* those behind `bits` are 0 */
};

enum http_network_result {
	HTTP_NETWORK_BAD,		/* it is none, and *ret left alone */
	HTTP_NETWORK_GOOD,
	HTTP_NETWORK_LOW_BITS,		/* bits that do not count were set */
};

/* Read "192.0.2.0/24", "2001:db8::/32" or an address, which is a network of
 * its own. */
enum http_network_result http_network_parse(struct slice text,
    struct http_network *ret);

/* The network that is only this address. */
struct http_network http_network_of(const union http_address *address);

/* Is the address in the network? An IPv4 address that is written as an IPv6
 * one ("::ffff:192.0.2.1") is in IPv4 networks. */
bool http_network_has(const struct http_network *network,
    const union http_address *address);

#endif

#ifndef RINGMASTER_HTTP_HOST_H
#define RINGMASTER_HTTP_HOST_H

#include "base/slice.h"

/* What a Host header or an authority names (RFC 3986 §3.2.2, §3.2.3). */
struct http_host {
	struct slice name;	/* without port and trailing dot; an IPv6
				 * address keeps its brackets */
	uint16_t port;		/* 0 if none was given */
	bool has_port;
	bool has_upper;		/* `name` has capitals: see http_host_lower() */
};

/*
 * Split and check `text`: a registered name, an IPv4 address or an IP literal,
 * and a port of up to 65535, which may be empty. Stricter than the RFC as
 * nginx is: neither an empty name, nor two dots in a row, nor user
 * information.
 * Returns false, leaving *ret alone, if it is anything else.
 */
bool http_host_parse(struct slice text, struct http_host *ret);

/*
 * The name in lower case: itself, or a copy in `buffer`, which must have room
 * for host->name.len bytes if host->has_upper (and may be NULL otherwise).
 */
struct slice http_host_lower(const struct http_host *host, char *buffer);

#endif

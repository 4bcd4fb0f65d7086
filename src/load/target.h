#ifndef RINGMASTER_LOAD_TARGET_H
#define RINGMASTER_LOAD_TARGET_H

#include "base/arena.h"
#include "load/fault.h"
#include "load/plan.h"

/*
 * Where a test goes: the URL of it, its address, and whether that is a place
 * to which load may be sent.
 */

enum {
	LOAD_ADDRESSES_MAX = 8,		/* that are looked at, of a name */
	LOAD_PROBE_MS = 1000,		/* for an address to answer */
};

/* A URL, taken apart. Slices point into it or into the arena. */
struct load_target {
	struct slice text;		/* all of it, for people; terminated */
	struct slice host;		/* without brackets, terminated; or the
					 * path of a unix socket */
	struct slice authority;		/* for the Host header */
	uint16_t port;			/* 0 for a unix socket */
	bool local;			/* it is a unix socket */
	struct slice uri;		/* path and query, to be sent; begins
					 * with '/' */
};

/*
 * Parse "http://HOST[:PORT][/PATH][?QUERY]", or as nginx writes it for a unix
 * socket, "http://unix:/PATH/OF/SOCKET[:/URI]". HOST is a name, an IPv4
 * address, or an IPv6 address in brackets (RFC 3986 §3.2.2). A fragment is cut
 * off (RFC 9110 §4.2.5), user information is refused (§4.2.4).
 *
 * Returns 0, or -EINVAL or -ENOMEM after fault_set().
 */
int load_target_parse(struct slice url, struct arena *arena,
    const struct fault *fault, struct load_target *ret);

/* Do both lead to the same server? */
bool load_target_same(const struct load_target *a,
    const struct load_target *b);

/*
 * Make of `raw` what may stand in a request line (RFC 9112 §3.2.1): bytes that
 * may not are percent-encoded, the fragment is cut off, a path comes first.
 *
 * Returns false, leaving *ret alone, if it gets longer than LOAD_TARGET_MAX
 * or there is no memory.
 */
bool load_uri_encode(struct slice raw, struct arena *arena,
    struct slice *ret);

/* Is it of this machine: loopback, any (which leads there), unix, or an
 * address of one of its interfaces? */
bool load_address_own(const struct sockaddr *address);

/*
 * Find the address and put it into `plan`: of several the first that takes a
 * connection now, else the first. All must be of this machine, or the host be
 * among `allowed` as it stands in the URL.
 *
 * Blocks while a name is looked up and addresses are tried.
 * Returns 0, or -EINVAL after fault_set().
 */
int load_target_resolve(const struct load_target *target,
    const char *const *allowed, unsigned allowed_count,
    struct load_plan *plan, const struct fault *fault);

#endif

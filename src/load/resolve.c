/* From a host to its address: is it ours, and which one answers? */
#include "load/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- which addresses are of this machine ---- */

/* The IPv4 address of either family, or false. */
static bool address_v4(const struct sockaddr *address, uint32_t *ret)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	if (address->sa_family == AF_INET)
		*ret = ntohl(v4->sin_addr.s_addr);
	else if (address->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		*ret = ntohl(v6->sin6_addr.s6_addr32[3]);
	else
		return false;
	return true;
}

static bool address_equal(const struct sockaddr *a, const struct sockaddr *b)
{
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)b;
	uint32_t a4, b4;

	if (address_v4(a, &a4) || address_v4(b, &b4))
		return address_v4(a, &a4) && address_v4(b, &b4) && a4 == b4;
	return a->sa_family == AF_INET6 && b->sa_family == AF_INET6 &&
	    memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) ==
	    0;
}

static bool address_of_interface(const struct sockaddr *address)
{
	struct ifaddrs *all;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (const struct ifaddrs *one = all; one && !found;
	    one = one->ifa_next)
		found = one->ifa_addr && address_equal(one->ifa_addr, address);
	freeifaddrs(all);
	return found;
}

bool load_address_own(const struct sockaddr *address)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	uint32_t v4;

	if (address->sa_family == AF_UNIX)
		return true;
	if (address_v4(address, &v4) &&
	    (v4 >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET || v4 == INADDR_ANY))
		return true;
	if (address->sa_family == AF_INET6 &&
	    (IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
	    IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr)))
		return true;
	return address_of_interface(address);
}

/* ---- resolving ---- */

static void resolve_unix(const struct load_target *target,
    struct load_plan *plan)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&plan->address;

	plan->address = (struct sockaddr_storage){ .ss_family = AF_UNIX };
	memcpy(un->sun_path, target->host.data, target->host.len);
	plan->address_len = (socklen_t)(offsetof(struct sockaddr_un,
	    sun_path) + target->host.len + 1);
}

static bool resolve_allowed(const struct load_target *target,
    const char *const *allowed, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct slice name = slice_cstr(allowed[i]);

		/* An IPv6 address may be written as in the URL. */
		if (slice_starts(name, SLICE("[")) &&
		    slice_ends(name, SLICE("]")) && name.len > 2)
			name = (struct slice){ name.data + 1, name.len - 2 };
		if (slice_equal_nocase(name, target->host))
			return true;
	}
	return false;
}

/* Each must be ours: which one is used is not for the name server to say. */
static int resolve_check(const struct load_target *target,
    const struct addrinfo *found, const struct fault *fault)
{
	char text[NI_MAXHOST];

	for (; found; found = found->ai_next) {
		if (load_address_own(found->ai_addr))
			continue;
		if (getnameinfo(found->ai_addr, found->ai_addrlen, text,
			sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
			text[0] = '\0';
		if (slice_equal(target->host, slice_cstr(text)))
			return fault_set(fault, "%s is not an address of this "
			    "machine: to send load there all the same, add "
			    "--allow-target %s", text, text);
		return fault_set(fault, "%s is %s, not an address of this "
		    "machine: to send load there all the same, add "
		    "--allow-target %s", target->host.data, text,
		    target->host.data);
	}
	return 0;
}

/* Does it take a connection now? */
static bool resolve_answers(const struct addrinfo *found)
{
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0), error = 0;
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(error);

	if (fd < 0)
		return false;
	if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
		error = errno;
		if (error == EINPROGRESS &&
		    (poll(&wait, 1, LOAD_PROBE_MS) != 1 ||
		    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0))
			error = ETIMEDOUT;
	}
	(void)close(fd); /* nothing was written */
	return error == 0;
}

static const struct addrinfo *resolve_choose(const struct addrinfo *found)
{
	unsigned count = 0;

	if (!found->ai_next)
		return found;
	for (const struct addrinfo *one = found;
	    one && count < LOAD_ADDRESSES_MAX; one = one->ai_next, count++)
		if (resolve_answers(one))
			return one;
	return found;
}

int load_target_resolve(const struct load_target *target,
    const char *const *allowed, unsigned allowed_count,
    struct load_plan *plan, const struct fault *fault)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found;
	const struct addrinfo *chosen;
	char port[8];
	int err;

	if (target->local) {
		resolve_unix(target, plan);
		return 0;
	}
	(void)snprintf(port, sizeof(port), "%u", target->port); /* fits */
	err = getaddrinfo(target->host.data, port, &hints, &found);
	if (err)
		return fault_set(fault, "the name \"%s\" cannot be resolved: "
		    "%s", target->host.data, gai_strerror(err));
	err = resolve_allowed(target, allowed, allowed_count) ? 0
	    : resolve_check(target, found, fault);
	if (!err) {
		chosen = resolve_choose(found);
		memcpy(&plan->address, chosen->ai_addr, chosen->ai_addrlen);
		plan->address_len = chosen->ai_addrlen;
	}
	freeaddrinfo(found);
	return err;
}

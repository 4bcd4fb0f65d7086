#include "master/listen.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* ---- addresses ---- */

static const struct sockaddr *listen_sockaddr(
    const struct sockaddr_storage *address)
{
	return (const struct sockaddr *)address;
}

static const char *listen_unix_path(const struct sockaddr_storage *address)
{
	return ((const struct sockaddr_un *)address)->sun_path;
}

/* 0 for addresses without one. */
static in_port_t listen_port(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ((const struct sockaddr_in *)address)->sin_port;
	if (address->ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)address)->sin6_port;
	return 0;
}

bool listen_address_equal(const struct sockaddr_storage *a,
    const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family || listen_port(a) != listen_port(b))
		return false;
	if (a->ss_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		    ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	if (a->ss_family == AF_INET6)
		return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		    &((const struct sockaddr_in6 *)b)->sin6_addr,
		    sizeof(struct in6_addr)) == 0;
	return strcmp(listen_unix_path(a), listen_unix_path(b)) == 0;
}

/* ---- one socket ---- */

static int listen_fail(const struct log *log, const char *what,
    const char *name, int error)
{
	log_write(log, LOG_LEVEL_EMERG, error, "%s %s failed", what, name);
	return -error;
}

static int listen_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0
	    ? -errno : 0;
}

/* A socket for the address, not yet bound. `share`: one of a group. */
static int listen_socket(const struct http_listen *listen, bool share)
{
	int family = listen->address.ss_family, err = 0;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (family == AF_UNIX)
		return fd;
	err = listen_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!err && share)
		err = listen_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!err && family == AF_INET6)
		err = listen_option(fd, IPPROTO_IPV6, IPV6_V6ONLY,
		    listen->ipv6only != 0);
	if (err) {
		(void)close(fd); /* not in use yet */
		return err;
	}
	return fd;
}

/* What connections inherit; nothing here is worth failing for. */
static void listen_tune(int fd, const struct http_listen *listen)
{
	if (listen->rcvbuf != CONF_UNSET)
		(void)listen_option(fd, SOL_SOCKET, SO_RCVBUF,
		    (int)listen->rcvbuf);
	if (listen->sndbuf != CONF_UNSET)
		(void)listen_option(fd, SOL_SOCKET, SO_SNDBUF,
		    (int)listen->sndbuf);
	if (listen->address.ss_family == AF_UNIX)
		return;
	(void)listen_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (listen->deferred > 0)
		(void)listen_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
}

/* The file was left by a server that is gone: nobody listens to it. */
static bool listen_unix_stale(const struct http_listen *listen)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool stale = fd >= 0 && connect(fd, listen_sockaddr(&listen->address),
	    listen->address_len) < 0 && errno == ECONNREFUSED;

	if (fd >= 0)
		(void)close(fd); /* nothing was sent */
	return stale;
}

static void listen_pause(void)
{
	const struct timespec pause = {
		.tv_nsec = LISTEN_PAUSE_MS * 1000000L,
	};

	(void)nanosleep(&pause, NULL); /* shorter if a signal came */
}

/* bind(), with patience; 0 or -errno. */
static int listen_bind(int fd, const struct http_listen *listen)
{
	for (int i = 0;; i++) {
		if (bind(fd, listen_sockaddr(&listen->address),
		    listen->address_len) == 0)
			return 0;
		if (errno != EADDRINUSE || i == LISTEN_TRIES)
			return -errno;
		if (listen->address.ss_family == AF_UNIX &&
		    listen_unix_stale(listen))
			(void)unlink(listen_unix_path(&listen->address));
		else
			listen_pause();
	}
}

/* ---- groups ---- */

struct listen_group *listen_set_find(const struct listen_set *set,
    const struct http_listen *listen)
{
	struct listen_group *group = set->groups;

	while (group && !listen_address_equal(&group->address,
	    &listen->address))
		group = group->next;
	return group;
}

struct listen_group *listen_set_get(struct listen_set *set,
    const struct http_listen *listen)
{
	struct listen_group *group = listen_set_find(set, listen);

	if (group)
		return group;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->address = listen->address;
	group->address_len = listen->address_len;
	for (unsigned i = 0; i < CORE_WORKERS_MAX; i++)
		group->fds[i] = -1;
	group->next = set->groups;
	set->groups = group;
	return group;
}

/* The file of a unix socket, unless it is somebody else's. */
static void listen_group_unlink(const struct listen_group *group)
{
	if (group->address.ss_family == AF_UNIX && !group->passed)
		(void)unlink(listen_unix_path(&group->address));
}

static void listen_group_close(struct listen_group *group)
{
	for (unsigned i = 0; i < CORE_WORKERS_MAX; i++)
		if (group->fds[i] >= 0)
			(void)close(group->fds[i]);
	free(group);
}

/* Nothing of the group was open before this configuration. */
static bool listen_group_is_fresh(const struct listen_group *group)
{
	for (unsigned i = 0; i < group->count; i++)
		if (group->fds[i] >= 0 && !group->fresh[i])
			return false;
	return true;
}

/* Is a socket of ours bound to the same port, at another address perhaps? */
static bool listen_set_has_port(const struct listen_set *set, in_port_t port)
{
	for (const struct listen_group *group = set->groups; group;
	    group = group->next)
		if (listen_port(&group->address) == port && group->count &&
		    !listen_group_is_fresh(group))
			return true;
	return false;
}

static int listen_group_open_slot(struct listen_group *group, unsigned slot,
    const struct http_listen *listen, const struct log *log)
{
	bool local = listen->address.ss_family == AF_UNIX;
	int fd = listen_socket(listen, true), err;

	if (fd < 0)
		return listen_fail(log, "socket()", group->name, -fd);
	err = listen_bind(fd, listen);
	if (err) {
		(void)close(fd); /* not in use yet */
		return listen_fail(log, "bind() to", group->name, -err);
	}
	group->fds[slot] = fd;
	group->fresh[slot] = true;
	if (slot >= group->count)
		group->count = slot + 1;
	if (local && chmod(listen_unix_path(&listen->address), 0666) < 0)
		return listen_fail(log, "chmod()", group->name, errno);
	return 0;
}

/* Open the slots that are missing; have all listen. */
static int listen_group_open(struct listen_group *group,
    const struct http_listen *at, unsigned slots, const struct log *log)
{
	int err;

	assert(slots <= CORE_WORKERS_MAX);
	if (at->address.ss_family == AF_UNIX)
		slots = 1;
	if (group->passed)
		slots = group->count;
	for (unsigned i = 0; i < slots || i < group->count; i++) {
		if (group->fds[i] < 0) {
			err = listen_group_open_slot(group, i, at, log);
			if (err)
				return err;
		}
		listen_tune(group->fds[i], at);
		if (listen(group->fds[i], at->backlog) < 0)
			return listen_fail(log, "listen() to", group->name,
			    errno);
	}
	return 0;
}

/* ---- preparing ---- */

void listen_set_begin(struct listen_set *set)
{
	for (struct listen_group *group = set->groups; group;
	    group = group->next)
		group->wanted = false;
}

/* Bind without sharing, to see that nobody else is there; 0 or -errno. */
static int listen_probe(const struct http_listen *listen, bool patient)
{
	int fd = listen_socket(listen, false), err;

	if (fd < 0)
		return fd;
	err = patient ? listen_bind(fd, listen)
	    : bind(fd, listen_sockaddr(&listen->address),
		listen->address_len) < 0 ? -errno : 0;
	(void)close(fd); /* never listened */
	return err;
}

/* Groups for all addresses; those that are new are probed. */
static int listen_set_add_groups(struct listen_set *set,
    const struct http_listen *listens, const struct log *log)
{
	for (const struct http_listen *listen = listens; listen;
	    listen = listen->next) {
		struct listen_group *group = listen_set_get(set, listen);
		in_port_t port = listen_port(&listen->address);
		int err;

		if (!group)
			return listen_fail(log, "listening to",
			    listen->name.data, ENOMEM);
		group->wanted = true;
		(void)snprintf(group->name, sizeof(group->name), "%.*s",
		    SLICE_ARG(listen->name)); /* may be cut */
		if (port == 0 || listen_set_has_port(set, port))
			continue;
		err = listen_probe(listen, true);
		if (err)
			return listen_fail(log, "bind() to", group->name,
			    -err);
	}
	return 0;
}

int listen_set_add(struct listen_set *set, const struct http_listen *listens,
    unsigned slots, const struct log *log)
{
	int err = listen_set_add_groups(set, listens, log);

	for (const struct http_listen *listen = listens; listen && !err;
	    listen = listen->next)
		err = listen_group_open(listen_set_find(set, listen), listen,
		    slots, log);
	return err;
}

void listen_set_commit(struct listen_set *set)
{
	struct listen_group **link = &set->groups;

	while (*link) {
		struct listen_group *group = *link;

		if (group->wanted) {
			memset(group->fresh, 0, sizeof(group->fresh));
			link = &group->next;
			continue;
		}
		*link = group->next;
		listen_group_unlink(group);
		listen_group_close(group);
	}
}

static void listen_group_rollback(struct listen_group *group)
{
	for (unsigned i = 0; i < CORE_WORKERS_MAX; i++) {
		if (!group->fresh[i])
			continue;
		listen_group_unlink(group);
		(void)close(group->fds[i]);
		group->fds[i] = -1;
		group->fresh[i] = false;
	}
	while (group->count && group->fds[group->count - 1] < 0)
		group->count--;
}

void listen_set_rollback(struct listen_set *set)
{
	struct listen_group **link = &set->groups;

	while (*link) {
		struct listen_group *group = *link;

		listen_group_rollback(group);
		if (group->count) {
			link = &group->next;
			continue;
		}
		*link = group->next;
		listen_group_close(group);
	}
}

int listen_check(const struct http_listen *listens, const struct log *log)
{
	for (; listens; listens = listens->next) {
		int err = 0;

		if (listens->address.ss_family != AF_UNIX)
			err = listen_probe(listens, false);
		if (err && err != -EADDRINUSE)
			return listen_fail(log, "bind() to",
			    listens->name.data, -err);
	}
	return 0;
}

/* ---- in workers, and at the end ---- */

void listen_set_keep(struct listen_set *set,
    const struct http_listen *listens)
{
	struct listen_group **link = &set->groups;

	listen_set_begin(set);
	for (; listens; listens = listens->next) {
		struct listen_group *group = listen_set_find(set, listens);

		if (group)
			group->wanted = true;
	}
	while (*link) {
		struct listen_group *group = *link;

		if (group->wanted) {
			link = &group->next;
			continue;
		}
		*link = group->next;
		listen_group_close(group);
	}
}

void listen_set_unlink(const struct listen_set *set)
{
	for (const struct listen_group *group = set->groups; group;
	    group = group->next)
		listen_group_unlink(group);
}

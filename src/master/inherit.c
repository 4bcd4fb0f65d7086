#include "master/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/address.h"

enum {
	INHERIT_FIRST = 3,		/* of passed descriptors */
	SLOT_NEXT = CORE_WORKERS_MAX,
};

/* ---- from one master to the next ---- */

int inherit_export(const struct listen_set *set, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (const struct listen_group *group = set->groups; group;
	    group = group->next) {
		for (unsigned i = 0; i < group->count; i++) {
			int n = snprintf(text + len, size - len, "%d:%u%s;",
			    group->fds[i], i, group->passed ? "p" : "");

			if (n < 0 || (size_t)n >= size - len)
				return -ENOSPC;
			len += (size_t)n;
			if (fcntl(group->fds[i], F_SETFD, 0) < 0)
				return -errno;
		}
	}
	return 0;
}

/* A socket for a slot of the group of its address; SLOT_NEXT: the next one
 * that is free. */
static int inherit_one(struct listen_set *set, int fd, unsigned slot,
    bool passed)
{
	struct http_listen listen = {
		.address_len = sizeof(listen.address),
	};
	struct listen_group *group;

	if (getsockname(fd, (struct sockaddr *)&listen.address,
		&listen.address_len) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	group = listen_set_get(set, &listen);
	if (!group)
		return -ENOMEM;
	if (slot == SLOT_NEXT)
		slot = group->count;
	if (slot >= CORE_WORKERS_MAX || group->fds[slot] >= 0)
		return -EINVAL;
	group->fds[slot] = fd;
	group->passed = passed;
	if (slot >= group->count)
		group->count = slot + 1;
	return 0;
}

int inherit_import(struct listen_set *set, const char *text,
    const struct log *log)
{
	int fd, len;
	unsigned slot;

	for (; *text; text += len) {
		int err = -EINVAL;
		bool passed;

		len = 0;
		if (sscanf(text, "%d:%u%n", &fd, &slot, &len) == 2) {
			passed = text[len] == 'p';
			len += passed;
			if (text[len++] == ';')
				err = inherit_one(set, fd, slot, passed);
		}
		if (err) {
			log_write(log, LOG_LEVEL_EMERG, -err,
			    "invalid inherited socket at \"%s\"", text);
			return err;
		}
	}
	return 0;
}

/* ---- from systemd ---- */

struct inherit_passed inherit_look(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	struct inherit_passed passed = { .names = getenv("LISTEN_FDNAMES") };
	uint64_t value;

	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	if (!pid || !fds || !slice_to_u64(slice_cstr(pid), &value) ||
	    value != (uint64_t)getpid())
		return passed;	/* meant for another process */
	if (slice_to_u64(slice_cstr(fds), &value) && value <= LISTEN_FDS_MAX)
		passed.count = (unsigned)value;
	else
		passed.invalid = fds;
	/* What is not open must not become the number of something of ours. */
	for (unsigned i = 0; i < passed.count; i++)
		if (fcntl(INHERIT_FIRST + (int)i, F_SETFD, FD_CLOEXEC) < 0)
			passed.count = i;
	return passed;
}

static int inherit_option(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -1
								    : value;
}

/* The socket's address, and " (ADDRESS)"; false if it cannot be served. */
static bool inherit_address(int fd, struct http_listen *listen, char *text)
{
	const struct sockaddr_un *un = (const void *)&listen->address;
	const union http_address *ip = (const void *)&listen->address;
	char host[HTTP_ADDRESS_TEXT];

	if (getsockname(fd, (struct sockaddr *)&listen->address,
	    &listen->address_len) < 0)
		return false;
	switch (listen->address.ss_family) {
	case AF_UNIX:
		(void)snprintf(text, LISTEN_NAME_MAX, " (unix:%.*s)",
		    (int)sizeof(un->sun_path), un->sun_path);
		break;
	case AF_INET:
	case AF_INET6:
		(void)snprintf(text, LISTEN_NAME_MAX, " (%.*s port %u)",
		    (int)http_address_text(ip, host), host,
		    (unsigned)http_address_port(ip));
		break;
	default:
		return false;
	}
	return inherit_option(fd, SO_TYPE) == SOCK_STREAM &&
	    inherit_option(fd, SO_ACCEPTCONN) == 1;
}

static bool inherit_is_wanted(const struct http_conf *http,
    const struct http_listen *listen)
{
	const struct http_listen *wanted = http ? http->listens : NULL;

	while (wanted && !listen_address_equal(&wanted->address,
	    &listen->address))
		wanted = wanted->next;
	return wanted != NULL;
}

/* Take one; NULL, or why not. `text`: LISTEN_NAME_MAX bytes for its name. */
static const char *inherit_take_one(struct listen_set *set, int fd,
    const struct http_conf *site, const struct http_conf *dashboard,
    char *text)
{
	struct http_listen listen = { .address_len = sizeof(listen.address) };

	if (!inherit_address(fd, &listen, text))
		return "it is no socket that listens for streams";
	if (!inherit_is_wanted(site, &listen) &&
	    !inherit_is_wanted(dashboard, &listen))
		return "no \"listen\" names it";
	return inherit_one(set, fd, SLOT_NEXT, true) < 0
	    ? "there are too many for this address" : NULL;
}

void inherit_take(struct listen_set *set, const struct inherit_passed *passed,
    const struct http_conf *site, const struct http_conf *dashboard,
    const struct log *log)
{
	const char *name = passed->names ? passed->names : "";

	if (passed->invalid)
		log_write(log, LOG_LEVEL_WARN, 0, "the environment's "
		    "LISTEN_FDS \"%s\" is not a number of sockets, ignored",
		    passed->invalid);
	for (unsigned i = 0; i < passed->count; i++) {
		int fd = INHERIT_FIRST + (int)i;
		int len = (int)strcspn(name, ":");
		char text[LISTEN_NAME_MAX] = "";
		const char *why = inherit_take_one(set, fd, site, dashboard,
		    text);

		if (why) {
			log_write(log, LOG_LEVEL_WARN, 0, "descriptor %d "
			    "\"%.*s\"%s, passed by systemd, is closed: %s",
			    fd, len, name, text, why);
			(void)close(fd); /* nobody will miss it */
		}
		name += len + (name[len] == ':');
	}
}

#ifndef RINGMASTER_MASTER_INHERIT_H
#define RINGMASTER_MASTER_INHERIT_H

#include "master/listen.h"

/* Listening sockets that were open before us: from the master that this one
 * follows in an upgrade, or from systemd (socket activation). */

/*
 * Take over the sockets that inherit_export() described, from the master
 * before us. Returns 0 or -errno.
 */
int inherit_import(struct listen_set *set, const char *text,
    const struct log *log);

/*
 * Describe all sockets in `text` for the next master, and let them survive
 * exec; call it in the process that will exec. Returns 0 or -errno.
 */
int inherit_export(const struct listen_set *set, char *text, size_t size);

/* What LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES said. */
struct inherit_passed {
	unsigned count;			/* descriptors from 3 on */
	const char *names;		/* "NAME:NAME..."; NULL: none */
	const char *invalid;		/* LISTEN_FDS, if it is no number */
};

/*
 * Look what systemd passed to this process, before anything else is opened,
 * and take it out of the environment.
 */
struct inherit_passed inherit_look(void);

/*
 * Take over those of the passed sockets that one of the two (either may be
 * NULL) listens to; the others are closed, with a warning. What is not as it
 * should be is closed too, and never an error: the addresses are bound then
 * as if nothing had been passed.
 */
void inherit_take(struct listen_set *set, const struct inherit_passed *passed,
    const struct http_conf *site, const struct http_conf *dashboard,
    const struct log *log);

#endif

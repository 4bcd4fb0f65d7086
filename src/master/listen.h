#ifndef RINGMASTER_MASTER_LISTEN_H
#define RINGMASTER_MASTER_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/log.h"
#include "http/http.h"
#include "master/core.h"

/*
 * The listening sockets, which the master owns: for each address a group of
 * SO_REUSEPORT sockets, one a worker slot, so that the kernel spreads
 * connections evenly. They stay open when workers come and go, with the
 * connections in their queues; so a group never shrinks: slots that are too
 * many after `worker_processes` was lowered are served by other workers
 * (board.h). A unix socket cannot be shared so, it has one slot. Nor can we
 * add to sockets that were passed to us (inherit.h), which another user has
 * opened: if there are fewer than workers, all workers serve all of them.
 */

enum {
	LISTEN_NAME_MAX = 160,		/* bytes in messages */
	LISTEN_FDS_MAX = 4096,		/* passed to us */
};

struct listen_group {
	struct sockaddr_storage address;
	socklen_t address_len;
	char name[LISTEN_NAME_MAX];
	int fds[CORE_WORKERS_MAX];	/* -1: not open */
	unsigned count;			/* slots in use */
	bool fresh[CORE_WORKERS_MAX];	/* opened for a configuration that
					 * is not yet in use */
	bool wanted;			/* by the one being prepared */
	bool passed;			/* opened by systemd: never changed */
	struct listen_group *next;
};

struct listen_set {
	struct listen_group *groups;
};

/*
 * Begin to prepare the set for a configuration; then listen_set_add() opens
 * what its addresses need, and one of commit and rollback ends it.
 */
void listen_set_begin(struct listen_set *set);

/*
 * Have sockets for `slots` workers on each of `listens`. Addresses of which
 * nothing was open are first tried without SO_REUSEPORT, which would let us
 * share them with another server of the same user without noticing (one that
 * starts in the moment between is not noticed). While an address is in
 * use, it is tried again for LISTEN_TRIES times LISTEN_PAUSE_MS: sockets of a
 * server that was killed are closed a little later.
 * Returns 0, or -errno after saying on `log` what failed.
 */
enum { LISTEN_TRIES = 5, LISTEN_PAUSE_MS = 100 };
int listen_set_add(struct listen_set *set, const struct http_listen *listens,
    unsigned slots, const struct log *log);

/* Close what is not wanted any more, or what was opened since begin. */
void listen_set_commit(struct listen_set *set);
void listen_set_rollback(struct listen_set *set);

/* For -t: could these addresses be bound, were they free? */
int listen_check(const struct http_listen *listens, const struct log *log);

/* The group of an address; NULL if there is none. */
struct listen_group *listen_set_find(const struct listen_set *set,
    const struct http_listen *listen);

/* The same, made if it is new; NULL without memory. */
struct listen_group *listen_set_get(struct listen_set *set,
    const struct http_listen *listen);

/* Are these one address? */
bool listen_address_equal(const struct sockaddr_storage *a,
    const struct sockaddr_storage *b);

/* Close all but the groups of `listens` (NULL: all), in this process. */
void listen_set_keep(struct listen_set *set,
    const struct http_listen *listens);

/* Remove the files of unix sockets: the server stops for good. */
void listen_set_unlink(const struct listen_set *set);

#endif

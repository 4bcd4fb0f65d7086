#ifndef RINGMASTER_LOAD_SERVER_H
#define RINGMASTER_LOAD_SERVER_H

#include "base/arena.h"
#include "load.pb-c.h"
#include "load/follow.h"
#include "load/record.h"

/*
 * The ringmaster on this host that is under test, if it is one and its
 * segment may be written to: it is told of the test, some requests are
 * followed through it, and its counts are compared. Whether it is the one
 * that the requests went to shows when it has seen any of them.
 *
 * One thread uses a struct load_server: the one that calls engine_run().
 */

struct load_server;

/*
 * path:  of the metrics segment; "/dev/fd/N" is that open descriptor, which
 *        is duplicated; NULL: the place where ringmaster makes it if the
 *        configuration does not name another
 * Returns 0; or -errno: -ENOENT if no ringmaster lives there, -EPROTO if that
 * is of another version.
 */
int load_server_open(const char *path, struct load_server **ret);
void load_server_close(struct load_server **server);

/* Is its cache of files on? Switch it; adds a mark to its charts. */
bool load_server_cache(const struct load_server *server);
void load_server_cache_switch(struct load_server *server, bool on);

/* The same without a mark: for a signal handler. */
void load_server_cache_store(struct load_server *server, bool on);

/*
 * Announce a test that is about to begin, and wait until the workers have
 * seen it, some 100 ms. Returns 0 with what the engine follows requests by,
 * which lives until the next test; -EBUSY if another test is announced;
 * -ENOMEM.
 */
int load_server_begin(struct load_server *server, const struct load_plan *plan,
    struct load_follow **ret);

/* Of a test that was begun: a second of it is over. */
void load_server_second(struct load_server *server);

/* It is over; `record` is of all threads. */
void load_server_end(struct load_server *server,
    const struct load_record *record);

/*
 * What came of the test that ended last, in the arena. *ret is NULL if the
 * server has seen none of its requests: it was not the one under test.
 *
 * started_ns:  of the test, CLOCK_MONOTONIC
 * Returns 0 or -ENOMEM.
 */
int load_server_result(struct load_server *server, uint64_t started_ns,
    struct arena *arena, Ringmaster__V1__LoadServer **ret);

#endif

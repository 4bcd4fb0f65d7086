#ifndef RINGMASTER_LOAD_ARRIVALS_H
#define RINGMASTER_LOAD_ARRIVALS_H

#include "load/plan.h"

/*
 * What a thread is to send next, and in the open model, when: its share of
 * the schedule or of the log that is replayed. The next arrival stands in the
 * worker: `more`, `due_ns`.
 */

struct load_worker;

/* Begin the open model, at worker->start_ns. */
void arrivals_start(struct load_worker *worker);

/* The next arrival, if it is due: what to send, and since when. */
bool arrivals_take(struct load_worker *worker,
    const struct load_request **request, uint64_t *due_ns);

/* One of the requests of the plan, by turns or by weight. */
const struct load_request *arrivals_choose(struct load_worker *worker);

/* Let the rate be another from now on. Returns false, changing nothing, for
 * what has none, or none left to come. */
bool arrivals_change_rate(struct load_worker *worker, double rate);

/* About how many arrivals were due and are not sent yet; 0 in a replay. */
uint64_t arrivals_backlog(const struct load_worker *worker, uint64_t now_ns);

#endif

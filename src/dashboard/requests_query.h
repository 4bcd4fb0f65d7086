#ifndef RINGMASTER_DASHBOARD_REQUESTS_QUERY_H
#define RINGMASTER_DASHBOARD_REQUESTS_QUERY_H

#include "dashboard/query.h"
#include "dashboard/requests.h"

/* What /api/v1/requests is asked for, and what of it is shown. */

enum requests_kind {
	REQUESTS_RECENT,
	REQUESTS_SLOWEST,
	REQUESTS_INFLIGHT,
	REQUESTS_ERRORS,
	REQUESTS_KIND_COUNT
};

struct requests_query {
	enum requests_kind kind;
	uint64_t count;			/* at most so many are shown */
	bool csv;
	bool by_status, by_class, by_aborted, by_worker;
	uint64_t status, worker;	/* or the status' first digit */
	struct slice path;		/* is contained in it */
	struct slice client;		/* is contained in its address */
	struct slice method;		/* in any case */
	uint64_t since_ns, until_ns;	/* wall clock: ended within; not of
					 * those in flight */
	uint64_t min_ns, max_ns;	/* durations, or ages */
};

/*
 * Read the query of an address.
 *
 * now_s:  wall clock, which "since" counts back from
 * arena:  of the texts in *ret
 * Returns NULL, or what is wrong, in words that end a sentence.
 */
const char *requests_query_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct requests_query *ret);

const char *requests_kind_name(enum requests_kind kind);

bool requests_query_matches(const struct requests_query *query,
    const Ringmaster__V1__Request *request);
bool requests_query_matches_inflight(const struct requests_query *query,
    const Ringmaster__V1__InFlight *request);

#endif

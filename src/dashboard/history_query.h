#ifndef RINGMASTER_DASHBOARD_HISTORY_QUERY_H
#define RINGMASTER_DASHBOARD_HISTORY_QUERY_H

#include "base/arena.h"
#include "base/buf.h"
#include "dashboard/history.h"

/* What /api/v1/history is asked for, and the answer. */

enum { HISTORY_POINTS_MAX = 10080 };	/* of each series */

struct history_query {
	struct history_range range;
	bool wanted[HISTORY_COUNT];
	bool csv;
};

/*
 * Read the query of the address: range=30s|5m|1h|24h|7d or any such number,
 * or range=FROM..TO in Unix seconds; step=SECONDS; series=NAME,NAME;
 * format=json|csv. Others have no meaning.
 *
 * now_s:  the wall clock
 * Returns NULL, or in words what is wrong.
 */
const char *history_query_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct history_query *ret);

/* Append the answer; check out->failed afterwards. */
void history_query_write(struct buf *out, struct history *history,
    const struct history_query *query);

#endif

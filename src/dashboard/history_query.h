#ifndef RINGMASTER_DASHBOARD_HISTORY_QUERY_H
#define RINGMASTER_DASHBOARD_HISTORY_QUERY_H

#include "base/arena.h"
#include "base/buf.h"
#include "dashboard/history.h"

/*
 * What /api/v1/history, /api/v1/heatmap and /api/v1/marks are asked for, and
 * the answers of the first two.
 */

enum {
	HISTORY_POINTS_MAX = 10080,	/* of each series */
	HISTORY_POINTS = 600,		/* at most, if nobody says */
	HEATMAP_COLUMNS_MAX = 720,
};

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

/* The same for a heatmap: a step that would give too many columns is made
 * larger. */
const char *heatmap_query_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct history_range *ret);

/* The same for marks, of which only range= is asked for; it begins at 0 if
 * that is missing. */
struct history_span {
	uint64_t from_s, to_s;
};
const char *marks_query_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct history_span *ret);

/* Append the answer; check out->failed afterwards. */
void history_query_write(struct buf *out, struct history *history,
    const struct history_query *query);
void heatmap_query_write(struct buf *out, struct history *history,
    const struct history_range *range);

/* Append the upper edges of the heat rows as JSON: seconds, null last. */
void heatmap_write_edges(struct buf *out);

#endif

#include "dashboard/since.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "report/server.h"

/* Where each series of a report is in the history. */
static const enum history_id since_series[SERVER_SERIES] = {
	[SERVER_REQUESTS] = HISTORY_REQUESTS,
	[SERVER_2XX] = HISTORY_C2XX, [SERVER_3XX] = HISTORY_C3XX,
	[SERVER_4XX] = HISTORY_C4XX, [SERVER_5XX] = HISTORY_C5XX,
	[SERVER_CLIENTS] = HISTORY_CLIENTS,
	[SERVER_P50] = HISTORY_P50, [SERVER_P99] = HISTORY_P99,
	[SERVER_MAX] = HISTORY_MAX, [SERVER_LAG] = HISTORY_LOOP_LAG,
	[SERVER_POOL_WAIT] = HISTORY_POOL_WAIT,
};

/* All that is read, so that it need not lie on the stack of a thread. */
struct since_reading {
	struct history_range range;
	double points[SERVER_SERIES][SERVER_POINTS_MAX];
	struct metrics_mark all[HISTORY_MARKS_ALL];
	struct server_mark marks[SERVER_MARKS_MAX];
	char texts[SERVER_MARKS_MAX][METRICS_MARK_WORDS_MAX];
};

static void since_range(const struct since *since,
    struct history_range *ret)
{
	unsigned step_s = (since->seconds + SERVER_POINTS_MAX - 1) /
	    SERVER_POINTS_MAX;
	unsigned span_s;

	ret->tier = history_tier_find(since->now_s - since->seconds, step_s,
	    since->now_s);
	span_s = history_tiers[ret->tier].span_s;
	ret->step_s = (step_s + span_s - 1) / span_s * span_s;
	ret->count = since->seconds / ret->step_s;
	ret->from_s = since->now_s - since->now_s % ret->step_s -
	    (uint64_t)ret->count * ret->step_s;
}

/* The last marks of the time, oldest first; they are read newest first. */
static unsigned since_marks(const struct since *since,
    struct since_reading *reading)
{
	unsigned all = history_marks_read(since->history, since->segment,
	    reading->all), count = 0;

	while (count < all && count < SERVER_MARKS_MAX &&
	    reading->all[count].real_ns / NS_PER_SEC >= reading->range.from_s)
		count++;
	for (unsigned i = 0; i < count; i++) {
		const struct metrics_mark *mark =
		    &reading->all[count - 1 - i];

		(void)metrics_mark_words(mark, reading->texts[i]);
		reading->marks[i] = (struct server_mark){
			mark->real_ns / NS_PER_SEC, reading->texts[i] };
	}
	return count;
}

int since_report(const struct since *since,
    const struct report_request *request, struct buf *out)
{
	struct since_reading *reading = malloc(sizeof(*reading));
	double *points[HISTORY_COUNT] = { NULL }, totals[HISTORY_COUNT];
	struct report_server server = { .from_s = 0 };
	int err;

	if (!reading)
		return -ENOMEM;
	since_range(since, &reading->range);
	for (unsigned i = 0; i < SERVER_SERIES; i++) {
		points[since_series[i]] = reading->points[i];
		server.points[i] = reading->points[i];
	}
	history_read(since->history, &reading->range, points, totals);
	server.from_s = reading->range.from_s;
	server.step_s = reading->range.step_s;
	server.count = reading->range.count;
	server.requests = totals[HISTORY_REQUESTS];
	server.errors = totals[HISTORY_C5XX];
	server.marks = reading->marks;
	server.mark_count = since_marks(since, reading);
	err = report_server_make(&server, request, out);
	free(reading);
	return err;
}

#ifndef RINGMASTER_DASHBOARD_SINCE_H
#define RINGMASTER_DASHBOARD_SINCE_H

#include "dashboard/history.h"
#include "report/report.h"

enum { SINCE_SECONDS_MIN = 10, SINCE_SECONDS_MAX = 7 * 86400 };

/* A report of the server, not of a test: what the history has of it. */
struct since {
	struct history *history;
	const struct metrics_segment *segment;	/* with marks; or NULL */
	uint64_t now_s;			/* its end, Unix */
	unsigned seconds;		/* SINCE_SECONDS_MIN to _MAX */
};

/* Append it to `out`; returns as report_server_make(). Any thread. */
int since_report(const struct since *since,
    const struct report_request *request, struct buf *out);

#endif

#ifndef RINGMASTER_REPORT_SERVER_H
#define RINGMASTER_REPORT_SERVER_H

#include "report/report.h"

/*
 * A report of a server without a test: what it did over a time, as somebody
 * recorded it.
 */

enum server_series {
	SERVER_REQUESTS,		/* a second; so are the next four */
	SERVER_2XX, SERVER_3XX, SERVER_4XX, SERVER_5XX,
	SERVER_CLIENTS,			/* connections */
	SERVER_P50, SERVER_P99, SERVER_MAX,	/* of requests, seconds */
	SERVER_LAG, SERVER_POOL_WAIT,	/* p99 of its loops, of its threads */
	SERVER_SERIES
};

enum { SERVER_POINTS_MAX = 720, SERVER_MARKS_MAX = CHART_MARKS_MAX };

/* An event, lettered in the pictures. */
struct server_mark {
	uint64_t time_s;		/* Unix */
	const char *text;
};

struct report_server {
	uint64_t from_s;		/* Unix */
	unsigned step_s, count;		/* points; at most SERVER_POINTS_MAX */
	const double *points[SERVER_SERIES];	/* NAN: not recorded */
	double requests, errors;	/* in all; 5xx */
	const struct server_mark *marks;	/* oldest first */
	unsigned mark_count;		/* at most SERVER_MARKS_MAX */
};

/* Its page, as a scene. */
void page_server_layout(struct scene *scene,
    const struct report_server *server, double width, double height);

/*
 * Append it to `out`: a picture, a page, or text (of request only format,
 * theme, size and scale count; formats for data are text).
 * Returns 0 or as report_make() does.
 */
int report_server_make(const struct report_server *server,
    const struct report_request *request, struct buf *out);

/* The same as text. */
void report_server_text(const struct report_server *server, struct buf *out);

#endif

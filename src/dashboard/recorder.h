#ifndef RINGMASTER_DASHBOARD_RECORDER_H
#define RINGMASTER_DASHBOARD_RECORDER_H

#include "dashboard/dashboard.h"
#include "dashboard/history.h"
#include "metrics/view.h"

/*
 * The recorder: each second of the dashboard process's life it takes a view
 * of the segment, shows it to who draws the present, and writes it to the
 * history if no other process has that.
 */

/* A second that has just ended, in memory of whoever passes it. */
struct recorder_second {
	uint64_t time_s;		/* wall clock: its end */
	const struct metrics_view *view;
	const double *values;		/* HISTORY_COUNT; a counter as its rate
					 * a real second; NaN: not known */
	const uint32_t *heat;		/* HISTORY_HEAT_ROWS: the requests that
					 * ended in it; NULL: not known */
	bool recording;			/* it is in the history */
};

/*
 * Open the history that the configuration of the dashboard process names.
 * Called with the master's rights: by the dashboard process before it gives
 * them up, and by the master to learn at start whether it can be done.
 * Returns 0 or -errno, which is logged.
 */
int recorder_open(struct http_conf *http, const struct log *log);
void recorder_close(struct http_conf *http);

/* Begin, in the dashboard process, with or without a history; 0 or -errno. */
int recorder_start(struct http_worker *worker);

/*
 * Record what came after the last full second, marks included: when the loop
 * has ended, whose pool may still run.
 */
void recorder_stop(void);

/* The second with the most requests since the server started. */
struct recorder_peak {
	double rate;		/* requests a second; 0: there was none yet */
	uint64_t time_s;	/* wall clock */
};

void recorder_peak_read(struct recorder_peak *ret); /* any thread */

#endif

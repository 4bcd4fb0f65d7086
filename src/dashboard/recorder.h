#ifndef RINGMASTER_DASHBOARD_RECORDER_H
#define RINGMASTER_DASHBOARD_RECORDER_H

#include "dashboard/dashboard.h"

/*
 * The recorder: each second of the dashboard process's life it takes a view
 * of the segment and writes what the server does to the history.
 */

/*
 * Open the history that the configuration of the dashboard process names.
 * Called with the master's rights: by the dashboard process before it gives
 * them up, and by the master to learn at start whether it can be done.
 * Returns 0 or -errno, which is logged.
 */
int recorder_open(struct http_conf *http, const struct log *log);
void recorder_close(struct http_conf *http);

/* Begin to record, in the dashboard process; 0 or -errno. */
int recorder_start(struct http_worker *worker);

#endif

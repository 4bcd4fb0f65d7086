#ifndef RINGMASTER_DASHBOARD_STREAM_H
#define RINGMASTER_DASHBOARD_STREAM_H

#include "dashboard/live.h"

/*
 * Let the request watch, if it comes from our own page or a program and there
 * is room. Returns HTTP_DECLINED and the viewer, or as a hook does, with the
 * answer that says why not.
 */
int stream_enter(struct http_request *request, struct live_viewer **ret);

#endif

#ifndef RINGMASTER_DASHBOARD_LIVE_H
#define RINGMASTER_DASHBOARD_LIVE_H

#include "http/conn.h"

/*
 * The last frame, and those who watch: one copy of a frame is shared by all
 * of them. A viewer asks for what is newer than what it got, so one that is
 * slow skips frames, and nothing is ever queued for it. On the loop only.
 */

struct live_frame {
	unsigned users;
	uint64_t seq;
	struct slice text;	/* the line of JSON, without a line end */
	struct slice event;	/* the same as a server-sent event */
	char memory[];
};

/* In the dashboard process, before frames are made. */
void live_start(struct http_worker *worker);

/* Show the frame that frame_take() made, if it did, to all viewers. */
void live_publish(void);

/* The worker drains: all viewers have to go. For struct http_module. */
void live_drain(struct http_worker *worker);

/* The last frame if its number is above `seq` (from 1), else NULL. To be
 * given back with live_frame_put(). */
struct live_frame *live_frame_get(uint64_t seq);
void live_frame_put(struct live_frame **frame);

/* One who watches; in the arena of its request. */
struct live_viewer {
	struct http_request *request;
	struct ring_waiter waiter;
	struct live_frame *frame;	/* that is being sent; or NULL */
	uint64_t seq;			/* of the last one it got */
};

/*
 * Become a viewer until the request ends. Returns 0, -EAGAIN when there are
 * DASHBOARD_VIEWERS_MAX or the process drains, or -ENOMEM.
 */
int live_enter(struct http_request *request, struct live_viewer **ret);

/* Does anybody watch? */
bool live_watched(void);

/* Take the last frame to viewer->frame, in place of the one before. False:
 * it has had it. */
bool live_next(struct live_viewer *viewer);

/* Wait until there may be a new frame, the worker drains, or the client sends
 * or ends something that ring_stream_ready() does not say yet. [coroutine] */
void live_wait(struct live_viewer *viewer);

#endif

#include "dashboard/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dashboard/dashboard.h"
#include "dashboard/frame.h"

enum {
	/* Bytes of frames that the kernel keeps for a viewer that does not
	 * read; it doubles that for its own use. */
	LIVE_SEND_BUFFER = 16 * 1024,
	LIVE_HEAD_MAX = 40,		/* "id: NUMBER\ndata: " */
};

static const char live_tail[] = "\n\n";

static struct live {
	struct http_worker *worker;
	struct live_frame *last;
	struct ring_event changed;	/* a new `last`, or the end */
	unsigned viewers;
} live;

void live_start(struct http_worker *worker)
{
	live.worker = worker;
}

/* ---- frames ---- */

static struct live_frame *live_frame_new(struct slice text, uint64_t seq)
{
	struct live_frame *frame = malloc(sizeof(*frame) + LIVE_HEAD_MAX +
	    text.len + sizeof(live_tail));
	char *p;

	if (!frame)
		return NULL;
	p = frame->memory;
	p += snprintf(p, LIVE_HEAD_MAX, "id: %llu\ndata: ",
	    (unsigned long long)seq);
	memcpy(p, text.data, text.len);
	frame->text = (struct slice){ p, text.len };
	p += text.len;
	memcpy(p, live_tail, sizeof(live_tail) - 1);
	p += sizeof(live_tail) - 1;
	frame->event = (struct slice){ frame->memory,
	    (size_t)(p - frame->memory) };
	frame->users = 1;
	frame->seq = seq;
	return frame;
}

struct live_frame *live_frame_get(uint64_t seq)
{
	if (!live.last || live.last->seq <= seq)
		return NULL;
	live.last->users++;
	return live.last;
}

void live_frame_put(struct live_frame **frame)
{
	if (*frame && --(*frame)->users == 0)
		free(*frame);
	*frame = NULL;
}

void live_publish(void)
{
	struct live_frame *frame;
	struct buf text;
	uint64_t seq;

	if (!frame_taken(&text, &seq))
		return;
	frame = live_frame_new(buf_slice(&text), seq);
	buf_free(&text);
	if (!frame)
		return;		/* a second is missed */
	live_frame_put(&live.last);
	live.last = frame;
	ring_event_wake(&live.changed);
}

void live_drain(struct http_worker *worker)
{
	(void)worker;
	ring_event_wake(&live.changed);
}

/* ---- viewers ---- */

static void live_leave(void *arg)
{
	struct live_viewer *viewer = arg;

	http_conn_watch(viewer->request->conn, NULL, NULL);
	live_frame_put(&viewer->frame);
	live.viewers--;
}

int live_enter(struct http_request *request, struct live_viewer **ret)
{
	const int size = LIVE_SEND_BUFFER;
	struct live_viewer *viewer;

	if (live.viewers >= DASHBOARD_VIEWERS_MAX || live.worker->draining)
		return -EAGAIN;
	viewer = arena_calloc(&request->arena, 1, sizeof(*viewer));
	if (!viewer || http_request_cleanup(request, live_leave, viewer))
		return -ENOMEM;
	viewer->request = request;
	live.viewers++;
	(void)setsockopt(request->conn->stream.fd, SOL_SOCKET, SO_SNDBUF,
	    &size, sizeof(size)); /* else it may lag further behind */
	*ret = viewer;
	return 0;
}

bool live_watched(void)
{
	return live.viewers > 0;
}

bool live_next(struct live_viewer *viewer)
{
	struct live_frame *frame = live_frame_get(viewer->seq);

	if (!frame)
		return false;
	live_frame_put(&viewer->frame);
	viewer->frame = frame;
	viewer->seq = frame->seq;
	return true;
}

static void live_input(void *arg)
{
	ring_waiter_wake(arg);
}

void live_wait(struct live_viewer *viewer)
{
	http_conn_watch(viewer->request->conn, live_input, &viewer->waiter);
	(void)ring_event_wait(live.worker->ring, &live.changed,
	    &viewer->waiter, RING_NO_DEADLINE);
}

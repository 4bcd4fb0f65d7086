/*
 * The live stream as server-sent events (WHATWG HTML §9.2), and its last
 * frame alone, for those who poll.
 */

#include "dashboard/stream.h"

#include <errno.h>

#include "dashboard/access.h"
#include "dashboard/answer.h"

/* The answer of a viewer, which has no end of its own. */
struct stream {
	struct http_source source;
	struct live_viewer *viewer;
	bool begun;
	bool flushed;		/* nothing waits to be sent */
};

/* ---- who may watch ---- */

static int stream_refuse(struct http_request *request, const char *text)
{
	if (http_response_add(request, SLICE("Retry-After"), SLICE("10")))
		return 500;
	return dashboard_error(request, 503, "%s", text);
}

int stream_enter(struct http_request *request, struct live_viewer **ret)
{
	struct slice origin = http_request_header(request, SLICE("origin"));
	int err;

	if (origin.len && !access_same_origin(origin,
		http_request_header(request, SLICE("host")))) {
		http_log(request, LOG_LEVEL_WARN, 0,
		    "dashboard: a viewer from another site was refused");
		return dashboard_error(request, 403, "Only the dashboard's "
		    "own page and programs may watch.");
	}
	err = live_enter(request, ret);
	if (err == -EAGAIN)
		return stream_refuse(request, "Too many are watching.");
	return err ? 500 : HTTP_DECLINED;
}

/* ---- server-sent events ---- */

static int stream_next(struct http_source *source, struct http_chunk *ret)
{
	struct stream *stream = (struct stream *)source;
	struct live_viewer *viewer = stream->viewer;
	const struct http_conn *conn = viewer->request->conn;

	*ret = (struct http_chunk){ .fd = -1 };
	if (!stream->begun) {
		stream->begun = true;
		ret->bytes = SLICE("retry: 1000\n\n");
		return 1;
	}
	for (;;) {
		if (conn->worker->draining)
			return 0;
		if (ring_stream_ended(&conn->stream))
			return -ECONNRESET;
		if (live_next(viewer)) {
			stream->flushed = false;
			ret->bytes = viewer->frame->event;
			return 1;
		}
		if (!stream->flushed) {
			stream->flushed = true;
			return 1;	/* an empty piece: send the others */
		}
		live_wait(viewer);
	}
}

int dashboard_stream(struct http_request *request)
{
	struct stream *stream = arena_calloc(&request->arena, 1,
	    sizeof(*stream));
	int rc;

	if (!stream)
		return 500;
	rc = stream_enter(request, &stream->viewer);
	if (rc != HTTP_DECLINED)
		return rc;
	stream->source.next = stream_next;
	request->keepalive = false;	/* it ends when one of us goes */
	request->response.status = 200;
	request->response.content_type = SLICE("text/event-stream");
	request->response.body = (struct http_body){ .kind = HTTP_BODY_SOURCE,
	    .fd = -1, .source = &stream->source };
	return HTTP_DONE;
}

/* ---- polling ---- */

static void stream_frame_put(void *arg)
{
	struct live_frame *frame = arg;

	live_frame_put(&frame);
}

int dashboard_frame(struct http_request *request)
{
	struct live_frame *frame = live_frame_get(0);

	if (!frame)
		return stream_refuse(request, "There is no frame yet.");
	if (http_request_cleanup(request, stream_frame_put, frame)) {
		live_frame_put(&frame);
		return 500;
	}
	http_response_text(request, 200, SLICE("application/json"),
	    frame->text);
	return HTTP_DONE;
}

#include "http/upgrade.h"

#include <errno.h>

#include "http/h1.h"

bool http_upgrade_asked(const struct http_request *request,
    struct slice protocol)
{
	const struct h1_head *head = &request->head;

	if (head->version_minor < 1 || !head->connection_upgrade ||
	    request->body)
		return false;
	for (unsigned i = 0; i < head->header_count; i++) {
		struct http_list list = { head->headers[i].value };
		struct slice member;

		if (head->headers[i].id != HTTP_HEADER_UPGRADE)
			continue;
		while (http_list_next(&list, &member))
			if (slice_equal_nocase(member, protocol))
				return true;
	}
	return false;
}

int http_upgrade_answer(struct http_request *request, struct slice protocol,
    void (*speak)(struct http_upgrade *upgrade), void *arg)
{
	request->response.status = 101;
	request->response.upgrade = protocol;
	request->response.speak = speak;
	request->response.speak_arg = arg;
	return HTTP_DONE;
}

void h1_upgrade(struct h1 *h1, struct http_request *request)
{
	struct http_upgrade upgrade = { .request = request,
	    .arg = request->response.speak_arg };

	request->keepalive = false;
	h1_respond(h1, request);
	h1_flush(h1, 0);
	if (h1->error)
		return;
	upgrade.received = (struct slice){ h1->in + h1->in_next,
	    h1->in_end - h1->in_next };
	h1->in_next = h1->in_end;
	request->response.speak(&upgrade);
	h1->error = upgrade.error;
}

/* ---- what who speaks calls ---- */

bool http_upgrade_ready(const struct http_upgrade *upgrade)
{
	return upgrade->received.len ||
	    ring_stream_ready(&upgrade->request->conn->stream);
}

ssize_t http_upgrade_recv(struct http_upgrade *upgrade, void *data,
    size_t size, uint64_t deadline)
{
	struct http_request *request = upgrade->request;
	ssize_t n;

	if (upgrade->received.len) {
		struct slice first = slice_first(upgrade->received, size);

		memcpy(data, first.data, first.len);
		upgrade->received = slice_from(upgrade->received, first.len);
		return (ssize_t)first.len;
	}
	n = ring_recv(&request->conn->stream, data, size, deadline);
	if (n > 0) {
		request->body_received += (uint64_t)n;
		metrics_count(request->worker->metrics, METRICS_BYTES_IN,
		    (uint64_t)n);
	} else if (n < 0 && n != -ETIMEDOUT) {
		upgrade->error = (int)n;
	}
	return n;
}

int http_upgrade_send(struct http_upgrade *upgrade, struct slice data)
{
	struct http_request *request = upgrade->request;
	struct ring *ring = request->worker->ring;
	uint64_t timeout_ns = (uint64_t)request->location->core->send_timeout *
	    NS_PER_MSEC;
	ssize_t n;

	if (upgrade->error)
		return upgrade->error;
	n = ring_send(ring, request->conn->stream.fd, data, 0,
	    ring_now(ring) + timeout_ns);
	if (n < 0) {
		upgrade->error = (int)n;
		return upgrade->error;
	}
	request->body_sent += data.len;
	return 0;
}

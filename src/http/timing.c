#include "http/timing.h"

#include "http/conn.h"
#include "metrics/follow.h"

void http_timing_begin(struct http_request *request, uint64_t received_ns)
{
	request->timing = (struct http_timing){ .received_ns = received_ns };
	request->timing.begun_ns = request->timing.since_ns = clock_mono_ns();
}

void http_timing_stage(struct http_request *request, enum metrics_stage stage)
{
	struct http_timing *timing = &request->timing;
	uint64_t now = clock_mono_ns();

	timing->stage_ns[stage] += now - timing->since_ns;
	timing->since_ns = now;
}

static void http_timing_follow(const struct http_request *request)
{
	const struct http_timing *timing = &request->timing;
	struct slice tag = http_request_header(request,
	    SLICE(METRICS_FOLLOW_HEADER));
	struct metrics_followed followed = {
		.received_ns = timing->received_ns,
		.begun_ns = timing->begun_ns,
	};

	if (!metrics_follow_parse(tag, &followed.run, &followed.number) ||
	    followed.run != request->worker->follow_run)
		return;
	memcpy(followed.stage_ns, timing->stage_ns,
	    sizeof(followed.stage_ns));
	metrics_follow(request->worker->metrics, &followed);
}

void http_timing_end(struct http_request *request)
{
	http_timing_stage(request, METRICS_STAGE_SEND);
	if (request->worker->follow_run)
		http_timing_follow(request);
}

void http_timing_wait(struct http_request *request, enum metrics_stage stage,
    uint64_t ns)
{
	request->timing.stage_ns[stage] += ns;
	request->timing.since_ns += ns;
}

int http_offload(struct http_request *request, void (*fn)(void *arg),
    void *arg)
{
	struct ring *ring = request->worker->ring;
	int err = ring_offload(ring, fn, arg);

	if (!err && request->timed)
		http_timing_wait(request, METRICS_STAGE_POOL_WAIT,
		    ring_offload_waited(ring));
	return err;
}

#include "http/timing.h"

#include "http/conn.h"

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

#include "sample_result.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "load/latency.h"

/* 9000 times, of 1 to 10 ms. */
static Ringmaster__V1__LoadLatency *times(struct arena *arena,
    uint64_t unit_ns)
{
	struct hdr *hdr = calloc(1, sizeof(*hdr));
	Ringmaster__V1__LoadLatency *latency;

	assert(hdr);
	for (unsigned i = 0; i < 9000; i++)
		hdr_add(hdr, unit_ns + i * unit_ns / 1000);
	latency = latency_make(hdr, arena);
	assert(latency);
	free(hdr);
	return latency;
}

static void sample_seconds(struct sample *sample)
{
	for (unsigned i = 0; i < 10; i++) {
		ringmaster__v1__load_second__init(&sample->seconds[i]);
		sample->seconds[i].second = i;
		sample->seconds[i].requests = sample->seconds[i].sent = 1000;
		sample->seconds[i].connections = 8;
		sample->seconds[i].p50 = 0.0055;
		sample->second_list[i] = &sample->seconds[i];
	}
	sample->result.seconds = sample->second_list;
	sample->result.n_seconds = 10;
}

void sample_make(struct sample *sample, struct arena *arena)
{
	Ringmaster__V1__LoadResult *result = &sample->result;

	ringmaster__v1__load_result__init(result);
	ringmaster__v1__load_spec__init(&sample->spec);
	ringmaster__v1__load_health__init(&sample->health);
	ringmaster__v1__load_place__init(&sample->place);
	ringmaster__v1__load_error__init(&sample->cause);
	ringmaster__v1__load_status__init(&sample->status);
	result->run = "01ARYZ6S41TSV4RRFFQ69G5FAV";
	result->url = "http://127.0.0.1:8080/";
	result->requests = result->sent = 10000;
	result->rate = 1000;
	result->duration_seconds = 10;
	result->bytes_in = 10 << 20;
	result->passed = true;
	result->spec = &sample->spec;
	result->health = &sample->health;
	result->place = &sample->place;
	result->latency = times(arena, NS_PER_MSEC);
	result->service = times(arena, NS_PER_MSEC);
	result->first_byte = times(arena, NS_PER_MSEC / 2);
	result->connect = times(arena, NS_PER_MSEC / 10);
	result->causes = sample->causes;
	sample->causes[0] = &sample->cause;
	result->statuses = sample->statuses;
	result->n_statuses = 1;
	sample->statuses[0] = &sample->status;
	sample->status.code = 200;
	sample->status.count = 10000;
	sample->spec.model = "closed";
	sample->spec.connections = 8;
	sample->spec.threads = sample->spec.pipeline = 1;
	sample->spec.keepalive = true;
	sample->spec.duration_seconds = 10;
	sample->spec.warmup_seconds = 1;
	sample->health.cpu_max = 0.5;
	sample->health.busy = 0.5;
	sample->place.cpus = 4;
	sample_seconds(sample);
}

void sample_open(struct sample *sample, struct arena *arena)
{
	sample_make(sample, arena);
	sample->spec.model = "open";
	sample->spec.arrivals = "constant";
	sample->spec.rate = 1000;
	sample->result.slip = times(arena, 10000);
}

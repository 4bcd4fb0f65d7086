#include "dashboard/loadtest_keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "load/result.h"
#include "load/results.h"

#define KEEP_INVALID							\
	RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_INVALID

static void keep_spec(const struct loadtest_spec *spec,
    Ringmaster__V1__LoadSpec *ret)
{
	ringmaster__v1__load_spec__init(ret);
	ret->model = (char *)(spec->rate ? "open" : "closed");
	ret->connections = (uint32_t)spec->clients;
	ret->duration_seconds = (double)spec->duration_s;
	ret->requests_each = spec->duration_s ? 0 : 1;
	ret->rate = (double)spec->rate;
	ret->keepalive = true;
}

void loadtest_keep(void *arg)
{
	struct loadtest_keep *keep = arg;
	const struct loadtest_now *now = keep->now;
	struct load_results results = { .path = keep->file };
	Ringmaster__V1__LoadLatency latency =
	    RINGMASTER__V1__LOAD_LATENCY__INIT;
	Ringmaster__V1__LoadVerdict verdict =
	    RINGMASTER__V1__LOAD_VERDICT__INIT;
	Ringmaster__V1__LoadResult result = RINGMASTER__V1__LOAD_RESULT__INIT;
	Ringmaster__V1__LoadSpec spec;
	char run[LOAD_RUN_ID_SIZE];
	char *reason = (char *)now->error;

	load_run_id(keep->started_unix_ns, run);
	keep_spec(keep->spec, &spec);
	latency.count = now->done;
	latency.p50 = now->p50_s;
	latency.p99 = now->p99_s;
	latency.max = now->max_s;
	verdict.state = KEEP_INVALID;
	verdict.reasons = &reason;
	verdict.n_reasons = 1;
	result.run = run;
	result.url = (char *)keep->spec->url;
	result.name = (char *)loadtest_preset_names[now->preset];
	result.started_unix_ns = keep->started_unix_ns;
	result.duration_seconds = keep->duration_s;
	result.requests = now->done;
	result.sent = now->sent;
	result.errors = now->errors;
	result.rate = now->rate;
	result.latency = &latency;
	result.spec = &spec;
	result.verdict = &verdict;
	result.partial = true;
	result.partial_reason = reason;
	keep->err = load_results_add(&results, &result);
	(void)snprintf(keep->message, sizeof(keep->message), "%.*s",
	    (int)sizeof(keep->message) - 1, results.message);
}

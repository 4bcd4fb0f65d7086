#include "load/run.h"

#include <errno.h>
#include <stdlib.h>

#include "load/result.h"
#include "load/target.h"
#include "load/verdict.h"

static bool run_second(void *arg, unsigned index,
    const struct load_second *second)
{
	struct load_run *run = arg;

	(void)index; /* they come in order */
	if (run->followed)
		load_server_second(run->server);
	if (!load_progress_add(&run->progress, second)) {
		run->ended = "more than half of the requests failed for 3 s";
		return false;
	}
	if (run->second && !run->second(run->arg, &run->progress)) {
		run->ended = "its caller stopped it";
		return false;
	}
	return true;
}

int load_run(struct load_run *run, struct engine_result *measured)
{
	struct engine_hooks hooks = { .second = run_second, .arg = run,
	    .stop = run->stop, .rate = run->rate };
	int err;

	_Static_assert(LOAD_PROGRESS_BAD_MAX == 3, "the sentence says 3 s");
	load_progress_init(&run->progress, run->plan);
	if (run->parts) {
		run->progress.part = run->part;
		run->progress.parts = run->parts;
	}
	run->ended = NULL;
	/* Else it is a test without the server's part. */
	run->followed = run->server && load_address_own(
	    (const struct sockaddr *)&run->plan->address) &&
	    load_server_begin(run->server, run->plan, &hooks.follow) == 0;
	load_host_read(&run->before);
	err = engine_run(run->plan, &hooks, measured);
	load_host_read(&run->after);
	if (run->followed)
		load_server_end(run->server, &measured->record);
	if (!err && measured->changed) {
		run->changed = *run->plan;
		run->changed.schedule = measured->schedule;
		run->plan = &run->changed;
	}
	if (err || !measured->stopped)
		run->ended = NULL;
	else if (!run->ended)
		run->ended = "interrupted";
	return err;
}

int load_run_result(const struct load_run *run,
    const struct engine_result *measured, struct arena *arena,
    Ringmaster__V1__LoadResult **ret)
{
	static const struct slo_list none = { .count = 0 };
	Ringmaster__V1__LoadResult *result;
	int err = load_result_make(run->plan, measured, arena, &result);

	if (err)
		return err;
	load_result_host(result, &run->before, &run->after);
	if (run->followed)
		err = load_server_result(run->server, measured->started_ns,
		    arena, &result->server);
	result->partial = run->ended != NULL;
	if (run->ended)
		result->partial_reason = (char *)run->ended;
	if (!err)
		err = load_verdict_make(result, load_address_own(
		    (const struct sockaddr *)&run->plan->address), arena);
	if (!err)
		err = slo_judge(result, run->slos ? run->slos : &none,
		    run->fail_ifs, arena);
	if (!err)
		*ret = result;
	return err;
}

int load_run_make(struct load_run *run, struct arena *arena,
    Ringmaster__V1__LoadResult **ret)
{
	/* Large for a stack. */
	struct engine_result *measured = calloc(1, sizeof(*measured));
	int err;

	if (!measured)
		return -ENOMEM;
	err = load_run(run, measured);
	if (!err)
		err = load_run_result(run, measured, arena, ret);
	if (!err && run->response)
		*run->response = measured->record.response;
	engine_result_free(measured);
	free(measured);
	return err;
}

#include "load/progress.h"

#include <math.h>

#include "base/clock.h"

void load_progress_init(struct load_progress *progress,
    const struct load_plan *plan)
{
	*progress = (struct load_progress){ .plan = plan, .parts = 1 };
}

static uint64_t progress_failed(const struct load_counts *counts)
{
	uint64_t errors = 0;

	for (unsigned i = 0; i < LOAD_ERROR_COUNT; i++)
		errors += counts->errors[i];
	return errors;
}

uint64_t load_progress_errors(const struct load_progress *progress)
{
	return progress_failed(&progress->total);
}

bool load_progress_add(struct load_progress *progress,
    const struct load_second *second)
{
	uint64_t errors = progress_failed(&second->counts);

	load_counts_add(&progress->total, &second->counts);
	hist_merge(&progress->response, &second->response);
	progress->rates[progress->seconds++ % LOAD_PROGRESS_RATES] =
	    (double)second->counts.completed;
	progress->last = *second;
	if (errors > second->counts.completed)
		progress->bad++;
	else if (second->counts.completed > 0)
		progress->bad = 0;
	return progress->bad < LOAD_PROGRESS_BAD_MAX;
}

/* Of this test alone. */
static double progress_own(const struct load_progress *progress,
    double elapsed_s)
{
	const struct load_plan *plan = progress->plan;
	double by_time = 0, by_count = 0, share;
	uint64_t over = progress->total.completed +
	    load_progress_errors(progress);

	if (plan->duration_ns)
		by_time = elapsed_s * (double)NS_PER_SEC /
		    (double)plan->duration_ns;
	if (plan->each)
		by_count = (double)over /
		    ((double)plan->each * plan->connections);
	share = by_time > by_count ? by_time : by_count;
	return share > 1 ? 1 : share;
}

double load_progress_share(const struct load_progress *progress,
    double elapsed_s)
{
	return (progress->part + progress_own(progress, elapsed_s)) /
	    progress->parts;
}

double load_progress_left(const struct load_progress *progress,
    double elapsed_s)
{
	double share = progress_own(progress, elapsed_s);

	return share > 0 ? elapsed_s / share *
	    (progress->parts - progress->part) - elapsed_s : NAN;
}

void load_progress_now(const struct load_progress *progress,
    Ringmaster__V1__LoadStatusNow *ret)
{
	const struct load_second *last = &progress->last;
	double elapsed_s = progress->seconds;

	ringmaster__v1__load_status_now__init(ret);
	ret->running = true;
	ret->progress = load_progress_share(progress, elapsed_s);
	ret->sent = progress->total.sent;
	ret->done = progress->total.completed;
	ret->errors = load_progress_errors(progress);
	ret->rate = (double)last->counts.completed;
	ret->p50 = (double)hist_quantile_ns(&last->response, 0.5) * 1e-9;
	ret->p99 = (double)hist_quantile_ns(&last->response, 0.99) * 1e-9;
	ret->max = (double)last->response.max_ns * 1e-9;
	ret->eta_seconds = load_progress_left(progress, elapsed_s);
	ret->connections = last->connections;
}

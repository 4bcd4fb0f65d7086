/* How a test is doing, as ringload tells it. */

#include "dashboard/loadtest.h"

#include <math.h>
#include <stdio.h>

enum { LOADTEST_NOW_ARENA_MAX = 16 << 10 };

/* A number that is not negative; `unknown` if it is missing or null. */
static double loadtest_real(const struct fields *fields, struct slice name,
    double unknown)
{
	double value;

	return fields_number(fields, name, &value) && value >= 0 &&
	    isfinite(value) ? value : unknown;
}

static uint64_t loadtest_count(const struct fields *fields, struct slice name)
{
	double value = loadtest_real(fields, name, 0);

	return value < 9e18 ? (uint64_t)value : 0;
}

/* An id, for answers and links; anything else is left out. */
static void loadtest_run_copy(struct slice run, struct loadtest_now *now)
{
	if (!run.len || run.len >= sizeof(now->run))
		return;
	for (size_t i = 0; i < run.len; i++)
		if (run.data[i] <= ' ' || run.data[i] > '~')
			return;
	memcpy(now->run, run.data, run.len);
	now->run[run.len] = '\0';
}

static void loadtest_now_fill(const struct fields *fields,
    struct loadtest_now *now)
{
	struct slice text;

	now->progress = loadtest_real(fields, SLICE("progress"), 0);
	now->progress = now->progress < 1 ? now->progress : 1;
	now->sent = loadtest_count(fields, SLICE("sent"));
	now->done = loadtest_count(fields, SLICE("done"));
	now->errors = loadtest_count(fields, SLICE("errors"));
	now->connections = loadtest_count(fields, SLICE("connections"));
	now->rate = loadtest_real(fields, SLICE("rate"), 0);
	now->p50_s = loadtest_real(fields, SLICE("p50"), (double)NAN);
	now->p99_s = loadtest_real(fields, SLICE("p99"), (double)NAN);
	now->max_s = loadtest_real(fields, SLICE("max"), (double)NAN);
	now->eta_s = loadtest_real(fields, SLICE("eta_seconds"), (double)NAN);
	if (fields_text(fields, SLICE("run"), &text))
		loadtest_run_copy(text, now);
	/* Why we ended it is known better here. */
	if (!now->error[0] && fields_text(fields, SLICE("error"), &text))
		(void)snprintf(now->error, sizeof(now->error), "%.*s",
		    SLICE_ARG(text));
}

bool loadtest_now_read(struct slice line, struct loadtest_now *now)
{
	struct fields fields;
	struct arena arena;
	double progress;
	bool ok;

	arena_init(&arena, NULL, 0, LOADTEST_NOW_ARENA_MAX);
	ok = !fields_parse_json(&arena, line, &fields) &&
	    fields_number(&fields, SLICE("progress"), &progress);
	if (ok)
		loadtest_now_fill(&fields, now);
	arena_fini(&arena);
	return ok;
}

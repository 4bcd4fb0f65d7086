#include "load/ab.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "load/latency.h"

/* One side: all of its rounds. */
struct ab_side {
	struct engine_result sum;
	struct load_samples samples;
	const char *ended;		/* the newest round, early */
	struct load_host before, after;	/* from the first to the last */
};

struct ab_state {
	const struct load_ab *ab;
	struct arena *arena;
	struct ab_side sides[2];
	unsigned tests;			/* begun */
};

/* Add a round, without its warm-up, to the sum, whose time is that of the
 * rounds without what was between them. */
static void ab_add(struct engine_result *sum, const struct load_plan *plan,
    const struct engine_result *round, double duration_s)
{
	unsigned skip = (unsigned)((plan->warmup_ns + NS_PER_SEC - 1) /
	    NS_PER_SEC);
	uint64_t time_ns = (uint64_t)(duration_s * (double)NS_PER_SEC);

	if (sum->started_ns == 0) {
		sum->started_ns = round->started_ns;
		sum->started_real_ns = round->started_real_ns;
	}
	if (time_ns > plan->warmup_ns)
		sum->elapsed_ns += time_ns - plan->warmup_ns;
	load_record_add(&sum->record, &round->record);
	sum->record.last_ns = 0;
	sum->health.cpu_ns += round->health.cpu_ns;
	sum->health.awake_ns += round->health.awake_ns;
	sum->health.cq_overflows += round->health.cq_overflows;
	sum->health.involuntary += round->health.involuntary;
	if (round->health.cpu_max > sum->health.cpu_max)
		sum->health.cpu_max = round->health.cpu_max;
	if (round->health.stalled_ns > sum->health.stalled_ns)
		sum->health.stalled_ns = round->health.stalled_ns;
	for (unsigned i = skip; i < round->second_count &&
	    sum->second_count < LOAD_SECONDS_MAX; i++)
		sum->seconds[sum->second_count++] = round->seconds[i];
}

static void ab_keep(struct ab_side *side, const struct load_run *run,
    const Ringmaster__V1__LoadResult *result)
{
	if (side->after.total == 0)
		side->before = run->before;
	side->after = run->after;
	side->ended = run->ended;
	/* Of a part of a round there is no sample. */
	if (!run->ended)
		load_samples_add(&side->samples, result->rate,
		    latency_quantile(result->latency, 0.5),
		    latency_quantile(result->latency, 0.99));
}

/* One test. */
static int ab_test(struct ab_state *state, unsigned round, unsigned i)
{
	const struct load_ab *ab = state->ab;
	struct load_run run = { .plan = ab->plans[i], .second = ab->second,
	    .arg = ab->arg, .stop = ab->stop, .part = state->tests++,
	    .parts = 2 * ab->rounds };
	struct engine_result *measured = calloc(1, sizeof(*measured));
	struct load_ab_step step = { .round = round, .side = i };
	Ringmaster__V1__LoadResult *result;
	int err;

	if (!measured)
		return -ENOMEM;
	load_samples_ratios(&state->sides[0].samples,
	    &state->sides[1].samples, step.ratios);
	ab->begins(ab->arg, &step);
	err = load_run(&run, measured);
	if (!err)
		err = load_run_result(&run, measured, state->arena, &result);
	if (!err) {
		ab_keep(&state->sides[i], &run, result);
		ab_add(&state->sides[i].sum, ab->plans[i], measured,
		    result->duration_seconds);
		ab->told(ab->arg, &step, result);
	}
	engine_result_free(measured);
	free(measured);
	return err;
}

/* A round: A B, or B A. True if it is complete. */
static int ab_round(struct ab_state *state, unsigned round, bool *complete)
{
	unsigned first = round % 2;
	int err = ab_test(state, round, first);

	*complete = false;
	if (err || state->sides[first].ended)
		return err;
	err = ab_test(state, round, !first);
	*complete = !err && !state->sides[!first].ended;
	return err;
}

static int ab_result(const struct ab_state *state, unsigned i,
    Ringmaster__V1__LoadResult **ret)
{
	const struct ab_side *side = &state->sides[i];
	/* Warm-ups are left out already. */
	struct load_plan plan = *state->ab->plans[i];
	const struct load_run run = { .plan = &plan, .ended = side->ended,
	    .before = side->before, .after = side->after };

	plan.warmup_ns = 0;
	if (plan.duration_ns)
		plan.duration_ns = side->sum.elapsed_ns;
	return load_run_result(&run, &side->sum, state->arena, ret);
}

static int ab_run(struct ab_state *state,
    Ringmaster__V1__LoadComparison **ret)
{
	struct load_comparison_sides sides = { .by_turns = true,
	    .samples = { &state->sides[0].samples, &state->sides[1].samples } };
	unsigned rounds = 0;
	bool complete = true;
	int err = 0;

	for (; !err && complete && rounds < state->ab->rounds; rounds++)
		err = ab_round(state, rounds, &complete);
	if (err)
		return err;
	if (!complete)
		rounds--;
	if (rounds == 0)
		return -EINTR;
	/* Of a round that was not finished one side may be there. */
	state->sides[0].samples.count = rounds;
	state->sides[1].samples.count = rounds;
	err = ab_result(state, 0, &sides.results[0]);
	if (!err)
		err = ab_result(state, 1, &sides.results[1]);
	if (!err)
		err = load_compare_samples(&sides, state->arena, ret);
	if (!err)
		(*ret)->rounds = rounds;
	return err;
}

int load_ab_run(const struct load_ab *ab, struct arena *arena,
    Ringmaster__V1__LoadComparison **ret)
{
	struct ab_state *state = calloc(1, sizeof(*state));
	int err = -ENOMEM;

	if (!state)
		return err;
	state->ab = ab;
	state->arena = arena;
	for (unsigned i = 0; i < 2; i++)
		state->sides[i].sum.seconds = calloc(LOAD_SECONDS_MAX,
		    sizeof(struct load_second));
	if (state->sides[0].sum.seconds && state->sides[1].sum.seconds)
		err = ab_run(state, ret);
	for (unsigned i = 0; i < 2; i++)
		engine_result_free(&state->sides[i].sum);
	free(state);
	return err;
}

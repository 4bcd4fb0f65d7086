#include "load/find_max.h"

#include <errno.h>

#include "base/clock.h"

/* Closer than this, the next step would measure noise. */
#define FIND_CLOSE 1.05
/* Requests of a test that may be late, however few there are. */
#define FIND_LATE 2
/* A lower rate is not looked for. */
#define FIND_RATE_MIN 1.0

struct search {
	const struct load_find_max *find;
	struct arena *arena;
	struct load_find_max_step step;	/* the newest */
	struct load_plan plan;		/* of it */
	Ringmaster__V1__LoadResult *result;	/* of it */
	bool confirms;
	double good, bad;		/* highest rate that passed, lowest that
					 * did not; 0: none yet */
};

static void search_plan(struct search *search, double rate, double seconds)
{
	struct load_plan *plan = &search->plan;

	*plan = *search->find->plan;
	plan->open = true;
	plan->replay = NULL;
	plan->each = 0;
	plan->duration_ns = (uint64_t)(seconds * 1e9);
	plan->warmup_ns = plan->duration_ns / 10;
	plan->schedule.count = 2;
	plan->schedule.points[0] = (struct schedule_point){ 0, rate };
	plan->schedule.points[1] = (struct schedule_point){
	    plan->duration_ns, rate };
}

/* Why the newest test did not pass; NULL if it did. */
static const char *search_why(const struct search *search, double rate)
{
	const Ringmaster__V1__LoadResult *result = search->result;
	double measured_s = result->duration_seconds -
	    result->spec->warmup_seconds;

	if (result->verdict && result->verdict->state ==
	    RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_INVALID)
		return result->verdict->n_reasons ? result->verdict->reasons[0]
						  : "its verdict is invalid";
	for (size_t i = 0; i < result->n_slos; i++)
		if (!result->slos[i]->passed)
			return arena_printf(search->arena, "not %s",
			    result->slos[i]->text).data;
	if (result->partial)
		return result->partial_reason;
	return (rate * LOAD_FIND_MAX_KEPT - result->rate) * measured_s >
	    FIND_LATE ? "the rate was not kept" : NULL;
}

/* Test at a rate. 0 with search->step, or -errno. */
static int search_test(struct search *search, double rate, double seconds)
{
	const struct load_find_max *find = search->find;
	struct load_run run = { .plan = &search->plan, .second = find->second,
	    .arg = find->arg, .stop = find->stop, .slos = find->slos,
	    .fail_ifs = find->fail_ifs, .server = find->server,
	    .response = find->response };
	const char *why;
	int err;

	search_plan(search, rate, seconds);
	search->step = (struct load_find_max_step){
	    .number = search->step.number + 1, .rate = rate,
	    .confirms = search->confirms, .good = search->good,
	    .bad = search->bad, .plan = &search->plan };
	find->begins(find->arg, &search->step);
	err = load_run_make(&run, search->arena, &search->result);
	if (err)
		return err;
	why = search_why(search, rate);
	search->result->passed = !why;
	search->step.passed = !why;
	search->step.why = why;
	search->step.result = search->result;
	if (!why && rate > search->good)
		search->good = rate;
	if (why && (search->bad == 0 || rate < search->bad))
		search->bad = rate;
	find->told(find->arg, &search->step);
	return 0;
}

/* Is there no sense in another step? One that was ended, or of which nothing
 * was answered, which at a lower rate is no better. */
static bool search_stopped(const struct search *search)
{
	return engine_stop_asked(search->find->stop) ||
	    (search->result && search->result->requests == 0);
}

/* Double, or halve, until one rate passed and one did not. */
static int search_bounds(struct search *search)
{
	double rate = search->find->first_rate;
	int err = 0;

	while (!err && !search_stopped(search)) {
		err = search_test(search, rate, search->find->step_s);
		if (search->good > 0 && search->bad > 0)
			break;
		if (search->good >= LOAD_RATE_MAX ||
		    (search->bad > 0 && search->bad <= FIND_RATE_MIN))
			break;
		rate = search->good > 0 ? rate * 2 : rate / 2;
		if (rate > LOAD_RATE_MAX)
			rate = LOAD_RATE_MAX;
		if (rate < FIND_RATE_MIN)
			rate = FIND_RATE_MIN;
	}
	return err;
}

static int search_between(struct search *search)
{
	int err = 0;

	for (unsigned i = 0; i < LOAD_FIND_MAX_BISECTIONS && !err; i++) {
		if (search_stopped(search) || search->good == 0 ||
		    search->bad == 0 ||
		    search->bad / search->good <= FIND_CLOSE)
			break;
		err = search_test(search, (search->good + search->bad) / 2,
		    search->find->step_s);
	}
	return err;
}

static int search_confirm(struct search *search)
{
	double rate = search->good;
	int err = 0;

	search->confirms = true;
	for (unsigned i = 0; i < LOAD_FIND_MAX_CONFIRMS && !err; i++) {
		if (search_stopped(search) || rate < FIND_RATE_MIN)
			break;
		err = search_test(search, rate, search->find->confirm_s);
		if (search->step.passed)
			break;
		rate *= 0.9;
	}
	return err;
}

int load_find_max(const struct load_find_max *find, struct arena *arena,
    Ringmaster__V1__LoadResult **ret)
{
	struct search search = { .find = find, .arena = arena };
	int err = search_bounds(&search);

	if (!err)
		err = search_between(&search);
	if (!err)
		err = search_confirm(&search);
	if (err)
		return err;
	if (!search.result)
		return -EINTR;
	if (engine_stop_asked(find->stop) && !search.result->partial) {
		search.result->partial = true;
		search.result->partial_reason = (char *)"interrupted";
	}
	*ret = search.result;
	return 0;
}

/*
 * Whether a run can be believed; see verdict.h.
 */

#include "load/verdict.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/words.h"
#include "load/latency.h"
#include "load/record.h"
#include "load/stats.h"

enum { VERDICT_SENTENCES_MAX = 16, VERDICT_SECONDS_MIN = 8 };

#define VALID \
	RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_VALID
#define SUSPECT \
	RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_SUSPECT
#define INVALID \
	RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_INVALID

struct verdict {
	const Ringmaster__V1__LoadResult *result;
	Ringmaster__V1__LoadVerdict *model;
	struct arena *arena;
	bool failed;			/* no memory */
};

/* ---- sentences ---- */

static char *verdict_text(struct verdict *verdict, const char *format,
    va_list args) __attribute__((format(printf, 2, 0)));

static char *verdict_text(struct verdict *verdict, const char *format,
    va_list args)
{
	struct slice text = arena_vprintf(verdict->arena, format, args);

	verdict->failed |= !text.data;
	return (char *)(uintptr_t)text.data;
}

/* A reason. The worst state of all is the run's. */
__attribute__((format(printf, 3, 4)))
static void verdict_reason(struct verdict *verdict,
    Ringmaster__V1__LoadVerdictState state, const char *format, ...)
{
	Ringmaster__V1__LoadVerdict *model = verdict->model;
	va_list args;

	va_start(args, format);
	model->reasons[model->n_reasons++] = verdict_text(verdict, format,
	    args);
	va_end(args);
	if (state > model->state)
		model->state = state;
}

__attribute__((format(printf, 2, 3)))
static void verdict_hint(struct verdict *verdict, const char *format, ...)
{
	Ringmaster__V1__LoadVerdict *model = verdict->model;
	va_list args;

	va_start(args, format);
	model->hints[model->n_hints++] = verdict_text(verdict, format, args);
	va_end(args);
}

/* ---- reasons ---- */

static void verdict_completed(struct verdict *verdict)
{
	const Ringmaster__V1__LoadResult *result = verdict->result;

	if (result->requests == 0)
		verdict_reason(verdict, INVALID, "no request was completed");
	else if (result->latency->count == 0)
		verdict_reason(verdict, INVALID,
		    "no request was completed after the warm-up");
}

static bool verdict_busy(const Ringmaster__V1__LoadResult *result)
{
	return result->health->cpu_max > VERDICT_CPU_MAX &&
	    result->duration_seconds >= VERDICT_CPU_AFTER_S;
}

static uint64_t verdict_backlog(const Ringmaster__V1__LoadResult *result)
{
	uint64_t most = result->unsent;

	for (size_t i = 0; i < result->n_seconds; i++)
		if (result->seconds[i]->backlog > most)
			most = result->seconds[i]->backlog;
	return most;
}

/* Did the open model send what it was meant to? Of random arrivals there are
 * more or less by the square root of their number; of others, by one. A run
 * that was ended early has no say. */
static bool verdict_reached(const Ringmaster__V1__LoadResult *result)
{
	double meant = result->spec->rate * result->duration_seconds;
	double done = (double)(result->requests + result->errors);
	double chance = strcmp(result->spec->arrivals, "poisson") == 0
	    ? 4 * sqrt(meant) : 1;

	if (strcmp(result->spec->model, "open") != 0 || result->partial)
		return true;
	return done >= meant * VERDICT_REACHED_MIN - chance;
}

static void verdict_rate(struct verdict *verdict)
{
	const Ringmaster__V1__LoadResult *result = verdict->result;
	char meant[WORDS_MAX], achieved[WORDS_MAX], queue[WORDS_MAX];
	uint64_t backlog = verdict_backlog(result);

	if (verdict_reached(result))
		return;
	words_number(meant, result->spec->rate);
	words_number(achieved, result->rate);
	words_count(queue, backlog);
	if (backlog > 0)
		verdict_reason(verdict, verdict_busy(result) ? INVALID
							     : SUSPECT,
		    "target %s/s, achieved %s/s: the queue grew to %s "
		    "requests, response time includes waiting", meant,
		    achieved, queue);
	else
		verdict_reason(verdict, verdict_busy(result) ? INVALID
							     : SUSPECT,
		    "target %s/s, achieved %s/s", meant, achieved);
}

/* Requests were sent late though the rate was reached. If some waited at the
 * end of a second, and others were with the server for as long, it was the
 * server that stalled; else one cannot tell. */
static void verdict_slip(struct verdict *verdict)
{
	const Ringmaster__V1__LoadResult *result = verdict->result;
	double slip = result->slip ? latency_quantile(result->slip, 0.99) : 0;
	double waiting = (double)verdict_backlog(result);
	char words[WORDS_MAX];

	if (!(slip > VERDICT_SLIP_MAX_S) || !verdict_reached(result))
		return;
	words_time(words, slip);
	if (waiting > 1 && waiting > result->spec->rate * VERDICT_WAITED_S &&
	    result->service->max >= slip)
		verdict_hint(verdict, "requests waited for a free connection, "
		    "p99 %s: response time includes it", words);
	else
		verdict_reason(verdict, SUSPECT, "requests were sent late, "
		    "p99 %s: the generator had no time, or too few "
		    "connections", words);
}

static void verdict_generator(struct verdict *verdict)
{
	const Ringmaster__V1__LoadResult *result = verdict->result;
	const Ringmaster__V1__LoadHealth *health = result->health;
	double switches = result->duration_seconds >= VERDICT_CPU_AFTER_S
	    ? (double)health->involuntary_switches / result->duration_seconds
	    : 0;
	char words[WORDS_MAX];

	if (verdict_busy(result))
		verdict_reason(verdict, SUSPECT, "the generator used %s of a "
		    "core: it may be itself what was measured",
		    words_share(words, health->cpu_max));
	if (health->cq_overflows)
		verdict_reason(verdict, SUSPECT, "the generator's completion "
		    "queue was full %s times", words_count(words,
			health->cq_overflows));
	if (switches > VERDICT_SWITCHES_MAX)
		verdict_reason(verdict, SUSPECT, "the generator lost its "
		    "processor %s times a second", words_number(words,
			switches));
	if (health->stalled_seconds > VERDICT_STALLED_MAX_S)
		verdict_reason(verdict, SUSPECT, "the generator stood still "
		    "for %s: the slowest times may be its own",
		    words_time(words, health->stalled_seconds));
	if (health->steal > VERDICT_STEAL_MAX &&
	    result->duration_seconds >= VERDICT_CPU_AFTER_S)
		verdict_reason(verdict, SUSPECT, "the hypervisor took %s of "
		    "the time", words_share(words, health->steal));
}

static void verdict_shortage(struct verdict *verdict, enum load_error error)
{
	const Ringmaster__V1__LoadResult *result = verdict->result;
	double all = (double)(result->requests + result->errors);
	char words[WORDS_MAX];

	for (size_t i = 0; i < result->n_causes; i++) {
		const Ringmaster__V1__LoadError *cause = result->causes[i];

		if (strcmp(cause->cause, load_error_names[error]) != 0)
			continue;
		verdict_reason(verdict, (double)cause->count >
		    all * VERDICT_SHORTAGE_MAX ? INVALID : SUSPECT,
		    "the generator was %s %s times", load_error_texts[error],
		    words_count(words, cause->count));
	}
}

/* ---- hints ---- */

static void verdict_samples(struct verdict *verdict)
{
	uint64_t count = verdict->result->latency->count;
	const char *lowest = latency_unsupported(count);
	char needs[WORDS_MAX], most[WORDS_MAX], have[WORDS_MAX];
	double q;

	if (!lowest || count == 0)
		return;
	q = strtod(lowest + 1, NULL) / 100;
	words_count(needs, latency_needs(q));
	words_count(most, latency_needs(0.9999));
	words_count(have, count);
	if (strcmp(lowest, "p99.99") == 0)
		verdict_hint(verdict, "%s needs %s samples, you have %s",
		    lowest, needs, have);
	else
		verdict_hint(verdict, "%s needs %s samples, p99.99 %s: you "
		    "have %s", lowest, needs, most, have);
}

/* What the seconds tell of a warm-up: requests in the closed model, in the
 * open one, where these are given, the median. */
static double verdict_figure(const Ringmaster__V1__LoadResult *result,
    size_t i)
{
	return result->slip ? result->seconds[i]->p50
			    : (double)result->seconds[i]->requests;
}

static double verdict_mean(struct stats_series series)
{
	double sum = 0;

	for (unsigned i = 0; i < series.count; i++)
		sum += series.values[i];
	return series.count ? sum / series.count : 0;
}

static void verdict_warmup(struct verdict *verdict)
{
	const Ringmaster__V1__LoadResult *result = verdict->result;
	unsigned count = (unsigned)result->duration_seconds, found;
	double *values, first, rest;

	if (count > result->n_seconds)
		count = (unsigned)result->n_seconds;
	if (count < VERDICT_SECONDS_MIN || count > STATS_SAMPLES_MAX)
		return;
	values = arena_calloc(verdict->arena, count, sizeof(*values));
	verdict->failed |= !values;
	if (!values)
		return;
	for (unsigned i = 0; i < count; i++)
		values[i] = verdict_figure(result, i);
	found = stats_warmup((struct stats_series){ values, count });
	first = verdict_mean((struct stats_series){ values, found });
	rest = verdict_mean((struct stats_series){ values + found,
	    count - found });
	if (found > result->spec->warmup_seconds && rest > 0 &&
	    fabs(first / rest - 1) > VERDICT_WARMUP_MIN)
		verdict_hint(verdict, "the first %u s look like a warm-up "
		    "(MSER-5), %g s were left out", found,
		    result->spec->warmup_seconds);
}

static void verdict_hints(struct verdict *verdict, bool local)
{
	const Ringmaster__V1__LoadResult *result = verdict->result;
	char words[WORDS_MAX];

	if (result->server && !result->server->agrees)
		verdict_hint(verdict, "%s", result->server->disagreement);
	if (result->unfinished)
		verdict_hint(verdict, "%s requests had no answer when the "
		    "test was over", words_count(words, result->unfinished));
	if (result->retried)
		verdict_hint(verdict, "%s requests were sent again: the "
		    "server had closed connections that it had kept",
		    words_count(words, result->retried));
	verdict_samples(verdict);
	if (local && result->health->busy > VERDICT_BUSY_MAX &&
	    result->duration_seconds >= VERDICT_CPU_AFTER_S)
		verdict_hint(verdict, "server and generator share %u "
		    "processors, which were %s busy", result->place->cpus,
		    words_share(words, result->health->busy));
	verdict_warmup(verdict);
}

/* ---- all ---- */

int load_verdict_make(Ringmaster__V1__LoadResult *result, bool local,
    struct arena *arena)
{
	struct verdict verdict = { .result = result, .arena = arena,
		.model = arena_alloc(arena, sizeof(*verdict.model)) };

	if (!verdict.model)
		return -ENOMEM;
	ringmaster__v1__load_verdict__init(verdict.model);
	verdict.model->state = VALID;
	verdict.model->reasons = arena_calloc(arena, VERDICT_SENTENCES_MAX,
	    sizeof(char *));
	verdict.model->hints = arena_calloc(arena, VERDICT_SENTENCES_MAX,
	    sizeof(char *));
	if (!verdict.model->reasons || !verdict.model->hints)
		return -ENOMEM;
	verdict_completed(&verdict);
	verdict_shortage(&verdict, LOAD_ERROR_PORTS);
	verdict_shortage(&verdict, LOAD_ERROR_DESCRIPTORS);
	verdict_rate(&verdict);
	verdict_slip(&verdict);
	verdict_generator(&verdict);
	verdict_hints(&verdict, local);
	if (verdict.failed)
		return -ENOMEM;
	result->verdict = verdict.model;
	return 0;
}

const char *load_verdict_name(const Ringmaster__V1__LoadVerdict *verdict)
{
	switch (verdict ? verdict->state : 0) {
	case VALID:
		return "valid";
	case SUSPECT:
		return "suspect";
	case INVALID:
		return "invalid";
	default:
		return "unknown";
	}
}

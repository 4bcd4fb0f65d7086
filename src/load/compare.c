#include "load/compare.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define VERDICT(state)                                                     \
	RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_##state

/* What is compared; in the order of load_samples_add(). */
static const struct compare_figure {
	const char *name;
	const char *at;		/* in a sentence */
	bool more;		/* more of it is better */
} compare_figures[LOAD_COMPARE_FIGURES] = {
	{ "rate", "in requests a second", true },
	{ "p50", "at p50", false },
	{ "p99", "at p99", false },
};

enum { COMPARE_WARNINGS_MAX = 20 };

void load_samples_add(struct load_samples *samples, double rate, double p50,
    double p99)
{
	if (samples->count == STATS_SAMPLES_MAX)
		return;
	samples->values[0][samples->count] = rate;
	samples->values[1][samples->count] = isnan(p50) ? INFINITY : p50;
	samples->values[2][samples->count++] = isnan(p99) ? INFINITY : p99;
}

static int compare_printf(struct arena *arena, char **ret,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static int compare_printf(struct arena *arena, char **ret,
    const char *format, ...)
{
	struct slice text;
	va_list args;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	if (!text.data)
		return -ENOMEM;
	*ret = (char *)text.data;
	return 0;
}

/* ---- words ---- */

/* A ratio of B to A as the change it is, in percent of better. */
static double compare_better(const struct compare_figure *figure, double ratio)
{
	return (figure->more ? ratio - 1 : 1 - ratio) * 100;
}

static int compare_words(Ringmaster__V1__LoadDifference *difference,
    const struct compare_figure *figure, struct arena *arena)
{
	double better = compare_better(figure, difference->ratio);
	double low = compare_better(figure, difference->low);
	double high = compare_better(figure, difference->high);

	if (!difference->shown)
		return compare_printf(arena, &difference->words,
		    "no difference shown %s (%+.1f to %+.1f %%)", figure->at,
		    (difference->low - 1) * 100,
		    (difference->high - 1) * 100);
	if (better < 0) {
		low = -low;
		high = -high;
	}
	return compare_printf(arena, &difference->words, "B is %.1f %% %s %s "
	    "(95 %% interval %.1f to %.1f)", fabs(better), better > 0
	    ? "faster" : "slower", figure->at, fmin(low, high),
	    fmax(low, high));
}

/* ---- differences ---- */

static double compare_median(const double *values, unsigned count)
{
	double sorted[STATS_SAMPLES_MAX];

	memcpy(sorted, values, count * sizeof(*values));
	return stats_median(sorted, count);
}

void load_samples_ratios(const struct load_samples *a,
    const struct load_samples *b, double ratios[LOAD_COMPARE_FIGURES])
{
	unsigned count = a->count < b->count ? a->count : b->count;

	for (unsigned i = 0; i < LOAD_COMPARE_FIGURES; i++)
		ratios[i] = count ? compare_median(b->values[i], count) /
		    compare_median(a->values[i], count) : NAN;
}

static int compare_one(unsigned i, const struct load_comparison_sides *sides,
    struct arena *arena, Ringmaster__V1__LoadDifference **ret)
{
	const struct compare_figure *figure = &compare_figures[i];
	const struct load_samples *a = sides->samples[0];
	const struct load_samples *b = sides->samples[1];
	Ringmaster__V1__LoadDifference *difference =
	    arena_calloc(arena, 1, sizeof(*difference));
	struct stats_ratio ratio;
	int err;

	if (!difference)
		return -ENOMEM;
	ringmaster__v1__load_difference__init(difference);
	difference->figure = (char *)figure->name;
	difference->a = compare_median(a->values[i], a->count);
	difference->b = compare_median(b->values[i], b->count);
	*ret = difference;
	err = stats_ratio_of_medians(
	    (struct stats_series){ a->values[i], a->count },
	    (struct stats_series){ b->values[i], b->count }, sides->by_turns,
	    &ratio);
	if (err == -ENOMEM)
		return err;
	if (err || !isfinite(ratio.ratio)) {
		/* Nothing was answered on one side, say. */
		difference->ratio = difference->low = difference->high = NAN;
		return compare_printf(arena, &difference->words,
		    "nothing to compare %s", figure->at);
	}
	difference->ratio = ratio.ratio;
	difference->low = ratio.low;
	difference->high = ratio.high;
	difference->shown = ratio.low > 1 || ratio.high < 1;
	return compare_words(difference, figure, arena);
}

static int compare_differences(Ringmaster__V1__LoadComparison *comparison,
    const struct load_comparison_sides *sides, struct arena *arena)
{
	int err = 0;

	comparison->differences = arena_calloc(arena, LOAD_COMPARE_FIGURES,
	    sizeof(*comparison->differences));
	if (!comparison->differences)
		return -ENOMEM;
	for (unsigned i = 0; i < LOAD_COMPARE_FIGURES && !err; i++)
		err = compare_one(i, sides, arena,
		    &comparison->differences[i]);
	if (!err)
		comparison->n_differences = LOAD_COMPARE_FIGURES;
	return err;
}

/* ---- warnings ---- */

/* Room for one more; a comparison with so many is none. */
static char **compare_room(Ringmaster__V1__LoadComparison *comparison,
    struct arena *arena)
{
	if (!comparison->warnings)
		comparison->warnings = arena_calloc(arena,
		    COMPARE_WARNINGS_MAX, sizeof(*comparison->warnings));
	if (!comparison->warnings ||
	    comparison->n_warnings == COMPARE_WARNINGS_MAX)
		return NULL;
	return &comparison->warnings[comparison->n_warnings++];
}

static int compare_warn(Ringmaster__V1__LoadComparison *comparison,
    struct arena *arena, const char *what, const char *a, const char *b)
{
	char **warning;

	if (strcmp(a, b) == 0)
		return 0;
	warning = compare_room(comparison, arena);
	if (!warning)
		return -ENOMEM;
	*warning = (char *)"";
	return compare_printf(arena, warning, "%s differs: %s and %s", what,
	    *a ? a : "none", *b ? b : "none");
}

static int compare_warn_number(Ringmaster__V1__LoadComparison *comparison,
    struct arena *arena, const char *what, double a, double b)
{
	char text_a[32], text_b[32];

	(void)snprintf(text_a, sizeof(text_a), "%.12g", a);
	(void)snprintf(text_b, sizeof(text_b), "%.12g", b);
	return compare_warn(comparison, arena, what, text_a, text_b);
}

/* Both were told to do the same? */
static int compare_specs(Ringmaster__V1__LoadComparison *comparison,
    struct arena *arena)
{
	const Ringmaster__V1__LoadSpec *a = comparison->a->spec;
	const Ringmaster__V1__LoadSpec *b = comparison->b->spec;
	int err = 0;

	if (!a || !b)
		return 0;
	err |= compare_warn(comparison, arena, "the model", a->model,
	    b->model);
	err |= compare_warn(comparison, arena, "the kind of arrivals",
	    a->arrivals, b->arrivals);
	err |= compare_warn_number(comparison, arena,
	    "the number of connections", a->connections, b->connections);
	err |= compare_warn_number(comparison, arena, "the rate", a->rate,
	    b->rate);
	err |= compare_warn_number(comparison, arena, "the duration",
	    a->duration_seconds, b->duration_seconds);
	err |= compare_warn_number(comparison, arena,
	    "the number of requests a connection", (double)a->requests_each,
	    (double)b->requests_each);
	err |= compare_warn_number(comparison, arena, "pipelining",
	    a->pipeline, b->pipeline);
	err |= compare_warn(comparison, arena, "keepalive",
	    a->keepalive ? "on" : "off", b->keepalive ? "on" : "off");
	err |= compare_warn_number(comparison, arena,
	    "the number of different requests", a->request_count,
	    b->request_count);
	err |= compare_warn(comparison, arena, "keeping cookies",
	    a->cookies ? "on" : "off", b->cookies ? "on" : "off");
	err |= compare_warn_number(comparison, arena, "the time to think",
	    a->think_min_seconds + a->think_max_seconds,
	    b->think_min_seconds + b->think_max_seconds);
	return err ? -ENOMEM : 0;
}

/* The same place, and server? */
static int compare_places(Ringmaster__V1__LoadComparison *comparison,
    struct arena *arena)
{
	const Ringmaster__V1__LoadResult *a = comparison->a;
	const Ringmaster__V1__LoadResult *b = comparison->b;
	int err = 0;

	err |= compare_warn(comparison, arena, "the URL", a->url, b->url);
	if (a->place && b->place) {
		err |= compare_warn(comparison, arena, "the host",
		    a->place->host, b->place->host);
		err |= compare_warn(comparison, arena, "the kernel",
		    a->place->kernel, b->place->kernel);
		err |= compare_warn(comparison, arena,
		    "the version of ringload", a->place->version,
		    b->place->version);
	}
	if (a->server && b->server)
		err |= compare_warn(comparison, arena,
		    "the version of the server", a->server->version,
		    b->server->version);
	return err ? -ENOMEM : 0;
}

/* A result that is not what it seems. */
static int compare_doubt(Ringmaster__V1__LoadComparison *comparison,
    struct arena *arena, const char *name,
    const Ringmaster__V1__LoadResult *result)
{
	const Ringmaster__V1__LoadVerdict *verdict = result->verdict;
	const char *what = NULL;
	char **warning;

	if (result->partial)
		what = "ended early";
	else if (verdict && verdict->state != VERDICT(VALID))
		what = verdict->n_reasons ? verdict->reasons[0]
					  : "its verdict is not valid";
	if (!what)
		return 0;
	warning = compare_room(comparison, arena);
	if (!warning)
		return -ENOMEM;
	*warning = (char *)"";
	return compare_printf(arena, warning, "%s: %s", name, what);
}

/* ---- all of it ---- */

int load_compare_samples(const struct load_comparison_sides *sides,
    struct arena *arena, Ringmaster__V1__LoadComparison **ret)
{
	Ringmaster__V1__LoadComparison *comparison =
	    arena_calloc(arena, 1, sizeof(*comparison));
	int err;

	if (!comparison)
		return -ENOMEM;
	ringmaster__v1__load_comparison__init(comparison);
	comparison->a = sides->results[0];
	comparison->b = sides->results[1];
	err = compare_specs(comparison, arena);
	if (!err && !sides->by_turns)
		err = compare_places(comparison, arena);
	if (!err)
		err = compare_doubt(comparison, arena, "A", comparison->a);
	if (!err)
		err = compare_doubt(comparison, arena, "B", comparison->b);
	if (!err)
		err = compare_differences(comparison, sides, arena);
	if (!err)
		*ret = comparison;
	return err;
}

/* Its whole seconds after the warm-up. */
static void compare_seconds(const Ringmaster__V1__LoadResult *result,
    struct load_samples *samples)
{
	for (size_t i = 0; i < result->n_seconds &&
	    samples->count < STATS_SAMPLES_MAX; i++) {
		const Ringmaster__V1__LoadSecond *second = result->seconds[i];

		if (second->warmup ||
		    second->second + 1 > result->duration_seconds)
			continue;
		load_samples_add(samples, (double)second->requests,
		    second->requests ? second->p50 : NAN,
		    second->requests ? second->p99 : NAN);
	}
}

int load_compare(Ringmaster__V1__LoadResult *a, Ringmaster__V1__LoadResult *b,
    struct arena *arena, Ringmaster__V1__LoadComparison **ret)
{
	struct load_samples *samples = calloc(2, sizeof(*samples));
	const struct load_comparison_sides sides = { .results = { a, b },
	    .samples = { &samples[0], &samples[1] } };
	char **warning;
	int err;

	if (!samples)
		return -ENOMEM;
	compare_seconds(a, &samples[0]);
	compare_seconds(b, &samples[1]);
	err = load_compare_samples(&sides, arena, ret);
	free(samples);
	if (err)
		return err;
	warning = compare_room(*ret, arena);
	if (!warning)
		return -ENOMEM;
	*warning = (char *)"seconds of a run depend on each other, so the "
	    "intervals are too narrow: ringload ab is better";
	return 0;
}

/* ---- --fail-if ---- */

static const char *compare_figure_of(const struct slo *slo)
{
	if (slo->figure == SLO_RATE)
		return "rate";
	if (slo->figure != SLO_QUANTILE)
		return "";
	return slo->quantile == 0.5 ? "p50" : slo->quantile == 0.99 ? "p99"
	    : "";
}

static bool compare_holds(const struct slo *slo,
    const Ringmaster__V1__LoadComparison *comparison)
{
	const char *figure = compare_figure_of(slo);

	if (!slo->change)
		return slo_holds(slo, slo_value(slo, comparison->b));
	for (size_t i = 0; i < comparison->n_differences; i++) {
		const Ringmaster__V1__LoadDifference *difference =
		    comparison->differences[i];

		if (strcmp(difference->figure, figure) == 0)
			return difference->shown &&
			    slo_holds(slo, difference->ratio - 1);
	}
	return slo_holds(slo, slo_change(slo, comparison->a, comparison->b));
}

const struct slo *load_compare_fails(
    const Ringmaster__V1__LoadComparison *comparison,
    const struct slo_list *fail_ifs)
{
	for (unsigned i = 0; i < fail_ifs->count; i++)
		if (compare_holds(&fail_ifs->items[i], comparison))
			return &fail_ifs->items[i];
	return NULL;
}

#include "report/series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "load/latency.h"

/* A second of which less was measured says nothing about its rate. */
#define SERIES_SHARE_MIN 0.25

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_SEC;
}

/* ---- the course ---- */

/* Seconds that are shown: a last one of which little was measured is added to
 * the one before. */
static unsigned series_length(const Ringmaster__V1__LoadResult *run)
{
	unsigned length = 0;

	for (size_t i = 0; i < run->n_seconds; i++) {
		uint32_t second = run->seconds[i]->second;

		if (second < SERIES_SECONDS_MAX && second + 1 > length)
			length = second + 1;
	}
	if (length > 1 && run->duration_seconds > 0 &&
	    run->duration_seconds < length - 1 + SERIES_SHARE_MIN)
		length--;
	return length;
}

static unsigned series_at(const Ringmaster__V1__LoadSecond *second,
    unsigned length, unsigned step)
{
	return (second->second < length ? second->second : length - 1) / step;
}

static int series_alloc(struct arena *arena, struct series *series)
{
	double **values[] = { &series->rate, &series->errors,
		&series->connections, &series->p50, &series->p99,
		&series->max };

	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		*values[i] = arena_alloc(arena,
		    series->count * sizeof(double));
		if (!*values[i])
			return -ENOMEM;
		for (unsigned k = 0; k < series->count; k++)
			(*values[i])[k] = NAN;
	}
	return 0;
}

static void series_count_bins(const uint64_t *bins, size_t count,
    unsigned first, struct hist *hist)
{
	for (size_t i = 0; i < count && first + i < HIST_BINS; i++) {
		hist->bins[first + i] += bins[i];
		hist->count += bins[i];
	}
}

static double series_plus(double sum, double value)
{
	return isnan(sum) ? value : sum + value;
}

static double series_larger(double one, double other)
{
	return isnan(one) || other > one ? other : one;
}

/* Percentiles of a second, or the larger ones of several: those of all their
 * requests are taken from the bins afterwards, if there are any. */
static void series_add(struct series *series, unsigned at,
    const Ringmaster__V1__LoadSecond *second)
{
	series->rate[at] = series_plus(series->rate[at],
	    (double)second->requests);
	series->errors[at] = series_plus(series->errors[at],
	    (double)second->errors);
	series->connections[at] = (double)second->connections;
	if (second->requests == 0)
		return;
	series->p50[at] = series_larger(series->p50[at], second->p50);
	series->p99[at] = series_larger(series->p99[at], second->p99);
	series->max[at] = series_larger(series->max[at], second->max);
}

/* A count becomes a rate by the time that was measured of the column. */
static void series_rates(struct series *series)
{
	for (unsigned i = 0; i < series->count; i++) {
		double time = series->duration - (double)i * series->step;

		if (i + 1 < series->count || time <= 0)
			time = series->step;
		series->rate[i] /= time;
		series->errors[i] /= time;
	}
}

static int series_merge(const Ringmaster__V1__LoadResult *run,
    unsigned length, struct series *series)
{
	struct hist *hist = malloc(sizeof(*hist));

	if (!hist)
		return -ENOMEM;
	for (unsigned at = 0; at < series->count; at++) {
		*hist = (struct hist){ .count = 0 };
		for (size_t i = 0; i < run->n_seconds; i++)
			if (series_at(run->seconds[i], length, series->step) ==
			    at)
				series_count_bins(run->seconds[i]->bins,
				    run->seconds[i]->n_bins,
				    run->seconds[i]->first_bin, hist);
		if (hist->count == 0)
			continue;
		hist->max_ns = (uint64_t)(series->max[at] * 1e9);
		series->p50[at] = seconds(hist_quantile_ns(hist, 0.5));
		series->p99[at] = seconds(hist_quantile_ns(hist, 0.99));
	}
	free(hist);
	return 0;
}

int series_make(const Ringmaster__V1__LoadResult *run, unsigned columns_max,
    struct arena *arena, struct series *ret)
{
	unsigned length = series_length(run);
	int err;

	if (length == 0)
		return -ENODATA;
	*ret = (struct series){ .warmup = run->spec->warmup_seconds };
	ret->step = (length + columns_max - 1) / columns_max;
	ret->count = (length + ret->step - 1) / ret->step;
	ret->duration = run->duration_seconds > 0 &&
	    run->duration_seconds < length + 1 ? run->duration_seconds
	    : length;
	/* Less than a second is shown as long as it was. */
	ret->span = length == 1 ? ret->duration
	    : fmax(ret->duration, length);
	err = series_alloc(arena, ret);
	if (err)
		return err;
	for (size_t i = 0; i < run->n_seconds; i++)
		series_add(ret, series_at(run->seconds[i], length, ret->step),
		    run->seconds[i]);
	series_rates(ret);
	return ret->step > 1 ? series_merge(run, length, ret) : 0;
}

double series_least(const double *values, unsigned count)
{
	double least = NAN;

	for (unsigned i = 0; i < count; i++)
		if (isnan(least) || values[i] < least)
			least = values[i];
	return least;
}

double series_most(const double *values, unsigned count)
{
	double most = NAN;

	for (unsigned i = 0; i < count; i++)
		most = series_larger(most, values[i]);
	return most;
}

double series_mean(const double *values, unsigned from, unsigned count)
{
	double sum = 0;
	unsigned known = 0;

	for (unsigned i = from; i < count; i++) {
		if (!isnan(values[i])) {
			sum += values[i];
			known++;
		}
	}
	return known ? sum / known : NAN;
}

double series_last(const double *values, unsigned count)
{
	while (count > 0 && isnan(values[count - 1]))
		count--;
	return count ? values[count - 1] : NAN;
}

/* ---- the heatmap ---- */

/* The bins that any second has: from, to below. */
static bool series_bin_range(const Ringmaster__V1__LoadResult *run,
    unsigned *first, unsigned *end)
{
	*first = HIST_BINS;
	*end = 0;
	for (size_t i = 0; i < run->n_seconds; i++) {
		const Ringmaster__V1__LoadSecond *second = run->seconds[i];
		size_t last = second->first_bin + second->n_bins;

		if (second->n_bins == 0 || second->first_bin >= HIST_BINS)
			continue;
		if (second->first_bin < *first)
			*first = second->first_bin;
		if (last > *end)
			*end = last < HIST_BINS ? (unsigned)last : HIST_BINS;
	}
	return *first < *end;
}

/* Even steps of a logarithmic range. */
struct series_steps {
	double low, high;
	unsigned count;
	double *sums;
	ptrdiff_t stride;		/* from a step to the next longer one */
};

/* Spread a count over the steps that its bin touches, by how much of it: the
 * edges of the two are not the same. */
static void series_spread(const struct series_steps *steps, unsigned bin,
    double count)
{
	double per = steps->count / log10(steps->high / steps->low);
	double low = log10(seconds(hist_bin_lower_ns(bin)) / steps->low) * per;
	double high = log10(seconds(hist_bin_upper_ns(bin)) / steps->low) *
	    per;

	for (double step = floor(low); step < high; step++) {
		double part = (fmin(high, step + 1) - fmax(low, step)) /
		    (high - low);
		double at = fmin(fmax(step, 0), steps->count - 1);

		steps->sums[(ptrdiff_t)at * steps->stride] += part * count;
	}
}

static void series_heat_add(struct series_heat *heat,
    const Ringmaster__V1__LoadSecond *second, unsigned column)
{
	struct series_steps steps = { heat->low, heat->high, heat->rows,
		heat->counts + (size_t)(heat->rows - 1) * heat->columns +
		    column, -(ptrdiff_t)heat->columns };

	for (size_t i = 0; i < second->n_bins &&
	    second->first_bin + i < HIST_BINS; i++)
		if (second->bins[i])
			series_spread(&steps, second->first_bin + (unsigned)i,
			    (double)second->bins[i]);
}

int series_heat(const Ringmaster__V1__LoadResult *run, struct arena *arena,
    struct series_heat *ret)
{
	unsigned length = series_length(run), first, end;

	if (length == 0 || !series_bin_range(run, &first, &end))
		return -ENODATA;
	*ret = (struct series_heat){
		.step = (length + SERIES_HEAT_COLUMNS - 1) /
		    SERIES_HEAT_COLUMNS };
	ret->columns = (length + ret->step - 1) / ret->step;
	/* Whole rows, so that cells of all pictures have the same edges. */
	ret->low = floor(log10(seconds(hist_bin_lower_ns(first))) *
	    SERIES_HEAT_PER_DECADE);
	ret->high = ceil(log10(seconds(hist_bin_upper_ns(end - 1))) *
	    SERIES_HEAT_PER_DECADE);
	ret->rows = (unsigned)(ret->high - ret->low);
	if (ret->rows < SERIES_HEAT_PER_DECADE) {
		ret->low -= (SERIES_HEAT_PER_DECADE - ret->rows) / 2;
		ret->rows = SERIES_HEAT_PER_DECADE;
		ret->high = ret->low + ret->rows;
	}
	ret->low = pow(10, ret->low / SERIES_HEAT_PER_DECADE);
	ret->high = pow(10, ret->high / SERIES_HEAT_PER_DECADE);
	ret->counts = arena_calloc(arena, (size_t)ret->columns * ret->rows,
	    sizeof(double));
	if (!ret->counts)
		return -ENOMEM;
	for (size_t i = 0; i < run->n_seconds; i++)
		series_heat_add(ret, run->seconds[i], series_at(
		    run->seconds[i], length, ret->step));
	for (size_t i = 0; i < (size_t)ret->columns * ret->rows; i++)
		ret->most = fmax(ret->most, ret->counts[i]);
	return 0;
}

/* ---- distributions ---- */

static unsigned series_bins(const Ringmaster__V1__LoadLatency *latency)
{
	if (latency->first_bin >= HIST_BINS)
		return 0;
	return latency->n_bins < HIST_BINS - latency->first_bin
	    ? (unsigned)latency->n_bins : HIST_BINS - latency->first_bin;
}

static void series_bars_on(const Ringmaster__V1__LoadLatency *latency,
    double low, double high, struct series_bars *ret)
{
	unsigned bins = series_bins(latency);
	struct series_steps steps = { low, high, 0, ret->shares, 1 };
	double all = 0;

	*ret = (struct series_bars){ .low = low, .high = high };
	ret->count = (unsigned)fmin(fmax(ceil(log10(high / low) * 40), 24),
	    SERIES_BARS_MAX);
	steps.count = ret->count;
	for (unsigned i = 0; i < bins; i++) {
		series_spread(&steps, latency->first_bin + i,
		    (double)latency->bins[i]);
		all += (double)latency->bins[i];
	}
	for (unsigned i = 0; i < ret->count && all > 0; i++) {
		ret->shares[i] /= all;
		ret->most = fmax(ret->most, ret->shares[i]);
	}
}

bool series_bars(const Ringmaster__V1__LoadLatency *latency,
    struct series_bars *ret)
{
	unsigned bins = series_bins(latency);
	double low, high;

	if (bins == 0)
		return false;
	low = seconds(hist_bin_lower_ns(latency->first_bin));
	high = seconds(hist_bin_upper_ns(latency->first_bin + bins - 1));
	/* At least half a decade, or one bar would fill it. */
	if (high / low < 3.2) {
		double middle = sqrt(low * high);

		low = middle / 1.8;
		high = middle * 1.8;
	}
	series_bars_on(latency, low, high, ret);
	return true;
}

void series_curve(const Ringmaster__V1__LoadLatency *latency,
    struct series_curve *ret)
{
	double last = 1 - 1 / fmax((double)latency->count, 2);

	ret->count = 0;
	if (latency->count == 0)
		return;
	/* 20 for each factor of ten of what is beyond. */
	for (unsigned i = 0; i + 1 < SERIES_CURVE_MAX; i++) {
		double q = 1 - pow(10, -(double)i / 20);

		if (q >= last)
			break;
		ret->q[ret->count] = q;
		ret->seconds[ret->count] = latency_quantile(latency, q);
		/* Some are exact and some the middle of a bin. */
		if (ret->count > 0)
			ret->seconds[ret->count] =
			    fmax(ret->seconds[ret->count],
				ret->seconds[ret->count - 1]);
		ret->count++;
	}
	ret->q[ret->count] = last;
	ret->seconds[ret->count++] = latency->max;
}

/*
 * Warm-up, medians and their ratio, evenness; see stats.h.
 */

#include "load/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "load/schedule.h"

enum { STATS_MSER_MIN = 4, STATS_MSER_BATCHED_MIN = 50 };

#define STATS_SEED UINT64_C(0x9e3779b97f4a7c15)

/* Of the ratios, sorted: those that 2.5 % lie below, and above. */
enum { STATS_LOW = STATS_RESAMPLES / 40,
	STATS_HIGH = STATS_RESAMPLES - STATS_RESAMPLES / 40 - 1 };

/* ---- the warm-up ---- */

static double stats_batch(struct stats_series series, unsigned index,
    unsigned size)
{
	double sum = 0;

	for (unsigned i = 0; i < size; i++)
		sum += series.values[index * size + i];
	return sum / size;
}

unsigned stats_warmup(struct stats_series series)
{
	unsigned size = series.count < STATS_MSER_BATCHED_MIN
	    ? 1 : STATS_MSER_BATCH;
	unsigned count = series.count / size, best = 0;
	double least = INFINITY, mean = 0, squares = 0;

	if (count < STATS_MSER_MIN)
		return 0;
	/* From the end: the sum of squared deviations of the last values
	 * (B. P. Welford) over the square of their number. */
	for (unsigned i = count; i-- > 0;) {
		double value = stats_batch(series, i, size);
		double left = count - i, away = value - mean;

		mean += away / left;
		squares += away * (value - mean);
		if (i <= count / 2 && squares / (left * left) <= least) {
			least = squares / (left * left);
			best = i;
		}
	}
	return best * size;
}

/* ---- medians ---- */

static void stats_swap(double *a, double *b)
{
	double kept = *a;

	*a = *b;
	*b = kept;
}

/* Put the value of rank `k` in its place, smaller ones before it and larger
 * ones behind (C. A. R. Hoare, "Algorithm 65: Find"). */
static double stats_select(double *values, unsigned count, unsigned k)
{
	long low = 0, high = (long)count - 1, wanted = k;

	while (low < high) {
		double pivot = values[low + (high - low) / 2];
		long i = low, j = high;

		while (i <= j) {
			while (values[i] < pivot)
				i++;
			while (values[j] > pivot)
				j--;
			if (i <= j)
				stats_swap(&values[i++], &values[j--]);
		}
		if (wanted <= j)
			high = j;
		else if (wanted >= i)
			low = i;
		else
			break;
	}
	return values[k];
}

double stats_median(double *values, unsigned count)
{
	double upper, lower;

	if (count == 0)
		return 0;
	upper = stats_select(values, count, count / 2);
	if (count % 2)
		return upper;
	lower = values[0];
	for (unsigned i = 1; i < count / 2; i++)
		lower = fmax(lower, values[i]);
	return (lower + upper) / 2;
}

/* ---- the bootstrap ---- */

static int stats_compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double stats_series_median(struct stats_series series, double *scratch)
{
	memcpy(scratch, series.values, series.count * sizeof(*scratch));
	return stats_median(scratch, series.count);
}

/* The median of as many values, drawn with replacement. */
static double stats_resample(struct stats_series series, uint64_t *random,
    double *scratch)
{
	for (unsigned i = 0; i < series.count; i++)
		scratch[i] = series.values[(schedule_random(random) >> 32) *
		    series.count >> 32];
	return stats_median(scratch, series.count);
}

/* A median of 0 among those drawn: a ratio beyond all others. */
static double stats_divide(double b, double a)
{
	return a != 0 ? b / a : INFINITY;
}

static int stats_check(struct stats_series a, struct stats_series b,
    bool paired)
{
	if (a.count > STATS_SAMPLES_MAX || b.count > STATS_SAMPLES_MAX)
		return -E2BIG;
	if (a.count == 0 || b.count == 0 || (paired && a.count != b.count))
		return -EINVAL;
	for (unsigned i = 0; i < a.count; i++)
		if (!isfinite(a.values[i]))
			return -EINVAL;
	for (unsigned i = 0; i < b.count; i++)
		if (!isfinite(b.values[i]))
			return -EINVAL;
	return 0;
}

int stats_ratio_of_medians(struct stats_series a, struct stats_series b,
    bool paired, struct stats_ratio *ret)
{
	unsigned longer = a.count > b.count ? a.count : b.count;
	uint64_t random = STATS_SEED, other = ~STATS_SEED;
	int err = stats_check(a, b, paired);
	double *ratios, *scratch, base;

	if (err)
		return err;
	ratios = calloc(STATS_RESAMPLES + longer, sizeof(*ratios));
	if (!ratios)
		return -ENOMEM;
	scratch = ratios + STATS_RESAMPLES;
	base = stats_series_median(a, scratch);
	for (unsigned i = 0; i < STATS_RESAMPLES && base != 0; i++) {
		double drawn;

		if (paired)
			other = random;
		drawn = stats_resample(a, &random, scratch);
		ratios[i] = stats_divide(stats_resample(b, &other, scratch),
		    drawn);
	}
	if (base != 0) {
		qsort(ratios, STATS_RESAMPLES, sizeof(*ratios),
		    stats_compare);
		*ret = (struct stats_ratio){
			.ratio = stats_series_median(b, scratch) / base,
			.low = ratios[STATS_LOW],
			.high = ratios[STATS_HIGH],
		};
	} else {
		err = -EINVAL;
	}
	free(ratios);
	return err;
}

double stats_jain(struct stats_series series)
{
	double sum = 0, squares = 0;

	for (unsigned i = 0; i < series.count; i++) {
		sum += series.values[i];
		squares += series.values[i] * series.values[i];
	}
	return squares > 0 ? sum * sum / (series.count * squares) : 1;
}

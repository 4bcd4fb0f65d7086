#ifndef RINGMASTER_LOAD_STATS_H
#define RINGMASTER_LOAD_STATS_H

#include <stdbool.h>
#include <stdint.h>

/* Statistics of runs. Pure: numbers in, numbers out. */

enum {
	STATS_SAMPLES_MAX = 4096,	/* of a series */
	STATS_RESAMPLES = 10000,	/* of a bootstrap */
	STATS_MSER_BATCH = 5,
};

struct stats_series {
	const double *values;
	unsigned count;
};

/*
 * How many of the first values belong to a warm-up: MSER-5 (K. P. White,
 * "An effective truncation heuristic for bias reduction in simulation
 * output", 1997), the prefix, in means of five values, whose removal makes
 * the standard error of what is left smallest. At most half of the series is
 * looked at. With fewer than 50 values, each stands for itself: a value here
 * is the mean of many requests already.
 * Returns 0 also for fewer than four values, of which nothing can be said.
 */
unsigned stats_warmup(struct stats_series series);

/* The median: the middle one, or the mean of the two; 0 without values.
 * Changes the order of `values`. */
double stats_median(double *values, unsigned count);

struct stats_ratio {
	double ratio;		/* median of b / median of a */
	double low, high;	/* 95 % interval */
};

/*
 * The ratio of two medians with its percentile bootstrap interval (B. Efron):
 * STATS_RESAMPLES times, values are drawn with replacement and the ratio is
 * taken; the interval holds the middle 95 % of the ratios. The seed is fixed,
 * so the same values give the same interval.
 *
 * paired:  value i of both is of the same round: they are drawn together
 * Returns 0; -EINVAL without values, with a median of 0, or if `paired` and
 * of different length; -E2BIG beyond STATS_SAMPLES_MAX; -ENOMEM.
 */
int stats_ratio_of_medians(struct stats_series a, struct stats_series b,
    bool paired, struct stats_ratio *ret);

/* Jain's index: (sum x)^2 / (n * sum x^2); 1 if all are equal, 1/n if one
 * has all. 1 for no values, or only zeros. */
double stats_jain(struct stats_series series);

#endif

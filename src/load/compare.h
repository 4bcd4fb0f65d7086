#ifndef RINGMASTER_LOAD_COMPARE_H
#define RINGMASTER_LOAD_COMPARE_H

#include "base/arena.h"
#include "load.pb-c.h"
#include "load/slo.h"
#include "load/stats.h"

/*
 * Is B faster than A? Of each there are samples of some figures (rate, p50,
 * p99); the ratio is that of their medians, with a bootstrap interval over
 * the samples. See ab.h for how to get good ones.
 */

enum { LOAD_COMPARE_FIGURES = 3 };

/* Samples of one side: of its rounds, or its seconds. */
struct load_samples {
	double values[LOAD_COMPARE_FIGURES][STATS_SAMPLES_MAX];
	unsigned count;
};

/* Add one; beyond STATS_SAMPLES_MAX it is left out. Requests/s, seconds; NAN,
 * of a time without answers, counts as the longest there is. */
void load_samples_add(struct load_samples *samples, double rate, double p50,
    double p99);

/* The ratio of B's median to A's of each figure, over the samples that both
 * have; NAN without any. */
void load_samples_ratios(const struct load_samples *a,
    const struct load_samples *b, double ratios[LOAD_COMPARE_FIGURES]);

struct load_comparison_sides {
	Ringmaster__V1__LoadResult *results[2];	/* A and B */
	const struct load_samples *samples[2];
	bool by_turns;			/* sample i of both is of one time, and
					 * all else was the same but for the
					 * URL */
};

/* Compare; the results must outlive *ret. Returns 0 or -ENOMEM. */
int load_compare_samples(const struct load_comparison_sides *sides,
    struct arena *arena, Ringmaster__V1__LoadComparison **ret);

/*
 * Compare two kept runs, which must outlive *ret, by their seconds after the
 * warm-up. These depend on each other, so the interval is narrower than the
 * truth; a warning says so. Returns 0 or -ENOMEM.
 */
int load_compare(Ringmaster__V1__LoadResult *a, Ringmaster__V1__LoadResult *b,
    struct arena *arena, Ringmaster__V1__LoadComparison **ret);

/*
 * The first of `fail_ifs` that holds, NULL if none does. Those about a change
 * of rate, p50 or p99 hold if the change is beyond the limit and is shown
 * (its interval does not contain "no change"); of other figures, if it is
 * beyond the limit. Those about one run are for B.
 */
const struct slo *load_compare_fails(
    const Ringmaster__V1__LoadComparison *comparison,
    const struct slo_list *fail_ifs);

#endif

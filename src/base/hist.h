#ifndef RINGMASTER_BASE_HIST_H
#define RINGMASTER_BASE_HIST_H

#include <stdint.h>

/*
 * A histogram of durations with a fixed relative error.
 *
 * The bins are log-linear to base 10, 150 in each of the nine decades from
 * 1 microsecond to 1000 seconds. With the mantissa m in [1, 10) of a decade:
 *
 *	m in [1, 2)	40 bins, 0.025 wide
 *	m in [2, 5)	60 bins, 0.05 wide
 *	m in [5, 10)	50 bins, 0.1 wide
 *
 * so that half a bin is at most 1.25 % of what is in it, and every bound one
 * would write by hand (5 ms, 75 ms, 2.5 s) is an edge: counts below such a
 * bound are exact. A bin holds its upper edge and not its lower one, as the
 * `le` of Prometheus does: exactly 5 ms counts as "at most 5 ms".
 *
 * What is shorter than the first bin is counted in it, what is longer than
 * the last in that. All numbers are of fixed width, so the struct may lie in
 * shared memory; all zeros is the empty histogram. Nothing here locks.
 */

#define HIST_DECADES	     9
#define HIST_BINS_PER_DECADE 150
#define HIST_BINS	     (HIST_DECADES * HIST_BINS_PER_DECADE)

/* The lower edge of the first bin and the upper one of the last. */
#define HIST_MIN_NS UINT64_C(1000)
#define HIST_MAX_NS UINT64_C(1000000000000)

struct hist {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;
	uint64_t bins[HIST_BINS];
};

/* The bin that counts a duration of `ns`: below HIST_BINS for any value. */
unsigned hist_bin(uint64_t ns);

/* The edges of a bin: it holds what is > lower and <= upper. */
uint64_t hist_bin_lower_ns(unsigned bin);
uint64_t hist_bin_upper_ns(unsigned bin);

/* Count one duration. */
static inline void hist_add(struct hist *hist, uint64_t ns)
{
	hist->count++;
	hist->sum_ns += ns;
	if (ns > hist->max_ns)
		hist->max_ns = ns;
	hist->bins[hist_bin(ns)]++;
}

/* Add all that `from` counted to `hist`. */
void hist_merge(struct hist *hist, const struct hist *from);

/*
 * What was counted between two copies of one histogram. The longest of that
 * is known by its bin only; bins that count less than before, as when a
 * count was taken back, are left out, and there is no sum.
 */
void hist_difference(const struct hist *now, const struct hist *before,
    struct hist *ret);

/*
 * The duration that a share `q` (0 to 1) of all counted ones does not
 * exceed, by the nearest-rank method: that of rank ceil(q * count).
 * Returns the middle of its bin, which is within 1.25 % of the exact value
 * for durations the bins cover; the longest one, exactly, for q = 1; and 0
 * for an empty histogram.
 */
uint64_t hist_quantile_ns(const struct hist *hist, double q);

/*
 * How many durations were at most `bound_ns`: exact if that is the edge of a
 * bin, else without those in the bin it falls into. Below the first bin's
 * upper edge the answer is 0, at the last one's and above it is `count`.
 */
uint64_t hist_count_le(const struct hist *hist, uint64_t bound_ns);

#endif

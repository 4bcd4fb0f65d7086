/*
 * Log-linear histograms: see hist.h for the shape of the bins.
 *
 * The bins form 27 runs of equal width, three in a decade. To find the bin
 * of a value without a loop or a logarithm: the position of its highest bit
 * gives the run, or the one before it, because no two runs start within a
 * factor of two; then its distance from the start of the run is divided by
 * the width, as a shift and a multiplication.
 */
#include "base/hist.h"

#include <assert.h>

/*
 * With width = odd << shift, (x >> shift) * inverse >> HIST_INVERSE_BITS is
 * exactly x / width for every x within a run: odd * inverse exceeds 2^53 by
 * at most odd, so the quotient is too large by at most (x >> shift) / 2^53
 * < 60 * odd / 2^53, which stays below 1 / odd, the least that could reach
 * the next whole number. The product stays below 2^59.
 */
#define HIST_INVERSE_BITS 53
#define HIST_INVERSE(odd) ((UINT64_C(1) << HIST_INVERSE_BITS) / (odd) + 1)

struct hist_run {
	uint64_t start_ns;
	uint64_t inverse;
	uint16_t bin;		/* the first of the run */
	uint8_t shift;
};

/* Decade `d` starts at `ten` us; 5^d is the odd part of its widths. */
#define HIST_DECADE(d, ten, five)					\
	{ (ten) * UINT64_C(1000), HIST_INVERSE(25 * (five)),		\
	  (d) * HIST_BINS_PER_DECADE, (d) },				\
	{ (ten) * UINT64_C(2000), HIST_INVERSE(25 * (five)),		\
	  (d) * HIST_BINS_PER_DECADE + 40, (d) + 1 },			\
	{ (ten) * UINT64_C(5000), HIST_INVERSE(25 * (five)),		\
	  (d) * HIST_BINS_PER_DECADE + 100, (d) + 2 }

static const struct hist_run hist_runs[HIST_DECADES * 3] = {
	HIST_DECADE(0, 1, UINT64_C(1)),
	HIST_DECADE(1, 10, UINT64_C(5)),
	HIST_DECADE(2, 100, UINT64_C(25)),
	HIST_DECADE(3, 1000, UINT64_C(125)),
	HIST_DECADE(4, 10000, UINT64_C(625)),
	HIST_DECADE(5, 100000, UINT64_C(3125)),
	HIST_DECADE(6, 1000000, UINT64_C(15625)),
	HIST_DECADE(7, 10000000, UINT64_C(78125)),
	HIST_DECADE(8, 100000000, UINT64_C(390625)),
};

/*
 * The last run that starts at or below 2^(i + 9); i = 0 is 512 ns, which is
 * below the first run and belongs to the numbers from 1000 to 1023.
 */
#define HIST_BIT_MIN 9
static const uint8_t hist_run_of_bit[] = {
	0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11, 12,
	13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 23, 24, 25, 26,
};

static const uint64_t hist_tens[HIST_DECADES] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};

unsigned hist_bin(uint64_t ns)
{
	/* One less, so that an edge falls into the bin below it. */
	uint64_t n = ns - 1;

	if (ns <= HIST_MIN_NS)
		return 0;
	if (ns > HIST_MAX_NS)
		return HIST_BINS - 1;

	unsigned bit = 63 - (unsigned)__builtin_clzll(n);
	const struct hist_run *run =
	    &hist_runs[hist_run_of_bit[bit - HIST_BIT_MIN]];

	if (run < &hist_runs[HIST_DECADES * 3 - 1] && n >= run[1].start_ns)
		run++;
	return run->bin + (unsigned)(((n - run->start_ns) >> run->shift) *
	    run->inverse >> HIST_INVERSE_BITS);
}

uint64_t hist_bin_lower_ns(unsigned bin)
{
	unsigned i = bin % HIST_BINS_PER_DECADE;
	uint64_t mantissa;	/* times 1000 */

	assert(bin < HIST_BINS);
	if (i < 40)
		mantissa = 1000 + 25 * i;
	else if (i < 100)
		mantissa = 2000 + 50 * (i - 40);
	else
		mantissa = 5000 + 100 * (i - 100);
	return mantissa * hist_tens[bin / HIST_BINS_PER_DECADE];
}

uint64_t hist_bin_upper_ns(unsigned bin)
{
	if (bin == HIST_BINS - 1)
		return HIST_MAX_NS;
	return hist_bin_lower_ns(bin + 1);
}

void hist_merge(struct hist *hist, const struct hist *from)
{
	hist->count += from->count;
	hist->sum_ns += from->sum_ns;
	if (from->max_ns > hist->max_ns)
		hist->max_ns = from->max_ns;
	for (unsigned i = 0; i < HIST_BINS; i++)
		hist->bins[i] += from->bins[i];
}

void hist_difference(const struct hist *now, const struct hist *before,
    struct hist *ret)
{
	*ret = (struct hist){ .count = 0 };
	for (unsigned i = 0; i < HIST_BINS; i++) {
		if (now->bins[i] <= before->bins[i])
			continue;
		ret->bins[i] = now->bins[i] - before->bins[i];
		ret->count += ret->bins[i];
		ret->max_ns = hist_bin_upper_ns(i);
	}
	/* The last bin also has what is longer than its edge. */
	if (ret->max_ns > now->max_ns || ret->bins[HIST_BINS - 1])
		ret->max_ns = now->max_ns;
}

uint64_t hist_quantile_ns(const struct hist *hist, double q)
{
	double exact = q * (double)hist->count;
	uint64_t rank = (uint64_t)exact;
	uint64_t seen = 0;
	unsigned bin = 0;

	assert(q >= 0 && q <= 1);
	rank += (double)rank < exact || rank == 0;
	if (hist->count == 0)
		return 0;
	if (rank >= hist->count)
		return hist->max_ns;
	while (bin < HIST_BINS && (seen += hist->bins[bin]) < rank)
		bin++;
	/* A copy taken during an update may count more than its bins hold. */
	if (bin == HIST_BINS)
		return hist->max_ns;

	uint64_t middle =
	    (hist_bin_lower_ns(bin) + hist_bin_upper_ns(bin)) / 2;
	return middle < hist->max_ns ? middle : hist->max_ns;
}

uint64_t hist_count_le(const struct hist *hist, uint64_t bound_ns)
{
	unsigned end = hist_bin(bound_ns);
	uint64_t sum = 0;

	if (bound_ns >= HIST_MAX_NS)
		return hist->count;
	if (hist_bin_upper_ns(end) == bound_ns)
		end++;
	for (unsigned i = 0; i < end; i++)
		sum += hist->bins[i];
	return sum;
}

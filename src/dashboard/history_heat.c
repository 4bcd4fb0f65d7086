/* Rows of a heatmap: see history_heat.h for their shape. */

#include "dashboard/history_heat.h"

#include <assert.h>
#include <math.h>

enum { HEAT_ROWS_PER_DECADE = 10 };

/* The bin at whose lower edge row `row` ends. */
static unsigned heat_bin_end(unsigned row)
{
	/* 1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8: see hist.h */
	static const unsigned char bins[HEAT_ROWS_PER_DECADE] = { 0, 10, 24,
		40, 50, 63, 80, 100, 113, 130 };

	if (row >= HISTORY_HEAT_ROWS - 1)
		return HIST_BINS;
	/* The first decade of bins, up to 10 us, is the first row. */
	return (1 + row / HEAT_ROWS_PER_DECADE) * HIST_BINS_PER_DECADE +
	    bins[row % HEAT_ROWS_PER_DECADE];
}

uint64_t history_heat_upper_ns(unsigned row)
{
	assert(row < HISTORY_HEAT_ROWS);
	if (row == HISTORY_HEAT_ROWS - 1)
		return UINT64_MAX;
	return hist_bin_lower_ns(heat_bin_end(row));
}

void history_heat_count(const struct hist *hist,
    uint32_t rows[HISTORY_HEAT_ROWS])
{
	unsigned bin = 0;

	for (unsigned row = 0; row < HISTORY_HEAT_ROWS; row++) {
		unsigned end = heat_bin_end(row);
		uint64_t count = 0;

		for (; bin < end; bin++)
			count += hist->bins[bin];
		rows[row] = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	}
}

double history_heat_quantile(const uint64_t rows[HISTORY_HEAT_ROWS],
    double q)
{
	double count = 0, seen = 0, rank, lower = 1e-9 * HIST_MIN_NS, upper;
	unsigned row = 0;

	assert(q >= 0 && q <= 1);
	for (unsigned i = 0; i < HISTORY_HEAT_ROWS; i++)
		count += (double)rows[i];
	if (count == 0)
		return (double)NAN;
	rank = ceil(q * count);
	if (rank < 1)
		rank = 1;
	while (row < HISTORY_HEAT_ROWS - 1 &&
	    seen + (double)rows[row] < rank)
		seen += (double)rows[row++];
	if (row > 0)
		lower = 1e-9 * (double)history_heat_upper_ns(row - 1);
	upper = 1e-9 * (double)(row < HISTORY_HEAT_ROWS - 1 ?
	    history_heat_upper_ns(row) : HIST_MAX_NS);
	return lower * pow(upper / lower,
	    (rank - seen - 0.5) / (double)rows[row]);
}

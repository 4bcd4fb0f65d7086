#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dashboard/history_heat.h"

enum { SAMPLES = 20000 };

static struct hist hist;
static uint32_t rows[HISTORY_HEAT_ROWS];
static uint64_t samples[SAMPLES];

/* The same numbers each time. */
static double uniform(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

/* The row with `ns`, by the edges. */
static unsigned row_of(uint64_t ns)
{
	unsigned row = 0;

	while (ns > history_heat_upper_ns(row))
		row++;
	return row;
}

static void rows_are_ten_a_decade(void **state)
{
	(void)state;
	assert_true(history_heat_upper_ns(0) == 10000);
	assert_true(history_heat_upper_ns(1) == 12500);
	assert_true(history_heat_upper_ns(10) == 100000);
	assert_true(history_heat_upper_ns(20) == 1000000);
	assert_true(history_heat_upper_ns(62) == UINT64_C(16000000000));
	assert_true(history_heat_upper_ns(63) == UINT64_MAX);
	for (unsigned i = 1; i < HISTORY_HEAT_ROWS - 1; i++) {
		uint64_t upper_ns = history_heat_upper_ns(i);
		double exact = 1e4 * pow(10, i / 10.0);

		assert_true(fabs((double)upper_ns / exact - 1) < 0.013);
		assert_true((double)upper_ns <=
		    1.281 * (double)history_heat_upper_ns(i - 1));
		assert_true(hist_bin_upper_ns(hist_bin(upper_ns)) == upper_ns);
	}
}

static void counts_are_exact(void **state)
{
	uint32_t wanted[HISTORY_HEAT_ROWS] = { 0 };

	(void)state;
	memset(&hist, 0, sizeof(hist));
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t ns = (uint64_t)pow(10, 2 + 10 * uniform());

		hist_add(&hist, ns);
		wanted[row_of(ns)]++;
	}
	for (unsigned i = 0; i < HISTORY_HEAT_ROWS - 1; i++) {
		uint64_t edge_ns = history_heat_upper_ns(i);

		hist_add(&hist, edge_ns);
		wanted[i]++;
		hist_add(&hist, edge_ns + 1);
		wanted[i + 1]++;
	}
	history_heat_count(&hist, rows);
	assert_memory_equal(rows, wanted, sizeof(rows));
}

static void a_row_is_cut_at_its_limit(void **state)
{
	(void)state;
	memset(&hist, 0, sizeof(hist));
	hist.bins[hist_bin(5000)] = UINT64_C(1) << 32;
	hist.bins[hist_bin(11000)] = UINT32_MAX - 1;
	history_heat_count(&hist, rows);
	assert_true(rows[0] == UINT32_MAX);
	assert_true(rows[1] == UINT32_MAX - 1);
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* Each percentile against the sorted durations: within `error` of it, and
 * in the same row. */
static void assert_quantiles(double error)
{
	static const double shares[] = { 0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999,
	    1 };
	uint64_t sums[HISTORY_HEAT_ROWS] = { 0 };

	qsort(samples, SAMPLES, sizeof(*samples), compare);
	for (unsigned i = 0; i < SAMPLES; i++)
		sums[row_of(samples[i])]++;
	for (unsigned i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		double rank = fmax(1, ceil(shares[i] * SAMPLES));
		double exact = 1e-9 * (double)samples[(unsigned)rank - 1];
		double value = history_heat_quantile(sums, shares[i]);

		if (fabs(value / exact - 1) > error)
			fail_msg("p%g: %g for %g", 100 * shares[i], value,
			    exact);
		assert_int_equal(row_of((uint64_t)ceil(value * 1e9)),
		    row_of((uint64_t)(exact * 1e9 + 0.5)));
	}
}

static void quantiles_of_spread_durations_are_near(void **state)
{
	(void)state;
	/* Lognormal about 2 ms, by Box and Muller. */
	for (unsigned i = 0; i < SAMPLES; i++)
		samples[i] = (uint64_t)(2e6 * exp(0.7 *
		    sqrt(-2 * log(1 - uniform())) *
		    cos(6.283185307179586 * uniform())));
	assert_quantiles(0.07);
}

static void quantiles_of_two_groups_are_in_the_right_one(void **state)
{
	(void)state;
	/* Fast hits and slow misses, all of a group alike: the worst case. */
	for (unsigned i = 0; i < SAMPLES; i++)
		samples[i] = i % 20 ? 81000 : 990000000;
	assert_quantiles(0.281);
}

static void nothing_has_no_quantile(void **state)
{
	const uint64_t none[HISTORY_HEAT_ROWS] = { 0 };
	uint64_t one[HISTORY_HEAT_ROWS] = { 0 };

	(void)state;
	assert_true(isnan(history_heat_quantile(none, 0.5)));
	one[HISTORY_HEAT_ROWS - 1] = UINT32_MAX;
	assert_true(history_heat_quantile(one, 1) > 16);
	assert_true(history_heat_quantile(one, 1) <= 1000);
	one[HISTORY_HEAT_ROWS - 1] = 0;
	one[0] = 1;
	assert_true(history_heat_quantile(one, 1) > 1e-6);
	assert_true(history_heat_quantile(one, 1) < 1e-5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_ten_a_decade),
		cmocka_unit_test(counts_are_exact),
		cmocka_unit_test(a_row_is_cut_at_its_limit),
		cmocka_unit_test(quantiles_of_spread_durations_are_near),
		cmocka_unit_test(quantiles_of_two_groups_are_in_the_right_one),
		cmocka_unit_test(nothing_has_no_quantile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

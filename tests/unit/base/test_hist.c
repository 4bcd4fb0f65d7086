/*
 * The bin arithmetic of histograms at every edge, and the promised error
 * against an exact sort.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hist.h"

#define SAMPLES 20000

static void every_edge_is_in_the_bin_below(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HIST_BINS; i++) {
		uint64_t upper = hist_bin_upper_ns(i);
		unsigned next = i + 1 < HIST_BINS ? i + 1 : i;

		assert_true(hist_bin_lower_ns(i) < upper);
		assert_int_equal(hist_bin(hist_bin_lower_ns(i) + 1), i);
		assert_int_equal(hist_bin(upper - 1), i);
		assert_int_equal(hist_bin(upper), i);
		assert_int_equal(hist_bin(upper + 1), next);
	}
}

static void values_out_of_range_go_to_the_outer_bins(void **state)
{
	(void)state;
	assert_int_equal(hist_bin(0), 0);
	assert_int_equal(hist_bin(1), 0);
	assert_int_equal(hist_bin(HIST_MIN_NS), 0);
	assert_int_equal(hist_bin(HIST_MIN_NS + 1), 0);
	assert_int_equal(hist_bin(HIST_MAX_NS), HIST_BINS - 1);
	assert_int_equal(hist_bin(HIST_MAX_NS + 1), HIST_BINS - 1);
	assert_int_equal(hist_bin(UINT64_MAX), HIST_BINS - 1);
	assert_int_equal(hist_bin_lower_ns(0), HIST_MIN_NS);
	assert_int_equal(hist_bin_upper_ns(HIST_BINS - 1), HIST_MAX_NS);
}

static void powers_of_two_find_their_run(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= HIST_MAX_NS; n *= 2) {
		for (uint64_t v = n - 1; v <= n + 1; v++) {
			unsigned bin = hist_bin(v);

			assert_true(v <= hist_bin_upper_ns(bin));
			assert_true(bin == 0 || v > hist_bin_lower_ns(bin));
		}
	}
}

static void no_bin_is_wider_than_promised(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HIST_BINS; i++) {
		double lower = (double)hist_bin_lower_ns(i);
		double upper = (double)hist_bin_upper_ns(i);

		assert_true((upper - lower) / 2 / lower <= 0.0125000001);
	}
}

static void prometheus_bounds_are_edges(void **state)
{
	static const uint64_t us[] = {
		50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000,
		75000, 100000, 250000, 500000, 750000, 1000000, 2500000,
		5000000, 7500000, 10000000, 30000000, 60000000,
	};
	struct hist *hist = calloc(1, sizeof(*hist));

	(void)state;
	assert_non_null(hist);
	for (size_t i = 0; i < sizeof(us) / sizeof(us[0]); i++) {
		uint64_t bound = us[i] * 1000;

		assert_int_equal(hist_bin_upper_ns(hist_bin(bound)), bound);
		hist_add(hist, bound);
		hist_add(hist, bound + 1);
		assert_int_equal(hist_count_le(hist, bound), 2 * i + 1);
	}
	free(hist);
}

static void counts_below_a_bound_leave_out_its_bin(void **state)
{
	struct hist *hist = calloc(1, sizeof(*hist));

	(void)state;
	assert_non_null(hist);
	hist_add(hist, 5040000);	/* in (5.0, 5.1] ms */
	assert_int_equal(hist_count_le(hist, 5099999), 0);
	assert_int_equal(hist_count_le(hist, 5100000), 1);
	assert_int_equal(hist_count_le(hist, 0), 0);
	assert_int_equal(hist_count_le(hist, HIST_MIN_NS), 0);
	hist_add(hist, UINT64_MAX / 4);
	assert_int_equal(hist_count_le(hist, HIST_MAX_NS - 1), 1);
	assert_int_equal(hist_count_le(hist, HIST_MAX_NS), 2);
	assert_int_equal(hist_count_le(hist, UINT64_MAX), 2);
	free(hist);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void quantiles_are_within_two_percent_of_a_sort(void **state)
{
	static const double qs[] = {
		0, 0.001, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 0.99999,
	};
	static uint64_t exact[SAMPLES];
	struct hist *hist = calloc(1, sizeof(*hist));

	(void)state;
	assert_non_null(hist);
	srand48(1);
	for (size_t i = 0; i < SAMPLES; i++) {
		exact[i] = (uint64_t)pow(10, 3.0001 + 8.9 * drand48());
		hist_add(hist, exact[i]);
	}
	qsort(exact, SAMPLES, sizeof(exact[0]), compare_u64);
	for (size_t i = 0; i < sizeof(qs) / sizeof(qs[0]); i++) {
		size_t rank = (size_t)ceil(qs[i] * SAMPLES);
		double want = (double)exact[rank > 0 ? rank - 1 : 0];
		double got = (double)hist_quantile_ns(hist, qs[i]);

		assert_true(fabs(got - want) <= 0.02 * want);
	}
	assert_int_equal(hist_quantile_ns(hist, 1), exact[SAMPLES - 1]);
	free(hist);
}

static void quantiles_of_few_values(void **state)
{
	struct hist *hist = calloc(1, sizeof(*hist));

	(void)state;
	assert_non_null(hist);
	assert_int_equal(hist_quantile_ns(hist, 0.5), 0);
	assert_int_equal(hist_quantile_ns(hist, 1), 0);
	hist_add(hist, 7);
	assert_int_equal(hist_quantile_ns(hist, 0), 7);
	assert_int_equal(hist_quantile_ns(hist, 0.5), 7);
	hist_add(hist, 123456789);
	assert_int_equal(hist_quantile_ns(hist, 0.500001), 123456789);
	assert_int_equal(hist_quantile_ns(hist, 1), 123456789);
	free(hist);
}

static void merged_histograms_equal_one_that_saw_all(void **state)
{
	struct hist *parts = calloc(3, sizeof(*parts));

	(void)state;
	assert_non_null(parts);
	srand48(2);
	for (int i = 0; i < 1000; i++) {
		uint64_t ns = (uint64_t)(drand48() * 1e9);

		hist_add(&parts[i % 2], ns);
		hist_add(&parts[2], ns);
	}
	hist_merge(&parts[0], &parts[1]);
	assert_memory_equal(&parts[0], &parts[2], sizeof(parts[0]));
	free(parts);
}

static void a_difference_is_what_came_between(void **state)
{
	struct hist *parts = calloc(4, sizeof(*parts));
	struct hist *now = &parts[0], *before = &parts[1], *grown = &parts[2];

	(void)state;
	assert_non_null(parts);
	hist_add(before, 5000000);
	hist_add(before, 7000000000);
	*now = *before;
	hist_difference(now, before, grown);
	assert_memory_equal(grown, &parts[3], sizeof(*grown));	/* empty */
	hist_add(now, 1000000);
	hist_add(now, 5000000);
	hist_difference(now, before, grown);
	assert_int_equal(grown->count, 2);
	assert_int_equal(grown->max_ns, 5000000);
	assert_int_equal(hist_quantile_ns(grown, 1), 5000000);
	/* The last bin's edge is not the longest. */
	hist_add(now, 5000 * UINT64_C(1000000000));
	hist_difference(now, before, grown);
	assert_int_equal(grown->max_ns, 5000 * UINT64_C(1000000000));
	/* Counts that were taken back are left out. */
	hist_difference(before, now, grown);
	assert_int_equal(grown->count, 0);
	free(parts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_edge_is_in_the_bin_below),
		cmocka_unit_test(values_out_of_range_go_to_the_outer_bins),
		cmocka_unit_test(powers_of_two_find_their_run),
		cmocka_unit_test(no_bin_is_wider_than_promised),
		cmocka_unit_test(prometheus_bounds_are_edges),
		cmocka_unit_test(counts_below_a_bound_leave_out_its_bin),
		cmocka_unit_test(quantiles_are_within_two_percent_of_a_sort),
		cmocka_unit_test(quantiles_of_few_values),
		cmocka_unit_test(merged_histograms_equal_one_that_saw_all),
		cmocka_unit_test(a_difference_is_what_came_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

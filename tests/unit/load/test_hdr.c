/*
 * Three significant digits: every edge, and quantiles against an exact sort.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "load/hdr.h"
#include "load/schedule.h"

#define SAMPLES 100000

static void every_bin_holds_its_edges(void **state)
{
	(void)state;
	for (unsigned i = 0; i + 1 < HDR_BINS; i++) {
		uint64_t lower = hdr_bin_lower_ns(i);
		uint64_t next = hdr_bin_lower_ns(i + 1);

		assert_true(lower < next);
		assert_int_equal(hdr_bin(lower), i);
		assert_int_equal(hdr_bin(next - 1), i);
		assert_true((next - lower) * 1024 <= (lower < 1024 ? 1024
								   : lower));
	}
}

static void longer_than_all_bins_is_in_the_last(void **state)
{
	(void)state;
	assert_int_equal(hdr_bin(HDR_MAX_NS), HDR_BINS - 1);
	assert_int_equal(hdr_bin(HDR_MAX_NS + 1), HDR_BINS - 1);
	assert_int_equal(hdr_bin(UINT64_MAX), HDR_BINS - 1);
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* From 100 ns to 100 s, evenly over the decades. */
static void quantiles_are_within_the_stated_error(void **state)
{
	static const double wanted[] = { 0.0001, 0.01, 0.25, 0.5, 0.9, 0.99,
		0.999, 0.9999, 1 };
	uint64_t *samples = calloc(SAMPLES, sizeof(*samples)), random = 42;
	struct hdr *hdr = calloc(1, sizeof(*hdr));

	(void)state;
	assert_non_null(samples);
	assert_non_null(hdr);
	for (unsigned i = 0; i < SAMPLES; i++) {
		samples[i] = (uint64_t)pow(10,
		    2 + 9 * schedule_random_unit(&random));
		hdr_add(hdr, samples[i]);
	}
	qsort(samples, SAMPLES, sizeof(*samples), compare);
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		uint64_t rank = (uint64_t)ceil(wanted[i] * SAMPLES);
		double exact = (double)samples[rank - 1];
		double got = (double)hdr_quantile_ns(hdr, wanted[i]);

		assert_true(fabs(got - exact) <= exact / 2048 + 1);
	}
	assert_int_equal(hdr_quantile_ns(hdr, 1), samples[SAMPLES - 1]);
	assert_int_equal(hdr->min_ns, samples[0]);
	free(samples);
	free(hdr);
}

static void an_empty_one_has_no_quantiles(void **state)
{
	struct hdr *hdr = calloc(1, sizeof(*hdr));

	(void)state;
	assert_int_equal(hdr_quantile_ns(hdr, 0.5), 0);
	assert_int_equal(hdr_quantile_ns(hdr, 1), 0);
	free(hdr);
}

static void one_sample_is_every_quantile(void **state)
{
	struct hdr *hdr = calloc(1, sizeof(*hdr));

	(void)state;
	hdr_add(hdr, 123456789);
	assert_int_equal(hdr_quantile_ns(hdr, 0), 123456789);
	assert_int_equal(hdr_quantile_ns(hdr, 0.5), 123456789);
	assert_int_equal(hdr_quantile_ns(hdr, 1), 123456789);
	free(hdr);
}

static void merged_ones_are_as_one(void **state)
{
	struct hdr *all = calloc(3, sizeof(*all)), *a = all + 1, *b = all + 2;

	(void)state;
	for (uint64_t ns = 1000; ns < 2000; ns++)
		hdr_add(ns % 3 ? a : b, ns);
	hdr_merge(all, a);
	hdr_merge(all, b);
	assert_int_equal(all->count, 1000);
	assert_int_equal(all->min_ns, 1000);
	assert_int_equal(all->max_ns, 1999);
	assert_int_equal(all->sum_ns, 1499500);
	assert_int_equal(hdr_quantile_ns(all, 0.5), 1499);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bin_holds_its_edges),
		cmocka_unit_test(longer_than_all_bins_is_in_the_last),
		cmocka_unit_test(quantiles_are_within_the_stated_error),
		cmocka_unit_test(an_empty_one_has_no_quantiles),
		cmocka_unit_test(one_sample_is_every_quantile),
		cmocka_unit_test(merged_ones_are_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

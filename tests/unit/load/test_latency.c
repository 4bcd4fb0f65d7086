/*
 * Distributions of the data model: no percentile without samples for it, and
 * bins that give the same answers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "load/latency.h"
#include "load/schedule.h"

static struct arena arena;
static struct hdr *hdr;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 1 << 20);
	hdr = calloc(1, sizeof(*hdr));
	assert_non_null(hdr);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	free(hdr);
	return 0;
}

/* So many durations of 1 us to 1 s, evenly over the decades. */
static const Ringmaster__V1__LoadLatency *make(unsigned count)
{
	uint64_t random = 42;
	Ringmaster__V1__LoadLatency *latency;

	for (unsigned i = 0; i < count; i++)
		hdr_add(hdr, (uint64_t)pow(10,
		    3 + 6 * schedule_random_unit(&random)));
	latency = latency_make(hdr, &arena);
	assert_non_null(latency);
	return latency;
}

static void a_percentile_needs_ten_samples_beyond_it(void **state)
{
	(void)state;
	assert_int_equal(latency_needs(0.5), 20);
	assert_int_equal(latency_needs(0.99), 1000);
	assert_int_equal(latency_needs(0.9999), 100000);
	assert_string_equal(latency_unsupported(0), "p50");
	assert_string_equal(latency_unsupported(999), "p99");
	assert_string_equal(latency_unsupported(1000), "p99.9");
	assert_string_equal(latency_unsupported(4000), "p99.9");
	assert_string_equal(latency_unsupported(99999), "p99.99");
	assert_null(latency_unsupported(100000));
}

static void without_them_it_is_not_given(void **state)
{
	const Ringmaster__V1__LoadLatency *latency = make(999);

	(void)state;
	assert_int_equal(latency->count, 999);
	assert_true(latency->p95 > 0);
	assert_true(isnan(latency->p99) && isnan(latency->p999));
	assert_true(isnan(latency->p9999));
	/* An expression about it is still answered, from what there is. */
	assert_true(latency_quantile(latency, 0.99) > latency->p95);
	assert_true(latency_quantile(latency, 1) == latency->max);
}

static void fields_are_those_of_the_fine_histogram(void **state)
{
	const Ringmaster__V1__LoadLatency *latency = make(100000);

	(void)state;
	assert_true(latency->p50 == (double)hdr_quantile_ns(hdr, 0.5) / 1e9);
	assert_true(latency->p9999 ==
	    (double)hdr_quantile_ns(hdr, 0.9999) / 1e9);
	assert_true(latency->min == (double)hdr->min_ns / 1e9);
	assert_true(latency->max == (double)hdr->max_ns / 1e9);
}

static void bins_hold_all_and_give_quantiles(void **state)
{
	static const double wanted[] = { 0.001, 0.1, 0.6, 0.97, 0.9995 };
	const Ringmaster__V1__LoadLatency *latency = make(50000);
	uint64_t sum = 0;

	(void)state;
	for (size_t i = 0; i < latency->n_bins; i++)
		sum += latency->bins[i];
	assert_int_equal(sum, 50000);
	assert_true(latency->bins[0] && latency->bins[latency->n_bins - 1]);
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		double exact = (double)hdr_quantile_ns(hdr, wanted[i]) / 1e9;

		assert_true(fabs(latency_quantile(latency, wanted[i]) -
		    exact) <= exact * 0.013);
	}
}

/* 2, 4, 4, 4, 5, 5, 7, 9: mean 5, standard deviation 2. */
static void the_deviation_is_the_known_one(void **state)
{
	static const unsigned values[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
	const Ringmaster__V1__LoadLatency *latency;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		hdr_add(hdr, values[i] * UINT64_C(1000000));
	latency = make(0);
	assert_true(fabs(latency->mean - 0.005) < 1e-12);
	assert_true(fabs(latency->stddev - 0.002) < 0.002 / 1000);
}

static void an_empty_one_has_nothing(void **state)
{
	const Ringmaster__V1__LoadLatency *latency = make(0);

	(void)state;
	assert_int_equal(latency->count, 0);
	assert_int_equal(latency->n_bins, 0);
	assert_true(latency->mean == 0 && latency->max == 0);
	assert_true(isnan(latency->p50));
	assert_true(isnan(latency_quantile(latency, 0.5)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_percentile_needs_ten_samples_beyond_it),
		cmocka_unit_test_setup_teardown(without_them_it_is_not_given,
		    begin, end),
		cmocka_unit_test_setup_teardown(
		    fields_are_those_of_the_fine_histogram, begin, end),
		cmocka_unit_test_setup_teardown(
		    bins_hold_all_and_give_quantiles, begin, end),
		cmocka_unit_test_setup_teardown(
		    the_deviation_is_the_known_one, begin, end),
		cmocka_unit_test_setup_teardown(an_empty_one_has_nothing,
		    begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

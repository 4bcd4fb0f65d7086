/*
 * Statistics with answers that are known beforehand.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load/schedule.h"
#include "load/stats.h"

#define SERIES(values) \
	((struct stats_series){ (values), sizeof(values) / sizeof(*(values)) })

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* ---- the warm-up ---- */

static void a_level_series_has_no_warmup(void **state)
{
	double values[100];

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		values[i] = 1000 + i % 2;
	assert_int_equal(stats_warmup(SERIES(values)), 0);
}

static void a_slow_start_is_found_in_batches_of_five(void **state)
{
	double values[100];

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		values[i] = i < 18 ? 10 * i : 1000 + i % 3;
	assert_int_equal(stats_warmup(SERIES(values)), 20);
}

static void a_short_series_is_not_batched(void **state)
{
	double values[] = { 10, 500, 1000, 1001, 1000, 999, 1000, 1001, 1000,
		999 };

	(void)state;
	assert_int_equal(stats_warmup(SERIES(values)), 2);
}

static void at_most_half_is_warmup(void **state)
{
	double values[10];

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		values[i] = i < 9 ? 0 : 1000;
	assert_true(stats_warmup(SERIES(values)) <= 5);
	assert_int_equal(stats_warmup((struct stats_series){ values, 3 }), 0);
	assert_int_equal(stats_warmup((struct stats_series){ NULL, 0 }), 0);
}

/* ---- medians ---- */

static void medians_are_the_middle(void **state)
{
	double odd[] = { 5, 1, 4, 2, 3 }, even[] = { 4, 1, 3, 2 };
	double same[] = { 7, 7, 7, 7 }, one[] = { 9 };

	(void)state;
	assert_true(stats_median(odd, 5) == 3);
	assert_true(stats_median(even, 4) == 2.5);
	assert_true(stats_median(same, 4) == 7);
	assert_true(stats_median(one, 1) == 9);
	assert_true(stats_median(NULL, 0) == 0);
}

/* ---- the bootstrap ---- */

static void a_constant_ratio_has_no_width(void **state)
{
	double a[] = { 10, 11, 12, 13, 14 }, b[5];
	struct stats_ratio ratio;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		b[i] = 2 * a[i];
	assert_int_equal(stats_ratio_of_medians(SERIES(a), SERIES(b), true,
	    &ratio), 0);
	assert_true(near(ratio.ratio, 2));
	assert_true(near(ratio.low, 2) && near(ratio.high, 2));
	/* Not drawn together, they vary. */
	assert_int_equal(stats_ratio_of_medians(SERIES(a), SERIES(b), false,
	    &ratio), 0);
	assert_true(near(ratio.ratio, 2));
	assert_true(ratio.low < 1.9 && ratio.high > 2.1);
}

/*
 * With three values the median of a resample can only be one of them: the
 * middle one with 13/27, each outer one with 7/27. Against a constant, the
 * interval of 95 % is from the least to the largest.
 */
static void three_values_give_the_known_interval(void **state)
{
	double a[] = { 1, 1, 1 }, b[] = { 3, 1, 2 };
	struct stats_ratio ratio;

	(void)state;
	assert_int_equal(stats_ratio_of_medians(SERIES(a), SERIES(b), false,
	    &ratio), 0);
	assert_true(ratio.ratio == 2 && ratio.low == 1 && ratio.high == 3);
}

static void the_seed_is_fixed(void **state)
{
	double a[] = { 10, 12, 9, 11, 13, 10.5 }, b[] = { 12, 13, 11, 15 };
	struct stats_ratio first, second;

	(void)state;
	assert_int_equal(stats_ratio_of_medians(SERIES(a), SERIES(b), false,
	    &first), 0);
	assert_int_equal(stats_ratio_of_medians(SERIES(a), SERIES(b), false,
	    &second), 0);
	assert_memory_equal(&first, &second, sizeof(first));
	assert_true(first.low < first.ratio && first.ratio < first.high);
}

/* Of 200 pairs of series of the same kind, about 95 % of the intervals hold
 * the true ratio, 1. */
static void the_interval_holds_the_truth_as_often_as_it_says(void **state)
{
	enum { TRIALS = 200, VALUES = 30 };
	double a[VALUES], b[VALUES];
	uint64_t random = 7;
	unsigned held = 0;

	(void)state;
	for (unsigned trial = 0; trial < TRIALS; trial++) {
		struct stats_ratio ratio;

		for (unsigned i = 0; i < VALUES; i++) {
			a[i] = 10 + schedule_random_unit(&random);
			b[i] = 10 + schedule_random_unit(&random);
		}
		assert_int_equal(stats_ratio_of_medians(SERIES(a), SERIES(b),
		    false, &ratio), 0);
		held += ratio.low <= 1 && ratio.high >= 1;
	}
	assert_in_range(held, TRIALS * 90 / 100, TRIALS * 99 / 100);
}

static void what_has_no_ratio_is_refused(void **state)
{
	static double many[STATS_SAMPLES_MAX + 1];
	double zero[] = { 0, 0, 0 }, one[] = { 1, 1 }, bad[] = { 1, NAN };
	struct stats_ratio ratio;

	(void)state;
	for (unsigned i = 0; i <= STATS_SAMPLES_MAX; i++)
		many[i] = i + 1;
	assert_int_equal(stats_ratio_of_medians(SERIES(zero), SERIES(one),
	    false, &ratio), -EINVAL);
	assert_int_equal(stats_ratio_of_medians(SERIES(one), SERIES(zero),
	    true, &ratio), -EINVAL);
	assert_int_equal(stats_ratio_of_medians(SERIES(one), SERIES(bad),
	    false, &ratio), -EINVAL);
	assert_int_equal(stats_ratio_of_medians(SERIES(one),
	    (struct stats_series){ NULL, 0 }, false, &ratio), -EINVAL);
	assert_int_equal(stats_ratio_of_medians(SERIES(one), SERIES(many),
	    false, &ratio), -E2BIG);
}

/* ---- evenness ---- */

static void jain_says_how_many_share(void **state)
{
	double even[] = { 5, 5, 5, 5 }, one[] = { 20, 0, 0, 0 };
	double half[] = { 3, 3, 0, 0 }, none[] = { 0, 0 };

	(void)state;
	assert_true(near(stats_jain(SERIES(even)), 1));
	assert_true(near(stats_jain(SERIES(one)), 0.25));
	assert_true(near(stats_jain(SERIES(half)), 0.5));
	assert_true(near(stats_jain(SERIES(none)), 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_level_series_has_no_warmup),
		cmocka_unit_test(a_slow_start_is_found_in_batches_of_five),
		cmocka_unit_test(a_short_series_is_not_batched),
		cmocka_unit_test(at_most_half_is_warmup),
		cmocka_unit_test(medians_are_the_middle),
		cmocka_unit_test(a_constant_ratio_has_no_width),
		cmocka_unit_test(three_values_give_the_known_interval),
		cmocka_unit_test(the_seed_is_fixed),
		cmocka_unit_test(
		    the_interval_holds_the_truth_as_often_as_it_says),
		cmocka_unit_test(what_has_no_ratio_is_refused),
		cmocka_unit_test(jain_says_how_many_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What charts are given: columns, heatmaps, distributions. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "report/series.h"
#include "../load/sample_result.h"

enum { MEMORY = 16 << 20 };

struct fixture {
	struct arena arena;
	struct sample sample;
	struct series series;
};

static int setup(void **state)
{
	static struct fixture fixture;

	arena_init(&fixture.arena, NULL, 0, MEMORY);
	sample_make(&fixture.sample, &fixture.arena);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	arena_fini(&fixture->arena);
	return 0;
}

static void make(struct fixture *fixture, unsigned columns)
{
	assert_int_equal(series_make(&fixture->sample.result, columns,
	    &fixture->arena, &fixture->series), 0);
}

static void a_second_is_a_column(void **state)
{
	struct fixture *fixture = *state;

	make(fixture, 600);
	assert_int_equal(fixture->series.count, 10);
	assert_int_equal(fixture->series.step, 1);
	assert_true(fixture->series.span == 10);
	for (unsigned i = 0; i < 10; i++)
		assert_true(fixture->series.rate[i] == 1000);
	assert_true(fixture->series.warmup == 1);
}

static void missing_seconds_are_gaps(void **state)
{
	struct fixture *fixture = *state;

	fixture->sample.seconds[4].second = 5;
	make(fixture, 600);
	assert_true(isnan(fixture->series.rate[4]));
	assert_true(fixture->series.rate[5] == 2000);
}

static void a_last_moment_belongs_to_the_second_before(void **state)
{
	struct fixture *fixture = *state;

	fixture->sample.result.duration_seconds = 9.01;
	fixture->sample.seconds[9].requests = 10;
	make(fixture, 600);
	assert_int_equal(fixture->series.count, 9);
	assert_true(fabs(fixture->series.rate[8] - 1010 / 1.01) < 1e-6);
}

static void many_seconds_share_columns(void **state)
{
	struct fixture *fixture = *state;

	make(fixture, 4);
	assert_int_equal(fixture->series.count, 4);
	assert_int_equal(fixture->series.step, 3);
	assert_true(fixture->series.rate[0] == 1000);
	assert_true(fixture->series.rate[3] == 1000);
}

static void foreign_seconds_do_no_harm(void **state)
{
	struct fixture *fixture = *state;

	fixture->sample.seconds[9].second = UINT32_MAX;
	fixture->sample.seconds[8].second = SERIES_SECONDS_MAX;
	make(fixture, 600);
	assert_int_equal(fixture->series.count, 8);
	fixture->sample.result.n_seconds = 0;
	assert_int_equal(series_make(&fixture->sample.result, 600,
	    &fixture->arena, &fixture->series), -ENODATA);
}

static void a_heatmap_has_every_request(void **state)
{
	struct fixture *fixture = *state;
	uint64_t bins[3] = { 10, 20, 30 };
	struct series_heat heat;
	double sum = 0;

	assert_int_equal(series_heat(&fixture->sample.result, &fixture->arena,
	    &heat), -ENODATA);
	for (unsigned i = 0; i < 10; i++) {
		fixture->sample.seconds[i].first_bin = i ? 500 : HIST_BINS - 2;
		fixture->sample.seconds[i].bins = bins;
		fixture->sample.seconds[i].n_bins = 3;
	}
	assert_int_equal(series_heat(&fixture->sample.result, &fixture->arena,
	    &heat), 0);
	for (unsigned i = 0; i < heat.columns * heat.rows; i++)
		sum += heat.counts[i];
	/* One bin of the first second is beyond the last there is. */
	assert_true(fabs(sum - 570) < 1e-6);
	assert_true(heat.most <= 60);
}

static void a_distribution_is_all_of_it(void **state)
{
	struct fixture *fixture = *state;
	struct series_curve curve;
	struct series_bars bars;
	double sum = 0;

	assert_true(series_bars(fixture->sample.result.latency, &bars));
	for (unsigned i = 0; i < bars.count; i++)
		sum += bars.shares[i];
	assert_true(fabs(sum - 1) < 1e-9);
	series_curve(fixture->sample.result.latency, &curve);
	for (unsigned i = 1; i < curve.count; i++)
		assert_true(curve.seconds[i] >= curve.seconds[i - 1]);
	assert_true(curve.seconds[curve.count - 1] ==
	    fixture->sample.result.latency->max);
	fixture->sample.result.latency->n_bins = 0;
	assert_false(series_bars(fixture->sample.result.latency, &bars));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_second_is_a_column),
		TEST(missing_seconds_are_gaps),
		TEST(a_last_moment_belongs_to_the_second_before),
		TEST(many_seconds_share_columns),
		TEST(foreign_seconds_do_no_harm),
		TEST(a_heatmap_has_every_request),
		TEST(a_distribution_is_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

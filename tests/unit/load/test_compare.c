/*
 * Comparisons: what is said of samples that differ, that do not, and that
 * are not there; and when --fail-if holds.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "load/compare.h"
#include "sample_result.h"

static struct arena arena;
static struct sample samples[2];
static struct load_samples figures[2];

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 1 << 24);
	for (unsigned i = 0; i < 2; i++) {
		sample_make(&samples[i], &arena);
		figures[i].count = 0;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* Ten rounds near these, with some noise. */
static void fill(struct load_samples *to, double rate, double p50, double p99)
{
	for (int i = 0; i < 10; i++) {
		double noise = 1 + 0.001 * (i * 7 % 10 - 5);

		load_samples_add(to, rate * noise, p50 * noise, p99 * noise);
	}
}

static Ringmaster__V1__LoadComparison *compare(bool by_turns)
{
	const struct load_comparison_sides sides = { .by_turns = by_turns,
	    .results = { &samples[0].result, &samples[1].result },
	    .samples = { &figures[0], &figures[1] } };
	Ringmaster__V1__LoadComparison *ret;

	assert_int_equal(load_compare_samples(&sides, &arena, &ret), 0);
	assert_int_equal(ret->n_differences, LOAD_COMPARE_FIGURES);
	return ret;
}

static bool fails(const Ringmaster__V1__LoadComparison *comparison,
    const char *text)
{
	struct slo_list list = { .count = 0 };
	char error[200];

	assert_int_equal(slo_parse(&list, slice_cstr(text), true, error,
	    sizeof(error)), 0);
	return load_compare_fails(comparison, &list) != NULL;
}

static void differences_are_in_words(void **state)
{
	const Ringmaster__V1__LoadComparison *comparison;

	(void)state;
	fill(&figures[0], 1000, 0.001, 0.010);
	fill(&figures[1], 1250, 0.001, 0.012);
	comparison = compare(true);
	assert_string_equal(comparison->differences[0]->words,
	    "B is 25.0 % faster in requests a second (95 % interval 25.0 "
	    "to 25.0)");
	assert_string_equal(comparison->differences[1]->words,
	    "no difference shown at p50 (+0.0 to +0.0 %)");
	assert_string_equal(comparison->differences[2]->words,
	    "B is 20.0 % slower at p99 (95 % interval 20.0 to 20.0)");
	assert_true(comparison->differences[0]->shown);
	assert_false(comparison->differences[1]->shown);
	assert_int_equal(comparison->n_warnings, 0);
}

static void fail_if_needs_a_difference_that_is_shown(void **state)
{
	const Ringmaster__V1__LoadComparison *comparison;

	(void)state;
	fill(&figures[0], 1000, 0.001, 0.010);
	fill(&figures[1], 900, 0.001, 0.012);
	comparison = compare(true);
	assert_true(fails(comparison, "p99>+5%"));
	assert_false(fails(comparison, "p99>+25%"));
	assert_true(fails(comparison, "rate<-5%"));
	assert_false(fails(comparison, "rate<-15%"));
	assert_false(fails(comparison, "p50>+0.5%"));

	/* The same medians, but noise that could be all of it. */
	figures[1].count = 0;
	for (int i = 0; i < 10; i++)
		load_samples_add(&figures[1], 1000, 0.001,
		    i % 2 ? 0.002 : 0.022);
	comparison = compare(true);
	assert_false(comparison->differences[2]->shown);
	assert_false(fails(comparison, "p99>+5%"));
}

static void nothing_is_nothing(void **state)
{
	const Ringmaster__V1__LoadComparison *comparison;

	(void)state;
	fill(&figures[0], 1000, 0.001, 0.010);
	fill(&figures[1], 0, NAN, NAN);
	comparison = compare(true);
	assert_true(comparison->differences[0]->shown);
	assert_false(comparison->differences[2]->shown);
	assert_false(fails(comparison, "p99>+5%"));
	figures[0].count = figures[1].count = 0;
	comparison = compare(true);
	assert_string_equal(comparison->differences[1]->words,
	    "nothing to compare at p50");
}

static void what_differs_is_named(void **state)
{
	const Ringmaster__V1__LoadComparison *comparison;

	(void)state;
	fill(&figures[0], 1000, 0.001, 0.010);
	fill(&figures[1], 1000, 0.001, 0.010);
	samples[1].spec.connections = samples[0].spec.connections + 1;
	samples[1].result.url = (char *)"http://127.0.0.1:1/other";
	samples[1].result.partial = true;
	comparison = compare(false);
	assert_int_equal(comparison->n_warnings, 3);
	assert_non_null(strstr(comparison->warnings[0],
	    "the number of connections differs"));
	assert_non_null(strstr(comparison->warnings[1], "the URL differs"));
	assert_string_equal(comparison->warnings[2], "B: ended early");
	/* By turns, the URL is what is compared. */
	assert_int_equal(compare(true)->n_warnings, 2);
}

static void samples_have_a_limit(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STATS_SAMPLES_MAX + 1; i++)
		load_samples_add(&figures[0], i, i, i);
	assert_int_equal(figures[0].count, STATS_SAMPLES_MAX);
}

static void kept_runs_are_compared_by_their_seconds(void **state)
{
	Ringmaster__V1__LoadComparison *comparison;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		samples[0].seconds[i].p99 = 0.010;
		samples[1].seconds[i].p99 = 0.020;
	}
	assert_int_equal(load_compare(&samples[0].result, &samples[1].result,
	    &arena, &comparison), 0);
	assert_true(comparison->differences[2]->ratio > 1.99 &&
	    comparison->differences[2]->ratio < 2.01);
	assert_int_equal(comparison->n_warnings, 1);
	assert_non_null(strstr(comparison->warnings[0], "too narrow"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(differences_are_in_words),
		TEST(fail_if_needs_a_difference_that_is_shown),
		TEST(nothing_is_nothing),
		TEST(what_differs_is_named),
		TEST(samples_have_a_limit),
		TEST(kept_runs_are_compared_by_their_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Expressions about runs: what is understood, where an error is, and what
 * holds.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "load/latency.h"
#include "load/slo.h"

static struct slo_list list;
static char error[200];

static int parse(const char *text, bool changes)
{
	list.count = 0;
	error[0] = '\0';
	return slo_parse(&list, slice_cstr(text), changes, error,
	    sizeof(error));
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-12 + 1e-9 * fabs(b);
}

static void figures_and_limits_are_read(void **state)
{
	static const struct {
		const char *text;
		enum slo_figure figure;
		double quantile;
		enum slo_operator operator;
		double limit;
	} cases[] = {
		{ "p99<5ms", SLO_QUANTILE, 0.99, SLO_LESS, 0.005 },
		{ "p99.9 <= 20ms", SLO_QUANTILE, 0.999, SLO_LESS_EQUAL, 0.02 },
		{ "p999<250us", SLO_QUANTILE, 0.999, SLO_LESS, 0.00025 },
		{ "p9999<1.5s", SLO_QUANTILE, 0.9999, SLO_LESS, 1.5 },
		{ "p100<1m", SLO_QUANTILE, 1, SLO_LESS, 60 },
		{ "err<0.1%", SLO_ERRORS, 0, SLO_LESS, 0.001 },
		{ "errors < 0.001", SLO_ERRORS, 0, SLO_LESS, 0.001 },
		{ "errors<=100%", SLO_ERRORS, 0, SLO_LESS_EQUAL, 1 },
		{ "rate>1000", SLO_RATE, 0, SLO_MORE, 1000 },
		{ "rate>=5k/s", SLO_RATE, 0, SLO_MORE_EQUAL, 5000 },
		{ "max<1s", SLO_LONGEST, 0, SLO_LESS, 1 },
		{ "min<1ms", SLO_MIN, 0, SLO_LESS, 0.001 },
		{ "\tmean <\t2ms ", SLO_MEAN, 0, SLO_LESS, 0.002 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct slo *slo = &list.items[0];

		if (parse(cases[i].text, false) != 0)
			fail_msg("%s: %s", cases[i].text, error);
		assert_int_equal(list.count, 1);
		assert_int_equal(slo->figure, cases[i].figure);
		assert_true(near(slo->quantile, cases[i].quantile));
		assert_int_equal(slo->operator, cases[i].operator);
		assert_true(near(slo->limit, cases[i].limit));
		assert_false(slo->change);
	}
	assert_string_equal(list.items[0].text, "mean <\t2ms");
}

static void several_are_separated_by_commas(void **state)
{
	(void)state;
	assert_int_equal(parse("p99<5ms, err<0.1%,rate>1k", false), 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].text, "p99<5ms");
	assert_string_equal(list.items[1].text, "err<0.1%");
	assert_string_equal(list.items[2].text, "rate>1k");
	/* A further option adds to them; one that is wrong adds nothing. */
	assert_int_equal(slo_parse(&list, SLICE("max<1s"), false, error,
	    sizeof(error)), 0);
	assert_int_equal(list.count, 4);
	assert_int_equal(slo_parse(&list, SLICE("max<2s,nonsense"), false,
	    error, sizeof(error)), -EINVAL);
	assert_int_equal(list.count, 4);
}

static void changes_are_about_two_runs(void **state)
{
	(void)state;
	assert_int_equal(parse("p99 > +5%,rate<-2.5%", true), 0);
	assert_true(list.items[0].change && list.items[1].change);
	assert_true(near(list.items[0].limit, 0.05));
	assert_true(near(list.items[1].limit, -0.025));
}

static void errors_tell_where(void **state)
{
	static const struct {
		const char *text;
		bool changes;
		unsigned at;
	} cases[] = {
		{ "", false, 1 },
		{ "p<5ms", false, 1 },
		{ "p0<5ms", false, 1 },
		{ "p101<5ms", false, 1 },
		{ "px<5ms", false, 1 },
		{ "p99.<5ms", false, 1 },
		{ "p99<5ms,q50<1s", false, 9 },
		{ "p99<5ms,", false, 9 },
		{ "p99=5ms", false, 4 },
		{ "p99 5ms", false, 5 },
		{ "p99", false, 4 },
		{ "p99<", false, 5 },
		{ "p99<5", false, 5 },
		{ "p99<5%", false, 5 },
		{ "p99<5msec", false, 5 },
		{ "p99<-5ms", false, 5 },
		{ "p99<1e3ms", false, 5 },
		{ "p99<5ms max<1s", false, 9 },
		{ "err<101%", false, 5 },
		{ "err<2", false, 5 },
		{ "rate>10s", false, 6 },
		{ "p99>+5%", false, 5 },
		{ "p99>5ms", true, 5 },
		{ "p99>+5ms", true, 5 },
		{ "p99>+%", true, 5 },
	};
	char wanted[40];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (parse(cases[i].text, cases[i].changes) != -EINVAL)
			fail_msg("%s is taken", cases[i].text);
		assert_int_equal(list.count, 0);
		(void)snprintf(wanted, sizeof(wanted), "character %u:",
		    cases[i].at);
		if (!strstr(error, wanted))
			fail_msg("%s: %s, not at %u", cases[i].text, error,
			    cases[i].at);
	}
}

static void their_number_and_length_are_limited(void **state)
{
	char text[SLO_TEXT_MAX + 16];

	(void)state;
	list.count = 0;
	for (unsigned i = 0; i < SLO_MAX; i++)
		assert_int_equal(slo_parse(&list, SLICE("p99<5ms"), false,
		    error, sizeof(error)), 0);
	assert_int_equal(slo_parse(&list, SLICE("p99<5ms"), false, error,
	    sizeof(error)), -EINVAL);
	/* The longest that fits, and one more. */
	(void)snprintf(text, sizeof(text), "p99<%*s", SLO_TEXT_MAX - 5, "5ms");
	assert_int_equal(strlen(text), SLO_TEXT_MAX - 1);
	assert_int_equal(parse(text, false), 0);
	(void)snprintf(text, sizeof(text), "p99<%*s", SLO_TEXT_MAX - 4, "5ms");
	assert_int_equal(parse(text, false), -EINVAL);
}

/* ---- judging ---- */

static Ringmaster__V1__LoadLatency latency;
static Ringmaster__V1__LoadResult result;

/* 100 requests: 90 of about 1 ms, 10 of about 10 ms; one more failed. */
static int make_result(void **state)
{
	static uint64_t spread[HIST_BINS];
	unsigned first = hist_bin(1000000), last = hist_bin(10000000);

	(void)state;
	memset(spread, 0, sizeof(spread));
	spread[0] = 90;
	spread[last - first] = 10;
	ringmaster__v1__load_latency__init(&latency);
	latency.count = 100;
	latency.mean = 0.0019;
	latency.min = 0.001;
	latency.max = 0.01;
	latency.p50 = 0.001;
	latency.p90 = 0.001;
	latency.p95 = latency.p99 = latency.p999 = latency.p9999 = NAN;
	latency.first_bin = first;
	latency.n_bins = last - first + 1;
	latency.bins = spread;
	ringmaster__v1__load_result__init(&result);
	result.latency = &latency;
	result.requests = 100;
	result.errors = 1;
	result.rate = 1000;
	return 0;
}

static double value_of(const char *text)
{
	assert_int_equal(parse(text, false), 0);
	return slo_value(&list.items[0], &result);
}

static bool holds(const char *text)
{
	double value = value_of(text);

	return slo_holds(&list.items[0], value);
}

static void values_are_those_of_the_run(void **state)
{
	(void)state;
	assert_true(value_of("p50<1s") == 0.001);
	assert_true(value_of("mean<1s") == 0.0019);
	assert_true(value_of("min<1s") == 0.001);
	assert_true(value_of("max<1s") == 0.01);
	assert_true(value_of("rate<1") == 1000);
	assert_true(near(value_of("err<1"), 1.0 / 101));
	/* Those without a field come from the bins. */
	assert_true(fabs(value_of("p99<1s") - 0.01) <= 0.01 * 0.0125);
	assert_true(fabs(value_of("p91<1s") - 0.01) <= 0.01 * 0.0125);
	assert_true(value_of("p89<1s") == 0.001);
	assert_true(value_of("p100<1s") == 0.01);
}

static void limits_are_exact(void **state)
{
	(void)state;
	assert_true(holds("max<=10ms"));
	assert_false(holds("max<10ms"));
	assert_true(holds("max>=10ms"));
	assert_false(holds("max>10ms"));
	assert_true(holds("max<11ms"));
	assert_true(holds("rate>999"));
	assert_false(holds("rate>1000"));
}

static void without_a_value_nothing_holds(void **state)
{
	(void)state;
	result.requests = result.errors = 0;
	latency.count = 0;
	assert_false(holds("p99<5s"));
	assert_false(holds("p99>5s"));
	assert_false(holds("err<100%"));
	result.latency = NULL;
	assert_false(holds("max<5s"));
}

static void a_change_is_relative(void **state)
{
	Ringmaster__V1__LoadResult other = result;

	(void)state;
	other.rate = 1060;
	assert_int_equal(parse("rate > +5%,p99>+5%", true), 0);
	assert_true(near(slo_change(&list.items[0], &result, &other), 0.06));
	assert_true(slo_holds(&list.items[0], slo_change(&list.items[0],
	    &result, &other)));
	assert_true(slo_change(&list.items[1], &result, &other) == 0);
	other.rate = 0;
	assert_true(isnan(slo_change(&list.items[0], &other, &result)));
	assert_true(slo_change(&list.items[0], &other, &other) == 0);
}

static void a_run_is_judged_by_all(void **state)
{
	struct slo_list slos = { .count = 0 }, fail_if = { .count = 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, 0, 1 << 20);
	assert_int_equal(slo_parse(&slos, SLICE("p50<5ms,rate>500"), false,
	    error, sizeof(error)), 0);
	assert_int_equal(slo_judge(&result, &slos, NULL, &arena), 0);
	assert_true(result.passed);
	assert_int_equal(result.n_slos, 2);
	assert_int_equal(slo_parse(&fail_if, SLICE("max > 9ms"), false, error,
	    sizeof(error)), 0);
	assert_int_equal(slo_judge(&result, &slos, &fail_if, &arena), 0);
	assert_false(result.passed);
	assert_int_equal(result.n_slos, 3);
	assert_true(result.slos[0]->passed);
	assert_false(result.slos[2]->passed);
	assert_string_equal(result.slos[2]->text, "fail if max > 9ms");
	assert_true(result.slos[2]->value == 0.01);
	/* A run in which nothing was answered is no run that passed. */
	latency.count = 0;
	assert_int_equal(slo_judge(&result, NULL, &fail_if, &arena), 0);
	assert_false(result.passed);
	assert_int_equal(slo_judge(&result, NULL, NULL, &arena), 0);
	assert_true(result.passed);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_and_limits_are_read),
		cmocka_unit_test(several_are_separated_by_commas),
		cmocka_unit_test(changes_are_about_two_runs),
		cmocka_unit_test(errors_tell_where),
		cmocka_unit_test(their_number_and_length_are_limited),
		cmocka_unit_test_setup(values_are_those_of_the_run,
		    make_result),
		cmocka_unit_test_setup(limits_are_exact, make_result),
		cmocka_unit_test_setup(without_a_value_nothing_holds,
		    make_result),
		cmocka_unit_test_setup(a_change_is_relative, make_result),
		cmocka_unit_test_setup(a_run_is_judged_by_all, make_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

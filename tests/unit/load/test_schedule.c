/*
 * Arrivals: how many, when, and how they are spread.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/schedule.h"

static struct schedule constant(double rate, unsigned seconds)
{
	return (struct schedule){ .points = { { 0, rate },
	    { seconds * NS_PER_SEC, rate } }, .count = 2 };
}

/* All arrivals of a schedule; they never go back. */
static unsigned count_all(struct schedule *schedule)
{
	uint64_t at_ns, before_ns = 0;
	unsigned count = 0;

	while (schedule_next(schedule, &at_ns)) {
		assert_true(at_ns >= before_ns);
		assert_true(at_ns <= schedule_end_ns(schedule));
		before_ns = at_ns;
		count++;
	}
	assert_false(schedule_next(schedule, &at_ns));
	return count;
}

static void a_constant_rate_is_even(void **state)
{
	struct schedule schedule = constant(1000, 10);
	uint64_t at_ns;

	(void)state;
	schedule_start(&schedule, 1, 0, 1);
	for (unsigned i = 0; i < 10000; i++) {
		assert_true(schedule_next(&schedule, &at_ns));
		assert_true(llabs((long long)(at_ns - i * 1000000ULL)) <= 1);
	}
	assert_false(schedule_next(&schedule, &at_ns));
}

static void parts_take_turns(void **state)
{
	struct schedule parts[3];
	uint64_t at_ns;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		parts[i] = constant(1000, 3);
		schedule_start(&parts[i], 7, i, 3);
	}
	for (unsigned i = 0; i < 3000; i++) {
		assert_true(schedule_next(&parts[i % 3], &at_ns));
		assert_true(llabs((long long)(at_ns - i * 1000000ULL)) <= 1);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_false(schedule_next(&parts[i], &at_ns));
}

static void a_ramp_has_the_area_below_it(void **state)
{
	struct schedule schedule = { .points = { { 0, 0 },
	    { 10 * NS_PER_SEC, 1000 }, { 20 * NS_PER_SEC, 1000 },
	    { 25 * NS_PER_SEC, 0 } }, .count = 4 };

	(void)state;
	schedule_start(&schedule, 1, 0, 1);
	assert_in_range(count_all(&schedule), 17499, 17501);
	assert_true(fabs(schedule_area(&schedule, 5 * NS_PER_SEC) - 1250) < 1);
	assert_true(fabs(schedule_area(&schedule, UINT64_MAX) - 17500) < 1);
	assert_true(fabs(schedule_rate(&schedule, 5 * NS_PER_SEC) - 500) < 1);
	assert_true(schedule_rate(&schedule, 25 * NS_PER_SEC) == 0);
}

static void a_jump_and_a_pause_are_followed(void **state)
{
	struct schedule schedule = { .points = { { 0, 100 },
	    { NS_PER_SEC, 100 }, { NS_PER_SEC, 0 }, { 2 * NS_PER_SEC, 0 },
	    { 2 * NS_PER_SEC, 50 }, { 3 * NS_PER_SEC, 50 } }, .count = 6 };
	uint64_t at_ns, last_ns = 0;
	unsigned count = 0;

	(void)state;
	schedule_start(&schedule, 1, 0, 1);
	while (schedule_next(&schedule, &at_ns)) {
		assert_false(at_ns > NS_PER_SEC && at_ns < 2 * NS_PER_SEC);
		last_ns = at_ns;
		count++;
	}
	assert_int_equal(count, 150);
	assert_true(last_ns > 2 * NS_PER_SEC);
}

/* The times between Poisson arrivals have the mean of their deviation. */
static void poisson_arrivals_have_no_memory(void **state)
{
	struct schedule schedule = constant(1000, 100);
	double mean, sum = 0, squares = 0;
	uint64_t at_ns, before_ns = 0;
	unsigned count = 0;

	(void)state;
	schedule.arrivals = SCHEDULE_POISSON;
	schedule_start(&schedule, 3, 0, 1);
	while (schedule_next(&schedule, &at_ns)) {
		double gap = (double)(at_ns - before_ns);

		sum += gap;
		squares += gap * gap;
		before_ns = at_ns;
		count++;
	}
	/* Five deviations of the number and of the ratio. */
	assert_true(fabs(count - 100000.0) < 5 * sqrt(100000.0));
	mean = sum / count;
	assert_true(fabs(sqrt(squares / count - mean * mean) / mean - 1) <
	    0.02);
}

static void uniform_arrivals_keep_to_their_unit(void **state)
{
	struct schedule schedule = constant(1000, 10);
	uint64_t at_ns;

	(void)state;
	schedule.arrivals = SCHEDULE_UNIFORM;
	schedule_start(&schedule, 3, 0, 1);
	for (uint64_t i = 0; schedule_next(&schedule, &at_ns); i++)
		assert_in_range(at_ns, i * 1000000, (i + 1) * 1000000 + 1);
}

static void a_seed_gives_the_same_times(void **state)
{
	struct schedule a = constant(100, 10), b, c;
	unsigned different = 0;
	uint64_t at_a, at_b, at_c;

	(void)state;
	a.arrivals = SCHEDULE_POISSON;
	b = c = a;
	schedule_start(&a, 5, 0, 1);
	schedule_start(&b, 5, 0, 1);
	schedule_start(&c, 6, 0, 1);
	for (unsigned i = 0; i < 500; i++) {
		assert_true(schedule_next(&a, &at_a));
		assert_true(schedule_next(&b, &at_b));
		assert_true(schedule_next(&c, &at_c));
		assert_int_equal(at_a, at_b);
		different += at_a != at_c;
	}
	assert_true(different > 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_constant_rate_is_even),
		cmocka_unit_test(parts_take_turns),
		cmocka_unit_test(a_ramp_has_the_area_below_it),
		cmocka_unit_test(a_jump_and_a_pause_are_followed),
		cmocka_unit_test(poisson_arrivals_have_no_memory),
		cmocka_unit_test(uniform_arrivals_keep_to_their_unit),
		cmocka_unit_test(a_seed_gives_the_same_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

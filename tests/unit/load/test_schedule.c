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

/* As count_all(), with the rate changed behind arrival `number`, which is
 * told once more. *ret is when that was. */
static unsigned count_changed(struct schedule *schedule, unsigned number,
    double rate, uint64_t *ret)
{
	uint64_t at_ns, before_ns;

	for (unsigned i = 0; i < number; i++)
		assert_true(schedule_next(schedule, &before_ns));
	assert_true(schedule_next(schedule, &at_ns));
	*ret = before_ns;
	assert_true(schedule_change(schedule, before_ns, rate));
	return number + count_all(schedule);
}

static void a_rate_that_is_changed_holds_from_then_on(void **state)
{
	static const double rates[] = { 1, 100, 1000, 20000 };
	uint64_t at_ns;

	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		for (unsigned i = 0; i < 4; i++) {
			struct schedule schedule = constant(1000, 10);
			double left, more;

			schedule.arrivals = (enum schedule_arrivals)kind;
			schedule_start(&schedule, 5, 0, 1);
			more = count_changed(&schedule, 4000, rates[i],
			    &at_ns) - 4000.0;
			left = 10 - (double)at_ns / (double)NS_PER_SEC;
			assert_true(fabs(more - left * rates[i]) <=
			    2 + 5 * sqrt(left * rates[i]));
			assert_int_equal(schedule_end_ns(&schedule),
			    10 * NS_PER_SEC);
			assert_true(schedule_rate(&schedule, at_ns) ==
			    rates[i]);
			assert_true(schedule_rate(&schedule, at_ns - 1) ==
			    1000);
		}
	}
}

static void what_was_due_stays_due(void **state)
{
	struct schedule schedule = constant(1000, 10);
	uint64_t at_ns, again_ns;

	(void)state;
	schedule_start(&schedule, 1, 0, 1);
	for (unsigned i = 0; i < 100; i++)
		assert_true(schedule_next(&schedule, &at_ns));
	assert_true(schedule_change(&schedule, 5 * NS_PER_SEC, 10));
	assert_true(schedule_next(&schedule, &again_ns));
	assert_int_equal(at_ns, again_ns);
	assert_int_equal(schedule_area(&schedule, UINT64_MAX), 5000 + 50);
}

static void a_rate_is_changed_as_often_as_there_is_room(void **state)
{
	struct schedule schedule = constant(1000, 10);
	unsigned count = 0;
	uint64_t at_ns;

	(void)state;
	schedule_start(&schedule, 1, 0, 1);
	assert_true(schedule_next(&schedule, &at_ns));
	assert_false(schedule_change(&schedule, 10 * NS_PER_SEC, 10));
	while (schedule_change(&schedule, (count + 1) * NS_PER_MSEC, 10 + count))
		count++;
	assert_int_equal(schedule.count, SCHEDULE_POINTS_MAX);
	assert_int_equal(count, (SCHEDULE_POINTS_MAX - 2) / 2);
	assert_true(schedule_rate(&schedule, 9 * NS_PER_SEC) == 9 + count);
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
		cmocka_unit_test(a_rate_that_is_changed_holds_from_then_on),
		cmocka_unit_test(what_was_due_stays_due),
		cmocka_unit_test(a_rate_is_changed_as_often_as_there_is_room),
		cmocka_unit_test(a_seed_gives_the_same_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

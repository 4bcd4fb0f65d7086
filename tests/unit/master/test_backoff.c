#include "master/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START_NS (UINT64_C(1000) * 1000 * 1000 * 1000)

/* The pause after a death `life_ns` after the start. */
static uint64_t pause_ns(struct backoff *backoff, uint64_t life_ns)
{
	uint64_t now_ns = START_NS + life_ns;

	backoff_died(backoff, START_NS, now_ns);
	return backoff->next_ns - now_ns;
}

static void test_first_death_costs_nothing(void **state)
{
	struct backoff backoff = { 0 };

	(void)state;
	assert_int_equal(pause_ns(&backoff, 1), 0);
}

static void test_long_lives_cost_nothing(void **state)
{
	struct backoff backoff = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(pause_ns(&backoff, BACKOFF_LIFE_NS), 0);
}

static void test_pauses_double(void **state)
{
	struct backoff backoff = { 0 };

	(void)state;
	assert_int_equal(pause_ns(&backoff, 0), 0);
	assert_int_equal(pause_ns(&backoff, BACKOFF_LIFE_NS - 1),
	    BACKOFF_FIRST_NS);
	assert_int_equal(pause_ns(&backoff, 0), 2 * BACKOFF_FIRST_NS);
	assert_int_equal(pause_ns(&backoff, 0), 4 * BACKOFF_FIRST_NS);
}

static void test_pauses_have_a_limit(void **state)
{
	struct backoff backoff = { 0 };
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		last = pause_ns(&backoff, 0);
	assert_int_equal(last, BACKOFF_MAX_NS);
}

static void test_a_long_life_forgives(void **state)
{
	struct backoff backoff = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		(void)pause_ns(&backoff, 0);
	assert_int_equal(pause_ns(&backoff, BACKOFF_LIFE_NS), 0);
	assert_int_equal(pause_ns(&backoff, 0), 0);
	assert_int_equal(pause_ns(&backoff, 0), BACKOFF_FIRST_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_death_costs_nothing),
		cmocka_unit_test(test_long_lives_cost_nothing),
		cmocka_unit_test(test_pauses_double),
		cmocka_unit_test(test_pauses_have_a_limit),
		cmocka_unit_test(test_a_long_life_forgives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support.h"

#include "ring/timer.h"

#define TICK (UINT64_C(1) << TIMER_TICK_BITS)

static struct timer_wheel wheel;

struct probe {
	struct ring_timer timer;
	uint64_t now;		/* at which it was called; 0: not yet */
};

static uint64_t now;		/* what the run under way was given */
static unsigned calls;
static uint64_t last_deadline;

static void probe_called(void *arg)
{
	struct probe *probe = arg;

	assert_null(probe->timer.link);
	assert_int_equal(probe->now, 0);
	probe->now = now;
	calls++;
	/* In the order of ticks. */
	assert_true(probe->timer.deadline / TICK + 1 >= last_deadline / TICK);
	last_deadline = probe->timer.deadline;
}

static void probe_set(struct probe *probe, uint64_t deadline)
{
	probe->timer.fn = probe_called;
	probe->timer.arg = probe;
	probe->now = 0;
	timer_wheel_set(&wheel, &probe->timer, deadline);
}

static void run_at(uint64_t time)
{
	now = time;
	last_deadline = 0;
	timer_wheel_run(&wheel, time);
}

static int setup(void **state)
{
	(void)state;
	timer_wheel_init(&wheel, 1000 * TICK);
	calls = 0;
	return 0;
}

static void never_early_and_at_most_a_tick_late(void **state)
{
	struct probe probe = { .now = 0 };
	uint64_t deadline = 1005 * TICK + 1;

	(void)state;
	probe_set(&probe, deadline);
	run_at(deadline - 1);
	assert_int_equal(probe.now, 0);
	run_at(1006 * TICK);
	assert_int_equal(probe.now, 1006 * TICK);
}

static void past_deadline_is_called_by_the_next_tick(void **state)
{
	struct probe probe = { .now = 0 };

	(void)state;
	probe_set(&probe, 0);
	run_at(1000 * TICK);
	assert_int_equal(calls, 0);
	run_at(1001 * TICK);
	assert_int_equal(calls, 1);
}

static void empty_wheel_has_no_deadline(void **state)
{
	struct probe probe = { .now = 0 };

	(void)state;
	assert_true(timer_wheel_next(&wheel) == RING_NO_DEADLINE);
	probe_set(&probe, 5000 * TICK);
	assert_true(timer_wheel_next(&wheel) <= 5000 * TICK);
	timer_wheel_clear(&wheel, &probe.timer);
	assert_true(timer_wheel_next(&wheel) == RING_NO_DEADLINE);
	timer_wheel_clear(&wheel, &probe.timer);	/* again: nothing */
	run_at(6000 * TICK);
	assert_int_equal(calls, 0);
}

static void next_deadline_is_exact_within_64_ticks(void **state)
{
	struct probe probe = { .now = 0 };

	(void)state;
	timer_wheel_init(&wheel, 1024 * TICK);
	probe_set(&probe, 1024 * TICK + 63 * TICK);
	assert_int_equal(timer_wheel_next(&wheel), 1087 * TICK);
	timer_wheel_clear(&wheel, &probe.timer);
}

static void setting_again_moves(void **state)
{
	struct probe probe = { .now = 0 };

	(void)state;
	probe_set(&probe, 1100 * TICK);
	probe_set(&probe, 9000 * TICK);
	run_at(8999 * TICK);
	assert_int_equal(calls, 0);
	run_at(9000 * TICK);
	assert_int_equal(calls, 1);
}

/* A timer on each level, reached by the wake-ups the wheel asks for. */
static void far_timers_cascade_down_every_level(void **state)
{
	struct probe probes[TIMER_LEVELS] = { { .now = 0 } };
	unsigned turns = 0;

	(void)state;
	for (unsigned i = 0; i < TIMER_LEVELS; i++) {
		uint64_t ticks = UINT64_C(3) << i * TIMER_SLOT_BITS;

		/* The highest level holds what a u64 still can. */
		if (ticks > UINT64_MAX / TICK / 2)
			ticks = UINT64_MAX / TICK / 2;
		probe_set(&probes[i], (1000 + ticks + i) * TICK - i);
	}
	while (timer_wheel_next(&wheel) != RING_NO_DEADLINE) {
		run_at(timer_wheel_next(&wheel));
		assert_true(++turns < 10 * TIMER_LEVELS);
	}
	for (unsigned i = 0; i < TIMER_LEVELS; i++) {
		assert_true(probes[i].now >= probes[i].timer.deadline);
		assert_true(probes[i].now - probes[i].timer.deadline < TICK);
	}
}

static void largest_deadlines_fit(void **state)
{
	struct probe last = { .now = 0 }, never = { .now = 0 };

	(void)state;
	probe_set(&last, UINT64_MAX - TICK);
	probe_set(&never, UINT64_MAX);
	assert_true(timer_wheel_next(&wheel) < RING_NO_DEADLINE);
	run_at(UINT64_MAX - TICK - 1);
	assert_int_equal(calls, 0);
	run_at(UINT64_MAX);
	assert_int_equal(calls, 1);
	assert_int_equal(never.now, 0);
	timer_wheel_clear(&wheel, &never.timer);
}

struct chain {
	struct ring_timer timer;
	unsigned calls;
};

static void chain_called(void *arg)
{
	struct chain *chain = arg;

	chain->calls++;
	timer_wheel_set(&wheel, &chain->timer, 0);
}

static void timer_that_sets_itself_runs_once_a_run(void **state)
{
	struct chain chain = { .calls = 0 };

	(void)state;
	chain.timer.fn = chain_called;
	chain.timer.arg = &chain;
	timer_wheel_set(&wheel, &chain.timer, 0);
	timer_wheel_run(&wheel, 90000 * TICK);
	assert_int_equal(chain.calls, 1);
	timer_wheel_run(&wheel, 90001 * TICK);
	assert_int_equal(chain.calls, 2);
	timer_wheel_clear(&wheel, &chain.timer);
}

static struct probe pair[2];

static void clears_the_other(void *arg)
{
	struct probe *probe = arg;

	calls++;
	timer_wheel_clear(&wheel, &pair[probe == &pair[0]].timer);
}

static void timer_may_clear_another_of_the_same_tick(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		probe_set(&pair[i], 1010 * TICK);
		pair[i].timer.fn = clears_the_other;
	}
	run_at(1020 * TICK);
	assert_int_equal(calls, 1);
}

static uint64_t random_state = 1;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Against the plain rule: called by the first run at or after the deadline,
 * rounded up to ticks. */
static void thousands_of_random_timers_as_the_reference(void **state)
{
	enum { COUNT = 4000 };
	struct probe *probes = calloc(COUNT, sizeof(*probes));
	uint64_t time = 1000 * TICK;

	(void)state;
	assert_non_null(probes);
	for (int round = 0; round < 400; round++) {
		for (int i = 0; i < 40; i++) {
			struct probe *probe = &probes[random_next() % COUNT];
			unsigned bits = 14 + random_next() % 22;

			if (random_next() % 4 == 0)
				timer_wheel_clear(&wheel, &probe->timer);
			else
				probe_set(probe, time + 1 +
				    random_next() % (UINT64_C(1) << bits));
		}
		time += random_next() % (UINT64_C(1) << (14 + round % 20));
		run_at(time);
		for (int i = 0; i < COUNT; i++) {
			uint64_t tick = (probes[i].timer.deadline + TICK - 1)
			    / TICK;

			if (probes[i].timer.link)
				assert_true(tick > time / TICK ||
				    probes[i].timer.deadline > time - TICK);
			else if (probes[i].now == time)
				assert_true(tick <= time / TICK);
		}
	}
	for (int i = 0; i < COUNT; i++)
		timer_wheel_clear(&wheel, &probes[i].timer);
	assert_true(timer_wheel_next(&wheel) == RING_NO_DEADLINE);
	free(probes);
}

#define TEST(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(never_early_and_at_most_a_tick_late),
		TEST(past_deadline_is_called_by_the_next_tick),
		TEST(empty_wheel_has_no_deadline),
		TEST(next_deadline_is_exact_within_64_ticks),
		TEST(setting_again_moves),
		TEST(far_timers_cascade_down_every_level),
		TEST(largest_deadlines_fit),
		TEST(timer_that_sets_itself_runs_once_a_run),
		TEST(timer_may_clear_another_of_the_same_tick),
		TEST(thousands_of_random_timers_as_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

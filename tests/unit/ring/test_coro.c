#include "support.h"

/* Coroutines through ring.h: spawn, join, yield, sleep, limits, stacks. */

static char trace[64];

static void trace_add(char c)
{
	size_t len = strlen(trace);

	assert_true(len + 1 < sizeof(trace));
	trace[len] = c;
	trace[len + 1] = '\0';
}

static void yields_twice(void *arg)
{
	char c = *(const char *)arg;

	for (int i = 0; i < 3; i++) {
		trace_add(c);
		if (i < 2)
			ring_yield(ring);
	}
}

static void spawn_join_body(void *arg)
{
	struct ring_task a, b;

	(void)arg;
	trace[0] = '\0';
	assert_int_equal(ring_spawn(ring, &a, yields_twice, "a"), 0);
	assert_int_equal(ring_spawn(ring, &b, yields_twice, "b"), 0);
	trace_add('|');
	ring_join(ring, &a);
	ring_join(ring, &b);
	ring_join(ring, &b);	/* again: at once */
	assert_string_equal(trace, "ab|abab");
}

static void spawned_run_at_once_and_yield_in_turn(void **state)
{
	(void)state;
	test_run(spawn_join_body);
}

static void nested(void *arg)
{
	unsigned *depth = arg;
	struct ring_task task;

	if (++*depth < 20) {
		assert_int_equal(ring_spawn(ring, &task, nested, depth), 0);
		ring_yield(ring);
		ring_join(ring, &task);
	}
	--*depth;
}

static void nested_body(void *arg)
{
	unsigned depth = 0;

	(void)arg;
	nested(&depth);
	assert_int_equal(depth, 0);
}

static void coroutines_may_start_others_twenty_deep(void **state)
{
	(void)state;
	test_run(nested_body);
}

static void waits_to_end(void *arg)
{
	while (!*(bool *)arg)
		ring_yield(ring);
}

static void limit_body(void *arg)
{
	struct ring_task tasks[3], more;
	bool end = false;

	(void)arg;
	/* This coroutine is the fourth. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(ring_spawn(ring, &tasks[i], waits_to_end,
		    &end), 0);
	assert_int_equal(ring_stats(ring)->stacks_used, 4);
	assert_int_equal(ring_spawn(ring, &more, waits_to_end, &end), -EAGAIN);
	end = true;
	ring_join(ring, &tasks[0]);
	assert_int_equal(ring_spawn(ring, &more, waits_to_end, &end), 0);
	ring_join(ring, &tasks[1]);
	ring_join(ring, &tasks[2]);
}

static void one_coroutine_past_the_limit_is_refused(void **state)
{
	struct ring_options options = test_options();

	(void)state;
	options.stacks_max = 4;
	test_run_with(&options, limit_body, NULL);
}

static void many_body(void *arg)
{
	enum { COUNT = 3000 };	/* more than stay resident */
	struct ring_task *tasks = calloc(COUNT, sizeof(*tasks));

	(void)arg;
	assert_non_null(tasks);
	for (int round = 0; round < 2; round++) {
		bool end = false;

		for (int i = 0; i < COUNT; i++)
			assert_int_equal(ring_spawn(ring, &tasks[i],
			    waits_to_end, &end), 0);
		end = true;
		for (int i = 0; i < COUNT; i++)
			ring_join(ring, &tasks[i]);
	}
	free(tasks);
}

static void thousands_of_stacks_are_pooled_and_used_again(void **state)
{
	(void)state;
	test_run(many_body);
}

static uint64_t sleep_start;

static void sleeps(void *arg)
{
	const char *text = arg;

	ring_sleep(ring, sleep_start +
	    (uint64_t)(text[0] - '0') * 4 * NS_PER_MSEC);
	trace_add(text[0]);
}

static void sleep_body(void *arg)
{
	struct ring_task tasks[4];
	char *names[] = { "3", "1", "4", "2" };

	(void)arg;
	trace[0] = '\0';
	sleep_start = clock_mono_ns();
	for (int i = 0; i < 4; i++)
		assert_int_equal(ring_spawn(ring, &tasks[i], sleeps,
		    names[i]), 0);
	for (int i = 0; i < 4; i++)
		ring_join(ring, &tasks[i]);
	assert_string_equal(trace, "1234");
	assert_true(clock_mono_ns() - sleep_start >= 16 * NS_PER_MSEC);
	/* They slept, the loop did not spin. */
	assert_true(ring_stats(ring)->enters < 60);
}

static void sleepers_wake_in_the_order_of_their_deadlines(void **state)
{
	(void)state;
	test_run(sleep_body);
}

static void timer_body(void *arg)
{
	struct ring_timer timer = { .fn = test_count_call };
	unsigned calls = 0;

	(void)arg;
	timer.arg = &calls;
	ring_timer_set(ring, &timer, ring_now(ring) + NS_PER_MSEC);
	test_sleep_ms(3);
	assert_int_equal(calls, 1);
	ring_timer_set(ring, &timer, ring_now(ring) + NS_PER_MSEC);
	ring_timer_clear(ring, &timer);
	test_sleep_ms(3);
	assert_int_equal(calls, 1);
}

static void ring_timers_fire_once_and_can_be_cleared(void **state)
{
	(void)state;
	test_run(timer_body);
}

struct turns {
	unsigned count;
	uint64_t busy_ns;
};

static void turn_ended(void *arg, uint64_t busy_ns)
{
	struct turns *turns = arg;

	turns->count++;
	turns->busy_ns += busy_ns;
}

static void hooks_body(void *arg)
{
	struct turns turns = { .count = 0 };
	struct ring_hooks hooks = { .turn_end = turn_ended, .arg = &turns };
	uint64_t start, burn_until;

	(void)arg;
	ring_set_hooks(ring, &hooks);
	ring_yield(ring);
	start = clock_mono_ns();
	burn_until = start + 2 * NS_PER_MSEC;
	while (clock_mono_ns() < burn_until)
		;
	ring_yield(ring);
	test_sleep_ms(20);
	assert_true(turns.count >= 2);
	assert_true(turns.busy_ns >= 2 * NS_PER_MSEC);
	/* Waiting is not counted as being busy. */
	assert_true(turns.busy_ns < clock_mono_ns() - start);
	ring_set_hooks(ring, &(struct ring_hooks){ .arg = NULL });
}

static void turn_end_is_told_how_long_the_turn_was_busy(void **state)
{
	(void)state;
	test_run(hooks_body);
}

static void left_waiting(void *arg)
{
	ring_sleep(ring, RING_NO_DEADLINE);
	*(bool *)arg = true;
}

static void close_drops_coroutines_that_wait(void **state)
{
	struct ring_options options = test_options();
	bool ran = false;

	(void)state;
	assert_int_equal(ring_open(&options, &ring), 0);
	assert_int_equal(ring_spawn(ring, NULL, left_waiting, &ran), 0);
	ring_close(&ring);
	assert_null(ring);
	ring_close(&ring);	/* nothing */
	assert_false(ran);
}

__attribute__((noinline))
static unsigned dig(unsigned depth)
{
	volatile char here[1024];

	here[0] = here[1023] = (char)depth;
	if (depth > 0)
		depth = dig(depth - 1);
	return depth + (unsigned)here[0] + (unsigned)here[1023];
}

static void overflows(void *arg)
{
	(void)arg;
	(void)dig(1000000);
}

static void overflow_child(void)
{
	struct ring_options options = test_options();
	struct rlimit no_core = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)close(STDERR_FILENO);	/* the sanitizer's report */
	(void)signal(SIGSEGV, SIG_DFL);
	if (ring_open(&options, &ring) == 0)
		(void)ring_spawn(ring, NULL, overflows, NULL);
}

static void stack_overflow_ends_in_the_guard_page(void **state)
{
	int status;

	(void)state;
	status = test_in_child(overflow_child);
	/* A sanitizer reports it and exits. */
	assert_true((WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) ||
	    (WIFEXITED(status) && WEXITSTATUS(status) != 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spawned_run_at_once_and_yield_in_turn),
		cmocka_unit_test(coroutines_may_start_others_twenty_deep),
		cmocka_unit_test(one_coroutine_past_the_limit_is_refused),
		cmocka_unit_test(thousands_of_stacks_are_pooled_and_used_again),
		cmocka_unit_test(sleepers_wake_in_the_order_of_their_deadlines),
		cmocka_unit_test(ring_timers_fire_once_and_can_be_cleared),
		cmocka_unit_test(turn_end_is_told_how_long_the_turn_was_busy),
		cmocka_unit_test(close_drops_coroutines_that_wait),
		cmocka_unit_test(stack_overflow_ends_in_the_guard_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support.h"

/* Waiting for each other: one wake for all, one for one, deadlines. */

struct waiting {
	struct ring_event *event;
	struct ring_waiter waiter;
	struct ring_task task;
	uint64_t deadline;
	int result;
	unsigned woken;
};

static void waiting_run(void *arg)
{
	struct waiting *waiting = arg;

	waiting->result = ring_event_wait(ring, waiting->event,
	    &waiting->waiter, waiting->deadline);
	waiting->woken++;
}

static void waiting_start(struct waiting *waiting, struct ring_event *event,
    uint64_t deadline)
{
	*waiting = (struct waiting){ .event = event, .deadline = deadline,
	    .result = 1 };
	assert_int_equal(ring_spawn(ring, &waiting->task, waiting_run,
	    waiting), 0);
}

static void one_wake_body(void *arg)
{
	enum { COUNT = 100 };
	static struct waiting waiting[COUNT];
	struct ring_event event = { NULL };

	(void)arg;
	for (unsigned i = 0; i < COUNT; i++)
		waiting_start(&waiting[i], &event, i % 2 ? RING_NO_DEADLINE
		    : test_in_ms(60000));
	ring_event_wake(&event);
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(waiting[i].woken, 0); /* not yet resumed */
	for (unsigned i = 0; i < COUNT; i++) {
		ring_join(ring, &waiting[i].task);
		assert_int_equal(waiting[i].result, 0);
		assert_int_equal(waiting[i].woken, 1);
	}
	assert_null(event.first);
}

static void one_wake_is_for_all(void **state)
{
	(void)state;
	test_run(one_wake_body);
}

static void one_of_three_body(void *arg)
{
	struct ring_event event = { NULL };
	struct waiting waiting[3];

	(void)arg;
	for (unsigned i = 0; i < 3; i++)
		waiting_start(&waiting[i], &event, RING_NO_DEADLINE);
	ring_waiter_wake(&waiting[1].waiter);
	ring_waiter_wake(&waiting[1].waiter);	/* waits no more: nothing */
	ring_join(ring, &waiting[1].task);
	ring_yield(ring);
	assert_int_equal(waiting[0].woken, 0);
	assert_int_equal(waiting[1].woken, 1);
	assert_int_equal(waiting[2].woken, 0);
	ring_event_wake(&event);
	ring_join(ring, &waiting[0].task);
	ring_join(ring, &waiting[2].task);
}

static void one_can_be_woken_alone(void **state)
{
	(void)state;
	test_run(one_of_three_body);
}

static void deadline_body(void *arg)
{
	struct ring_event event = { NULL };
	struct ring_waiter waiter = { .link = NULL };
	uint64_t begin = clock_mono_ns();
	struct waiting other;

	(void)arg;
	waiting_start(&other, &event, RING_NO_DEADLINE);
	assert_int_equal(ring_event_wait(ring, &event, &waiter,
	    test_in_ms(20)), -ETIMEDOUT);
	assert_true(clock_mono_ns() - begin >= 20 * NS_PER_MSEC);
	assert_int_equal(other.woken, 0);
	/* Again with the same waiter, and a deadline that has passed. */
	assert_int_equal(ring_event_wait(ring, &event, &waiter, begin),
	    -ETIMEDOUT);
	ring_event_wake(&event);
	ring_join(ring, &other.task);
	assert_int_equal(other.result, 0);
	assert_null(event.first);
}

static void a_deadline_ends_one_wait_only(void **state)
{
	(void)state;
	test_run(deadline_body);
}

static void missed_body(void *arg)
{
	struct ring_event event = { NULL };
	struct ring_waiter waiter = { .link = NULL };

	(void)arg;
	ring_event_wake(&event);
	ring_waiter_wake(&waiter);
	assert_int_equal(ring_event_wait(ring, &event, &waiter,
	    test_in_ms(1)), -ETIMEDOUT);
}

static void a_wake_is_not_remembered(void **state)
{
	(void)state;
	test_run(missed_body);
}

/* Who wakes the others at each turn waits for an answer itself. */
struct ping_pong {
	struct ring_event there, back;
	unsigned value, rounds;
};

static void pong(void *arg)
{
	struct ping_pong *game = arg;
	struct ring_waiter waiter = { .link = NULL };

	while (game->value < game->rounds) {
		while (game->value % 2 == 0)
			(void)ring_event_wait(ring, &game->there, &waiter,
			    RING_NO_DEADLINE);
		game->value++;
		ring_event_wake(&game->back);
	}
}

static void ping_pong_body(void *arg)
{
	struct ping_pong game = { .rounds = 2000 };
	struct ring_waiter waiter = { .link = NULL };
	struct ring_task task;

	(void)arg;
	assert_int_equal(ring_spawn(ring, &task, pong, &game), 0);
	while (game.value < game.rounds) {
		game.value++;
		ring_event_wake(&game.there);
		while (game.value % 2 == 1)
			assert_int_equal(ring_event_wait(ring, &game.back,
			    &waiter, test_in_ms(10000)), 0);
	}
	ring_join(ring, &task);
	assert_int_equal(game.value, game.rounds);
}

static void two_can_take_turns(void **state)
{
	(void)state;
	test_run(ping_pong_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_wake_is_for_all),
		cmocka_unit_test(one_can_be_woken_alone),
		cmocka_unit_test(a_deadline_ends_one_wait_only),
		cmocka_unit_test(a_wake_is_not_remembered),
		cmocka_unit_test(two_can_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

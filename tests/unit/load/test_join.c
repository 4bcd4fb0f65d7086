/*
 * The parts of a followed request add up to its response time, whatever the
 * stamps say; what belongs to nothing is left out; memory has a bound, and the
 * sample no bias.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "load/join.h"
#include "metrics/segment.h"

enum { RUN = 77 };

static struct load_join *join;
static struct load_join_summary summary;

static int begin(void **state)
{
	(void)state;
	join = load_join_new(RUN);
	return join ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	free(join);
	return 0;
}

/* Times in ns since 1000: sent 10, received 30, begun 35, stages of 5, 4, 3,
 * 2, 3, 1, done 60. */
static struct load_stamps stamps(uint64_t number)
{
	return (struct load_stamps){ .number = number, .intended_ns = 1000,
		.sent_ns = 1010, .done_ns = 1060 };
}

static struct metrics_followed record(uint64_t number)
{
	return (struct metrics_followed){ .run = RUN, .number = number,
		.received_ns = 1030, .begun_ns = 1035,
		.stage_ns = { 5, 4, 3, 2, 3, 1 } };
}

static void follow(const struct load_stamps *client,
    const struct metrics_followed *server)
{
	load_join_stamps(join, client);
	load_join_record(join, 3, server);
	load_join_match(join);
}

static uint64_t whole(const struct load_joined *joined)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LOAD_PARTS; i++)
		sum += joined->parts_ns[i];
	return sum;
}

static void parts_are_what_lies_between_the_moments(void **state)
{
	static const uint64_t expected[LOAD_PARTS] = { 10, 20, 5, 5, 4, 3, 2,
		3, 1, 7 };
	struct load_stamps client = stamps(5);
	struct metrics_followed server = record(5);

	(void)state;
	follow(&client, &server);
	load_join_summarize(join, LOAD_FOLLOW_ALL, &summary);
	assert_int_equal(summary.followed, 1);
	assert_int_equal(summary.slowest_count, 1);
	assert_int_equal(summary.slowest[0].worker, 3);
	assert_int_equal(summary.slowest[0].whole_ns, 60);
	assert_memory_equal(summary.slowest[0].parts_ns, expected,
	    sizeof(expected));
}

/* The server hears late that it has sent; clocks are read before and after
 * what they stand for. */
static void parts_add_up_whatever_the_stamps(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (uint64_t number = 0; number < 5000; number++) {
		struct load_stamps client = { .number = number,
		    .intended_ns = 1000 };
		struct metrics_followed server = { .run = RUN,
		    .number = number };

		client.sent_ns = 1000 + schedule_random(&random) % 100;
		client.done_ns = client.sent_ns +
		    schedule_random(&random) % 1000;
		server.received_ns = schedule_random(&random) % 3000;
		server.begun_ns = schedule_random(&random) % 3000;
		for (unsigned i = 0; i < METRICS_STAGE_COUNT; i++)
			server.stage_ns[i] = schedule_random(&random) %
			    (i ? 300 : UINT64_C(1) << 40);
		follow(&client, &server);
	}
	load_join_summarize(join, LOAD_FOLLOW_ALL, &summary);
	assert_int_equal(summary.followed, 5000);
	for (unsigned i = 0; i < summary.slowest_count; i++)
		assert_int_equal(whole(&summary.slowest[i]),
		    summary.slowest[i].whole_ns);
}

static void a_record_may_come_a_match_later(void **state)
{
	struct load_stamps client = stamps(1);
	struct metrics_followed server = record(1);

	(void)state;
	load_join_stamps(join, &client);
	load_join_match(join);
	load_join_record(join, 0, &server);
	load_join_match(join);
	/* Not two. */
	client.number = server.number = 2;
	load_join_stamps(join, &client);
	load_join_match(join);
	load_join_match(join);
	load_join_record(join, 0, &server);
	load_join_match(join);
	load_join_summarize(join, LOAD_FOLLOW_ALL, &summary);
	assert_int_equal(summary.followed, 1);
}

static void what_is_of_another_run_or_number_is_nothing(void **state)
{
	struct load_stamps client = stamps(1);
	struct metrics_followed server = record(1);

	(void)state;
	server.run = RUN + 1;
	follow(&client, &server);
	server = record(1 + LOAD_JOIN_RECORDS);
	client.number = 1;
	follow(&client, &server);
	load_join_summarize(join, LOAD_FOLLOW_ALL, &summary);
	assert_int_equal(summary.followed, 0);
	assert_int_equal(summary.sample, 0);
}

static void a_number_is_joined_once(void **state)
{
	struct load_stamps client = stamps(1);
	struct metrics_followed server = record(1);

	(void)state;
	follow(&client, &server);
	load_join_stamps(join, &client);
	load_join_match(join);
	load_join_match(join);
	load_join_summarize(join, LOAD_FOLLOW_ALL, &summary);
	assert_int_equal(summary.followed, 1);
}

/* Ten times as many as are kept: those of the lowest chances stay. */
static void memory_has_a_bound(void **state)
{
	enum { ALL = 10 * LOAD_JOIN_SAMPLE };

	(void)state;
	for (uint64_t number = 0; number < ALL; number++) {
		struct load_stamps client = stamps(number);
		struct metrics_followed server = record(number);

		/* Every chance once, in another order. */
		client.chance = (uint32_t)(number * 7919 % ALL);
		client.done_ns = 1060 + client.chance;
		follow(&client, &server);
	}
	load_join_summarize(join, LOAD_FOLLOW_ALL, &summary);
	assert_int_equal(summary.followed, ALL);
	assert_int_equal(summary.sample, LOAD_JOIN_SAMPLE);
	/* Durations follow chances: these are 60 ns and 0 to 8191. */
	assert_true(summary.tail.whole > 8100e-9);
	assert_true(summary.tail.whole < 8300e-9);
	assert_true(summary.median.whole > 4100e-9);
	assert_true(summary.median.whole < 4200e-9);
	/* The slowest are of all. */
	assert_int_equal(summary.slowest_count, LOAD_JOIN_SLOWEST);
	for (unsigned i = 0; i < LOAD_JOIN_SLOWEST; i++)
		assert_int_equal(summary.slowest[i].whole_ns, 60 + ALL - 1 -
		    i);
}

static void stamps_beyond_the_room_are_dropped(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < LOAD_JOIN_PENDING + 10; number++) {
		struct load_stamps client = stamps(number);
		struct metrics_followed server = record(number);

		load_join_stamps(join, &client);
		load_join_record(join, 0, &server);
	}
	load_join_match(join);
	load_join_summarize(join, LOAD_FOLLOW_ALL, &summary);
	assert_int_equal(summary.followed, LOAD_JOIN_PENDING);
}

static void the_sample_is_below_the_last_bound(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < 1000; number++) {
		struct load_stamps client = stamps(number);
		struct metrics_followed server = record(number);

		client.chance = (uint32_t)number;
		follow(&client, &server);
	}
	load_join_summarize(join, 100, &summary);
	assert_int_equal(summary.followed, 1000);
	assert_int_equal(summary.sample, 100);
}

/* ---- which are followed ---- */

/* Send `rate` requests a second for `seconds`; how many were followed. */
static unsigned sent(struct load_follow_thread *thread, uint64_t *now_ns,
    unsigned rate, unsigned seconds)
{
	struct load_stamps one, taken;
	unsigned count = 0;

	for (unsigned i = 0; i < rate * seconds; i++) {
		*now_ns += 1000000000 / rate;
		if (!load_follow_choose(thread, *now_ns, &one))
			continue;
		count++;
		load_follow_done(thread, &one);
		assert_true(load_follow_take(thread, &taken));
		assert_int_equal(taken.number, one.number);
	}
	return count;
}

static void a_few_are_all_followed(void **state)
{
	struct load_follow *follow_all = load_follow_new(RUN, 1);
	uint64_t now_ns = 1;

	(void)state;
	assert_non_null(follow_all);
	assert_int_equal(sent(follow_all->threads, &now_ns, 1900, 3), 5700);
	assert_true(load_follow_below(follow_all) == LOAD_FOLLOW_ALL);
	free(follow_all);
}

static void of_many_no_more_than_the_limit(void **state)
{
	struct load_follow *follow_some = load_follow_new(RUN, 1);
	uint64_t now_ns = 1, below;
	unsigned first;

	(void)state;
	assert_non_null(follow_some);
	first = sent(follow_some->threads, &now_ns, 200000, 1);
	/* The slot of one worker holds them until they are collected. */
	assert_in_range(first, 500, METRICS_FOLLOWED);
	assert_in_range(sent(follow_some->threads, &now_ns, 200000, 4), 2000,
	    4 * LOAD_FOLLOW_RATE + LOAD_FOLLOW_BURST);
	below = load_follow_below(follow_some);
	/* It stays so when there are few: an equal share of all. */
	(void)sent(follow_some->threads, &now_ns, 100, 1);
	assert_true(load_follow_below(follow_some) == below);
	free(follow_some);
}

static void threads_have_numbers_of_their_own(void **state)
{
	struct load_follow *two = load_follow_new(RUN, 2);
	struct load_stamps a, b, c;
	char line[LOAD_FOLLOW_LINE];
	struct slice text;

	(void)state;
	assert_non_null(two);
	assert_true(load_follow_choose(&two->threads[0], 1, &a));
	assert_true(load_follow_choose(&two->threads[1], 1, &b));
	assert_true(load_follow_choose(&two->threads[0], 1, &c));
	assert_int_equal(a.number, 0);
	assert_int_equal(b.number, 1);
	assert_int_equal(c.number, 2);
	text = load_follow_line(&two->threads[0], &c, line);
	assert_true(slice_equal(text, SLICE("X-Ringload: "
	    "000000000000004d.0000000000000002\r\n")));
	free(two);
}

static void stamps_nobody_takes_are_lost(void **state)
{
	struct load_follow *one = load_follow_new(RUN, 1);
	struct load_stamps some = stamps(0);
	unsigned count = 0;

	(void)state;
	assert_non_null(one);
	for (unsigned i = 0; i < LOAD_FOLLOW_STAMPS + 100; i++)
		load_follow_done(one->threads, &some);
	while (load_follow_take(one->threads, &some))
		count++;
	assert_int_equal(count, LOAD_FOLLOW_STAMPS);
	free(one);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(parts_are_what_lies_between_the_moments),
		TEST(parts_add_up_whatever_the_stamps),
		TEST(a_record_may_come_a_match_later),
		TEST(what_is_of_another_run_or_number_is_nothing),
		TEST(a_number_is_joined_once),
		TEST(memory_has_a_bound),
		TEST(stamps_beyond_the_room_are_dropped),
		TEST(the_sample_is_below_the_last_bound),
		cmocka_unit_test(a_few_are_all_followed),
		cmocka_unit_test(of_many_no_more_than_the_limit),
		cmocka_unit_test(threads_have_numbers_of_their_own),
		cmocka_unit_test(stamps_nobody_takes_are_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

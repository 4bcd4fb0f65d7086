#include "master/board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

static int setup(void **state)
{
	*state = board_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	return munmap(*state, sizeof(struct board));
}

static void test_a_process_is_ready_with_its_first_beat(void **state)
{
	struct board *board = *state;

	assert_false(board_ready(board, 3));
	assert_false(board_healthy(board, 3, 100));
	board_beat(board, 3, 100);
	assert_true(board_ready(board, 3));
	assert_false(board_ready(board, 2));
}

static void test_silence_has_a_limit(void **state)
{
	struct board *board = *state;

	board_beat(board, 0, 100);
	assert_true(board_healthy(board, 0, 99));
	assert_true(board_healthy(board, 0, 100 + BOARD_SILENT_NS - 1));
	assert_false(board_healthy(board, 0, 100 + BOARD_SILENT_NS));
}

static void test_healthy_workers_serve_themselves(void **state)
{
	struct board *board = *state;
	const bool healthy[CORE_WORKERS_MAX] = { true, true };

	board_assign(board, healthy, 2);
	assert_int_equal(board_taker(board, 0), BOARD_NOBODY);
	assert_int_equal(board_taker(board, 1), BOARD_NOBODY);
}

static void test_the_next_healthy_one_takes(void **state)
{
	struct board *board = *state;
	const bool healthy[CORE_WORKERS_MAX] = { true, false, false, true };

	board_assign(board, healthy, 4);
	assert_int_equal(board_taker(board, 1), 3);
	assert_int_equal(board_taker(board, 2), 3);
	assert_int_equal(board_taker(board, 3), BOARD_NOBODY);
}

static void test_nobody_takes_if_none_is_healthy(void **state)
{
	struct board *board = *state;
	const bool healthy[CORE_WORKERS_MAX] = { false };

	board_assign(board, healthy, 2);
	assert_int_equal(board_taker(board, 0), BOARD_NOBODY);
	board_assign(board, healthy, 0);
	assert_int_equal(board_taker(board, 0), BOARD_NOBODY);
}

static void test_slots_without_a_worker_are_spread(void **state)
{
	struct board *board = *state;
	const bool healthy[CORE_WORKERS_MAX] = { true, true };

	board_assign(board, healthy, 2);
	assert_int_equal(board_taker(board, 2), 0);
	assert_int_equal(board_taker(board, 3), 1);
	assert_int_equal(board_taker(board, CORE_WORKERS_MAX - 1), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_process_is_ready_with_its_first_beat),
		TEST(test_silence_has_a_limit),
		TEST(test_healthy_workers_serve_themselves),
		TEST(test_the_next_healthy_one_takes),
		TEST(test_nobody_takes_if_none_is_healthy),
		TEST(test_slots_without_a_worker_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

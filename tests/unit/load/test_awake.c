/*
 * When processors are kept awake, for how long they are left to others, and
 * that it takes time of its own.
 */
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/awake.h"
#include "load/host.h"

static void one_processor_is_left_to_others(void **state)
{
	(void)state;
	assert_true(awake_may(1, 2, 2, HUGE_VAL));
	assert_false(awake_may(2, 2, 2, HUGE_VAL));
	assert_false(awake_may(1, 1, 1, HUGE_VAL));
	assert_true(awake_may(3, 4, 4, HUGE_VAL));
}

static void but_not_of_those_it_was_given(void **state)
{
	(void)state;
	assert_true(awake_may(1, 1, 2, HUGE_VAL));
	assert_true(awake_may(4, 4, 64, HUGE_VAL));
	assert_false(awake_may(5, 4, 64, HUGE_VAL));
}

static void a_quota_is_for_all_in_the_group(void **state)
{
	(void)state;
	assert_false(awake_may(1, 8, 8, 1.5));
	assert_true(awake_may(1, 8, 8, 2));
	assert_false(awake_may(1, 1, 8, 0.9));
	assert_true(awake_may(1, 1, 8, 1));
}

static void put(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (!text) {
		assert_int_equal(mkdir(path, 0700), 0);
		return;
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void take_away(const char *directory, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(remove(path), 0);
}

static void the_least_quota_of_the_groups_above_holds(void **state)
{
	char root[] = "/tmp/test_awake.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(root));
	put(root, "a", NULL);
	put(root, "a/b", NULL);
	assert_true(load_host_quota_of(root, "/a/b") == HUGE_VAL);
	put(root, "a/b/cpu.max", "max 100000\n");
	assert_true(load_host_quota_of(root, "/a/b") == HUGE_VAL);
	put(root, "a/cpu.max", "150000 100000\n");
	assert_true(load_host_quota_of(root, "/a/b") == 1.5);
	put(root, "a/b/cpu.max", "300000 100000\n");
	assert_true(load_host_quota_of(root, "/a/b") == 1.5);
	assert_true(load_host_quota_of(root, "/a") == 1.5);
	/* In a container the names may be those outside. */
	put(root, "cpu.max", "50000 100000\n");
	assert_true(load_host_quota_of(root, "/c/d") == 0.5);
	assert_true(load_host_quota_of(root, "/") == 0.5);
	assert_true(load_host_quota_of(root, "") == 0.5);
	put(root, "cpu.max", "");
	assert_true(load_host_quota_of(root, "") == HUGE_VAL);
	put(root, "cpu.max", "1 0");
	assert_true(load_host_quota_of(root, "") == HUGE_VAL);
	take_away(root, "cpu.max");
	take_away(root, "a/b/cpu.max");
	take_away(root, "a/b");
	take_away(root, "a/cpu.max");
	take_away(root, "a");
	assert_int_equal(rmdir(root), 0);
}

/* It runs for a while, in turns of a microsecond: no nap. */
static void runs(struct awake_watch *watch, uint64_t ns)
{
	uint64_t end_ns = watch->last_ns + ns;

	while (watch->last_ns < end_ns)
		assert_true(awake_watch(watch, watch->last_ns +
		    NS_PER_USEC) == 0);
}

/* It runs again after so long; returns its nap. */
static uint64_t gone(struct awake_watch *watch, uint64_t ns)
{
	return awake_watch(watch, watch->last_ns + ns);
}

static void it_leaves_at_once_what_is_not_its_own(void **state)
{
	struct awake_watch watch = { .last_ns = NS_PER_SEC };

	(void)state;
	/* A request takes no longer. */
	for (unsigned i = 0; i < 1000; i++)
		assert_true(gone(&watch, NS_PER_MSEC / 4) == 0);
	for (unsigned nap = 10; nap < 320; nap *= 2) {
		assert_true(gone(&watch, NS_PER_MSEC) == nap * NS_PER_MSEC);
		runs(&watch, nap * NS_PER_MSEC / 2);
	}
	runs(&watch, NS_PER_SEC);
	assert_true(gone(&watch, NS_PER_MSEC) == 10 * NS_PER_MSEC);
}

static void it_stays_where_others_are_seldom(void **state)
{
	struct awake_watch watch = { .last_ns = NS_PER_SEC, .own = true };

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_true(gone(&watch, 4 * NS_PER_MSEC) == 0);
		runs(&watch, 50 * NS_PER_MSEC);
	}
	/* A request takes no longer. */
	for (unsigned i = 0; i < 1000; i++)
		assert_true(gone(&watch, NS_PER_MSEC / 4) == 0);
}

static void it_leaves_where_others_work(void **state)
{
	struct awake_watch watch = { .last_ns = NS_PER_SEC, .own = true };
	uint64_t nap_ns = 10 * NS_PER_MSEC;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(gone(&watch, 3 * NS_PER_MSEC) == 0);
		runs(&watch, 3 * NS_PER_MSEC);
	}
	/* Longer and longer, as they are still there. */
	for (unsigned i = 0; i < 10; i++) {
		assert_true(gone(&watch, 3 * NS_PER_MSEC) == nap_ns);
		if (nap_ns < 320 * NS_PER_MSEC)
			nap_ns *= 2;
		runs(&watch, 3 * NS_PER_MSEC);
	}
	/* They have been gone for a while. */
	runs(&watch, NS_PER_SEC);
	assert_true(gone(&watch, 3 * NS_PER_MSEC) == 0);
	assert_true(gone(&watch, 20 * NS_PER_MSEC) == 10 * NS_PER_MSEC);
}

static void its_time_is_not_that_of_who_sleeps(void **state)
{
	const struct timespec pause = { .tv_nsec = 20 * NS_PER_MSEC };
	uint64_t before_ns = clock_thread_ns(), process_ns;
	struct awake awake;
	struct timespec used;

	(void)state;
	assert_true(awake_start(&awake));
	for (unsigned i = 0; i < 5; i++) {
		awake_here(&awake);
		(void)nanosleep(&pause, NULL); /* shorter is no harm */
	}
	awake_stop(&awake);
	assert_true(awake.cpu_ns > 0);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	process_ns = (uint64_t)used.tv_sec * NS_PER_SEC +
	    (uint64_t)used.tv_nsec;
	assert_true(process_ns >= awake.cpu_ns +
	    (clock_thread_ns() - before_ns));
	/* A second time is nothing. */
	awake_stop(&awake);
}

static void what_was_not_started_is_not_stopped(void **state)
{
	struct awake awake = { .started = false };

	(void)state;
	awake_stop(&awake);
	assert_true(awake.cpu_ns == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_processor_is_left_to_others),
		cmocka_unit_test(but_not_of_those_it_was_given),
		cmocka_unit_test(a_quota_is_for_all_in_the_group),
		cmocka_unit_test(the_least_quota_of_the_groups_above_holds),
		cmocka_unit_test(it_leaves_at_once_what_is_not_its_own),
		cmocka_unit_test(it_stays_where_others_are_seldom),
		cmocka_unit_test(it_leaves_where_others_work),
		cmocka_unit_test(its_time_is_not_that_of_who_sleeps),
		cmocka_unit_test(what_was_not_started_is_not_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

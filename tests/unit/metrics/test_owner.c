#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "metrics/owner.h"

/* A child stands for the other process: a lock is never in one's own way. */

static char path[64];
static struct metrics_segment *segment;

static bool exists(void)
{
	return access(path, F_OK) == 0;
}

static bool taken(void *arg)
{
	(void)arg;
	return metrics_owner_taken(segment);
}

static bool reclaims(void *arg)
{
	(void)arg;
	metrics_owner_reclaim(path);
	return !exists();
}

/* What another process finds. */
static bool elsewhere(bool (*question)(void *))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(question(NULL));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A master that holds the segment until it is killed. */
static pid_t hold(void)
{
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		metrics_owner_hold(segment->fd);
		(void)!write(ready[1], "", 1);
		(void)pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static void kill_and_wait(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int setup(void **state)
{
	const struct metrics_options options = { .version = "test" };

	(void)state;
	(void)snprintf(path, sizeof(path), "test_owner.%d.shm",
	    (int)getpid());
	return metrics_segment_create(path, &options, &segment);
}

static int teardown(void **state)
{
	(void)state;
	metrics_segment_close(&segment);
	(void)unlink(path);
	return 0;
}

/* The segment of setup() without the hold that its creation gave us. */
static void let_go(void)
{
	struct metrics_segment *other;

	assert_int_equal(metrics_open_readonly(path, &other), 0);
	metrics_segment_close(&other);
}

static bool alive(void *arg)
{
	(void)arg;
	return metrics_owner_alive(segment);
}

static void who_made_it_holds_it(void **state)
{
	(void)state;
	assert_true(elsewhere(taken));
	assert_true(elsewhere(alive));
	assert_false(elsewhere(reclaims));
	assert_true(exists());
}

static void it_is_free_when_the_last_holder_was_killed(void **state)
{
	pid_t first, second;

	(void)state;
	let_go();
	first = hold();
	second = hold();
	assert_true(elsewhere(taken));
	kill_and_wait(first);
	assert_true(elsewhere(taken));
	assert_false(elsewhere(reclaims));
	kill_and_wait(second);
	assert_false(elsewhere(taken));
	assert_false(elsewhere(alive));
	assert_true(elsewhere(reclaims));
	assert_false(exists());
}

static void those_left_see_that_its_name_was_taken(void **state)
{
	(void)state;
	let_go();
	assert_false(taken(NULL));
	metrics_owner_reclaim(path);
	assert_true(taken(NULL));
}

static void those_left_see_a_newer_segment(void **state)
{
	const struct metrics_options options = { .version = "test" };
	struct metrics_segment *newer;

	(void)state;
	let_go();
	assert_false(taken(NULL));
	assert_int_equal(metrics_segment_create(path, &options, &newer), 0);
	assert_true(taken(NULL));
	metrics_segment_close(&newer);
}

static void what_is_no_segment_stays(void **state)
{
	FILE *file;

	(void)state;
	assert_int_equal(unlink(path), 0);
	metrics_owner_reclaim(path);		/* nothing there */
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs("somebody else's file", file) >= 0);
	assert_int_equal(fclose(file), 0);
	metrics_owner_reclaim(path);
	assert_true(exists());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_made_it_holds_it, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    it_is_free_when_the_last_holder_was_killed, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    those_left_see_that_its_name_was_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    those_left_see_a_newer_segment, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_segment_stays,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

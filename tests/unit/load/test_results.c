/*
 * The file of results stays whole: killed writers, two at once, full disks,
 * damage; and it does not grow for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "load/results.h"

static char directory[40], path[80];
static struct load_results results = { .path = path };

static size_t files(const char *suffix, bool clear)
{
	char pattern[120];
	glob_t found;
	size_t count;

	(void)snprintf(pattern, sizeof(pattern), "%s%s", path, suffix);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	count = found.gl_pathc;
	for (size_t i = 0; clear && i < count; i++)
		(void)unlink(found.gl_pathv[i]);
	globfree(&found);
	return count;
}

static int begin(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/results-XXXXXX");
	assert_non_null(mkdtemp(directory));
	/* Its directory is made when it is needed. */
	(void)snprintf(path, sizeof(path), "%s/reports/r.json", directory);
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)files("*", true);
	(void)snprintf(path, sizeof(path), "%s/reports", directory);
	(void)rmdir(path);
	return rmdir(directory);
}

static int add(unsigned number, bool pinned)
{
	Ringmaster__V1__LoadResult run = RINGMASTER__V1__LOAD_RESULT__INIT;
	char id[16];

	(void)snprintf(id, sizeof(id), "run-%u", number);
	run.run = id;
	run.requests = number;
	run.pinned = pinned;
	return load_results_add(&results, &run);
}

static void put(const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static unsigned seen, first_number, last_number, stop_after;

static bool see(void *arg, const Ringmaster__V1__LoadResult *result)
{
	(void)arg;
	if (seen++ == 0)
		first_number = (unsigned)result->requests;
	last_number = (unsigned)result->requests;
	return seen != stop_after;
}

static unsigned count(void)
{
	seen = 0;
	if (load_results_each(&results, see, NULL) != 0)
		fail_msg("%s", results.message);
	assert_string_equal(results.message, "");
	return seen;
}

/* ---- adding and asking ---- */

static void a_missing_file_has_no_runs(void **state)
{
	(void)state;
	assert_int_equal(count(), 0);
	assert_int_equal(files("*", false), 0);
}

static void runs_are_kept_in_order(void **state)
{
	struct arena arena;
	Ringmaster__V1__LoadResult *found;

	(void)state;
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(add(i, false), 0);
	assert_int_equal(count(), 3);
	assert_int_equal(first_number, 1);
	assert_int_equal(last_number, 3);
	stop_after = 2;
	assert_int_equal(count(), 2);
	stop_after = 0;
	arena_init(&arena, NULL, 0, 1 << 20);
	assert_int_equal(load_results_find(&results, "run-2", &arena, &found),
	    0);
	assert_int_equal(found->requests, 2);
	assert_int_equal(load_results_find(&results, "run-9", &arena, &found),
	    -ENOENT);
	arena_fini(&arena);
	/* Nothing else is left behind. */
	assert_int_equal(files("*", false), 1);
}

static void the_oldest_go_pinned_ones_last(void **state)
{
	(void)state;
	assert_int_equal(add(1, true), 0);
	for (unsigned i = 2; i <= LOAD_RESULTS_MAX; i++)
		assert_int_equal(add(i, false), 0);
	assert_int_equal(count(), LOAD_RESULTS_MAX);
	assert_int_equal(add(LOAD_RESULTS_MAX + 1, false), 0);
	assert_int_equal(count(), LOAD_RESULTS_MAX);
	assert_int_equal(first_number, 1);
	assert_int_equal(last_number, LOAD_RESULTS_MAX + 1);
	stop_after = 2;
	(void)count();
	assert_int_equal(last_number, 3);
	stop_after = 0;
}

static void when_all_are_pinned_the_oldest_goes(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= LOAD_RESULTS_MAX + 1; i++)
		assert_int_equal(add(i, true), 0);
	assert_int_equal(count(), LOAD_RESULTS_MAX);
	assert_int_equal(first_number, 2);
}

static void what_cannot_be_read_back_is_not_written(void **state)
{
	Ringmaster__V1__LoadResult run = RINGMASTER__V1__LOAD_RESULT__INIT;

	(void)state;
	assert_int_equal(add(1, false), 0);
	run.requests = UINT64_MAX;
	assert_int_equal(load_results_add(&results, &run), -EINVAL);
	assert_int_equal(count(), 1);
}

/* ---- changes ---- */

static void runs_are_named_noted_pinned_and_removed(void **state)
{
	const bool yes = true;
	const struct load_results_edit edit = { .name = "before",
		.note = "with \"quotes\"\nand \xc3\xa4", .pinned = &yes };
	const struct load_results_edit gone = { .remove = true };
	struct arena arena;
	Ringmaster__V1__LoadResult *found;

	(void)state;
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(add(i, false), 0);
	assert_int_equal(load_results_edit(&results, "run-2", &edit), 0);
	arena_init(&arena, NULL, 0, 1 << 20);
	assert_int_equal(load_results_find(&results, "run-2", &arena, &found),
	    0);
	assert_string_equal(found->name, edit.name);
	assert_string_equal(found->note, edit.note);
	assert_true(found->pinned);
	assert_int_equal(found->requests, 2);
	arena_fini(&arena);
	assert_int_equal(load_results_edit(&results, "run-1", &gone), 0);
	assert_int_equal(count(), 2);
	assert_int_equal(first_number, 2);
	assert_int_equal(load_results_edit(&results, "run-1", &gone),
	    -ENOENT);
	assert_int_equal(load_results_edit(&results, "run-2", &gone), 0);
	assert_int_equal(load_results_edit(&results, "run-3", &gone), 0);
	assert_int_equal(count(), 0);
}

static void notes_are_limited(void **state)
{
	char note[LOAD_NOTE_MAX + 2];
	struct load_results_edit edit = { .note = note };

	(void)state;
	assert_int_equal(add(1, false), 0);
	memset(note, 'a', sizeof(note));
	note[LOAD_NOTE_MAX] = '\0';
	assert_int_equal(load_results_edit(&results, "run-1", &edit), 0);
	note[LOAD_NOTE_MAX] = 'a';
	note[LOAD_NOTE_MAX + 1] = '\0';
	assert_int_equal(load_results_edit(&results, "run-1", &edit),
	    -EINVAL);
	edit.note = "\xff";
	assert_int_equal(load_results_edit(&results, "run-1", &edit),
	    -EINVAL);
}

static void what_a_later_version_added_stays(void **state)
{
	char text[4096];
	ssize_t n;
	int fd;

	(void)state;
	assert_int_equal(add(1, false), 0);
	put("{\"later\":1,\"version\":1,\n\"results\" : [ {\"run\":\"a\","
	    "\"later\":[5]} , {\"run\":\"b\"}\n] }\n");
	assert_int_equal(add(2, false), 0);
	assert_int_equal(count(), 3);
	fd = open(path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(close(fd), 0);
	assert_non_null(strstr(text, "{\"run\":\"a\",\"later\":[5]}"));
}

/* ---- what is damaged, or not ours ---- */

static void what_is_no_file_of_results_is_put_aside(void **state)
{
	static const char *const texts[] = {
		"nonsense", "[]", "[{\"total\":100}]", "{}", "{\"results\":[]}",
		"{\"version\":1}", "{\"version\":2,\"results\":[]}",
		"{\"version\":1,\"results\":[", "{\"version\":1,\"results\":[{}",
		"{\"version\":1,\"results\":[{}]",
		"{\"version\":1,\"results\":[{}]} x",
		"{\"version\":1,\"results\":[5]}",
		"{\"version\":1,\"results\":[{},]}",
		"{\"version\":1,\"results\":[{\"requests\":-1}]}",
		"{\"version\":1,\"results\":[],\"results\":[]}",
	};
	const struct load_results_edit gone = { .remove = true };

	(void)state;
	assert_int_equal(add(1, false), 0);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		put(texts[i]);
		if (load_results_each(&results, see, NULL) != -EBADMSG)
			fail_msg("%s is taken", texts[i]);
		assert_true(results.message[0] != '\0');
		assert_int_equal(load_results_edit(&results, "run-1", &gone),
		    -EBADMSG);
		assert_int_equal(files(".bad-*", false), i);
		assert_int_equal(add(i, false), 0);
		assert_non_null(strstr(results.message, "put aside"));
		assert_int_equal(files(".bad-*", false), i + 1);
		assert_int_equal(count(), 1);
	}
	assert_int_equal(files(".bad-*", true), 15);
}

/* Nor put aside: --save=/dev/null must not cost the machine that device. */
static void other_things_are_left_alone(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(add(1, false), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load_results_each(&results, see, NULL), -EINVAL);
	assert_int_equal(add(2, false), -EINVAL);
	assert_non_null(strstr(results.message, "not a regular file"));
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISFIFO(status.st_mode));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(add(3, false), -EINVAL);
	assert_int_equal(rmdir(path), 0);
	put("");
	assert_int_equal(count(), 0);
	/* One byte too many. */
	assert_int_equal(truncate(path, LOAD_RESULTS_BYTES_MAX + 1), 0);
	assert_int_equal(load_results_each(&results, see, NULL), -EFBIG);
}

static void the_reason_is_said(void **state)
{
	struct load_results none = { .path = "/nowhere/at/all/r.json" };
	Ringmaster__V1__LoadResult run = RINGMASTER__V1__LOAD_RESULT__INIT;

	(void)state;
	assert_int_equal(load_results_add(&none, &run), -ENOENT);
	assert_non_null(strstr(none.message, none.path));
	none.path = "";
	assert_true(load_results_add(&none, &run) < 0);
	none.path = "/tmp/";
	assert_true(load_results_add(&none, &run) < 0);
}

/* ---- faults ---- */

static void two_writers_lose_nothing(void **state)
{
	enum { WRITERS = 4, EACH = 10 };

	(void)state;
	for (unsigned i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		for (unsigned n = 0; pid == 0 && n < EACH; n++)
			if (add(i * EACH + n, false) != 0)
				_exit(1);
		if (pid == 0)
			_exit(0);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count(), WRITERS * EACH);
	assert_int_equal(files(".bad-*", false), 0);
}

static void add_for_ever(void)
{
	unsigned number = 0;

	while (add(number++, false) == 0)
		continue;
	_exit(1);
}

/* Wherever it is killed, what was there before is still there, and the next
 * writer is not in its way. */
static void a_killed_writer_leaves_it_whole(void **state)
{
	enum { KILLS = 40 };
	unsigned before = 0;

	(void)state;
	for (unsigned i = 0; i < KILLS; i++) {
		const struct timespec wait_for = { .tv_nsec =
		    (long)i * i * 5000 };
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0)
			add_for_ever();
		(void)nanosleep(&wait_for, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_true(count() >= before);
		assert_int_equal(add(i, false), 0);
		assert_string_equal(results.message, "");
		before = count();
	}
	assert_int_equal(files("*", false), 1);
}

static void a_full_disk_leaves_the_old_one(void **state)
{
	struct rlimit old, small;

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(add(i, false), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(add(10, false), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	assert_true(results.message[0] != '\0');
	assert_int_equal(count(), 10);
	assert_int_equal(files("*", false), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_missing_file_has_no_runs),
		TEST(runs_are_kept_in_order),
		TEST(the_oldest_go_pinned_ones_last),
		TEST(when_all_are_pinned_the_oldest_goes),
		TEST(what_cannot_be_read_back_is_not_written),
		TEST(runs_are_named_noted_pinned_and_removed),
		TEST(notes_are_limited),
		TEST(what_a_later_version_added_stays),
		TEST(what_is_no_file_of_results_is_put_aside),
		TEST(other_things_are_left_alone),
		TEST(the_reason_is_said),
		TEST(two_writers_lose_nothing),
		TEST(a_killed_writer_leaves_it_whole),
		TEST(a_full_disk_leaves_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

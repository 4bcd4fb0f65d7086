#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dashboard/history.h"

static char directory[] = "/tmp/marks-XXXXXX";
static char path[64], shm[64];
static const struct log quiet;
static struct history *history;
static struct metrics_segment *segment;
static struct metrics_mark marks[HISTORY_MARKS_ALL];

static void segment_new(void)
{
	const struct metrics_options options = { .version = "test" };

	assert_int_equal(metrics_segment_create(shm, &options, &segment), 0);
}

static int begin(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/marks-XXXXXX");
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/h", directory);
	(void)snprintf(shm, sizeof(shm), "%s/s", directory);
	assert_int_equal(history_open(path, &quiet, &history), 0);
	assert_true(history_own(history));
	segment_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	metrics_segment_close(&segment);
	history_close(&history);
	(void)unlink(path);
	(void)unlink(shm);
	(void)rmdir(directory);
	return 0;
}

static void mark(const char *text)
{
	assert_int_equal(metrics_mark(segment, METRICS_MARK_RELOAD,
	    slice_cstr(text)), 0);
}

static void copy(void)
{
	struct metrics_mark now[METRICS_MARKS];

	history_marks_copy(history, now, metrics_marks_read(segment, now));
}

static unsigned count(void)
{
	return history_marks_read(history, segment, marks);
}

static void marks_are_there_once_and_newest_first(void **state)
{
	(void)state;
	assert_int_equal(count(), 0);
	mark("one");
	assert_int_equal(count(), 1);
	copy();
	copy();
	mark("two");
	assert_int_equal(count(), 2);
	assert_string_equal(marks[0].text, "two");
	assert_string_equal(marks[1].text, "one");
	assert_int_equal(marks[1].kind, METRICS_MARK_RELOAD);
	assert_int_equal(history_marks_read(NULL, segment, marks), 2);
}

static void marks_outlive_the_master(void **state)
{
	(void)state;
	mark("old");
	copy();
	metrics_segment_close(&segment);
	segment_new();
	mark("new");
	history_close(&history);
	assert_int_equal(history_open(path, &quiet, &history), 0);
	assert_int_equal(count(), 2);
	assert_string_equal(marks[1].text, "old");
}

static void the_newest_are_kept(void **state)
{
	const unsigned total = HISTORY_MARKS + 70;
	char text[32];

	(void)state;
	for (unsigned i = 1; i <= total; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		mark(text);
		if (i % METRICS_MARKS == 0 || i == total)
			copy();
	}
	assert_int_equal(count(), HISTORY_MARKS);
	(void)snprintf(text, sizeof(text), "%u", total);
	assert_string_equal(marks[0].text, text);
	(void)snprintf(text, sizeof(text), "%u", total - HISTORY_MARKS + 1);
	assert_string_equal(marks[HISTORY_MARKS - 1].text, text);
	/* It goes on where it was after being opened again. */
	history_close(&history);
	assert_int_equal(history_open(path, &quiet, &history), 0);
	assert_true(history_own(history));
	mark("last");
	copy();
	assert_int_equal(count(), HISTORY_MARKS);
	assert_string_equal(marks[0].text, "last");
}

static void a_torn_mark_is_none(void **state)
{
	struct stat status;
	int fd;

	(void)state;
	mark("one");
	mark("two");
	copy();
	history_close(&history);
	metrics_segment_close(&segment);
	segment_new();
	assert_int_equal(stat(path, &status), 0);
	/* Number 1 is in place 1 of those at the file's end. */
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, status.st_size -
	    (HISTORY_MARKS - 1) * (off_t)(16 + sizeof(struct metrics_mark)) +
	    40), 1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(history_open(path, &quiet, &history), 0);
	assert_int_equal(count(), 1);
	assert_string_equal(marks[0].text, "two");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(marks_are_there_once_and_newest_first),
		TEST(marks_outlive_the_master),
		TEST(the_newest_are_kept),
		TEST(a_torn_mark_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

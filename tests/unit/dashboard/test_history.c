#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <math.h>
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

#define NOW UINT64_C(1800000000)	/* begins a minute */

static char directory[] = "/tmp/history-XXXXXX";
static char path[64];
static const struct log quiet;
static struct history *history;

static int begin(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/history-XXXXXX");
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/h", directory);
	assert_int_equal(history_open(path, &quiet, &history), 0);
	assert_true(history_own(history));
	return 0;
}

/* How many files that begin as the history does; remove them if asked to. */
static size_t files(const char *suffix, bool clear)
{
	char pattern[80];
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

static int end(void **state)
{
	(void)state;
	history_close(&history);
	(void)files("*", true);
	(void)rmdir(directory);
	return 0;
}

static void reopen(void)
{
	history_close(&history);
	assert_int_equal(history_open(path, &quiet, &history), 0);
	assert_true(history_own(history));
}

static struct history_record record_at(uint64_t time_s, double requests)
{
	struct history_record record = { .time_s = time_s, .instance = 1,
	    .started_s = NOW - 1000000 };

	record.values[HISTORY_REQUESTS] = requests;
	record.values[HISTORY_CLIENTS] = requests;
	record.values[HISTORY_P99] = requests;
	return record;
}

static void put(unsigned tier, uint64_t time_s, double requests)
{
	struct history_record record = record_at(time_s, requests);

	history_write(history, tier, &record);
}

/* The one point of the step_s seconds that end at NOW. */
static double point(enum history_id id, unsigned step_s, double *total)
{
	struct history_range range = { 0, NOW - step_s, step_s, 1 };
	double value, totals[HISTORY_COUNT];
	double *points[HISTORY_COUNT] = { NULL };

	points[id] = &value;
	history_read(history, &range, points, totals);
	if (total)
		*total = totals[id];
	return value;
}

static void a_new_history_is_a_gap(void **state)
{
	double total = -1;

	(void)state;
	assert_true(isnan(point(HISTORY_REQUESTS, 10, &total)));
	assert_true(total == 0);
	assert_true(isnan(point(HISTORY_CLIENTS, 10, NULL)));
}

static void a_counter_is_read_as_a_rate(void **state)
{
	double total;

	(void)state;
	for (unsigned i = 0; i <= 10; i++)
		put(0, NOW - 10 + i, 100 + 5.0 * i);
	assert_true(point(HISTORY_REQUESTS, 10, &total) == 5);
	assert_true(total == 50);
}

static void a_gap_loses_no_counts(void **state)
{
	double total;

	(void)state;
	put(0, NOW - 12, 100);
	put(0, NOW - 2, 150);
	put(0, NOW, 170);
	assert_true(isnan(point(HISTORY_REQUESTS, 1, NULL)) == false);
	(void)point(HISTORY_REQUESTS, 10, &total);
	assert_true(total == 70);
	assert_true(point(HISTORY_REQUESTS, 2, NULL) == 10);
}

static void gauges_are_averaged_and_peaks_kept(void **state)
{
	(void)state;
	put(0, NOW - 3, 1);
	put(0, NOW - 1, 9);
	put(0, NOW, 2);
	assert_true(point(HISTORY_CLIENTS, 10, NULL) == 4);
	assert_true(point(HISTORY_P99, 10, NULL) == 9);
}

static void no_value_is_left_out_of_a_peak(void **state)
{
	(void)state;
	put(0, NOW - 1, (double)NAN);
	assert_true(isnan(point(HISTORY_P99, 10, NULL)));
	put(0, NOW, 3);
	assert_true(point(HISTORY_P99, 10, NULL) == 3);
}

static void another_instance_counts_from_zero(void **state)
{
	struct history_record record = record_at(NOW, 6);
	double total;

	(void)state;
	put(0, NOW - 5, 1000);
	record.instance = 2;
	record.started_s = NOW - 3;
	history_write(history, 0, &record);
	assert_true(point(HISTORY_REQUESTS, 2, &total) == 2);
	assert_true(total == 6);
}

static void what_was_counted_long_before_is_no_rate(void **state)
{
	(void)state;
	put(0, NOW, 1e9);
	assert_true(isnan(point(HISTORY_REQUESTS, 1, NULL)));
}

static void the_ring_wraps(void **state)
{
	const unsigned count = history_tiers[0].count;

	(void)state;
	for (unsigned i = 0; i <= count; i++)
		put(0, NOW - count + i, i);

	struct history_range oldest = { 0, NOW - count - 1, 1, 2 };
	double points[2], totals[HISTORY_COUNT];
	double *const wanted[HISTORY_COUNT] = { [HISTORY_CLIENTS] = points };

	history_read(history, &oldest, wanted, totals);
	assert_true(isnan(points[0]));		/* overwritten by NOW's */
	assert_true(points[1] == 1);
	assert_true(point(HISTORY_CLIENTS, 1, NULL) == count);
}

static void coarse_records_average_the_seconds(void **state)
{
	struct history_record record = record_at(NOW, 77);

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		put(0, NOW - i, i);
	history_summarize(history, 10, &record);
	assert_true(record.values[HISTORY_CLIENTS] == 4.5);
	assert_true(record.values[HISTORY_REQUESTS] == 77);
}

static void coarse_records_have_all_requests_of_the_seconds(void **state)
{
	struct history_record record = record_at(NOW, 77);
	struct history_range range = { 1, NOW - 20, 10, 2 };
	struct history_heat columns[2];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct history_record second = record_at(NOW - i, 1);

		second.heat[0] = 1;
		second.heat[HISTORY_HEAT_ROWS - 1] = i;
		history_write(history, 0, &second);
	}
	history_summarize(history, 10, &record);
	history_write(history, 1, &record);
	history_read_heat(history, &range, columns);
	assert_false(columns[0].recorded);
	assert_true(columns[1].recorded);
	assert_true(columns[1].rows[0] == 10);
	assert_true(columns[1].rows[1] == 0);
	assert_true(columns[1].rows[HISTORY_HEAT_ROWS - 1] == 45);
}

/* A second with `fast` requests of 81 us and `slow` ones of 990 ms. */
static void put_durations(uint64_t time_s, unsigned fast, unsigned slow)
{
	struct history_record record = record_at(time_s, 0);
	struct hist hist = { .count = 0 };

	for (unsigned i = 0; i < fast; i++)
		hist_add(&hist, 81000);
	for (unsigned i = 0; i < slow; i++)
		hist_add(&hist, 990000000);
	history_heat_count(&hist, record.heat);
	record.values[HISTORY_P50] = hist.count ?
	    1e-9 * (double)hist_quantile_ns(&hist, 0.5) : (double)NAN;
	record.values[HISTORY_P99] = hist.count ?
	    1e-9 * (double)hist_quantile_ns(&hist, 0.99) : (double)NAN;
	history_write(history, 0, &record);
}

/* By half a bin: of one record. */
static bool near(double value, double wanted)
{
	return fabs(value / wanted - 1) < 0.0126;
}

/* By a row: of several records. */
static bool about(double value, double wanted)
{
	return fabs(value / wanted - 1) < 0.281;
}

static void a_percentile_is_that_of_all_requests(void **state)
{
	(void)state;
	/* One slow request in 2001: the p99 of its second, but not of all. */
	put_durations(NOW - 2, 2000, 0);
	put_durations(NOW - 1, 0, 1);
	put_durations(NOW, 0, 0);
	assert_true(about(point(HISTORY_P50, 10, NULL), 81e-6));
	assert_true(about(point(HISTORY_P99, 10, NULL), 81e-6));
	/* Now it is one in 20. */
	put_durations(NOW, 0, 105);
	assert_true(about(point(HISTORY_P50, 10, NULL), 81e-6));
	assert_true(about(point(HISTORY_P99, 10, NULL), 0.99));
}

static void a_percentile_of_one_record_is_its_own(void **state)
{
	(void)state;
	put_durations(NOW - 1, 50, 50);
	put_durations(NOW, 0, 0);
	assert_true(near(point(HISTORY_P50, 2, NULL), 81e-6));
	assert_true(near(point(HISTORY_P99, 2, NULL), 0.99));
	assert_true(isnan(point(HISTORY_P99, 1, NULL)));
}

static void the_last_record_of_an_instance_is_found(void **state)
{
	struct history_record record = record_at(NOW - 3599, 1);

	(void)state;
	record.peak = 812;
	record.peak_s = NOW - 4000;
	history_write(history, 0, &record);
	put(0, NOW - 2, 1);
	record.peak = 0;
	assert_true(history_last(history, 1, NOW, &record));
	assert_true(record.time_s == NOW - 2);
	assert_true(history_last(history, 1, NOW - 3, &record));
	assert_true(record.peak == 812 && record.peak_s == NOW - 4000);
	assert_false(history_last(history, 2, NOW, &record));
	assert_false(history_last(history, 1, NOW - 3600, &record));
}

static void the_ring_is_chosen_by_age_and_step(void **state)
{
	(void)state;
	assert_int_equal(history_tier_find(NOW - 3600, 1, NOW), 0);
	assert_int_equal(history_tier_find(NOW - 3601, 1, NOW), 1);
	assert_int_equal(history_tier_find(NOW - 60, 10, NOW), 1);
	assert_int_equal(history_tier_find(NOW - 60, 15, NOW), 0);
	assert_int_equal(history_tier_find(NOW - 60, 120, NOW), 2);
	assert_int_equal(history_tier_find(NOW - 86400, 10, NOW), 1);
	assert_int_equal(history_tier_find(NOW - 86401, 10, NOW), 2);
}

static void it_survives_being_opened_again(void **state)
{
	(void)state;
	put(0, NOW, 7);
	put(2, NOW, 8);
	reopen();
	assert_true(point(HISTORY_CLIENTS, 1, NULL) == 7);
	assert_int_equal(files(".bad-*", false), 0);
}

static void a_missing_directory_is_made(void **state)
{
	struct history *other;
	char name[80];

	(void)state;
	(void)snprintf(name, sizeof(name), "%s/state/h", directory);
	assert_int_equal(history_open(name, &quiet, &other), 0);
	history_close(&other);
	assert_int_equal(unlink(name), 0);
	(void)snprintf(name, sizeof(name), "%s/state", directory);
	assert_int_equal(rmdir(name), 0);
	(void)snprintf(name, sizeof(name), "%s/no/such/h", directory);
	assert_int_equal(history_open(name, &quiet, &other), -ENOENT);
}

static void only_one_may_write(void **state)
{
	struct history *other;

	(void)state;
	assert_int_equal(history_open(path, &quiet, &other), 0);
	assert_false(history_own(other));
	history_close(&history);
	assert_true(history_own(other));
	history_close(&other);
}

/* Overwrite `size` bytes at `offset`. */
static void damage(off_t offset, size_t size)
{
	int fd = open(path, O_WRONLY);

	for (size_t i = 0; i < size; i++)
		assert_int_equal(pwrite(fd, "\xa5", 1, offset + (off_t)i), 1);
	assert_int_equal(close(fd), 0);
}

static void assert_begun_anew(void)
{
	reopen();
	assert_int_equal(files(".bad-*", false), 1);
	assert_true(isnan(point(HISTORY_CLIENTS, 1, NULL)));
	put(0, NOW, 1);
	reopen();
	assert_true(point(HISTORY_CLIENTS, 1, NULL) == 1);
	assert_int_equal(files(".bad-*", false), 1);
}

static void one_cut_short_is_put_aside(void **state)
{
	struct stat status;

	(void)state;
	put(0, NOW, 7);
	history_close(&history);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, status.st_size - 1), 0);
	assert_begun_anew();
}

static void an_empty_file_is_put_aside(void **state)
{
	(void)state;
	history_close(&history);
	assert_int_equal(truncate(path, 0), 0);
	assert_begun_anew();
}

static void a_damaged_header_is_put_aside(void **state)
{
	(void)state;
	put(0, NOW, 7);
	damage(36, 1);
	assert_begun_anew();
}

static void another_version_is_put_aside(void **state)
{
	(void)state;
	put(0, NOW, 7);
	damage(8, 1);
	assert_begun_anew();
}

static void damaged_records_are_put_aside(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++)
		put(0, NOW - i, 7);
	/* The place of NOW - 19 is the lowest of them. */
	damage(4096 + (off_t)((NOW - 19) % 3600 *
	    sizeof(struct history_record)),
	    20 * sizeof(struct history_record));
	assert_begun_anew();
}

static void a_torn_record_is_a_gap(void **state)
{
	(void)state;
	put(0, NOW, 7);
	put(0, NOW - 1, 5);
	damage(4096 + (off_t)(NOW % 3600 * sizeof(struct history_record)) +
	    40, 8);
	reopen();
	assert_int_equal(files(".bad-*", false), 0);
	assert_true(isnan(point(HISTORY_CLIENTS, 1, NULL)));
	assert_true(point(HISTORY_CLIENTS, 2, NULL) == 5);
}

static void torn_records_do_not_add_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		put(0, NOW - i, 7);
		damage(4096 + (off_t)((NOW - i) % 3600 *
		    sizeof(struct history_record)) + 40, 8);
		reopen();
	}
	assert_int_equal(files(".bad-*", false), 0);
}

static void of_files_put_aside_the_newest_are_kept(void **state)
{
	static const char *const names[] = { "1", "20", "300", "9", "4000",
	    "50", "x", "7x", "" };
	char name[80];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(name, sizeof(name), "%s.bad-%s", path,
		    names[i]);
		assert_int_equal(close(open(name, O_WRONLY | O_CREAT, 0600)),
		    0);
	}
	history_close(&history);
	assert_int_equal(truncate(path, 0), 0);
	reopen();
	/* The one of now, and no others than those with a time. */
	assert_int_equal(files(".bad-*", false), HISTORY_BAD_MAX + 3);
	assert_int_equal(files(".bad-4000", false), 1);
	assert_int_equal(files(".bad-300", false), 1);
	assert_int_equal(files(".bad-50", false), 1);
	assert_int_equal(files(".bad-x", false), 1);
}

static void a_link_is_refused(void **state)
{
	struct history *other;

	(void)state;
	history_close(&history);
	(void)unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(history_open(path, &quiet, &other), -ELOOP);
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(history_open(path, &quiet, &other), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_history_is_a_gap),
		TEST(a_counter_is_read_as_a_rate),
		TEST(a_gap_loses_no_counts),
		TEST(gauges_are_averaged_and_peaks_kept),
		TEST(no_value_is_left_out_of_a_peak),
		TEST(another_instance_counts_from_zero),
		TEST(what_was_counted_long_before_is_no_rate),
		TEST(the_ring_wraps),
		TEST(coarse_records_average_the_seconds),
		TEST(coarse_records_have_all_requests_of_the_seconds),
		TEST(a_percentile_is_that_of_all_requests),
		TEST(a_percentile_of_one_record_is_its_own),
		TEST(the_last_record_of_an_instance_is_found),
		TEST(the_ring_is_chosen_by_age_and_step),
		TEST(it_survives_being_opened_again),
		TEST(a_missing_directory_is_made),
		TEST(only_one_may_write),
		TEST(one_cut_short_is_put_aside),
		TEST(an_empty_file_is_put_aside),
		TEST(a_damaged_header_is_put_aside),
		TEST(another_version_is_put_aside),
		TEST(damaged_records_are_put_aside),
		TEST(a_torn_record_is_a_gap),
		TEST(torn_records_do_not_add_up),
		TEST(of_files_put_aside_the_newest_are_kept),
		TEST(a_link_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

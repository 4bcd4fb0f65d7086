/*
 * What the screens know from former snapshots: rates, distributions of late,
 * and the most frequent of all requests in fixed memory.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "server_sample.h"
#include "stat/track.h"

static struct track *track;
static struct arena arena;

static int setup(void **state)
{
	(void)state;
	track = calloc(1, sizeof(*track));
	arena_init(&arena, NULL, 0, 256 << 20);
	return track ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(track);
	arena_fini(&arena);
	return 0;
}

static void is_about(double value, double wanted)
{
	assert_true(fabs(value - wanted) < 1e-6);
}

/* At a second, so many requests had ended. */
static void update(unsigned second, uint64_t requests, unsigned run)
{
	track_update(track, sample_snapshot(&arena, &(struct sample_options){
	    .requests = requests, .workers = 2, .servers = 2 }),
	    (second + 1) * NS_PER_SEC, run);
}

static void rates_are_of_the_last_interval(void **state)
{
	(void)state;
	update(0, 1000, 1);
	assert_true(isnan(track_last(track, TRACK_REQUEST_RATE)));
	update(2, 1400, 1);
	is_about(track_last(track, TRACK_REQUEST_RATE), 200);
	is_about(track_rate(track, TRACK_OF_WORKER, 1), 100);
	is_about(track_rate(track, TRACK_OF_LOCATION, 1 << 16 | 2),
	    (1400 + 14 - 1000 - 10) / 2.0);
	is_about(track_rate(track, TRACK_OF_PEER, 1),
	    (1400 + 14 - 1000 - 10) / 2.0);
	assert_true(isnan(track_rate(track, TRACK_OF_WORKER, 2)));
	assert_int_equal(track->all.interval.count, 400);
	is_about(track_last(track, TRACK_MEAN), 1e-3);
	assert_true(fabs(track_last(track, TRACK_P50) - 1e-3) < 2e-5);
}

static void another_run_is_no_rate(void **state)
{
	(void)state;
	update(0, 1000, 1);
	update(1, 1500, 1);
	update(2, 10, 2);
	assert_true(isnan(track_last(track, TRACK_REQUEST_RATE)));
	assert_int_equal(track->all.interval.count, 0);
	update(3, 30, 2);
	is_about(track_last(track, TRACK_REQUEST_RATE), 20);
	is_about(track->peak_rate, 500);
}

static void counts_that_go_back_are_no_rate(void **state)
{
	(void)state;
	update(0, 1000, 1);
	update(1, 900, 1);
	assert_true(isnan(track_last(track, TRACK_REQUEST_RATE)));
	update(2, 950, 1);
	is_about(track_last(track, TRACK_REQUEST_RATE), 50);
}

static void lately_is_a_minute(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= 100; i++) {
		update(i, i < 50 ? i * 100 : 5000 + (i - 50) * 10, 1);
		arena_reset(&arena);
	}
	assert_int_equal(track->all.lately.count, track->all.total.count - 40 * 100);
	track_reset(track);
	update(101, 5510, 1);
	assert_int_equal(track->all.lately.count, 0);
}

static void lines_keep_the_newest(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TRACK_SAMPLES + 10; i++) {
		update(i, i * i, 1);
		arena_reset(&arena);
	}
	assert_int_equal(track->count, TRACK_SAMPLES);
	/* i * i grows by 2i - 1 in a second. */
	is_about(track_last(track, TRACK_REQUEST_RATE),
	    2.0 * (TRACK_SAMPLES + 9) - 1);
	is_about(track->lines[TRACK_REQUEST_RATE][0], 2.0 * 10 - 1);
	is_about(track_max(track, TRACK_REQUEST_RATE, 3),
	    2.0 * (TRACK_SAMPLES + 9) - 1);
	track_gap(track);
	assert_true(isnan(track_last(track, TRACK_REQUEST_RATE)));
}

static void requests_are_kept_newest_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TRACK_REQUESTS + 5; i++)
		track_request_add(track, sample_request(&arena, i, "/p"));
	assert_int_equal(track->request_count, TRACK_REQUESTS);
	is_about(track_request_at(track, 0)->seconds,
	    1e-3 * (TRACK_REQUESTS + 4));
	is_about(track_request_at(track, TRACK_REQUESTS - 1)->seconds,
	    1e-3 * 5);
	assert_true(track_request_at(track, 0)->staged);
	is_about(track_request_at(track, 0)->stages[3], 1e-3);
	assert_int_equal(track->paths.count, 1);
	assert_int_equal(track->paths.entries[0].count, TRACK_REQUESTS + 5);
	assert_int_equal(track->paths.entries[0].errors,
	    (TRACK_REQUESTS + 5 + 6) / 7);
}

static struct sketch sketch;

static void add(const char *format, unsigned number)
{
	char key[512];

	(void)snprintf(key, sizeof(key), format, number);
	sketch_add(&sketch, &(struct sketch_add){ .key = key, .bytes = 1 });
}

static void a_sketch_keeps_the_frequent(void **state)
{
	unsigned order[SKETCH_ENTRIES];

	(void)state;
	memset(&sketch, 0, sizeof(sketch));
	/* Three are 1 % of all each, among ever new ones. */
	for (unsigned i = 0; i < 100000; i++)
		if (i % 100 < 3)
			add("often-%u", i % 100);
		else
			add("/rare/%u", i);
	assert_int_equal(sketch.seen, 100000);
	assert_int_equal(sketch.count, SKETCH_ENTRIES);
	assert_int_equal(sketch_sort(&sketch, SKETCH_BY_COUNT, order),
	    SKETCH_ENTRIES);
	for (unsigned i = 0; i < 3; i++) {
		const struct sketch_entry *entry = &sketch.entries[order[i]];

		assert_memory_equal(entry->key, "often-", 6);
		assert_true(entry->count >= 1000);
		assert_true(entry->count - entry->over <= 1000);
	}
}

static void long_keys_are_cut_and_still_one(void **state)
{
	static char key[400];

	(void)state;
	memset(&sketch, 0, sizeof(sketch));
	memset(key, 'a', sizeof(key) - 1);
	for (unsigned i = 0; i < 3; i++) {
		key[300] = (char)('b' + i);
		sketch_add(&sketch, &(struct sketch_add){ .key = key });
	}
	assert_int_equal(sketch.count, 1);
	assert_int_equal(sketch.entries[0].count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(rates_are_of_the_last_interval),
		T(another_run_is_no_rate),
		T(counts_that_go_back_are_no_rate),
		T(lately_is_a_minute),
		T(lines_keep_the_newest),
		T(requests_are_kept_newest_first),
		T(a_sketch_keeps_the_frequent),
		T(long_keys_are_cut_and_still_one),
	};

	return cmocka_run_group_tests_name("stat/track", tests, NULL, NULL);
}

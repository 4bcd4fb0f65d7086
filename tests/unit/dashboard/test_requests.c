/* What is collected of single requests: all that should be, each once, and no
 * more than there is room for. */
#include "../metrics/segment_fixture.h"

#include <pthread.h>

#include "base/clock.h"
#include "dashboard/requests.h"

#define MINUTE (60 * NS_PER_SEC)

static struct requests *requests;
static struct metrics_writer *writer;
static struct arena arena;
static uint64_t now_ns;		/* a full minute, and not long ago */
static uint64_t ids;

static int setup(void **state)
{
	struct fixture *f;

	assert_int_equal(0, fixture_setup(state));
	f = *state;
	assert_int_equal(0, metrics_writer_open(f->segment,
	    fixture_slot(f, 3), &writer));
	requests = requests_new();
	assert_non_null(requests);
	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	now_ns = clock_real_ns() / MINUTE * MINUTE;
	return 0;
}

static int teardown(void **state)
{
	arena_fini(&arena);
	requests_free(&requests);
	assert_null(requests);
	metrics_writer_close(&writer);
	return fixture_teardown(state);
}

/* One that ended so many nanoseconds after `now_ns`, and is collected. */
static void add(struct fixture *f, int64_t when, uint64_t duration_ns,
    unsigned status)
{
	struct metrics_request *request = fixture_request_of(writer,
	    duration_ns, status >= 400);

	request->ended_real_ns = now_ns + (uint64_t)when;
	request->status = (uint16_t)status;
	request->id = ++ids;
	metrics_flush(writer);
	requests_collect(requests, f->segment);
}

/* The writer's second is over. */
static void next_second(uint64_t number)
{
	metrics_loop_lag(writer, 1, number * NS_PER_SEC);
}

static unsigned slowest(struct metrics_worker_request **ret)
{
	unsigned count;

	assert_int_equal(0, requests_slowest(requests, &arena, ret, &count));
	return count;
}

static unsigned errors(struct metrics_worker_request **ret)
{
	unsigned count;

	assert_int_equal(0, requests_errors(requests, &arena, ret, &count));
	return count;
}

static void each_slow_one_is_there_once(void **state)
{
	struct metrics_worker_request *list;

	assert_int_equal(0, slowest(&list));
	add(*state, 0, 10, 200);
	add(*state, 1, 30, 200);
	add(*state, 2, 20, 200);
	requests_collect(requests,
	    ((struct fixture *)*state)->segment);
	assert_int_equal(3, slowest(&list));
	assert_int_equal(30, list[0].request.duration_ns);
	assert_int_equal(20, list[1].request.duration_ns);
	assert_int_equal(10, list[2].request.duration_ns);
	assert_int_equal(3, list[0].worker);
}

static void the_slowest_of_a_minute_are_kept(void **state)
{
	struct metrics_worker_request *list;
	enum { COUNT = 3 * REQUESTS_SLOWEST_MAX };

	for (uint64_t i = 0; i < COUNT; i++) {
		if (i % METRICS_SLOW_MAX == 0)
			next_second(i / METRICS_SLOW_MAX);
		add(*state, (int64_t)i, 1 + i * 7919 % COUNT, 200);
	}
	assert_int_equal(REQUESTS_SLOWEST_MAX, slowest(&list));
	for (unsigned i = 0; i < REQUESTS_SLOWEST_MAX; i++)
		assert_int_equal(COUNT - i, list[i].request.duration_ns);
}

static void a_minute_is_kept_for_an_hour(void **state)
{
	struct metrics_worker_request *list;

	add(*state, -60 * (int64_t)MINUTE, 50, 200);
	next_second(1);
	add(*state, -61 * (int64_t)MINUTE, 60, 200);
	next_second(2);
	add(*state, 0, 10, 200);
	assert_int_equal(2, slowest(&list));	/* the second came too late */
	next_second(3);
	/* This minute has the place of that of an hour ago. */
	add(*state, (int64_t)MINUTE, 20, 200);
	assert_int_equal(2, slowest(&list));
	assert_int_equal(20, list[0].request.duration_ns);
	assert_int_equal(10, list[1].request.duration_ns);
	/* What still stands in the segment of the old one stays out. */
	requests_collect(requests, ((struct fixture *)*state)->segment);
	assert_int_equal(2, slowest(&list));
}

static void failed_ones_are_kept_newest_first(void **state)
{
	struct metrics_worker_request *list;

	add(*state, 0, 10, 404);
	add(*state, 2, 10, 500);
	add(*state, 1, 10, 200);
	add(*state, 1, 10, 400);
	assert_int_equal(3, errors(&list));
	assert_int_equal(500, list[0].request.status);
	assert_int_equal(400, list[1].request.status);
	assert_int_equal(404, list[2].request.status);
}

static void the_newest_failed_ones_are_kept(void **state)
{
	struct metrics_worker_request *list;

	for (int i = 0; i < REQUESTS_ERRORS_MAX + 1; i++)
		add(*state, i, 1, 404);
	assert_int_equal(REQUESTS_ERRORS_MAX, errors(&list));
	for (int i = 0; i < REQUESTS_ERRORS_MAX; i++)
		assert_int_equal(now_ns + (uint64_t)(REQUESTS_ERRORS_MAX - i),
		    list[i].request.ended_real_ns);
}

static void the_dashboards_own_are_left_out(void **state)
{
	struct metrics_worker_request *list;
	struct fixture *f = *state;
	int slot = metrics_slot_assign(f->segment, METRICS_KIND_DASHBOARD, 1,
	    0);

	assert_true(slot >= 0);
	metrics_writer_close(&writer);
	assert_int_equal(0, metrics_writer_open(f->segment, (unsigned)slot,
	    &writer));
	add(f, 0, 10, 404);
	assert_int_equal(0, errors(&list));
	assert_int_equal(0, slowest(&list));
}

static void *collect(void *arg)
{
	struct fixture *f = arg;

	for (int i = 0; i < 200; i++)
		requests_collect(requests, f->segment);
	return NULL;
}

static void threads_may_collect_at_once(void **state)
{
	struct metrics_worker_request *list;
	pthread_t thread;

	assert_int_equal(0, pthread_create(&thread, NULL, collect, *state));
	for (int i = 0; i < 200; i++) {
		add(*state, i, (uint64_t)i, 404);
		(void)errors(&list);
	}
	assert_int_equal(0, pthread_join(thread, NULL));
	assert_int_equal(200, errors(&list));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_slow_one_is_there_once),
		TEST(the_slowest_of_a_minute_are_kept),
		TEST(a_minute_is_kept_for_an_hour),
		TEST(failed_ones_are_kept_newest_first),
		TEST(the_newest_failed_ones_are_kept),
		TEST(the_dashboards_own_are_left_out),
		TEST(threads_may_collect_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

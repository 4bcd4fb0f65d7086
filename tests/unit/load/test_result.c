/*
 * From what the engine measured to the data model: rates over the right time,
 * counts that add up, ids that sort.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/result.h"

#define START_NS (100 * NS_PER_SEC)

static struct arena arena;
static struct load_plan plan;
static struct engine_result engine;
static Ringmaster__V1__LoadResult *result;

static const struct load_request request = { .name = "/" };

/* A closed run of 10 s with a second of warm-up, 1000 requests a second of
 * 1 ms each. */
static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 16 << 20);
	plan = (struct load_plan){ .url = "http://127.0.0.1/",
		.requests = &request, .request_count = 1, .connections = 8,
		.threads = 2, .pipeline = 1, .keepalive = true,
		.warmup_ns = NS_PER_SEC, .duration_ns = 10 * NS_PER_SEC,
		.timeout_ns = NS_PER_SEC, .seed = 7 };
	engine = (struct engine_result){
		.started_real_ns = UINT64_C(1800000000123456789),
		.started_ns = START_NS,
		.elapsed_ns = 10 * NS_PER_SEC + NS_PER_MSEC,
		.second_count = 11,
		.seconds = calloc(LOAD_SECONDS_MAX, sizeof(*engine.seconds)),
	};
	assert_non_null(engine.seconds);
	engine.record.counts.sent = engine.record.counts.completed = 10000;
	engine.record.measured = 9000;
	engine.record.statuses[200] = 10000;
	engine.record.last_ns = START_NS + engine.elapsed_ns;
	for (unsigned i = 0; i < 9000; i++)
		hdr_add(&engine.record.response, NS_PER_MSEC);
	engine.record.service = engine.record.response;
	for (unsigned i = 0; i < 10; i++) {
		engine.seconds[i].counts.completed = 1000;
		engine.seconds[i].counts.sent = 1000;
		engine.seconds[i].connections = 8;
		for (unsigned n = 0; n < 1000; n++)
			hist_add(&engine.seconds[i].response, NS_PER_MSEC);
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	engine_result_free(&engine);
	return 0;
}

static void make(void)
{
	assert_int_equal(load_result_make(&plan, &engine, &arena, &result),
	    0);
}

static bool near(double a, double b)
{
	return fabs(a - b) <= fabs(b) * 1e-6;
}

static void a_closed_run_is_told(void **state)
{
	(void)state;
	make();
	assert_int_equal(result->requests, 10000);
	assert_int_equal(result->errors, 0);
	assert_true(near(result->rate, 9000 / 9.001));
	assert_true(near(result->duration_seconds, 10.001));
	assert_int_equal(result->latency->count, 9000);
	assert_true(near(result->latency->mean, 0.001));
	assert_null(result->slip);
	assert_string_equal(result->spec->model, "closed");
	assert_string_equal(result->spec->arrivals, "");
	assert_string_equal(result->spec->requests[0], "/");
	assert_int_equal(result->spec->connections, 8);
	assert_int_equal(result->spec->n_stages, 0);
	assert_true(result->passed);
	assert_false(result->partial);
	assert_int_equal(result->n_statuses, 1);
	assert_int_equal(result->statuses[0]->code, 200);
	/* The moment after the end is no second. */
	assert_int_equal(result->n_seconds, 10);
	assert_true(result->seconds[0]->warmup);
	assert_false(result->seconds[1]->warmup);
	assert_int_equal(result->seconds[9]->requests, 1000);
	assert_true(fabs(result->seconds[9]->p99 - 0.001) < 0.0000125);
	assert_int_equal(result->seconds[9]->n_bins, 1);
	assert_true(result->place->cpus > 0);
	assert_true(result->place->kernel[0] != '\0');
}

static void causes_add_up_to_the_errors(void **state)
{
	(void)state;
	engine.record.counts.errors[LOAD_ERROR_RESET] = 3;
	engine.record.counts.errors[LOAD_ERROR_OTHER] = 4;
	engine.record.statuses[0] = 2;
	engine.record.statuses[599] = 1;
	make();
	assert_int_equal(result->errors, 7);
	assert_int_equal(result->n_causes, 2);
	assert_string_equal(result->causes[0]->cause, "reset");
	assert_int_equal(result->causes[1]->count, 4);
	assert_int_equal(result->n_statuses, 3);
	assert_int_equal(result->statuses[0]->code, 0);
	assert_int_equal(result->statuses[2]->code, 599);
}

/* ---- the time of the rate ---- */

/* One request hangs: the engine waits for it two seconds longer. */
static void what_never_answers_does_not_lower_the_rate(void **state)
{
	(void)state;
	engine.elapsed_ns = 12 * NS_PER_SEC;
	engine.record.unfinished = 1;
	make();
	assert_true(near(result->duration_seconds, 10.001));
	assert_true(near(result->rate, 9000 / 9.001));
	assert_int_equal(result->unfinished, 1);
}

static void a_server_that_stops_does_not_raise_it(void **state)
{
	(void)state;
	engine.elapsed_ns = 12 * NS_PER_SEC;
	engine.record.last_ns = START_NS + 3 * NS_PER_SEC;
	make();
	assert_true(near(result->rate, 9000 / 9.0));
}

static void what_was_late_counts_in_full(void **state)
{
	(void)state;
	plan.open = true;
	plan.schedule = (struct schedule){ .points = { { 0, 1200 },
	    { 10 * NS_PER_SEC, 1200 } }, .count = 2 };
	engine.elapsed_ns = 12 * NS_PER_SEC;
	engine.record.last_ns = START_NS + 12 * NS_PER_SEC;
	make();
	assert_true(near(result->rate, 9000 / 11.0));
	assert_true(near(result->spec->rate, 1200));
	assert_string_equal(result->spec->arrivals, "constant");
	assert_non_null(result->slip);
}

/* Two requests at 0 and 5 s: their rate is that of 10 s. */
static void a_slow_rate_has_the_time_it_was_to_have(void **state)
{
	(void)state;
	plan.open = true;
	plan.warmup_ns = 0;
	plan.schedule = (struct schedule){ .points = { { 0, 0.2 },
	    { 10 * NS_PER_SEC, 0.2 } }, .count = 2 };
	engine.record.measured = 2;
	engine.elapsed_ns = 5 * NS_PER_SEC;
	engine.record.last_ns = START_NS + 5 * NS_PER_SEC;
	make();
	assert_true(near(result->rate, 0.2));
	/* Ended by somebody, it had less. */
	engine.stopped = true;
	make();
	assert_true(near(result->rate, 0.4));
	assert_true(result->partial);
	assert_true(result->partial_reason[0] != '\0');
}

static void a_burst_has_the_time_it_took(void **state)
{
	(void)state;
	plan.duration_ns = plan.warmup_ns = 0;
	plan.each = 1;
	engine.elapsed_ns = 5 * NS_PER_MSEC;
	engine.record.last_ns = START_NS + 4 * NS_PER_MSEC;
	engine.second_count = 1;
	make();
	assert_true(near(result->rate, 9000 / 0.005));
	assert_int_equal(result->n_seconds, 1);
}

static void nothing_at_all_is_told(void **state)
{
	(void)state;
	memset(&engine.record, 0, sizeof(engine.record));
	engine.elapsed_ns = 0;
	engine.second_count = 0;
	engine.stopped = true;
	make();
	assert_true(result->rate == 0);
	assert_int_equal(result->requests, 0);
	assert_int_equal(result->latency->count, 0);
	assert_int_equal(result->n_seconds, 0);
}

static void stages_are_told(void **state)
{
	(void)state;
	plan.open = true;
	plan.schedule = (struct schedule){ .points = { { 0, 0 },
	    { 10 * NS_PER_SEC, 1000 } }, .count = 2,
	    .arrivals = SCHEDULE_POISSON };
	make();
	assert_int_equal(result->spec->n_stages, 2);
	assert_true(result->spec->stages[1]->rate == 1000);
	assert_true(near(result->spec->rate, 500));
	assert_string_equal(result->spec->arrivals, "poisson");
}

/* ---- limits ---- */

static void names_are_limited(void **state)
{
	struct load_request many[LOAD_NAMES_MAX + 1];

	(void)state;
	for (unsigned i = 0; i <= LOAD_NAMES_MAX; i++)
		many[i] = request;
	plan.requests = many;
	plan.request_count = LOAD_NAMES_MAX + 1;
	make();
	assert_int_equal(result->spec->n_requests, LOAD_NAMES_MAX);
	assert_int_equal(result->spec->request_count, LOAD_NAMES_MAX + 1);
}

static void long_runs_have_no_bins_a_second(void **state)
{
	(void)state;
	engine.elapsed_ns = LOAD_SECOND_BINS_MAX * NS_PER_SEC;
	engine.second_count = LOAD_SECOND_BINS_MAX;
	make();
	assert_int_equal(result->seconds[0]->n_bins, 1);
	engine.elapsed_ns += NS_PER_SEC;
	engine.second_count++;
	engine.seconds[LOAD_SECOND_BINS_MAX].counts.sent = 1;
	make();
	assert_int_equal(result->n_seconds, LOAD_SECOND_BINS_MAX + 1);
	assert_int_equal(result->seconds[0]->n_bins, 0);
}

static void memory_may_end_anywhere(void **state)
{
	(void)state;
	for (size_t size = 0; size < 1 << 20; size += 256) {
		struct arena small;
		Ringmaster__V1__LoadResult *unused;
		int err;

		arena_init(&small, NULL, 0, size);
		err = load_result_make(&plan, &engine, &small, &unused);
		arena_fini(&small);
		if (err == 0)
			return;
		assert_int_equal(err, -12);
	}
	fail();
}

/* ---- the id and the machine ---- */

static void ids_sort_by_time(void **state)
{
	char first[LOAD_RUN_ID_SIZE], second[LOAD_RUN_ID_SIZE],
	    same[LOAD_RUN_ID_SIZE];

	(void)state;
	load_run_id(UINT64_C(1469918176385) * NS_PER_MSEC, first);
	assert_int_equal(strlen(first), 26);
	/* The example in the specification of ULIDs. */
	assert_memory_equal(first, "01ARYZ6S41", 10);
	load_run_id(UINT64_C(1469918176386) * NS_PER_MSEC, second);
	assert_true(strcmp(first, second) < 0);
	load_run_id(UINT64_C(1469918176385) * NS_PER_MSEC, same);
	assert_string_not_equal(first, same);
	assert_int_equal(strspn(same, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
	    26);
}

static void what_the_machine_did_is_the_difference(void **state)
{
	struct load_host before, after;

	(void)state;
	load_host_parse("cpu  100 0 100 700 100 0 0 0 0 0\n", &before);
	assert_int_equal(before.total, 1000);
	assert_int_equal(before.idle, 800);
	load_host_parse("cpu  140 0 100 740 100 0 0 20 5 0\n", &after);
	make();
	load_result_host(result, &before, &after);
	assert_true(near(result->health->steal, 0.2));
	assert_true(near(result->health->busy, 0.6));
	result->health->awake_seconds = 20.0 / (double)sysconf(_SC_CLK_TCK);
	load_result_host(result, &before, &after);
	assert_true(near(result->health->busy, 0.4));
	/* The two are not measured at the same moments. */
	result->health->awake_seconds = 1e3;
	load_result_host(result, &before, &after);
	assert_true(result->health->busy == 0);
	load_host_parse("intr 5", &after);
	assert_int_equal(after.total, 0);
	make();
	load_result_host(result, &before, &after);
	assert_true(result->health->steal == 0);
	load_host_read(&after);
	assert_true(after.total > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_closed_run_is_told),
		TEST(causes_add_up_to_the_errors),
		TEST(what_never_answers_does_not_lower_the_rate),
		TEST(a_server_that_stops_does_not_raise_it),
		TEST(what_was_late_counts_in_full),
		TEST(a_slow_rate_has_the_time_it_was_to_have),
		TEST(a_burst_has_the_time_it_took),
		TEST(nothing_at_all_is_told),
		TEST(stages_are_told),
		TEST(names_are_limited),
		TEST(long_runs_have_no_bins_a_second),
		TEST(memory_may_end_anywhere),
		TEST(ids_sort_by_time),
		TEST(what_the_machine_did_is_the_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What is said for and against a run: each reason at its limit and beyond.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/latency.h"
#include "load/verdict.h"
#include "sample_result.h"

static struct arena arena;
static struct sample sample;
static Ringmaster__V1__LoadResult *const result = &sample.result;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 1 << 20);
	sample_make(&sample, &arena);
	return 0;
}

static int begin_open(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 1 << 20);
	sample_open(&sample, &arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* The state, and one sentence that has `words`, or none at all. */
static void judged(const char *name, const char *words)
{
	const Ringmaster__V1__LoadVerdict *verdict;

	assert_int_equal(load_verdict_make(result, false, &arena), 0);
	verdict = result->verdict;
	if (verdict->n_reasons && !words)
		fail_msg("%s", verdict->reasons[0]);
	assert_string_equal(load_verdict_name(verdict), name);
	assert_int_equal(verdict->n_reasons, words ? 1 : 0);
	if (words && !strstr(verdict->reasons[0], words))
		fail_msg("\"%s\" has no \"%s\"", verdict->reasons[0], words);
}

static bool hinted(bool local, const char *words)
{
	assert_int_equal(load_verdict_make(result, local, &arena), 0);
	for (size_t i = 0; i < result->verdict->n_hints; i++)
		if (strstr(result->verdict->hints[i], words))
			return true;
	return false;
}

static void nothing_speaks_against_it(void **state)
{
	(void)state;
	judged("valid", NULL);
}

static void without_answers_it_is_invalid(void **state)
{
	(void)state;
	result->latency->count = 0;
	judged("invalid", "after the warm-up");
	result->requests = 0;
	judged("invalid", "no request was completed");
}

static void a_busy_generator_is_suspect(void **state)
{
	(void)state;
	sample.health.cpu_max = VERDICT_CPU_MAX;
	judged("valid", NULL);
	sample.health.cpu_max = 0.9;
	judged("suspect", "the generator used 90.0 % of a core");
	/* A burst is all work. */
	result->duration_seconds = 0.01;
	judged("valid", NULL);
}

static void overflows_switches_and_steal_are_suspect(void **state)
{
	(void)state;
	sample.health.cq_overflows = 1;
	judged("suspect", "completion queue");
	sample.health.cq_overflows = 0;
	sample.health.involuntary_switches = VERDICT_SWITCHES_MAX * 10;
	judged("valid", NULL);
	sample.health.involuntary_switches++;
	judged("suspect", "lost its processor");
	sample.health.involuntary_switches = 0;
	sample.health.steal = VERDICT_STEAL_MAX;
	judged("valid", NULL);
	sample.health.steal = 0.072;
	judged("suspect", "hypervisor took 7.20 %");
}

static void want_of_ports_and_descriptors(void **state)
{
	(void)state;
	result->n_causes = 1;
	sample.cause.cause = "ports";
	sample.cause.count = result->errors = 1;
	judged("suspect", "out of local ports 1 times");
	sample.cause.count = result->errors = 500;
	judged("invalid", "out of local ports 500 times");
	sample.cause.cause = "descriptors";
	judged("invalid", "out of file descriptors");
	sample.cause.cause = "reset";
	judged("valid", NULL);
}

/* ---- the open model ---- */

static void a_rate_that_was_not_reached_is_told(void **state)
{
	(void)state;
	judged("valid", NULL);
	sample.spec.rate = 1019;
	judged("valid", NULL);
	sample.spec.rate = 2000;
	judged("suspect", "target 2,000/s, achieved 1,000/s");
	sample.seconds[9].backlog = 5900;
	judged("suspect", "the queue grew to 5,900 requests, response time "
	    "includes waiting");
	/* Then it was the generator. */
	sample.health.cpu_max = 0.95;
	assert_int_equal(load_verdict_make(result, false, &arena), 0);
	assert_string_equal(load_verdict_name(result->verdict), "invalid");
	assert_int_equal(result->verdict->n_reasons, 2);
	sample.health.cpu_max = 0.5;
	result->partial = true;
	judged("valid", NULL);
}

static void random_arrivals_vary(void **state)
{
	(void)state;
	sample.spec.rate = 1050;
	judged("suspect", "target 1,050/s");
	sample.spec.arrivals = "poisson";
	judged("valid", NULL);
	sample.spec.rate = 1100;
	judged("suspect", "target 1,100/s");
}

static void late_requests_are_the_generators_unless_they_waited(void **state)
{
	struct hdr *hdr = calloc(1, sizeof(*hdr));

	(void)state;
	for (unsigned i = 0; i < 2000; i++)
		hdr_add(hdr, 3 * NS_PER_MSEC);
	result->slip = latency_make(hdr, &arena);
	free(hdr);
	judged("suspect", "requests were sent late, p99 3.00 ms");
	assert_false(hinted(false, "free connection"));
	sample.seconds[3].backlog = 900;
	judged("valid", NULL);
	assert_true(hinted(false, "waited for a free connection"));
	result->service->max = 0.002;
	judged("suspect", "requests were sent late");
	/* Not where that is said already. */
	sample.spec.rate = 2000;
	judged("suspect", "target 2,000/s");
	assert_false(hinted(false, "free connection"));
}

/* ---- hints ---- */

static void percentiles_need_samples(void **state)
{
	(void)state;
	assert_true(hinted(false, "p99.9 needs 10,000 samples, p99.99 "
	    "100,000: you have 9,000"));
	result->latency->count = 50000;
	assert_true(hinted(false,
	    "p99.99 needs 100,000 samples, you have 50,000"));
	result->latency->count = 100000;
	assert_false(hinted(false, "needs"));
}

static void a_shared_machine_is_a_hint(void **state)
{
	(void)state;
	sample.health.busy = 0.97;
	assert_true(hinted(true, "share 4 processors, which were 97.0 %"));
	assert_false(hinted(false, "share"));
	sample.health.busy = 0.5;
	assert_false(hinted(true, "share"));
}

static void a_generator_that_stood_still_is_suspect(void **state)
{
	(void)state;
	sample.health.stalled_seconds = VERDICT_STALLED_MAX_S;
	judged("valid", NULL);
	sample.health.stalled_seconds = 1.2;
	judged("suspect", "the generator stood still for 1.20 s");
}

static void unfinished_requests_are_a_hint(void **state)
{
	(void)state;
	assert_false(hinted(false, "no answer"));
	result->unfinished = 12;
	assert_true(hinted(false, "12 requests had no answer"));
}

static void requests_that_were_sent_again_are_a_hint(void **state)
{
	(void)state;
	assert_false(hinted(false, "sent again"));
	result->retried = 12;
	assert_true(hinted(false, "12 requests were sent again"));
}

static void a_warm_up_is_reported_not_applied(void **state)
{
	(void)state;
	assert_false(hinted(false, "MSER"));
	for (unsigned i = 0; i < 3; i++)
		sample.seconds[i].requests = 300 + 100 * i;
	assert_true(hinted(false, "the first 3 s look like a warm-up "
	    "(MSER-5), 1 s were left out"));
	assert_int_equal(result->requests, 10000);
	sample.spec.warmup_seconds = 3;
	assert_false(hinted(false, "MSER"));
	/* A difference that is no difference. */
	sample.spec.warmup_seconds = 0;
	for (unsigned i = 0; i < 3; i++)
		sample.seconds[i].requests = 980;
	assert_false(hinted(false, "MSER"));
}

static void unknown_states_have_a_name(void **state)
{
	(void)state;
	assert_string_equal(load_verdict_name(NULL), "unknown");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define OPEN(name) cmocka_unit_test_setup_teardown(name, begin_open, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_speaks_against_it),
		TEST(without_answers_it_is_invalid),
		TEST(a_busy_generator_is_suspect),
		TEST(overflows_switches_and_steal_are_suspect),
		TEST(want_of_ports_and_descriptors),
		OPEN(a_rate_that_was_not_reached_is_told),
		OPEN(random_arrivals_vary),
		OPEN(late_requests_are_the_generators_unless_they_waited),
		TEST(percentiles_need_samples),
		TEST(a_shared_machine_is_a_hint),
		TEST(a_generator_that_stood_still_is_suspect),
		TEST(unfinished_requests_are_a_hint),
		TEST(requests_that_were_sent_again_are_a_hint),
		TEST(a_warm_up_is_reported_not_applied),
		TEST(unknown_states_have_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The server's part of a result: counts that agree or do not, even workers,
 * and text that fits a terminal whatever it says. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "load/print.h"
#include "load/server_result.h"

static struct arena arena;
static struct load_join_summary summary;
static struct load_server_worker workers[2];
static struct load_server_facts facts;
static Ringmaster__V1__LoadServer *server;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 1 << 20);
	summary = (struct load_join_summary){ .followed = 50, .sample = 50,
	    .waiting = 1e-5 };
	for (unsigned i = 0; i < LOAD_PARTS; i++)
		summary.median.parts[i] = summary.tail.parts[i] = 1e-5;
	summary.tail.parts[LOAD_PART_QUEUE] = 20e-5;
	summary.median.whole = LOAD_PARTS * 1e-5;
	summary.tail.whole = 28e-5;
	workers[0] = (struct load_server_worker){ .index = 0, .requests = 60,
	    .connections = 2, .cpu = 0.5 };
	workers[1] = (struct load_server_worker){ .index = 1, .requests = 40,
	    .connections = 1, .cpu = 0.5 };
	facts = (struct load_server_facts){ .version = "1", .requests = 100,
	    .answered = 100, .sent = 100, .elapsed_s = 1, .workers = workers,
	    .worker_count = 2 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void make(void)
{
	assert_int_equal(load_server_message(&facts, &summary, &arena,
	    &server), 0);
}

static void counts_agree_between_answered_and_sent(void **state)
{
	(void)state;
	make();
	assert_true(server->agrees);
	assert_string_equal(server->disagreement, "");
	facts.answered = 90;
	facts.sent = 110;
	make();
	assert_true(server->agrees);
	facts.requests = 111;
	make();
	assert_false(server->agrees);
	assert_string_equal(server->disagreement, "the server also had 1 "
	    "requests of other clients");
	facts.requests = 80;
	make();
	assert_false(server->agrees);
	assert_non_null(strstr(server->disagreement, "lacks 10 of"));
}

static void what_is_even_has_the_balance_1(void **state)
{
	(void)state;
	workers[1].requests = 60;
	make();
	assert_true(fabs(server->balance - 1) < 1e-9);
	workers[1].requests = 0;
	make();
	assert_true(fabs(server->balance - 0.5) < 1e-9);
	assert_int_equal(server->n_workers, 2);
}

/* 100 requests in a second of two workers that were half busy: 10 ms each;
 * without variation they wait for half of one, on average. */
static void the_expected_wait_is_that_of_the_formula(void **state)
{
	(void)state;
	make();
	assert_true(fabs(server->utilisation - 0.5) < 1e-9);
	assert_true(fabs(server->expected_waiting_seconds - 0.005) < 1e-9);
	summary.work_variation = 1;
	make();
	assert_true(fabs(server->expected_waiting_seconds - 0.01) < 1e-9);
	workers[0].cpu = workers[1].cpu = 1;
	make();
	assert_true(isnan(server->expected_waiting_seconds));
	facts.requests = 0;
	facts.worker_count = 0;
	make();
	assert_true(server->expected_waiting_seconds == 0);
}

static void what_happened_is_told(void **state)
{
	const struct load_server_mark marks[] = { { 1.5, "reload: 2" },
		{ 2, "crash" } };
	struct buf out = buf_make(1 << 16);

	(void)state;
	facts.marks = marks;
	facts.mark_count = 2;
	make();
	assert_int_equal(server->n_marks, 2);
	assert_true(server->marks[0]->at_seconds == 1.5);
	assert_string_equal(server->marks[1]->text, "crash");
	load_print_server(&out, server);
	buf_append_char(&out, '\0');
	assert_non_null(strstr(out.data, "at          1.50 s  reload: 2\n"
	    "at          2.00 s  crash\n"));
	buf_free(&out);
}

static void the_text_fits_a_terminal(void **state)
{
	static struct load_server_worker many[20];
	static struct load_server_mark marks[20];
	struct buf out = buf_make(1 << 16);
	unsigned lines = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		many[i] = (struct load_server_worker){ .index = UINT32_MAX,
		    .requests = UINT64_MAX, .connections = UINT64_MAX,
		    .p99_ns = UINT64_MAX, .lag_p99_ns = UINT64_MAX,
		    .cpu = 100 };
	for (unsigned i = 0; i < 20; i++)
		marks[i] = (struct load_server_mark){ 1e9, "crash: a worker "
		    "of a name that does not end where a line does, ever\n" };
	for (unsigned i = 0; i < LOAD_PARTS; i++)
		summary.median.parts[i] = summary.tail.parts[i] = 100;
	summary.median.whole = summary.tail.whole = LOAD_PARTS * 100;
	summary.followed = UINT32_MAX;
	summary.waiting = 100;
	facts.workers = many;
	facts.worker_count = 20;
	facts.marks = marks;
	facts.mark_count = 20;
	make();
	load_print_server(&out, server);
	assert_false(out.failed);
	for (size_t at = 0, next; at < out.len; at = next + 1, lines++) {
		for (next = at; out.data[next] != '\n';)
			next++;
		if (next - at > PRINT_COLUMNS)
			fail_msg("too wide: %.*s", (int)(next - at),
			    out.data + at);
	}
	assert_in_range(lines, 19, 29);
	buf_free(&out);
}

static void the_tail_is_told_in_words(void **state)
{
	struct buf out = buf_make(1 << 16);

	(void)state;
	make();
	load_print_server(&out, server);
	buf_append_char(&out, '\0');
	assert_non_null(strstr(out.data, "tail: 71 % queue, 4 % "));
	assert_non_null(strstr(out.data, "server    counts agree; balance of "
	    "workers 0.96; 50 requests"));
	assert_non_null(strstr(out.data, "q=queue"));
	buf_free(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(counts_agree_between_answered_and_sent),
		TEST(what_is_even_has_the_balance_1),
		TEST(the_expected_wait_is_that_of_the_formula),
		TEST(what_happened_is_told),
		TEST(the_text_fits_a_terminal),
		TEST(the_tail_is_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "segment_fixture.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>

#include "metrics/sessions.h"

enum {
	IDLE_S = 60,		/* of the fixture */
	START_S = 1000,
	KILL_ROUNDS = 60,
	HANG_S = 60,
};

static struct metrics_session_counts counts;

/* The n-th of a row of different keys. */
static uint64_t key(struct fixture *f, uint64_t n)
{
	return metrics_session_key(f->segment, n);
}

static void see(struct fixture *f, uint64_t first, uint64_t count,
    uint64_t now_s)
{
	enum { BATCH = 64 };
	uint64_t keys[BATCH];

	for (uint64_t i = 0; i < count; ) {
		unsigned n = 0;

		while (n < BATCH && i < count)
			keys[n++] = key(f, first + i++);
		assert_int_equal(0, metrics_sessions_add(f->segment, keys, n,
		    now_s));
	}
}

static void sweep_all(struct fixture *f, uint64_t now_s)
{
	for (int i = 0; i < METRICS_SESSIONS_TABLE / METRICS_SESSIONS_SWEEP;
	    i++)
		assert_true(metrics_sessions_sweep(f->segment, now_s) >= 0);
}

static uint64_t live(struct fixture *f, uint64_t now_s)
{
	metrics_sessions_read(f->segment, now_s, &counts);
	return counts.live;
}

/* The sums agree with the table, and each entry can be found. */
static void check_table(struct fixture *f)
{
	const struct metrics_sessions *sessions = &f->segment->file->sessions;
	uint64_t count = 0;

	for (unsigned i = 0; i < METRICS_SESSIONS_TABLE; i++) {
		uint64_t wanted = sessions->table[i].key;
		unsigned at = wanted % METRICS_SESSIONS_TABLE;

		if (wanted == 0)
			continue;
		count++;
		while (sessions->table[at].key != wanted) {
			assert_int_not_equal(0, sessions->table[at].key);
			at = (at + 1) % METRICS_SESSIONS_TABLE;
		}
		assert_int_equal(i, at);
	}
	assert_int_equal(count, sessions->count);
	assert_int_equal(count, sessions->created - sessions->expired);
}

static void session_counts_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(0, live(f, START_S));
	see(f, 1, 100, START_S);
	see(f, 51, 100, START_S + 1);
	assert_int_equal(150, live(f, START_S + 1));
	assert_int_equal(150, counts.created);
	assert_true(counts.exact);
	check_table(f);
}

static void session_ends_when_it_was_not_seen_for_the_idle_time(void **state)
{
	struct fixture *f = *state;

	see(f, 1, 100, START_S);
	see(f, 1, 10, START_S + 1);
	sweep_all(f, START_S + IDLE_S);
	assert_int_equal(100, live(f, START_S + IDLE_S));
	sweep_all(f, START_S + IDLE_S + 1);
	assert_int_equal(10, live(f, START_S + IDLE_S + 1));
	assert_int_equal(90, counts.expired);
	check_table(f);
	sweep_all(f, START_S + IDLE_S + 2);
	assert_int_equal(0, live(f, START_S + IDLE_S + 2));
	check_table(f);
}

static void expired_session_that_comes_again_is_a_new_one(void **state)
{
	struct fixture *f = *state;

	see(f, 1, 1, START_S);
	see(f, 1, 1, START_S + IDLE_S + 1);
	assert_int_equal(1, live(f, START_S + IDLE_S + 1));
	assert_int_equal(2, counts.created);
	assert_int_equal(1, counts.expired);
	check_table(f);
}

static void table_is_in_order_after_many_came_and_went(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 20; i++) {
		see(f, i * 5000, 8000, START_S + i * IDLE_S / 2);
		sweep_all(f, START_S + i * IDLE_S / 2);
	}
	check_table(f);
	assert_true(counts.exact);
}

static void count_is_exact_up_to_the_limit_and_estimated_beyond(void **state)
{
	struct fixture *f = *state;

	see(f, 1, METRICS_SESSIONS_EXACT_MAX, START_S);
	assert_int_equal(METRICS_SESSIONS_EXACT_MAX, live(f, START_S));
	assert_true(counts.exact);
	see(f, METRICS_SESSIONS_EXACT_MAX + 1, 1, START_S);
	assert_true(live(f, START_S) >= METRICS_SESSIONS_EXACT_MAX);
	assert_false(counts.exact);
	check_table(f);
	sweep_all(f, START_S + IDLE_S + 1);
	assert_int_equal(0, live(f, START_S + IDLE_S + 1));
	assert_true(counts.exact);
}

/* Four standard errors, for any random seed of the segment. */
static void estimate_is_close_for_half_a_million(void **state)
{
	static const uint64_t sizes[] = { 70000, 100000, 200000, 500000 };
	struct fixture *f = *state;
	uint64_t seen = 0;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double error;

		see(f, 1 + seen, sizes[i] - seen, START_S + i);
		seen = sizes[i];
		error = (double)live(f, START_S + i) / (double)seen - 1;
		assert_true(fabs(error) < 4 * 0.0081);
	}
}

static void estimate_forgets_the_expired(void **state)
{
	struct fixture *f = *state;
	double error;

	see(f, 1, 200000, START_S);
	see(f, 200001, 100000, START_S + IDLE_S / 2);
	error = (double)live(f, START_S + IDLE_S / 2) / 300000 - 1;
	assert_true(fabs(error) < 4 * 0.0081);
	/* A part of the period later all of the first are gone. */
	see(f, 200001, 100000, START_S + IDLE_S + IDLE_S / 6 + 1);
	error = (double)live(f, START_S + IDLE_S + IDLE_S / 6 + 1) / 100000 - 1;
	assert_true(fabs(error) < 4 * 0.0081);
}

static void today_counts_each_session_once_until_midnight(void **state)
{
	struct fixture *f = *state;
	unsigned today;

	assert_int_equal(0, metrics_sessions_day(f->segment, 7));
	see(f, 0, 1000, START_S);
	/* They have expired and come again; for the day they are the same. */
	sweep_all(f, START_S + 10 * IDLE_S);
	see(f, 0, 1000, START_S + 10 * IDLE_S);
	(void)live(f, START_S + 10 * IDLE_S);
	today = (unsigned)counts.today;
	assert_in_range(today, 980, 1020);
	assert_int_equal(0, metrics_sessions_day(f->segment, 7));
	(void)live(f, START_S + 10 * IDLE_S);
	assert_int_equal(today, counts.today);
	assert_int_equal(0, metrics_sessions_day(f->segment, 8));
	assert_int_equal(1000, live(f, START_S + 10 * IDLE_S));
	assert_int_equal(0, counts.today);
	see(f, 5000, 1, START_S + 10 * IDLE_S);
	(void)live(f, START_S + 10 * IDLE_S);
	assert_int_equal(1, counts.today);
}

static void worker_reports_a_session_at_its_flush(void **state)
{
	struct fixture *f = *state;
	struct metrics_writer *writer;

	assert_int_equal(0, metrics_writer_open(f->segment,
	    fixture_slot(f, 0), &writer));
	for (uint64_t i = 0; i < 50; i++)
		metrics_session_seen(writer, i);
	metrics_session_seen(writer, 49);
	assert_int_equal(0, f->segment->file->sessions.count);
	metrics_flush(writer);
	assert_int_equal(50, f->segment->file->sessions.count);
	/* More than one batch. */
	for (uint64_t i = 0; i < 1000; i++)
		metrics_session_seen(writer, i);
	metrics_writer_close(&writer);
	assert_int_equal(1000, f->segment->file->sessions.count);
	check_table(f);
}

/* Sessions come and go at a rush, until killed. */
static void rush(struct fixture *f)
{
	for (uint64_t now = START_S;; now++) {
		see(f, now * 50, 500, now);
		(void)metrics_sessions_sweep(f->segment, now);
	}
}

static void death_in_the_middle_leaves_a_table_in_order(void **state)
{
	struct fixture *f = *state;
	uint64_t repaired = 0;

	(void)alarm(HANG_S);
	for (unsigned round = 0; round < KILL_ROUNDS; round++) {
		uint64_t before = f->segment->file->sessions.created;
		pid_t pid = fork();
		int status, result;

		assert_true(pid >= 0);
		if (pid == 0)
			rush(f);
		while (__atomic_load_n(&f->segment->file->sessions.created,
		    __ATOMIC_RELAXED) < before + 1 + (unsigned)random() % 999)
			;
		assert_int_equal(0, kill(pid, SIGKILL));
		assert_int_equal(pid, waitpid(pid, &status, 0));
		result = metrics_sessions_sweep(f->segment, 0);
		assert_true(result >= 0);
		repaired += (unsigned)result;
		check_table(f);
	}
	(void)alarm(0);
	assert_true(repaired > 0);
	assert_int_equal(repaired, f->segment->file->header.recoveries);
}

/* What a death between the two stores of a move leaves: an entry twice. */
static void repair_removes_the_copy_of_a_half_moved_entry(void **state)
{
	struct fixture *f = *state;
	struct metrics_sessions *sessions = &f->segment->file->sessions;
	struct metrics_session *table = sessions->table;

	table[10] = (struct metrics_session){ 10, START_S };
	table[11] = (struct metrics_session){ 10, START_S + 5 };
	table[12] = (struct metrics_session){
		11 + METRICS_SESSIONS_TABLE, START_S };
	sessions->count = sessions->created = 3;
	metrics_sessions_repair(sessions);
	check_table(f);
	assert_int_equal(2, sessions->count);
	assert_int_equal(1, sessions->expired);
	assert_int_equal(START_S + 5, table[10].seen_s);
	assert_int_equal(11 + METRICS_SESSIONS_TABLE, table[11].key);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(session_counts_once),
		TEST(session_ends_when_it_was_not_seen_for_the_idle_time),
		TEST(expired_session_that_comes_again_is_a_new_one),
		TEST(table_is_in_order_after_many_came_and_went),
		TEST(count_is_exact_up_to_the_limit_and_estimated_beyond),
		TEST(estimate_is_close_for_half_a_million),
		TEST(estimate_forgets_the_expired),
		TEST(today_counts_each_session_once_until_midnight),
		TEST(worker_reports_a_session_at_its_flush),
		TEST(death_in_the_middle_leaves_a_table_in_order),
		TEST(repair_removes_the_copy_of_a_half_moved_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

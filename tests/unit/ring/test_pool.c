#include "support.h"

#include <pthread.h>

/* The thread pool: results, the bounded queue, thousands of jobs. */

static void add_one(void *arg)
{
	++*(unsigned *)arg;
}

struct offloader {
	unsigned jobs, done, rejected;
	unsigned value;		/* written by the pool, read by the loop */
	struct ring_task task;
};

static void offloader_run(void *arg)
{
	struct offloader *offloader = arg;

	while (offloader->jobs > 0) {
		int r = ring_offload(ring, add_one, &offloader->value);

		if (r == -EAGAIN) {
			offloader->rejected++;
			ring_yield(ring);
			continue;
		}
		assert_int_equal(r, 0);
		offloader->jobs--;
		offloader->done++;
		assert_int_equal(offloader->value, offloader->done);
	}
}

static void count_wait(void *arg, uint64_t wait_ns)
{
	assert_true(wait_ns < 20 * NS_PER_SEC);
	++*(unsigned *)arg;
}

static void many_jobs_body(void *arg)
{
	enum { COROUTINES = 50, JOBS = 200 };
	static struct offloader offloaders[COROUTINES];
	unsigned waits = 0, rejected = 0;
	struct ring_hooks hooks = { .pool_wait = count_wait, .arg = &waits };
	const struct ring_stats *stats;

	(void)arg;
	ring_set_hooks(ring, &hooks);
	for (int i = 0; i < COROUTINES; i++) {
		offloaders[i] = (struct offloader){ .jobs = JOBS };
		assert_int_equal(ring_spawn(ring, &offloaders[i].task,
		    offloader_run, &offloaders[i]), 0);
	}
	for (int i = 0; i < COROUTINES; i++) {
		ring_join(ring, &offloaders[i].task);
		assert_int_equal(offloaders[i].value, JOBS);
		rejected += offloaders[i].rejected;
	}
	stats = ring_stats(ring);
	assert_int_equal(stats->pool_done, COROUTINES * JOBS);
	assert_int_equal(stats->pool_rejected, rejected);
	assert_int_equal(stats->pool_queued, 0);
	assert_int_equal(stats->pool_busy, 0);
	assert_int_equal(stats->pool_oldest_wait_ns, 0);
	assert_int_equal(waits, COROUTINES * JOBS);
	ring_set_hooks(ring, &(struct ring_hooks){ .arg = NULL });
}

static void ten_thousand_jobs_all_come_back(void **state)
{
	struct ring_options options = test_options();

	(void)state;
	options.pool_threads = 4;
	test_run_with(&options, many_jobs_body, NULL);
	options.pool_queue_max = 8;	/* most are refused at first */
	test_run_with(&options, many_jobs_body, NULL);
	options.sq_entries = 4;
	options.cq_entries = 8;
	test_run_with(&options, many_jobs_body, NULL);
}

/* ---- a gate that holds the threads ---- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void pass_gate(void *arg)
{
	(void)arg;
	(void)pthread_mutex_lock(&gate);
	(void)pthread_mutex_unlock(&gate);
}

static uint64_t longest_wait_ns;

static void offload_gate(void *arg)
{
	*(int *)arg = ring_offload(ring, pass_gate, NULL);
	if (ring_offload_waited(ring) > longest_wait_ns)
		longest_wait_ns = ring_offload_waited(ring);
}

static void full_body(void *arg)
{
	enum { THREADS = 2, QUEUE = 3, COUNT = THREADS + QUEUE };
	struct ring_task tasks[COUNT];
	int results[COUNT];
	const struct ring_stats *stats;
	unsigned value = 0;

	(void)arg;
	(void)pthread_mutex_lock(&gate);
	for (int i = 0; i < COUNT; i++) {
		results[i] = 1;
		assert_int_equal(ring_spawn(ring, &tasks[i], offload_gate,
		    &results[i]), 0);
		/* The threads must have taken theirs before more fit. */
		while (i < THREADS && ring_stats(ring)->pool_queued > 0)
			test_sleep_ms(1);
	}
	stats = ring_stats(ring);
	assert_int_equal(stats->pool_busy, THREADS);
	assert_int_equal(stats->pool_queued, QUEUE);
	assert_int_equal(stats->pool_threads, THREADS);
	test_sleep_ms(2);
	assert_true(ring_stats(ring)->pool_oldest_wait_ns >= NS_PER_MSEC);
	assert_int_equal(ring_offload(ring, add_one, &value), -EAGAIN);
	assert_int_equal(value, 0);
	assert_int_equal(ring_stats(ring)->pool_rejected, 1);
	(void)pthread_mutex_unlock(&gate);
	for (int i = 0; i < COUNT; i++) {
		ring_join(ring, &tasks[i]);
		assert_int_equal(results[i], 0);
	}
	assert_true(longest_wait_ns >= 2 * NS_PER_MSEC);
	assert_int_equal(ring_offload(ring, add_one, &value), 0);
	assert_int_equal(value, 1);
}

static void one_job_past_the_queue_is_refused(void **state)
{
	struct ring_options options = test_options();

	(void)state;
	options.pool_threads = 2;
	options.pool_queue_max = 3;
	test_run_with(&options, full_body, NULL);
}

static void look_at_signals(void *arg)
{
	(void)pthread_sigmask(SIG_SETMASK, NULL, arg);
}

static void signals_body(void *arg)
{
	sigset_t set;

	(void)arg;
	assert_int_equal(ring_offload(ring, look_at_signals, &set), 0);
	assert_true(sigismember(&set, SIGTERM));
	assert_true(sigismember(&set, SIGCHLD));
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
	assert_false(sigismember(&set, SIGTERM));
}

static void threads_take_no_signals(void **state)
{
	(void)state;
	test_run(signals_body);
}

static void close_waits_for_running_jobs_only(void **state)
{
	struct ring_options options = test_options();
	int results[8];

	(void)state;
	options.pool_threads = 1;
	assert_int_equal(ring_open(&options, &ring), 0);
	(void)pthread_mutex_lock(&gate);
	for (int i = 0; i < 8; i++) {
		results[i] = 1;
		assert_int_equal(ring_spawn(ring, NULL, offload_gate,
		    &results[i]), 0);
	}
	(void)pthread_mutex_unlock(&gate);
	ring_close(&ring);
	for (int i = 0; i < 8; i++)
		assert_int_equal(results[i], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_jobs_all_come_back),
		cmocka_unit_test(one_job_past_the_queue_is_refused),
		cmocka_unit_test(threads_take_no_signals),
		cmocka_unit_test(close_waits_for_running_jobs_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

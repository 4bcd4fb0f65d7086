/*
 * Lines on their way to a file, on a real ring with its thread pool. Disks
 * that are full are played by RLIMIT_FSIZE, which cuts a write as they do.
 */

#include "modules/log_output.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	char dir[64], path[96];
	struct ring *ring;
	struct metrics_pending metrics;
	struct log log;
	struct log_file file;
	struct log_output output;
	struct ring_timer timer;
} t;

static struct metrics_writer *writer(void)
{
	return (struct metrics_writer *)&t.metrics;
}

static int setup(void **state)
{
	struct ring_options options = ring_options_default();

	(void)state;
	memset(&t, 0, sizeof(t));
	options.log = &t.log;
	options.pool_threads = 2;
	strcpy(t.dir, "/tmp/test_log_output.XXXXXX");
	if (!mkdtemp(t.dir) || ring_open(&options, &t.ring))
		return -1;
	snprintf(t.path, sizeof(t.path), "%s/log", t.dir);
	t.file.path = t.path;
	t.file.fd = open(t.path, O_CREAT | O_WRONLY | O_APPEND, 0600);
	t.output.file = &t.file;
	t.output.size = LOG_BATCH_SIZE;
	t.output.flush_ns = LOG_DELAY_NS;
	return t.file.fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	ring_close(&t.ring);
	(void)close(t.file.fd);
	(void)unlink(t.path);
	return rmdir(t.dir);
}

static void open_output(void)
{
	log_output_open(&t.output, t.ring, writer(), &t.log);
}

static void put(struct log_output *output, const char *text)
{
	buf_append_cstr(log_line_begin(output), text);
	log_line_end(output);
}

static void stop_cb(void *ring)
{
	ring_stop(ring);
}

/* Let the loop turn for so long. */
static void turn(uint64_t ns)
{
	t.timer = (struct ring_timer){ .fn = stop_cb, .arg = t.ring };
	ring_timer_set(t.ring, &t.timer, clock_mono_ns() + ns);
	assert_int_equal(ring_run(t.ring), 0);
}

/* Let the loop turn until nothing is left to be written. */
static void await_written(void)
{
	uint64_t end = clock_mono_ns() + 10 * NS_PER_SEC;

	while ((t.output.gathered.len || t.output.writing) &&
	    clock_mono_ns() < end)
		turn(NS_PER_MSEC);
}

static void assert_file(const char *path, const char *expected)
{
	char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
	(void)close(fd);
}

static void a_few_lines_are_written_at_once(void **state)
{
	uint64_t begun = clock_mono_ns();
	unsigned at_once = 0;

	(void)state;
	open_output();
	for (;;) {
		put(&t.output, "x\n");
		if (t.output.timer.link)
			break;	/* this one waits for others */
		await_written();
		at_once++;
	}
	assert_true(at_once >= LOG_BURST);
	assert_true(at_once <= LOG_BURST + 2 +
	    (clock_mono_ns() - begun) / LOG_DELAY_NS);
	log_output_close(&t.output);
}

static void lines_are_written_after_the_delay(void **state)
{
	(void)state;
	open_output();
	t.output.even_ns = UINT64_MAX - LOG_DELAY_NS;
	put(&t.output, "one\n");
	put(&t.output, "two\n");
	assert_file(t.path, "");
	await_written();
	assert_file(t.path, "one\ntwo\n");
	log_output_close(&t.output);
}

static void a_full_buffer_is_written_at_once(void **state)
{
	(void)state;
	t.output.size = 8;
	t.output.buffered = true;
	t.output.flush_ns = 0;
	open_output();
	put(&t.output, "1234567");
	turn(20 * NS_PER_MSEC);
	assert_file(t.path, "");
	put(&t.output, "\n");
	await_written();
	assert_file(t.path, "1234567\n");
	log_output_close(&t.output);
}

static void closing_writes_what_is_left(void **state)
{
	(void)state;
	t.output.flush_ns = 0;
	open_output();
	put(&t.output, "one\n");
	log_output_flush(&t.output);	/* its job waits for a thread */
	put(&t.output, "two\n");
	log_output_close(&t.output);
	assert_file(t.path, "one\ntwo\n");
}

static void flushing_while_writing_writes_all_in_order(void **state)
{
	char expected[400] = "", line[16];

	(void)state;
	t.output.size = 10;
	open_output();
	for (int i = 0; i < 50; i++) {
		snprintf(line, sizeof(line), "l%d\n", i);
		strcat(expected, line);
		put(&t.output, line);
		if (i % 7 == 0)
			turn(NS_PER_MSEC);
	}
	log_output_flush(&t.output);
	await_written();
	assert_file(t.path, expected);
	log_output_close(&t.output);
}

/* A write that is cut leaves whole lines, and the next begins a new one. */
static void a_full_disk_loses_whole_lines_and_counts_them(void **state)
{
	struct rlimit limit = { 10, RLIM_INFINITY };

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	open_output();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	put(&t.output, "one\n");
	put(&t.output, "two\n");
	put(&t.output, "three\n");
	put(&t.output, "four\n");
	await_written();
	limit.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	put(&t.output, "five\n");
	await_written();
	assert_file(t.path, "one\ntwo\nfive\n");
	log_output_close(&t.output);
#ifndef RINGMASTER_NO_METRICS
	assert_int_equal(t.metrics.counters[METRICS_LOG_DROPPED], 2);
#endif
}

static void put_big(size_t len)
{
	struct buf *buf = log_line_begin(&t.output);
	char *p = buf_reserve(buf, len);

	if (p) {
		memset(p, 'x', len);
		p[len - 1] = '\n';
		buf->len += len;
	}
	log_line_end(&t.output);
}

static void memory_has_a_limit(void **state)
{
	(void)state;
	t.output.size = LOG_BUFFER_MAX + 1; /* nothing is handed over */
	t.output.buffered = true;
	t.output.flush_ns = 0;
	open_output();
	put(&t.output, "x\n");
	put_big(LOG_BUFFER_MAX - 2);
	assert_int_equal(t.output.gathered.len, LOG_BUFFER_MAX);
	put_big(1); /* is lost, and the others are on their way */
	assert_int_equal(t.output.gathered.len, 0);
	await_written();
	assert_int_equal(lseek(t.file.fd, 0, SEEK_END), LOG_BUFFER_MAX);
#ifndef RINGMASTER_NO_METRICS
	assert_int_equal(t.metrics.counters[METRICS_LOG_DROPPED], 1);
#endif
	log_output_close(&t.output);
}

static void put_at(const char *path, const char *root, const char *text)
{
	buf_append_cstr(log_line_begin_at(&t.output, NULL,
	    slice_cstr(path), slice_cstr(root)), text);
	log_line_end(&t.output);
}

static void lines_find_the_file_that_they_name(void **state)
{
	char other[96], missing[96];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", t.dir);
	snprintf(missing, sizeof(missing), "%s/missing", t.dir);
	t.output.file = NULL;
	open_output();
	put_at(t.path, t.dir, "one\n");
	put_at(other, t.dir, "two\n");
	put_at(other, t.dir, "three\n");
	put_at(t.path, t.dir, "four\n");
	put_at(missing, missing, "five\n");
	await_written();
	assert_file(t.path, "one\nfour\n");
	assert_file(other, "two\nthree\n");
	assert_int_equal(access(missing, F_OK), -1);
	assert_int_equal(unlink(other), 0);
	log_output_close(&t.output);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_few_lines_are_written_at_once),
		TEST(lines_are_written_after_the_delay),
		TEST(a_full_buffer_is_written_at_once),
		TEST(closing_writes_what_is_left),
		TEST(flushing_while_writing_writes_all_in_order),
		TEST(a_full_disk_loses_whole_lines_and_counts_them),
		TEST(memory_has_a_limit),
		TEST(lines_find_the_file_that_they_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The ring of log lines: many writers, some of which die in the middle, and
 * what is taken out of a line. Guards against lines that are mixed, shown
 * though they are torn, or block the ring, and against secrets.
 */
#include "segment_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "metrics/lock.h"
#include "metrics/logs.h"

enum {
	WRITERS = 4,
	WRITER_LINES = 20000,
	KILL_ROUNDS = 50,
};

static struct metrics_log_entry entries[METRICS_LOG_LINES];

static unsigned read_from(struct fixture *f, uint64_t since, uint64_t *last)
{
	return metrics_logs_read(f->segment, since, entries, last);
}

static void put(struct fixture *f, const char *text)
{
	metrics_log_tap(f->segment, LOG_LEVEL_ERROR, slice_cstr(text));
}

static void assert_text(unsigned i, const char *text)
{
	assert_int_equal(strlen(text), entries[i].line.len);
	assert_memory_equal(text, entries[i].line.text, strlen(text));
}

static void lines_are_read_in_their_order(void **state)
{
	struct fixture *f = *state;
	uint64_t last;

	assert_int_equal(0, read_from(f, 0, &last));
	assert_int_equal(0, last);
	put(f, "one");
	put(f, "two");
	assert_int_equal(2, read_from(f, 0, &last));
	assert_int_equal(2, last);
	assert_text(0, "one");
	assert_text(1, "two");
	assert_int_equal(1, entries[0].id);
	assert_int_equal(LOG_LEVEL_ERROR, entries[0].line.level);
	assert_int_equal(getpid(), entries[0].line.pid);
	assert_true(entries[0].line.real_ns > 0);
	assert_int_equal(1, read_from(f, 1, &last));
	assert_text(0, "two");
	assert_int_equal(0, read_from(f, 2, &last));
	assert_int_equal(0, read_from(f, 3, &last));	/* of another server */
	assert_int_equal(2, last);
}

static void lesser_levels_are_left_out(void **state)
{
	struct fixture *f = *state;
	uint64_t last;

	metrics_log_tap(f->segment, LOG_LEVEL_INFO, SLICE("info"));
	metrics_log_tap(f->segment, LOG_LEVEL_NOTICE, SLICE("notice"));
	metrics_log_tap(f->segment, LOG_LEVEL_EMERG, SLICE("emerg"));
	assert_int_equal(2, read_from(f, 0, &last));
	assert_text(0, "notice");
}

static void the_last_lines_are_kept(void **state)
{
	struct fixture *f = *state;
	char text[16];
	uint64_t last;

	for (int i = 1; i <= METRICS_LOG_LINES + 1; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		put(f, text);
	}
	assert_int_equal(METRICS_LOG_LINES, read_from(f, 0, &last));
	assert_int_equal(METRICS_LOG_LINES + 1, last);
	assert_text(0, "2");
	assert_int_equal(2, entries[0].id);
	assert_int_equal(METRICS_LOG_LINES - 1, read_from(f, 2, &last));
}

static void a_line_is_cut_where_its_room_ends(void **state)
{
	struct fixture *f = *state;
	char text[METRICS_LOG_TEXT_MAX + 2];
	uint64_t last;

	memset(text, 'x', sizeof(text));
	text[METRICS_LOG_TEXT_MAX + 1] = '\0';
	put(f, text);
	put(f, text + 1);
	put(f, text + 2);
	put(f, "");
	assert_int_equal(4, read_from(f, 0, &last));
	assert_int_equal(METRICS_LOG_TEXT_MAX, entries[0].line.len);
	assert_int_equal(METRICS_LOG_TEXT_MAX, entries[1].line.len);
	assert_int_equal(METRICS_LOG_TEXT_MAX - 1, entries[2].line.len);
	assert_int_equal(0, entries[3].line.len);
}

static void a_line_of_one_who_died_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct metrics_logs *logs = &f->segment->file->logs;
	uint64_t last;

	put(f, "one");
	put(f, "two");
	put(f, "three");
	/* It had its number and its place, and wrote a part. */
	logs->lines[1].sequence = 2 * 1 + 1;
	assert_int_equal(2, read_from(f, 0, &last));
	assert_text(1, "three");
	/* A round later the place is used again. */
	for (int i = 0; i < METRICS_LOG_LINES; i++)
		put(f, "next");
	assert_int_equal(METRICS_LOG_LINES, read_from(f, 0, &last));
}

static void one_who_is_a_round_late_does_no_harm(void **state)
{
	struct fixture *f = *state;
	struct metrics_logs *logs = &f->segment->file->logs;
	uint64_t last;

	for (int i = 0; i < METRICS_LOG_LINES + 1; i++)
		put(f, "now");
	/* Line 0, whose place has become another's, goes on: its words. */
	logs->lines[0].line.text[0] = 'x';
	assert_int_equal(METRICS_LOG_LINES - 1, read_from(f, 0, &last));
	/* And one who takes a number that the ring has passed. */
	logs->count = 0;
	put(f, "late");
	logs->count = METRICS_LOG_LINES + 1;
	assert_int_equal(METRICS_LOG_LINES - 1, read_from(f, 0, &last));
	for (unsigned i = 0; i < METRICS_LOG_LINES - 1; i++)
		assert_text(i, "now");
}

/* ---- many at once ---- */

struct writer {
	struct fixture *f;
	char letter;
};

static void write_line(struct fixture *f, char letter, unsigned len)
{
	char text[METRICS_LOG_TEXT_MAX];

	memset(text, letter, len);
	metrics_log_tap(f->segment, LOG_LEVEL_WARN,
	    (struct slice){ text, len });
}

static void *writer_run(void *arg)
{
	struct writer *writer = arg;

	for (unsigned i = 0; i < WRITER_LINES; i++)
		write_line(writer->f, writer->letter,
		    1 + i % METRICS_LOG_TEXT_MAX);
	return NULL;
}

/* Each line is one letter's. */
static void check_lines(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct metrics_log_line *line = &entries[i].line;

		for (unsigned j = 1; j < line->len; j++)
			assert_int_equal(line->text[0], line->text[j]);
		assert_true(i == 0 || entries[i].id > entries[i - 1].id);
	}
}

static void lines_of_many_threads_do_not_mix(void **state)
{
	struct writer writers[WRITERS];
	pthread_t threads[WRITERS];
	struct fixture *f = *state;
	uint64_t last = 0;

	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ f, (char)('a' + i) };
		assert_int_equal(0, pthread_create(&threads[i], NULL,
		    writer_run, &writers[i]));
	}
	while (last < WRITERS * WRITER_LINES)
		check_lines(read_from(f, last, &last));
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(0, pthread_join(threads[i], NULL));
	check_lines(read_from(f, 0, &last));
	assert_int_equal(WRITERS * WRITER_LINES, last);
	/* None was cut off, so the last of all is whole. */
	assert_int_equal(last, entries[read_from(f, last - 1, &last) - 1].id);
}

static void killed_writers_leave_whole_lines(void **state)
{
	struct fixture *f = *state;
	unsigned found;
	uint64_t last;

	for (int round = 0; round < KILL_ROUNDS; round++) {
		uint64_t before = f->segment->file->logs.count;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			for (unsigned i = 0;; i++)
				write_line(f, (char)('a' + round % 26),
				    1 + i % METRICS_LOG_TEXT_MAX);
		while (metrics_load(&f->segment->file->logs.count) <
		    before + 100 + (unsigned)round)
			;
		(void)kill(pid, SIGKILL);
		assert_int_equal(pid, waitpid(pid, NULL, 0));
		found = read_from(f, 0, &last);
		check_lines(found);
		/* Each of the dead cost one line at most. */
		assert_true(found + (unsigned)round + 1 >=
		    (last < METRICS_LOG_LINES ? last : METRICS_LOG_LINES));
	}
}

/* ---- what is taken out ---- */

static void secrets_are_taken_out(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "", "" },
		{ "nothing", "nothing" },
		{ "what?", "what?" },
		{ "what? this", "what? this" },
		{ "GET /a?b=c HTTP/1.1", "GET /a?[redacted] HTTP/1.1" },
		{ "open \"/a?b\" failed", "open \"/a?[redacted]\" failed" },
		{ "request: \"GET /?x HTTP/1.1\", host: \"a\"",
		  "request: \"GET /?[redacted] HTTP/1.1\", host: \"a\"" },
		{ "\"/a?b\"", "\"/a?[redacted]\"" },
		{ "(\"/a?b\")", "(\"/a?[redacted]\")" },
		{ "\"/a?b\",", "\"/a?[redacted]\"," },
		/* A client's own quotation marks end nothing. */
		{ "GET /a?b=\"c\"&d=e HTTP", "GET /a?[redacted] HTTP" },
		{ "GET /a?b=\",c HTTP", "GET /a?[redacted] HTTP" },
		{ "GET /a?b=\"),c HTTP", "GET /a?[redacted] HTTP" },
		{ "/a?b?c", "/a?[redacted]" },
		{ "/a?b /c?d", "/a?[redacted] /c?[redacted]" },
		{ "line: \"Authorization: Basic abc=\", client",
		  "line: \"Authorization:[redacted]\", client" },
		{ "PROXY-AUTHORIZATION: Bearer x",
		  "PROXY-AUTHORIZATION:[redacted]" },
		{ "Cookie: a=b; c=\"d\"; e", "Cookie:[redacted]" },
		{ "Set-Cookie: a=b\\x0D\\x0AX: y",
		  "Set-Cookie:[redacted]\\x0D\\x0AX: y" },
		{ "cookie:", "cookie:" },
		{ "cookies: 3", "cookies: 3" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = metrics_log_redact(text, sizeof(text) - 1,
		    slice_cstr(cases[i].text));

		text[len] = '\0';
		assert_string_equal(cases[i].wanted, text);
	}
}

static void what_is_taken_out_is_cut_as_well(void **state)
{
	char text[32];

	(void)state;
	for (size_t size = 0; size < sizeof(text); size++) {
		size_t len;

		memset(text, 'x', sizeof(text));
		len = metrics_log_redact(text, size, SLICE("/a?bcd e"));
		assert_int_equal(size < 15 ? size : 15, len);
		assert_memory_equal("/a?[redacted] e", text, len);
		assert_true(size == sizeof(text) || text[size] == 'x');
	}
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_read_in_their_order),
		TEST(lesser_levels_are_left_out),
		TEST(the_last_lines_are_kept),
		TEST(a_line_is_cut_where_its_room_ends),
		TEST(a_line_of_one_who_died_is_left_out),
		TEST(one_who_is_a_round_late_does_no_harm),
		TEST(lines_of_many_threads_do_not_mix),
		TEST(killed_writers_leave_whole_lines),
		TEST(secrets_are_taken_out),
		TEST(what_is_taken_out_is_cut_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

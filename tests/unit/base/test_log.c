#include "base/log.h"

#include <errno.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static struct log_file file;
static struct log logger;
static char written[3 * LOG_LINE_MAX];

static int setup(void **state)
{
	(void)state;
	file = (struct log_file){ .fd = memfd_create("log", MFD_CLOEXEC) };
	logger = (struct log){ .count = 0 };
	assert_true(file.fd >= 0);
	assert_int_equal(log_add(&logger, &file, LOG_LEVEL_NOTICE), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(close(file.fd), 0);
	return 0;
}

/* All that was written so far. */
static const char *lines(void)
{
	ssize_t n = pread(file.fd, written, sizeof(written) - 1, 0);

	assert_true(n >= 0);
	written[n] = '\0';
	return written;
}

static void assert_line(const char *pattern)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED), 0);
	if (regexec(&regex, lines(), 0, NULL, 0))
		fail_msg("\"%s\" is not \"%s\"", written, pattern);
	regfree(&regex);
}

#define STAMP "^[0-9]{4}(/[0-9]{2}){2} [0-9]{2}(:[0-9]{2}){2} "

static void a_line_is_nginxs(void **state)
{
	(void)state;
	log_write(&logger, LOG_LEVEL_ERROR, 0, "text %d", 1);
	assert_line(STAMP "\\[error\\] [0-9]+#[0-9]+: text 1\n$");
}

static void an_error_is_added_with_its_number(void **state)
{
	(void)state;
	log_write(&logger, LOG_LEVEL_CRIT, ENOENT, "open() failed");
	assert_line("\\[crit\\] .*: open\\(\\) failed "
	    "\\(2: No such file or directory\\)\n$");
}

static void lower_levels_are_left_out(void **state)
{
	(void)state;
	log_write(&logger, LOG_LEVEL_INFO, 0, "no");
	assert_string_equal(lines(), "");
	assert_false(log_wants(&logger, LOG_LEVEL_INFO));
	assert_true(log_wants(&logger, LOG_LEVEL_NOTICE));
	log_write(&logger, LOG_LEVEL_NOTICE, 0, "yes");
	assert_line(": yes\n$");
}

static void a_level_can_be_chosen_for_all_but_consoles(void **state)
{
	const struct log_file people = { .fd = -1, .program = "test" };
	struct log console = { .count = 0 };

	(void)state;
	(void)log_add(&console, &people, LOG_LEVEL_WARN);
	log_set_level(LOG_LEVEL_DEBUG);
	assert_true(log_wants(&logger, LOG_LEVEL_DEBUG));
	assert_false(log_wants(&console, LOG_LEVEL_NOTICE));
	log_write(&logger, LOG_LEVEL_DEBUG, 0, "yes");
	assert_line(": yes\n$");
	log_set_level(LOG_LEVEL_CRIT);
	assert_false(log_wants(&logger, LOG_LEVEL_ERROR));
	assert_true(log_wants(&console, LOG_LEVEL_WARN));
	log_set_level(0);
	assert_true(log_wants(&logger, LOG_LEVEL_NOTICE));
	assert_false(log_wants(&logger, LOG_LEVEL_INFO));
}

static void control_bytes_are_escaped(void **state)
{
	(void)state;
	log_write(&logger, LOG_LEVEL_ERROR, 0, "a\nb\x1b[2J\x7f\r\xc3\xa4");
	assert_line(": a\\\\x0Ab\\\\x1B\\[2J\\\\x7F\\\\x0D\xc3\xa4\n$");
	log_write(&logger, LOG_LEVEL_ERROR, 0, "c\xc2\x9b" "31m\xc2\xa0\xc2");
	assert_line(": c\\\\xC2\\\\x9B31m\xc2\xa0\xc2\n$");
}

static void a_long_line_is_cut_and_ended(void **state)
{
	(void)state;
	log_write(&logger, LOG_LEVEL_ERROR, ENOENT, "%*s", LOG_LINE_MAX * 2,
	    "x");
	log_write(&logger, LOG_LEVEL_ERROR, 0, "next");
	assert_in_range(strcspn(lines(), "\n"), LOG_LINE_MAX - 100,
	    LOG_LINE_MAX - 1);
	assert_line("\n.*: next\n$");
}

static void a_long_line_of_escapes_is_cut_as_well(void **state)
{
	char text[LOG_LINE_MAX];

	(void)state;
	memset(text, '\n', sizeof(text));
	log_write(&logger, LOG_LEVEL_ERROR, 0, "%.*s", (int)sizeof(text),
	    text);
	assert_int_equal(strcspn(lines(), "\n"), strlen(lines()) - 1);
	assert_in_range(strlen(lines()), LOG_LINE_MAX - 10, LOG_LINE_MAX);
}

static void a_console_is_written_to_as_people_read(void **state)
{
	(void)state;
	file.program = "ringmaster";
	log_write(&logger, LOG_LEVEL_WARN, 0, "text");
	assert_string_equal(lines(), "ringmaster: [warn] text\n");
}

static void each_sink_has_its_level(void **state)
{
	(void)state;
	logger.count = 0;
	for (int i = 0; i < LOG_SINKS_MAX; i++)
		assert_int_equal(log_add(&logger, &file,
		    i < 2 ? LOG_LEVEL_DEBUG : LOG_LEVEL_EMERG), 0);
	assert_int_equal(log_add(&logger, &file, LOG_LEVEL_EMERG), -ENOSPC);
	log_write(&logger, LOG_LEVEL_DEBUG, 0, "x");
	assert_line("^[^\n]*x\n[^\n]*x\n$");
}

struct tapped {
	unsigned count;
	enum log_level level;
	char text[LOG_LINE_MAX];
};

static void tap(void *arg, enum log_level level, struct slice message)
{
	struct tapped *tapped = arg;

	tapped->count++;
	tapped->level = level;
	memcpy(tapped->text, message.data, message.len);
	tapped->text[message.len] = '\0';
}

static void the_tap_gets_each_line_once(void **state)
{
	struct tapped tapped = { .count = 0 };

	(void)state;
	assert_int_equal(log_add(&logger, &file, LOG_LEVEL_NOTICE), 0);
	log_set_tap(tap, &tapped);
	log_write(&logger, LOG_LEVEL_WARN, ENOENT, "a\nb");
	assert_int_equal(tapped.count, 1);
	assert_int_equal(tapped.level, LOG_LEVEL_WARN);
	assert_string_equal(tapped.text,
	    "a\\x0Ab (2: No such file or directory)");
	log_write(&logger, LOG_LEVEL_INFO, 0, "is written nowhere");
	assert_int_equal(tapped.count, 1);
	log_write(&logger, LOG_LEVEL_WARN, 0, "%s", "");
	assert_int_equal(tapped.count, 2);
	assert_string_equal(tapped.text, "");
	log_set_tap(NULL, NULL);
	log_write(&logger, LOG_LEVEL_WARN, 0, "x");
	assert_int_equal(tapped.count, 2);
}

static void a_closed_file_is_no_error(void **state)
{
	struct log_file gone = { .fd = -1 };

	(void)state;
	logger.count = 0;
	assert_int_equal(log_add(&logger, &gone, LOG_LEVEL_DEBUG), 0);
	log_write(&logger, LOG_LEVEL_ERROR, 0, "x");
}

static void levels_have_names(void **state)
{
	enum log_level level = LOG_LEVEL_EMERG;

	(void)state;
	for (int i = LOG_LEVEL_EMERG; i <= LOG_LEVEL_DEBUG; i++) {
		const char *name = log_level_name((enum log_level)i);

		assert_true(log_level_parse(slice_cstr(name), &level));
		assert_int_equal(level, i);
	}
	assert_false(log_level_parse(SLICE("Error"), &level));
	assert_false(log_level_parse(SLICE("err"), &level));
	assert_false(log_level_parse(SLICE(""), &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(a_line_is_nginxs),
		TEST(an_error_is_added_with_its_number),
		TEST(lower_levels_are_left_out),
		TEST(a_level_can_be_chosen_for_all_but_consoles),
		TEST(control_bytes_are_escaped),
		TEST(a_long_line_is_cut_and_ended),
		TEST(a_long_line_of_escapes_is_cut_as_well),
		TEST(a_console_is_written_to_as_people_read),
		TEST(each_sink_has_its_level),
		TEST(the_tap_gets_each_line_once),
		TEST(a_closed_file_is_no_error),
		TEST(levels_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

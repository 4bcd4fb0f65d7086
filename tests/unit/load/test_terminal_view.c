/*
 * The live view as text: it stays within the terminal whatever its size and
 * whatever the title, and says what is known.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/terminal_view.h"

static struct load_plan plan;
static struct load_progress progress;
static struct load_second second;

/* A closed test of 10 s with 3 seconds of 100 answers of 2 ms. */
static int setup(void **state)
{
	(void)state;
	plan = (struct load_plan){ .connections = 4,
	    .duration_ns = 10 * NS_PER_SEC };
	second = (struct load_second){ .connections = 4,
	    .counts = { .sent = 100, .completed = 100 } };
	for (unsigned i = 0; i < 100; i++)
		hist_add(&second.response, 2 * NS_PER_MSEC);
	load_progress_init(&progress, &plan);
	for (unsigned i = 0; i < 3; i++)
		assert_true(load_progress_add(&progress, &second));
	return 0;
}

static struct buf draw(struct load_view view)
{
	struct buf out = buf_make(1 << 20);

	load_view_draw(&out, &view, &progress);
	buf_append_char(&out, '\0');
	assert_false(out.failed);
	return out;
}

/* The widest line in characters of UTF-8, and the number of lines. */
static unsigned measure(const char *text, unsigned *lines)
{
	unsigned width = 0, widest = 0;

	*lines = 1;
	for (; *text; text++) {
		if (*text == '\n') {
			++*lines;
			width = 0;
		} else if (((unsigned char)*text & 0xc0) != 0x80) {
			width++;
		}
		if (width > widest)
			widest = width;
	}
	return widest;
}

static void says_what_is_known(void **state)
{
	struct buf out = draw((struct load_view){ .columns = 80, .rows = 24,
	    .title = "http://host/", .elapsed_s = 3 });

	(void)state;
	assert_non_null(strstr(out.data, "http://host/"));
	assert_non_null(strstr(out.data, " 30 %"));
	assert_non_null(strstr(out.data, "3.0 s of 10 s, 7 s left"));
	assert_non_null(strstr(out.data, "300 answered, 0 failed"));
	assert_non_null(strstr(out.data, "rate       100/s"));
	assert_null(strchr(out.data, '\033'));
	buf_free(&out);
}

static void names_the_causes_of_errors(void **state)
{
	struct buf out;

	(void)state;
	second.counts.errors[LOAD_ERROR_RESET] = 7;
	assert_true(load_progress_add(&progress, &second));
	out = draw((struct load_view){ .columns = 80, .rows = 24,
	    .title = "x", .elapsed_s = 4, .colour = true });
	assert_non_null(strstr(out.data, "7  connection reset"));
	assert_non_null(strchr(out.data, '\033'));
	buf_free(&out);
}

/* A tail that rests on less than one request is not shown. */
static void has_no_made_up_tail(void **state)
{
	struct buf out = draw((struct load_view){ .columns = 80, .rows = 24,
	    .title = "x", .elapsed_s = 3 });
	const char *now = strstr(out.data, " now");

	(void)state;
	assert_non_null(now);
	assert_int_equal(strncmp(strchr(now, '-'), "-          2.00 ms", 18),
	    0);
	buf_free(&out);
}

static void stays_within_any_size(void **state)
{
	static const unsigned sizes[][2] = { { 1, 1 }, { 2, 5 }, { 20, 3 },
		{ 79, 24 }, { 80, 24 }, { LOAD_VIEW_COLUMNS_MAX,
		LOAD_VIEW_ROWS_MAX } };
	char title[1000];

	(void)state;
	memset(title, 'x', sizeof(title));
	title[10] = '\n';
	title[20] = '\033';
	title[sizeof(title) - 1] = '\0';
	for (unsigned i = 0; i < LOAD_ERROR_COUNT; i++)
		second.counts.errors[i] = UINT64_MAX / 100;
	(void)load_progress_add(&progress, &second);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf out = draw((struct load_view){
		    .columns = sizes[i][0], .rows = sizes[i][1],
		    .title = title, .elapsed_s = 4, .utf8 = i % 2 });
		unsigned lines;

		assert_in_range(measure(out.data, &lines), 0, sizes[i][0]);
		assert_in_range(lines, 1, sizes[i][1]);
		assert_null(strchr(out.data, '\033'));
		buf_free(&out);
	}
}

static void lines_tell_of_each_second(void **state)
{
	struct buf out = buf_make(4096);

	(void)state;
	load_view_line(&out, &progress);
	buf_append_char(&out, '\0');
	assert_string_equal(out.data, "   3 s  30 %  100/s  p50 1.99 ms  "
	    "p99 1.99 ms  max 2.00 ms  errors 0\n");
	buf_free(&out);
}

static void progress_is_by_time_or_count(void **state)
{
	(void)state;
	assert_true(fabs(load_progress_left(&progress, 3) - 7) < 1e-9);
	plan.duration_ns = 0;
	plan.each = 100;
	assert_true(fabs(load_progress_share(&progress, 3) - 0.75) < 1e-9);
	assert_true(fabs(load_progress_left(&progress, 3) - 1) < 1e-9);
	load_progress_init(&progress, &plan);
	assert_true(isnan(load_progress_left(&progress, 1)));
}

/* Three bad seconds in a row are enough; two and a good one are not. */
static void a_test_that_fails_ends(void **state)
{
	struct load_second bad = { .counts.errors[LOAD_ERROR_OTHER] = 51,
	    .counts.completed = 50 };
	struct load_second empty = { .due = 0 };

	(void)state;
	assert_true(load_progress_add(&progress, &bad));
	assert_true(load_progress_add(&progress, &bad));
	assert_true(load_progress_add(&progress, &second));
	assert_true(load_progress_add(&progress, &bad));
	assert_true(load_progress_add(&progress, &bad));
	assert_true(load_progress_add(&progress, &empty));
	assert_false(load_progress_add(&progress, &bad));
}

static void a_rate_is_typed_in_the_last_row(void **state)
{
	struct load_view view = { .columns = 80, .rows = 24, .title = "t",
	    .keys = true };
	struct buf out = draw(view);

	(void)state;
	assert_non_null(strstr(out.data, "q: stop"));
	assert_null(strstr(out.data, "r: change the rate"));
	buf_free(&out);
	view.can_change = true;
	out = draw(view);
	assert_non_null(strstr(out.data, "r: change the rate"));
	buf_free(&out);
	view.typed = "120";
	out = draw(view);
	assert_non_null(strstr(out.data, "\n new rate: 120_ "));
	assert_null(strstr(out.data, "q: stop"));
	buf_free(&out);
	view.typed = NULL;
	view.keys = false;
	out = draw(view);
	assert_null(strstr(out.data, "q: stop"));
	buf_free(&out);
}

static void several_tests_have_lines(void **state)
{
	struct load_view view = { .columns = 80, .rows = 24, .title = "t",
	    .keys = true, .doing = "step 7: 100/s",
	    .told = SLICE("one\ntwo\nthree\n") };
	struct buf out = draw(view);

	(void)state;
	assert_non_null(strstr(out.data, "step 7: 100/s"));
	assert_non_null(strstr(out.data, " one\n two\n three\n q:"));
	buf_free(&out);
	/* The newest of them, without losing the last row. */
	for (view.rows = 1; view.rows < 24; view.rows++) {
		unsigned lines;

		out = draw(view);
		(void)measure(out.data, &lines);
		assert_true(lines <= view.rows);
		if (strstr(out.data, "two"))
			assert_non_null(strstr(out.data, "three\n q:"));
		buf_free(&out);
	}
	view.rows = 16;
	out = draw(view);
	assert_non_null(strstr(out.data, "\n\n two\n three\n q:"));
	assert_null(strstr(out.data, "one"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(says_what_is_known, setup),
		cmocka_unit_test_setup(names_the_causes_of_errors, setup),
		cmocka_unit_test_setup(has_no_made_up_tail, setup),
		cmocka_unit_test_setup(stays_within_any_size, setup),
		cmocka_unit_test_setup(a_rate_is_typed_in_the_last_row, setup),
		cmocka_unit_test_setup(several_tests_have_lines, setup),
		cmocka_unit_test_setup(lines_tell_of_each_second, setup),
		cmocka_unit_test_setup(progress_is_by_time_or_count, setup),
		cmocka_unit_test_setup(a_test_that_fails_ends, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

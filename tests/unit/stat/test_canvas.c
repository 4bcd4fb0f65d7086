/*
 * The canvas: what is hostile in a text never gets to a cell, and widths are
 * those that a terminal has. The plots on it stay within their area.
 */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stat/canvas.h"
#include "stat/plot.h"

static struct canvas canvas;

static int setup(void **state)
{
	(void)state;
	canvas.glyphs = CANVAS_BRAILLE;
	canvas.colours = 256;
	return canvas_resize(&canvas, 20, 4);
}

static int teardown(void **state)
{
	(void)state;
	canvas_free(&canvas);
	return 0;
}

/* The code point of a cell; 0 for the right half of a wide character. */
static uint32_t at(unsigned x, unsigned y)
{
	return canvas.cells[y * canvas.columns + x].chars[0];
}

static void row_is(unsigned y, const char *ascii)
{
	char row[64] = "";

	for (unsigned x = 0; x < strlen(ascii); x++)
		row[x] = at(x, y) < 0x80 ? (char)at(x, y) : '?';
	assert_string_equal(row, ascii);
}

static unsigned put(const char *text)
{
	struct pen pen = pen_at(area_all(&canvas), 0, 0);

	canvas_clear(&canvas);
	pen_text(&pen, STYLE_PLAIN, text);
	assert_int_equal(pen.x, canvas_width(&canvas, text));
	return pen.x;
}

static void control_characters_become_visible(void **state)
{
	(void)state;
	put("a\033[31mb");
	row_is(0, "a\\x1b[31mb");
	put("\r\n\t\x7f");
	row_is(0, "\\x0d\\x0a\\x09\\x7f");
	put("\xc2\x9b" "31m");		/* CSI as one character */
	row_is(0, "\\x9b31m");
}

static void invalid_bytes_become_visible(void **state)
{
	(void)state;
	put("\xff\xc3(");
	row_is(0, "\\xff\\xc3(");
	put("\xed\xa0\x80");		/* a surrogate */
	row_is(0, "\\xed\\xa0\\x80");
}

static void direction_and_the_unseen_become_visible(void **state)
{
	(void)state;
	put("\xe2\x80\xae" "gpj");	/* right to left from here */
	row_is(0, "\\u{202e}gpj");
	put("\xe2\x80\x8b");		/* no width at all */
	row_is(0, "\\u{200b}");
	put("\xef\xbb\xbf");
	row_is(0, "\\u{feff}");
}

static void wide_and_combining_characters_have_their_width(void **state)
{
	(void)state;
	assert_int_equal(put("\xe6\xbc\xa2x"), 3);
	assert_int_equal(at(0, 0), 0x6f22);
	assert_int_equal(at(1, 0), 0);
	assert_int_equal(at(2, 0), 'x');
	/* Of many marks on a letter two are kept. */
	assert_int_equal(put("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81z"), 2);
	assert_int_equal(canvas.cells[0].chars[1], 0x301);
	assert_int_equal(at(1, 0), 'z');
	assert_int_equal(put("\xcc\x81" "a"), 1);
}

static void ascii_has_nothing_else(void **state)
{
	(void)state;
	canvas.glyphs = CANVAS_ASCII;
	put("\xc3\xa9");
	row_is(0, "\\xe9");
	put("\xe6\xbc\xa2");
	row_is(0, "\\u{6f22}");
	canvas_clear(&canvas);
	(void)area_box(area_all(&canvas), "A", "b");
	row_is(0, "+- A ---------- b -+");
	for (unsigned i = 0; i < 80; i++)
		assert_in_range(canvas.cells[i].chars[0], 0x20, 0x7e);
}

static void what_does_not_fit_is_cut(void **state)
{
	struct pen pen = pen_at(area_all(&canvas), 16, 1);

	(void)state;
	pen_text(&pen, STYLE_PLAIN, "abcdefgh");
	assert_int_equal(canvas.cut, 1);
	assert_int_equal(at(19, 1), 'd');
	assert_int_equal(at(0, 2), ' ');
	pen = pen_at(area_all(&canvas), 0, 0);
	pen_fit(&pen, STYLE_PLAIN, 6, "abcdefgh");
	assert_int_equal(pen.x, 6);
	assert_int_equal(at(5, 0), 0x2026);
	/* A wide character is not cut in two. */
	pen = pen_at(area_all(&canvas), 0, 2);
	pen_fit(&pen, STYLE_PLAIN, 4, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2");
	assert_int_equal(at(0, 2), 0x6f22);
	assert_int_equal(at(2, 2), 0x2026);
	assert_int_equal(at(3, 2), ' ');
	pen = pen_at(area_all(&canvas), 0, 3);
	pen_right(&pen, STYLE_PLAIN, 6, "12");
	row_is(3, "    12");
	assert_int_equal(canvas.cut, 1);
}

static void drawing_over_is_noticed(void **state)
{
	(void)state;
	put("abc");
	area_put(area_all(&canvas), 1, 0, 'x', STYLE_PLAIN);
	assert_int_equal(canvas.overdrawn, 1);
	area_put(area_all(&canvas), 20, 0, 'x', STYLE_PLAIN);
	assert_int_equal(canvas.cut, 1);
}

static void limits_of_size(void **state)
{
	(void)state;
	assert_int_equal(canvas_resize(&canvas, 100000, 100000), 0);
	assert_int_equal(canvas.columns, CANVAS_COLUMNS_MAX);
	assert_int_equal(canvas.rows, CANVAS_ROWS_MAX);
	assert_int_equal(canvas_resize(&canvas, 0, 0), 0);
	(void)area_box(area_all(&canvas), "A", "b");
}

static void ceilings(void **state)
{
	(void)state;
	assert_true(plot_ceiling(0) == 1);
	assert_true(plot_ceiling(NAN) == 1);
	assert_true(plot_ceiling(1) == 1);
	assert_true(plot_ceiling(1.1) == 2);
	assert_true(plot_ceiling(3) == 5);
	assert_true(plot_ceiling(7) == 10);
	assert_true(plot_ceiling(310) == 500);
	assert_true(fabs(plot_ceiling(0.003) - 0.005) < 1e-9);
}

static const double values[] = { 0, 1, NAN, 2, 4, 1e300, INFINITY, -1, 4 };

/* All plots, with all that can be wrong with a value. */
static void plot_all(struct area area)
{
	const struct plot_values some = { values, 9, STYLE_REQUESTS };
	const struct plot_values lines[] = { some, some };

	plot_fill(area, &some, 4, 4);
	area_clear(area);
	plot_lines(area, lines, 2, 1, 4);
	area_clear(area);
	plot_stack(area, lines, 2, 4);
	area_clear(area);
	plot_meter(area, NAN, STYLE_OK);
	area_clear(area);
	plot_meter(area, 7, STYLE_OK);
	area_clear(area);
	for (unsigned x = 0; x < area.columns; x++)
		plot_column(area, x, x * 0.3, STYLE_OK);
	area_clear(area);
	for (unsigned x = 0; x < area.columns; x++)
		plot_heat(area, x, 0, x * 0.3);
}

static void plots_stay_in_their_area(void **state)
{
	(void)state;
	for (unsigned glyphs = CANVAS_ASCII; glyphs <= CANVAS_BRAILLE;
	    glyphs++) {
		canvas.glyphs = glyphs;
		canvas_clear(&canvas);
		plot_all(area_columns(area_rows(area_all(&canvas), 1, 2), 1,
		    3));
		plot_all(area_rows(area_all(&canvas), 3, 1));
		assert_int_equal(canvas.overdrawn, 0);
		assert_int_equal(canvas.cut, 0);
		for (unsigned x = 0; x < 20; x++)
			assert_int_equal(at(x, 0), ' ');
		assert_int_equal(at(0, 1), ' ');
		assert_int_equal(at(4, 1), ' ');
	}
}

static void a_full_column_is_filled(void **state)
{
	const double full[] = { 2, 4 };
	const struct plot_values some = { full, 2, STYLE_CLIENTS };

	(void)state;
	plot_fill(area_all(&canvas), &some, 4, 4);
	assert_int_equal(at(19, 0), 0x28b8);	/* the right dots only */
	assert_int_equal(at(19, 3), 0x28ff);
	assert_int_equal(canvas.cells[19].style, STYLE_CLIENTS_TOP);
	assert_int_equal(at(18, 3), ' ');
	canvas_clear(&canvas);
	canvas.glyphs = CANVAS_BLOCKS;
	plot_fill(area_all(&canvas), &some, 4, 4);
	assert_int_equal(at(19, 0), 0x2588);
	assert_int_equal(at(18, 1), ' ');
	assert_int_equal(at(18, 2), 0x2588);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(control_characters_become_visible),
		T(invalid_bytes_become_visible),
		T(direction_and_the_unseen_become_visible),
		T(wide_and_combining_characters_have_their_width),
		T(ascii_has_nothing_else),
		T(what_does_not_fit_is_cut),
		T(drawing_over_is_noticed),
		T(limits_of_size),
		T(ceilings),
		T(plots_stay_in_their_area),
		T(a_full_column_is_filled),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests_name("stat/canvas", tests, NULL, NULL);
}

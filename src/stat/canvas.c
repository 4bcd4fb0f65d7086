/*
 * Texts are taken apart into characters in one place, canvas_next(), so that
 * measuring and drawing agree, and nothing gets past it.
 */

#include "stat/canvas.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

enum { CANVAS_ESCAPE_MAX = 16 };

/* One step through a text: a character as it is shown. */
struct canvas_step {
	uint32_t character;		/* 0: what `escape` has instead */
	unsigned width;			/* 0: it combines with the last one */
	char escape[CANVAS_ESCAPE_MAX];
};

int canvas_resize(struct canvas *canvas, unsigned columns, unsigned rows)
{
	struct canvas_cell *cells;

	columns = columns < CANVAS_COLUMNS_MAX ? columns : CANVAS_COLUMNS_MAX;
	rows = rows < CANVAS_ROWS_MAX ? rows : CANVAS_ROWS_MAX;
	cells = calloc((size_t)columns * rows + 1, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	free(canvas->cells);
	canvas->cells = cells;
	canvas->columns = columns;
	canvas->rows = rows;
	canvas_clear(canvas);
	return 0;
}

void canvas_clear(struct canvas *canvas)
{
	area_clear(area_all(canvas));
	canvas->overdrawn = canvas->cut = 0;
}

void canvas_free(struct canvas *canvas)
{
	free(canvas->cells);
	canvas->cells = NULL;
	canvas->columns = canvas->rows = 0;
}

/* ---- areas ---- */

struct area area_all(struct canvas *canvas)
{
	return (struct area){ .canvas = canvas, .columns = canvas->columns,
		.rows = canvas->rows };
}

struct area area_rows(struct area area, unsigned y, unsigned rows)
{
	unsigned from = y < area.rows ? y : area.rows;

	area.y += from;
	area.rows -= from;
	area.rows = rows < area.rows ? rows : area.rows;
	return area;
}

struct area area_columns(struct area area, unsigned x, unsigned columns)
{
	unsigned from = x < area.columns ? x : area.columns;

	area.x += from;
	area.columns -= from;
	area.columns = columns < area.columns ? columns : area.columns;
	return area;
}

static struct canvas_cell *area_cell(struct area area, unsigned x, unsigned y)
{
	return &area.canvas->cells[(size_t)(area.y + y) *
	    area.canvas->columns + area.x + x];
}

void area_clear(struct area area)
{
	for (unsigned y = 0; y < area.rows; y++)
		for (unsigned x = 0; x < area.columns; x++)
			*area_cell(area, x, y) = (struct canvas_cell){
				.chars = { ' ' }, .style = STYLE_PLAIN };
}

void area_style_row(struct area area, unsigned y, enum canvas_style style)
{
	for (unsigned x = 0; y < area.rows && x < area.columns; x++)
		area_cell(area, x, y)->style = (uint8_t)style;
}

void area_style(struct area area, enum canvas_style style)
{
	for (unsigned y = 0; y < area.rows; y++)
		area_style_row(area, y, style);
}

void area_put(struct area area, unsigned x, unsigned y, uint32_t character,
    enum canvas_style style)
{
	struct canvas_cell *cell;

	if (x >= area.columns || y >= area.rows) {
		area.canvas->cut++;
		return;
	}
	cell = area_cell(area, x, y);
	if (cell->chars[0] != ' ')
		area.canvas->overdrawn++;
	*cell = (struct canvas_cell){ .chars = { character },
		.style = (uint8_t)style };
}

/* The upper border: a title at the left, a note at the right. */
static void area_box_head(struct area area, uint32_t line, const char *title,
    const char *note)
{
	unsigned right = area.columns - 1, width;
	struct pen pen = pen_at(area_columns(area, 0, right), 1, 0);
	unsigned x = 1;

	area_put(area, x++, 0, line, STYLE_FAINT);
	if (right > 6 && *title) {
		pen.x = x + 1;
		pen_short(&pen, STYLE_TITLE, right - 5, title);
		x = pen.x + 1;
	}
	width = note ? canvas_width(area.canvas, note) : 0;
	if (width && x + width + 3 <= right) {
		unsigned at = right - 2 - width;

		for (; x < at - 1; x++)
			area_put(area, x, 0, line, STYLE_FAINT);
		pen.x = at;
		pen_text(&pen, STYLE_FAINT, note);
		x = pen.x + 1;
	}
	for (; x < right; x++)
		area_put(area, x, 0, line, STYLE_FAINT);
}

struct area area_box(struct area area, const char *title, const char *note)
{
	static const uint32_t lines[2][6] = {
		{ '+', '+', '+', '+', '-', '|' },
		{ 0x256d, 0x256e, 0x2570, 0x256f, 0x2500, 0x2502 },
	};
	const uint32_t *line = lines[canvas_utf8(area.canvas)];
	unsigned right = area.columns - 1, bottom = area.rows - 1;

	if (area.columns < 4 || area.rows < 2)
		return area_rows(area, 0, 0);
	area_box_head(area, line[4], title, note);
	for (unsigned y = 1; y < bottom; y++) {
		area_put(area, 0, y, line[5], STYLE_FAINT);
		area_put(area, right, y, line[5], STYLE_FAINT);
	}
	for (unsigned x = 1; x < right; x++)
		area_put(area, x, bottom, line[4], STYLE_FAINT);
	area_put(area, 0, 0, line[0], STYLE_FAINT);
	area_put(area, right, 0, line[1], STYLE_FAINT);
	area_put(area, 0, bottom, line[2], STYLE_FAINT);
	area_put(area, right, bottom, line[3], STYLE_FAINT);
	return area_rows(area_columns(area, 1, right - 1), 1, bottom - 1);
}

/* ---- texts ---- */

static uint32_t canvas_decode(const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *)data;
	uint32_t code = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (p[i] & 0x3f);
	return code;
}

/* Characters that are not seen but change how others are. */
static bool canvas_is_format(uint32_t c)
{
	return c == 0xad || c == 0x61c || c == 0x180e || c == 0xfeff ||
	    (c >= 0x115f && c <= 0x1160) || c == 0x3164 || c == 0xffa0 ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || (c >= 0xfff9 && c <= 0xfffb) ||
	    c >= 0xe0000;
}

static void canvas_escape(struct canvas_step *step, uint32_t c)
{
	(void)snprintf(step->escape, sizeof(step->escape),
	    c <= 0xff ? "\\x%02x" : "\\u{%x}", (unsigned)c);
	step->character = 0;
	step->width = (unsigned)strlen(step->escape);
}

/* Take the next character off a text that is not empty. */
static struct canvas_step canvas_next(const struct canvas *canvas,
    struct slice *text)
{
	size_t len = utf8_char_len(*text);
	struct canvas_step step = { .width = 1 };
	uint32_t c;
	int width;

	if (len == 0) {
		canvas_escape(&step, (unsigned char)text->data[0]);
		*text = slice_from(*text, 1);
		return step;
	}
	c = canvas_decode(text->data, len);
	*text = slice_from(*text, len);
	step.character = c;
	if (c >= 0x20 && c < 0x7f)
		return step;
	width = canvas_utf8(canvas) ? wcwidth((wchar_t)c) : -1;
	if (width < 0 || canvas_is_format(c))
		canvas_escape(&step, c);
	else
		step.width = (unsigned)width;
	return step;
}

static unsigned canvas_measure(const struct canvas *canvas, struct slice text)
{
	unsigned width = 0;

	while (text.len)
		width += canvas_next(canvas, &text).width;
	return width;
}

unsigned canvas_width(const struct canvas *canvas, const char *text)
{
	return canvas_measure(canvas, slice_cstr(text));
}

/* A mark that combines joins the character before it, where that is. */
static void pen_combine(struct pen *pen, uint32_t character)
{
	struct canvas_cell *cell;
	unsigned x = pen->x;

	if (x == 0 || x > pen->area.columns || pen->y >= pen->area.rows)
		return;
	cell = area_cell(pen->area, x - 1, pen->y);
	if (cell->chars[0] == 0 && x > 1)
		cell = area_cell(pen->area, x - 2, pen->y);
	for (unsigned i = 1; i <= CANVAS_COMBINING_MAX; i++)
		if (cell->chars[i] == 0) {
			cell->chars[i] = character;
			return;
		}
}

static void pen_step(struct pen *pen, enum canvas_style style,
    const struct canvas_step *step)
{
	if (step->width == 0) {
		pen_combine(pen, step->character);
		return;
	}
	if (step->character == 0) {
		for (const char *p = step->escape; *p; p++)
			area_put(pen->area, pen->x++, pen->y,
			    (unsigned char)*p, style);
		return;
	}
	area_put(pen->area, pen->x, pen->y, step->character, style);
	if (step->width == 2)
		area_put(pen->area, pen->x + 1, pen->y, 0, style);
	pen->x += step->width;
}

/* As much of the text as `width` columns hold. */
static void pen_some(struct pen *pen, enum canvas_style style, unsigned width,
    struct slice text)
{
	unsigned used = 0;

	while (text.len) {
		struct canvas_step step = canvas_next(pen->area.canvas, &text);

		used += step.width;
		if (used > width)
			return;
		pen_step(pen, style, &step);
	}
}

void pen_text(struct pen *pen, enum canvas_style style, const char *text)
{
	unsigned room = pen->x < pen->area.columns && pen->y < pen->area.rows
	    ? pen->area.columns - pen->x : 0;
	struct slice all = slice_cstr(text);

	if (canvas_measure(pen->area.canvas, all) > room)
		pen->area.canvas->cut++;
	pen_some(pen, style, room, all);
}

void pen_printf(struct pen *pen, enum canvas_style style, const char *format,
    ...)
{
	char text[CANVAS_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
	va_end(args);
	pen_text(pen, style, text);
}

/* Columns left of those that were asked for. */
static unsigned pen_room(const struct pen *pen, unsigned width)
{
	unsigned left = pen->x < pen->area.columns && pen->y < pen->area.rows
	    ? pen->area.columns - pen->x : 0;

	return width < left ? width : left;
}

void pen_fit(struct pen *pen, enum canvas_style style, unsigned width,
    const char *text)
{
	unsigned room = pen_room(pen, width), end = pen->x + width;
	const char *dots = canvas_utf8(pen->area.canvas) ? "…" : "~";

	if (canvas_width(pen->area.canvas, text) <= room) {
		pen_some(pen, style, room, slice_cstr(text));
	} else if (room > 0) {
		pen_some(pen, style, room - 1, slice_cstr(text));
		pen_some(pen, style, 1, slice_cstr(dots));
	}
	pen->x = end;
}

void pen_right(struct pen *pen, enum canvas_style style, unsigned width,
    const char *text)
{
	unsigned needed = canvas_width(pen->area.canvas, text);

	if (needed < width) {
		pen->x += width - needed;
		width = needed;
	}
	pen_fit(pen, style, width, text);
}

void pen_short(struct pen *pen, enum canvas_style style, unsigned max,
    const char *text)
{
	unsigned width = canvas_width(pen->area.canvas, text);

	pen_fit(pen, style, width < max ? width : max, text);
}

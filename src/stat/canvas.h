#ifndef RINGMASTER_STAT_CANVAS_H
#define RINGMASTER_STAT_CANVAS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A grid of character cells that the screens are drawn on; terminal.c brings
 * it to the terminal.
 *
 * Whatever a text holds, a cell gets a character that takes up room, with
 * the marks that combine with it: control characters, invalid bytes, and
 * what would turn the direction of writing or not be seen at all become
 * escapes such as \x1b, as does all but ASCII where the terminal has no more.
 * Widths are those of wcwidth(3) in the program's locale.
 */

enum canvas_glyphs {		/* what the terminal can show */
	CANVAS_ASCII,
	CANVAS_BLOCKS,		/* lines and block elements of UTF-8 */
	CANVAS_BRAILLE,
};

enum canvas_style {
	STYLE_PLAIN,
	STYLE_FAINT,		/* borders, labels */
	STYLE_STRONG,		/* numbers to be read first */
	STYLE_TITLE,
	STYLE_BAR,		/* the header */
	STYLE_BAR_NAME,		/* what is looked at, the chosen tab */
	STYLE_BAR_OK,
	STYLE_BAR_WARN,
	STYLE_BAR_BAD,
	STYLE_CHOSEN,		/* the selected row */
	STYLE_OK,		/* 2xx, and all that is well */
	STYLE_MOVED,		/* 3xx */
	STYLE_CLIENT,		/* 4xx, warnings */
	STYLE_SERVER,		/* 5xx, alarms */
	STYLE_ABORTED,
	STYLE_REQUESTS,		/* a ramp of four from its foot */
	STYLE_REQUESTS_TOP = STYLE_REQUESTS + 3,
	STYLE_CLIENTS,
	STYLE_CLIENTS_TOP = STYLE_CLIENTS + 3,
	STYLE_STAGE,		/* six stages of a request */
	STYLE_HEAT = STYLE_STAGE + 6,	/* eight from cold to hot */
	STYLE_HEAT_TOP = STYLE_HEAT + 7,
	STYLE_COUNT
};

enum {
	CANVAS_COMBINING_MAX = 2,	/* marks kept of one character */
	CANVAS_COLUMNS_MAX = 512,
	CANVAS_ROWS_MAX = 256,
	CANVAS_TEXT_MAX = 1024,		/* bytes of a formatted text */
};

struct canvas_cell {
	uint32_t chars[1 + CANVAS_COMBINING_MAX]; /* code points, to the first
				* 0; all 0: the right half of a wide one */
	uint8_t style;
};

struct canvas {
	struct canvas_cell *cells;	/* row by row */
	unsigned columns, rows;
	enum canvas_glyphs glyphs;
	unsigned colours;		/* of the terminal; 0: none */
	unsigned overdrawn;		/* cells drawn on that were not blank */
	unsigned cut;			/* texts that did not fit */
};

/*
 * Make the canvas this large, within the limits above, and blank. It begins
 * as all zeros, and is given back by canvas_free().
 * Returns 0, or -ENOMEM leaving it as it was.
 */
int canvas_resize(struct canvas *canvas, unsigned columns, unsigned rows);
void canvas_clear(struct canvas *canvas);
void canvas_free(struct canvas *canvas);

/* Whether there is more than ASCII. */
static inline bool canvas_utf8(const struct canvas *canvas)
{
	return canvas->glyphs != CANVAS_ASCII;
}

/* A rectangle of a canvas; nothing is drawn outside of it. */
struct area {
	struct canvas *canvas;
	unsigned x, y, columns, rows;
};

struct area area_all(struct canvas *canvas);

/* Parts of an area, which are smaller where that is. */
struct area area_rows(struct area area, unsigned y, unsigned rows);
struct area area_columns(struct area area, unsigned x, unsigned columns);

/* Blank all of it, to draw on it anew. */
void area_clear(struct area area);

/* Give what is drawn on a row, or on all of it, another style. */
void area_style_row(struct area area, unsigned y, enum canvas_style style);
void area_style(struct area area, enum canvas_style style);

/*
 * Draw a border with a title and, if not NULL, a note to its right.
 * Returns the area within.
 */
struct area area_box(struct area area, const char *title, const char *note);

/* A single cell, by its code point. */
void area_put(struct area area, unsigned x, unsigned y, uint32_t character,
    enum canvas_style style);

/* Where the next text goes, in a row of an area. */
struct pen {
	struct area area;
	unsigned x, y;
};

static inline struct pen pen_at(struct area area, unsigned x, unsigned y)
{
	return (struct pen){ area, x, y };
}

/* Move to a column. */
static inline void pen_to(struct pen *pen, unsigned x)
{
	pen->x = x;
}

/* Draw a text, which is meant to fit; what does not is cut. */
void pen_text(struct pen *pen, enum canvas_style style, const char *text);
void pen_printf(struct pen *pen, enum canvas_style style, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/*
 * Draw a text in just `width` columns: to the left, with an ellipsis for
 * what does not fit, or to the right.
 */
void pen_fit(struct pen *pen, enum canvas_style style, unsigned width,
    const char *text);
void pen_right(struct pen *pen, enum canvas_style style, unsigned width,
    const char *text);

/* The same to the left in at most `max` columns, and no more than needed. */
void pen_short(struct pen *pen, enum canvas_style style, unsigned max,
    const char *text);

/* Columns that a text takes up on this canvas. */
unsigned canvas_width(const struct canvas *canvas, const char *text);

#endif

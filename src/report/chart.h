#ifndef RINGMASTER_REPORT_CHART_H
#define RINGMASTER_REPORT_CHART_H

#include "report/axis.h"
#include "report/scene.h"

/*
 * What all panels are made of: the card with its title and legend, axes with
 * their ticks, lines and areas between them. The room for labels is what the
 * labels measure.
 */

#define PANEL_PAD 16.0
#define PANEL_TITLE 15.0

/* A card; returns the room below its title. */
struct box panel_open(struct scene *scene, struct box box, const char *title);

/* A sentence in the middle of a room. */
void panel_message(struct scene *scene, struct box room, const char *text);

/* ---- legends ---- */

enum key_shape { KEY_LINE, KEY_BOX, KEY_DOT };

struct chart_key {
	const char *label;
	char value[96];			/* what follows, if it fits */
	char brief[48];			/* instead, if that does not */
	struct scene_ink ink;
	enum key_shape shape;
	enum scene_dash dash;
	enum scene_pattern pattern;
	enum scene_mark mark;
};

/* At the right of the title's line, with as much as fits there. */
void panel_keys(struct scene *scene, struct box box, const char *title,
    const struct chart_key *keys, unsigned count);

/* ---- charts ---- */

typedef const char *(*chart_words_cb)(char words[WORDS_MAX], double value);

struct chart {
	struct scene *scene;
	struct box room;		/* with labels */
	struct axis x, y, right;	/* set low, high, log */
	struct axis_ticks x_ticks;	/* empty: made by chart_fit() */
	chart_words_cb x_words, y_words, right_words;	/* right: or NULL */
	const char *y_unit, *right_unit;	/* at the top of the axis */
	bool elapsed;			/* x is seconds of a run */
	uint64_t clock_ns;		/* that began then; 0: not told */
	bool x_grid;
	struct scene_ink grid;		/* alpha 0: TOKEN_LINE */
	/* By chart_fit(): */
	struct box plot;
	struct axis_ticks y_ticks, right_ticks;
};

/* Measure, and place the axes; then grid and labels. */
void chart_fit(struct chart *chart);
void chart_grid(struct chart *chart);

static inline double chart_x(const struct chart *chart, double value)
{
	return axis_place(&chart->x, value);
}

static inline double chart_y(const struct chart *chart, double value)
{
	return axis_place(&chart->y, value);
}

/* A series: values at x0, x0 + step, ...; NAN is a gap. */
struct chart_series {
	const double *values;
	unsigned count;
	double x0, step;
	bool right;			/* on the right axis */
	bool edges;			/* each is of all its step: the first
					 * and the last reach to its ends */
	enum scene_pattern pattern;	/* of its area */
};

/* The line, or its area down to the bottom, a gap in both where a value is
 * missing. The line is returned to be changed. */
struct scene_item *chart_line(struct chart *chart,
    const struct chart_series *series, struct scene_ink ink);
void chart_area(struct chart *chart, const struct chart_series *series,
    struct scene_ink ink);

/* What the run was asked to keep to, as a line; its label is at the left end
 * above it, at the right end below it, or in the middle of an upright one. */
enum chart_limit { LIMIT_LEFT, LIMIT_RIGHT, LIMIT_UPRIGHT };

void chart_limit(struct chart *chart, double value, enum chart_limit kind,
    const char *label);

/* ---- marks ---- */

enum { CHART_MARKS_MAX = 26 };

/* What happened at a moment; the first is A, the second B, ... */
struct chart_mark {
	double at;			/* of the x axis */
	const char *text;
};

/* Upright lines, with flags that have letters as far as there is room. */
void chart_marks(struct chart *chart, const struct chart_mark *marks,
    unsigned count);

/* What the letters mean, from `first` on, in a line of CHART_KEY_HEIGHT;
 * times are as of a run. Returns the first that had no room, or count. */
#define CHART_KEY_HEIGHT 18.0
unsigned chart_marks_key(struct scene *scene, struct box box,
    const struct chart_mark *marks, unsigned first, unsigned count);

/* ---- time ---- */

/* The time of a run as a date with its zone: "2026-11-22 20:43:58 UTC"; and
 * the time of day only. */
const char *report_words_date(char words[48], uint64_t unix_ns);
const char *report_words_clock(char words[WORDS_MAX], uint64_t unix_ns);

#endif

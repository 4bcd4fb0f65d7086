#include "report/chart.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"

enum { KEY_LEVELS = 4 };		/* value, brief, label, not all */

#define CHART_LABEL_GAP 6.0		/* between label and axis */
#define CHART_Y_EACH 34.0		/* units for a tick */
#define CHART_X_EACH 78.0
#define CHART_TEXT_ABOVE 4.0		/* baseline below a middle */
#define CHART_FLAG 13.0			/* of a mark, wide and high */
#define KEY_SIGN 14.0
#define KEY_GAP 14.0

static const struct scene_style chart_label = {
	.ink = { TOKEN_FAINT, 1 } };

/* ---- the card ---- */

struct box panel_open(struct scene *scene, struct box box, const char *title)
{
	const struct scene_style style = { .size = PANEL_TITLE, .bold = true,
		.width_max = box.w - 2 * PANEL_PAD };

	scene_box(scene, box, 10, ink(TOKEN_PANEL));
	scene_frame(scene, box, 10, ink(TOKEN_LINE));
	(void)scene_text(scene, (struct point){ box.x + PANEL_PAD, box.y + 25 },
	    &style, "%s", title);
	return (struct box){ box.x + PANEL_PAD, box.y + 38,
		box.w - 2 * PANEL_PAD, box.h - 38 - 10 };
}

void panel_message(struct scene *scene, struct box room, const char *text)
{
	const struct scene_style style = { .size = 13,
		.anchor = ANCHOR_MIDDLE, .width_max = room.w,
		.ink = { TOKEN_MUTED, 1 } };

	(void)scene_text(scene, (struct point){ room.x + room.w / 2,
	    room.y + room.h / 2 }, &style, "%s", text);
}

/* ---- legends ---- */

static const char *key_words(const struct chart_key *key, unsigned level)
{
	return level == 0 ? key->value : level == 1 && key->brief[0]
	    ? key->brief : "";
}

static double key_width(struct scene *scene, const struct chart_key *key,
    unsigned level)
{
	const struct scene_style style = { .size = SCENE_SMALL };
	const char *words = key_words(key, level);
	double width = KEY_SIGN + CHART_LABEL_GAP +
	    scene_width(scene, &style, key->label);

	return words[0] ? width + 5 + scene_width(scene, &style, words)
	    : width;
}

static void key_sign(struct scene *scene, const struct chart_key *key,
    struct point at)
{
	struct scene_item *item;

	switch (key->shape) {
	case KEY_LINE:
		item = scene_rule(scene, (struct point){ at.x, at.y - 4 },
		    (struct point){ at.x + KEY_SIGN, at.y - 4 }, key->ink);
		item->width = 2;
		item->dash = key->dash;
		break;
	case KEY_BOX:
		item = scene_add(scene, SCENE_BOX, key->ink);
		item->box = (struct box){ at.x + 2, at.y - 9, 10, 10 };
		item->radius = 2;
		item->pattern = key->pattern;
		break;
	case KEY_DOT:
		item = scene_dot(scene, (struct point){ at.x + KEY_SIGN / 2,
		    at.y - 4 }, key->mark, key->ink);
		item->radius = 4;
		break;
	}
}

static void key_show(struct scene *scene, const struct chart_key *key,
    unsigned level, struct point at)
{
	const struct scene_style label = { .ink = { TOKEN_MUTED, 1 } };
	const struct scene_style value = { .ink = { TOKEN_TEXT, 1 } };

	key_sign(scene, key, at);
	at.x += KEY_SIGN + CHART_LABEL_GAP;
	at.x += scene_text(scene, at, &label, "%s", key->label) + 5;
	(void)scene_text(scene, at, &value, "%s", key_words(key, level));
}

void panel_keys(struct scene *scene, struct box box, const char *title,
    const struct chart_key *keys, unsigned count)
{
	const struct scene_style style = { .size = PANEL_TITLE, .bold = true };
	double room = box.w - 2 * PANEL_PAD - 24 -
	    scene_width(scene, &style, title);
	double width = 0, x;
	unsigned level = 0;

	for (; level < KEY_LEVELS; level++) {
		width = 0;
		for (unsigned i = 0; i < count; i++)
			width += key_width(scene, &keys[i], level) +
			    (i ? KEY_GAP : 0);
		if (width <= room)
			break;
	}
	while (level == KEY_LEVELS && count > 0 && width > room)
		width -= key_width(scene, &keys[--count], level) + KEY_GAP;
	x = box_right(box) - PANEL_PAD - width;
	for (unsigned i = 0; i < count; i++) {
		key_show(scene, &keys[i], level,
		    (struct point){ x, box.y + 24 });
		x += key_width(scene, &keys[i], level) + KEY_GAP;
	}
}

/* ---- axes ---- */

static unsigned chart_most(double units, double each)
{
	double most = floor(units / each) + 1;

	return most < 2 ? 2 : most > AXIS_TICKS_MAX ? AXIS_TICKS_MAX
	    : (unsigned)most;
}

static void chart_side_ticks(const struct axis *axis, double units,
    struct axis_ticks *ret)
{
	unsigned most = chart_most(units, CHART_Y_EACH);

	if (axis->log)
		axis_log_ticks(axis, most + 1, ret);
	else
		axis_ticks(axis->low, axis->high, most + 1, ret);
}

/* The widest label. */
static double chart_labels_width(struct chart *chart,
    const struct axis_ticks *ticks, chart_words_cb words_of)
{
	char words[WORDS_MAX];
	double width = 0;

	for (unsigned i = 0; i < ticks->count; i++)
		width = fmax(width, scene_width(chart->scene, &chart_label,
		    words_of(words, ticks->at[i])));
	return width;
}

void chart_fit(struct chart *chart)
{
	struct box plot = chart->room;
	double below = chart->x_words ? chart->clock_ns ? 32 : 18 : 4;
	double left, right = 8;

	if (chart->y_unit || chart->right_unit) {
		plot.y += 10;
		plot.h -= 10;
	}
	plot.y += 6;			/* half a label of the top tick */
	plot.h -= below + 6;
	chart_side_ticks(&chart->y, plot.h, &chart->y_ticks);
	left = chart_labels_width(chart, &chart->y_ticks, chart->y_words) +
	    CHART_LABEL_GAP;
	if (chart->right_words) {
		chart_side_ticks(&chart->right, plot.h, &chart->right_ticks);
		right = chart_labels_width(chart, &chart->right_ticks,
		    chart->right_words) + CHART_LABEL_GAP;
	}
	plot.x += left;
	plot.w -= left + right;
	chart->plot = plot;
	chart->x.from = plot.x;
	chart->x.to = box_right(plot);
	chart->y.from = chart->right.from = box_bottom(plot);
	chart->y.to = chart->right.to = plot.y;
	if (chart->x_ticks.count)
		return;
	if (chart->elapsed)
		axis_time_ticks(chart->x.high, chart_most(plot.w,
		    CHART_X_EACH), &chart->x_ticks);
	else if (chart->x.log)
		axis_log_ticks(&chart->x, chart_most(plot.w, CHART_X_EACH),
		    &chart->x_ticks);
	else
		axis_ticks(chart->x.low, chart->x.high, chart_most(plot.w,
		    CHART_X_EACH), &chart->x_ticks);
}

static struct scene_ink chart_grid_ink(const struct chart *chart)
{
	return chart->grid.alpha > 0 ? chart->grid : ink(TOKEN_LINE);
}

static void chart_grid_y(struct chart *chart)
{
	struct scene_style style = chart_label;
	struct box plot = chart->plot;
	char words[WORDS_MAX];

	style.anchor = ANCHOR_RIGHT;
	for (unsigned i = 0; i < chart->y_ticks.count; i++) {
		double y = chart_y(chart, chart->y_ticks.at[i]);

		(void)scene_rule(chart->scene, (struct point){ plot.x, y },
		    (struct point){ box_right(plot), y },
		    chart_grid_ink(chart));
		(void)scene_text(chart->scene, (struct point){
		    plot.x - CHART_LABEL_GAP, y + CHART_TEXT_ABOVE }, &style,
		    "%s", chart->y_words(words, chart->y_ticks.at[i]));
	}
	style.anchor = ANCHOR_LEFT;
	for (unsigned i = 0; chart->right_words &&
	    i < chart->right_ticks.count; i++)
		(void)scene_text(chart->scene, (struct point){
		    box_right(plot) + CHART_LABEL_GAP, CHART_TEXT_ABOVE +
		    axis_place(&chart->right, chart->right_ticks.at[i]) },
		    &style, "%s", chart->right_words(words,
			chart->right_ticks.at[i]));
}

/* Units stand above their axes, towards the plot. */
static void chart_units(struct chart *chart)
{
	struct scene_style style = chart_label;
	double y = chart->plot.y - 9;

	if (chart->y_unit)
		(void)scene_text(chart->scene, (struct point){
		    chart->room.x, y }, &style, "%s", chart->y_unit);
	style.anchor = ANCHOR_RIGHT;
	if (chart->right_unit && chart->right_words)
		(void)scene_text(chart->scene, (struct point){
		    box_right(chart->room), y }, &style, "%s",
		    chart->right_unit);
}

/* Within the room: labels at the ends move inwards. What would lie on the
 * label before is left out; `end` is where that ends. */
static void chart_x_label(struct chart *chart, struct point at, double *end,
    const char *words)
{
	double half = scene_width(chart->scene, &chart_label, words) / 2;
	struct scene_style style = chart_label;

	style.anchor = ANCHOR_MIDDLE;
	at.x = fmin(fmax(at.x, chart->room.x + half),
	    box_right(chart->room) - half);
	if (at.x - half < *end)
		return;
	*end = at.x + half + CHART_LABEL_GAP;
	(void)scene_text(chart->scene, at, &style, "%s", words);
}

static void chart_grid_x(struct chart *chart)
{
	struct box plot = chart->plot;
	double end = -INFINITY, clock_end = -INFINITY;
	char words[WORDS_MAX];

	for (unsigned i = 0; i < chart->x_ticks.count; i++) {
		double at = chart->x_ticks.at[i], x = chart_x(chart, at);

		if (chart->x_grid)
			(void)scene_rule(chart->scene, (struct point){ x,
			    plot.y }, (struct point){ x, box_bottom(plot) },
			    chart_grid_ink(chart));
		chart_x_label(chart, (struct point){ x,
		    box_bottom(plot) + 15 }, &end, chart->x_words(words, at));
		if (chart->clock_ns && at == floor(at))
			chart_x_label(chart, (struct point){ x,
			    box_bottom(plot) + 29 }, &clock_end,
			    report_words_clock(words, chart->clock_ns +
				(uint64_t)at * NS_PER_SEC));
	}
}

void chart_grid(struct chart *chart)
{
	chart_grid_y(chart);
	chart_units(chart);
	if (chart->x_words)
		chart_grid_x(chart);
	(void)scene_rule(chart->scene, (struct point){ chart->plot.x,
	    box_bottom(chart->plot) }, (struct point){
	    box_right(chart->plot), box_bottom(chart->plot) },
	    ink(TOKEN_EDGE));
}

/* ---- series ---- */

/* Sets *ret_count, to 0 without memory. */
static struct point *chart_points(struct chart *chart,
    const struct chart_series *series, unsigned *ret_count)
{
	const struct axis *y = series->right ? &chart->right : &chart->y;
	unsigned edge = series->edges && series->count, count = series->count;
	struct point *points = scene_points(chart->scene, count + 2 * edge);

	*ret_count = points ? count + 2 * edge : 0;
	for (unsigned i = 0; points && i < count; i++)
		points[i + edge] = (struct point){ chart_x(chart, series->x0 +
		    i * series->step), axis_place(y, series->values[i]) };
	if (!points || !edge)
		return points;
	points[0] = (struct point){ chart_x(chart, series->x0 -
	    series->step / 2), points[1].y };
	points[count + 1] = (struct point){ chart_x(chart, series->x0 +
	    (count - 0.5) * series->step), points[count].y };
	return points;
}

struct scene_item *chart_line(struct chart *chart,
    const struct chart_series *series, struct scene_ink color)
{
	unsigned count;
	const struct point *points = chart_points(chart, series, &count);

	return scene_line(chart->scene, points, count, color);
}

static struct scene_item *chart_area_part(struct chart *chart,
    const struct point *line, unsigned count, struct scene_ink color)
{
	struct point *points = scene_points(chart->scene, count + 2);
	double bottom = box_bottom(chart->plot);

	if (!points)
		return scene_area(chart->scene, NULL, 0, color);
	memcpy(points, line, count * sizeof(*points));
	points[count] = (struct point){ line[count - 1].x, bottom };
	points[count + 1] = (struct point){ line[0].x, bottom };
	return scene_area(chart->scene, points, count + 2, color);
}

void chart_area(struct chart *chart, const struct chart_series *series,
    struct scene_ink color)
{
	unsigned from = 0, count;
	const struct point *points = chart_points(chart, series, &count);

	for (unsigned i = 0; points && i <= count; i++) {
		if (i < count && !isnan(points[i].y))
			continue;
		if (i > from)
			chart_area_part(chart, points + from, i - from, color)
			    ->pattern = series->pattern;
		from = i + 1;
	}
}

/* On a plate of the panel's colour: there may be curves. */
static void chart_limit_label(struct chart *chart, double at,
    enum chart_limit kind, const char *label)
{
	const struct scene_style style = { .ink = { TOKEN_SERVER, 1 } };
	double width = scene_width(chart->scene, &style, label);
	struct box plot = chart->plot;
	struct point left = { plot.x + 4, at - 4 };

	if (kind == LIMIT_RIGHT)
		left = (struct point){ box_right(plot) - width - 4, at + 13 };
	else if (kind == LIMIT_UPRIGHT)
		left = (struct point){ at - plot.x < width + 8 ? at + 6
		    : at - width - 6, plot.y + plot.h / 2 };
	scene_box(chart->scene, (struct box){ left.x - 2, left.y - 10,
	    width + 4, 13 }, 2, ink_weak(TOKEN_PANEL, 0.85));
	(void)scene_text(chart->scene, left, &style, "%s", label);
}

void chart_limit(struct chart *chart, double value, enum chart_limit kind,
    const char *label)
{
	bool upright = kind == LIMIT_UPRIGHT;
	struct box plot = chart->plot;
	double at = upright ? chart_x(chart, value) : chart_y(chart, value);
	struct scene_item *item;

	if (upright ? value < chart->x.low || value > chart->x.high
		: value < chart->y.low || value > chart->y.high)
		return;
	item = upright ? scene_rule(chart->scene, (struct point){ at, plot.y },
	    (struct point){ at, box_bottom(plot) }, ink(TOKEN_SERVER))
	    : scene_rule(chart->scene, (struct point){ plot.x, at },
	    (struct point){ box_right(plot), at }, ink(TOKEN_SERVER));
	item->dash = DASH_LONG;
	item->width = 1.5;
	chart_limit_label(chart, at, kind, label);
}

/* ---- marks ---- */

static void chart_flag(struct scene *scene, struct point at, unsigned i)
{
	const struct scene_style style = { .bold = true,
		.anchor = ANCHOR_MIDDLE, .ink = { TOKEN_PANEL, 1 } };

	scene_box(scene, (struct box){ at.x, at.y, CHART_FLAG, CHART_FLAG }, 2,
	    ink(TOKEN_MUTED));
	(void)scene_text(scene, (struct point){ at.x + CHART_FLAG / 2,
	    at.y + CHART_FLAG - 2.5 }, &style, "%c", 'A' + (char)i);
}

void chart_marks(struct chart *chart, const struct chart_mark *marks,
    unsigned count)
{
	enum { ROWS = 3 };		/* of flags */
	struct box plot = chart->plot;
	double ends[ROWS] = { plot.x, plot.x, plot.x };

	for (unsigned i = 0; i < count; i++) {
		double x = chart_x(chart, marks[i].at);

		scene_rule(chart->scene, (struct point){ x, plot.y },
		    (struct point){ x, box_bottom(plot) }, ink(TOKEN_MUTED))
		    ->dash = DASH_LONG;
	}
	for (unsigned i = 0; i < count; i++) {
		double left = fmin(chart_x(chart, marks[i].at),
		    box_right(plot) - CHART_FLAG);
		unsigned row = 0;

		while (row < ROWS && left < ends[row])
			row++;
		if (row == ROWS)
			continue;
		chart_flag(chart->scene, (struct point){ left, plot.y +
		    row * (CHART_FLAG + 1) }, i);
		ends[row] = left + CHART_FLAG + 1;
	}
}

unsigned chart_marks_key(struct scene *scene, struct box box,
    const struct chart_mark *marks, unsigned first, unsigned count)
{
	struct scene_style style = { .ink = { TOKEN_MUTED, 1 } };
	double more = scene_width(scene, &style, "and 99 more");

	for (unsigned i = first; i < count; i++) {
		double room = box.w - CHART_FLAG - 4 - (i + 1 < count ? more +
		    KEY_GAP : 0), width;
		char words[WORDS_MAX];

		if (room < more) {
			(void)scene_text(scene, (struct point){ box.x,
			    box.y + 11 }, &style, "and %u more", count - i);
			return i;
		}
		chart_flag(scene, (struct point){ box.x, box.y + 0.5 }, i);
		style.width_max = room;
		width = CHART_FLAG + 4 + KEY_GAP + scene_text(scene,
		    (struct point){ box.x + CHART_FLAG + 4, box.y + 11 },
		    &style, "%s %s", axis_words_elapsed(words,
			round(marks[i].at * 10) / 10),
		    scene_plain(scene, marks[i].text));
		box.x += width;
		box.w -= width;
	}
	return count;
}

/* ---- time ---- */

const char *report_words_date(char words[48], uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_SEC);
	struct tm tm;

	if (unix_ns == 0 || !localtime_r(&seconds, &tm) ||
	    strftime(words, 48, "%Y-%m-%d %H:%M:%S %Z", &tm) == 0)
		(void)snprintf(words, 48, "-");
	return words;
}

const char *report_words_clock(char words[WORDS_MAX], uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_SEC);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
	    strftime(words, WORDS_MAX, "%H:%M:%S", &tm) == 0)
		(void)snprintf(words, WORDS_MAX, "-");
	return words;
}

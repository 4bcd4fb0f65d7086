#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stat/counters.h"
#include "stat/filter.h"
#include "stat/screen.h"

enum {
	COUNTERS_SHOWN_MAX = 16384,
	COUNTERS_COLUMNS = 6,		/* of numbers */
	COUNTERS_NAME_MIN = 27,
	COUNTERS_SCALED = 9,		/* width of "1.23 MiB" with a space */
	COUNTERS_FULL = 16,
	COUNTERS_DETAIL_ROWS = 4,
};

/* Those that are shown, in order; drawn by one thread only. */
static const struct stat_row *counters_found[COUNTERS_SHOWN_MAX];

/* ---- which, and in what order ---- */

static double counters_activity(const struct stat_row *row)
{
	double rate = row->kind == STAT_COUNTER ? row->averages[0] : 0;

	return isfinite(rate) ? rate : 0;
}

static int counters_compare(const void *a, const void *b)
{
	const struct stat_row *left = *(const struct stat_row *const *)a;
	const struct stat_row *right = *(const struct stat_row *const *)b;
	double more = counters_activity(right) - counters_activity(left);

	if (more != 0)
		return more > 0 ? 1 : -1;
	return (left > right) - (left < right);
}

static unsigned counters_collect(const struct view *view)
{
	const struct stat_table *table = view->table;
	unsigned count = 0;

	for (unsigned i = 0; i < table->count; i++) {
		const struct stat_row *row = &table->rows[i];

		if ((view->zeros || row->value != 0) &&
		    (unsigned)row->entry->level <= view->verbosity &&
		    stat_filter_passes(view->filter, row->name) &&
		    screen_contains(row->name, view->filters[
			SCREEN_COUNTERS]) && count < COUNTERS_SHOWN_MAX)
			counters_found[count++] = row;
	}
	if (view->sorts[SCREEN_COUNTERS] == COUNTERS_BY_ACTIVITY)
		qsort(counters_found, count, sizeof(*counters_found),
		    counters_compare);
	return count;
}

static const char *counters_key(const struct view *view, unsigned row)
{
	(void)view;
	return counters_found[row]->name;
}

/* ---- numbers ---- */

static struct word counters_scaled(double number, const char *unit)
{
	if (!isfinite(number))
		return word_number(NAN);
	/* A moment is so many seconds, too. */
	if (strcmp(unit, "seconds") == 0 && number < 99999.5)
		return word_time(number);
	if (strcmp(unit, "bytes") == 0)
		return word_bytes(number);
	return word_short(number);
}

/* All its digits; a rate has two decimals. */
static struct word counters_digits(const struct view *view, double number,
    bool is_integer)
{
	struct word word;

	if (!isfinite(number))
		return word_number(NAN);
	if (is_integer && !view->raw)
		return word_count((uint64_t)number);
	if (is_integer)
		(void)snprintf(word.s, sizeof(word.s), "%.0f", number);
	else if (fabs(number) < 1e12)
		(void)snprintf(word.s, sizeof(word.s), "%.*f",
		    view->raw ? 6 : 2, number);
	else
		(void)snprintf(word.s, sizeof(word.s), "%.6e", number);
	return word;
}

static struct word counters_current(const struct view *view,
    const struct stat_row *row)
{
	struct word word;

	if (!view->raw && !view->unscaled)
		return counters_scaled(row->value, row->unit);
	if (!row->is_integer)
		return counters_digits(view, row->value, false);
	if (!view->raw)
		return word_count(row->integer);
	(void)snprintf(word.s, sizeof(word.s), "%" PRIu64, row->integer);
	return word;
}

static struct word counters_number(const struct view *view,
    const struct stat_row *row, unsigned column)
{
	const double numbers[COUNTERS_COLUMNS] = { row->value, row->change,
		row->average, row->averages[0], row->averages[1],
		row->averages[2] };

	if (column == 0)
		return counters_current(view, row);
	if (view->raw || view->unscaled)
		return counters_digits(view, numbers[column], false);
	return counters_scaled(numbers[column], row->unit);
}

/* ---- drawing ---- */

/* Of a name that is too long its end tells more. */
static void counters_name(struct pen *pen, unsigned width, const char *name)
{
	const struct canvas *canvas = pen->area.canvas;
	const char *rest = name;

	if (canvas_width(canvas, name) <= width) {
		pen_fit(pen, STYLE_PLAIN, width, name);
		return;
	}
	while (*rest && canvas_width(canvas, rest) + 1 > width)
		for (rest++; ((unsigned char)*rest & 0xc0) == 0x80; rest++)
			;
	pen_text(pen, STYLE_FAINT, canvas_utf8(canvas) ? "…" : "~");
	pen_fit(pen, STYLE_PLAIN, width - 1, rest);
}

struct counters_layout {
	unsigned name, width, columns;
};

/* As many columns of numbers as there is room for. */
static struct counters_layout counters_layout(const struct view *view,
    unsigned columns)
{
	struct counters_layout layout = {
		.width = view->raw || view->unscaled ? COUNTERS_FULL
		    : columns >= 120 ? COUNTERS_SCALED + 2 : COUNTERS_SCALED,
	};

	layout.columns = (columns - 2 - COUNTERS_NAME_MIN) / layout.width;
	if (layout.columns > COUNTERS_COLUMNS)
		layout.columns = COUNTERS_COLUMNS;
	layout.name = columns - 2 - layout.columns * layout.width;
	return layout;
}

static void counters_head(struct area area,
    const struct counters_layout *layout)
{
	static const char *const names[COUNTERS_COLUMNS] = { "Current",
		"Change", "Average", "Avg_10", "Avg_100", "Avg_1000" };
	struct pen pen = pen_at(area, 1, 0);

	pen_fit(&pen, STYLE_TITLE, layout->name, "Name");
	for (unsigned i = 0; i < layout->columns; i++)
		pen_right(&pen, STYLE_TITLE, layout->width, names[i]);
}

static void counters_row(const struct view *view, struct area area,
    const struct stat_row *row, const struct counters_layout *layout)
{
	struct pen pen = pen_at(area, 1, 0);

	counters_name(&pen, layout->name, row->name);
	for (unsigned i = 0; i < layout->columns; i++) {
		enum canvas_style style = i == 0 ? STYLE_STRONG
		    : i == 1 && row->change > 0 ? STYLE_OK : STYLE_PLAIN;

		pen_right(&pen, style, layout->width,
		    counters_number(view, row, i).s);
	}
}

static void counters_detail(struct area area, const struct stat_row *row)
{
	char note[2 * WORDS_MAX];
	struct area inner;
	struct pen pen;

	(void)snprintf(note, sizeof(note), "%s%s%.30s",
	    row->kind == STAT_COUNTER ? "counter" : "gauge",
	    *row->unit ? ", " : "", row->unit);
	inner = area_box(area, "Counter", note);
	pen = pen_at(inner, 1, 0);
	pen_fit(&pen, STYLE_STRONG, inner.columns - 2, row->name);
	pen = pen_at(inner, 1, 1);
	pen_fit(&pen, STYLE_PLAIN, inner.columns - 2,
	    row->entry->help ? row->entry->help : "");
}

void screen_counters(struct view *view, struct area body)
{
	static const char *const orders[COUNTERS_ORDERS] = { "Counters",
		"Counters by activity" };
	unsigned page = body.rows - COUNTERS_DETAIL_ROWS - 3;
	unsigned count = counters_collect(view);
	struct counters_layout layout;
	struct view_list *list;
	struct area table, rows;

	screen_list_follow(view, count, counters_key);
	list = screen_list(view, count, page);
	screen_list_remember(view, counters_key);
	table = area_box(area_rows(body, 0, page + 3),
	    orders[view->sorts[SCREEN_COUNTERS]], screen_list_words(list).s);
	rows = area_rows(table, 1, page);
	layout = counters_layout(view, table.columns);
	counters_head(table, &layout);
	for (unsigned i = 0; i < page && list->first + i < count; i++)
		counters_row(view, area_rows(rows, i, 1),
		    counters_found[list->first + i], &layout);
	screen_list_mark(list, rows);
	if (count)
		counters_detail(area_rows(body, page + 3,
		    COUNTERS_DETAIL_ROWS), counters_found[list->selected]);
}

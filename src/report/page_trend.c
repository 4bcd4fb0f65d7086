/* The course of many runs: a chart, and a table of the last of them. */

#include <math.h>

#include "report/page.h"

/* Where columns end, as shares of the width; names begin behind the date. */
enum trend_column { TREND_DATE, TREND_NAME, TREND_MODEL, TREND_RATE,
	TREND_P50, TREND_P99, TREND_ERRORS, TREND_COLUMNS };

static const struct {
	const char *label;
	double at;			/* share of the width */
	bool right;			/* ends there */
} trend_columns[TREND_COLUMNS] = {
	{ "began", 0.015, false }, { "run", 0.15, false },
	{ "model", 0.54, false }, { "rate", 0.72, true },
	{ "p50", 0.80, true }, { "p99", 0.88, true },
	{ "errors", 0.98, true },
};

#define TREND_ROW 20.0
#define TREND_WIDTH 900.0		/* of a table, at least */

static void trend_cell(struct page *page, struct box row,
    enum trend_column column, const char *text)
{
	struct scene_style style = { .size = 12, .ink = { TOKEN_MUTED, 1 } };
	double x = row.x + row.w * trend_columns[column].at;

	if (trend_columns[column].right) {
		style.anchor = ANCHOR_RIGHT;
		style.ink = ink(TOKEN_TEXT);
	} else {
		style.width_max = row.w * (trend_columns[column + 1].at -
		    trend_columns[column].at -
		    (trend_columns[column + 1].right ? 0.08 : 0.01));
	}
	(void)scene_text(page->scene, (struct point){ x, row.y + 14 }, &style,
	    "%s", text);
}

static const char *trend_errors(struct page *page,
    const struct source_run *run)
{
	double all = (double)(run->requests + run->errors);
	char count[WORDS_MAX], share[WORDS_MAX];

	if (run->errors == 0)
		return "0";
	return page_print(page, "%s, %s", words_count(count, run->errors),
	    words_share(share, (double)run->errors / all));
}

static void trend_row(struct page *page, const struct source_run *run,
    struct box row)
{
	bool good = run->passed && run->valid;
	char words[WORDS_MAX], date[48];

	scene_dot(page->scene, (struct point){ row.x + 5, row.y + 10 }, good
	    ? MARK_DISC : MARK_DIAMOND, ink(good ? TOKEN_OK : TOKEN_SERVER))
	    ->radius = 4;
	trend_cell(page, row, TREND_DATE, report_words_date(date,
	    run->started_ns));
	trend_cell(page, row, TREND_NAME, page_print(page, "%s%s%s",
	    scene_plain(page->scene, run->name), run->name[0]
	    ? " \xc2\xb7 " : "", scene_plain(page->scene, run->url)));
	trend_cell(page, row, TREND_MODEL, page_print(page,
	    "%s, %u connections", scene_plain(page->scene, run->model),
	    run->connections));
	trend_cell(page, row, TREND_RATE, page_print(page, "%s/s",
	    words_number(words, run->rate)));
	trend_cell(page, row, TREND_P50, report_words_time(words, run->p50));
	trend_cell(page, row, TREND_P99, report_words_time(words, run->p99));
	trend_cell(page, row, TREND_ERRORS, trend_errors(page, run));
}

/* The newest first, as many as there is room for. */
static void trend_table(struct page *page, struct box box, unsigned count)
{
	struct box room = panel_open(page->scene, box,
	    "The runs, newest first");
	struct box row = { room.x, room.y, room.w, TREND_ROW };
	unsigned fit = (unsigned)(room.h / TREND_ROW) - 1;

	for (enum trend_column column = 0; column < TREND_COLUMNS; column++) {
		struct scene_style style = { .ink = { TOKEN_FAINT, 1 },
			.anchor = trend_columns[column].right ? ANCHOR_RIGHT
			    : ANCHOR_LEFT };

		(void)scene_text(page->scene, (struct point){ row.x + row.w *
		    trend_columns[column].at, row.y + 12 }, &style, "%s",
		    trend_columns[column].label);
	}
	for (unsigned i = 0; i < count; i++) {
		row.y += TREND_ROW;
		(void)scene_rule(page->scene, (struct point){ row.x, row.y },
		    (struct point){ box_right(row), row.y }, ink(TOKEN_LINE));
		if (i + 1 == fit && count > fit) {
			trend_cell(page, row, TREND_DATE, page_print(page,
			    "and %u before", count - i));
			return;
		}
		trend_row(page, &page->source->runs[page->index - i], row);
	}
}

void page_trend_layout(struct page *page, double width, double height)
{
	const struct scene_style title = { .size = 24, .bold = true };
	const struct scene_style line = { .size = 13,
		.ink = { TOKEN_MUTED, 1 }, .width_max = width - 64 };
	unsigned count = page->index + 1 < page->history ? page->index + 1
	    : page->history;
	struct box box = { PAGE_MARGIN, 88, width - 2 * PAGE_MARGIN, 0 };
	char first[48], last[48];

	scene_ground(page->scene, width, height);
	page->scene->title = count == 1 ? "The last load test" :
	    page_print(page, "The last %u load tests", count);
	(void)scene_text(page->scene, (struct point){ box.x, 46 }, &title,
	    "%s", page->scene->title);
	(void)scene_text(page->scene, (struct point){ box.x, 70 }, &line,
	    "%s to %s", report_words_date(first,
		page->source->runs[page->index + 1 - count].started_ns),
	    report_words_date(last,
		page->source->runs[page->index].started_ns));
	page_colophon(page);
	box.h = height - box.y - 24;
	if (box.h >= 2 * PAGE_CHART_MIN && box.w >= TREND_WIDTH)
		box.h = (box.h - PAGE_GAP) * 0.42;
	panel_history(page, box);
	box.y += box.h + PAGE_GAP;
	box.h = height - box.y - 24;
	if (box.h > 0)
		trend_table(page, box, count);
}

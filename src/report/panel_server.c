/* Panels of what the server said of itself, and of runs before. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "report/page.h"

/* ---- where the time went ---- */

/* In the order of a request's life. */
static const struct stage {
	const char *name, *label;
	struct scene_ink ink;
	enum scene_pattern pattern;
} stages[] = {
	{ "slip", "late sending", { TOKEN_P90, 1 }, PATTERN_UPRIGHT },
	{ "kernel", "kernel, queue", { TOKEN_EDGE, 1 }, PATTERN_DOTS },
	{ "header", "header", { TOKEN_STAGE_HEADER, 1 }, PATTERN_RISING },
	{ "parse", "parse", { TOKEN_STAGE_PARSE, 1 }, PATTERN_CROSS },
	{ "pool_wait", "pool wait", { TOKEN_STAGE_POOL, 1 }, PATTERN_UPRIGHT },
	{ "handler", "handler", { TOKEN_STAGE_HANDLER, 1 }, PATTERN_DOTS },
	{ "upstream", "upstream", { TOKEN_TEXT, 1 }, PATTERN_UPRIGHT },
	{ "send", "send", { TOKEN_STAGE_SEND, 1 }, PATTERN_RISING },
	{ "return", "way back", { TOKEN_CLIENTS, 1 }, PATTERN_CROSS },
};
enum { STAGES = sizeof(stages) / sizeof(stages[0]), STAGE_BARS = 2 };

#define STAGE_BAR 35.0		/* units, with what is around it */
#define STAGE_ROW 12.0		/* at least */
#define STAGE_COLUMN 130.0

struct stage_bar {
	const char *label;
	double seconds[STAGES], all;
};

static void stage_bar_make(Ringmaster__V1__LoadPart *const *parts,
    size_t count, struct stage_bar *ret)
{
	ret->all = 0;
	for (unsigned k = 0; k < STAGES; k++)
		ret->seconds[k] = 0;
	for (size_t i = 0; i < count; i++) {
		for (unsigned k = 0; k < STAGES; k++)
			if (strcmp(parts[i]->stage, stages[k].name) == 0 &&
			    parts[i]->seconds > 0 &&
			    isfinite(parts[i]->seconds))
				ret->seconds[k] = parts[i]->seconds;
	}
	for (unsigned k = 0; k < STAGES; k++)
		ret->all += ret->seconds[k];
}

static void stage_bar_show(struct page *page, const struct stage_bar *bar,
    struct box box)
{
	struct scene_style style = { .size = 12, .ink = { TOKEN_MUTED, 1 } };
	char words[WORDS_MAX];

	(void)scene_text(page->scene, (struct point){ box.x, box.y + 10 },
	    &style, "%s", bar->label);
	style.anchor = ANCHOR_RIGHT;
	style.ink = ink(TOKEN_TEXT);
	(void)scene_text(page->scene, (struct point){ box_right(box),
	    box.y + 10 }, &style, "%s", report_words_time(words,
		bar->all > 0 ? bar->all : NAN));
	box.y += 15;
	box.h -= 15;
	for (unsigned k = 0; k < STAGES && bar->all > 0; k++) {
		double width = box.w * bar->seconds[k] / bar->all;
		struct scene_item *item = scene_add(page->scene, SCENE_BOX,
		    stages[k].ink);

		item->box = (struct box){ box.x, box.y, width, box.h };
		item->pattern = stages[k].pattern;
		box.x += width;
	}
}

static void stage_cell(struct page *page, const struct stage_bar *bar,
    unsigned k, struct point at)
{
	struct scene_style style = { .anchor = ANCHOR_RIGHT };
	char words[WORDS_MAX];

	if (!(bar->all > 0))
		return;
	(void)scene_text(page->scene, (struct point){ at.x - 46, at.y },
	    &style, "%s", report_words_time(words, bar->seconds[k]));
	style.ink = ink(TOKEN_FAINT);
	(void)scene_text(page->scene, at, &style, "%.0f %%",
	    bar->seconds[k] / bar->all * 100);
}

/* The larger of a stage's shares; of what is not there, 0. */
static double stage_share(const struct stage_bar bars[STAGE_BARS], unsigned k)
{
	double share = 0;

	for (unsigned i = 0; i < STAGE_BARS; i++)
		if (bars[i].all > 0)
			share = fmax(share, bars[i].seconds[k] / bars[i].all);
	return share;
}

/* Which stages are in a table of so many rows: the largest. */
static unsigned stage_choose(const struct stage_bar bars[STAGE_BARS],
    unsigned rows, bool ret[STAGES])
{
	unsigned count = 0;

	for (unsigned k = 0; k < STAGES; k++)
		count += ret[k] = stage_share(bars, k) > 0;
	for (; count > rows; count--) {
		unsigned least = STAGES;

		for (unsigned k = 0; k < STAGES; k++)
			if (ret[k] && (least == STAGES || stage_share(bars,
				k) < stage_share(bars, least)))
				least = k;
		ret[least] = false;
	}
	return count;
}

static void stage_row(struct page *page,
    const struct stage_bar bars[STAGE_BARS], unsigned k, struct box row)
{
	const struct scene_style label = { .ink = { TOKEN_MUTED, 1 } };
	double middle = row.y + row.h / 2;
	struct scene_item *item = scene_add(page->scene, SCENE_BOX,
	    stages[k].ink);

	item->box = (struct box){ row.x, middle - 5, 10, 10 };
	item->radius = 2;
	item->pattern = stages[k].pattern;
	(void)scene_text(page->scene, (struct point){ row.x + 18, middle + 4 },
	    &label, "%s", stages[k].label);
	for (unsigned i = 0; i < STAGE_BARS; i++)
		stage_cell(page, &bars[i], k, (struct point){ box_right(row) -
		    (STAGE_BARS - 1 - i) * STAGE_COLUMN, middle + 4 });
}

static void stage_table(struct page *page,
    const struct stage_bar bars[STAGE_BARS], struct box box)
{
	const struct scene_style head = { .anchor = ANCHOR_RIGHT,
		.ink = { TOKEN_FAINT, 1 } };
	unsigned fit = (unsigned)(fmax(box.h, 0) / STAGE_ROW);
	bool chosen[STAGES];
	unsigned rows = stage_choose(bars, fit ? fit - 1 : 0, chosen);
	struct box row = { box.x, box.y, box.w, fmin(box.h / (rows + 1), 18) };

	for (unsigned i = 0; rows && i < STAGE_BARS; i++)
		(void)scene_text(page->scene, (struct point){ box_right(row) -
		    (STAGE_BARS - 1 - i) * STAGE_COLUMN, row.y + row.h / 2 +
		    4 }, &head, "%s", bars[i].label);
	for (unsigned k = 0; k < STAGES; k++) {
		if (!chosen[k])
			continue;
		row.y += row.h;
		stage_row(page, bars, k, row);
	}
}

static unsigned stage_most(const struct stage_bar *bar)
{
	unsigned most = 0;

	for (unsigned k = 1; k < STAGES; k++)
		if (bar->seconds[k] > bar->seconds[most])
			most = k;
	return most;
}

static void stage_sentence(struct page *page, const struct stage_bar *tail,
    struct box box)
{
	const struct scene_style style = { .anchor = ANCHOR_RIGHT,
		.ink = { TOKEN_MUTED, 1 } };
	unsigned most = stage_most(tail);

	if (tail->all > 0)
		(void)scene_text(page->scene, (struct point){ box_right(box) -
		    PANEL_PAD, box.y + 24 }, &style, "slowest 1 %%: %.0f %% "
		    "%s", tail->seconds[most] / tail->all * 100,
		    stages[most].label);
}

void panel_stages(struct page *page, struct box box)
{
	const Ringmaster__V1__LoadServer *server = page->run.result->server;
	struct box room = panel_open(page->scene, box, "Where the time went");
	struct stage_bar bars[STAGE_BARS] = { { .label = "median" },
		{ .label = "slowest 1 %" } };

	if (!server || (server->n_median == 0 && server->n_tail == 0)) {
		panel_message(page->scene, room, server
		    ? "no request was followed from end to end"
		    : "the target is not a ringmaster on this host");
		return;
	}
	stage_bar_make(server->median, server->n_median, &bars[0]);
	stage_bar_make(server->tail, server->n_tail, &bars[1]);
	for (unsigned i = 0; i < STAGE_BARS; i++) {
		stage_bar_show(page, &bars[i], (struct box){ room.x, room.y,
		    room.w, STAGE_BAR - 6 });
		room.y += STAGE_BAR;
		room.h -= STAGE_BAR;
	}
	stage_table(page, bars, room);
	stage_sentence(page, &bars[1], box);
}

/* ---- workers ---- */

static const char *worker_words(char words[WORDS_MAX], double index)
{
	(void)snprintf(words, WORDS_MAX, "%.0f", index);
	return words;
}

static const char *worker_name(char words[WORDS_MAX], double index)
{
	(void)snprintf(words, WORDS_MAX, "worker %.0f", index);
	return words;
}

static double workers_most(const Ringmaster__V1__LoadServer *server)
{
	double most = 0;

	for (size_t i = 0; i < server->n_workers; i++)
		most = fmax(most, (double)server->workers[i]->requests);
	return most;
}

static void workers_scale(const Ringmaster__V1__LoadServer *server,
    struct chart *chart)
{
	double low = NAN, high = NAN;

	for (size_t i = 0; i < server->n_workers; i++) {
		const double times[2] = { server->workers[i]->p99_seconds,
			server->workers[i]->loop_lag_p99_seconds };

		for (unsigned k = 0; k < 2; k++) {
			if (!(times[k] > 0))
				continue;
			low = isnan(low) ? times[k] : fmin(low, times[k]);
			high = isnan(high) ? times[k] : fmax(high, times[k]);
		}
	}
	axis_log_around(&chart->right, low / 1.5, high * 1.5, 1);
}

static void workers_show(struct page *page, struct chart *chart)
{
	const Ringmaster__V1__LoadServer *server = page->run.result->server;
	double half = fmin(chart->plot.w / (double)server->n_workers * 0.35,
	    28);
	double bottom = box_bottom(chart->plot);

	for (size_t i = 0; i < server->n_workers; i++) {
		const Ringmaster__V1__LoadWorker *worker = server->workers[i];
		double x = chart_x(chart, (double)i);
		double y = chart_y(chart, (double)worker->requests);
		struct scene_item *item = scene_add(page->scene, SCENE_BOX,
		    ink_weak(TOKEN_REQUESTS, 0.55));

		item->box = (struct box){ x - half, y, 2 * half, bottom - y };
		if (worker->p99_seconds > 0)
			scene_dot(page->scene, (struct point){ x, axis_place(
			    &chart->right, worker->p99_seconds) }, MARK_DISC,
			    ink(TOKEN_P99))->radius = 4;
		if (worker->loop_lag_p99_seconds > 0)
			scene_dot(page->scene, (struct point){ x, axis_place(
			    &chart->right, worker->loop_lag_p99_seconds) },
			    MARK_TRIANGLE, ink(TOKEN_CLIENT))->radius = 4;
	}
}

void panel_workers(struct page *page, struct box box)
{
	const Ringmaster__V1__LoadServer *server = page->run.result->server;
	static const char title[] = "Workers";
	struct chart_key keys[3] = {
		{ .label = "requests", .shape = KEY_BOX,
		    .ink = { TOKEN_REQUESTS, 0.55 } },
		{ .label = "p99", .shape = KEY_DOT, .ink = { TOKEN_P99, 1 } },
		{ .label = "loop lag p99", .shape = KEY_DOT,
		    .mark = MARK_TRIANGLE, .ink = { TOKEN_CLIENT, 1 } } };
	struct box room = panel_open(page->scene, box, title);
	struct chart chart = { .scene = page->scene, .room = room,
		.x_words = worker_words, .y_words = axis_words_count,
		.right_words = axis_words_time };

	if (!server || server->n_workers == 0) {
		panel_message(page->scene, room, server
		    ? "nothing is known of its workers"
		    : "the target is not a ringmaster on this host");
		return;
	}
	(void)snprintf(keys[0].value, sizeof(keys[0].value), "balance %.3f",
	    server->balance);
	(void)snprintf(keys[0].brief, sizeof(keys[0].brief), "balance %.3f",
	    server->balance);
	chart.x = (struct axis){ .low = -0.5,
		.high = (double)server->n_workers - 0.5 };
	axis_from_zero(&chart.y, workers_most(server), 1);
	workers_scale(server, &chart);
	for (size_t i = 0; i < server->n_workers &&
	    server->n_workers <= 16; i++)
		chart.x_ticks.at[chart.x_ticks.count++] = (double)i;
	if (server->n_workers <= 4)
		chart.x_words = worker_name;
	chart_fit(&chart);
	chart_grid(&chart);
	workers_show(page, &chart);
	panel_keys(page->scene, box, title, keys, 3);
}

/* ---- history ---- */

struct history {
	unsigned first, count;		/* of the source's runs */
};

static const struct source_run *history_run(const struct page *page,
    const struct history *history, unsigned i)
{
	return &page->source->runs[history->first + i];
}

static void history_axes(const struct page *page,
    const struct history *history, struct chart *chart)
{
	double low = NAN, high = NAN, rate = 0;

	for (unsigned i = 0; i < history->count; i++) {
		const struct source_run *run = history_run(page, history, i);

		rate = fmax(rate, run->rate);
		if (!(run->p99 > 0))
			continue;
		low = isnan(low) ? run->p99 : fmin(low, run->p99);
		high = isnan(high) ? run->p99 : fmax(high, run->p99);
	}
	axis_log_around(&chart->y, low / 1.2, high * 1.2, 0.5);
	axis_from_zero(&chart->right, rate, 1);
	chart->x = (struct axis){ .low = -0.5,
		.high = history->count - 0.5 };
}

/* The rate, with what failed of it on top. */
static void history_bar(struct page *page, const struct source_run *run,
    struct chart *chart, double x)
{
	double half = fmin(chart->plot.w / (chart->x.high + 0.5) * 0.32, 24);
	double all = (double)(run->requests + run->errors);
	double failed = all > 0 ? (double)run->errors / all : 0;
	double y = axis_place(&chart->right, run->rate);
	double bottom = box_bottom(chart->plot);
	double part = (bottom - y) * failed;

	scene_box(page->scene, (struct box){ x - half, y, 2 * half,
	    bottom - y }, 0, ink_weak(TOKEN_REQUESTS, 0.35));
	if (run->errors)
		scene_box(page->scene, (struct box){ x - half, y, 2 * half,
		    fmax(part, 1.5) }, 0, ink(TOKEN_SERVER));
}

static void history_show(struct page *page, const struct history *history,
    struct chart *chart)
{
	struct point *points = scene_points(page->scene, history->count);

	if (!points)
		return;
	for (unsigned i = 0; i < history->count; i++) {
		const struct source_run *run = history_run(page, history, i);
		double x = chart_x(chart, i);

		history_bar(page, run, chart, x);
		points[i] = (struct point){ x, run->p99 > 0
		    ? chart_y(chart, run->p99) : NAN };
	}
	scene_line(page->scene, points, history->count, ink(TOKEN_P99));
	for (unsigned i = 0; i < history->count; i++) {
		const struct source_run *run = history_run(page, history, i);
		bool good = run->passed && run->valid;

		if (isnan(points[i].y))
			continue;
		if (history->first + i == page->index)
			scene_dot(page->scene, points[i], MARK_DISC,
			    ink(TOKEN_TEXT))->radius = 6.5;
		scene_dot(page->scene, points[i], good ? MARK_DISC
		    : MARK_DIAMOND, ink(good ? TOKEN_OK : TOKEN_SERVER))
		    ->radius = 4;
	}
}

/* When the first and the last of them began. */
static void history_dates(struct page *page, const struct history *history,
    struct chart *chart)
{
	struct scene_style style = { .ink = { TOKEN_FAINT, 1 },
		.width_max = chart->plot.w / 2 - 8 };
	double y = box_bottom(chart->plot) + 15;
	char date[48];

	(void)scene_text(page->scene, (struct point){ chart->plot.x, y },
	    &style, "%s", report_words_date(date,
		history_run(page, history, 0)->started_ns));
	style.anchor = ANCHOR_RIGHT;
	(void)scene_text(page->scene, (struct point){ box_right(chart->plot),
	    y }, &style, "%s", report_words_date(date, history_run(page,
		history, history->count - 1)->started_ns));
}

static void history_keys(struct page *page, struct box box, const char *title)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	double all = (double)(result->requests + result->errors);
	struct chart_key keys[4] = {
		{ .label = "p99", .ink = { TOKEN_P99, 1 } },
		{ .label = "kept to", .shape = KEY_DOT,
		    .ink = { TOKEN_OK, 1 } },
		{ .label = "missed", .shape = KEY_DOT, .mark = MARK_DIAMOND,
		    .ink = { TOKEN_SERVER, 1 } },
		{ .label = "rate", .shape = KEY_BOX,
		    .ink = { TOKEN_REQUESTS, 0.35 } } };
	char share[WORDS_MAX];

	if (all > 0)
		(void)snprintf(keys[3].value, sizeof(keys[3].value),
		    "%s answered", words_share(share,
			(double)result->requests / all));
	panel_keys(page->scene, box, title, keys, 4);
}

void panel_history(struct page *page, struct box box)
{
	static const char title[] = "Runs so far";
	struct box room = panel_open(page->scene, box, title);
	struct chart chart = { .scene = page->scene, .room = room,
		.y_words = axis_words_time, .right_words = axis_words_count,
		.right_unit = "requests/s", .y_unit = "p99" };
	struct history history = { .count = page->index + 1 };

	if (history.count > page->history) {
		history.first = history.count - page->history;
		history.count = page->history;
	}
	if (history.count < 2) {
		panel_message(page->scene, room, "this is the first run: "
		    "those that follow appear here");
		return;
	}
	chart.room.h -= 14;
	history_axes(page, &history, &chart);
	chart_fit(&chart);
	chart_grid(&chart);
	history_show(page, &history, &chart);
	history_dates(page, &history, &chart);
	history_keys(page, box, title);
}

/* ---- notes ---- */

struct notes notes_open(struct page *page, struct box box, const char *title)
{
	struct box room = panel_open(page->scene, box, title);

	return (struct notes){ .page = page, .width = room.w,
		.at = { room.x, room.y + 12 }, .bottom = box_bottom(room) };
}

/* How much of a text fits into a line: up to a blank, or all of it. */
static size_t notes_break(const struct notes *notes,
    const struct scene_style *style, const char *text)
{
	size_t fits = 0;

	for (const char *blank = strchr(text, ' '); blank;
	    blank = strchr(blank + 1, ' ')) {
		size_t len = (size_t)(blank - text);

		if (scene_width(notes->page->scene, style,
			page_print(notes->page, "%.*s", (int)len, text)) >
		    style->width_max)
			return fits ? fits : strlen(text);
		fits = len;
	}
	return scene_width(notes->page->scene, style, text) <=
	    style->width_max || !fits ? strlen(text) : fits;
}

void notes_line(struct notes *notes, enum theme_token token,
    const char *text)
{
	const struct scene_style style = { .size = 13,
		.width_max = notes->width - 18, .ink = { TOKEN_MUTED, 1 } };
	struct scene *scene = notes->page->scene;
	struct point at = { notes->at.x + 18, notes->at.y };
	size_t first;

	if (at.y > notes->bottom)
		return;
	text = scene_plain(scene, text);
	first = at.y + 17 > notes->bottom ? strlen(text)
	    : notes_break(notes, &style, text);
	scene_dot(scene, (struct point){ notes->at.x + 5, at.y - 4.5 },
	    MARK_DISC, ink(token));
	(void)scene_text(scene, at, &style, "%.*s", (int)first, text);
	notes->at.y += 20;
	if (!text[first])
		return;
	at.y += 17;
	(void)scene_text(scene, at, &style, "%s", text + first + 1);
	notes->at.y += 17;
}

void panel_notes(struct page *page, struct box box)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	const Ringmaster__V1__LoadVerdict *verdict = result->verdict;
	struct notes notes = notes_open(page, box, result->requests
	    ? "How to read this" : "Nothing was answered");

	for (size_t i = 0; i < verdict->n_reasons; i++)
		notes_line(&notes, TOKEN_CLIENT, verdict->reasons[i]);
	if (result->partial)
		notes_line(&notes, TOKEN_CLIENT, result->partial_reason[0]
		    ? result->partial_reason : "the run ended early");
	for (size_t i = 0; i < verdict->n_hints; i++)
		notes_line(&notes, TOKEN_REQUESTS, verdict->hints[i]);
	if (!page->run.open)
		notes_line(&notes, TOKEN_REQUESTS, "closed model: while the "
		    "server stalls, this client does not ask");
	if (page->index == 0)
		notes_line(&notes, TOKEN_FAINT, "this is the first run: "
		    "later pictures compare with it (ringload --save)");
}

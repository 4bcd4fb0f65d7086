/* Panels over the time of a run: throughput, latency, status. */

#include <math.h>
#include <stdio.h>

#include "http/status.h"
#include "load/latency.h"
#include "load/record.h"
#include "report/page.h"

enum {
	TIME_BARS_MAX = 3,	/* columns that are no line yet */
	TIME_POINTS_FEW = 150,	/* where more would not be told apart */
};

/* Rooms that are smaller do without. */
#define TIME_CLOCK_HEIGHT 150.0
#define TIME_KEY_HEIGHT 110.0
#define TIME_KEY_WIDTH 400.0
#define TIME_WARMUP_WIDTH 12.0

/* What marks mean, at the bottom of a room, which it is taken from. A panel
 * goes on where the one before it had no more room. */
static void time_key(struct page *page, struct box *room)
{
	struct page_run *run = &page->run;

	if (run->marks_told == run->mark_count)
		run->marks_told = 0;
	room->h -= CHART_KEY_HEIGHT;
	run->marks_told = chart_marks_key(page->scene, (struct box){ room->x,
	    box_bottom(*room) + 5, room->w, CHART_KEY_HEIGHT }, run->marks,
	    run->marks_told, run->mark_count);
}

/* Axes of seconds, with the clock of the run below them. */
static struct chart time_chart(struct page *page, struct box room)
{
	bool high = room.h >= TIME_CLOCK_HEIGHT;

	if (page->run.mark_count && room.w >= TIME_KEY_WIDTH &&
	    room.h >= TIME_KEY_HEIGHT)
		time_key(page, &room);
	return (struct chart){ .scene = page->scene, .room = room,
		.x = { .low = 0, .high = page->run.series.span },
		.x_words = axis_words_elapsed, .elapsed = true, .x_grid = true,
		.clock_ns = high ? page->run.result->started_unix_ns : 0,
		.y_words = axis_words_count };
}

static struct chart_series time_series(const struct series *series,
    const double *values)
{
	return (struct chart_series){ .values = values,
		.count = series->count, .x0 = series->step / 2.0,
		.step = series->step, .edges = true };
}

/* What does not count is hatched. */
static void time_warmup(struct page *page, const struct chart *chart)
{
	static const char label[] = "warm-up";
	const struct scene_style style = { .ink = { TOKEN_FAINT, 1 } };
	double width = scene_width(page->scene, &style, label);
	struct scene_item *item = scene_add(page->scene, SCENE_HATCH,
	    ink_weak(TOKEN_FAINT, 0.35));
	struct box plate = { chart->plot.x + 3, chart->plot.y + 3, width + 6,
		15 };

	item->box = (struct box){ chart->plot.x, chart->plot.y,
		chart_x(chart, page->run.series.warmup) - chart->plot.x,
		chart->plot.h };
	item->pattern = PATTERN_RISING;
	/* Else beside it, at the bottom, where curves seldom are. */
	if (item->box.w <= width + 8) {
		plate.x = box_right(item->box) + 3;
		plate.y = box_bottom(item->box) - plate.h - 3;
	}
	if (item->box.w < TIME_WARMUP_WIDTH ||
	    box_right(plate) > box_right(chart->plot) ||
	    (page->run.mark_count && chart_x(chart, page->run.marks[0].at) <
		box_right(plate) + 3))
		return;
	scene_box(page->scene, plate, 3, ink_weak(TOKEN_PANEL, 0.85));
	(void)scene_text(page->scene, (struct point){ plate.x + 3,
	    plate.y + 11 }, &style, label);
}

/* The warm-up, and what happened. */
static void time_events(struct page *page, struct chart *chart)
{
	if (page->run.series.warmup > 0)
		time_warmup(page, chart);
	chart_marks(chart, page->run.marks, page->run.mark_count);
}

/* As wide as the time that each is the mean of. */
static void time_bars(struct chart *chart, const struct chart_series *series,
    enum theme_token token)
{
	double bottom = box_bottom(chart->plot);

	for (unsigned i = 0; i < series->count; i++) {
		double x = chart_x(chart, i * series->step);
		double end = chart_x(chart, (i + 1) * series->step);
		double y = chart_y(chart, series->values[i]);

		if (isnan(y))
			continue;
		scene_box(chart->scene, (struct box){ x, y, end - x,
		    bottom - y }, 0, ink(TOKEN_PANEL));
		scene_box(chart->scene, (struct box){ x, y, end - x,
		    bottom - y }, 0, ink_weak(token, 0.4));
		scene_rule(chart->scene, (struct point){ x, y },
		    (struct point){ end, y }, ink(token))->width = 1.75;
	}
}

/* last, mean, max: as rrdtool has it. */
static void time_key_values(struct chart_key *key, const double *values,
    const struct series *series)
{
	unsigned from = (unsigned)(series->warmup / series->step);
	char last[WORDS_MAX], mean[WORDS_MAX], most[WORDS_MAX];

	if (from >= series->count)
		from = 0;
	(void)words_number(mean, series_mean(values, from, series->count));
	(void)words_number(most, series_most(values, series->count));
	(void)snprintf(key->value, sizeof(key->value),
	    "last %s \xc2\xb7 mean %s \xc2\xb7 max %s", words_number(last,
		series_last(values, series->count)), mean, most);
	(void)snprintf(key->brief, sizeof(key->brief), "%s", mean);
}

/* ---- throughput ---- */

/* The course of the rate that was meant. */
static void throughput_target(struct page *page, struct chart *chart)
{
	const Ringmaster__V1__LoadSpec *spec = page->run.result->spec;
	size_t count = spec->n_stages ? spec->n_stages : 2;
	struct point *points = scene_points(page->scene, count);
	struct scene_item *item;

	if (!points || !page->run.open || (spec->n_stages == 0 &&
		!(spec->rate > 0)))
		return;
	for (size_t i = 0; i < spec->n_stages; i++)
		points[i] = (struct point){ chart_x(chart,
		    spec->stages[i]->at_seconds), chart_y(chart,
		    spec->stages[i]->rate) };
	if (spec->n_stages == 0) {
		points[0] = (struct point){ chart->plot.x,
		    chart_y(chart, spec->rate) };
		points[1] = (struct point){ box_right(chart->plot),
		    points[0].y };
	}
	item = scene_line(page->scene, points, count, ink(TOKEN_TEXT));
	item->dash = DASH_LONG;
	item->width = 1.25;
}

static double throughput_most(const struct page *page)
{
	const Ringmaster__V1__LoadSpec *spec = page->run.result->spec;
	double most = series_most(page->run.series.rate,
	    page->run.series.count);

	if (page->run.open && spec->n_stages == 0)
		most = fmax(most, spec->rate * 1.02);
	for (size_t i = 0; page->run.open && i < spec->n_stages; i++)
		most = fmax(most, spec->stages[i]->rate);
	return most;
}

static void throughput_keys(struct page *page, struct box box)
{
	const struct series *series = &page->run.series;
	struct chart_key keys[3] = {
		{ .label = "completed/s", .ink = { TOKEN_REQUESTS, 1 } },
		{ .label = "target", .ink = { TOKEN_TEXT, 1 },
		    .dash = DASH_LONG },
		{ .label = "connections", .ink = { TOKEN_CLIENTS, 1 },
		    .dash = DASH_SHORT } };
	unsigned count = 3;

	time_key_values(&keys[0], series->rate, series);
	if (!page->run.open) {
		keys[1] = keys[2];
		count = 2;
	}
	panel_keys(page->scene, box, "Throughput and connections", keys,
	    count);
}

static void throughput_lines(struct page *page, struct chart *chart)
{
	struct chart_series rate = time_series(&page->run.series,
	    page->run.series.rate);
	struct chart_series connections = time_series(&page->run.series,
	    page->run.series.connections);
	struct scene_item *line;

	connections.right = true;
	if (rate.count <= TIME_BARS_MAX)
		time_bars(chart, &rate, TOKEN_REQUESTS);
	else
		chart_area(chart, &rate, ink_weak(TOKEN_REQUESTS, 0.12));
	line = chart_line(chart, &connections, ink(TOKEN_CLIENTS));
	line->dash = DASH_SHORT;
	if (rate.count > TIME_BARS_MAX)
		chart_line(chart, &rate, ink(TOKEN_REQUESTS))->width = 1.75;
}

void panel_throughput(struct page *page, struct box box)
{
	struct box room = panel_open(page->scene, box,
	    "Throughput and connections");
	struct chart chart = time_chart(page, room);
	const struct series *series = &page->run.series;

	if (series->count == 0) {
		panel_message(page->scene, room,
		    "this run was kept without its seconds");
		return;
	}
	axis_from_zero(&chart.y, throughput_most(page), 1);
	/* Lower than the rate, so that the two are apart. */
	axis_from_zero(&chart.right, series_most(series->connections,
	    series->count) * 2.2, 2);
	chart.right_words = axis_words_count;
	chart.y_unit = "requests/s";
	chart.right_unit = "connections";
	chart_fit(&chart);
	chart_grid(&chart);
	throughput_lines(page, &chart);
	throughput_target(page, &chart);
	time_events(page, &chart);
	throughput_keys(page, box);
}

/* ---- latency ---- */

/* The shade of a count: logarithmic, one request is seen. */
static unsigned latency_shade(double count, double most)
{
	if (!(count > 0))
		return 0;
	if (count <= 1 || most <= 1)
		return 1;
	return 1 + (unsigned)(log(count) / log(most) * (THEME_SHADES - 2) +
	    0.5);
}

static void latency_cells(struct page *page, struct chart *chart,
    const struct series_heat *heat)
{
	size_t count = (size_t)heat->columns * heat->rows;
	uint8_t *cells = arena_alloc(page->arena, count);
	struct scene_item *item;
	double right = fmin(heat->columns * heat->step, chart->x.high);

	if (!cells) {
		page->scene->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		cells[i] = (uint8_t)latency_shade(heat->counts[i],
		    heat->most);
	item = scene_add(page->scene, SCENE_CELLS, ink(TOKEN_PANEL));
	item->box = (struct box){ chart->plot.x, chart->plot.y,
		chart_x(chart, right) - chart->plot.x, chart->plot.h };
	item->cells = cells;
	item->columns = heat->columns;
	item->rows = heat->rows;
}

/* From 1 to the fullest cell. */
static double latency_ramp(struct page *page, struct box box,
    const struct series_heat *heat)
{
	const struct scene_style style = { .ink = { TOKEN_MUTED, 1 } };
	uint8_t *cells = arena_alloc(page->arena, THEME_SHADES - 1);
	char words[WORDS_MAX];
	struct scene_item *item;
	double x = box_right(box) - PANEL_PAD, width;

	if (heat->most < 1e6)
		(void)words_count(words, (uint64_t)ceil(heat->most));
	else
		(void)words_number(words, heat->most);
	width = scene_width(page->scene, &style, words);
	(void)scene_text(page->scene, (struct point){ x - width, box.y + 24 },
	    &style, "%s", words);
	x -= width + 6 + 64;
	item = scene_add(page->scene, SCENE_CELLS, ink(TOKEN_PANEL));
	item->box = (struct box){ x, box.y + 15, 64, 10 };
	item->cells = cells;
	item->columns = cells ? THEME_SHADES - 1 : 0;
	item->rows = 1;
	for (unsigned i = 0; cells && i + 1 < THEME_SHADES; i++)
		cells[i] = (uint8_t)(i + 1);
	width = scene_width(page->scene, &style, "requests 1");
	x -= width + 6;
	(void)scene_text(page->scene, (struct point){ x, box.y + 24 }, &style,
	    "requests 1");
	return x;
}

/* A line that is seen on any colour of the ramp. */
static void latency_line(struct chart *chart,
    const struct chart_series *series, const struct chart_key *key)
{
	double middle = chart->x.high / series->count;

	if (series->count > TIME_BARS_MAX) {
		chart_line(chart, series, ink_weak(TOKEN_PANEL, 0.6))->width =
		    3.5;
		chart_line(chart, series, key->ink)->dash = key->dash;
		return;
	}
	for (unsigned i = 0; i < series->count; i++) {
		struct point at = { chart_x(chart, (i + 0.5) * middle),
			chart_y(chart, series->values[i]) };

		if (isnan(at.y))
			continue;
		scene_dot(chart->scene, at, key->mark, ink(TOKEN_PANEL))
		    ->radius = 6;
		scene_dot(chart->scene, at, key->mark, key->ink)->radius = 4.5;
	}
}

static void latency_keys(struct page *page, struct box box,
    struct chart_key keys[3], bool dots)
{
	const Ringmaster__V1__LoadLatency *latency = page->run.result->latency;
	const double values[3] = { latency_quantile(latency, 0.5),
		latency_quantile(latency, 0.99), latency->max };
	char words[WORDS_MAX];

	for (unsigned i = 0; i < 3; i++) {
		keys[i].shape = dots ? KEY_DOT : KEY_LINE;
		if (latency->count)
			(void)snprintf(keys[i].value, sizeof(keys[i].value),
			    "%s", report_words_time(words, values[i]));
	}
	panel_keys(page->scene, box, "Response time", keys, 3);
}

/* Rows of the heatmap, or the percentiles' range. */
static void latency_axis(struct chart *chart, const struct series *series,
    const struct series_heat *heat)
{
	chart->y_words = axis_words_time;
	if (heat)
		chart->y = (struct axis){ .low = heat->low,
			.high = heat->high, .log = true };
	else
		axis_log_around(&chart->y,
		    series_least(series->p50, series->count),
		    series_most(series->max, series->count), 1);
}

static void latency_show(struct page *page, struct box box, struct box room,
    const struct series *series)
{
	struct chart chart = time_chart(page, room);
	struct chart_key keys[3] = {
		{ .label = "p50", .ink = { TOKEN_P50, 1 } },
		{ .label = "p99", .ink = { TOKEN_P99, 1 },
		    .mark = MARK_DIAMOND },
		{ .label = "longest", .ink = { TOKEN_P999, 1 },
		    .dash = DASH_DOTS, .mark = MARK_TRIANGLE } };
	const double *const values[3] = { series->p50, series->p99,
		series->max };
	struct series_heat heat;
	bool cells = series_heat(page->run.result, page->arena, &heat) == 0;

	latency_axis(&chart, series, cells ? &heat : NULL);
	chart_fit(&chart);
	if (cells) {
		latency_cells(page, &chart, &heat);
		chart.grid = ink_weak(TOKEN_PANEL, 0.3);
	}
	chart_grid(&chart);
	for (unsigned i = 3; i-- > 0; ) {
		const struct chart_series line = time_series(series,
		    values[i]);

		latency_line(&chart, &line, &keys[i]);
	}
	time_events(page, &chart);
	if (cells && box.w >= 480)
		box.w = latency_ramp(page, box, &heat) - box.x + PANEL_PAD -
		    10;
	latency_keys(page, box, keys, series->count <= TIME_BARS_MAX);
}

void panel_latency(struct page *page, struct box box)
{
	struct box room = panel_open(page->scene, box, "Response time");
	struct series series;

	if (page->run.series.count == 0 || series_make(page->run.result,
		TIME_POINTS_FEW, page->arena, &series) != 0)
		panel_message(page->scene, room,
		    "this run was kept without its seconds");
	else if (isnan(series_least(series.p50, series.count)))
		panel_message(page->scene, room, "nothing was answered");
	else
		latency_show(page, box, room, &series);
}

/* ---- status ---- */

static enum theme_token status_token(uint32_t code, enum scene_mark *mark)
{
	switch (code / 100) {
	case 3:
		*mark = MARK_SQUARE;
		return TOKEN_MOVED;
	case 4:
		*mark = MARK_DIAMOND;
		return TOKEN_CLIENT;
	case 5:
		*mark = MARK_TRIANGLE;
		return TOKEN_SERVER;
	default:
		*mark = MARK_DISC;
		return TOKEN_OK;
	}
}

/* A line of the table: what, how many, which share. */
struct status_row {
	const char *label;
	uint64_t count;
	enum theme_token token;
	enum scene_mark mark;
};

enum { STATUS_ROWS_MAX = 32 };

static const char *status_cause(struct page *page, const char *name)
{
	for (unsigned i = 0; i < LOAD_ERROR_COUNT; i++)
		if (strcmp(load_error_names[i], name) == 0)
			return load_error_texts[i];
	return scene_plain(page->scene, name);
}

static const char *status_label(struct page *page, uint32_t code)
{
	char number[HTTP_STATUS_TEXT];
	struct slice text = arena_copy(page->arena,
	    http_status_text(code < 1000 ? code : 0, number));

	return text.data ? text.data : "";
}

static unsigned status_rows(struct page *page,
    struct status_row rows[STATUS_ROWS_MAX])
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	unsigned count = 0;

	for (size_t i = 0; i < result->n_statuses &&
	    count < STATUS_ROWS_MAX; i++) {
		struct status_row *row = &rows[count++];

		row->token = status_token(result->statuses[i]->code,
		    &row->mark);
		row->label = status_label(page, result->statuses[i]->code);
		row->count = result->statuses[i]->count;
	}
	for (size_t i = 0; i < result->n_causes && count < STATUS_ROWS_MAX;
	    i++)
		if (result->causes[i]->count)
			rows[count++] = (struct status_row){
			    status_cause(page, result->causes[i]->cause),
			    result->causes[i]->count, TOKEN_SERVER,
			    MARK_TRIANGLE };
	if (result->unfinished && count < STATUS_ROWS_MAX)
		rows[count++] = (struct status_row){ "not answered at the end",
			result->unfinished, TOKEN_ABORTED, MARK_SQUARE };
	return count;
}

static void status_row_show(struct page *page, const struct status_row *row,
    struct box box)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	double all = (double)(result->requests + result->errors);
	struct scene_style style = { .size = 12 };
	double y = box.y + 11;
	char words[WORDS_MAX];

	scene_dot(page->scene, (struct point){ box.x + 5, y - 4 }, row->mark,
	    ink(row->token))->radius = 4.5;
	style.anchor = ANCHOR_RIGHT;
	style.ink = ink(TOKEN_FAINT);
	(void)scene_text(page->scene, (struct point){ box_right(box), y },
	    &style, "%s", words_share(words,
		all > 0 ? (double)row->count / all : NAN));
	style.ink = ink(TOKEN_TEXT);
	if (scene_width(page->scene, &style, words_count(words, row->count)) >
	    box.w / 2)
		(void)words_number(words, (double)row->count);
	(void)scene_text(page->scene, (struct point){ box_right(box) - 52,
	    y }, &style, "%s", words);
	style.width_max = box.w - 72 - scene_width(page->scene, &style,
	    words);
	style.anchor = ANCHOR_LEFT;
	style.ink = ink(TOKEN_MUTED);
	(void)scene_text(page->scene, (struct point){ box.x + 16, y }, &style,
	    "%s", row->label);
}

static void status_table(struct page *page, struct box box)
{
	const struct scene_style style = { .size = 12,
		.ink = { TOKEN_FAINT, 1 } };
	struct status_row rows[STATUS_ROWS_MAX];
	unsigned count = status_rows(page, rows);
	unsigned fit = (unsigned)(box.h / 18), shown;

	shown = count <= fit ? count : fit ? fit - 1 : 0;
	for (unsigned i = 0; i < shown; i++) {
		status_row_show(page, &rows[i], (struct box){ box.x, box.y,
		    box.w, 18 });
		box.y += 18;
	}
	if (shown < count)
		(void)scene_text(page->scene, (struct point){ box.x + 16,
		    box.y + 11 }, &style, "and %u more", count - shown);
}

/* What failed is what is seen above what did not. */
static void status_areas(struct page *page, struct chart *chart,
    struct chart_series *good, struct chart_series *both)
{
	if (page->run.result->errors) {
		both->pattern = PATTERN_CROSS;
		chart_area(chart, both, ink(TOKEN_SERVER));
		chart_line(chart, both, ink(TOKEN_SERVER))->width = 1;
		chart_area(chart, good, ink(TOKEN_PANEL));
	}
	good->pattern = PATTERN_RISING;
	chart_area(chart, good, ink_weak(TOKEN_OK, 0.7));
	chart_line(chart, good, ink(TOKEN_OK))->width = 1;
}

static void status_chart(struct page *page, struct box room)
{
	struct chart chart = time_chart(page, room);
	struct series few, *series = &few;
	struct chart_series good, both;
	double *sum = NULL;

	if (series_make(page->run.result, TIME_POINTS_FEW, page->arena,
		&few) == 0)
		sum = arena_alloc(page->arena, few.count * sizeof(*sum));
	page->scene->failed |= !sum;
	if (!sum)
		return;
	good = time_series(series, series->rate);
	for (unsigned i = 0; i < series->count; i++)
		sum[i] = series->rate[i] + series->errors[i];
	both = time_series(series, sum);
	chart.clock_ns = 0;
	axis_from_zero(&chart.y, series_most(sum, series->count), 1);
	chart_fit(&chart);
	chart_grid(&chart);
	if (series->count <= TIME_BARS_MAX) {
		time_bars(&chart, &both, TOKEN_SERVER);
		time_bars(&chart, &good, TOKEN_OK);
	} else {
		status_areas(page, &chart, &good, &both);
	}
	chart_marks(&chart, page->run.marks, page->run.mark_count);
}

void panel_status(struct page *page, struct box box)
{
	static const char title[] = "Status and errors";
	const struct chart_key keys[2] = {
		{ .label = "as expected/s", .ink = { TOKEN_OK, 1 },
		    .shape = KEY_BOX, .pattern = PATTERN_RISING },
		{ .label = "failed/s", .ink = { TOKEN_SERVER, 1 },
		    .shape = KEY_BOX, .pattern = PATTERN_CROSS } };
	struct box room = panel_open(page->scene, box, title), table = room;

	panel_keys(page->scene, box, title, keys, 2);
	table.w = fmin(fmax(room.w * 0.42, 180), 300);
	table.x = box_right(room) - table.w;
	room.w -= table.w + 16;
	if (page->run.series.count)
		status_chart(page, room);
	else
		panel_message(page->scene, room, "kept without its seconds");
	table.y += 4;
	table.h -= 4;
	status_table(page, table);
}

/* What a server did without a test; see server.h. */

#include "report/server.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "report/revision.h"
#include "report/tile.h"

#define SERVER_TICK 84.0		/* units for one */

/* ---- words ---- */

/* "2 h", of the whole time. */
static const char *server_words_span(const struct report_server *server,
    char words[WORDS_MAX])
{
	unsigned long seconds = (unsigned long)server->step_s * server->count;

	if (seconds % 86400 == 0)
		(void)snprintf(words, WORDS_MAX, "%lu day%s", seconds / 86400,
		    seconds == 86400 ? "" : "s");
	else if (seconds % 3600 == 0)
		(void)snprintf(words, WORDS_MAX, "%lu h", seconds / 3600);
	else if (seconds > 2 * 86400)
		(void)snprintf(words, WORDS_MAX, "%.1f days",
		    (double)seconds / 86400);
	else if (seconds > 3 * 3600)
		(void)snprintf(words, WORDS_MAX, "%.1f h",
		    (double)seconds / 3600);
	else if (seconds % 60 == 0)
		(void)snprintf(words, WORDS_MAX, "%lu min", seconds / 60);
	else
		(void)snprintf(words, WORDS_MAX, "%lu s", seconds);
	return words;
}

static double server_mean(const struct report_server *server,
    enum server_series id)
{
	return series_mean(server->points[id], 0, server->count);
}

static double server_most(const struct report_server *server,
    enum server_series id)
{
	return series_most(server->points[id], server->count);
}

/* ---- header and tiles ---- */

static void server_header(struct scene *scene,
    const struct report_server *server, struct box box)
{
	const struct scene_style title = { .size = 24, .bold = true };
	const struct scene_style line = { .size = 13,
		.ink = { TOKEN_MUTED, 1 }, .width_max = box.w };
	uint64_t to_s = server->from_s +
	    (uint64_t)server->step_s * server->count;
	char words[WORDS_MAX], from[48], to[48];

	(void)scene_text(scene, (struct point){ box.x, box.y + 22 }, &title,
	    "The server in the last %s", server_words_span(server, words));
	(void)scene_text(scene, (struct point){ box.x, box.y + 46 }, &line,
	    "%s to %s \xc2\xb7 a point is %u s \xc2\xb7 gaps were not "
	    "recorded \xc2\xb7 ringreport " PACKAGE_VERSION REPORT_REVISION,
	    report_words_date(from, server->from_s * NS_PER_SEC),
	    report_words_date(to, to_s * NS_PER_SEC), server->step_s);
}

static void server_tile(const struct report_server *server,
    struct tile *tile, enum server_series id, const char *label)
{
	*tile = (struct tile){ .label = label, .spark = server->points[id],
		.spark_count = server->count, .now = NAN, .below = "" };
}

static double server_tiles(struct scene *scene,
    const struct report_server *server, struct box box)
{
	struct tile tiles[PAGE_TILES];
	char words[WORDS_MAX];

	server_tile(server, &tiles[0], SERVER_REQUESTS, "Requests");
	(void)words_number(tiles[0].value, server->requests);
	server_tile(server, &tiles[1], SERVER_REQUESTS, "Rate");
	(void)snprintf(tiles[1].value, WORDS_MAX, "%.28s /s",
	    words_number(words, server_mean(server, SERVER_REQUESTS)));
	tiles[1].below = "the mean, without gaps";
	server_tile(server, &tiles[2], SERVER_P50, "p50 response");
	(void)report_words_time(tiles[2].value,
	    server_mean(server, SERVER_P50));
	tiles[2].below = "the mean of all points";
	server_tile(server, &tiles[3], SERVER_P99, "p99 response");
	(void)report_words_time(tiles[3].value,
	    server_mean(server, SERVER_P99));
	tiles[3].below = "the mean of all points";
	server_tile(server, &tiles[4], SERVER_MAX, "Longest");
	(void)report_words_time(tiles[4].value,
	    server_most(server, SERVER_MAX));
	server_tile(server, &tiles[5], SERVER_5XX, "Server errors");
	(void)words_number(tiles[5].value, server->errors);
	tiles[5].below = "answers 500 to 599";
	tiles[0].token = tiles[1].token = TOKEN_REQUESTS;
	tiles[2].token = TOKEN_P50;
	tiles[3].token = TOKEN_P99;
	tiles[4].token = TOKEN_P999;
	tiles[5].token = TOKEN_SERVER;
	tiles[0].minor = tiles[2].minor = tiles[4].minor = true;
	return tiles_show(scene, box, tiles, PAGE_TILES);
}

/* ---- charts ---- */

/* One line of a chart. */
struct server_line {
	enum server_series id;
	const char *label;
	enum theme_token token;
	enum scene_dash dash;
};

struct server_chart {
	const char *title;
	bool log, stacked;
	const char *right_unit;		/* of the last line, on the right; or
					 * NULL */
	const struct server_line *lines;
	unsigned count;
};

static const char *server_words_x(char words[WORDS_MAX], double x)
{
	(void)x;
	words[0] = '\0';
	return words;
}

static void server_marks(const struct report_server *server,
    struct chart *chart)
{
	struct chart_mark marks[SERVER_MARKS_MAX];

	for (unsigned i = 0; i < server->mark_count; i++)
		marks[i].at = (double)server->marks[i].time_s -
		    (double)server->from_s;
	chart_marks(chart, marks, server->mark_count);
}

/* At round times of the clock, wherever the report begins. */
static void server_ticks(const struct report_server *server,
    struct chart *chart)
{
	struct axis_ticks even;
	time_t from_s = (time_t)server->from_s;
	unsigned long step, past;
	struct tm tm = { .tm_gmtoff = 0 };

	axis_time_ticks(chart->x.high, (unsigned)fmax(chart->room.w /
	    SERVER_TICK, 2), &even);
	step = even.step < 1 ? 1 : (unsigned long)even.step;
	/* Without a zone it is that of Greenwich. */
	(void)localtime_r(&from_s, &tm);
	past = (server->from_s + (uint64_t)tm.tm_gmtoff) % step;
	for (double x = (double)((step - past) % step); x <= chart->x.high &&
	    chart->x_ticks.count < AXIS_TICKS_MAX; x += (double)step)
		chart->x_ticks.at[chart->x_ticks.count++] = x;
}

/* As much of "2026-11-22 20:43:58 UTC" as tells moments apart: with the date
 * of more than a day, with seconds where there are some. */
static const char *server_words_clock(const struct report_server *server,
    const struct chart *chart, double at, char date[48])
{
	const char *words = report_words_date(date, (server->from_s +
	    (uint64_t)at) * NS_PER_SEC);
	bool seconds = chart->x_ticks.count > 1 && chart->x_ticks.at[1] -
	    chart->x_ticks.at[0] < 60;

	if (strlen(words) < 19)		/* a time that is none */
		return words;
	date[seconds ? 19 : 16] = '\0';
	return words + ((uint64_t)server->step_s * server->count > 86400
	    ? 5 : 11);
}

static void server_clock(const struct report_server *server,
    struct chart *chart)
{
	struct scene_style style = { .ink = { TOKEN_FAINT, 1 },
		.anchor = ANCHOR_MIDDLE };
	double y = box_bottom(chart->plot) + 15;
	double end = -INFINITY;

	for (unsigned i = 0; i < chart->x_ticks.count; i++) {
		double x = chart_x(chart, chart->x_ticks.at[i]), half;
		char date[48];
		const char *words = server_words_clock(server, chart,
		    chart->x_ticks.at[i], date);

		half = scene_width(chart->scene, &style, words) / 2;
		if (x - half < end || x + half > box_right(chart->room) ||
		    x - half < chart->room.x)
			continue;
		(void)scene_text(chart->scene, (struct point){ x, y },
		    &style, "%s", words);
		end = x + half + 8;
	}
}

/* Of stacked series, what is at the top of each. */
static double *server_sums(struct scene *scene,
    const struct report_server *server, const struct server_chart *what,
    unsigned upto)
{
	double *sums = arena_calloc(scene->arena, server->count + 1,
	    sizeof(*sums));

	for (unsigned i = 0; sums && i < server->count; i++)
		for (unsigned k = 0; k <= upto; k++)
			sums[i] += server->points[what->lines[k].id][i];
	scene->failed |= !sums;
	return sums;
}

static void server_axis(struct scene *scene,
    const struct report_server *server, const struct server_chart *what,
    struct chart *chart)
{
	double least = NAN, most = NAN;
	double *sums = what->stacked ? server_sums(scene, server, what,
	    what->count - 1) : NULL;

	unsigned left = what->count - (what->right_unit ? 1 : 0);

	for (unsigned i = 0; i < left; i++) {
		const double *points = server->points[what->lines[i].id];

		most = fmax(most, series_most(points, server->count));
		for (unsigned k = 0; k < server->count; k++)
			if (points[k] > 0)
				least = fmin(least, points[k]);
	}
	if (sums)
		most = series_most(sums, server->count);
	if (what->log)
		axis_log_around(&chart->y, least, most, 1);
	else
		axis_from_zero(&chart->y, most, 1);
	/* Lower, so that the two are apart. */
	if (what->right_unit)
		axis_from_zero(&chart->right, 2.2 * server_most(server,
		    what->lines[left].id), 2);
}

static void server_lines(struct scene *scene,
    const struct report_server *server, const struct server_chart *what,
    struct chart *chart)
{
	static const enum scene_pattern patterns[] = { PATTERN_RISING,
		PATTERN_DOTS, PATTERN_UPRIGHT, PATTERN_CROSS };

	for (unsigned i = what->count; i-- > 0; ) {
		const struct server_line *line = &what->lines[i];
		struct chart_series series = { .count = server->count,
			.x0 = server->step_s / 2.0, .step = server->step_s,
			.edges = true,
			.values = server->points[line->id],
			.right = what->right_unit && i + 1 == what->count };

		if (what->stacked) {
			series.values = server_sums(scene, server, what, i);
			series.pattern = patterns[i % 4];
			if (!series.values)
				return;
			chart_area(chart, &series, ink(TOKEN_PANEL));
			chart_area(chart, &series, ink_weak(line->token,
			    0.75));
		} else {
			chart_line(chart, &series, ink(line->token))->dash =
			    line->dash;
		}
	}
}

static void server_keys(struct scene *scene,
    const struct report_server *server, const struct server_chart *what,
    struct box box)
{
	struct chart_key keys[4] = { { .label = NULL } };

	for (unsigned i = 0; i < what->count && i < 4; i++) {
		const struct server_line *line = &what->lines[i];
		double most = server_most(server, line->id);
		char words[WORDS_MAX];

		keys[i] = (struct chart_key){ .label = line->label,
			.ink = { line->token, 1 }, .dash = line->dash,
			.shape = what->stacked ? KEY_BOX : KEY_LINE };
		(void)snprintf(keys[i].value, sizeof(keys[i].value),
		    "max %s", what->log ? report_words_time(words, most)
		    : words_number(words, most));
	}
	panel_keys(scene, box, what->title, keys, what->count);
}

static void server_chart(struct scene *scene,
    const struct report_server *server, const struct server_chart *what,
    struct box box)
{
	struct box room = panel_open(scene, box, what->title);
	struct chart chart = { .scene = scene, .room = room,
		.x = { .high = (double)server->step_s * server->count },
		.x_words = server_words_x, .x_grid = true,
		.y_words = what->log ? axis_words_time : axis_words_count,
		.right_unit = what->right_unit,
		.right_words = what->right_unit ? axis_words_count : NULL };
	bool any = false;

	for (unsigned i = 0; i < what->count; i++)
		any |= !isnan(server_most(server, what->lines[i].id));
	if (!any) {
		panel_message(scene, room, "nothing was recorded");
		return;
	}
	server_axis(scene, server, what, &chart);
	server_ticks(server, &chart);
	chart_fit(&chart);
	chart_grid(&chart);
	server_clock(server, &chart);
	server_lines(scene, server, what, &chart);
	server_marks(server, &chart);
	server_keys(scene, server, what, box);
}

/* ---- the list of marks ---- */

static void server_list(struct scene *scene,
    const struct report_server *server, struct box box)
{
	struct box room = panel_open(scene, box, "What happened");
	const struct scene_style style = { .size = 12, .width_max = room.w,
		.ink = { TOKEN_MUTED, 1 } };
	unsigned rows = (unsigned)(room.h / 18), skip = 0;
	double y = room.y + 11;

	if (server->mark_count == 0)
		panel_message(scene, room, "no start, reload, crash or the "
		    "like in this time");
	if (server->mark_count > rows)
		skip = server->mark_count - rows;
	for (unsigned i = skip; i < server->mark_count; i++, y += 18) {
		const struct server_mark *mark = &server->marks[i];
		char date[48];

		(void)scene_text(scene, (struct point){ room.x, y }, &style,
		    "%c  %s  %s", 'A' + (char)i, report_words_date(date,
			mark->time_s * NS_PER_SEC),
		    scene_plain(scene, mark->text));
	}
}

/* ---- the page ---- */

static const struct server_line server_rate[] = {
	{ SERVER_REQUESTS, "requests/s", TOKEN_REQUESTS, DASH_NONE },
	{ SERVER_CLIENTS, "connections", TOKEN_CLIENTS, DASH_SHORT } };
static const struct server_line server_times[] = {
	{ SERVER_P50, "p50", TOKEN_P50, DASH_NONE },
	{ SERVER_P99, "p99", TOKEN_P99, DASH_NONE },
	{ SERVER_MAX, "longest", TOKEN_P999, DASH_DOTS } };
static const struct server_line server_status[] = {
	{ SERVER_2XX, "2xx", TOKEN_OK, DASH_NONE },
	{ SERVER_3XX, "3xx", TOKEN_MOVED, DASH_NONE },
	{ SERVER_4XX, "4xx", TOKEN_CLIENT, DASH_NONE },
	{ SERVER_5XX, "5xx", TOKEN_SERVER, DASH_NONE } };
static const struct server_line server_inside[] = {
	{ SERVER_LAG, "loop lag p99", TOKEN_CLIENT, DASH_NONE },
	{ SERVER_POOL_WAIT, "pool wait p99", TOKEN_STAGE_SEND, DASH_LONG } };

static const struct server_chart server_charts[] = {
	{ .title = "Requests and connections", .lines = server_rate,
	    .count = 2, .right_unit = "connections" },
	{ .title = "Response time", .log = true, .lines = server_times,
	    .count = 3 },
	{ .title = "Answers a second", .stacked = true,
	    .lines = server_status, .count = 4 },
	{ .title = "Inside", .log = true, .lines = server_inside,
	    .count = 2 },
};

void page_server_layout(struct scene *scene,
    const struct report_server *server, double width, double height)
{
	struct box box = { PAGE_MARGIN, 24, width - 2 * PAGE_MARGIN, 56 };
	double each;

	scene_ground(scene, width, height);
	scene->title = "What the server did";
	server_header(scene, server, box);
	box.y += box.h + PAGE_GAP;
	box.h = height - box.y - 24;
	box.y += server_tiles(scene, server, box) + PAGE_GAP;
	each = (height - box.y - 24 - 2 * PAGE_GAP) / 3;
	if (each < 130)		/* a card */
		each = height - box.y - 24;
	if (each < 130)
		return;
	box.h = each;
	box.w = (box.w - PAGE_GAP) / 2;
	for (unsigned i = 0; i < 4 && box_bottom(box) <= height; i++) {
		server_chart(scene, server, &server_charts[i], box);
		box.x += i % 2 ? -box.w - PAGE_GAP : box.w + PAGE_GAP;
		box.y += i % 2 ? each + PAGE_GAP : 0;
	}
	box.w = width - 2 * PAGE_MARGIN;
	if (box_bottom(box) <= height)
		server_list(scene, server, box);
}

/* Two runs side by side: A in grey, as what was, B in colour. */

#include <math.h>
#include <stdio.h>

#include "load/latency.h"
#include "report/page.h"

static const struct scene_ink compare_a = { TOKEN_FAINT, 1 };
static const struct scene_ink compare_b = { TOKEN_REQUESTS, 1 };

#define COMPARE_RATIO_MIN 0.05		/* what the axis shows at least */

/* ---- header ---- */

/* What the figures that differ say together. */
static const char *compare_verdict(const struct page *page,
    enum theme_token *ret)
{
	const Ringmaster__V1__LoadComparison *comparison = page->comparison;
	unsigned better = 0, worse = 0;

	for (size_t i = 0; i < comparison->n_differences; i++) {
		const Ringmaster__V1__LoadDifference *difference =
		    comparison->differences[i];
		bool more = strcmp(difference->figure, "rate") == 0;

		if (!difference->shown)
			continue;
		if ((difference->ratio > 1) == more)
			better++;
		else
			worse++;
	}
	*ret = worse && better ? TOKEN_CLIENT : worse ? TOKEN_SERVER
	    : better ? TOKEN_OK : TOKEN_MUTED;
	return worse && better ? "MIXED" : worse ? "B IS SLOWER"
	    : better ? "B IS FASTER" : "NO DIFFERENCE SHOWN";
}

static void compare_side(struct page *page, const struct page_run *run,
    const char *name, struct point at)
{
	struct scene_style style = { .size = 13, .ink = { TOKEN_MUTED, 1 },
		.width_max = page->scene->width - 2 * PAGE_MARGIN - 46 };
	const Ringmaster__V1__LoadResult *result = run->result;
	const struct scene_style bold = { .size = 13, .bold = true };
	bool second = run == &page->run;
	struct scene_item *line = scene_rule(page->scene,
	    (struct point){ at.x, at.y - 4.5 },
	    (struct point){ at.x + 18, at.y - 4.5 },
	    second ? compare_b : compare_a);
	char date[48];

	line->width = 2;
	line->dash = second ? DASH_NONE : DASH_LONG;
	(void)scene_text(page->scene, (struct point){ at.x + 26, at.y },
	    &bold, "%s", name);
	(void)scene_text(page->scene, (struct point){ at.x + 42, at.y },
	    &style, "%s%s%s \xc2\xb7 %s \xc2\xb7 %s \xc2\xb7 run %s",
	    scene_plain(page->scene, result->name),
	    result->name[0] ? " \xc2\xb7 " : "",
	    scene_plain(page->scene, result->url), page_model(page, result),
	    report_words_date(date, result->started_unix_ns),
	    scene_plain(page->scene, result->run));
}

static void compare_header(struct page *page, struct box box)
{
	const struct scene_style title = { .size = 24, .bold = true };
	enum theme_token token;
	const char *word = compare_verdict(page, &token);

	page->scene->title = page_print(page, "A against B: %s", word);
	(void)scene_text(page->scene, (struct point){ box.x, box.y + 22 },
	    &title, "A against B");
	(void)page_chip(page, (struct point){ box_right(box), box.y }, word,
	    token);
	compare_side(page, &page->before, "A", (struct point){ box.x,
	    box.y + 47 });
	compare_side(page, &page->run, "B", (struct point){ box.x,
	    box.y + 69 });
}

/* ---- over time ---- */

struct compare_time {
	const char *title;
	const double *a, *b;
	bool log;
};

static void compare_lines(struct page *page, struct chart *chart,
    const struct compare_time *what)
{
	const struct series *a = &page->before.series, *b = &page->run.series;
	struct chart_series line = { .values = what->a, .count = a->count,
		.x0 = a->step / 2.0, .step = a->step, .edges = true };
	struct scene_item *item;

	if (what->a) {
		item = chart_line(chart, &line, compare_a);
		item->dash = DASH_LONG;
		item->width = 1.75;
	}
	line = (struct chart_series){ .values = what->b, .count = b->count,
		.x0 = b->step / 2.0, .step = b->step, .edges = true };
	if (what->b)
		chart_line(chart, &line, compare_b)->width = 1.75;
}

static void compare_axis(struct page *page, struct chart *chart,
    const struct compare_time *what)
{
	unsigned a = page->before.series.count, b = page->run.series.count;
	double most = NAN, least = NAN;

	if (what->a) {
		most = series_most(what->a, a);
		least = series_least(what->a, a);
	}
	if (what->b) {
		most = fmax(most, series_most(what->b, b));
		least = fmin(least, series_least(what->b, b));
	}
	if (what->log)
		axis_log_around(&chart->y, least, most, 0.5);
	else
		axis_from_zero(&chart->y, most, 1);
}

static void compare_time(struct page *page, struct box box,
    const struct compare_time *what)
{
	const struct chart_key keys[2] = {
		{ .label = "A", .ink = compare_a, .dash = DASH_LONG },
		{ .label = "B", .ink = compare_b } };
	struct box room = panel_open(page->scene, box, what->title);
	struct chart chart = { .scene = page->scene, .room = room,
		.x = { .high = fmax(page->before.series.span,
		    page->run.series.span) },
		.x_words = axis_words_elapsed, .elapsed = true, .x_grid = true,
		.y_words = what->log ? axis_words_time : axis_words_count };

	if (!what->a && !what->b) {
		panel_message(page->scene, room,
		    "these runs were kept without their seconds");
		return;
	}
	compare_axis(page, &chart, what);
	chart_fit(&chart);
	chart_grid(&chart);
	compare_lines(page, &chart, what);
	panel_keys(page->scene, box, what->title, keys, 2);
}

static void compare_times(struct page *page, struct box box)
{
	const struct series *a = &page->before.series, *b = &page->run.series;
	const struct compare_time rate = { "Requests a second",
		a->count ? a->rate : NULL, b->count ? b->rate : NULL, false };
	const struct compare_time p99 = { "p99 response time",
		a->count ? a->p99 : NULL, b->count ? b->p99 : NULL, true };

	box.w = (box.w - PAGE_GAP) / 2;
	compare_time(page, box, &rate);
	box.x += box.w + PAGE_GAP;
	compare_time(page, box, &p99);
}

/* ---- by percentile ---- */

static const char *compare_ratio_words(char words[WORDS_MAX], double change)
{
	return change == 0 ? axis_words_count(words, 0)
	    : report_words_change(words, change);
}

/* Of each percentile both have, the change from A to B. */
static unsigned compare_ratios(const struct page *page,
    struct point points[SERIES_CURVE_MAX])
{
	const Ringmaster__V1__LoadLatency *a = page->before.result->latency;
	struct series_curve curve;
	unsigned count = 0;

	series_curve(page->run.result->latency, &curve);
	/* The fastest of all says nothing. */
	for (unsigned i = 1; i < curve.count && a->count; i++) {
		double q = curve.q[i], before = latency_quantile(a, q);

		if ((double)a->count * (1 - q) < 1 || !(before > 0))
			break;
		points[count++] = (struct point){ 1 / (1 - q),
			curve.seconds[i] / before - 1 };
	}
	return count;
}

static const char *compare_percent_words(char words[WORDS_MAX], double x)
{
	int decimals = (int)round(log10(x)) - 2;

	(void)snprintf(words, WORDS_MAX, "%.*f %%", decimals > 0 ? decimals
	    : 0, (1 - 1 / x) * 100);
	return words;
}

static void compare_ratio(struct page *page, struct box box)
{
	static const char title[] = "B against A by percentile";
	struct box room = panel_open(page->scene, box, title);
	struct point *points = scene_points(page->scene, SERIES_CURVE_MAX);
	unsigned count = points ? compare_ratios(page, points) : 0;
	struct chart chart = { .scene = page->scene, .room = room,
		.x = { .low = 1, .high = 100, .log = true }, .x_grid = true,
		.x_words = compare_percent_words,
		.y_words = compare_ratio_words };
	double most = COMPARE_RATIO_MIN;

	for (unsigned i = 0; i < count; i++) {
		most = fmax(most, fabs(points[i].y));
		chart.x.high = fmax(chart.x.high, points[i].x);
	}
	if (count == 0) {
		panel_message(page->scene, room, "nothing to compare");
		return;
	}
	for (double x = 1; x <= chart.x.high; x = x == 1 ? 2 : x == 2 ? 10
	    : x * 10)
		chart.x_ticks.at[chart.x_ticks.count++] = x;
	chart.y = (struct axis){ .low = -most * 1.05, .high = most * 1.05 };
	chart_fit(&chart);
	chart_grid(&chart);
	(void)scene_rule(page->scene, (struct point){ chart.plot.x,
	    chart_y(&chart, 0) }, (struct point){ box_right(chart.plot),
	    chart_y(&chart, 0) }, ink(TOKEN_EDGE));
	for (unsigned i = 0; i < count; i++)
		points[i] = (struct point){ chart_x(&chart, points[i].x),
			chart_y(&chart, points[i].y) };
	scene_line(page->scene, points, count, compare_b)->width = 2;
}

/* ---- in words ---- */

static void compare_words(struct page *page, struct box box)
{
	const Ringmaster__V1__LoadComparison *comparison = page->comparison;
	struct notes notes = notes_open(page, box, "In words");

	for (size_t i = 0; i < comparison->n_differences; i++)
		notes_line(&notes, comparison->differences[i]->shown
		    ? TOKEN_REQUESTS : TOKEN_FAINT,
		    comparison->differences[i]->words);
	for (size_t i = 0; i < comparison->n_warnings; i++)
		notes_line(&notes, TOKEN_CLIENT, comparison->warnings[i]);
}

void page_compare_layout(struct page *page, double width, double height)
{
	struct box box = { PAGE_MARGIN, 24, width - 2 * PAGE_MARGIN,
		PAGE_HEADER };
	struct box half;
	double each;

	scene_ground(page->scene, width, height);
	compare_header(page, box);
	page_colophon(page);
	box.y += box.h + PAGE_GAP;
	box.h = height - box.y - 24;
	box.y += page_tiles(page, box) + PAGE_GAP;
	box.h = height - box.y - 24;
	each = (box.h - 2 * PAGE_GAP) / 3;
	if (each < PAGE_CHART_MIN) {
		if (box.h >= PAGE_CHART_MIN)
			compare_times(page, box);
		return;
	}
	box.h = each;
	compare_times(page, box);
	box.y += each + PAGE_GAP;
	half = box;
	half.w = (box.w - PAGE_GAP) / 2;
	panel_percentiles(page, half);
	half.x += half.w + PAGE_GAP;
	compare_ratio(page, half);
	box.y += each + PAGE_GAP;
	compare_words(page, box);
}

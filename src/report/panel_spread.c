/* Panels of how response times are distributed. */

#include <math.h>
#include <stdio.h>

#include "load/latency.h"
#include "load/slo.h"
#include "report/page.h"

#define SPREAD_LABEL 100.0		/* units, of the left end */

/* Where curves that rise to the right leave room for a label. */
static enum chart_limit spread_side(const struct page *page,
    const struct chart *chart, double limit)
{
	struct series_curve curve;

	series_curve(page->run.result->latency, &curve);
	for (unsigned i = 0; i < curve.count; i++)
		if (chart_x(chart, 1 / (1 - curve.q[i])) < chart->plot.x +
		    SPREAD_LABEL && curve.seconds[i] > limit)
			return LIMIT_RIGHT;
	return LIMIT_LEFT;
}

/* The objective about response times, as a line. */
static void spread_limits(struct page *page, struct chart *chart,
    bool upright)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;

	for (size_t i = 0; i < result->n_slos; i++) {
		const char *text = result->slos[i]->text;
		struct slo_list list = { .count = 0 };
		char why[8];

		if (slo_parse(&list, slice_cstr(text), false, why,
			sizeof(why)) != 0 || list.count != 1 ||
		    list.items[0].figure == SLO_ERRORS ||
		    list.items[0].figure == SLO_RATE)
			continue;
		chart_limit(chart, list.items[0].limit, upright ? LIMIT_UPRIGHT
		    : spread_side(page, chart, list.items[0].limit),
		    scene_plain(page->scene, text));
		return;		/* labels of more would lie on each other */
	}
}

/* ---- distribution ---- */

static void distribution_bars(struct page *page, struct chart *chart,
    const struct series_bars *bars)
{
	struct point *points = scene_points(page->scene, 4 * bars->count);
	double width = chart->plot.w / bars->count;
	double bottom = box_bottom(chart->plot);
	struct scene_item *item;

	for (unsigned i = 0; points && i < bars->count; i++) {
		double x = chart->plot.x + i * width;
		double right = x + fmax(width - 1, 0.5), y = bottom;

		/* What is there is seen. */
		if (bars->shares[i] > 0)
			y = fmin(chart_y(chart, bars->shares[i] * 100),
			    bottom - 1);
		points[4 * i] = (struct point){ x, bottom };
		points[4 * i + 1] = (struct point){ x, y };
		points[4 * i + 2] = (struct point){ right, y };
		points[4 * i + 3] = (struct point){ right, bottom };
	}
	item = scene_area(page->scene, points, points ? 4 * bars->count : 0,
	    ink_weak(TOKEN_REQUESTS, 0.85));
	item->crisp = true;
}

static void distribution_sum(struct page *page, struct chart *chart,
    const struct series_bars *bars)
{
	struct point *points = scene_points(page->scene, bars->count + 1);
	double width = chart->plot.w / bars->count, sum = 0;

	if (!points)
		return;
	for (unsigned i = 0; i <= bars->count; i++) {
		points[i] = (struct point){ chart->plot.x + i * width,
			axis_place(&chart->right, sum * 100) };
		sum += i < bars->count ? bars->shares[i] : 0;
	}
	scene_line(page->scene, points, bars->count + 1, ink(TOKEN_P999))
	    ->width = 1.75;
}

/* Where percentiles are, with their names, while there is room for these. */
static void distribution_names(struct page *page, struct chart *chart)
{
	static const struct { const char *name; double q; } names[] = {
		{ "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 },
		{ "p99.9", 0.999 } };
	const Ringmaster__V1__LoadLatency *latency = page->run.result->latency;
	struct scene_style style = { .anchor = ANCHOR_MIDDLE,
		.ink = { TOKEN_TEXT, 1 } };
	double end = chart->plot.x;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		double x, half = scene_width(page->scene, &style,
		    names[i].name) / 2;

		if (latency->count < latency_needs(names[i].q))
			break;
		x = chart_x(chart, latency_quantile(latency, names[i].q));
		if (x - half < end || x + half > box_right(chart->plot))
			continue;
		scene_rule(page->scene, (struct point){ x,
		    chart->plot.y - 2 }, (struct point){ x,
		    box_bottom(chart->plot) }, ink_weak(TOKEN_TEXT, 0.6))
		    ->dash = DASH_DOTS;
		(void)scene_text(page->scene, (struct point){ x,
		    chart->plot.y - 5 }, &style, "%s", names[i].name);
		end = x + half + 6;
	}
}

static const char *distribution_percent(char words[WORDS_MAX], double value)
{
	(void)snprintf(words, WORDS_MAX, "%.4g %%", value);
	return words;
}

void panel_distribution(struct page *page, struct box box)
{
	static const char title[] = "Distribution";
	const struct chart_key keys[2] = {
		{ .label = "share of requests", .shape = KEY_BOX,
		    .ink = { TOKEN_REQUESTS, 0.85 } },
		{ .label = "up to here", .ink = { TOKEN_P999, 1 } } };
	struct box room = panel_open(page->scene, box, title);
	struct chart chart = { .scene = page->scene, .room = room,
		.x_words = axis_words_time, .y_words = distribution_percent,
		.right = { .low = 0, .high = 100 },
		.right_words = distribution_percent };
	struct series_bars bars;

	if (!series_bars(page->run.result->latency, &bars)) {
		panel_message(page->scene, room, "nothing was answered");
		return;
	}
	chart.room.y += 8;
	chart.room.h -= 8;
	chart.x = (struct axis){ .low = bars.low, .high = bars.high,
		.log = true };
	axis_from_zero(&chart.y, bars.most * 100, 0.1);
	chart_fit(&chart);
	chart_grid(&chart);
	distribution_bars(page, &chart, &bars);
	distribution_sum(page, &chart, &bars);
	distribution_names(page, &chart);
	spread_limits(page, &chart, true);
	panel_keys(page->scene, box, title, keys, 2);
}

/* ---- percentiles ---- */

/* At x = 1 / (1 - q). */
static const char *percentile_words(char words[WORDS_MAX], double x)
{
	double q = (1 - 1 / x) * 100;
	int decimals = (int)round(log10(x)) - 2;

	(void)snprintf(words, WORDS_MAX, "%.*f %%", decimals > 0 ? decimals
	    : 0, q);
	return words;
}

static void percentile_curve(struct page *page, struct chart *chart,
    const Ringmaster__V1__LoadLatency *latency, const struct chart_key *key)
{
	struct point *points = scene_points(page->scene, SERIES_CURVE_MAX);
	struct series_curve curve;
	struct scene_item *item;

	series_curve(latency, &curve);
	if (!points || curve.count == 0)
		return;
	for (unsigned i = 0; i < curve.count; i++)
		points[i] = (struct point){ chart_x(chart,
		    1 / (1 - curve.q[i])), chart_y(chart, curve.seconds[i]) };
	item = scene_line(page->scene, points, curve.count, key->ink);
	item->dash = key->dash;
	item->width = key->dash == DASH_NONE ? 2 : 1.5;
}

static void percentile_axes(struct page *page, struct chart *chart)
{
	const Ringmaster__V1__LoadLatency *latency = page->run.result->latency;
	const Ringmaster__V1__LoadLatency *others[2] = {
		page->run.result->service, page->before.result
		    ? page->before.result->latency : latency };
	double low = latency->min, high = latency->max;
	double most = fmax((double)latency->count, 100);

	for (unsigned i = 0; i < 2; i++) {
		if (others[i]->count == 0)
			continue;
		low = fmin(low, others[i]->min);
		high = fmax(high, others[i]->max);
	}
	axis_log_around(&chart->y, low, high, 1);
	chart->x = (struct axis){ .low = 1, .high = most, .log = true };
	for (double x = 1; x <= most && chart->x_ticks.count < AXIS_TICKS_MAX;
	    x = x == 1 ? 2 : x == 2 ? 10 : x * 10)
		chart->x_ticks.at[chart->x_ticks.count++] = x;
}

void panel_percentiles(struct page *page, struct box box)
{
	static const char title[] = "Percentiles";
	struct chart_key keys[3] = {
		{ .label = page->comparison ? "B" : "response",
		    .ink = { page->comparison ? TOKEN_REQUESTS : TOKEN_P99,
			1 } },
		{ .label = "service", .ink = { TOKEN_OK, 1 },
		    .dash = DASH_LONG } };
	const Ringmaster__V1__LoadLatency *before = page->before.result
	    ? page->before.result->latency : NULL;
	struct box room = panel_open(page->scene, box, title);
	struct chart chart = { .scene = page->scene, .room = room,
		.x_words = percentile_words, .y_words = axis_words_time,
		.x_grid = true };
	unsigned count = 1;

	if (page->run.result->latency->count == 0) {
		panel_message(page->scene, room, "nothing was answered");
		return;
	}
	percentile_axes(page, &chart);
	chart_fit(&chart);
	chart_grid(&chart);
	if (before && before->count && before->n_bins) {
		keys[2] = (struct chart_key){
			.label = page->comparison ? "A" : "the run before",
			.ink = { TOKEN_FAINT, 1 }, .dash = page->comparison
			    ? DASH_LONG : DASH_SHORT };
		percentile_curve(page, &chart, before, &keys[2]);
	}
	/* In the closed model the two are the same. */
	if (page->run.open && page->run.result->service->count &&
	    !page->comparison) {
		percentile_curve(page, &chart, page->run.result->service,
		    &keys[1]);
		count = 2;
	}
	percentile_curve(page, &chart, page->run.result->latency, &keys[0]);
	spread_limits(page, &chart, false);
	if (keys[2].label)
		keys[count++] = keys[2];
	if (page->comparison && count == 2) {
		keys[1] = keys[0];
		keys[0] = keys[2];
	}
	panel_keys(page->scene, box, title, keys, count);
}

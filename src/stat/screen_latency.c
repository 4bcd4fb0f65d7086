#include <math.h>
#include <stdio.h>

#include "stat/plot.h"
#include "stat/screen.h"

enum {
	LATENCY_AXIS = 9,	/* columns of the heat strip's labels */
	LATENCY_SIDE = 38,	/* columns of the percentiles */
	LATENCY_BARS_MAX = 300,
};

static const char *const latency_windows[WINDOW_COUNT] = {
	[WINDOW_LATELY] = "lately", [WINDOW_INTERVAL] = "last interval",
	[WINDOW_START] = "since start",
};

static const struct hist *latency_window(const struct view *view,
    const struct track_hist *hist)
{
	switch ((enum view_window)view->window) {
	case WINDOW_INTERVAL:
		return &hist->interval;
	case WINDOW_START:
		return &hist->total;
	default:
		return &hist->lately;
	}
}

static const struct hist *latency_hist(const struct view *view)
{
	return latency_window(view, &view->track->all);
}

static double latency_quantile(const struct hist *hist, double q)
{
	return hist->count ? (double)hist_quantile_ns(hist, q) * 1e-9 : NAN;
}

/* ---- the distribution ---- */

/* The decades, in powers of ten of seconds, that durations lie in. */
static void latency_decades(const struct hist *hist, int ends[2])
{
	unsigned first = HIST_BINS, last = 0;

	for (unsigned i = 0; i < HIST_BINS; i++)
		if (hist->bins[i]) {
			first = i < first ? i : first;
			last = i;
		}
	if (first == HIST_BINS) {
		ends[0] = -5;
		ends[1] = -1;
		return;
	}
	ends[0] = (int)(first / HIST_BINS_PER_DECADE) - 6;
	ends[1] = (int)(last / HIST_BINS_PER_DECADE) - 5;
	/* One decade alone is no axis. */
	if (ends[1] - ends[0] < 2)
		ends[ends[0] > -6 ? 0 : 1] += ends[0] > -6 ? -1 : 1;
}

/* Column of a time on an axis of `columns` from one decade to another. */
static unsigned latency_column(double seconds, const int ends[2],
    unsigned columns)
{
	double at = (log10(seconds) - ends[0]) / (ends[1] - ends[0]);

	if (!(at > 0))
		return 0;
	return at >= 1 ? columns - 1 : (unsigned)(at * columns);
}

static void latency_bars(const struct hist *hist, const int ends[2],
    double *bars, unsigned columns)
{
	for (unsigned i = 0; i < columns; i++)
		bars[i] = 0;
	/*
	 * A bin may be as wide as several columns, where they are many: it
	 * is spread over them.
	 */
	for (unsigned i = 0; i < HIST_BINS; i++) {
		unsigned from, to;

		if (hist->bins[i] == 0)
			continue;
		from = latency_column((double)hist_bin_lower_ns(i) * 1e-9 *
		    1.0001, ends, columns);
		to = latency_column((double)hist_bin_upper_ns(i) * 1e-9 *
		    0.9999, ends, columns);
		for (unsigned k = from; k <= to; k++)
			bars[k] += (double)hist->bins[i] / (to - from + 1);
	}
}

static void latency_axis(struct area area, const int ends[2])
{
	unsigned free_from = 0;

	for (int decade = ends[0]; decade <= ends[1]; decade++) {
		struct word word = screen_decade(decade);
		unsigned width = canvas_width(area.canvas, word.s);
		unsigned at = (unsigned)((decade - ends[0]) *
		    (int)area.columns / (ends[1] - ends[0]));
		struct pen pen;

		if (at + width > area.columns)
			at = area.columns - width;
		if (at < free_from)
			continue;
		pen = pen_at(area, at, 0);
		pen_text(&pen, STYLE_FAINT, word.s);
		free_from = at + width + 1;
	}
}

/* A vertical line with its name at the top. */
static void latency_line(struct area area, double seconds,
    const int ends[2], const char *name)
{
	unsigned x = latency_column(seconds, ends, area.columns);
	unsigned width = canvas_width(area.canvas, name);
	struct pen pen;

	for (unsigned y = 1; y < area.rows; y++) {
		struct area cell = area_columns(area_rows(area, y, 1), x, 1);

		area_clear(cell);
		area_put(cell, 0, 0, canvas_utf8(area.canvas) ? 0x2502 : '|',
		    STYLE_CLIENT);
	}
	pen = pen_at(area, x + width <= area.columns ? x
	    : area.columns - width, 0);
	area_clear(area_columns(area_rows(area, 0, 1), pen.x, width));
	pen_text(&pen, STYLE_CLIENT, name);
}

/* The part of a column that was answered from the cache: as varnishhist has
 * it, so that it can be told without colours. */
static void latency_hits(struct area area, unsigned x, double share)
{
	unsigned rows = (unsigned)(share * area.rows);

	for (unsigned row = 0; row < rows && row < area.rows; row++)
		area_put(area, x, area.rows - 1 - row, '|', STYLE_OK);
}

static void latency_distribution(const struct view *view, struct area area)
{
	const struct hist *hist = latency_hist(view);
	const struct hist *hits = latency_window(view, &view->track->hits);
	char note[4 * WORDS_MAX];
	struct area inner, plot;
	double bars[LATENCY_BARS_MAX], cached[LATENCY_BARS_MAX], max = 0;
	int ends[2];

	(void)snprintf(note, sizeof(note), "%s, %s requests, | %s cached",
	    latency_windows[view->window],
	    word_short((double)hist->count).s,
	    word_short((double)hits->count).s);
	inner = area_box(area, "Distribution of response times", note);
	inner = area_columns(inner, 1, inner.columns - 2);
	plot = area_rows(area_columns(inner, 0, LATENCY_BARS_MAX), 0,
	    inner.rows - 1);
	latency_decades(hist, ends);
	latency_bars(hist, ends, bars, plot.columns);
	latency_bars(hits, ends, cached, plot.columns);
	for (unsigned i = 0; i < plot.columns; i++)
		max = fmax(max, bars[i]);
	for (unsigned i = 0; max > 0 && i < plot.columns; i++) {
		struct area columns = area_rows(plot, 1, plot.rows - 1);

		plot_column(columns, i, bars[i] / max, STYLE_REQUESTS_TOP);
		latency_hits(columns, i, cached[i] / max);
	}
	if (max > 0) {
		latency_line(plot, latency_quantile(hist, 0.99), ends, "p99");
		latency_line(plot, latency_quantile(hist, 0.5), ends, "p50");
	}
	latency_axis(area_rows(area_columns(inner, 0, plot.columns),
	    inner.rows - 1, 1), ends);
}

static void latency_percentiles(const struct view *view, struct area area)
{
	static const struct {
		const char *name;
		double q;
	} rows[] = { { "p50", 0.5 }, { "p75", 0.75 }, { "p90", 0.9 },
		{ "p95", 0.95 }, { "p99", 0.99 }, { "p99.9", 0.999 },
		{ "p99.99", 0.9999 }, { "max", 1 } };
	const struct hist *hist = latency_hist(view);
	double last = log10(fmax(latency_quantile(hist, 1), 1e-6) / 1e-6);
	struct area inner = area_box(area, "Percentiles",
	    latency_windows[view->window]);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows) &&
	    i < inner.rows; i++) {
		double seconds = latency_quantile(hist, rows[i].q);
		struct pen pen = pen_at(inner, 1, i);

		pen_fit(&pen, STYLE_FAINT, 7, rows[i].name);
		pen_right(&pen, STYLE_STRONG, 8, word_time(seconds).s);
		if (inner.columns > pen.x + 4)
			plot_meter(area_rows(area_columns(inner, pen.x + 1,
			    inner.columns - pen.x - 2), i, 1),
			    last > 0 ? log10(seconds / 1e-6) / last : 0,
			    STYLE_REQUESTS_TOP);
	}
}

/* ---- over time ---- */

/* What was in one sample: a row may be several of the heat's, or a part. */
static void latency_heat_column(struct area area, const uint32_t *heat,
    const int ends[2])
{
	unsigned first = (unsigned)(ends[0] + 6) * TRACK_HEAT_EACH;
	unsigned rows = (unsigned)(ends[1] - ends[0]) * TRACK_HEAT_EACH;
	uint32_t sum = 0;

	for (unsigned i = 0; i < TRACK_HEATS; i++)
		sum += heat[i];
	for (unsigned y = 0; sum && y < area.rows; y++) {
		unsigned from = y * rows / area.rows;
		unsigned to = (y + 1) * rows / area.rows;
		uint32_t here = 0;

		for (unsigned i = from; i < to || i == from; i++)
			here += first + i < TRACK_HEATS ? heat[first + i] : 0;
		/* The root lets a few be seen beside many. */
		plot_heat(area, 0, area.rows - 1 - y, sqrt((double)here / sum));
	}
}

static void latency_heat(const struct view *view, struct area area)
{
	const struct track *track = view->track;
	char span[2 * WORDS_MAX], note[3 * WORDS_MAX];
	struct area inner, plot;
	int ends[2];
	unsigned columns;

	latency_decades(&track->all.lately, ends);
	inner = area_rows(area_columns(area, 1 + LATENCY_AXIS,
	    area.columns - 2 - LATENCY_AXIS), 1, area.rows - 2);
	columns = inner.columns < track->count ? inner.columns : track->count;
	(void)snprintf(span, sizeof(span), "%s", columns > 1 ? word_span(
	    track->lines[TRACK_TIME][track->count - 1] -
	    track->lines[TRACK_TIME][track->count - columns]).s : "0 s");
	(void)snprintf(note, sizeof(note), "last %s", span);
	(void)area_box(area, "Response times over time", note);
	plot = inner;
	for (int decade = ends[0]; decade < ends[1]; decade++) {
		int up = (decade - ends[0]) * (int)plot.rows /
		    (ends[1] - ends[0]);
		struct pen pen = pen_at(area, 1, plot.rows - (unsigned)up);

		pen_right(&pen, STYLE_FAINT, LATENCY_AXIS - 1,
		    screen_decade(decade).s);
	}
	for (unsigned x = 0; x < columns; x++)
		latency_heat_column(area_columns(plot, plot.columns - 1 - x,
		    1), track->heat[track->count - 1 - x], ends);
}

static void latency_stages(const struct view *view, struct area area)
{
	const Ringmaster__V1__Histogram *all[TRACK_STAGES];
	struct area inner = area_box(area, "Stages", "of a sample");
	struct pen pen = pen_at(inner, 11, 0);

	track_stage_hists(view->track->now, all);
	pen_right(&pen, STYLE_FAINT, 8, "p50");
	pen_right(&pen, STYLE_FAINT, 9, "p99");
	pen_text(&pen, STYLE_FAINT, "  share");
	for (unsigned i = 0; i < TRACK_STAGES && i + 1 < inner.rows; i++) {
		bool any = all[i] && all[i]->count;

		pen = pen_at(inner, 1, i + 1);
		pen_fit(&pen, (enum canvas_style)(STYLE_STAGE + i), 10,
		    track_stages[i]);
		pen_right(&pen, STYLE_PLAIN, 8, word_time(any ? all[i]->p50
							      : NAN).s);
		pen_right(&pen, STYLE_PLAIN, 9, word_time(any ? all[i]->p99
							      : NAN).s);
		if (inner.columns > pen.x + 6)
			plot_meter(area_rows(area_columns(inner, pen.x + 2,
			    inner.columns - pen.x - 3), i + 1, 1),
			    view->track->stage_shares[i],
			    (enum canvas_style)(STYLE_STAGE + i));
	}
}

void screen_latency(struct view *view, struct area body)
{
	unsigned side = body.columns / 3 > LATENCY_SIDE ? body.columns / 3
							: LATENCY_SIDE;
	unsigned upper = body.rows / 2;
	struct area top = area_rows(body, 0, upper);
	struct area bottom = area_rows(body, upper, body.rows - upper);

	(void)screen_list(view, 0, 0);
	latency_distribution(view, area_columns(top, 0,
	    body.columns - side));
	latency_percentiles(view, area_columns(top, body.columns - side,
	    side));
	latency_heat(view, area_columns(bottom, 0, body.columns - side));
	latency_stages(view, area_columns(bottom, body.columns - side, side));
}

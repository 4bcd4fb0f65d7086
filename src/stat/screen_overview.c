#include <math.h>
#include <stdio.h>

#include "stat/plot.h"
#include "stat/screen.h"

enum {
	OVERVIEW_CARDS = 8,
	OVERVIEW_WIDE = 160,	/* columns for all cards in one row */
	OVERVIEW_TALL = 42,	/* rows for a third band of pictures */
	OVERVIEW_CLASSES_SIDE = 52,
};

/* ---- cards ---- */

struct overview_card {
	const char *title;
	enum canvas_style style;	/* of the value */
	char value[2 * WORDS_MAX];
	char detail[3 * WORDS_MAX];
	enum track_line line;		/* for a picture, where there is room */
	enum canvas_style ramp;
	unsigned ramp_len;
};

static void overview_requests(const struct view *view,
    struct overview_card *card)
{
	const struct track *track = view->track;

	(void)snprintf(card->value, sizeof(card->value), "%s/s",
	    word_number(track_last(track, TRACK_REQUEST_RATE)).s);
	(void)snprintf(card->detail, sizeof(card->detail), "%s  max %s",
	    word_short((double)track->now->total_requests).s,
	    word_short(track->peak_rate).s);
}

static void overview_connections(const struct view *view,
    struct overview_card *card)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;
	const Ringmaster__V1__Connections *all = now->connections;

	(void)snprintf(card->value, sizeof(card->value), "%s",
	    word_count(now->active_clients).s);
	if (!all)
		return;
	if (all->limit && now->active_clients >= all->limit / 10 * 9)
		card->style = STYLE_CLIENT;
	(void)snprintf(card->detail, sizeof(card->detail), "%s busy %s idle",
	    word_short(all->reading + all->writing).s,
	    word_short(all->idle).s);
}

static void overview_response(const struct view *view,
    struct overview_card *card)
{
	const struct track *track = view->track;
	double p99 = track->all.lately.count
	    ? (double)hist_quantile_ns(&track->all.lately, 0.99) * 1e-9 : NAN;

	(void)snprintf(card->value, sizeof(card->value), "%s",
	    word_time(track->now->average_response_time).s);
	(void)snprintf(card->detail, sizeof(card->detail), "p99 %s",
	    word_time(p99).s);
}

static void overview_caching(const struct view *view,
    struct overview_card *card)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;
	uint64_t lookups = now->cache_hits + now->cache_misses;

	card->style = now->cache_enabled ? STYLE_OK : STYLE_CLIENT;
	(void)snprintf(card->value, sizeof(card->value), "%s",
	    now->cache_enabled ? word_share((double)now->cache_hits /
		(double)lookups).s : "off");
	(void)snprintf(card->detail, sizeof(card->detail), "%s hit %s miss",
	    word_short((double)now->cache_hits).s,
	    word_short((double)now->cache_misses).s);
}

static void overview_sessions(const struct view *view,
    struct overview_card *card)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;

	(void)snprintf(card->value, sizeof(card->value), "%s",
	    word_count(now->unique_sessions).s);
	(void)snprintf(card->detail, sizeof(card->detail), "new %s/s  day %s",
	    word_short(track_rate(view->track, TRACK_OF_ALL,
		TRACK_ALL_SESSIONS)).s,
	    word_short(now->sessions ? (double)now->sessions->today : 0).s);
}

static void overview_pool(const struct view *view, struct overview_card *card)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;

	if (now->queue_size > now->thread_pool_size)
		card->style = STYLE_CLIENT;
	(void)snprintf(card->value, sizeof(card->value), "%u of %u",
	    now->pool ? now->pool->busy : 0, now->thread_pool_size);
	(void)snprintf(card->detail, sizeof(card->detail), "%s queued  %s/s",
	    word_short(now->queue_size).s,
	    word_short(track_rate(view->track, TRACK_OF_ALL,
		TRACK_ALL_TASKS)).s);
}

static void overview_errors(const struct view *view,
    struct overview_card *card)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;
	const Ringmaster__V1__CodeClasses *classes = now->http
	    ? now->http->classes : NULL;
	uint64_t errors = track_class_count(classes, TRACK_5XX) +
	    track_class_count(classes, TRACK_ABORTED);
	double rate = track_last(view->track, TRACK_ERRORS);

	card->style = rate > 0 ? STYLE_SERVER : STYLE_STRONG;
	(void)snprintf(card->value, sizeof(card->value), "%s/s",
	    word_number(rate).s);
	(void)snprintf(card->detail, sizeof(card->detail), "%s  %s",
	    word_short((double)errors).s, word_share(now->total_requests
		? (double)errors / (double)now->total_requests : 0).s);
}

static void overview_traffic(const struct view *view,
    struct overview_card *card)
{
	const struct track *track = view->track;

	(void)snprintf(card->value, sizeof(card->value), "%s/s",
	    word_bytes(track_last(track, TRACK_BYTES_OUT)).s);
	(void)snprintf(card->detail, sizeof(card->detail), "in %s/s",
	    word_bytes(track_rate(track, TRACK_OF_ALL,
		TRACK_ALL_BYTES_IN)).s);
}

static void overview_card(const struct view *view,
    const struct overview_card *card, struct area area)
{
	struct area inner = area_box(area, card->title, NULL);
	struct pen pen = pen_at(inner, 1, 0);
	unsigned width = inner.columns - 2;
	double max = track_max(view->track, card->line, TRACK_SAMPLES);

	pen_fit(&pen, card->style, width, card->value);
	pen = pen_at(inner, 1, 1);
	pen_fit(&pen, STYLE_FAINT, width, card->detail);
	if (inner.rows > 2)
		plot_fill(area_rows(area_columns(inner, 1, width), 2,
		    inner.rows - 2), &(struct plot_values){
		    view->track->lines[card->line], view->track->count,
		    card->ramp }, card->ramp_len, max > 0 ? max : 1);
}

static void overview_cards(const struct view *view, struct area area,
    unsigned each_row)
{
	static const struct {
		const char *title;
		void (*fill)(const struct view *, struct overview_card *);
		enum track_line line;
		enum canvas_style ramp;
		unsigned ramp_len;
	} cards[OVERVIEW_CARDS] = {
		{ "Requests", overview_requests, TRACK_REQUEST_RATE,
		    STYLE_REQUESTS, 4 },
		{ "Connections", overview_connections, TRACK_CLIENTS,
		    STYLE_CLIENTS, 4 },
		{ "Avg response", overview_response, TRACK_MEAN,
		    STYLE_STAGE, 1 },
		{ "Caching", overview_caching, TRACK_HIT_SHARE, STYLE_OK, 1 },
		{ "Sessions", overview_sessions, TRACK_SESSIONS,
		    STYLE_CLIENTS, 4 },
		{ "Thread pool", overview_pool, TRACK_BUSY,
		    STYLE_REQUESTS, 4 },
		{ "Errors", overview_errors, TRACK_ERRORS, STYLE_SERVER, 1 },
		{ "Traffic out", overview_traffic, TRACK_BYTES_OUT,
		    STYLE_REQUESTS, 4 },
	};
	unsigned rows = area.rows / (OVERVIEW_CARDS / each_row);

	for (unsigned i = 0; i < OVERVIEW_CARDS; i++) {
		unsigned column = i % each_row;
		unsigned from = column * area.columns / each_row;
		unsigned to = (column + 1) * area.columns / each_row;
		struct overview_card card = { .title = cards[i].title,
			.style = STYLE_STRONG, .line = cards[i].line,
			.ramp = cards[i].ramp, .ramp_len = cards[i].ramp_len };

		cards[i].fill(view, &card);
		overview_card(view, &card, area_rows(area_columns(area, from,
		    to - from), i / each_row * rows, rows));
	}
}

/* ---- pictures over time ---- */

static void overview_graph(const struct view *view, struct area area,
    const char *title, enum track_line line)
{
	struct area inner = area_rows(area_columns(area, 1, area.columns - 2),
	    1, area.rows - 2);
	unsigned shown = inner.columns * plot_values_each(area.canvas);
	const struct plot_values values = SCREEN_LINE(view, line,
	    line == TRACK_CLIENTS ? STYLE_CLIENTS : STYLE_REQUESTS);
	double max = plot_ceiling(track_max(view->track, line, shown));
	char note[4 * WORDS_MAX], span[2 * WORDS_MAX];

	screen_plot_span(view, inner, span, sizeof(span));
	(void)snprintf(note, sizeof(note), "%s, top %s", span,
	    word_short(max).s);
	(void)area_box(area, title, note);
	plot_fill(inner, &values, 4, max);
	screen_plot_marks(view, inner);
}

static void overview_graphs(const struct view *view, struct area area)
{
	unsigned half = area.columns / 2;

	overview_graph(view, area_columns(area, 0, half), "Requests/s",
	    TRACK_REQUEST_RATE);
	overview_graph(view, area_columns(area, half, area.columns - half),
	    "Clients", TRACK_CLIENTS);
}

/* The least and the greatest of the lines that are drawn, as decades. */
static void overview_ends(const struct view *view, unsigned shown,
    double ends[2])
{
	const struct track *track = view->track;

	ends[0] = INFINITY;
	ends[1] = 0;
	for (unsigned i = 0; i < shown && i < track->count; i++) {
		unsigned at = track->count - 1 - i;

		ends[0] = fmin(ends[0], track->lines[TRACK_P50][at]);
		ends[1] = fmax(ends[1], track->lines[TRACK_P99][at]);
	}
	if (!isfinite(ends[0]) || ends[1] <= 0) {
		ends[0] = 1e-4;
		ends[1] = 1e-1;
	}
	ends[0] = pow(10, floor(log10(ends[0])));
	ends[1] = pow(10, ceil(log10(ends[1]) + 1e-9));
}

/* Which line is which, above them. */
static void overview_legend(struct area area, const struct plot_values *lines)
{
	static const char *const names[] = { " p50 ", " p95 ", " p99 " };
	struct pen pen = pen_at(area, 0, 0);

	area_clear(area_rows(area_columns(area, 0, 15), 0, 1));
	for (unsigned i = 0; i < 3; i++)
		pen_text(&pen, lines[i].style, names[i]);
}

static void overview_latency_graph(const struct view *view, struct area area)
{
	struct area inner = area_rows(area_columns(area, 1, area.columns - 2),
	    1, area.rows - 2);
	const struct plot_values lines[] = {
		SCREEN_LINE(view, TRACK_P50, STYLE_OK),
		SCREEN_LINE(view, TRACK_P95, STYLE_REQUESTS),
		SCREEN_LINE(view, TRACK_P99, STYLE_CLIENT),
	};
	double ends[2];
	char note[3 * WORDS_MAX];

	overview_ends(view, inner.columns * plot_values_each(area.canvas),
	    ends);
	(void)snprintf(note, sizeof(note), "%s to %s",
	    screen_decade((int)lround(log10(ends[0]))).s,
	    screen_decade((int)lround(log10(ends[1]))).s);
	(void)area_box(area, "Response time", note);
	plot_lines(inner, lines, 3, ends[0], ends[1]);
	overview_legend(inner, lines);
}

static void overview_class_graph(const struct view *view, struct area area)
{
	struct area inner = area_rows(area_columns(area, 1, area.columns - 2),
	    1, area.rows - 2);
	struct plot_values layers[TRACK_CLASS_COUNT];
	double max = plot_ceiling(track_max(view->track, TRACK_REQUEST_RATE,
	    inner.columns));
	char note[2 * WORDS_MAX];

	/* The rarest at the foot, where they are seen. */
	for (unsigned i = 0; i < TRACK_CLASS_COUNT; i++) {
		unsigned which = TRACK_CLASS_COUNT - 1 - i;

		layers[i] = SCREEN_LINE(view, TRACK_CLASSES + which,
		    screen_classes[which].style);
	}
	(void)snprintf(note, sizeof(note), "top %s", word_short(max).s);
	(void)area_box(area, "Status classes", note);
	plot_stack(inner, layers, TRACK_CLASS_COUNT, max);
}

/* ---- tables ---- */

static double overview_quantile(const struct hist *hist, double q)
{
	return hist->count ? (double)hist_quantile_ns(hist, q) * 1e-9 : NAN;
}

static void overview_percentiles(const struct view *view, struct area area)
{
	static const struct {
		const char *name;
		double q;
	} rows[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p95", 0.95 },
		{ "p99", 0.99 }, { "p99.9", 0.999 }, { "max", 1 } };
	/* The most telling ones, where there is little room. */
	static const unsigned few[] = { 0, 3, 5 };
	const struct track *track = view->track;
	struct area inner = area_box(area, "Response time", NULL);
	unsigned count = inner.rows > 6 ? 6 : 3;
	unsigned width = (inner.columns - 8) / 3;
	struct pen pen = pen_at(inner, 7, 0);

	pen_right(&pen, STYLE_FAINT, width, "now");
	pen_right(&pen, STYLE_FAINT, width, "lately");
	pen_right(&pen, STYLE_FAINT, width, "start");
	for (unsigned i = 0; i < count && i + 1 < inner.rows; i++) {
		unsigned at = count == 6 ? i : few[i];

		pen = pen_at(inner, 1, i + 1);
		pen_fit(&pen, STYLE_FAINT, 6, rows[at].name);
		pen_right(&pen, STYLE_PLAIN, width, word_time(
		    overview_quantile(&track->all.interval, rows[at].q)).s);
		pen_right(&pen, STYLE_STRONG, width, word_time(
		    overview_quantile(&track->all.lately, rows[at].q)).s);
		pen_right(&pen, STYLE_PLAIN, width, word_time(
		    overview_quantile(&track->all.total, rows[at].q)).s);
	}
}

static void overview_class(const struct view *view, struct area area,
    unsigned which)
{
	const struct track *track = view->track;
	double rate = track_last(track, (enum track_line)(TRACK_CLASSES +
	    which));
	double all = track_last(track, TRACK_REQUEST_RATE);
	double share = rate > 0 && all > 0 ? fmin(1, rate / all) : 0;
	struct pen pen = pen_at(area, 0, 0);

	pen_fit(&pen, screen_classes[which].style, 4,
	    screen_classes[which].name);
	pen_right(&pen, rate > 0 ? STYLE_PLAIN : STYLE_FAINT, 6,
	    word_short(rate).s);
	pen_text(&pen, STYLE_FAINT, " ");
	if (area.columns > pen.x + 10)
		plot_meter(area_columns(area, pen.x,
		    area.columns - pen.x - 7), share,
		    screen_classes[which].style);
	pen_to(&pen, area.columns - 6);
	pen_right(&pen, rate > 0 ? STYLE_PLAIN : STYLE_FAINT, 6,
	    word_share(share).s);
}

static void overview_classes(const struct view *view, struct area area,
    bool mark)
{
	struct area inner = area_box(area, "Status classes", "per second");
	unsigned halves = inner.rows < TRACK_CLASS_COUNT ? 2 : 1;
	unsigned each = TRACK_CLASS_COUNT / halves;
	unsigned width = (inner.columns - 2 - 3 * (halves - 1)) / halves;

	for (unsigned i = 0; i < TRACK_CLASS_COUNT && i % each < inner.rows;
	    i++)
		overview_class(view, area_rows(area_columns(inner,
		    1 + i / each * (width + 3), width), i % each, 1), i);
	if (mark && view->track->now->n_marks && inner.rows > each) {
		struct pen pen = pen_at(inner, 1, inner.rows - 1);

		screen_mark(&pen, view->track->now->marks[0]);
	}
}

static void overview_marks(const struct view *view, struct area area)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;
	struct area inner = area_box(area, "Events", NULL);

	for (unsigned i = 0; i < now->n_marks && i < inner.rows; i++) {
		struct pen pen = pen_at(inner, 1, i);

		screen_mark(&pen, now->marks[i]);
	}
}

/* ---- all of it ---- */

static void overview_third(const struct view *view, struct area area)
{
	unsigned left = area.columns / 4, middle = area.columns * 2 / 5;

	if (area.columns < OVERVIEW_WIDE) {
		left = area.columns * 9 / 20;
		middle = area.columns - left;
	}
	overview_percentiles(view, area_columns(area, 0, left));
	overview_classes(view, area_columns(area, left, middle),
	    left + middle == area.columns);
	if (left + middle < area.columns)
		overview_marks(view, area_columns(area, left + middle,
		    area.columns));
}

void screen_overview(struct view *view, struct area body)
{
	bool wide = body.columns >= OVERVIEW_WIDE;
	bool tall = body.rows >= OVERVIEW_TALL;
	unsigned cards = wide ? tall ? 6 : 4 : tall ? 10 : 8;
	struct area rest = area_rows(body, cards, body.rows - cards);
	unsigned third = tall ? 9 : 6;
	unsigned bands = tall ? 2 : 1;
	unsigned each = (rest.rows - third) / bands;
	unsigned half = body.columns / 2;

	overview_cards(view, area_rows(body, 0, cards), wide ? 8 : 4);
	overview_graphs(view, area_rows(rest, 0, each));
	if (tall) {
		struct area band = area_rows(rest, each,
		    rest.rows - third - each);

		overview_latency_graph(view, area_columns(band, 0, half));
		overview_class_graph(view, area_columns(band, half,
		    body.columns - half));
	}
	overview_third(view, area_rows(rest, rest.rows - third, third));
}

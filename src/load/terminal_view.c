/*
 * Lines are made one by one in a buffer of their own, where each knows how
 * wide it is: bytes of colours have no width, a character of UTF-8 has one.
 */

#include "load/terminal_view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/words.h"

enum { VIEW_LINE_MAX = 4096, VIEW_BAR_MAX = 60 };

struct line {
	struct buf *out;
	const struct load_view *view;
	unsigned rows;			/* begun */
	unsigned column;		/* of this row */
};

static const char view_reset[] = "\033[0m";

/* ---- pieces of a line ---- */

static bool line_begin(struct line *line)
{
	if (line->rows == line->view->rows)
		return false;
	if (line->rows++ > 0)
		buf_append_char(line->out, '\n');
	line->column = 0;
	return true;
}

/* Text, cut at the right edge; control bytes become '?'. */
static void line_text(struct line *line, const char *text)
{
	for (; *text; text++) {
		bool begins = ((unsigned char)*text & 0xc0) != 0x80;

		if (begins && line->column == line->view->columns)
			return;
		line->column += begins;
		buf_append_char(line->out, (unsigned char)*text < 0x20 ||
		    *text == 0x7f ? '?' : *text);
	}
}

static void line_colour(struct line *line, const char *code)
{
	if (line->view->colour)
		buf_append_cstr(line->out, code);
}

static void line_to(struct line *line, unsigned column)
{
	while (line->column < column && line->column < line->view->columns)
		line_text(line, " ");
}

__attribute__((format(printf, 2, 3)))
static void line_printf(struct line *line, const char *format, ...)
{
	char text[VIEW_LINE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
	va_end(args);
	line_text(line, text);
}

/* ---- rows ---- */

static void view_bar(struct line *line, double share)
{
	const struct load_view *view = line->view;
	unsigned width = view->columns > VIEW_BAR_MAX + 20 ? VIEW_BAR_MAX
	    : view->columns > 30 ? view->columns - 20 : 10;

	if (!line_begin(line))
		return;
	line_text(line, " ");
	line_colour(line, "\033[32m");
	for (unsigned i = 0; i < width; i++) {
		if (i == (unsigned)(share * width))
			line_colour(line, "\033[2m");
		if (i < (unsigned)(share * width))
			line_text(line, view->utf8 ? "\u2588" : "#");
		else
			line_text(line, view->utf8 ? "\u2591" : "-");
	}
	line_colour(line, view_reset);
	line_printf(line, " %3.0f %%", share * 100);
}

static void view_times(struct line *line,
    const struct load_progress *progress, double left)
{
	const struct load_view *view = line->view;

	if (!line_begin(line))
		return;
	line_printf(line, " %.1f s", view->elapsed_s);
	if (progress->plan->duration_ns)
		line_printf(line, " of %.4g s",
		    (double)progress->plan->duration_ns * 1e-9);
	if (view->stopping)
		line_text(line, ", stopping");
	else if (left >= 0)
		line_printf(line, ", %.0f s left", ceil(left));
}

/* Completed requests of the seconds before now, scaled to the most. */
static void view_sparkline(struct line *line,
    const struct load_progress *progress)
{
	static const char *const blocks[] = { "\u2581", "\u2582", "\u2583",
	    "\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };
	static const char *const ascii[] = { "_", ".", ",", "-", "=", "+",
	    "*", "#" };
	unsigned room = line->view->columns > line->column
	    ? line->view->columns - line->column : 0;
	unsigned count = progress->seconds < LOAD_PROGRESS_RATES
	    ? progress->seconds : LOAD_PROGRESS_RATES;
	double most = 1;

	if (count > room)
		count = room;
	for (unsigned i = progress->seconds - count; i < progress->seconds; i++)
		most = fmax(most, progress->rates[i % LOAD_PROGRESS_RATES]);
	line_colour(line, "\033[36m");
	for (unsigned i = progress->seconds - count;
	    i < progress->seconds; i++) {
		unsigned level = (unsigned)(7.999 *
		    progress->rates[i % LOAD_PROGRESS_RATES] / most);

		line_text(line, line->view->utf8 ? blocks[level]
						 : ascii[level]);
	}
	line_colour(line, view_reset);
}

static void view_rate(struct line *line, const struct load_progress *progress)
{
	if (!line_begin(line))
		return;
	line_printf(line, " rate       %.0f/s",
	    (double)progress->last.counts.completed);
	if (progress->plan->open && !progress->plan->replay)
		line_printf(line, " of %.0f/s", schedule_rate(
		    &progress->plan->schedule,
		    (uint64_t)(line->view->elapsed_s * 1e9)));
	line_to(line, 32);
	view_sparkline(line, progress);
}

static void view_requests(struct line *line,
    const struct load_progress *progress)
{
	const struct load_counts *total = &progress->total;
	uint64_t errors = load_progress_errors(progress);

	if (!line_begin(line))
		return;
	line_printf(line, " requests   %llu answered, ",
	    (unsigned long long)total->completed);
	if (errors)
		line_colour(line, "\033[31m");
	line_printf(line, "%llu failed", (unsigned long long)errors);
	line_colour(line, view_reset);
	line_printf(line, ", %llu connections",
	    (unsigned long long)progress->last.connections);
	if (progress->last.backlog)
		line_printf(line, ", %llu due and not sent",
		    (unsigned long long)progress->last.backlog);
}

static void view_percentiles(struct line *line, const char *name,
    const struct hist *hist)
{
	static const double quantiles[] = { 0.5, 0.9, 0.99, 0.999, 1 };
	char words[WORDS_MAX];

	if (!line_begin(line))
		return;
	line_printf(line, " %s", name);
	for (unsigned i = 0; i < 5; i++) {
		line_to(line, 12 + 11 * i);
		/* A tail that rests on less than one request is none. */
		if (hist->count == 0 || (quantiles[i] < 1 &&
		    (double)hist->count * (1 - quantiles[i]) < 1))
			line_text(line, "-");
		else
			line_text(line, words_time(words,
			    (double)hist_quantile_ns(hist, quantiles[i]) *
			    1e-9));
	}
}

static void view_errors(struct line *line,
    const struct load_progress *progress)
{
	for (unsigned i = 0; i < LOAD_ERROR_COUNT; i++) {
		uint64_t count = progress->total.errors[i];

		if (!count || !line_begin(line))
			continue;
		line_colour(line, "\033[31m");
		line_printf(line, " %10llu  %s", (unsigned long long)count,
		    load_error_texts[i]);
		line_colour(line, view_reset);
	}
}

/* The newest lines, in what is left above the last row. */
static void view_told(struct line *line)
{
	const struct load_view *view = line->view;
	unsigned room = view->rows > line->rows + 1
	    ? view->rows - line->rows - 1 : 0;
	struct slice rest = view->told;
	size_t begin = rest.len;

	if (rest.len == 0 || room == 0)
		return;
	while (begin > 0 && (rest.data[begin - 1] != '\n' ||
	    begin == rest.len || --room > 0))
		begin--;
	rest = slice_from(rest, begin);
	while (rest.len && line_begin(line)) {
		const char *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;

		line_printf(line, " %.*s", (int)len, rest.data);
		rest = slice_from(rest, len + 1);
	}
}

static void view_keys(struct line *line)
{
	const struct load_view *view = line->view;

	if (!view->keys || !line_begin(line))
		return;
	if (view->typed) {
		line_printf(line, " new rate: %s_  Enter: from now on, else: "
		    "no change", view->typed);
		return;
	}
	line_colour(line, "\033[2m");
	line_text(line, " q: stop and print the result");
	if (view->can_change)
		line_text(line, "   r: change the rate");
	line_colour(line, view_reset);
}

void load_view_draw(struct buf *out, const struct load_view *view,
    const struct load_progress *progress)
{
	struct line line = { .out = out, .view = view };
	double share = load_progress_share(progress, view->elapsed_s);

	if (line_begin(&line)) {
		line_colour(&line, "\033[1m");
		line_text(&line, " ringload ");
		line_colour(&line, view_reset);
		line_text(&line, view->title);
	}
	if (view->doing && line_begin(&line))
		line_printf(&line, " %s", view->doing);
	(void)line_begin(&line);
	view_bar(&line, share);
	view_times(&line, progress,
	    load_progress_left(progress, view->elapsed_s));
	(void)line_begin(&line);
	view_rate(&line, progress);
	view_requests(&line, progress);
	(void)line_begin(&line);
	if (line_begin(&line))
		line_text(&line, "            p50        p90        p99"
		    "        p99.9      max");
	view_percentiles(&line, "now", &progress->last.response);
	view_percentiles(&line, "total", &progress->response);
	(void)line_begin(&line);
	view_errors(&line, progress);
	view_told(&line);
	view_keys(&line);
}

void load_view_line(struct buf *out, const struct load_progress *progress)
{
	const struct load_second *last = &progress->last;
	double share = load_progress_share(progress, progress->seconds);
	char p50[WORDS_MAX], p99[WORDS_MAX], most[WORDS_MAX];

	buf_printf(out, "%4u s %3.0f %%  %llu/s", progress->seconds,
	    share * 100, (unsigned long long)last->counts.completed);
	if (last->backlog)
		buf_printf(out, "  %llu behind",
		    (unsigned long long)last->backlog);
	buf_printf(out, "  p50 %s  p99 %s  max %s  errors %llu\n",
	    words_time(p50,
		(double)hist_quantile_ns(&last->response, 0.5) * 1e-9),
	    words_time(p99,
		(double)hist_quantile_ns(&last->response, 0.99) * 1e-9),
	    words_time(most, (double)last->response.max_ns * 1e-9),
	    (unsigned long long)load_progress_errors(progress));
}

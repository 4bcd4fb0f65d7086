/* Tables, data and pages of reports; see text.h. */

#include "report/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "load/compare.h"
#include "load/print.h"
#include "report/server.h"
#include "report/svg.h"

enum { TEXT_MEMORY_MAX = 256 << 20 };

/* ---- data ---- */

/* The last of them up to `last`, figures only. */
static unsigned data_history(unsigned last, unsigned most,
    struct source_part *parts)
{
	unsigned count = 0;

	for (unsigned i = last + 1 > most ? last + 1 - most : 0; i <= last;
	    i++)
		parts[count++] = (struct source_part){ i, SOURCE_FIGURES };
	return count;
}

/* A run, those before it, and the one that it is compared with. */
static unsigned data_run(const struct source *source, unsigned run,
    struct source_part *parts)
{
	int before = source_previous(source, run);
	unsigned count = 0;

	if (before >= 0 && (unsigned)before + PAGE_HISTORY <= run)
		parts[count++].index = (unsigned)before;
	count += data_history(run, PAGE_HISTORY, parts + count);
	for (unsigned i = 0; i < count; i++)
		if ((int)parts[i].index == before)
			parts[i].detail = SOURCE_CURVE;
	parts[count - 1].detail = SOURCE_WHOLE;
	return count;
}

int report_data(const struct source *source,
    const struct report_request *request, struct buf *out)
{
	struct source_part parts[REPORT_TREND_MAX + 1];
	unsigned count = 2, first = request->runs[0];

	switch (request->view) {
	case REPORT_RUN:
		count = data_run(source, first, parts);
		break;
	case REPORT_COMPARE:
		parts[0] = (struct source_part){ first, SOURCE_WHOLE };
		parts[1] = (struct source_part){ request->runs[1],
			SOURCE_WHOLE };
		break;
	case REPORT_TREND:
		count = data_history(first, request->last, parts);
	}
	return source_write(source, parts, count, out);
}

/* ---- tables ---- */

static int text_run(const struct source *source, unsigned index,
    enum report_format format, struct buf *out)
{
	Ringmaster__V1__LoadResult *result;
	struct arena arena;

	arena_init(&arena, NULL, 0, TEXT_MEMORY_MAX);
	result = source_unpack(source, index, &arena);
	if (result && format == REPORT_CSV)
		load_print_csv(out, result);
	else if (result && format == REPORT_MD)
		load_print_markdown(out, result);
	else if (result)
		load_print_text(out, result);
	arena_fini(&arena);
	return result ? 0 : -ENOMEM;
}

/* An id is letters and digits; of what is none, only these. */
static void text_id(const char *id, struct buf *out)
{
	for (; *id; id++)
		if (isalnum((unsigned char)*id))
			buf_append_char(out, *id);
}

static void text_differences(const Ringmaster__V1__LoadComparison *comparison,
    struct buf *out)
{
	buf_append_cstr(out, "figure,a,b,ratio,low,high,shown\n");
	for (size_t i = 0; i < comparison->n_differences; i++) {
		const Ringmaster__V1__LoadDifference *difference =
		    comparison->differences[i];

		buf_printf(out, "%s,%.9g,%.9g,%.6f,%.6f,%.6f,%d\n",
		    difference->figure, difference->a, difference->b,
		    difference->ratio, difference->low, difference->high,
		    difference->shown);
	}
}

static int text_compare(const struct source *source, const unsigned runs[2],
    enum report_format format, struct buf *out)
{
	Ringmaster__V1__LoadResult *a, *b;
	Ringmaster__V1__LoadComparison *comparison = NULL;
	struct arena arena;
	int err = -ENOMEM;

	arena_init(&arena, NULL, 0, TEXT_MEMORY_MAX);
	a = source_unpack(source, runs[0], &arena);
	b = source_unpack(source, runs[1], &arena);
	if (a && b)
		err = load_compare(a, b, &arena, &comparison);
	if (!err && format == REPORT_CSV) {
		text_differences(comparison, out);
	} else if (!err) {
		buf_append_cstr(out, format == REPORT_MD ? "```\n" : "");
		load_print_comparison(out, comparison);
		buf_append_cstr(out, format == REPORT_MD ? "```\n" : "");
	}
	arena_fini(&arena);
	return err;
}

/* Nothing is not a time. */
static void text_seconds(double seconds, struct buf *out)
{
	if (isfinite(seconds))
		buf_printf(out, "%.9f", seconds);
	else
		buf_append_char(out, '-');
}

/* The course of the runs, oldest first. */
static void text_trend(const struct source *source,
    const struct report_request *request, enum report_format format,
    struct buf *out)
{
	unsigned last = request->runs[0];
	unsigned first = last + 1 > request->last ? last + 1 - request->last
	    : 0;
	/* What is between columns, and around them. */
	const char *by = format == REPORT_CSV ? "," : format == REPORT_MD
	    ? " | " : "  ";
	const char *edge = format == REPORT_MD ? "|" : "";

	buf_printf(out, "%srun%sbegan_unix_s%srate_per_s%sp50_s%sp99_s%s"
	    "requests%serrors%spassed%s\n", edge, by, by, by, by, by, by, by,
	    edge);
	if (format == REPORT_MD)
		buf_append_cstr(out, "|---|---|---|---|---|---|---|---|\n");
	for (unsigned i = first; i <= last; i++) {
		const struct source_run *run = &source->runs[i];

		buf_append_cstr(out, edge);
		text_id(run->run, out);
		buf_printf(out, "%s%" PRIu64 "%s%.3f%s", by,
		    run->started_ns / NS_PER_SEC, by, run->rate, by);
		text_seconds(run->p50, out);
		buf_append_cstr(out, by);
		text_seconds(run->p99, out);
		buf_printf(out, "%s%" PRIu64 "%s%" PRIu64 "%s%d%s\n", by,
		    run->requests, by, run->errors, by, run->passed, edge);
	}
}

int report_text(const struct source *source,
    const struct report_request *request, enum report_format format,
    struct buf *out)
{
	if (format == REPORT_JSON)
		return report_data(source, request, out);
	switch (request->view) {
	case REPORT_RUN:
		return text_run(source, request->runs[0], format, out);
	case REPORT_COMPARE:
		return text_compare(source, request->runs, format, out);
	default:
		text_trend(source, request, format, out);
		return 0;
	}
}

/* ---- a server ---- */

static void text_server_time(const struct report_server *server,
    enum server_series id, const char *label, struct buf *out)
{
	const double *points = server->points[id];
	char mean[WORDS_MAX], most[WORDS_MAX];

	buf_printf(out, "%-14s mean %s, most %s\n", label,
	    words_time(mean, series_mean(points, 0, server->count)),
	    words_time(most, series_most(points, server->count)));
}

void report_server_text(const struct report_server *server, struct buf *out)
{
	const double *rate = server->points[SERVER_REQUESTS];
	char all[WORDS_MAX], mean[WORDS_MAX], most[WORDS_MAX];

	buf_printf(out, "%-14s %" PRIu64 " to %" PRIu64 ", Unix seconds\n",
	    "time", server->from_s, server->from_s +
	    (uint64_t)server->step_s * server->count);
	buf_printf(out, "%-14s %s, %s/s on average, %s/s at most\n",
	    "requests", words_number(all, server->requests),
	    words_number(mean, series_mean(rate, 0, server->count)),
	    words_number(most, series_most(rate, server->count)));
	buf_printf(out, "%-14s %s\n", "server errors",
	    words_number(all, server->errors));
	text_server_time(server, SERVER_P50, "p50", out);
	text_server_time(server, SERVER_P99, "p99", out);
	text_server_time(server, SERVER_LAG, "loop lag p99", out);
	text_server_time(server, SERVER_POOL_WAIT, "pool wait p99", out);
	for (unsigned i = 0; i < server->mark_count; i++) {
		buf_printf(out, "%-14" PRIu64 " ", server->marks[i].time_s);
		for (const char *c = server->marks[i].text; *c; c++)
			buf_append_char(out, *c < 0x20 && *c >= 0 ? '?' : *c);
		buf_append_char(out, '\n');
	}
}

/* ---- a page ---- */

static const char page_glossary[] =
    "response    from the moment a request was due to the last byte of its\n"
    "            answer: what a user waits, also while others are served\n"
    "service     from its sending to the last byte: what the server needs\n"
    "first byte  from its sending to the first byte of the answer\n"
    "slip        how late it was sent\n"
    "closed      a connection asks again when it was answered: while the\n"
    "            server stalls nobody asks, and nobody is seen waiting\n"
    "open        requests are due at a rate, whatever the server does\n"
    "p99         99 of 100 took at most this long; \"-\" means there are too\n"
    "            few samples: ten must lie beyond it\n"
    "kernel      of the server's part: until its loop received a request;\n"
    "            then queue: until its turn came; return: the answer's way\n"
    "valid       nothing speaks against the numbers; suspect: they say\n"
    "            something else, too; invalid: nothing about the server\n";

/* What would be read as markup is written as its number. */
static void page_escape(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr("<>&\"", text.data[i]) && text.data[i])
			buf_printf(out, "&#%d;", text.data[i]);
		else
			buf_append_char(out, text.data[i]);
	}
}

static void page_style(enum theme theme, struct buf *out)
{
	buf_printf(out, "<style>\n:root { color-scheme: %s; }\n"
	    "body { margin: 0; background: #%06X; color: #%06X; "
	    "font: 14px/1.45 Inter, system-ui, sans-serif; }\n"
	    "main { max-width: 1600px; margin: 0 auto; }\n"
	    "svg { display: block; width: 100%%; height: auto; }\n"
	    "section { padding: 0 2%% 2%%; overflow-x: auto; }\n"
	    "text { font-family: Inter, \"DejaVu Sans\", sans-serif; "
	    "font-variant-numeric: tabular-nums; }\n"
	    "pre { color: #%06X; font: 13px/1.45 ui-monospace, "
	    "\"DejaVu Sans Mono\", monospace; }\n</style>\n",
	    theme == THEME_DARK ? "dark" : "light",
	    theme_color(theme, TOKEN_PAGE), theme_color(theme, TOKEN_TEXT),
	    theme_color(theme, TOKEN_MUTED));
}

void report_page(const struct report_html *html, struct buf *out)
{
	static const char end[] = "</svg>\n";
	const char *svg = memmem(html->svg.data, html->svg.len, "<svg", 4);

	buf_append_cstr(out, "<!DOCTYPE html>\n<html lang=\"en\">\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>");
	page_escape(slice_cstr(html->scene->title), out);
	buf_append_cstr(out, "</title>\n");
	page_style(html->scene->theme, out);
	buf_append_cstr(out, "<main>\n");
	/* Without the declaration of XML. */
	if (svg)
		buf_append(out, svg, (size_t)(html->svg.data + html->svg.len -
		    svg) - strlen(end));
	svg_texts(html->scene, out);
	buf_append_cstr(out, end);
	buf_append_cstr(out, "<section>\n<h1>In numbers</h1>\n<pre>");
	page_escape(html->text, out);
	buf_append_cstr(out, "</pre>\n<h2>What the words mean</h2>\n<pre>");
	page_escape(slice_cstr(page_glossary), out);
	buf_append_cstr(out, "</pre>\n</section>\n</main>\n");
}

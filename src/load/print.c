/*
 * Results as text, tables and lines; see print.h.
 */

#include "load/print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/words.h"
#include "load/latency.h"
#include "load/record.h"
#include "load/verdict.h"

enum {
	/* Lines of a summary that differ from run to run. */
	PRINT_REASON_LINES = 3,
	PRINT_HINT_LINES = 3,
	PRINT_SLOS = 3,
	PRINT_LIST = 5,			/* causes or statuses on a line */
	PRINT_NAME = 10,		/* columns of what begins a line */
	PRINT_ROW_NAME = 12,
	PRINT_CELL = 8,
};

/* ---- lines ---- */

static bool print_is_open(const Ringmaster__V1__LoadResult *result)
{
	return strcmp(result->spec->model, "open") == 0;
}

/* How many bytes a control character at the beginning of `text` has: one, in
 * UTF-8 two above U+0080; 0 if it is none. */
static size_t print_control(struct slice text)
{
	unsigned char c = (unsigned char)text.data[0];

	if (c < 0x20 || c == 0x7f)
		return 1;
	return c == 0xc2 && text.len > 1 &&
	    (unsigned char)text.data[1] < 0xa0 ? 2 : 0;
}

void load_print_plain(struct buf *out, struct slice text)
{
	while (text.len) {
		size_t control = print_control(text);

		buf_append_char(out, control ? '?' : text.data[0]);
		text = slice_from(text, control ? control : 1);
	}
}

/* How much of `text` fits into a line of `width`, broken at a blank. */
static size_t print_fit(struct slice text, size_t width)
{
	size_t len = width;

	if (text.len <= width)
		return text.len;
	while (len > 0 && text.data[len] != ' ')
		len--;
	return len ? len : width;
}

/* A name, then a sentence on up to `lines` lines; returns how many. */
static unsigned print_sentence(struct buf *out, const char *name,
    const char *text, unsigned lines)
{
	struct slice rest = slice_cstr(text);
	unsigned used = 0;

	while (rest.len && used < lines) {
		size_t len = print_fit(rest, PRINT_COLUMNS - PRINT_NAME);

		buf_printf(out, "%-*s", PRINT_NAME, used ? "" : name);
		load_print_plain(out, slice_first(rest, len));
		buf_append_char(out, '\n');
		rest = slice_trim(slice_from(rest, len));
		used++;
	}
	return used;
}

static void print_verdict(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	const Ringmaster__V1__LoadVerdict *verdict = result->verdict;
	const char *name = load_verdict_name(verdict);
	size_t count = verdict ? verdict->n_reasons : 0, shown = 0;
	unsigned lines = 0;

	if (count == 0)
		buf_printf(out, "%s\n", name);
	for (; shown < count && lines < PRINT_REASON_LINES; shown++)
		lines += print_sentence(out, shown ? "" : name,
		    verdict->reasons[shown], PRINT_REASON_LINES - lines);
	if (shown < count)
		buf_printf(out, "%*sand %zu more\n", PRINT_NAME, "",
		    count - shown);
	if (result->partial)
		(void)print_sentence(out, "partial", result->partial_reason,
		    1);
}

/* Appends what fits behind `used` columns. */
static void print_item(struct buf *out, size_t *used, struct slice item)
{
	if (*used + item.len > PRINT_COLUMNS)
		return;
	buf_append_slice(out, item);
	*used += item.len;
}

static const char *print_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_spec(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	const Ringmaster__V1__LoadSpec *spec = result->spec;
	char text[PRINT_COLUMNS], words[WORDS_MAX];
	size_t begin, used;

	buf_printf(out, "%-*s", PRINT_NAME, "to");
	load_print_plain(out, slice_first(slice_cstr(result->url),
	    PRINT_COLUMNS - PRINT_NAME));
	buf_append_char(out, '\n');
	begin = out->len;
	buf_printf(out, "%-*s%" PRIu32 " connection%s, %" PRIu32
	    " thread%s, %s", PRINT_NAME, "with", spec->connections,
	    print_plural(spec->connections), spec->threads,
	    print_plural(spec->threads),
	    words_time(words, result->duration_seconds));
	used = out->len - begin;
	if (spec->pipeline > 1) {
		(void)snprintf(text, sizeof(text), ", pipeline %" PRIu32,
		    spec->pipeline);
		print_item(out, &used, slice_cstr(text));
	}
	if (!spec->keepalive)
		print_item(out, &used, SLICE(", no keep-alive"));
	if (spec->cookies)
		print_item(out, &used, SLICE(", cookies"));
	if (spec->think_max_seconds > 0) {
		(void)snprintf(text, sizeof(text), ", thinks up to %s",
		    words_time(words, spec->think_max_seconds));
		print_item(out, &used, slice_cstr(text));
	}
	if (spec->warmup_seconds > 0) {
		(void)snprintf(text, sizeof(text), " (warm-up %s)",
		    words_time(words, spec->warmup_seconds));
		print_item(out, &used, slice_cstr(text));
	}
	buf_append_char(out, '\n');
}

/* What the numbers of this model mean. */
static void print_model(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	char meant[WORDS_MAX], achieved[WORDS_MAX];

	if (!print_is_open(result)) {
		buf_append_cstr(out, "closed loop: while the server stalled, "
		    "this client did not ask\n");
		return;
	}
	buf_printf(out, "%-*starget %s/s, achieved %s/s; response: since it "
	    "was due\n", PRINT_NAME, "open",
	    words_number(meant, result->spec->rate),
	    words_number(achieved, result->rate));
}

static void print_counts(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	double seconds = result->duration_seconds;
	char count[WORDS_MAX], rate[WORDS_MAX], in[WORDS_MAX],
	    each[WORDS_MAX];

	buf_printf(out, "%-*s%s, %s/s; %s read, %s/s\n", PRINT_NAME,
	    "requests", words_count(count, result->requests),
	    words_number(rate, result->rate),
	    words_bytes(in, (double)result->bytes_in), words_bytes(each,
		seconds > 0 ? (double)result->bytes_in / seconds : 0));
}

static const char *print_cause(const char *name)
{
	for (unsigned i = 0; i < LOAD_ERROR_COUNT; i++)
		if (strcmp(load_error_names[i], name) == 0)
			return load_error_texts[i];
	return name;
}

static void print_errors(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	double all = (double)(result->requests + result->errors);
	char count[WORDS_MAX], share[WORDS_MAX];
	size_t begin = out->len, used;

	buf_printf(out, "%-*s%s", PRINT_NAME, "errors",
	    words_count(count, result->errors));
	if (result->errors)
		buf_printf(out, " (%s)", words_share(share,
		    (double)result->errors / all));
	used = out->len - begin;
	for (size_t i = 0; i < result->n_causes && i < PRINT_LIST; i++) {
		const Ringmaster__V1__LoadError *cause = result->causes[i];
		char text[PRINT_COLUMNS];
		int len = snprintf(text, sizeof(text), "%s %s %s",
		    i ? "," : ":", words_count(count, cause->count),
		    print_cause(cause->cause));

		if (len > 0 && (size_t)len < sizeof(text))
			print_item(out, &used, (struct slice){ text,
			    (size_t)len });
	}
	buf_append_char(out, '\n');
}

static void print_statuses(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	char words[WORDS_MAX];
	size_t used = PRINT_NAME;

	if (result->n_statuses == 0)
		return;
	buf_printf(out, "%-*s", PRINT_NAME, "statuses");
	for (size_t i = 0; i < result->n_statuses; i++) {
		const Ringmaster__V1__LoadStatus *status =
		    result->statuses[i];
		char text[PRINT_COLUMNS];
		int len = snprintf(text, sizeof(text), "%s%" PRIu32 ": %s",
		    i ? ", " : "", status->code,
		    words_count(words, status->count));

		print_item(out, &used, (struct slice){ text, (size_t)len });
	}
	buf_append_char(out, '\n');
}

/* ---- the table of times ---- */

static const char *const print_columns[] = { "mean", "p50", "p90", "p95",
	"p99", "p99.9", "p99.99", "max" };
enum { PRINT_TIMES = sizeof(print_columns) / sizeof(*print_columns) };

struct print_row {
	const char *name;
	const Ringmaster__V1__LoadLatency *latency;
};

enum { PRINT_ROWS_MAX = 5 };

/* In the closed model a request is due when it is sent. */
static unsigned print_rows(const Ringmaster__V1__LoadResult *result,
    struct print_row rows[PRINT_ROWS_MAX])
{
	unsigned count = 0;

	if (print_is_open(result))
		rows[count++] = (struct print_row){ "response",
			result->latency };
	rows[count++] = (struct print_row){ "service", result->service };
	rows[count++] = (struct print_row){ "first byte",
		result->first_byte };
	if (print_is_open(result))
		rows[count++] = (struct print_row){ "slip", result->slip };
	if (result->connect && result->connect->count)
		rows[count++] = (struct print_row){ "connect",
			result->connect };
	return count;
}

static void print_row_values(const Ringmaster__V1__LoadLatency *latency,
    double values[PRINT_TIMES])
{
	const double known[PRINT_TIMES] = { latency->mean, latency->p50,
		latency->p90, latency->p95, latency->p99, latency->p999,
		latency->p9999, latency->max };

	for (unsigned i = 0; i < PRINT_TIMES; i++)
		values[i] = latency->count ? known[i] : NAN;
}

static void print_times(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	struct print_row rows[PRINT_ROWS_MAX];
	unsigned count = print_rows(result, rows);
	double values[PRINT_TIMES];
	char words[WORDS_MAX];

	buf_printf(out, "%*s", PRINT_ROW_NAME, "");
	for (unsigned i = 0; i < PRINT_TIMES; i++)
		buf_printf(out, "%*s", PRINT_CELL, print_columns[i]);
	buf_append_char(out, '\n');
	for (unsigned i = 0; i < count; i++) {
		if (!rows[i].latency)
			continue;
		print_row_values(rows[i].latency, values);
		buf_printf(out, "%-*s", PRINT_ROW_NAME, rows[i].name);
		for (unsigned k = 0; k < PRINT_TIMES; k++)
			buf_printf(out, "%*s", PRINT_CELL,
			    words_time(words, values[k]));
		buf_append_char(out, '\n');
	}
}

/* ---- what follows the table ---- */

/* A value of an SLO, in the unit that its text is in. */
static const char *print_slo_value(char words[WORDS_MAX],
    const Ringmaster__V1__LoadSlo *slo)
{
	struct slice text = slice_cstr(slo->text);

	if (slice_starts(text, SLICE("fail if ")))
		text = slice_from(text, 8);
	if (slice_starts(text, SLICE("err")))
		return words_share(words, slo->value);
	if (slice_starts(text, SLICE("rate")))
		return words_number(words, slo->value);
	return words_time(words, slo->value);
}

static void print_slos(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	char words[WORDS_MAX];
	unsigned shown = 0;

	/* Those that failed first: there may be more than lines. */
	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < result->n_slos; i++) {
			const Ringmaster__V1__LoadSlo *slo = result->slos[i];

			if (slo->passed != (pass == 1) || shown == PRINT_SLOS)
				continue;
			shown++;
			buf_printf(out, "%-*s", PRINT_NAME,
			    slo->passed ? "passed" : "FAILED");
			load_print_plain(out, slice_first(slice_cstr(slo->text),
			    56));
			buf_printf(out, ": %s\n",
			    print_slo_value(words, slo));
		}
	}
}

static void print_hints(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	const Ringmaster__V1__LoadVerdict *verdict = result->verdict;
	unsigned lines = 0;

	for (size_t i = 0; verdict && i < verdict->n_hints &&
	    lines < PRINT_HINT_LINES; i++)
		lines += print_sentence(out, i ? "" : "note",
		    verdict->hints[i], PRINT_HINT_LINES - lines);
}

void load_print_text(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	print_verdict(out, result);
	print_spec(out, result);
	print_model(out, result);
	print_counts(out, result);
	print_errors(out, result);
	print_statuses(out, result);
	print_times(out, result);
	if (result->server)
		load_print_server(out, result->server);
	print_hints(out, result);
	print_slos(out, result);
}

/* ---- Markdown ---- */

/* What would end a cell or begin something else is escaped. */
static void print_escaped(struct buf *out, const char *text)
{
	for (struct slice rest = slice_cstr(text); rest.len;) {
		size_t control = print_control(rest);
		size_t len = control ? control : 1;

		if (strchr("|\\`*_[]<>", rest.data[0]))
			buf_append_char(out, '\\');
		load_print_plain(out, slice_first(rest, len));
		rest = slice_from(rest, len);
	}
}

static void print_markdown_times(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	struct print_row rows[PRINT_ROWS_MAX];
	unsigned count = print_rows(result, rows);
	double values[PRINT_TIMES];
	char words[WORDS_MAX];

	buf_append_cstr(out, "| |");
	for (unsigned i = 0; i < PRINT_TIMES; i++)
		buf_printf(out, " %s |", print_columns[i]);
	buf_append_cstr(out, "\n|---|");
	for (unsigned i = 0; i < PRINT_TIMES; i++)
		buf_append_cstr(out, "---:|");
	buf_append_char(out, '\n');
	for (unsigned i = 0; i < count; i++) {
		if (!rows[i].latency)
			continue;
		print_row_values(rows[i].latency, values);
		buf_printf(out, "| %s |", rows[i].name);
		for (unsigned k = 0; k < PRINT_TIMES; k++)
			buf_printf(out, " %s |", words_time(words,
			    values[k]));
		buf_append_char(out, '\n');
	}
}

static void print_markdown_list(struct buf *out, const char *what,
    char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "- %s", what);
		print_escaped(out, texts[i]);
		buf_append_char(out, '\n');
	}
}

void load_print_markdown(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	const Ringmaster__V1__LoadVerdict *verdict = result->verdict;
	char count[WORDS_MAX], rate[WORDS_MAX], errors[WORDS_MAX];

	buf_printf(out, "## %s: ", load_verdict_name(verdict));
	print_escaped(out, result->url);
	buf_append_cstr(out, "\n\n");
	if (verdict)
		print_markdown_list(out, "", verdict->reasons,
		    verdict->n_reasons);
	if (result->partial)
		print_markdown_list(out, "partial: ",
		    &result->partial_reason, 1);
	buf_printf(out, "- %s model, %" PRIu32 " connections\n"
	    "- %s requests, %s/s, %s errors\n\n", result->spec->model,
	    result->spec->connections, words_count(count, result->requests),
	    words_number(rate, result->rate),
	    words_count(errors, result->errors));
	print_markdown_times(out, result);
	buf_append_char(out, '\n');
	if (verdict)
		print_markdown_list(out, "", verdict->hints,
		    verdict->n_hints);
	for (size_t i = 0; i < result->n_slos; i++)
		print_markdown_list(out, result->slos[i]->passed
		    ? "passed: " : "**failed**: ", &result->slos[i]->text, 1);
}

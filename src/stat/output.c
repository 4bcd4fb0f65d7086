#include "stat/output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/utf8.h"
#include "base/words.h"
#include "metrics/encode.h"
#include "metrics/reflect.h"

/* ---- parts ---- */

/* A character that is seen: no control, in either of their two ranges, and
 * none of those that turn text around. */
static bool visible_char(struct slice c)
{
	const unsigned char *p = (const unsigned char *)c.data;

	if (c.len == 1)
		return p[0] >= 0x20 && p[0] != 0x7f;
	if (c.len == 2)
		return p[0] != 0xc2 || p[1] >= 0xa0;
	if (c.len == 3 && p[0] == 0xe2 && p[1] == 0x80)
		return p[2] < 0xaa && (p[2] < 0x8b || p[2] > 0x8f);
	if (c.len == 3 && p[0] == 0xe2 && p[1] == 0x81)
		return p[2] < 0xa6 || p[2] > 0xa9;
	return true;
}

void stat_write_visible(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		size_t n = utf8_char_len(text);
		struct slice c = slice_first(text, n ? n : 1);

		if (*c.data == '\\')
			buf_append_cstr(out, "\\\\");
		else if (n > 0 && visible_char(c))
			buf_append_slice(out, c);
		else
			for (size_t i = 0; i < c.len; i++)
				buf_printf(out, "\\x%02x",
				    (unsigned char)c.data[i]);
		text = slice_from(text, c.len);
	}
}

static void write_number(struct buf *out, double number, const char *none)
{
	if (isfinite(number))
		reflect_put_double(out, number);
	else
		buf_append_cstr(out, none);
}

/* Exact if it is an integer, else as short as it reads back. */
static void write_value(struct buf *out, const struct stat_row *row)
{
	if (row->is_integer)
		buf_printf(out, "%" PRIu64, row->integer);
	else
		reflect_put_double(out, row->value);
}

static const char *sample_state(const struct stat_sample *sample)
{
	return sample->stopped_real_ns ? "stopped" : "running";
}

static char kind_flag(const struct stat_row *row)
{
	return row->kind == STAT_COUNTER ? 'c' : 'g';
}

static const char *kind_name(const struct stat_row *row)
{
	return row->kind == STAT_COUNTER ? "counter" : "gauge";
}

/* The next row from *i on that passes, or NULL. */
static const struct stat_row *next_row(const struct stat_table *table,
    const struct stat_filter *filter, unsigned *i)
{
	while (*i < table->count) {
		const struct stat_row *row = &table->rows[(*i)++];

		if (stat_filter_passes(filter, row->name))
			return row;
	}
	return NULL;
}

/* ---- text ---- */

/* Append a cell that ends at column `end` of the line that began at `start`,
 * or two spaces later. */
static void text_pad(struct buf *out, size_t start, size_t end)
{
	do
		buf_append_char(out, ' ');
	while (!out->failed && out->len - start < end);
}

static void text_cell(struct buf *out, size_t start, size_t end,
    const char *text)
{
	size_t len = strlen(text);

	text_pad(out, start, end > len ? end - len : 0);
	buf_append_cstr(out, text);
}

static void text_value(struct buf *out, size_t start, size_t end,
    const struct stat_row *row)
{
	char text[64];
	struct buf value = { text, 0, sizeof(text), sizeof(text), false };

	if (row)
		write_value(&value, row);
	else
		buf_append_char(&value, '-');
	buf_append_char(&value, '\0');
	text_cell(out, start, end, text);
}

/* What is derived is not exact. */
static void text_number(struct buf *out, size_t start, size_t end,
    double number)
{
	char text[64];

	if (!isfinite(number))
		(void)snprintf(text, sizeof(text), "-");
	else
		(void)snprintf(text, sizeof(text), fabs(number) < 1
		    ? "%.4g" : "%.2f", number);
	text_cell(out, start, end, text);
}

void stat_write_text(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter)
{
	enum { NAME = 40, VALUE = 60, CHANGE = 74, AVERAGE = 88 };
	const struct stat_row *row;
	unsigned i = 0;

	while ((row = next_row(table, filter, &i))) {
		size_t start = out->len;

		stat_write_visible(out, slice_cstr(row->name));
		text_pad(out, start, NAME);
		text_value(out, start, VALUE, row);
		text_number(out, start, CHANGE, row->change);
		text_number(out, start, AVERAGE, row->average);
		buf_printf(out, "  %s\n", row->entry->help);
	}
}

void stat_write_diff(struct buf *out, const struct stat_table *a,
    const struct stat_table *b, const struct stat_filter *filter)
{
	enum { NAME = 40, OLD = 60, NEW = 80, DIFFERENCE = 96, CHANGE = 110 };
	const struct stat_row *row;
	unsigned i = 0;

	while ((row = next_row(b, filter, &i))) {
		const struct stat_row *old = stat_table_find(a,
		    slice_cstr(row->name));
		size_t start = out->len;

		if (old && old->value == row->value)
			continue;
		stat_write_visible(out, slice_cstr(row->name));
		text_pad(out, start, NAME);
		text_value(out, start, OLD, old);
		text_value(out, start, NEW, row);
		text_number(out, start, DIFFERENCE, old
		    ? row->value - old->value : row->value);
		text_number(out, start, CHANGE, row->change);
		buf_append_char(out, '\n');
	}
}

void stat_write_list(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter)
{
	enum { NAME = 40, KIND = 49, UNIT = 62 };
	const struct stat_row *row;
	unsigned i = 0;

	while ((row = next_row(table, filter, &i))) {
		size_t start = out->len;

		stat_write_visible(out, slice_cstr(row->name));
		text_pad(out, start, NAME);
		buf_append_cstr(out, kind_name(row));
		text_pad(out, start, KIND);
		buf_append_cstr(out, row->unit);
		text_pad(out, start, UNIT);
		buf_printf(out, "%s\n", row->entry->help);
	}
}

/* ---- JSON, XML and CSV ---- */

void stat_write_json(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter, const struct stat_sample *sample)
{
	const struct stat_row *row;
	const char *comma = "";
	unsigned i = 0;

	buf_append_cstr(out, "{\"version\":1,\"timestamp\":\"");
	reflect_put_time(out, sample->snapshot->taken_unix_ns);
	buf_printf(out, "\",\"state\":\"%s\",\"counters\":{",
	    sample_state(sample));
	while ((row = next_row(table, filter, &i))) {
		buf_printf(out, "%s\n", comma);
		json_write_text(out, slice_cstr(row->name));
		buf_append_cstr(out, ":{\"description\":");
		json_write_text(out, slice_cstr(row->entry->help));
		buf_printf(out, ",\"flag\":\"%c\",\"unit\":\"%s\",\"value\":",
		    kind_flag(row), row->unit);
		write_value(out, row);
		buf_append_cstr(out, ",\"change\":");
		write_number(out, row->change, "null");
		buf_append_cstr(out, ",\"average\":");
		write_number(out, row->average, "null");
		buf_append_char(out, '}');
		comma = ",";
	}
	buf_append_cstr(out, "}}\n");
}

static void xml_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\"'", *text))
			buf_printf(out, "&#%d;", *text);
		else if ((unsigned char)*text < 0x20)
			buf_append_char(out, '?'); /* XML has none of them */
		else
			buf_append_char(out, *text);
	}
}

static void xml_number(struct buf *out, const char *name, double number)
{
	if (!isfinite(number))
		return;
	buf_printf(out, "<%s>", name);
	reflect_put_double(out, number);
	buf_printf(out, "</%s>", name);
}

void stat_write_xml(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter, const struct stat_sample *sample)
{
	const struct stat_row *row;
	unsigned i = 0;

	buf_append_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<ringstat version=\"1\" timestamp=\"");
	reflect_put_time(out, sample->snapshot->taken_unix_ns);
	buf_printf(out, "\" state=\"%s\">\n", sample_state(sample));
	while ((row = next_row(table, filter, &i))) {
		buf_append_cstr(out, "<stat><name>");
		xml_text(out, row->name);
		buf_printf(out, "</name><flag>%c</flag><unit>%s</unit><value>",
		    kind_flag(row), row->unit);
		write_value(out, row);
		buf_append_cstr(out, "</value>");
		xml_number(out, "change", row->change);
		xml_number(out, "average", row->average);
		buf_append_cstr(out, "<description>");
		xml_text(out, row->entry->help);
		buf_append_cstr(out, "</description></stat>\n");
	}
	buf_append_cstr(out, "</ringstat>\n");
}

void stat_write_csv(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter, const struct stat_sample *sample,
    bool head)
{
	const struct stat_row *row;
	unsigned i = 0;

	if (head)
		buf_append_cstr(out,
		    "time,name,kind,unit,value,change,average\n");
	while ((row = next_row(table, filter, &i))) {
		reflect_put_time(out, sample->snapshot->taken_unix_ns);
		buf_append_char(out, ',');
		csv_write_text(out, slice_cstr(row->name));
		buf_printf(out, ",%s,%s,", kind_name(row), row->unit);
		write_value(out, row);
		buf_append_char(out, ',');
		write_number(out, row->change, "");
		buf_append_char(out, ',');
		write_number(out, row->average, "");
		buf_append_char(out, '\n');
	}
}

/* ---- requests ---- */

void stat_write_request(struct buf *out,
    const Ringmaster__V1__Request *request)
{
	char words[WORDS_MAX];

	reflect_put_time(out, request->time_unix_ns);
	buf_append_char(out, ' ');
	stat_write_visible(out, slice_cstr(request->client_ip));
	buf_printf(out, " %u %s%s ", request->status, request->aborted
	    ? "aborted " : "", words_time(words, request->response_time));
	buf_printf(out, "%s ", words_bytes(words,
	    (double)request->bytes_sent));
	stat_write_visible(out, slice_cstr(request->method));
	buf_append_char(out, ' ');
	stat_write_visible(out, slice_cstr(request->server));
	buf_append_char(out, ' ');
	stat_write_visible(out, slice_cstr(request->path));
	buf_append_char(out, '\n');
}

/* ---- series ---- */

/* Lines that are no comments are a series each. */
static unsigned series_count(const struct stat_sample *sample,
    enum metrics_level level, unsigned scope, size_t *bytes)
{
	const struct metrics_encode_options options = {
		.prometheus = { .level = level, .scopes = scope } };
	struct buf text = buf_make(STAT_OUTPUT_MAX);
	unsigned count = 0;

	metrics_encode(&text, METRICS_FORMAT_TEXT, sample->snapshot,
	    &options);
	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] != '#' &&
		    (i == 0 || text.data[i - 1] == '\n');
	*bytes = text.len;
	buf_free(&text);
	return count;
}

void stat_write_series(struct buf *out, const struct stat_sample *sample)
{
	static const char *const levels[] = { "basic", "standard", "full" };
	char words[WORDS_MAX];
	size_t bytes;

	buf_append_cstr(out, "metrics_detail");
	for (unsigned i = 0; i < PROMETHEUS_SCOPES; i++)
		buf_printf(out, "  %8s", prometheus_scope_names[i]);
	buf_append_cstr(out, "     all       bytes\n");
	for (unsigned i = 0; i < 3; i++) {
		buf_printf(out, "%-14s", levels[i]);
		for (unsigned k = 0; k < PROMETHEUS_SCOPES; k++)
			buf_printf(out, "  %8u", series_count(sample,
			    (enum metrics_level)i, 1U << k, &bytes));
		buf_printf(out, "  %6u", series_count(sample,
		    (enum metrics_level)i, 0, &bytes));
		buf_printf(out, "  %10s\n", words_bytes(words,
		    (double)bytes));
	}
}

/* ---- out ---- */

int stat_output_write(struct buf *out)
{
	struct slice rest = buf_slice(out);

	out->len = 0;
	if (out->failed)
		return -ENOMEM;
	while (rest.len > 0) {
		ssize_t n = write(STDOUT_FILENO, rest.data, rest.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		rest = slice_from(rest, n > 0 ? (size_t)n : 0);
	}
	return 0;
}

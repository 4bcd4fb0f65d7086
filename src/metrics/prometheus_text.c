/*
 * Prometheus' text format 0.0.4 and OpenMetrics 1.0, which differ in the
 * names of counters and infos, in UNIT and in the last line. Bounds of
 * buckets are written alike, so that a series keeps its name whichever format
 * a scraper asks for.
 */
#include <inttypes.h>
#include <math.h>

#include "metrics/prometheus_format.h"
#include "metrics/reflect.h"

static void put_escaped(struct buf *out, const char *text, bool quotes)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_append_cstr(out, "\\n");
		else if (*text == '\\' || (*text == '"' && quotes))
			buf_printf(out, "\\%c", *text);
		else
			buf_append_char(out, *text);
	}
}

static void put_number(struct buf *out, double number)
{
	if (isfinite(number))
		reflect_put_double(out, number);
	else if (isnan(number))
		buf_append_cstr(out, "NaN");
	else
		buf_append_cstr(out, number > 0 ? "+Inf" : "-Inf");
}

/* `name` of the sample with its labels, and `le` if that is not NULL. */
static void put_series(struct buf *out, const struct sample *sample,
    const char *suffix, const char *le)
{
	char before = '{';

	buf_append_cstr(out, sample->entry->prom);
	buf_append_cstr(out, suffix);
	for (size_t i = 0; i < sample->label_count; i++) {
		buf_append_char(out, before);
		buf_append_cstr(out, sample->labels[i].name);
		buf_append_cstr(out, "=\"");
		put_escaped(out, sample->labels[i].value, true);
		buf_append_char(out, '"');
		before = ',';
	}
	if (le != NULL) {
		buf_printf(out, "%cle=\"%s\"", before, le);
		before = ',';
	}
	buf_append_cstr(out, before == ',' ? "} " : " ");
}

static void put_histogram(struct buf *out, const struct sample *sample)
{
	const Ringmaster__V1__Histogram *histogram = sample->histogram;
	uint64_t counts[SAMPLE_BOUND_COUNT];

	samples_count_le(histogram, counts);
	for (size_t i = 0; i < SAMPLE_BOUND_COUNT; i++) {
		put_series(out, sample, "_bucket", sample_bounds[i].le);
		buf_printf(out, "%" PRIu64 "\n", counts[i]);
	}
	put_series(out, sample, "_bucket", "+Inf");
	buf_printf(out, "%" PRIu64 "\n", histogram->count);
	put_series(out, sample, "_sum", NULL);
	put_number(out, histogram->sum_seconds);
	buf_append_char(out, '\n');
	put_series(out, sample, "_count", NULL);
	buf_printf(out, "%" PRIu64 "\n", histogram->count);
}

static void text_sample(struct prometheus_writer *writer,
    const struct sample *sample)
{
	struct buf *out = writer->out;

	if (sample->histogram != NULL) {
		put_histogram(out, sample);
		return;
	}
	put_series(out, sample, "", NULL);
	if (sample->is_integer)
		buf_printf(out, "%" PRIu64, sample->integer);
	else
		put_number(out, sample->real);
	buf_append_char(out, '\n');
}

void prometheus_text_head(struct buf *out, const char *name, const char *type,
    const char *help)
{
	buf_printf(out, "# HELP %s ", name);
	put_escaped(out, help, false);
	buf_printf(out, "\n# TYPE %s %s\n", name, type);
}

static void text_begin(struct prometheus_writer *writer,
    const struct metrics_entry *family)
{
	static const char *const types[] = {
		[METRICS_KIND_COUNTER] = "counter",
		[METRICS_KIND_GAUGE] = "gauge",
		[METRICS_KIND_HISTOGRAM] = "histogram",
		[METRICS_KIND_INFO] = "gauge",
	};

	prometheus_text_head(writer->out, family->prom, types[family->kind],
	    family->family_help);
}

const char *prometheus_family_unit(const struct metrics_entry *family)
{
	struct slice name = slice_cstr(family->prom);
	struct slice unit = slice_cstr(family->unit);

	if (slice_ends(name, SLICE("_total")))
		name.len -= strlen("_total");
	if (unit.len > 0 && slice_ends(name, unit) &&
	    name.data[name.len - unit.len - 1] == '_')
		return family->unit;
	return "";
}

static void openmetrics_begin(struct prometheus_writer *writer,
    const struct metrics_entry *family)
{
	static const struct {
		const char *type;
		const char *suffix;	/* of samples, not of the family */
	} types[] = {
		[METRICS_KIND_COUNTER] = { "counter", "_total" },
		[METRICS_KIND_GAUGE] = { "gauge", "" },
		[METRICS_KIND_HISTOGRAM] = { "histogram", "" },
		[METRICS_KIND_INFO] = { "info", "_info" },
	};
	const char *unit = prometheus_family_unit(family);
	int len = (int)(strlen(family->prom) -
	    strlen(types[family->kind].suffix));
	struct buf *out = writer->out;

	buf_printf(out, "# TYPE %.*s %s\n", len, family->prom,
	    types[family->kind].type);
	if (*unit != '\0')
		buf_printf(out, "# UNIT %.*s %s\n", len, family->prom, unit);
	buf_printf(out, "# HELP %.*s ", len, family->prom);
	put_escaped(out, family->family_help, true);
	buf_append_char(out, '\n');
}

static void nothing(struct prometheus_writer *writer)
{
	(void)writer;
}

static void openmetrics_finish(struct prometheus_writer *writer)
{
	buf_append_cstr(writer->out, "# EOF\n");
}

const struct prometheus_format_ops prometheus_text_ops = {
	.begin = text_begin,
	.sample = text_sample,
	.end = nothing,
	.finish = nothing,
};

const struct prometheus_format_ops prometheus_openmetrics_ops = {
	.begin = openmetrics_begin,
	.sample = text_sample,
	.end = nothing,
	.finish = openmetrics_finish,
};

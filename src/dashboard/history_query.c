/*
 * The history as JSON, in columns as charts want them, or as CSV, a row for
 * each step; and its heatmap.
 */

#include "dashboard/history_query.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/csv.h"
#include "dashboard/query.h"
#include "metrics/reflect.h"

enum {
	HISTORY_RANGE_S = 300,		/* if nobody says */
	HISTORY_RANGE_MAX_S = 366 * 24 * 3600,
};

/* ---- reading the query ---- */

/* "90s", "5m", "24h", "7d" */
static bool history_parse_last(struct slice text, uint64_t now_s,
    struct history_span *ret)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
		{ 'd', 24 * 3600 } };
	uint64_t number;

	if (text.len < 2 ||
	    !slice_to_u64(slice_first(text, text.len - 1), &number))
		return false;
	for (unsigned i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (text.data[text.len - 1] != units[i].letter)
			continue;
		if (number == 0 ||
		    number > HISTORY_RANGE_MAX_S / units[i].seconds ||
		    number * units[i].seconds > now_s)
			return false;
		ret->from_s = now_s - number * units[i].seconds;
		ret->to_s = now_s;
		return true;
	}
	return false;
}

/* "FROM..TO" */
static bool history_parse_between(struct slice text, uint64_t now_s,
    struct history_span *ret)
{
	const char *dots = text.len ? memmem(text.data, text.len, "..", 2)
				    : NULL;
	size_t len = dots ? (size_t)(dots - text.data) : 0;

	if (!dots || !slice_to_u64(slice_first(text, len), &ret->from_s) ||
	    !slice_to_u64(slice_from(text, len + 2), &ret->to_s))
		return false;
	if (ret->to_s > now_s)
		ret->to_s = now_s;
	return ret->from_s < ret->to_s &&
	    ret->to_s - ret->from_s <= HISTORY_RANGE_MAX_S;
}

static bool history_parse_series(struct slice text,
    bool wanted[HISTORY_COUNT])
{
	while (text.len) {
		const char *comma = memchr(text.data, ',', text.len);
		size_t len = comma ? (size_t)(comma - text.data) : text.len;
		struct slice name = slice_first(text, len);
		unsigned id = 0;

		while (id < HISTORY_COUNT && !slice_equal(name,
			slice_cstr(history_series[id].name)))
			id++;
		if (id == HISTORY_COUNT)
			return false;
		wanted[id] = true;
		text = slice_from(text, comma ? len + 1 : len);
	}
	return true;
}

/* What the arguments say. */
struct history_args {
	struct history_span span;	/* the whole past unless... */
	bool ranged;			/* ...they say one */
	uint64_t step_s;		/* 0: they say none */
	bool any;			/* series are named: these */
	bool wanted[HISTORY_COUNT];
	bool csv;
};

static const char *history_arg(const struct query_arg *arg, uint64_t now_s,
    struct history_args *ret)
{
	struct slice value = arg->value;

	if (slice_equal(arg->name, SLICE("range"))) {
		ret->ranged = true;
		if (!history_parse_last(value, now_s, &ret->span) &&
		    !history_parse_between(value, now_s, &ret->span))
			return "\"range\" is no time like 30s, 5m, 24h or "
			    "7d, and no FROM..TO in Unix seconds";
	} else if (slice_equal(arg->name, SLICE("step"))) {
		if (!slice_to_u64(value, &ret->step_s) || ret->step_s == 0 ||
		    ret->step_s > HISTORY_RANGE_MAX_S)
			return "\"step\" is no number of seconds";
	} else if (slice_equal(arg->name, SLICE("series"))) {
		ret->any = true;
		if (!history_parse_series(value, ret->wanted))
			return "\"series\" names one that is unknown";
	} else if (slice_equal(arg->name, SLICE("format"))) {
		ret->csv = slice_equal(value, SLICE("csv"));
		if (!ret->csv && !slice_equal(value, SLICE("json")))
			return "\"format\" is neither json nor csv";
	}
	return NULL;
}

static const char *history_args_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct history_args *ret)
{
	const char *wrong = NULL;
	struct query_arg arg;

	*ret = (struct history_args){ .span = { 0, now_s } };
	while (!wrong && query_next(arena, &args, &arg))
		wrong = history_arg(&arg, now_s, ret);
	return wrong;
}

static uint64_t history_round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* A step that people know, for at most HISTORY_POINTS points. */
static uint64_t history_step_default(const struct history_span *span)
{
	static const unsigned steps[] = { 1, 2, 5, 10, 20, 30, 60, 120, 180,
		300, 600, 900, 1200, 1800, 3600, 7200, 14400, 21600, 43200 };
	uint64_t least_s = history_round_up(span->to_s - span->from_s,
	    HISTORY_POINTS) / HISTORY_POINTS;

	for (unsigned i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (steps[i] >= least_s)
			return steps[i];
	return 24 * 3600;
}

/* Steps of whole records in the span that the arguments say. */
static void history_range_fit(const struct history_args *args,
    uint64_t step_s, uint64_t now_s, struct history_range *ret)
{
	const struct history_span *span = &args->span;

	ret->tier = history_tier_find(span->from_s, (unsigned)step_s, now_s);
	step_s = history_round_up(step_s, history_tiers[ret->tier].span_s);
	ret->step_s = (unsigned)step_s;
	ret->from_s = span->from_s - span->from_s % step_s;
	ret->count = (unsigned)((span->to_s - ret->from_s) / step_s);
}

/* Use what is shown if nobody says. */
static uint64_t history_args_default(struct history_args *args,
    uint64_t now_s)
{
	if (!args->ranged)
		args->span.from_s = now_s - HISTORY_RANGE_S;
	return args->step_s ? args->step_s : history_step_default(&args->span);
}

const char *history_query_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct history_query *ret)
{
	struct history_args said;
	const char *wrong = history_args_parse(args, now_s, arena, &said);

	if (wrong)
		return wrong;
	history_range_fit(&said, history_args_default(&said, now_s), now_s,
	    &ret->range);
	if (ret->range.count > HISTORY_POINTS_MAX)
		return "the step is too small for the range";
	ret->csv = said.csv;
	for (unsigned id = 0; id < HISTORY_COUNT; id++)
		ret->wanted[id] = said.wanted[id] || !said.any;
	return NULL;
}

const char *heatmap_query_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct history_range *ret)
{
	struct history_args said;
	const char *wrong = history_args_parse(args, now_s, arena, &said);
	uint64_t step_s, least_s;

	if (wrong)
		return wrong;
	step_s = history_args_default(&said, now_s);
	least_s = history_round_up(said.span.to_s - said.span.from_s,
	    HEATMAP_COLUMNS_MAX) / HEATMAP_COLUMNS_MAX;
	history_range_fit(&said, step_s > least_s ? step_s : least_s, now_s,
	    ret);
	return NULL;
}

const char *marks_query_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct history_span *ret)
{
	struct history_args said;
	const char *wrong = history_args_parse(args, now_s, arena, &said);

	if (!wrong)
		*ret = said.span;
	return wrong;
}

/* ---- writing the answer ---- */

/* With nine places behind the point, which is a nanosecond of a duration;
 * much faster than printf(), and there may be 400,000 of them. */
static void history_put_number(struct buf *out, double number)
{
	char text[32];
	unsigned at = sizeof(text), places = 9;
	uint64_t digits;

	if (!(fabs(number) < 1e9)) {
		reflect_put_double(out, number);
		return;
	}
	digits = (uint64_t)(fabs(number) * 1e9 + 0.5);
	for (; places > 0 && digits % 10 == 0; places--)
		digits /= 10;
	for (unsigned i = 0; i < places; i++, digits /= 10)
		text[--at] = (char)('0' + digits % 10);
	if (places > 0)
		text[--at] = '.';
	do {
		text[--at] = (char)('0' + digits % 10);
		digits /= 10;
	} while (digits);
	if (number < 0)
		text[--at] = '-';
	buf_append(out, text + at, sizeof(text) - at);
}

static void history_write_json_series(struct buf *out,
    const struct history_range *range, enum history_id id,
    const double *points, double total)
{
	const struct history_series *series = &history_series[id];

	buf_printf(out, "{\"name\":\"%s\",\"unit\":\"%s\",\"kind\":\"%s\"",
	    series->name, series->unit, history_kind_name(series->kind));
	/* A damaged file may hold numbers that have no sum. */
	if (series->kind == HISTORY_COUNTER && isfinite(total))
		buf_printf(out, ",\"total\":%.0f", total);
	else if (series->kind == HISTORY_COUNTER)
		buf_append_cstr(out, ",\"total\":null");
	buf_append_cstr(out, ",\"points\":[");
	for (unsigned i = 0; i < range->count; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		if (isfinite(points[i]))
			history_put_number(out, points[i]);
		else
			buf_append(out, "null", 4);
	}
	buf_append_cstr(out, "]}");
}

static void history_write_json(struct buf *out,
    const struct history_range *range, double *const points[HISTORY_COUNT],
    const double totals[HISTORY_COUNT])
{
	const char *comma = "";

	buf_printf(out, "{\"from\":%" PRIu64 ",\"to\":%" PRIu64
	    ",\"step\":%u,\"resolution\":%u,\"time\":[", range->from_s,
	    history_range_end(range, range->count - 1), range->step_s,
	    history_tiers[range->tier].span_s);
	for (unsigned i = 0; i < range->count; i++)
		buf_printf(out, "%s%" PRIu64, i ? "," : "",
		    history_range_end(range, i));
	buf_append_cstr(out, "],\"series\":[");
	for (unsigned id = 0; id < HISTORY_COUNT; id++) {
		if (!points[id])
			continue;
		buf_append_cstr(out, comma);
		comma = ",";
		history_write_json_series(out, range, (enum history_id)id,
		    points[id], totals[id]);
	}
	buf_append_cstr(out, "]}\n");
}

static void history_write_csv(struct buf *out,
    const struct history_range *range, double *const points[HISTORY_COUNT])
{
	buf_append_cstr(out, "\"time\"");
	for (unsigned id = 0; id < HISTORY_COUNT; id++) {
		if (!points[id])
			continue;
		buf_append_char(out, ',');
		csv_write_text(out, slice_cstr(history_series[id].name));
	}
	buf_append_cstr(out, "\r\n");
	for (unsigned i = 0; i < range->count; i++) {
		buf_printf(out, "%" PRIu64, history_range_end(range, i));
		for (unsigned id = 0; id < HISTORY_COUNT; id++) {
			if (!points[id])
				continue;
			buf_append_char(out, ',');
			if (isfinite(points[id][i]))
				history_put_number(out, points[id][i]);
		}
		buf_append_cstr(out, "\r\n");
	}
}

void history_query_write(struct buf *out, struct history *history,
    const struct history_query *query)
{
	const struct history_range *range = &query->range;
	double *memory = calloc((size_t)range->count * HISTORY_COUNT + 1,
	    sizeof(*memory));
	double *points[HISTORY_COUNT], totals[HISTORY_COUNT];

	if (!memory) {
		out->failed = true;
		return;
	}
	for (unsigned id = 0; id < HISTORY_COUNT; id++)
		points[id] = query->wanted[id] ?
		    memory + (size_t)id * range->count : NULL;
	history_read(history, range, points, totals);
	if (query->csv)
		history_write_csv(out, range, points);
	else
		history_write_json(out, range, points, totals);
	free(memory);
}

/* ---- the heatmap ---- */

void heatmap_write_edges(struct buf *out)
{
	buf_append_char(out, '[');
	for (unsigned i = 0; i < HISTORY_HEAT_ROWS - 1; i++) {
		history_put_number(out,
		    (double)history_heat_upper_ns(i) / (double)NS_PER_SEC);
		buf_append_char(out, ',');
	}
	buf_append_cstr(out, "null]");
}

static void heatmap_write_column(struct buf *out,
    const struct history_heat *column)
{
	const char *comma = "[";

	if (!column->recorded) {
		buf_append_cstr(out, "null");
		return;
	}
	for (unsigned i = 0; i < HISTORY_HEAT_ROWS; i++) {
		if (!column->rows[i])
			continue;
		buf_printf(out, "%s%u,%" PRIu64, comma, i, column->rows[i]);
		comma = ",";
	}
	buf_append_cstr(out, *comma == '[' ? "[]" : "]");
}

void heatmap_query_write(struct buf *out, struct history *history,
    const struct history_range *range)
{
	struct history_heat *columns = calloc((size_t)range->count + 1,
	    sizeof(*columns));

	if (!columns) {
		out->failed = true;
		return;
	}
	history_read_heat(history, range, columns);
	buf_printf(out, "{\"from\":%" PRIu64 ",\"step\":%u,\"count\":%u,"
	    "\"edges\":", range->from_s, range->step_s, range->count);
	heatmap_write_edges(out);
	buf_append_cstr(out, ",\"columns\":[");
	for (unsigned i = 0; i < range->count; i++) {
		buf_append_cstr(out, i ? "," : "");
		heatmap_write_column(out, &columns[i]);
	}
	buf_append_cstr(out, "]}\n");
	free(columns);
}

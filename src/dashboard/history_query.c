/*
 * The history as JSON, in columns as charts want them, or as CSV, a row for
 * each step.
 */

#include "dashboard/history_query.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "dashboard/csv.h"
#include "dashboard/query.h"
#include "metrics/reflect.h"

enum {
	HISTORY_RANGE_S = 300,		/* if nobody says */
	HISTORY_STEPS = 360,		/* points of a series, about */
	HISTORY_RANGE_MAX_S = 366 * 24 * 3600,
};

/* ---- reading the query ---- */

struct history_span {
	uint64_t from_s, to_s;
};

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

static uint64_t history_round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* The step that gives about HISTORY_STEPS points, of whole records. */
static uint64_t history_step_default(const struct history_span *span)
{
	uint64_t step_s = history_round_up(span->to_s - span->from_s,
	    HISTORY_STEPS) / HISTORY_STEPS;

	if (step_s <= history_tiers[0].span_s)
		return history_tiers[0].span_s;
	return history_round_up(step_s, history_tiers[step_s >
	    history_tiers[2].span_s ? 2 : 1].span_s);
}

static const char *history_query_fit(const struct history_span *span,
    uint64_t step_s, uint64_t now_s, struct history_range *ret)
{
	uint64_t count;

	if (step_s == 0)
		step_s = history_step_default(span);
	ret->tier = history_tier_find(span->from_s, (unsigned)step_s, now_s);
	step_s = history_round_up(step_s, history_tiers[ret->tier].span_s);
	ret->step_s = (unsigned)step_s;
	ret->from_s = span->from_s - span->from_s % step_s;
	count = (span->to_s - ret->from_s) / step_s;
	if (count > HISTORY_POINTS_MAX)
		return "the step is too small for the range";
	ret->count = (unsigned)count;
	return NULL;
}

const char *history_query_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct history_query *ret)
{
	struct history_span span = { now_s - HISTORY_RANGE_S, now_s };
	bool any = false;
	uint64_t step_s = 0;
	struct query_arg arg;

	*ret = (struct history_query){ .csv = false };
	while (query_next(arena, &args, &arg)) {
		struct slice value = arg.value;

		if (slice_equal(arg.name, SLICE("range"))) {
			if (!history_parse_last(value, now_s, &span) &&
			    !history_parse_between(value, now_s, &span))
				return "\"range\" is no time like 30s, 5m, "
				    "24h or 7d, and no FROM..TO in Unix "
				    "seconds";
		} else if (slice_equal(arg.name, SLICE("step"))) {
			if (!slice_to_u64(value, &step_s) || step_s == 0 ||
			    step_s > HISTORY_RANGE_MAX_S)
				return "\"step\" is no number of seconds";
		} else if (slice_equal(arg.name, SLICE("series"))) {
			any = true;
			if (!history_parse_series(value, ret->wanted))
				return "\"series\" names one that is unknown";
		} else if (slice_equal(arg.name, SLICE("format"))) {
			ret->csv = slice_equal(value, SLICE("csv"));
			if (!ret->csv && !slice_equal(value, SLICE("json")))
				return "\"format\" is neither json nor csv";
		}
	}
	for (unsigned id = 0; id < HISTORY_COUNT && !any; id++)
		ret->wanted[id] = true;
	return history_query_fit(&span, step_s, now_s, &ret->range);
}

/* ---- writing the answer ---- */

static uint64_t history_time(const struct history_range *range, unsigned i)
{
	return range->from_s + (uint64_t)(i + 1) * range->step_s;
}

static void history_write_json_series(struct buf *out,
    struct history *history, const struct history_range *range,
    enum history_id id, double *points)
{
	const struct history_series *series = &history_series[id];
	double total = 0;

	history_read(history, range, id, points, &total);
	buf_printf(out, "{\"name\":\"%s\",\"unit\":\"%s\",\"kind\":\"%s\"",
	    series->name, series->unit, history_kind_name(series->kind));
	if (series->kind == HISTORY_COUNTER)
		buf_printf(out, ",\"total\":%.0f", total);
	buf_append_cstr(out, ",\"points\":[");
	for (unsigned i = 0; i < range->count; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		if (isnan(points[i]))
			buf_append_cstr(out, "null");
		else
			reflect_put_double(out, points[i]);
	}
	buf_append_cstr(out, "]}");
}

static void history_write_json(struct buf *out, struct history *history,
    const struct history_query *query, double *points)
{
	const struct history_range *range = &query->range;
	const char *comma = "";

	buf_printf(out, "{\"from\":%" PRIu64 ",\"to\":%" PRIu64
	    ",\"step\":%u,\"resolution\":%u,\"time\":[", range->from_s,
	    history_time(range, range->count - 1), range->step_s,
	    history_tiers[range->tier].span_s);
	for (unsigned i = 0; i < range->count; i++)
		buf_printf(out, "%s%" PRIu64, i ? "," : "",
		    history_time(range, i));
	buf_append_cstr(out, "],\"series\":[");
	for (unsigned id = 0; id < HISTORY_COUNT; id++) {
		if (!query->wanted[id])
			continue;
		buf_append_cstr(out, comma);
		comma = ",";
		history_write_json_series(out, history, range,
		    (enum history_id)id, points);
	}
	buf_append_cstr(out, "]}\n");
}

/* points: of all series, one after the other */
static void history_write_csv(struct buf *out, struct history *history,
    const struct history_query *query, double *points)
{
	const struct history_range *range = &query->range;
	double total;

	buf_append_cstr(out, "\"time\"");
	for (unsigned id = 0; id < HISTORY_COUNT; id++) {
		if (!query->wanted[id])
			continue;
		buf_append_char(out, ',');
		csv_write_text(out, slice_cstr(history_series[id].name));
		history_read(history, range, (enum history_id)id,
		    points + (size_t)id * range->count, &total);
	}
	buf_append_cstr(out, "\r\n");
	for (unsigned i = 0; i < range->count; i++) {
		buf_printf(out, "%" PRIu64, history_time(range, i));
		for (unsigned id = 0; id < HISTORY_COUNT; id++) {
			double point = points[(size_t)id * range->count + i];

			if (!query->wanted[id])
				continue;
			buf_append_char(out, ',');
			if (!isnan(point))
				reflect_put_double(out, point);
		}
		buf_append_cstr(out, "\r\n");
	}
}

void history_query_write(struct buf *out, struct history *history,
    const struct history_query *query)
{
	double *points = calloc((size_t)query->range.count * HISTORY_COUNT + 1,
	    sizeof(*points));

	if (!points) {
		out->failed = true;
		return;
	}
	if (query->csv)
		history_write_csv(out, history, query, points);
	else
		history_write_json(out, history, query, points);
	free(points);
}

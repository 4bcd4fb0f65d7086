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
	if (series->kind == HISTORY_COUNTER)
		buf_printf(out, ",\"total\":%.0f", total);
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

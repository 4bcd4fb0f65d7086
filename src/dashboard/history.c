/* The records of the history: writing and reading them. */

#include "dashboard/history_file.h"

#include <math.h>

enum {
	/* Records looked back for a counter's last value. */
	HISTORY_LOOKBACK = 60,
};

const struct history_series history_series[HISTORY_COUNT] = {
#define HISTORY_ROW(id, name, unit, kind) { name, unit, HISTORY_##kind },
	HISTORY_SERIES(HISTORY_ROW)
#undef HISTORY_ROW
};

const double history_shares[HISTORY_COUNT] = {
	[HISTORY_P50] = 0.5, [HISTORY_P90] = 0.9, [HISTORY_P95] = 0.95,
	[HISTORY_P99] = 0.99, [HISTORY_P999] = 0.999, [HISTORY_MAX] = 1,
	[HISTORY_POOL_WAIT] = 0.99, [HISTORY_LOOP_LAG] = 0.99,
	[HISTORY_HEADER_P50] = 0.5, [HISTORY_HEADER_P99] = 0.99,
	[HISTORY_PARSE_P50] = 0.5, [HISTORY_PARSE_P99] = 0.99,
	[HISTORY_POOL_WAIT_P50] = 0.5, [HISTORY_POOL_WAIT_P99] = 0.99,
	[HISTORY_HANDLER_P50] = 0.5, [HISTORY_HANDLER_P99] = 0.99,
	[HISTORY_UPSTREAM_P50] = 0.5, [HISTORY_UPSTREAM_P99] = 0.99,
	[HISTORY_SEND_P50] = 0.5, [HISTORY_SEND_P99] = 0.99,
};

const char *history_kind_name(enum history_kind kind)
{
	static const char *const names[] = { "gauge", "rate", "peak",
		"quantile" };

	return names[kind];
}

const struct history_tier history_tiers[HISTORY_TIERS] = {
	{ 1, HISTORY_SECONDS },
	{ 10, HISTORY_TENS },
	{ 60, HISTORY_MINUTES },
};

static const unsigned history_first[HISTORY_TIERS] = { 0, HISTORY_SECONDS,
    HISTORY_SECONDS + HISTORY_TENS };

static struct history_record *history_place(struct history *history,
    unsigned tier, uint64_t time_s)
{
	const struct history_tier *ring = &history_tiers[tier];

	return &history->file->records[history_first[tier] +
	    time_s / ring->span_s % ring->count];
}

/* The record of that time; false if there is none. The copy is what is
 * checked, as another process may be writing. */
static bool history_get(struct history *history, unsigned tier,
    uint64_t time_s, struct history_record *ret)
{
	*ret = *history_place(history, tier, time_s);
	return ret->time_s == time_s &&
	    ret->sum == history_sum(ret, sizeof(*ret));
}

void history_write(struct history *history, unsigned tier,
    struct history_record *record)
{
	record->sum = history_sum(record, sizeof(*record));
	(void)pthread_mutex_lock(&history->mutex);
	*history_place(history, tier, record->time_s) = *record;
	(void)pthread_mutex_unlock(&history->mutex);
}

bool history_last(struct history *history, uint64_t instance,
    uint64_t time_s, struct history_record *ret)
{
	bool found = false;

	(void)pthread_mutex_lock(&history->mutex);
	for (unsigned i = 0; i < HISTORY_SECONDS && i < time_s && !found; i++)
		found = history_get(history, 0, time_s - i, ret) &&
		    ret->instance == instance;
	(void)pthread_mutex_unlock(&history->mutex);
	return found;
}

/* ---- several records as one ---- */

/* What came together of a series. */
struct history_step {
	double sum;		/* of a peak: the largest */
	double weight;		/* how many, or of a rate: seconds */
	double low, high;	/* of a quantile */
};

static void history_gather(enum history_kind kind, double value,
    struct history_step *step)
{
	if (isnan(value))
		return;
	if (!step->weight || value < step->low)
		step->low = value;
	if (!step->weight || value > step->high)
		step->high = value;
	if (kind == HISTORY_GAUGE)
		step->sum += value;
	step->weight++;
}

static void history_heat_add(uint64_t *rows,
    const struct history_record *record)
{
	for (unsigned i = 0; i < HISTORY_HEAT_ROWS; i++)
		rows[i] += record->heat[i];
}

static double history_point(enum history_id id,
    const struct history_step *step, const uint64_t *heat)
{
	double value;

	if (step->weight <= 0)
		return (double)NAN;
	switch (history_series[id].kind) {
	case HISTORY_PEAK:
		return step->high;
	case HISTORY_QUANTILE:
		/* Heat rows are coarse: what the records say is exact. */
		value = history_heat_quantile(heat, history_shares[id]);
		return fmax(step->low, fmin(step->high, value));
	default:
		return step->sum / step->weight;
	}
}

void history_summarize(struct history *history, unsigned span_s,
    struct history_record *record)
{
	struct history_step steps[HISTORY_COUNT] = { { .weight = 0 } };
	uint64_t heat[HISTORY_HEAT_ROWS] = { 0 };
	struct history_record one;

	(void)pthread_mutex_lock(&history->mutex);
	for (unsigned i = 0; i < span_s && i < record->time_s; i++) {
		if (!history_get(history, 0, record->time_s - i, &one))
			continue;
		for (unsigned id = 0; id < HISTORY_COUNT; id++)
			history_gather(history_series[id].kind,
			    one.values[id], &steps[id]);
		history_heat_add(heat, &one);
	}
	(void)pthread_mutex_unlock(&history->mutex);
	for (unsigned id = 0; id < HISTORY_COUNT; id++)
		if (history_series[id].kind == HISTORY_GAUGE &&
		    steps[id].weight)
			record->values[id] = history_point(id, &steps[id],
			    heat);
	for (unsigned i = 0; i < HISTORY_HEAT_ROWS; i++)
		record->heat[i] = heat[i] < UINT32_MAX ? (uint32_t)heat[i]
						       : UINT32_MAX;
}

/* ---- reading ---- */

unsigned history_tier_find(uint64_t from_s, unsigned step_s, uint64_t now_s)
{
	unsigned tier = HISTORY_TIERS - 1;

	while (tier > 0 && step_s % history_tiers[tier].span_s)
		tier--;
	while (tier < HISTORY_TIERS - 1 && from_s +
	    (uint64_t)history_tiers[tier].span_s * history_tiers[tier].count <
	    now_s)
		tier++;
	return tier;
}

/* By how much did a counter grow, in which time, up to `now`? */
static void history_grow(enum history_id id, unsigned span_s,
    const struct history_record *last, const struct history_record *now,
    struct history_step *step)
{
	uint64_t since = last->time_s;
	double before = last->values[id], grown = now->values[id];

	if (last->time_s == 0 || last->instance != now->instance) {
		since = now->started_s;
		before = 0;
		/* Long counted, but not seen: nobody knows when. */
		if (since + (uint64_t)HISTORY_LOOKBACK * span_s < now->time_s)
			return;
		if (since + span_s > now->time_s)
			since = now->time_s - span_s;
	}
	grown -= before;
	step->sum += grown > 0 ? grown : 0;
	step->weight += (double)(now->time_s - since);
}

/* The last record before the range, as what counters are compared with. */
static void history_before(struct history *history,
    const struct history_range *range, struct history_record *ret)
{
	const unsigned span_s = history_tiers[range->tier].span_s;
	uint64_t time_s = range->from_s - range->from_s % span_s;

	for (unsigned i = 0; i < HISTORY_LOOKBACK && time_s >= span_s; i++) {
		if (history_get(history, range->tier, time_s, ret))
			return;
		time_s -= span_s;
	}
	*ret = (struct history_record){ .time_s = 0 };
}

/* All that is wanted of one record. */
static void history_take(const struct history_record *last,
    const struct history_record *now, unsigned span_s,
    double *const points[HISTORY_COUNT], struct history_step *steps)
{
	for (unsigned id = 0; id < HISTORY_COUNT; id++) {
		if (!points[id])
			continue;
		if (history_series[id].kind == HISTORY_COUNTER)
			history_grow(id, span_s, last, now, &steps[id]);
		else
			history_gather(history_series[id].kind,
			    now->values[id], &steps[id]);
	}
}

void history_read(struct history *history, const struct history_range *range,
    double *const points[HISTORY_COUNT], double totals[HISTORY_COUNT])
{
	const unsigned span_s = history_tiers[range->tier].span_s;
	uint64_t time_s = range->from_s - range->from_s % span_s + span_s;
	struct history_record last, now;

	memset(totals, 0, HISTORY_COUNT * sizeof(*totals));
	(void)pthread_mutex_lock(&history->mutex);
	history_before(history, range, &last);
	for (unsigned i = 0; i < range->count; i++) {
		uint64_t end_s = history_range_end(range, i);
		struct history_step steps[HISTORY_COUNT] = { { .weight = 0 } };
		uint64_t heat[HISTORY_HEAT_ROWS] = { 0 };

		for (; time_s <= end_s; time_s += span_s) {
			if (!history_get(history, range->tier, time_s, &now))
				continue;
			history_take(&last, &now, span_s, points, steps);
			history_heat_add(heat, &now);
			last = now;
		}
		for (unsigned id = 0; id < HISTORY_COUNT; id++) {
			if (!points[id])
				continue;
			points[id][i] = history_point(id, &steps[id], heat);
			if (history_series[id].kind == HISTORY_COUNTER)
				totals[id] += steps[id].sum;
		}
	}
	(void)pthread_mutex_unlock(&history->mutex);
}

void history_read_heat(struct history *history,
    const struct history_range *range, struct history_heat *columns)
{
	const unsigned span_s = history_tiers[range->tier].span_s;
	uint64_t time_s = range->from_s - range->from_s % span_s + span_s;
	struct history_record now;

	(void)pthread_mutex_lock(&history->mutex);
	for (unsigned i = 0; i < range->count; i++) {
		uint64_t end_s = history_range_end(range, i);

		columns[i] = (struct history_heat){ .recorded = false };
		for (; time_s <= end_s; time_s += span_s) {
			if (!history_get(history, range->tier, time_s, &now))
				continue;
			columns[i].recorded = true;
			history_heat_add(columns[i].rows, &now);
		}
	}
	(void)pthread_mutex_unlock(&history->mutex);
}

#include "load/stages.h"

#include "base/clock.h"
#include "base/number.h"

_Static_assert(LOAD_RATE_MAX == 50000 && LOAD_DURATION_MAX_S == 600 &&
    SCHEDULE_POINTS_MAX == 64, "the sentences below name them");

const char *stages_add(struct schedule *schedule, double at_s, double rate)
{
	struct schedule_point *point = &schedule->points[schedule->count];
	uint64_t at_ns;

	if (schedule->count == SCHEDULE_POINTS_MAX)
		return "there are more than 64 points";
	if (!(at_s <= LOAD_DURATION_MAX_S))
		return "it takes longer than 600 s";
	if (!(rate <= LOAD_RATE_MAX))
		return "the rate is above 50000 requests a second";
	at_ns = (uint64_t)(at_s * (double)NS_PER_SEC);
	if (schedule->count == 0 && at_ns != 0)
		return "the first point is not at 0";
	if (schedule->count > 0 && at_ns < point[-1].at_ns)
		return "the times go back";
	*point = (struct schedule_point){ at_ns, rate };
	schedule->count++;
	return NULL;
}

const char *stages_check(const struct schedule *schedule)
{
	if (schedule->count < 2)
		return "a course of rates has at least two points";
	/* The first request is due where the area is 0. */
	if (!(schedule_area(schedule, UINT64_MAX) > 0))
		return "no request is due in it";
	return NULL;
}

static const char *stages_parse_point(struct slice text,
    struct schedule *schedule)
{
	const char *colon = text.len ? memchr(text.data, ':', text.len) : NULL;
	double at_s, rate;
	size_t len;

	if (!colon)
		return "each point is written TIME:RATE, as 5s:2000";
	len = (size_t)(colon - text.data);
	if (!number_parse_seconds(slice_first(text, len), &at_s))
		return "a time is not a number with s, ms or m";
	if (!number_parse_rate(slice_from(text, len + 1), &rate))
		return "a rate is not a number";
	return stages_add(schedule, at_s, rate);
}

const char *stages_parse(struct slice text, struct schedule *schedule)
{
	const char *wrong = NULL;
	bool more = true;

	while (more && !wrong) {
		const char *comma = text.len ? memchr(text.data, ',',
		    text.len) : NULL;
		size_t len = comma ? (size_t)(comma - text.data) : text.len;

		wrong = stages_parse_point(slice_trim(slice_first(text, len)),
		    schedule);
		text = slice_from(text, len + 1);
		more = comma != NULL;
	}
	return wrong ? wrong : stages_check(schedule);
}

/*
 * Arrivals as areas below a line; see schedule.h.
 */

#include "load/schedule.h"

#include <math.h>

#include "base/clock.h"

uint64_t schedule_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

double schedule_random_unit(uint64_t *state)
{
	return ((double)(schedule_random(state) >> 11) + 1) * 0x1p-53;
}

static double schedule_seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_SEC;
}

/* Arrivals between two points. */
static double schedule_segment_area(const struct schedule_point *point)
{
	return (point[0].rate + point[1].rate) / 2 *
	    schedule_seconds(point[1].at_ns - point[0].at_ns);
}

/*
 * How long after *point the area is `area`, in seconds: the root of
 * rate * t + slope / 2 * t^2 = area, in a form that does not cancel.
 */
static double schedule_segment_time(const struct schedule_point *point,
    double area)
{
	double span = schedule_seconds(point[1].at_ns - point[0].at_ns);
	double slope = (point[1].rate - point[0].rate) / span;
	double square = point[0].rate * point[0].rate + 2 * slope * area;
	double sum = point[0].rate + sqrt(square > 0 ? square : 0);

	if (area <= 0)
		return 0;
	return 2 * area < sum * span ? 2 * area / sum : span;
}

/* The area from this arrival to the one after it. */
static double schedule_step(struct schedule *schedule)
{
	if (schedule->arrivals == SCHEDULE_POISSON)
		return -log(schedule_random_unit(&schedule->random)) *
		    schedule->step;
	return schedule->step;
}

void schedule_start(struct schedule *schedule, uint64_t seed, unsigned part,
    unsigned parts)
{
	schedule->segment = 0;
	schedule->area = 0;
	schedule->step = parts;
	schedule->random = (seed + part) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	schedule->next = schedule->arrivals == SCHEDULE_POISSON
	    ? schedule_step(schedule) : part;
}

bool schedule_next(struct schedule *schedule, uint64_t *ret)
{
	double wanted = schedule->next;

	schedule->given = schedule->next;
	schedule->given_random = schedule->random;
	if (schedule->arrivals == SCHEDULE_UNIFORM)
		wanted += schedule_random_unit(&schedule->random) *
		    schedule->step;
	while (schedule->segment + 1 < schedule->count) {
		const struct schedule_point *point =
		    &schedule->points[schedule->segment];
		double area = schedule_segment_area(point);

		if (wanted < schedule->area + area) {
			*ret = point->at_ns + (uint64_t)(NS_PER_SEC *
			    schedule_segment_time(point,
				wanted - schedule->area));
			schedule->next += schedule_step(schedule);
			return true;
		}
		schedule->area += area;
		schedule->segment++;
	}
	return false;
}

bool schedule_change(struct schedule *schedule, uint64_t at_ns, double rate)
{
	struct schedule_point *points = schedule->points;
	uint64_t end_ns = schedule_end_ns(schedule);
	double before = schedule_rate(schedule, at_ns);
	unsigned i = 0;

	while (i < schedule->count && points[i].at_ns <= at_ns)
		i++;
	if (i == schedule->count || i + 3 > SCHEDULE_POINTS_MAX)
		return false;
	points[i++] = (struct schedule_point){ at_ns, before };
	points[i++] = (struct schedule_point){ at_ns, rate };
	points[i++] = (struct schedule_point){ end_ns, rate };
	schedule->count = i;
	schedule->segment = 0;
	schedule->area = 0;
	schedule->next = schedule->given;
	schedule->random = schedule->given_random;
	return true;
}

double schedule_area(const struct schedule *schedule, uint64_t at_ns)
{
	double area = 0;

	for (unsigned i = 0; i + 1 < schedule->count; i++) {
		const struct schedule_point *point = &schedule->points[i];

		if (at_ns >= point[1].at_ns) {
			area += schedule_segment_area(point);
		} else if (at_ns > point->at_ns) {
			double rate = schedule_rate(schedule, at_ns);

			area += (point->rate + rate) / 2 *
			    schedule_seconds(at_ns - point->at_ns);
		}
	}
	return area;
}

double schedule_rate(const struct schedule *schedule, uint64_t at_ns)
{
	for (unsigned i = 0; i + 1 < schedule->count; i++) {
		const struct schedule_point *point = &schedule->points[i];

		if (at_ns >= point[0].at_ns && at_ns < point[1].at_ns)
			return point[0].rate + (point[1].rate - point[0].rate)
			    * (double)(at_ns - point[0].at_ns) /
			    (double)(point[1].at_ns - point[0].at_ns);
	}
	return 0;
}

uint64_t schedule_end_ns(const struct schedule *schedule)
{
	return schedule->points[schedule->count - 1].at_ns;
}

#ifndef RINGMASTER_LOAD_SCHEDULE_H
#define RINGMASTER_LOAD_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When the requests of an open-model test are meant to be sent. Pure: numbers
 * in, times out.
 *
 * The rate follows straight lines between points in time; the n-th arrival is
 * where the area below them reaches n (constant), or n sums of exponentially
 * distributed steps (Poisson: the times between arrivals have no memory), or
 * lies anywhere in the n-th unit of the area (uniform). So the number of
 * arrivals is right for any course of the rate.
 */

enum { SCHEDULE_POINTS_MAX = 64 };

enum schedule_arrivals {
	SCHEDULE_CONSTANT,
	SCHEDULE_POISSON,
	SCHEDULE_UNIFORM,
};

/* The rate at a time; the first point is at 0, times do not decrease. Two
 * points of one time are a jump. The rate ends with the last point. */
struct schedule_point {
	uint64_t at_ns;		/* since the start of the test */
	double rate;		/* requests a second */
};

struct schedule {
	struct schedule_point points[SCHEDULE_POINTS_MAX];
	unsigned count;
	enum schedule_arrivals arrivals;
	/* where it is */
	unsigned segment;	/* behind this point */
	double area;		/* arrivals due until that point */
	double next;		/* area of the next arrival */
	double step;		/* of which this schedule takes every so many */
	uint64_t random;
	double given;		/* `next` and `random` before the newest arrival
				 * was given */
	uint64_t given_random;
};

/*
 * Begin. `points`, `count` and `arrivals` are set.
 *
 * seed:   of the random numbers; the same seed gives the same times
 * part, parts: this is one of `parts` schedules that share the rate; of
 *         constant arrivals each takes every parts-th
 */
void schedule_start(struct schedule *schedule, uint64_t seed, unsigned part,
    unsigned parts);

/* The time of the next arrival to *ret; false when there are no more. */
bool schedule_next(struct schedule *schedule, uint64_t *ret);

/*
 * From `at_ns` on, until the end, the rate is `rate`. schedule_next() gives
 * the newest arrival once more, at the time that it has then: the same if it
 * was due already. Returns false, changing nothing, at or behind the end, or
 * if there is no room for the points.
 */
bool schedule_change(struct schedule *schedule, uint64_t at_ns, double rate);

/* Arrivals that all parts together have had by `at_ns`. */
double schedule_area(const struct schedule *schedule, uint64_t at_ns);

/* The rate meant for a moment; 0 behind the end. */
double schedule_rate(const struct schedule *schedule, uint64_t at_ns);

/* The time of the last point. */
uint64_t schedule_end_ns(const struct schedule *schedule);

/* A random number from a state that must not be 0: xorshift64*
 * (S. Vigna, "An experimental exploration of Marsaglia's xorshift generators,
 * scrambled", 2016). */
uint64_t schedule_random(uint64_t *state);

/* The same in (0, 1]. */
double schedule_random_unit(uint64_t *state);

#endif

#ifndef RINGMASTER_REPORT_SERIES_H
#define RINGMASTER_REPORT_SERIES_H

#include "base/arena.h"
#include "base/hist.h"
#include "load.pb-c.h"

/*
 * What charts show of a run: its course in columns, and its distributions in
 * bars and curves. Pure.
 */

enum {
	SERIES_COLUMNS_MAX = 600,
	SERIES_SECONDS_MAX = 86400,	/* later ones are left out */
	SERIES_HEAT_COLUMNS = 150,	/* as the lines over them have */
	SERIES_HEAT_PER_DECADE = 12,
	SERIES_BARS_MAX = 120,
	SERIES_CURVE_MAX = 200,
};

/* By columns of `step` seconds from the start; NAN where nothing is known. */
struct series {
	unsigned count, step;
	double duration;		/* of the run, seconds */
	double span;			/* of the columns; not less */
	double warmup;			/* ends there; 0: none */
	double *rate;			/* completed a second */
	double *errors;			/* failed a second */
	double *connections;
	double *p50, *p99, *max;	/* seconds */
};

/* Returns 0, -ENODATA for a run without seconds, or -ENOMEM. */
int series_make(const Ringmaster__V1__LoadResult *run, unsigned columns_max,
    struct arena *arena, struct series *ret);

/* Smallest and largest of values that are known; NAN without. */
double series_least(const double *values, unsigned count);
double series_most(const double *values, unsigned count);
/* The mean from `from` on. */
double series_mean(const double *values, unsigned from, unsigned count);
/* The last that is known. */
double series_last(const double *values, unsigned count);

/* How many requests took how long in a column: rows from the slowest down. */
struct series_heat {
	unsigned columns, rows, step;
	double low, high;		/* of the rows, seconds */
	double most;			/* requests of the fullest cell */
	double *counts;
};

/* Returns 0, -ENODATA if the run does not have it, or -ENOMEM. */
int series_heat(const Ringmaster__V1__LoadResult *run, struct arena *arena,
    struct series_heat *ret);

/* Shares of requests in bars of equal width on a logarithmic axis. */
struct series_bars {
	unsigned count;
	double low, high;
	double shares[SERIES_BARS_MAX];
	double most;
};

/* False without samples. */
bool series_bars(const Ringmaster__V1__LoadLatency *latency,
    struct series_bars *ret);

/* How long the fastest share took: q from 0 on, closer and closer to 1, as
 * far as the sample reaches. */
struct series_curve {
	unsigned count;
	double q[SERIES_CURVE_MAX], seconds[SERIES_CURVE_MAX];
};

void series_curve(const Ringmaster__V1__LoadLatency *latency,
    struct series_curve *ret);

#endif

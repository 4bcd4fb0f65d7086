#ifndef RINGMASTER_LOAD_SLO_H
#define RINGMASTER_LOAD_SLO_H

#include <stdbool.h>

#include "base/arena.h"
#include "load.pb-c.h"
#include "load/spec.h"

/*
 * What a run is to keep to, in words: "p99<5ms", "p99.9 <= 20ms",
 * "err<0.1%", "rate>1000", "max<1s", "mean<2ms"; several are separated by
 * commas. "p99 > +5%" is about the change from one run to another.
 *
 *   list    = expr *( "," expr )
 *   expr    = figure ( "<" / "<=" / ">" / ">=" ) limit
 *   figure  = "p" percent / "mean" / "min" / "max" / "err" / "errors" / "rate"
 *   percent = more than 0 and at most 100, as 50, 99.9; also 999 and 9999
 *             for 99.9 and 99.99
 *   limit   = duration / share / rate, after the figure / change
 *   duration = number ( "us" / "ms" / "s" / "m" )
 *   share   = number [ "%" ];  rate = number [ "k" / "M" ] [ "/s" ]
 *   change  = ( "+" / "-" ) number "%"
 */

enum { SLO_MAX = LOAD_SLOS_MAX, SLO_TEXT_MAX = 48 };

enum slo_figure {
	SLO_QUANTILE,		/* of response times, seconds */
	SLO_MEAN,
	SLO_MIN,
	SLO_LONGEST,		/* max */
	SLO_ERRORS,		/* failed of all that failed or completed */
	SLO_RATE,		/* completed a second */
};

enum slo_operator { SLO_LESS, SLO_LESS_EQUAL, SLO_MORE, SLO_MORE_EQUAL };

struct slo {
	char text[SLO_TEXT_MAX];	/* as given, without spaces around */
	enum slo_figure figure;
	double quantile;		/* of SLO_QUANTILE, 0 to 1 */
	enum slo_operator operator;
	double limit;			/* seconds, share or requests/s; of a
					 * change, 0.05 for +5 % */
	bool change;
};

struct slo_list {
	struct slo items[SLO_MAX];
	unsigned count;
};

/*
 * Parse `text` and add what is in it to the list.
 *
 * changes:  whether expressions about a change are allowed (a comparison),
 *           else only those about one run
 * error:    a sentence with the position, from 1
 * Returns 0, or -EINVAL, leaving the list as it was.
 */
int slo_parse(struct slo_list *list, struct slice text, bool changes,
    char *error, size_t size);

/*
 * The figure of a run; NAN if the run has none. A quantile that the run does
 * not have as a field is that of the bins, within 1.25 %, and is given also
 * where there are too few samples for it (see result.h).
 */
double slo_value(const struct slo *slo,
    const Ringmaster__V1__LoadResult *result);

/* The change of the figure from `a` to `b`: 0.05 for 5 % more; NAN if
 * either has none, or it is 0 in `a` only. */
double slo_change(const struct slo *slo, const Ringmaster__V1__LoadResult *a,
    const Ringmaster__V1__LoadResult *b);

/* Does a value (or change) keep to it? NAN never does. */
bool slo_holds(const struct slo *slo, double value);

/*
 * Judge a run: result->slos and result->passed.
 *
 * fail_if:  the run fails where one of these holds, or has no value; their
 *           text is "fail if ..."; or NULL
 * Expressions about changes are skipped. Returns 0 or -ENOMEM.
 */
int slo_judge(Ringmaster__V1__LoadResult *result, const struct slo_list *slos,
    const struct slo_list *fail_if, struct arena *arena);

#endif

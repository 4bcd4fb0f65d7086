#ifndef RINGMASTER_REPORT_AXIS_H
#define RINGMASTER_REPORT_AXIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/words.h"

/*
 * Scales, their ticks, and numbers as they stand at ticks and in legends.
 * Pure: numbers in, numbers and words out.
 */

enum { AXIS_TICKS_MAX = 32 };

/* From values to places. */
struct axis {
	double low, high;	/* values; low < high */
	double from, to;	/* where they are */
	bool log;		/* base 10; low > 0 */
};

struct axis_ticks {
	double at[AXIS_TICKS_MAX];
	unsigned count;
	double step;		/* of even ones */
};

/* The place of a value, within the axis; NAN of NAN. */
double axis_place(const struct axis *axis, double value);

/* Ticks a 1-2-5 step apart from `low` to `high`, at most `most` of them. */
void axis_ticks(double low, double high, unsigned most,
    struct axis_ticks *ret);

/* An axis from 0 to a tick above `high`, at least `least`. */
void axis_from_zero(struct axis *axis, double high, double least);

/* A logarithmic axis around values, with at least `decades` in it. */
void axis_log_around(struct axis *axis, double low, double high,
    double decades);

/* Ticks at 1, or 1-2-5, or some more of each decade, or at some decades, up to
 * `most`, which is not 0. */
void axis_log_ticks(const struct axis *axis, unsigned most,
    struct axis_ticks *ret);

/* Ticks for times of a run, in seconds, at 1-2-5-10-15-30 s, min, h. */
void axis_time_ticks(double high, unsigned most, struct axis_ticks *ret);

/*
 * Words; each fills and returns `words`.
 */

/* Seconds into a run: "5 s", "1:30", "10 min", "1:00 h". */
const char *axis_words_elapsed(char words[WORDS_MAX], double seconds);

/* At a tick: "250 µs", "1 ms", "1.5 s". */
const char *axis_words_time(char words[WORDS_MAX], double seconds);

/* At a tick: "0", "500", "1,500", "20k", "5M". */
const char *axis_words_count(char words[WORDS_MAX], double count);

/* A measured time with three digits: "5.21 ms", "98.0 µs". */
const char *report_words_time(char words[WORDS_MAX], double seconds);

/* A change as "+3.2 %"; "-" with a real minus sign. */
const char *report_words_change(char words[WORDS_MAX], double change);

#endif

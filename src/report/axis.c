#include "report/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define AXIS_MINUS "\xe2\x88\x92"
#define AXIS_MICRO "\xc2\xb5"

/* Room for rounding where a tick is compared with an end, in steps. */
#define AXIS_ROUND 1e-6

double axis_place(const struct axis *axis, double value)
{
	double share;

	if (isnan(value))
		return NAN;
	value = fmin(fmax(value, axis->low), axis->high);
	if (axis->log)
		share = log10(value / axis->low) /
		    log10(axis->high / axis->low);
	else
		share = (value - axis->low) / (axis->high - axis->low);
	return axis->from + (axis->to - axis->from) * share;
}

/* The least of 1, 2, 5 times a power of ten that is not below `size`. */
static double axis_step(double size)
{
	double ten = pow(10, floor(log10(size)));
	double m = size / ten;

	return ten * (m <= 1 + AXIS_ROUND ? 1 : m <= 2 + AXIS_ROUND ? 2
	    : m <= 5 + AXIS_ROUND ? 5 : 10);
}

static void axis_even(double low, double high, struct axis_ticks *ret)
{
	double first = ceil(low / ret->step - AXIS_ROUND);

	ret->count = 0;
	for (unsigned i = 0; ret->count < AXIS_TICKS_MAX; i++) {
		double at = (first + i) * ret->step;

		if (at > high + ret->step * AXIS_ROUND)
			break;
		ret->at[ret->count++] = at;
	}
}

void axis_ticks(double low, double high, unsigned most,
    struct axis_ticks *ret)
{
	*ret = (struct axis_ticks){ .step = 1 };
	if (!(high > low) || !isfinite(high - low) || most < 2)
		return;
	ret->step = axis_step((high - low) / (most - 1));
	axis_even(low, high, ret);
}

void axis_from_zero(struct axis *axis, double high, double least)
{
	double step;

	if (!(high > least))
		high = least;
	step = axis_step(high / 4);
	axis->log = false;
	axis->low = 0;
	axis->high = ceil(high / step - AXIS_ROUND) * step;
}

void axis_log_around(struct axis *axis, double low, double high,
    double decades)
{
	double missing;

	axis->log = true;
	if (!(low > 0) || !(high > 0) || !isfinite(high)) {
		low = 1e-4;
		high = 1e-2;
	}
	if (low > high)
		low = high;
	missing = decades - log10(high / low);
	if (missing > 0) {
		low *= pow(10, -missing / 2);
		high *= pow(10, missing / 2);
	}
	axis->low = low;
	axis->high = high;
}

/* Ticks at mantissas of each decade; how many there are of them. */
static unsigned axis_log_some(const struct axis *axis,
    const double *mantissas, unsigned count, struct axis_ticks *ret)
{
	int decade = (int)floor(log10(axis->low));
	int last = (int)ceil(log10(axis->high));
	unsigned all = 0;

	ret->count = 0;
	for (; decade <= last; decade++) {
		for (unsigned i = 0; i < count; i++) {
			double at = mantissas[i] * pow(10, decade);

			if (at < axis->low * (1 - AXIS_ROUND) ||
			    at > axis->high * (1 + AXIS_ROUND))
				continue;
			if (all++ < AXIS_TICKS_MAX)
				ret->at[ret->count++] = at;
		}
	}
	return all;
}

void axis_log_ticks(const struct axis *axis, unsigned most,
    struct axis_ticks *ret)
{
	static const double mantissas[][9] = { { 1, 1.5, 2, 3, 4, 5, 6, 7, 8 },
		{ 1, 2, 3, 5, 7 }, { 1, 2, 5 }, { 1, 3 }, { 1 } };
	static const unsigned counts[] = { 9, 5, 3, 2, 1 };

	unsigned each, count = 0;

	*ret = (struct axis_ticks){ .step = 0 };
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (axis_log_some(axis, mantissas[i], counts[i], ret) <= most)
			return;
	each = (ret->count + most - 1) / most;
	for (unsigned i = 0; i < ret->count; i += each)
		ret->at[count++] = ret->at[i];
	ret->count = count;
}

void axis_time_ticks(double high, unsigned most, struct axis_ticks *ret)
{
	static const double steps[] = { 1, 2, 5, 10, 15, 30, 60, 120, 300, 600,
		900, 1800, 3600, 7200, 10800, 21600, 43200, 86400 };
	unsigned i = 0;

	if (high < most - 1) {
		axis_ticks(0, high, most, ret);
		return;
	}
	while (i + 1 < sizeof(steps) / sizeof(steps[0]) &&
	    high / steps[i] > most - 1)
		i++;
	*ret = (struct axis_ticks){ .step = steps[i] };
	axis_even(0, high, ret);
}

/* ---- words ---- */

/* Up to three decimals, as many as it needs. */
static const char *axis_words_short(char words[WORDS_MAX], double number,
    const char *unit)
{
	char digits[24];
	size_t len;

	(void)snprintf(digits, sizeof(digits), "%.3f", number);
	len = strlen(digits);
	while (digits[len - 1] == '0')
		len--;
	if (digits[len - 1] == '.')
		len--;
	digits[len] = '\0';
	(void)snprintf(words, WORDS_MAX, "%s%s", digits, unit);
	return words;
}

const char *axis_words_elapsed(char words[WORDS_MAX], double seconds)
{
	unsigned long whole;

	if (seconds > 0 && seconds < 1)
		return axis_words_time(words, seconds);
	if (seconds < 60 || seconds > 1e9)
		return axis_words_short(words, fmin(seconds, 1e9), " s");
	whole = (unsigned long)(seconds + 0.5);
	if (whole >= 3600)
		(void)snprintf(words, WORDS_MAX, "%lu:%02lu h", whole / 3600,
		    whole / 60 % 60);
	else if (whole % 60)
		(void)snprintf(words, WORDS_MAX, "%lu:%02lu", whole / 60,
		    whole % 60);
	else
		(void)snprintf(words, WORDS_MAX, "%lu min", whole / 60);
	return words;
}

const char *axis_words_time(char words[WORDS_MAX], double seconds)
{
	if (seconds == 0)
		return axis_words_short(words, 0, " s");
	if (seconds < 0.9995e-6)
		return axis_words_short(words, seconds * 1e9, " ns");
	if (seconds < 0.9995e-3)
		return axis_words_short(words, seconds * 1e6,
		    " " AXIS_MICRO "s");
	if (seconds < 0.9995)
		return axis_words_short(words, seconds * 1e3, " ms");
	return axis_words_short(words, fmin(seconds, 1e9), " s");
}

const char *axis_words_count(char words[WORDS_MAX], double count)
{
	if (count < 1000)
		return axis_words_short(words, count, "");
	if (count < 10000)
		return words_number(words, count);
	if (count < 1e6)
		return axis_words_short(words, count / 1e3, "k");
	if (count < 1e9)
		return axis_words_short(words, count / 1e6, "M");
	return axis_words_short(words, fmin(count, 1e18) / 1e9, "G");
}

const char *report_words_time(char words[WORDS_MAX], double seconds)
{
	char *unit;

	(void)words_time(words, seconds);
	unit = strstr(words, "us");
	if (unit)
		memcpy(unit, AXIS_MICRO "s", sizeof(AXIS_MICRO "s"));
	return words;
}

const char *report_words_change(char words[WORDS_MAX], double change)
{
	char size[WORDS_MAX];

	(void)words_share(size, fabs(change));
	(void)snprintf(words, WORDS_MAX, "%s%.20s", change < 0 ? AXIS_MINUS
	    : "+", size);
	return words;
}

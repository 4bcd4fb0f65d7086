#include "stat/word.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

struct word word_count(uint64_t count)
{
	struct word word;

	(void)words_count(word.s, count);
	return word;
}

struct word word_number(double number)
{
	struct word word;

	(void)words_number(word.s, number);
	return word;
}

struct word word_time(double seconds)
{
	struct word word;

	(void)words_time(word.s, seconds);
	return word;
}

struct word word_share(double share)
{
	struct word word;

	(void)words_share(word.s, share);
	return word;
}

struct word word_bytes(double bytes)
{
	struct word word;

	(void)words_bytes(word.s, bytes);
	return word;
}

struct word word_short(double number)
{
	static const char units[] = " kMGTPE";
	struct word word;
	unsigned i = 0;

	if (number >= 0 && number < 10000 && number == floor(number))
		return word_count((uint64_t)number);
	if (!isfinite(number) || fabs(number) < 9999.5)
		return word_number(number);
	while (fabs(number) >= 999.5 && units[i + 1]) {
		number /= 1000;
		i++;
	}
	(void)snprintf(word.s, sizeof(word.s), "%.*f%c",
	    fabs(number) < 9.995 ? 2 : fabs(number) < 99.95 ? 1 : 0,
	    fabs(number) < 1e6 ? number : 1e6, units[i]);
	return word;
}

struct word word_span(double seconds)
{
	struct word word;
	unsigned long s = seconds > 0 && seconds < 1e12
	    ? (unsigned long)seconds : 0;

	if (s < 60)
		(void)snprintf(word.s, sizeof(word.s), "%lu s", s);
	else if (s < 3600)
		(void)snprintf(word.s, sizeof(word.s), "%lu min %02lu s",
		    s / 60, s % 60);
	else if (s < 86400)
		(void)snprintf(word.s, sizeof(word.s), "%lu h %02lu min",
		    s / 3600, s / 60 % 60);
	else
		(void)snprintf(word.s, sizeof(word.s), "%lu d %02lu h",
		    s / 86400, s / 3600 % 24);
	return word;
}

struct word word_clock(uint64_t unix_ns)
{
	struct word word;
	time_t time = (time_t)(unix_ns / NS_PER_SEC);
	struct tm tm;

	if (!localtime_r(&time, &tm) ||
	    strftime(word.s, sizeof(word.s), "%H:%M:%S", &tm) == 0)
		memcpy(word.s, "-", sizeof("-"));
	return word;
}

/* Dates of HTTP, without locale and without the time zone database. */
#include "http/date.h"

#define SECS_PER_DAY 86400

static const char week_days[7][4] = {
	"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
};
static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

/* A date in the Gregorian calendar; month and day count from 1. */
struct civil {
	int64_t year;
	unsigned month, day;
};

enum field { DAY, MONTH, YEAR, HOUR, MINUTE, SECOND, FIELD_COUNT };

/*
 * Days since 1970-01-01. Years begin in March here, so that the day that
 * leap years add is their last, and 400 years are 146,097 days.
 */
static int64_t days_from_civil(struct civil c)
{
	int64_t year = c.month <= 2 ? c.year - 1 : c.year;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	unsigned month = (c.month + 9) % 12;
	int64_t day_of_year = (153 * month + 2) / 5 + c.day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year - 719468;
}

static struct civil civil_from_days(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 +
	    day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era -
	    (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month = (unsigned)(5 * day_of_year + 2) / 153;

	return (struct civil){
		.year = year_of_era + era * 400 + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = (unsigned)day_of_year - (153 * month + 2) / 5 + 1,
	};
}

static void put2(char *out, unsigned value)
{
	out[0] = (char)('0' + value / 10 % 10);
	out[1] = (char)('0' + value % 10);
}

void http_date_format(char *out, time_t time)
{
	int64_t days = time / SECS_PER_DAY;
	int64_t second = time % SECS_PER_DAY;
	struct civil c;

	if (second < 0) {
		second += SECS_PER_DAY;
		days--;
	}
	c = civil_from_days(days);
	memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", HTTP_DATE_LEN);
	/* Day 0 was a Thursday; the sum keeps the remainder positive. */
	memcpy(out, week_days[(days % 7 + 7 + 4) % 7], 3);
	put2(out + 5, c.day);
	memcpy(out + 8, months[c.month - 1], 3);
	put2(out + 12, (unsigned)(c.year / 100));
	put2(out + 14, (unsigned)(c.year % 100));
	put2(out + 17, (unsigned)(second / 3600));
	put2(out + 20, (unsigned)(second / 60 % 60));
	put2(out + 23, (unsigned)(second % 60));
}

static bool read_month(const char *name, unsigned *ret)
{
	for (unsigned i = 0; i < 12; i++) {
		if (memcmp(name, months[i], 3) == 0) {
			*ret = i + 1;
			return true;
		}
	}
	return false;
}

/*
 * Read `s` by a form of the same length. A digit in the form stands for a
 * digit of that enum field, "mmm" for a month, '_' for a digit of the day or
 * a blank, 'a' for any letter; all else stands for itself.
 */
static bool read_form(struct slice s, const char *form, unsigned *fields)
{
	if (s.len != strlen(form))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char f = form[i], c = s.data[i];

		if (f == 'm') {
			if (!read_month(s.data + i, &fields[MONTH]))
				return false;
			i += 2;
		} else if (f == 'a') {
			if ((c | 0x20) < 'a' || (c | 0x20) > 'z')
				return false;
		} else if (f == '_' || (f >= '0' && f < '0' + FIELD_COUNT)) {
			unsigned *field = &fields[f == '_' ? DAY : f - '0'];

			if (f == '_' && c == ' ')
				continue;
			if (c < '0' || c > '9')
				return false;
			*field = *field * 10 + (unsigned)(c - '0');
		} else if (c != f) {
			return false;
		}
	}
	return true;
}

static bool any_form(struct slice s, unsigned *fields)
{
	static const char rfc850[] = ", 00-mmm-22 33:44:55 GMT";
	const size_t rest = sizeof(rfc850) - 1;

	if (s.len == HTTP_DATE_LEN && s.data[3] == ',')
		return read_form(s, "aaa, 00 mmm 2222 33:44:55 GMT", fields);
	if (s.len > rest && s.data[s.len - rest] == ',') {
		/* The name of the day, in full, is anything. */
		if (!read_form(slice_from(s, s.len - rest), rfc850, fields))
			return false;
		fields[YEAR] += fields[YEAR] < 70 ? 2000 : 1900;
		return true;
	}
	return read_form(s, "aaa mmm _0 33:44:55 2222", fields);
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month == 2)
		return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool http_date_parse(struct slice s, time_t *ret)
{
	unsigned f[FIELD_COUNT] = { 0 };

	if (!any_form(s, f))
		return false;
	/* A leap second is the first second of the next minute. */
	if (f[DAY] < 1 || f[DAY] > days_in_month(f[YEAR], f[MONTH]) ||
	    f[HOUR] > 23 || f[MINUTE] > 59 || f[SECOND] > 60)
		return false;
	*ret = days_from_civil((struct civil){ f[YEAR], f[MONTH], f[DAY] }) *
	    SECS_PER_DAY + f[HOUR] * 3600 + f[MINUTE] * 60 + f[SECOND];
	return true;
}

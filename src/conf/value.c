#include "conf/conf.h"

bool conf_parse_number(struct slice s, int64_t *ret)
{
	uint64_t value;

	if (!slice_to_u64(s, &value) || value > INT64_MAX)
		return false;
	*ret = (int64_t)value;
	return true;
}

bool conf_parse_size(struct slice s, int64_t *ret)
{
	unsigned shift = 0;
	int64_t value;

	switch (s.len ? s.data[s.len - 1] : 0) {
	case 'k':
	case 'K':
		shift = 10;
		break;
	case 'm':
	case 'M':
		shift = 20;
		break;
	case 'g':
	case 'G':
		shift = 30;
		break;
	}
	if (shift)
		s.len--;
	if (!conf_parse_number(s, &value) || value > INT64_MAX >> shift)
		return false;
	*ret = value << shift;
	return true;
}

#define CONF_DAY_MS (24 * 60 * 60 * INT64_C(1000))

/* In the order in which they may follow each other. */
static const struct conf_time_unit {
	struct slice name;
	int64_t ms;
} conf_time_units[] = {
	{ { "y", 1 }, 365 * CONF_DAY_MS },
	{ { "M", 1 }, 30 * CONF_DAY_MS },
	{ { "w", 1 }, 7 * CONF_DAY_MS },
	{ { "d", 1 }, CONF_DAY_MS },
	{ { "h", 1 }, 60 * 60 * 1000 },
	{ { "m", 1 }, 60 * 1000 },
	{ { "s", 1 }, 1000 },
	{ { "ms", 2 }, 1 },
	{ { "", 0 }, 1000 },
};
enum { CONF_TIME_UNITS = sizeof(conf_time_units) / sizeof(*conf_time_units) };

/* Bytes at the start of `s` that are digits (or that are not). */
static size_t conf_span(struct slice s, bool digits)
{
	size_t n = 0;

	while (n < s.len && (s.data[n] >= '0' && s.data[n] <= '9') == digits)
		n++;
	return n;
}

bool conf_parse_time(struct slice s, int64_t *ret)
{
	int64_t total = 0, value;
	unsigned unit = 0;

	do {
		size_t digits = conf_span(s, true);
		struct slice name = slice_from(s, digits);

		if (!conf_parse_number(slice_first(s, digits), &value))
			return false;
		name = slice_first(name, conf_span(name, false));
		s = slice_from(s, digits + name.len);
		name = slice_trim(name);
		while (unit < CONF_TIME_UNITS &&
		    !slice_equal(name, conf_time_units[unit].name))
			unit++;
		if (unit == CONF_TIME_UNITS ||
		    __builtin_mul_overflow(value, conf_time_units[unit].ms,
			&value) ||
		    __builtin_add_overflow(total, value, &total))
			return false;
		unit++;
	} while (s.len);
	*ret = total;
	return true;
}

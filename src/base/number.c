#include "base/number.h"

enum { NUMBER_DIGITS_MAX = 15 };

struct number_unit {
	struct slice name;
	double factor;
};

static bool number_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number that `s` begins with; *unit is what follows it. */
static bool number_begin(struct slice s, double *value, struct slice *unit)
{
	unsigned digits = 0, decimals = 0;
	bool point = false;
	size_t i;

	*value = 0;
	for (i = 0; i < s.len; i++) {
		if (s.data[i] == '.' && !point && digits > 0) {
			point = true;
			continue;
		}
		if (!number_digit(s.data[i]))
			break;
		if (++digits > NUMBER_DIGITS_MAX)
			return false;
		*value = *value * 10 + (s.data[i] - '0');
		decimals += point;
	}
	if (digits == 0 || s.data[i - 1] == '.')
		return false;
	for (; decimals > 0; decimals--)
		*value /= 10;
	*unit = slice_from(s, i);
	return true;
}

static bool number_in_units(struct slice s, const struct number_unit *units,
    unsigned count, double *ret)
{
	struct slice unit;
	double value;

	if (!number_begin(s, &value, &unit))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (slice_equal(unit, units[i].name)) {
			*ret = value * units[i].factor;
			return true;
		}
	}
	return false;
}

#define NUMBER_IN_UNITS(s, units, ret) \
	number_in_units(s, units, sizeof(units) / sizeof(*(units)), ret)

bool number_parse(struct slice s, double *ret)
{
	static const struct number_unit units[] = {
		{ { "", 0 }, 1 },
		{ { "k", 1 }, 1e3 },
		{ { "K", 1 }, 1e3 },
		{ { "M", 1 }, 1e6 },
	};

	return NUMBER_IN_UNITS(s, units, ret);
}

bool number_parse_seconds(struct slice s, double *ret)
{
	static const struct number_unit units[] = {
		{ { "", 0 }, 1 },
		{ { "s", 1 }, 1 },
		{ { "ms", 2 }, 1e-3 },
		{ { "us", 2 }, 1e-6 },
		{ { "m", 1 }, 60 },
		{ { "h", 1 }, 3600 },
	};

	return NUMBER_IN_UNITS(s, units, ret);
}

bool number_parse_bytes(struct slice s, double *ret)
{
	static const struct number_unit units[] = {
		{ { "", 0 }, 1 },
		{ { "B", 1 }, 1 },
		{ { "KiB", 3 }, 0x1p10 },
		{ { "MiB", 3 }, 0x1p20 },
		{ { "GiB", 3 }, 0x1p30 },
	};

	return NUMBER_IN_UNITS(s, units, ret);
}

bool number_parse_rate(struct slice s, double *ret)
{
	if (slice_ends(s, SLICE("/s")))
		s.len -= 2;
	return number_parse(s, ret);
}

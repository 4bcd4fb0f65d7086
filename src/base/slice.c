#include "base/slice.h"

bool slice_to_u64(struct slice s, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned char)s.data[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret = value;
	return true;
}

bool slice_to_weight(struct slice s, unsigned *ret)
{
	unsigned weight = 0, unit = 1000;

	if (s.len == 0 || s.len > 5 || (s.len > 1 && s.data[1] != '.'))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (i == 1)
			continue;
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		weight += (unsigned)(s.data[i] - '0') * unit;
		unit /= 10;
	}
	if (weight > 1000)
		return false;
	*ret = weight;
	return true;
}

struct slice slice_trim(struct slice s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t'))
		s.data++, s.len--;
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
		s.len--;
	return s;
}

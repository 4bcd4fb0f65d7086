/* Range requests: the arithmetic that must not wrap. */
#include "http/range.h"

/* A part of multipart/byteranges costs about this many bytes of header. */
#define PART_BYTES 256
/* So much more than the whole body may be sent for the sake of parts. */
#define PARTS_OVERHEAD_BYTES 4096

static void skip_blanks(struct slice *s)
{
	while (s->len && (s->data[0] == ' ' || s->data[0] == '\t'))
		*s = slice_from(*s, 1);
}

static bool take(struct slice *s, char c)
{
	if (s->len == 0 || s->data[0] != c)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

/*
 * Take a number off the front. One that is too large becomes UINT64_MAX,
 * which lies behind the end of any body, as the number does.
 */
static bool take_number(struct slice *s, uint64_t *ret)
{
	uint64_t value = 0;
	bool over = false;
	size_t i;

	for (i = 0; i < s->len && s->data[i] >= '0' && s->data[i] <= '9'; i++) {
		unsigned digit = (unsigned)(s->data[i] - '0');

		over |= __builtin_mul_overflow(value, 10, &value);
		over |= __builtin_add_overflow(value, digit, &value);
	}
	if (i == 0)
		return false;
	*ret = over ? UINT64_MAX : value;
	*s = slice_from(*s, i);
	return true;
}

/*
 * Take `first "-" [ last ]` or `"-" length` off the front. The range is cut to
 * `size`, which may leave nothing of it (first >= end).
 */
static bool take_range(struct slice *s, uint64_t size, struct range *ret)
{
	uint64_t length, last;

	skip_blanks(s);
	if (take(s, '-')) {
		if (!take_number(s, &length))
			return false;
		ret->first = length < size ? size - length : 0;
		ret->end = size;
		return true;
	}
	if (!take_number(s, &ret->first))
		return false;
	skip_blanks(s);
	if (!take(s, '-'))
		return false;
	skip_blanks(s);
	ret->end = size;
	if (take_number(s, &last) && last < size)
		ret->end = last + 1;
	return true;
}

/* Whether the ranges, as parts, would cost more than the whole body. */
static bool set_too_dear(const struct range_set *set, uint64_t size)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < set->count; i++) {
		uint64_t length = set->ranges[i].end - set->ranges[i].first;

		if (__builtin_add_overflow(total, length, &total))
			return true;
	}
	return total > size || total + (uint64_t)set->count * PART_BYTES >
	    size + PARTS_OVERHEAD_BYTES;
}

enum range_result range_parse(struct slice value, uint64_t size,
    struct range_set *set)
{
	struct slice rest = slice_from(value, 6);
	struct range range;

	set->count = 0;
	if (set->capacity == 0 || rest.len == 0 ||
	    !slice_equal_nocase(slice_first(value, 6), SLICE("bytes=")))
		return RANGE_WHOLE;
	do {
		if (!take_range(&rest, size, &range))
			return RANGE_UNSATISFIABLE;
		skip_blanks(&rest);
		if (rest.len && rest.data[0] != ',')
			return RANGE_UNSATISFIABLE;
		if (range.first < range.end) {
			if (set->count == set->capacity)
				return RANGE_WHOLE;
			set->ranges[set->count++] = range;
		} else if (range.first == 0) {
			return RANGE_WHOLE;	/* all of nothing */
		}
	} while (take(&rest, ','));
	if (set->count == 0)
		return RANGE_UNSATISFIABLE;
	if (set->count > 1 && set_too_dear(set, size))
		return RANGE_WHOLE;
	return RANGE_PARTIAL;
}

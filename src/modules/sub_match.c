/*
 * The byte that stands as far behind a place as the shortest pattern is long
 * tells how many places need not be looked at (Horspool, for many patterns).
 */

#include "modules/sub_match.h"

static unsigned char sub_lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

void sub_patterns_init(struct sub_patterns *ret, const struct slice *patterns,
    unsigned count)
{
	*ret = (struct sub_patterns){ .patterns = patterns, .count = count,
	    .len_min = SIZE_MAX };
	for (unsigned i = 0; i < count; i++) {
		if (patterns[i].len < ret->len_min)
			ret->len_min = patterns[i].len;
		if (patterns[i].len > ret->len_max)
			ret->len_max = patterns[i].len;
	}
	for (unsigned c = 0; c < 256; c++)
		ret->shift[c] = ret->len_min < UINT32_MAX ?
		    (uint32_t)ret->len_min : UINT32_MAX;
	for (unsigned i = 0; i < count; i++) {
		for (size_t j = 0; j < ret->len_min; j++) {
			unsigned char c = (unsigned char)
			    patterns[i].data[ret->len_min - 1 - j];

			if (j < ret->shift[c])
				ret->shift[c] = (uint32_t)j;
		}
	}
	for (unsigned c = 'A'; c <= 'Z'; c++)
		ret->shift[c] = ret->shift[c | 0x20];
}

enum sub_compared { SUB_DIFFERS, SUB_EQUAL, SUB_PARTIAL };

/* What begins `text` and the pattern. */
static enum sub_compared sub_compare(struct slice text, struct slice pattern)
{
	size_t len = text.len < pattern.len ? text.len : pattern.len;

	for (size_t i = 0; i < len; i++)
		if (sub_lower(text.data[i]) != (unsigned char)pattern.data[i])
			return SUB_DIFFERS;
	return len == pattern.len ? SUB_EQUAL : SUB_PARTIAL;
}

/* The first pattern that begins `text`, or might if there were more of it. */
static enum sub_compared sub_at(const struct sub_patterns *patterns,
    const bool *used, struct slice text, bool last, unsigned *index)
{
	for (unsigned i = 0; i < patterns->count; i++) {
		enum sub_compared compared = used[i] ? SUB_DIFFERS :
		    sub_compare(text, patterns->patterns[i]);

		if (compared == SUB_EQUAL || (compared == SUB_PARTIAL &&
		    !last)) {
			*index = i;
			return compared;
		}
	}
	return SUB_DIFFERS;
}

bool sub_find(const struct sub_patterns *patterns, const bool *used,
    struct slice text, bool last, struct sub_match *ret)
{
	size_t behind = patterns->len_min - 1, start = 0;

	while (start + behind < text.len) {
		uint32_t shift = patterns->shift[
		    (unsigned char)text.data[start + behind]];
		enum sub_compared compared;

		if (shift) {
			start += shift;
			continue;
		}
		compared = sub_at(patterns, used, slice_from(text, start),
		    last, &ret->index);
		if (compared != SUB_DIFFERS) {
			ret->before = start;
			return compared == SUB_EQUAL;
		}
		start++;
	}
	/* No pattern has room any more; but one may begin here. */
	while (start < text.len && (last || sub_at(patterns, used,
	    slice_from(text, start), false, &ret->index) == SUB_DIFFERS))
		start++;
	ret->before = start < text.len ? start : text.len;
	return false;
}

/*
 * sub_filter: in a text that comes in pieces of any size the same is found as
 * by looking at each place of the whole.
 *
 * Input: a byte that is the size of pieces less 1, a byte that has a bit for
 * "each pattern once", patterns that end with line ends, an empty line, and
 * the text.
 */
#include <stdlib.h>

#include "modules/sub_match.h"

enum { PATTERNS = 8, PATTERN_LEN = 16 };

struct input {
	size_t piece;
	bool once;
	unsigned count;
	struct slice patterns[PATTERNS];
	char memory[PATTERNS][PATTERN_LEN];
	struct slice text;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void add_pattern(struct input *in, struct slice line)
{
	char *to = in->memory[in->count];

	line = slice_first(line, PATTERN_LEN);
	for (size_t i = 0; i < line.len; i++)
		to[i] = lower(line.data[i]);
	in->patterns[in->count++] = (struct slice){ to, line.len };
}

static bool read_input(struct slice bytes, struct input *in)
{
	if (bytes.len < 2)
		return false;
	in->piece = (size_t)(uint8_t)bytes.data[0] + 1;
	in->once = bytes.data[1] & 1;
	in->count = 0;
	in->text = slice_from(bytes, 2);
	while (in->text.len) {
		const char *end = memchr(in->text.data, '\n', in->text.len);
		size_t len = end ? (size_t)(end - in->text.data)
				 : in->text.len;
		struct slice line = slice_first(in->text, len);

		in->text = slice_from(in->text, len + 1);
		if (line.len == 0 || in->count == PATTERNS)
			break;
		add_pattern(in, line);
	}
	return in->count > 0;
}

/* The first match at or behind `start`, or false. */
static bool look(const struct input *in, const bool *used, size_t start,
    size_t *at, unsigned *index)
{
	for (; start < in->text.len; start++) {
		struct slice rest = slice_from(in->text, start);

		for (unsigned i = 0; i < in->count; i++) {
			struct slice pattern = in->patterns[i];

			if (used[i] || !slice_equal_nocase(
			    slice_first(rest, pattern.len), pattern))
				continue;
			*at = start;
			*index = i;
			return true;
		}
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct sub_patterns patterns;
	size_t start = 0, end = 0, at;
	bool used[PATTERNS] = { false };
	struct sub_match match;
	struct input in;
	unsigned index;

	if (!read_input(bytes, &in))
		return 0;
	sub_patterns_init(&patterns, in.patterns, in.count);
	while (start < in.text.len) {
		struct slice text = slice_from(slice_first(in.text, end),
		    start);
		bool last = end >= in.text.len;

		if (sub_find(&patterns, used, text, last, &match)) {
			if (!look(&in, used, start, &at, &index) ||
			    at != start + match.before || index != match.index)
				abort();
			start = at + in.patterns[index].len;
			used[index] = in.once;
			continue;
		}
		if (match.before > text.len || (last &&
		    (match.before != text.len ||
			look(&in, used, start, &at, &index))))
			abort();
		start += match.before;
		end += in.piece;
	}
	return 0;
}

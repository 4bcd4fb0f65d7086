/*
 * Accept-Encoding: whatever it says, the coding that is chosen can be had, is
 * named, and has the greatest weight of those.
 *
 * Input: a byte of codings that can be had, and the value.
 */
#include <stdlib.h>

#include "http/header.h"
#include "modules/compress.h"

static bool lies_within(struct slice part, struct slice whole)
{
	return part.data >= whole.data &&
	    part.data + part.len <= whole.data + whole.len;
}

/* The weight that the value gives to a coding it names, or 0. */
static unsigned named_weight(struct slice value, struct slice coding)
{
	struct http_list list = { value };
	struct slice member, name;
	unsigned weight;

	while (http_list_next(&list, &member)) {
		bool valid = http_coding_parse(member, &name, &weight);

		if (!lies_within(member, value) || !lies_within(name, member) ||
		    (valid && weight > 1000))
			abort();
		if (valid && slice_equal_nocase(name, coding))
			return weight;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum compress_coding best = COMPRESS_COUNT;
	unsigned most = 0, available;
	struct slice value;

	if (size == 0)
		return 0;
	available = data[0] & ((1u << COMPRESS_COUNT) - 1);
	value = (struct slice){ (const char *)data + 1, size - 1 };
	for (enum compress_coding c = 0; c < COMPRESS_COUNT; c++) {
		unsigned weight = available & 1u << c ?
		    named_weight(value, compress_names[c]) : 0;

		if (weight > most) {
			most = weight;
			best = c;
		}
	}
	if (compress_choose(value, available) != best)
		abort();
	if (best != COMPRESS_COUNT &&
	    http_coding_weight(value, compress_names[best]) != most)
		abort();
	return 0;
}

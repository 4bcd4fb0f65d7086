/*
 * The chunked coding, whole and in pieces whose length the first byte gives:
 * same content, same end, same result.
 */
#include <stdlib.h>

#include "http/chunked.h"

struct decoded {
	enum chunked_result result;
	size_t used;
	size_t body_bytes;
	uint32_t body_sum;
};

static struct decoded decode(const uint8_t *data, size_t size, size_t step)
{
	struct chunked chunked = { 0 };
	struct decoded d = { .result = CHUNKED_MORE };

	while (d.used < size && d.result == CHUNKED_MORE) {
		size_t n = size - d.used < step ? size - d.used : step;
		struct slice in = { (const char *)data + d.used, n }, body;

		while ((d.result = chunked_next(&chunked, &in, &body)) ==
		    CHUNKED_DATA) {
			if (body.len == 0)
				abort();
			d.body_bytes += body.len;
			for (size_t i = 0; i < body.len; i++)
				d.body_sum = d.body_sum * 31 +
				    (unsigned char)body.data[i];
		}
		d.used += n - in.len;
	}
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoded whole, split;

	if (size < 2)
		return 0;
	whole = decode(data + 1, size - 1, size);
	split = decode(data + 1, size - 1, 1 + data[0] % 32);
	if (whole.result != split.result || whole.used != split.used ||
	    whole.body_bytes != split.body_bytes ||
	    whole.body_sum != split.body_sum)
		abort();
	return 0;
}

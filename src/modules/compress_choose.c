/*
 * Choosing a coding by Accept-Encoding.
 */

#include "http/header.h"
#include "modules/compress.h"

const struct slice compress_names[COMPRESS_COUNT] = {
	[COMPRESS_BROTLI] = { "br", 2 },
	[COMPRESS_ZSTD] = { "zstd", 4 },
	[COMPRESS_GZIP] = { "gzip", 4 },
};

enum compress_coding compress_choose(struct slice accept_encoding,
    unsigned available)
{
	struct http_list list = { accept_encoding };
	enum compress_coding best = COMPRESS_COUNT;
	unsigned best_weight = 0, seen = 0;
	struct slice member, name;
	unsigned weight;

	while (http_list_next(&list, &member)) {
		enum compress_coding c = 0;

		if (!http_coding_parse(member, &name, &weight))
			continue;
		while (c < COMPRESS_COUNT &&
		    !slice_equal_nocase(name, compress_names[c]))
			c++;
		/* Of a coding that is named twice the first counts. */
		if (c == COMPRESS_COUNT || seen & 1u << c)
			continue;
		seen |= 1u << c;
		if (!(available & 1u << c) || weight == 0 ||
		    weight < best_weight || (weight == best_weight && c > best))
			continue;
		best = c;
		best_weight = weight;
	}
	return best;
}

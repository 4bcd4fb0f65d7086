/*
 * The histogram's edges and ranks; see hdr.h.
 */

#include "load/hdr.h"

#include <math.h>

uint64_t hdr_bin_lower_ns(unsigned bin)
{
	unsigned shift;

	if (bin < 2 * HDR_HALF)
		return bin;
	shift = bin / HDR_HALF - 1;
	return (uint64_t)(HDR_HALF + bin % HDR_HALF) << shift;
}

void hdr_merge(struct hdr *hdr, const struct hdr *from)
{
	if (from->count == 0)
		return;
	if (hdr->count == 0 || from->min_ns < hdr->min_ns)
		hdr->min_ns = from->min_ns;
	if (from->max_ns > hdr->max_ns)
		hdr->max_ns = from->max_ns;
	hdr->count += from->count;
	hdr->sum_ns += from->sum_ns;
	for (unsigned i = 0; i < HDR_BINS; i++)
		hdr->bins[i] += from->bins[i];
}

uint64_t hdr_quantile_ns(const struct hdr *hdr, double q)
{
	uint64_t rank = (uint64_t)ceil(q * (double)hdr->count), seen = 0;
	unsigned bin = 0;

	if (hdr->count == 0)
		return 0;
	if (rank >= hdr->count)
		return hdr->max_ns;
	if (rank == 0)
		rank = 1;
	while ((seen += hdr->bins[bin]) < rank)
		bin++;
	if (bin == HDR_BINS - 1)
		return hdr->max_ns;
	seen = (hdr_bin_lower_ns(bin) + hdr_bin_lower_ns(bin + 1)) / 2;
	if (seen > hdr->max_ns)
		return hdr->max_ns;
	return seen < hdr->min_ns ? hdr->min_ns : seen;
}

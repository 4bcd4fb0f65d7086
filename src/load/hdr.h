#ifndef RINGMASTER_LOAD_HDR_H
#define RINGMASTER_LOAD_HDR_H

#include <stdint.h>

/*
 * A histogram of durations to three significant digits, for the result of a
 * whole run: bins are log-linear to base 2, 1024 in each doubling, as in
 * HdrHistogram (G. Tene). Nanoseconds below 2048 are exact; above, a bin's
 * middle is within 1/2048 (0.05 %) of what is in it. What is longer than
 * HDR_MAX_NS is counted in the last bin.
 *
 * (base/hist.h has fewer bins, with edges that suit Prometheus, and is what
 * servers and each second of a run are counted with.)
 */
enum {
	HDR_HALF = 1024,		/* bins of a doubling */
	HDR_DOUBLINGS = 30,		/* beyond the first 2048 ns */
	HDR_BINS = HDR_HALF * (HDR_DOUBLINGS + 2),
};

#define HDR_MAX_NS ((UINT64_C(2) * HDR_HALF << HDR_DOUBLINGS) - 1)

struct hdr {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t min_ns, max_ns;	/* exact; 0 if count is 0 */
	uint64_t bins[HDR_BINS];
};

/* The bin that counts `ns`: below HDR_BINS for any value. */
static inline unsigned hdr_bin(uint64_t ns)
{
	unsigned shift;

	if (ns < 2 * HDR_HALF)
		return (unsigned)ns;
	if (ns > HDR_MAX_NS)
		return HDR_BINS - 1;
	shift = 63 - (unsigned)__builtin_clzll(ns) - 10;
	return shift * HDR_HALF + (unsigned)(ns >> shift);
}

/* The durations a bin holds are those from its lower edge to just below the
 * next one's. */
uint64_t hdr_bin_lower_ns(unsigned bin);

static inline void hdr_add(struct hdr *hdr, uint64_t ns)
{
	if (hdr->count++ == 0 || ns < hdr->min_ns)
		hdr->min_ns = ns;
	if (ns > hdr->max_ns)
		hdr->max_ns = ns;
	hdr->sum_ns += ns;
	hdr->bins[hdr_bin(ns)]++;
}

void hdr_merge(struct hdr *hdr, const struct hdr *from);

/*
 * The duration that a share `q` (0 to 1) does not exceed, by nearest rank:
 * the middle of the bin of rank ceil(q * count), never beyond the longest
 * one, which is the answer for q = 1. 0 for an empty histogram.
 */
uint64_t hdr_quantile_ns(const struct hdr *hdr, double q);

#endif

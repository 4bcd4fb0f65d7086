/*
 * Distributions of the data model; see latency.h.
 */

#include "load/latency.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"

/* The percentiles that have a field. */
static const struct latency_field {
	const char *name;
	double q;
	size_t offset;
} latency_fields[] = {
	{ "p50", 0.5, offsetof(Ringmaster__V1__LoadLatency, p50) },
	{ "p75", 0.75, offsetof(Ringmaster__V1__LoadLatency, p75) },
	{ "p90", 0.9, offsetof(Ringmaster__V1__LoadLatency, p90) },
	{ "p95", 0.95, offsetof(Ringmaster__V1__LoadLatency, p95) },
	{ "p99", 0.99, offsetof(Ringmaster__V1__LoadLatency, p99) },
	{ "p99.9", 0.999, offsetof(Ringmaster__V1__LoadLatency, p999) },
	{ "p99.99", 0.9999, offsetof(Ringmaster__V1__LoadLatency, p9999) },
};
enum { LATENCY_FIELDS = sizeof(latency_fields) / sizeof(*latency_fields) };

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_SEC;
}

uint64_t latency_needs(double q)
{
	return (uint64_t)llround(LATENCY_BEYOND / (1 - q));
}

const char *latency_unsupported(uint64_t count)
{
	for (unsigned i = 0; i < LATENCY_FIELDS; i++)
		if (count < latency_needs(latency_fields[i].q))
			return latency_fields[i].name;
	return NULL;
}

int latency_bins(const struct hist *hist, struct arena *arena,
    uint32_t *ret_first, size_t *ret_count, uint64_t **ret_bins)
{
	unsigned first = 0, end = HIST_BINS;
	uint64_t *bins;

	while (end > 0 && hist->bins[end - 1] == 0)
		end--;
	while (first < end && hist->bins[first] == 0)
		first++;
	if (first == end)
		return 0;
	bins = arena_alloc(arena, (end - first) * sizeof(*bins));
	if (!bins)
		return -ENOMEM;
	memcpy(bins, hist->bins + first, (end - first) * sizeof(*bins));
	*ret_first = first;
	*ret_count = end - first;
	*ret_bins = bins;
	return 0;
}

static uint64_t latency_middle_ns(unsigned bin)
{
	return bin == HDR_BINS - 1 ? hdr_bin_lower_ns(bin)
	    : (hdr_bin_lower_ns(bin) + hdr_bin_lower_ns(bin + 1)) / 2;
}

/* The standard deviation, and the coarser bins. */
static double latency_spread(const struct hdr *hdr, double mean_ns,
    struct hist *coarse)
{
	double squares = 0;

	for (unsigned i = 0; i < HDR_BINS; i++) {
		uint64_t middle = latency_middle_ns(i);
		double away = (double)middle - mean_ns;

		if (hdr->bins[i] == 0)
			continue;
		if (middle > hdr->max_ns)
			middle = hdr->max_ns;
		coarse->bins[hist_bin(middle)] += hdr->bins[i];
		squares += away * away * (double)hdr->bins[i];
	}
	return hdr->count ? sqrt(squares / (double)hdr->count) : 0;
}

Ringmaster__V1__LoadLatency *latency_make(const struct hdr *hdr,
    struct arena *arena)
{
	Ringmaster__V1__LoadLatency *latency =
	    arena_alloc(arena, sizeof(*latency));
	struct hist coarse = { .count = 0 };
	double mean_ns = 0;

	if (!latency)
		return NULL;
	ringmaster__v1__load_latency__init(latency);
	if (hdr->count)
		mean_ns = (double)hdr->sum_ns / (double)hdr->count;
	latency->count = hdr->count;
	latency->mean = mean_ns / (double)NS_PER_SEC;
	latency->stddev = latency_spread(hdr, mean_ns, &coarse) /
	    (double)NS_PER_SEC;
	latency->min = seconds(hdr->min_ns);
	latency->max = seconds(hdr->max_ns);
	for (unsigned i = 0; i < LATENCY_FIELDS; i++) {
		const struct latency_field *field = &latency_fields[i];
		bool enough = hdr->count >= latency_needs(field->q);

		*(double *)((char *)latency + field->offset) = enough
		    ? seconds(hdr_quantile_ns(hdr, field->q)) : NAN;
	}
	return latency_bins(&coarse, arena, &latency->first_bin,
	    &latency->n_bins, &latency->bins) ? NULL : latency;
}

static double latency_from_bins(const Ringmaster__V1__LoadLatency *latency,
    double q)
{
	uint64_t rank = (uint64_t)ceil(q * (double)latency->count), seen = 0;
	size_t i = 0;
	double middle;

	while (i < latency->n_bins && (seen += latency->bins[i]) < rank)
		i++;
	if (rank >= latency->count || i == latency->n_bins ||
	    latency->first_bin + i >= HIST_BINS)
		return latency->max;
	middle = seconds((hist_bin_lower_ns(latency->first_bin + (unsigned)i) +
	    hist_bin_upper_ns(latency->first_bin + (unsigned)i)) / 2);
	return fmax(fmin(middle, latency->max), latency->min);
}

double latency_quantile(const Ringmaster__V1__LoadLatency *latency, double q)
{
	if (latency->count == 0)
		return NAN;
	for (unsigned i = 0; i < LATENCY_FIELDS; i++) {
		const struct latency_field *field = &latency_fields[i];
		double value = *(const double *)
		    ((const char *)latency + field->offset);

		if (fabs(field->q - q) < 1e-9 && !isnan(value))
			return value;
	}
	return latency_from_bins(latency, q);
}

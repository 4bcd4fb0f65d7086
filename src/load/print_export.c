/*
 * Results for other programs, and two results; see print.h.
 */

#include "load/print.h"

#include <inttypes.h>
#include <math.h>

#include "metrics/json.h"

void load_print_csv(struct buf *out, const Ringmaster__V1__LoadResult *result)
{
	buf_append_cstr(out, "second_s,due_requests,sent_requests,"
	    "completed_requests,failed_requests,backlog_requests,"
	    "open_connections,p50_s,p90_s,p99_s,max_s,in_bytes,warmup\n");
	for (size_t i = 0; i < result->n_seconds; i++) {
		const Ringmaster__V1__LoadSecond *second = result->seconds[i];

		buf_printf(out, "%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		    ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		    second->second, second->due, second->sent,
		    second->requests, second->errors, second->backlog,
		    second->connections);
		/* Nanoseconds are what was measured. */
		buf_printf(out, ",%.9f,%.9f,%.9f,%.9f,%" PRIu64 ",%d\n",
		    second->p50, second->p90, second->p99, second->max,
		    second->bytes_in, second->warmup);
	}
}

void load_print_json(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	const struct json_options options = { .bins = true };

	json_write(out, &result->base, &options);
	buf_append_char(out, '\n');
}

void load_print_status(struct buf *out,
    const Ringmaster__V1__LoadStatusNow *status)
{
	const struct json_options options = { .bins = true };

	json_write(out, &status->base, &options);
	buf_append_char(out, '\n');
}

/* How many are at most as long as the middle of the bin `ns` is in. */
static uint64_t print_hgrm_count(const struct hdr *hdr, uint64_t ns)
{
	unsigned end = hdr_bin(ns);
	uint64_t sum = 0;

	for (unsigned i = 0; i <= end; i++)
		sum += hdr->bins[i];
	return sum;
}

/* From `percent` to the next one that is shown: five for each halving of what
 * is beyond. */
static double print_hgrm_next(double percent)
{
	double halvings = floor(log2(100 / (100 - percent))) + 1;

	return percent + 100 / (5 * exp2(halvings));
}

void load_print_hgrm(struct buf *out, const struct hdr *hdr)
{
	double mean = 0, squares = 0, percent = 0;
	uint64_t seen = 0;

	buf_printf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile",
	    "TotalCount", "1/(1-Percentile)");
	while (hdr->count && seen < hdr->count) {
		uint64_t ns = hdr_quantile_ns(hdr, percent / 100);

		seen = print_hgrm_count(hdr, ns);
		buf_printf(out, "%12.3f %14.12f %10" PRIu64 " %14.2f\n",
		    (double)ns / 1e6, percent / 100, seen,
		    100 / (100 - percent));
		percent = print_hgrm_next(percent);
	}
	if (hdr->count) {
		buf_printf(out, "%12.3f %14.12f %10" PRIu64 " %14s\n",
		    (double)hdr->max_ns / 1e6, 1.0, hdr->count, "inf");
		mean = (double)hdr->sum_ns / (double)hdr->count;
	}
	for (unsigned i = 0; hdr->count && i + 1 < HDR_BINS; i++) {
		double away = (double)((hdr_bin_lower_ns(i) +
		    hdr_bin_lower_ns(i + 1)) / 2) - mean;

		squares += away * away * (double)hdr->bins[i];
	}
	buf_printf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n"
	    "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n"
	    "#[Buckets = %12d, SubBuckets     = %12d]\n", mean / 1e6,
	    hdr->count ? sqrt(squares / (double)hdr->count) / 1e6 : 0,
	    (double)hdr->max_ns / 1e6, hdr->count, HDR_DOUBLINGS + 1,
	    2 * HDR_HALF);
}

/* ---- comparisons ---- */

static void print_side(struct buf *out, const char *name,
    const Ringmaster__V1__LoadResult *result)
{
	buf_printf(out, "%s: ", name);
	load_print_plain(out, slice_cstr(result->url));
	if (result->name[0]) {
		buf_append_cstr(out, "  ");
		load_print_plain(out, slice_cstr(result->name));
	}
	buf_append_cstr(out, "  (run ");
	load_print_plain(out, slice_cstr(result->run));
	buf_append_cstr(out, ")\n");
}

/* A figure in its unit: requests/s or milliseconds. */
static void print_figure(struct buf *out, const char *figure, double value)
{
	if (strcmp(figure, "rate") == 0)
		buf_printf(out, " %12.0f/s ", value);
	else
		buf_printf(out, " %12.3f ms", value * 1e3);
}

void load_print_comparison(struct buf *out,
    const Ringmaster__V1__LoadComparison *comparison)
{
	print_side(out, "A", comparison->a);
	print_side(out, "B", comparison->b);
	if (comparison->rounds)
		buf_printf(out, "%u rounds, by turns; medians over rounds\n",
		    comparison->rounds);
	buf_append_cstr(out, "\n                  A               B   B/A\n");
	for (size_t i = 0; i < comparison->n_differences; i++) {
		const Ringmaster__V1__LoadDifference *difference =
		    comparison->differences[i];

		buf_printf(out, "%-4s", difference->figure);
		print_figure(out, difference->figure, difference->a);
		print_figure(out, difference->figure, difference->b);
		buf_printf(out, "  %.3f\n", difference->ratio);
	}
	buf_append_char(out, '\n');
	for (size_t i = 0; i < comparison->n_differences; i++)
		buf_printf(out, "%s\n", comparison->differences[i]->words);
	for (size_t i = 0; i < comparison->n_warnings; i++) {
		buf_append_cstr(out, "warning: ");
		load_print_plain(out, slice_cstr(comparison->warnings[i]));
		buf_append_char(out, '\n');
	}
}

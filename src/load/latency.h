#ifndef RINGMASTER_LOAD_LATENCY_H
#define RINGMASTER_LOAD_LATENCY_H

#include "base/arena.h"
#include "base/hist.h"
#include "load.pb-c.h"
#include "load/hdr.h"

/*
 * Distributions of the data model: made from what was measured, and asked.
 *
 * A percentile has a field only if LATENCY_BEYOND samples lie beyond it, on
 * average: p99.99 needs 100,000 samples. Else the field is NAN (null in
 * JSON), not a number that the next run would contradict.
 */

enum { LATENCY_BEYOND = 10 };

/* Samples that the percentile of a share `q` (0 to below 1) needs. */
uint64_t latency_needs(double q);

/* The lowest of the model's percentiles that `count` samples cannot support,
 * as "p99.9"; NULL if they support all. */
const char *latency_unsupported(uint64_t count);

/* The model of a histogram, in the arena; NULL without memory. */
Ringmaster__V1__LoadLatency *latency_make(const struct hdr *hdr,
    struct arena *arena);

/* Its bins in a model; -ENOMEM. */
int latency_bins(const struct hist *hist, struct arena *arena,
    uint32_t *ret_first, size_t *ret_count, uint64_t **ret_bins);

/*
 * The duration in seconds that a share `q` does not exceed, by nearest rank:
 * the field if it is one, else the middle of a bin (1.25 %), within the
 * exact shortest and longest; NAN without samples.
 */
double latency_quantile(const Ringmaster__V1__LoadLatency *latency, double q);

#endif

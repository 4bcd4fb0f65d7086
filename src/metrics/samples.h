#ifndef RINGMASTER_METRICS_SAMPLES_H
#define RINGMASTER_METRICS_SAMPLES_H

#include <stdbool.h>

#include "metrics.pb-c.h"
#include "metrics/catalogue.h"

/*
 * The numbers of a snapshot with their labels, as the catalogue says: what
 * all Prometheus formats have in common.
 */

#define SAMPLE_LABELS_MAX 8	/* as in src/tools/catalogue_gen.c */
#define SAMPLE_TEXT_MAX	  256

struct sample_label {
	const char *name;
	const char *value;		/* valid UTF-8 */
	char text[SAMPLE_TEXT_MAX];	/* where `value` may lie */
};

struct sample {
	const struct metrics_entry *entry;
	struct sample_label labels[SAMPLE_LABELS_MAX];
	size_t label_count;
	/* One of these: a histogram if not NULL, else an integer or a real. */
	const Ringmaster__V1__Histogram *histogram;
	bool is_integer;
	uint64_t integer;
	double real;
};

/*
 * Call fn for each number that the snapshot has for a catalogue entry. What
 * is absent, such as all in a message that was not filled in, is left out.
 */
void samples_each(const Ringmaster__V1__Snapshot *snapshot,
    const struct metrics_entry *entry,
    void (*fn)(void *arg, const struct sample *sample), void *arg);

/*
 * The upper bounds of Prometheus' buckets, smallest first, without +Inf: `le`
 * as OpenMetrics writes it. Each is an edge of src/base/hist.h.
 */
struct sample_bound {
	const char *le;
	uint64_t ns;
};
extern const struct sample_bound sample_bounds[];
#define SAMPLE_BOUND_COUNT 22

/* How many durations were at most as long as each of sample_bounds. */
void samples_count_le(const Ringmaster__V1__Histogram *histogram,
    uint64_t counts[SAMPLE_BOUND_COUNT]);

#endif

#ifndef RINGMASTER_METRICS_PEAKS_H
#define RINGMASTER_METRICS_PEAKS_H

#include "metrics/segment.h"

/* What all workers have open and did, in few words. */
struct metrics_glance {
	uint64_t connections;		/* now */
	uint64_t requests;		/* since the segment was made */
};

/* Add that up, of no one moment. Takes no lock, needs no memory. */
void metrics_glance(const struct metrics_segment *segment,
    struct metrics_glance *ret);

/*
 * Remember in the header how many connections are open now, if there were
 * never more: only who looks at all workers knows. The master calls it once a
 * second. Takes no lock.
 */
void metrics_peaks_update(struct metrics_segment *segment);

#endif

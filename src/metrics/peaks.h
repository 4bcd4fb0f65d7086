#ifndef RINGMASTER_METRICS_PEAKS_H
#define RINGMASTER_METRICS_PEAKS_H

#include "metrics/segment.h"

/*
 * Remember in the header how many connections are open now, if there were
 * never more: only who looks at all workers knows. The master calls it once a
 * second. Takes no lock.
 */
void metrics_peaks_update(struct metrics_segment *segment);

#endif

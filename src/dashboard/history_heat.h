#ifndef RINGMASTER_DASHBOARD_HISTORY_HEAT_H
#define RINGMASTER_DASHBOARD_HISTORY_HEAT_H

#include "base/hist.h"

/*
 * Durations by row of a heatmap: coarse histograms, small enough to be kept
 * for each second of an hour, that can be added up over any time.
 *
 * The first row has what took at most 10 us, ten rows a decade follow, and
 * the last has what took longer than 16 s. Their edges are those of ISO 3's
 * series R10 (1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8), which are edges of
 * the histograms' bins, too: so the counts are exact. A row has its upper
 * edge and not its lower one.
 */

enum { HISTORY_HEAT_ROWS = 64 };

/* The upper edge of a row; UINT64_MAX of the last, which has none. */
uint64_t history_heat_upper_ns(unsigned row);

/* Put the counts of a histogram into rows; one that is too large for its
 * row is cut at UINT32_MAX. */
void history_heat_count(const struct hist *hist,
    uint32_t rows[HISTORY_HEAT_ROWS]);

/*
 * The duration in seconds that a share `q` (0 to 1) of all counted ones does
 * not exceed, by the nearest-rank method; within a row the durations are
 * taken to lie evenly on a logarithmic scale. It lies in the row that the
 * exact value lies in, so it is wrong by 28 % at most, and by less than 7 %
 * where durations are spread over several rows. NaN if nothing was counted.
 */
double history_heat_quantile(const uint64_t rows[HISTORY_HEAT_ROWS],
    double q);

#endif

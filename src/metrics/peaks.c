#include "metrics/peaks.h"

#include "metrics/lock.h"

static uint64_t peaks_connections(const struct metrics_slot *slot)
{
	const int64_t *gauges = slot->core.gauges.values;
	static const enum metrics_gauge parts[] = { METRICS_READING,
	    METRICS_WRITING, METRICS_IDLE };
	int64_t sum = 0;

	/* Not of one moment: one that moves on may be seen twice or not. */
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		sum += (int64_t)metrics_load(
		    (const uint64_t *)&gauges[parts[i]]);
	return sum > 0 ? (uint64_t)sum : 0;
}

void metrics_glance(const struct metrics_segment *segment,
    struct metrics_glance *ret)
{
	unsigned slots = metrics_slot_count(segment);

	*ret = (struct metrics_glance){ 0 };
	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];

		if (slot->kind != METRICS_KIND_WORKER)
			continue;
		ret->connections += peaks_connections(slot);
		ret->requests += metrics_load(&slot->core.totals.requests);
	}
}

void metrics_peaks_update(struct metrics_segment *segment)
{
	struct metrics_header *header = &segment->file->header;
	struct metrics_glance glance;

	metrics_glance(segment, &glance);
	if (glance.connections > header->connections_peak)
		metrics_store(&header->connections_peak, glance.connections);
}

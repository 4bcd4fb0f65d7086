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

void metrics_peaks_update(struct metrics_segment *segment)
{
	struct metrics_header *header = &segment->file->header;
	unsigned slots = metrics_slot_count(segment);
	uint64_t connections = 0;

	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];

		if (slot->kind == METRICS_KIND_WORKER)
			connections += peaks_connections(slot);
	}
	if (connections > header->connections_peak)
		metrics_store(&header->connections_peak, connections);
}

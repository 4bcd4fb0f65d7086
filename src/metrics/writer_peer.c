/*
 * What a worker counts of upstream servers and of limits: see writer.c, whose
 * flushes this is a part of.
 */
#include "metrics/lock.h"
#include "metrics/writer_part.h"

/* ---- upstream servers ---- */

static void peer_touch(struct metrics_writer *writer, unsigned peer)
{
	struct writer_peers *peers = &writer->peers;

	writer->pending.dirty = true;
	if (peers->sums[peer].touched)
		return;
	if (peers->touched_count == METRICS_TOUCHED_MAX)
		metrics_flush(writer);
	peers->sums[peer].touched = true;
	peers->touched[peers->touched_count++] = (uint16_t)peer;
	writer->pending.dirty = true;
}

/* The id itself if there are cells for it. */
static unsigned peer_counted(const struct writer_peers *peers, unsigned peer)
{
	return peer < peers->limit ? peer : METRICS_NAME_NONE;
}

struct metrics_peer_gauges *metrics_peer_gauges(struct metrics_writer *writer,
    unsigned peer)
{
	return &writer->peers.gauges[peer_counted(&writer->peers, peer)];
}

void metrics_peers_show(struct metrics_writer *writer)
{
	writer->peers.shown = true;
	writer->pending.dirty = true;
}

void metrics_try_add(struct metrics_writer *writer,
    const struct metrics_try *try)
{
	struct writer_peers *peers = &writer->peers;
	unsigned peer = peer_counted(peers, try->peer);
	unsigned class = try->status / 100;
	struct peer_sums *sums = &peers->sums[peer];

	if (peer == METRICS_NAME_NONE)
		return;
	if (peers->bin_count > (METRICS_TRIES_MAX - 1) * METRICS_TIME_COUNT)
		metrics_flush(writer);
	peer_touch(writer, peer);
	sums->classes[class < METRICS_CLASSES ? class : METRICS_CLASSES - 1]++;
	if (try->failure != METRICS_FAILURE_NONE) {
		sums->failures[try->failure]++;
		sums->failed = true;
	}
	sums->bytes_in += try->bytes_in;
	sums->bytes_out += try->bytes_out;
	for (unsigned i = 0; i < METRICS_TIME_COUNT; i++) {
		if (try->ns[i] == METRICS_TIME_NONE)
			continue;
		sums_add(&sums->times[i], try->ns[i]);
		peers->bins[peers->bin_count++] = &writer->slot->peers[peer].
		    times[i].bins[hist_bin(try->ns[i])];
	}
}

static void peer_flush(struct metrics_writer *writer, unsigned peer)
{
	struct metrics_peer_totals *totals = &writer->slot->peers[peer];
	struct peer_sums *sums = &writer->peers.sums[peer];

	for (unsigned i = 0; i < METRICS_CLASSES; i++)
		writer_add(writer, &totals->classes[i], sums->classes[i]);
	for (unsigned i = 0; sums->failed && i < METRICS_FAILURE_COUNT; i++)
		writer_add(writer, &totals->failures[i], sums->failures[i]);
	writer_add(writer, &totals->bytes_in, sums->bytes_in);
	writer_add(writer, &totals->bytes_out, sums->bytes_out);
	for (unsigned i = 0; i < METRICS_TIME_COUNT; i++)
		writer_hist_sums(writer, &totals->times[i], &sums->times[i]);
	*sums = (struct peer_sums){ 0 };
}

/* ---- limits ---- */

void metrics_limit_count(struct metrics_writer *writer, unsigned zone,
    enum metrics_limit_result result)
{
	struct writer_peers *peers = &writer->peers;

	peers->limits[zone][result]++;
	peers->zones_touched |= UINT64_C(1) << zone;
	writer->pending.dirty = true;
}

static void zone_flush(struct metrics_writer *writer, unsigned zone)
{
	uint64_t *sums = writer->peers.limits[zone];

	for (unsigned i = 0; i < METRICS_LIMIT_RESULT_COUNT; i++) {
		writer_add(writer, &writer->slot->limits[zone][i],
		    sums[i]);
		sums[i] = 0;
	}
}

void writer_flush_peers(struct metrics_writer *writer)
{
	struct writer_peers *peers = &writer->peers;

	for (unsigned i = 0; i < peers->bin_count; i++)
		writer_add(writer, peers->bins[i], 1);
	peers->bin_count = 0;
	for (unsigned i = 0; i < peers->touched_count; i++)
		peer_flush(writer, peers->touched[i]);
	peers->touched_count = 0;
	if (peers->shown)
		metrics_store_words(writer->slot->peer_gauges, peers->gauges,
		    peers->limit * sizeof(*peers->gauges));
	peers->shown = false;
	for (; peers->zones_touched;
	    peers->zones_touched &= peers->zones_touched - 1)
		zone_flush(writer,
		    (unsigned)__builtin_ctzll(peers->zones_touched));
}

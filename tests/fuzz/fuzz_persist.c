/*
 * Any snapshot can be taken over into a segment, whatever it holds: the
 * checksum of the file does not say that a server of ours wrote it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "metrics/persist.h"

static struct metrics_segment *make(void)
{
	static const struct metrics_options options = { .version = "1" };
	char path[] = "/tmp/fuzz-persist-XXXXXX";
	struct metrics_segment *segment;
	int fd = mkstemp(path), server;

	if (fd < 0 || metrics_segment_create(path, &options, &segment) < 0)
		abort();
	(void)close(fd);
	(void)unlink(path);
	server = metrics_scope_id(segment, METRICS_SCOPE_SERVER, 0,
	    SLICE("a"));
	if (server < 0 || metrics_scope_id(segment, METRICS_SCOPE_LOCATION,
	    (unsigned)server, SLICE("/")) < 0 ||
	    metrics_peer_id(segment, SLICE("a"), SLICE("b")) < 0 ||
	    metrics_zone_id(segment, SLICE("a")) < 0)
		abort();
	return segment;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct metrics_segment *segment;
	static const struct log quiet = { .count = 0 };
	Ringmaster__V1__Snapshot *snapshot;
	struct arena arena;

	if (!segment)
		segment = make();
	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	snapshot = metrics_snapshot_unpack((struct slice){
	    (const char *)data, size }, &arena);
	if (snapshot && snapshot->identity)
		(void)metrics_restore(segment, snapshot, &quiet);
	arena_fini(&arena);
	return 0;
}

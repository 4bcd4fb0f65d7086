#ifndef TESTS_UNIT_STAT_SERVER_SAMPLE_H
#define TESTS_UNIT_STAT_SERVER_SAMPLE_H

#include "base/arena.h"
#include "metrics.pb-c.h"

struct sample_options {
	uint64_t requests;	/* that ended so far, of 1 ms each */
	unsigned workers;
	unsigned servers;	/* each with three locations */
	const char *text;	/* names and paths */
	uint64_t large;		/* added to all that has no bound */
};

/* A snapshot as a server would have it; all in the arena. */
Ringmaster__V1__Snapshot *sample_snapshot(struct arena *arena,
    const struct sample_options *options);

/* A request of it. */
Ringmaster__V1__Request *sample_request(struct arena *arena, unsigned number,
    const char *path);

#endif

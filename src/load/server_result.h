#ifndef RINGMASTER_LOAD_SERVER_RESULT_H
#define RINGMASTER_LOAD_SERVER_RESULT_H

#include "base/arena.h"
#include "load.pb-c.h"
#include "load/join.h"

/* What a server and its client counted of a test, as a message. */

struct load_server_worker {		/* during the test */
	uint32_t index;
	uint64_t requests, connections;
	uint64_t p99_ns, lag_p99_ns;
	double cpu;			/* share of a processor */
};

struct load_server_mark {
	double at_s;			/* from the start */
	const char *text;
};

struct load_server_facts {
	const char *version;
	uint64_t generation;		/* of its configuration */
	uint64_t config_hash;
	uint64_t requests, aborted;	/* by the server */
	uint64_t answered, sent;	/* by the client: in full; that can
					 * have come to the server */
	uint64_t started_ns;		/* CLOCK_MONOTONIC */
	double elapsed_s;
	const struct load_server_worker *workers;
	unsigned worker_count;
	const struct load_server_mark *marks;
	unsigned mark_count;
};

/* In the arena; 0 or -ENOMEM. */
int load_server_message(const struct load_server_facts *facts,
    const struct load_join_summary *summary, struct arena *arena,
    Ringmaster__V1__LoadServer **ret);

#endif

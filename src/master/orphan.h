#ifndef RINGMASTER_MASTER_ORPHAN_H
#define RINGMASTER_MASTER_ORPHAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A dashboard whose master was killed. Workers drain then; the dashboard
 * stays, so that whoever looks sees that the server is down and since when,
 * until a new master wants its place or an hour has passed.
 */

enum { DASHBOARD_ORPHAN_S = 3600 };

struct metrics_segment;

struct orphan {
	pid_t master;			/* the parent; 0: there is none */
	const struct metrics_segment *segment;
	uint64_t since_ns;		/* 0: the master lives */
};

enum orphan_state {
	ORPHAN_NOT,
	ORPHAN_BECOMES,			/* told once */
	ORPHAN_STAYS,
	ORPHAN_LEAVES,			/* has to finish */
};

/* What it is at this moment, `now_ns` of the monotonic clock. */
enum orphan_state orphan_check(struct orphan *orphan, uint64_t now_ns);

#endif

#ifndef RINGMASTER_MASTER_BACKOFF_H
#define RINGMASTER_MASTER_BACKOFF_H

#include <stdint.h>

/*
 * When a process that died is started again: at once, unless the one before
 * it lived for less than BACKOFF_LIFE_NS as well; then after pauses that
 * double with each such death. Times are of CLOCK_MONOTONIC.
 */

#define BACKOFF_LIFE_NS	 (UINT64_C(1000) * 1000 * 1000)
#define BACKOFF_FIRST_NS (UINT64_C(100) * 1000 * 1000)
#define BACKOFF_MAX_NS	 (UINT64_C(10) * 1000 * 1000 * 1000)

struct backoff {		/* all zeros: nothing has died yet */
	unsigned deaths;	/* early ones in a row */
	uint64_t next_ns;	/* not before this */
};

/* A process started at `started_ns` has died (or could not be started). */
void backoff_died(struct backoff *backoff, uint64_t started_ns,
    uint64_t now_ns);

#endif

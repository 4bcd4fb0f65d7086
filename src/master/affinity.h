#ifndef RINGMASTER_MASTER_AFFINITY_H
#define RINGMASTER_MASTER_AFFINITY_H

#include <sched.h>

#include "base/slice.h"

/* Which processors the workers run on: `worker_cpu_affinity`. */

enum { AFFINITY_MASKS_MAX = 128 };

struct affinity {
	cpu_set_t *masks;	/* with `automatic`: one, to choose from */
	unsigned count;		/* 0: workers run anywhere */
	bool automatic;		/* each worker gets one of masks[0] */
};

/*
 * Parse a mask of '0' and '1', the last digit being processor 0.
 * Returns false, leaving *ret alone, for another character, no digit, or
 * more than CPU_SETSIZE of them.
 */
bool affinity_parse(struct slice text, cpu_set_t *ret);

/*
 * The processors of worker `slot`: its own mask, the last one if there are
 * fewer masks, or with `automatic` one processor, all in turn.
 * Returns false if it may run anywhere.
 */
bool affinity_of(const struct affinity *affinity, unsigned slot,
    cpu_set_t *ret);

#endif

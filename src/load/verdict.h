#ifndef RINGMASTER_LOAD_VERDICT_H
#define RINGMASTER_LOAD_VERDICT_H

#include "base/arena.h"
#include "load.pb-c.h"

/* What makes a run suspect. */
#define VERDICT_CPU_MAX 0.85		/* of a core, by the busiest thread */
#define VERDICT_CPU_AFTER_S 0.5		/* in a run of at least this length:
					 * a burst is all work */
#define VERDICT_SLIP_MAX_S 0.001	/* p99 */
#define VERDICT_WAITED_S 0.01		/* of requests due, not yet sent at the
					 * end of a second: the server is slow,
					 * not the generator */
#define VERDICT_REACHED_MIN 0.98	/* of the rate that was meant */
#define VERDICT_SWITCHES_MAX 200	/* involuntary ones, a second */
#define VERDICT_STEAL_MAX 0.05
#define VERDICT_STALLED_MAX_S 0.25	/* once; far above a turn of a busy
					 * processor */
#define VERDICT_SHORTAGE_MAX 0.01	/* of requests that failed for want of
					 * ports or descriptors; more: it is
					 * invalid */
#define VERDICT_BUSY_MAX 0.9		/* of all processors; a hint */
#define VERDICT_WARMUP_MIN 0.05		/* that the first seconds differ from
					 * the others by; a hint */

/*
 * Say whether a run can be believed, in result->verdict:
 *
 * invalid:  its numbers say nothing about the server: nothing was completed,
 *           the generator could not send what it was meant to, or lacked
 *           ports or descriptors
 * suspect:  they say something else besides
 * valid:    nothing speaks against them
 *
 * local:  the server is on this machine
 * result->health->busy and steal are from load_result_host().
 * Returns 0 or -ENOMEM.
 */
int load_verdict_make(Ringmaster__V1__LoadResult *result, bool local,
    struct arena *arena);

/* "valid", "suspect" or "invalid"; "unknown" for anything else. */
const char *load_verdict_name(const Ringmaster__V1__LoadVerdict *verdict);

#endif

#ifndef RINGMASTER_LOAD_RESULT_H
#define RINGMASTER_LOAD_RESULT_H

#include "base/arena.h"
#include "load.pb-c.h"
#include "load/engine.h"
#include "load/host.h"

/*
 * From what the engine measured to the data model.
 *
 * A run is made into a result by load_result_make(), load_result_host(), the
 * server's part if there is one, then verdict_make() and slo_judge().
 */

enum {
	LOAD_NAMES_MAX = 50,		/* requests that are named */
	LOAD_RUN_ID_SIZE = 27,		/* of the id of a run, terminated */
	LOAD_SECOND_BINS_MAX = 900,	/* seconds with their distribution;
					 * longer runs have it as a whole */
};

/*
 * A new id: 26 characters that sort by time, in the form of a ULID: 48 bits of
 * milliseconds since 1970 and 80 random ones, five bits a character, in the
 * alphabet of D. Crockford's base 32.
 */
void load_run_id(uint64_t unix_ns, char id[LOAD_RUN_ID_SIZE]);

/*
 * Make the result of a run, with a new id. `spec` and what was measured are
 * complete; verdict, server and SLOs are missing, `passed` is true. A run that
 * was stopped is partial; the caller may know a better reason.
 *
 * All of it lives in the arena, which has to outlive it; so have the texts
 * of the plan. Returns 0 or -ENOMEM.
 */
int load_result_make(const struct load_plan *plan,
    const struct engine_result *engine, struct arena *arena,
    Ringmaster__V1__LoadResult **ret);

/* Add what the machine did between two moments around the run, besides
 * health->awake_seconds. */
void load_result_host(Ringmaster__V1__LoadResult *result,
    const struct load_host *before, const struct load_host *after);

#endif

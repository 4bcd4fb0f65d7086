#ifndef RINGMASTER_LOAD_RUN_H
#define RINGMASTER_LOAD_RUN_H

#include "base/arena.h"
#include "load.pb-c.h"
#include "load/engine.h"
#include "load/host.h"
#include "load/progress.h"
#include "load/server.h"
#include "load/slo.h"

/*
 * One run of a plan with somebody watching, who may end it, and with the
 * guard that ends it when the server is gone; and what came of it.
 */

struct load_run {
	/* Set by the caller. */
	const struct load_plan *plan;
	/* A second is over; false ends the test. Or NULL. */
	bool (*second)(void *arg, const struct load_progress *progress);
	void *arg;
	const volatile sig_atomic_t *stop; /* not 0 ends the test; or NULL */
	unsigned part, parts;		/* of several alike; 0: alone */
	const uint32_t *rate;		/* as in struct engine_hooks */
	const struct slo_list *slos;
	const struct slo_list *fail_ifs;	/* or NULL */
	struct load_server *server;	/* that may be the one under test; or
					 * NULL */
	struct hdr *response;		/* load_run_make() puts a copy of the
					 * response times here; or NULL */

	/* Set by load_run(), which also makes `plan` the one that was
	 * followed, where the rate was changed. */
	struct load_plan changed;
	struct load_progress progress;
	const char *ended;		/* why before its end; NULL if not */
	bool followed;			/* `server` was told of it */
	struct load_host before, after;
};

/*
 * Run it. As engine_run(): 0 with what was measured, which the caller gives
 * to engine_result_free(), or -errno if it could not begin.
 */
int load_run(struct load_run *run, struct engine_result *measured);

/*
 * What came of it, with verdict and objectives, in the arena, which has to
 * outlive it as the plan has. Returns 0 or -ENOMEM.
 */
int load_run_result(const struct load_run *run,
    const struct engine_result *measured, struct arena *arena,
    Ringmaster__V1__LoadResult **ret);

/* Both. 0 or -errno of either. */
int load_run_make(struct load_run *run, struct arena *arena,
    Ringmaster__V1__LoadResult **ret);

#endif

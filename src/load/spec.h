#ifndef RINGMASTER_LOAD_SPEC_H
#define RINGMASTER_LOAD_SPEC_H

#include "base/arena.h"
#include "load/plan.h"

/*
 * What a user wants of a test, and how it becomes what the engine does.
 *
 * The requests come from one of: a URL; a list of URLs; the log of a server;
 * a scenario. Of the last three, a URL says where to if they do not.
 */

enum {
	LOAD_CONNECTIONS_DEFAULT = 10,
	/* Beyond so many a further thread is used, if there is a processor
	 * for it besides one that is left to the server. */
	LOAD_CONNECTIONS_PER_THREAD = 256,
	LOAD_DURATION_DEFAULT_S = 10,
	LOAD_TIMEOUT_DEFAULT_S = 10,
	LOAD_WARMUP_MAX_S = 2,		/* of the default: a tenth, at most */
	LOAD_BATCH_MAX = 1 << 20,	/* bytes sent at once, pipelined */
	LOAD_SLOS_MAX = 32,
};

/* Plain; zero means the default. Strings are borrowed until the plan is no
 * longer used. Comments name the option as sentences about mistakes do. */
struct load_options {
	const char *url;
	const char *method;		/* --method; default GET, with a body
					 * POST */
	const char *const *headers;	/* --header: "Name: value" */
	unsigned header_count;
	struct slice body;		/* --body; not sent with GET and HEAD
					 * of a list */
	bool has_body;

	const char *urls_file;		/* --urls */
	const char *replay_file;	/* --replay */
	const char *scenario_file;	/* --scenario */
	double speed;			/* --speed; default 1: as in the log */
	bool replay_all_methods;	/* --replay-all-methods; else GET and
					 * HEAD only */

	unsigned connections;		/* --connections */
	unsigned threads;		/* --threads */
	unsigned pipeline;		/* --pipeline */
	uint64_t requests_each;		/* --requests: of a connection */
	double duration_s;		/* --duration; default 10 without
					 * requests_each */
	double warmup_s;		/* --warmup; below 0: a tenth, up to
					 * 2 s; none with requests_each */
	double timeout_s;		/* --timeout */
	double rate;			/* --rate: the open model */
	enum schedule_arrivals arrivals;	/* --arrivals */
	const char *stages;		/* --stages: "0:0,5s:5000,..." */
	bool no_keepalive;		/* --no-keepalive */
	uint64_t seed;			/* --seed; default: a random one */

	const char *const *allowed;	/* --allow-target: names or addresses
					 * of hosts */
	unsigned allowed_count;
	const char *const *slos;	/* --slo */
	unsigned slo_count;
};

/*
 * Make a plan. Resolves the host, reads the files, and raises this process's
 * limit of open files as far as it may. Never for a target that is not this
 * machine, unless options->allowed names its host: what comes from a page
 * must not set that.
 *
 * arena:  all of the plan lives in it; a large replay needs some 100 MiB
 * error:  on failure, one sentence for people, without a full stop
 * Returns 0 or -errno: -EINVAL for what the user can change.
 */
int load_spec_build(const struct load_options *options, struct arena *arena,
    struct load_plan *ret, char *error, size_t size);

/* "constant", "poisson" or "uniform"; false for anything else. */
bool load_arrivals_parse(struct slice name, enum schedule_arrivals *ret);

const char *load_arrivals_name(enum schedule_arrivals arrivals);

#endif

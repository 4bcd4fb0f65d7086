#ifndef RINGMASTER_LOAD_FIND_MAX_H
#define RINGMASTER_LOAD_FIND_MAX_H

#include "load/run.h"
#include "load/slo.h"

/*
 * The highest rate at which a server keeps to its objectives: tests of the
 * open model at rates that double until one does not pass, then in the middle
 * of what passed and what did not, and at last a longer one that confirms.
 *
 * A test passes if its objectives hold, if at least LOAD_FIND_MAX_KEPT of the
 * rate was answered, and if the generator itself was not the limit. If none of
 * its requests was answered, it is the last one.
 */

enum {
	LOAD_FIND_MAX_RATE = 500,	/* that is tried first; requests/s */
	LOAD_FIND_MAX_STEP_S = 3,
	LOAD_FIND_MAX_CONFIRM_S = 10,
	LOAD_FIND_MAX_BISECTIONS = 6,
	LOAD_FIND_MAX_CONFIRMS = 4,	/* each at a rate a tenth lower */
	LOAD_FIND_MAX_CONNECTIONS = 100,
};

#define LOAD_FIND_MAX_KEPT 0.95

struct load_find_max_step {
	unsigned number;		/* from 1 */
	double rate;			/* that is tried */
	bool confirms;			/* it is the longer one */
	double good, bad;		/* before it: the highest rate that
					 * passed, the lowest that did not; 0:
					 * none yet */
	const struct load_plan *plan;
	/* When it is over. */
	bool passed;
	const char *why;		/* not; or NULL */
	const Ringmaster__V1__LoadResult *result;
};

struct load_find_max {
	const struct load_plan *plan;	/* its rate does not matter */
	const struct slo_list *slos, *fail_ifs;
	double first_rate;		/* requests/s */
	double step_s, confirm_s;	/* how long */
	/* A test begins; it is over. */
	void (*begins)(void *arg, const struct load_find_max_step *step);
	void (*told)(void *arg, const struct load_find_max_step *step);
	bool (*second)(void *arg, const struct load_progress *progress);
	void *arg;
	const volatile sig_atomic_t *stop;
	struct load_server *server;	/* as in struct load_run */
	struct hdr *response;		/* as in struct load_run: of *ret */
};

/*
 * Find it. *ret is the test that confirmed the rate, which is its
 * spec->rate; if none passed, the last one that did not, with `passed` unset
 * also when only its rate was not kept; if it was ended early, the last one,
 * with `partial` set.
 * Returns 0; -EINTR if it was ended before any test; -errno if one could not
 * begin; -ENOMEM.
 */
int load_find_max(const struct load_find_max *find, struct arena *arena,
    Ringmaster__V1__LoadResult **ret);

#endif

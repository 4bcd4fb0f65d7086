#ifndef RINGMASTER_LOAD_PROGRESS_H
#define RINGMASTER_LOAD_PROGRESS_H

#include "load.pb-c.h"
#include "load/plan.h"
#include "load/record.h"

/*
 * How a running test is doing, added up from its seconds as the engine hands
 * them over: for the live view, lines of progress, and whether to go on.
 * Takes no lock; the thread that calls engine_run() owns it.
 */

enum {
	LOAD_PROGRESS_RATES = 120,	/* seconds that a view can look back */
	LOAD_PROGRESS_BAD_MAX = 3,	/* bad seconds in a row end a test */
};

struct load_progress {
	const struct load_plan *plan;	/* outlives it */
	unsigned part, parts;		/* it is number `part`, from 0, of so
					 * many tests alike */
	unsigned seconds;		/* that are over */
	struct load_counts total;
	struct load_second last;	/* the newest */
	struct hist response;		/* of all, with the warm-up */
	double rates[LOAD_PROGRESS_RATES]; /* completed in second i, at i
					 * modulo the size */
	unsigned bad;			/* seconds in a row in which more than
					 * half of the requests failed */
};

void load_progress_init(struct load_progress *progress,
    const struct load_plan *plan);

/*
 * Add a second.
 * Returns false if the test should end: more than half of what was answered
 * or failed in each of the last LOAD_PROGRESS_BAD_MAX seconds had failed.
 */
bool load_progress_add(struct load_progress *progress,
    const struct load_second *second);

/* Requests that failed so far, whatever the cause. */
uint64_t load_progress_errors(const struct load_progress *progress);

/* The share of the test, 0 to 1, that is over `elapsed_s` after its start. */
double load_progress_share(const struct load_progress *progress,
    double elapsed_s);

/* Seconds that are left, about; NAN if nobody can know yet. */
double load_progress_left(const struct load_progress *progress,
    double elapsed_s);

/* As a message; its texts are left empty. */
void load_progress_now(const struct load_progress *progress,
    Ringmaster__V1__LoadStatusNow *ret);

#endif

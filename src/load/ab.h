#ifndef RINGMASTER_LOAD_AB_H
#define RINGMASTER_LOAD_AB_H

#include "load/compare.h"
#include "load/run.h"

/*
 * Two servers are tested by turns, in the order A B, B A, A B, ..., so that
 * what drifts on the machine meets both alike. Each pair of tests is a round,
 * and gives a sample of each side to compare (compare.h).
 */

enum {
	LOAD_AB_ROUNDS = 10,
	LOAD_AB_ROUNDS_MAX = 200,
	LOAD_AB_ROUND_S = 3,
};

struct load_ab_step {
	unsigned round;			/* from 0 */
	unsigned side;			/* 0 is A, 1 is B */
	double ratios[LOAD_COMPARE_FIGURES]; /* load_samples_ratios() before
					 * it */
};

struct load_ab {
	const struct load_plan *plans[2];
	unsigned rounds;		/* 1 to LOAD_AB_ROUNDS_MAX */
	/* A side of a round begins; it is over. */
	void (*begins)(void *arg, const struct load_ab_step *step);
	void (*told)(void *arg, const struct load_ab_step *step,
	    const Ringmaster__V1__LoadResult *result);
	bool (*second)(void *arg, const struct load_progress *progress);
	void *arg;
	const volatile sig_atomic_t *stop;
};

/*
 * Test and compare. The results in *ret are of all rounds of a side together.
 * If it is ended early, the rounds that both sides had in full are compared.
 * Returns 0; -EINTR if there is no such round; -errno if a test could not
 * begin; -ENOMEM.
 */
int load_ab_run(const struct load_ab *ab, struct arena *arena,
    Ringmaster__V1__LoadComparison **ret);

#endif

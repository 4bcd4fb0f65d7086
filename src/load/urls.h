#ifndef RINGMASTER_LOAD_URLS_H
#define RINGMASTER_LOAD_URLS_H

#include "load/draft.h"

/*
 * Lists of URLs, one a line:
 *
 *   [METHOD] URL [weight=NUMBER]
 *
 * The URL may be a path alone when the target is known by then. Lines that
 * are empty or begin with "#" say nothing. Without any weight the requests
 * are sent in turn; with one, those without it weigh 1.
 */

enum { LOAD_WEIGHT_MAX = 1000000 };

struct urls_line {
	struct slice method;		/* empty: not said */
	struct slice url;
	double weight;			/* 0: not said */
};

/* "0.5" to *ret; false unless it is above 0 and at most LOAD_WEIGHT_MAX. */
bool urls_weight_parse(struct slice text, double *ret);

/*
 * Take a line apart that says something. Returns NULL, or what is wrong with
 * it.
 */
const char *urls_line_parse(struct slice line, struct urls_line *ret);

/*
 * Add the requests of a file to `draft`. All must lead to its target; if that
 * is not known, the first URL says it.
 * Returns 0 or -errno after fault_set().
 */
int urls_read(struct draft *draft, const char *path);

#endif

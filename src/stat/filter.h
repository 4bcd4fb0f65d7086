#ifndef RINGMASTER_STAT_FILTER_H
#define RINGMASTER_STAT_FILTER_H

#include <stdbool.h>

/* Which rows are wanted, by globs (glob(7)) of their names. */

enum { STAT_FILTER_MAX = 64 };

struct stat_filter {
	const char *globs[STAT_FILTER_MAX];	/* "http.*", "^*.codes.*" */
	unsigned count;
};

/* Add a glob, which is not copied. False if there are too many. */
bool stat_filter_add(struct stat_filter *filter, const char *glob);

/* Does the name match one of the globs, if there are any, and none of those
 * with a ^ in front? */
bool stat_filter_passes(const struct stat_filter *filter, const char *name);

#endif

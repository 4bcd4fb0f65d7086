#ifndef RINGMASTER_MASTER_OPTIONS_H
#define RINGMASTER_MASTER_OPTIONS_H

#include "base/slice.h"

/* The command line, which is nginx's. */

struct options {
	bool help, version, configure;	/* -h, -v, -V */
	bool test, dump, quiet;		/* -t, -T, -q */
	const char *prefix;		/* as given; NULL: not given */
	const char *conf_file;
	const char *error_log;		/* "" for standard error */
	const char *directives;		/* -g */
	int signal;			/* of -s; 0 without it */
};

/*
 * Parse argv, whose strings *ret then refers to.
 * Returns 0, or -EINVAL with what is wrong in `why`.
 */
int options_parse(int argc, char *const *argv, struct options *ret, char *why,
    size_t why_size);

/* What -h prints. */
void options_usage(void);

/* The defaults of the paths, as -V prints them. */
void options_paths(void);

#endif

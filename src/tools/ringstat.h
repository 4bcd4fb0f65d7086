#ifndef RINGMASTER_TOOLS_RINGSTAT_H
#define RINGMASTER_TOOLS_RINGSTAT_H

#include <stdio.h>

#include "stat/filter.h"
#include "stat/source.h"

/* The command line of ringstat, and what it does. */

/* Exit statuses. */
enum tool_status {
	TOOL_OK = 0,
	TOOL_FAILED = 1,
	TOOL_USAGE = 2,
	TOOL_TIMEOUT = 3,	/* of --wait */
	TOOL_STOPPED = 4,	/* what was printed is the last state */
};

enum tool_mode {
	TOOL_SCREENS,		/* or as TOOL_TEXT, without a terminal */
	TOOL_TEXT,
	TOOL_JSON,
	TOOL_XML,
	TOOL_LIST,
	TOOL_INSTANCES,
};

struct tool_options {
	enum tool_mode mode;
	struct stat_filter filter;
	const char *instance;		/* NULL: the one that there is */
	double start_s;		/* to wait for it; INFINITY: for ever */
	double interval_s;
	unsigned count;			/* outputs; 0: no end */
	bool help, version;
};

/* Returns 0, or TOOL_USAGE with a sentence in `why`. */
int tool_options_parse(int argc, char **argv, struct tool_options *options,
    char why[STAT_WHY_MAX]);
void tool_options_help(FILE *to);

/* Tell people, on the standard error. */
void tool_say(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif

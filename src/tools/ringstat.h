#ifndef RINGMASTER_TOOLS_RINGSTAT_H
#define RINGMASTER_TOOLS_RINGSTAT_H

#include <stdio.h>

#include "stat/canvas.h"
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
	TOOL_CSV,
	TOOL_LIST,
	TOOL_PROM,			/* from here on rows are not filtered */
	TOOL_PB,
	TOOL_SERIES,
	TOOL_REQUESTS,
	TOOL_WAIT,
	TOOL_INSTANCES,
	TOOL_DIFF,			/* this one has them filtered */
};

struct tool_options {
	enum tool_mode mode;
	struct stat_filter filter;
	const char *instance;		/* NULL: the one that there is */
	double start_s;		/* to wait for it; INFINITY: for ever */
	double interval_s;
	enum canvas_glyphs glyphs;	/* of screens */
	unsigned count;			/* outputs; 0: no end */
	bool counted;			/* `count` was given */
	const char *query;		/* of requests, or NULL */
	const char *condition;		/* to wait for */
	double timeout_s;		/* INFINITY: for ever */
	const char *files[2];		/* of the difference */
	bool help, version;
};

/* Returns 0, or TOOL_USAGE with a sentence in `why`. */
int tool_options_parse(int argc, char **argv, struct tool_options *options,
    char why[STAT_WHY_MAX]);
void tool_options_help(FILE *to);

/* ---- what it does; each returns an exit status ---- */

/* Print counters, so often. */
int tool_output(const struct tool_options *options,
    struct stat_source *source);

/* Print requests as they come. */
int tool_requests(const struct tool_options *options,
    struct stat_source *source);

int tool_wait(const struct tool_options *options);
int tool_diff(const struct tool_options *options);

/* ---- for these ---- */

/* Sleep until then (CLOCK_MONOTONIC), or until a signal comes. */
void tool_sleep_until(uint64_t mono_ns);

/* An error that ended the output: of a closed pipe nothing is said. */
int tool_output_failed(int err);

/* Tell people, on the standard error. */
void tool_say(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif

#ifndef RINGMASTER_TOOLS_RINGLOAD_OPTIONS_H
#define RINGMASTER_TOOLS_RINGLOAD_OPTIONS_H

#include <stdio.h>

#include "load/spec.h"

/* The command line of ringload. */

enum {
	TOOL_LIST_MAX = 64,		/* of an option that is repeated */
	TOOL_OUTPUTS_MAX = 16,
	TOOL_WHY_MAX = 512,		/* bytes of a sentence for people */
	TOOL_BODY_MAX = LOAD_BODY_MAX,
};

#define TOOL_RESULTS "reports/test_results.json"

/* Exit statuses. */
enum tool_status {
	TOOL_OK = 0,
	TOOL_FAILED = 1,	/* could not run, or nothing was answered */
	TOOL_USAGE = 2,
	TOOL_NOT_PASSED = 3,	/* an SLO or --fail-if */
	TOOL_INVALID = 4,	/* the verdict */
	TOOL_SIGNAL = 128,	/* and the number of the signal */
};

enum tool_mode { TOOL_RUN, TOOL_FIND_MAX, TOOL_AB, TOOL_COMPARE };

enum tool_format {
	TOOL_TEXT, TOOL_JSON, TOOL_CSV, TOOL_HGRM, TOOL_MD,
	TOOL_FORMATS
};

extern const char *const tool_format_names[TOOL_FORMATS];

struct tool_output {
	enum tool_format format;
	const char *file;		/* NULL: standard output */
};

struct tool_list {
	const char *items[TOOL_LIST_MAX];
	unsigned count;
};

struct tool_options {
	struct load_options load;
	enum tool_mode mode;
	bool help, version;
	struct tool_list headers, slos, fail_ifs, allowed;
	struct tool_output outputs[TOOL_OUTPUTS_MAX];
	unsigned output_count;
	const char *save;		/* file to keep it in, or NULL */
	const char *from;		/* file of kept results to compare */
	const char *name, *note;
	const char *server;	/* metrics segment of the one under test; or
				 * NULL: at its usual place, if it is there */
	const char *body_file;
	char *body_data;		/* that load.body is, from the heap */
	bool quiet;
	int live_fd;			/* -1: none */
	double confirm_s;		/* of --find-max */
	const char *a, *b;		/* of ab: URLs; of compare: runs */
	bool b_set, b_cache;	/* b has this state of the cache, a the other */
	unsigned rounds;
	double round_s;
};

/*
 * Parse. Strings are those of argv. `options` is at an address where it
 * stays, as options->load has pointers into it.
 * Returns 0; or TOOL_USAGE with a sentence in `why`, without a full stop.
 */
int tool_options_parse(int argc, char **argv, struct tool_options *options,
    char *why, size_t size);

/* Read options->body_file to options->load.body. 0, or TOOL_FAILED. */
int tool_options_body(struct tool_options *options, char *why, size_t size);

void tool_options_free(struct tool_options *options);

/* Print what there is: 24 lines of 80 columns. */
void tool_options_help(FILE *to);

#endif

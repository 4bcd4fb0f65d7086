#ifndef RINGMASTER_TOOLS_RINGREPORT_H
#define RINGMASTER_TOOLS_RINGREPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "dashboard/since.h"
#include "report/report.h"

/* Exit statuses. */
enum { TOOL_OK, TOOL_FAILED, TOOL_USAGE };

enum {
	TOOL_RUNS_MAX = 100,		/* on a command line */
	TOOL_WHY_MAX = 256,
	TOOL_WATCH_MAX = 86400,		/* seconds */
	TOOL_SHA256_MIN = 16,		/* digits */
};

#define TOOL_RESULTS "reports/test_results.json"
#define TOOL_HISTORY "ringmaster.history"
#define TOOL_GRAPH "reports/performance_graph"

enum tool_mode { TOOL_REPORT, TOOL_COMPARE, TOOL_TREND, TOOL_SINCE,
	TOOL_EXTRACT };

struct tool_options {
	enum tool_mode mode;
	const char *runs[TOOL_RUNS_MAX];	/* ids or files */
	unsigned run_count;
	const char *from;
	const char *output;		/* NULL: by the mode */
	bool formats[REPORT_FORMATS];
	struct report_request request;
	unsigned since;			/* seconds, of TOOL_SINCE */
	const char *history;
	unsigned watch;			/* seconds; 0: once */
	const char *sha256;		/* of what is extracted: its first
					 * digits; NULL: whatever */
	bool help, version;
};

/* Returns 0, or TOOL_USAGE with a sentence in `why`. */
int tool_options_parse(int argc, char **argv, struct tool_options *options,
    char *why);
void tool_options_help(FILE *to);

#endif

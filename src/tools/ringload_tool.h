#ifndef RINGMASTER_TOOLS_RINGLOAD_TOOL_H
#define RINGMASTER_TOOLS_RINGLOAD_TOOL_H

#include <signal.h>

#include "base/arena.h"
#include "load.pb-c.h"
#include "load/progress.h"
#include "load/server.h"
#include "load/slo.h"
#include "load/terminal.h"
#include "tools/ringload_options.h"

/* What the parts of the command share. */

struct tool {
	struct tool_options options;
	struct arena arena;
	struct slo_list fail_ifs;
	struct load_server *server;	/* that may be under test; or NULL */
	struct load_terminal *terminal;	/* while a test runs; or NULL */
	struct hdr response;		/* of the run, exactly */
	bool live_gone;			/* nobody reads --live-fd */
	uint32_t rate;			/* set by the key `r`; atomic */
	char why[TOOL_WHY_MAX];
};

/* Not 0: end the test. Set by signals and by the key `q`. */
extern volatile sig_atomic_t tool_stop;

/* Say something on standard error, after "ringload: ". */
void tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say why it failed. Returns TOOL_FAILED. */
int tool_fail(int err, const char *what);

/* A test of `url` with this plan can be begun, or why not is said. Where it
 * goes to another machine, say so and wait. */
int tool_plan(struct tool *tool, const struct load_options *options,
    struct load_plan *ret);

/* ringload_output.c: print and keep. Each returns an exit status. */
int tool_output_result(struct tool *tool, Ringmaster__V1__LoadResult *result);
int tool_output_comparison(struct tool *tool,
    const Ringmaster__V1__LoadComparison *comparison);
int tool_save(struct tool *tool, Ringmaster__V1__LoadResult *result);
/* Put --name and --note into it. */
void tool_label(const struct tool *tool, Ringmaster__V1__LoadResult *result);
/* A line for --live-fd; false if nobody reads them any more. */
bool tool_live(struct tool *tool, const Ringmaster__V1__LoadStatusNow *now);

/* ringload_run.c: show progress to people from here on, unless --quiet; 0 or
 * -errno. Put the terminal back. A second of a test is over. Parse the
 * objectives of the command line and of a scenario; print, keep and judge:
 * these return an exit status. */
int tool_watch(struct tool *tool, const struct load_plan *plan,
    const char *title, bool several);
void tool_unwatch(struct tool *tool);
bool tool_second(void *arg, const struct load_progress *progress);
int tool_slos(struct tool *tool, const struct load_plan *plan,
    struct slo_list *ret);
int tool_finish(struct tool *tool, Ringmaster__V1__LoadResult *result);

/* ringload_compare.c: the process is about to end in the middle of a
 * comparison: put back what it changed. For a signal handler. */
void tool_ab_restore(void);

/* The modes: each returns an exit status. */
int tool_run(struct tool *tool);
int tool_find_max(struct tool *tool);
int tool_ab(struct tool *tool);
int tool_compare(struct tool *tool);

#endif

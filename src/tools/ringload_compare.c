/* Two servers, or two kept runs. */

#include <errno.h>
#include <math.h>

#include "base/words.h"
#include "load/ab.h"
#include "load/compare.h"
#include "load/latency.h"
#include "load/results.h"
#include "tools/ringload_tool.h"

/* ---- the change between the sides ---- */

static struct {
	struct load_server *server;	/* whose cache was switched; or NULL:
					 * atomic */
	bool on;			/* as it was */
} ab_cache;

static void ab_change(struct tool *tool)
{
	ab_cache.on = load_server_cache(tool->server);
	__atomic_store_n(&ab_cache.server, tool->server, __ATOMIC_RELEASE);
}

static void ab_change_back(void)
{
	if (ab_cache.server)
		load_server_cache_switch(ab_cache.server, ab_cache.on);
	__atomic_store_n(&ab_cache.server, NULL, __ATOMIC_RELEASE);
}

void tool_ab_restore(void)
{
	struct load_server *server = __atomic_load_n(&ab_cache.server,
	    __ATOMIC_ACQUIRE);

	if (server)
		load_server_cache_store(server, ab_cache.on);
}

/* ---- two servers ---- */

enum { AB_LINE_MAX = 300 };

/* What the callbacks of a comparison need. */
struct ab_tool {
	struct tool *tool;
	struct load_plan plans[2];
};

static bool ab_second(void *arg, const struct load_progress *progress)
{
	const struct ab_tool *ab = arg;

	return tool_second(ab->tool, progress);
}

static void ab_begins(void *arg, const struct load_ab_step *step)
{
	const struct ab_tool *ab = arg;
	char line[AB_LINE_MAX], so_far[AB_LINE_MAX / 2] = "";

	if (ab->tool->options.b_set)
		load_server_cache_switch(ab->tool->server,
		    ab->tool->options.b_cache == (step->side == 1));
	if (!ab->tool->terminal)
		return;
	if (isfinite(step->ratios[0]))
		(void)snprintf(so_far, sizeof(so_far), ", B/A so far: rate "
		    "%.3f  p50 %.3f  p99 %.3f", step->ratios[0],
		    step->ratios[1], step->ratios[2]);
	(void)snprintf(line, sizeof(line), "round %u of %u: %c%s",
	    step->round + 1, ab->tool->options.rounds, "AB"[step->side],
	    so_far);
	load_terminal_begins(ab->tool->terminal, &ab->plans[step->side],
	    line);
}

/* One line about each test, when it is over. */
static void ab_told(void *arg, const struct load_ab_step *step,
    const Ringmaster__V1__LoadResult *result)
{
	const struct ab_tool *ab = arg;
	char line[AB_LINE_MAX], p50[WORDS_MAX], p99[WORDS_MAX];

	if (!ab->tool->terminal)
		return;
	(void)snprintf(line, sizeof(line), "round %u of %u  %c  %8.0f/s  "
	    "p50 %-8s  p99 %-8s  errors %llu", step->round + 1,
	    ab->tool->options.rounds, "AB"[step->side], result->rate,
	    words_time(p50, latency_quantile(result->latency, 0.5)),
	    words_time(p99, latency_quantile(result->latency, 0.99)),
	    (unsigned long long)result->errors);
	load_terminal_told(ab->tool->terminal, line);
}

/* Where the sides differ by the cache, their names do. */
static void compare_label(struct tool *tool,
    Ringmaster__V1__LoadResult *result, bool cache)
{
	const char *state = cache ? "cache on" : "cache off";

	tool_label(tool, result);
	if (!tool->options.b_set)
		return;
	result->name = (char *)(uintptr_t)(tool->options.name
	    ? arena_printf(&tool->arena, "%s, %s", tool->options.name,
		state).data : state);
	if (!result->name)		/* no memory */
		result->name = (char *)(uintptr_t)state;
}

/* Print, keep, judge. */
static int compare_finish(struct tool *tool,
    Ringmaster__V1__LoadComparison *comparison)
{
	const struct slo *failed = load_compare_fails(comparison,
	    &tool->fail_ifs);
	int status;

	/* Kept runs stay what they are. */
	if (tool->options.mode == TOOL_AB) {
		compare_label(tool, comparison->a, !tool->options.b_cache);
		compare_label(tool, comparison->b, tool->options.b_cache);
	}
	status = tool_output_comparison(tool, comparison);

	if (tool->options.save && tool->options.mode == TOOL_AB) {
		status |= tool_save(tool, comparison->a);
		status |= tool_save(tool, comparison->b);
	}
	if (!status && failed) {
		tool_say("failed: %s", failed->text);
		status = TOOL_NOT_PASSED;
	}
	return status;
}

int tool_ab(struct tool *tool)
{
	struct tool_options *options = &tool->options;
	struct load_options load[2] = { options->load, options->load };
	struct ab_tool mine = { .tool = tool };
	struct load_ab ab = { .plans = { &mine.plans[0], &mine.plans[1] },
	    .begins = ab_begins, .told = ab_told, .second = ab_second,
	    .arg = &mine, .stop = &tool_stop };
	Ringmaster__V1__LoadComparison *comparison;
	const char *title;
	int err = 0;

	if (options->rounds == 0)
		options->rounds = LOAD_AB_ROUNDS;
	if (options->rounds > LOAD_AB_ROUNDS_MAX) {
		tool_say("--rounds is at most %u", LOAD_AB_ROUNDS_MAX);
		return TOOL_USAGE;
	}
	ab.rounds = options->rounds;
	load[0].url = options->a;
	load[1].url = options->b;
	for (unsigned i = 0; i < 2 && !err; i++) {
		if (load[i].requests_each == 0 && load[i].duration_s == 0)
			load[i].duration_s = options->round_s > 0
			    ? options->round_s : LOAD_AB_ROUND_S;
		err = tool_plan(tool, &load[i], &mine.plans[i]);
	}
	if (err)
		return err;
	title = arena_printf(&tool->arena, "A %s  B %s", options->a,
	    options->b).data;
	err = tool_watch(tool, &mine.plans[0], title ? title : "ab", true);
	if (options->b_set)
		ab_change(tool);
	if (!err)
		err = load_ab_run(&ab, &tool->arena, &comparison);
	ab_change_back();
	tool_unwatch(tool);
	if (err == -EINTR) {
		tool_say("no round was finished: nothing to compare");
		return TOOL_FAILED;
	}
	if (err)
		return tool_fail(err, "cannot compare");
	return compare_finish(tool, comparison);
}

int tool_compare(struct tool *tool)
{
	const struct tool_options *options = &tool->options;
	const char *const ids[2] = { options->a, options->b };
	struct load_results results = { .path = options->from };
	Ringmaster__V1__LoadResult *runs[2];
	Ringmaster__V1__LoadComparison *comparison;
	int err;

	for (unsigned i = 0; i < 2; i++) {
		err = load_results_find(&results, ids[i], &tool->arena,
		    &runs[i]);
		if (err) {
			tool_say("%s: %s", ids[i], results.message);
			return TOOL_FAILED;
		}
	}
	err = load_compare(runs[0], runs[1], &tool->arena, &comparison);
	return err ? tool_fail(err, "cannot compare")
		   : compare_finish(tool, comparison);
}

/* Two servers, or two kept runs. */

#include <errno.h>

#include "load/ab.h"
#include "load/compare.h"
#include "load/latency.h"
#include "load/results.h"
#include "load/words.h"
#include "tools/ringload_tool.h"

/* One line about each test, when it is over. */
static void ab_told(void *arg, unsigned round, unsigned side,
    const Ringmaster__V1__LoadResult *result)
{
	const struct tool *tool = arg;
	char p50[WORDS_MAX], p99[WORDS_MAX];

	if (tool->options.quiet)
		return;
	(void)fprintf(stderr, "round %u of %u  %c  %8.0f/s  p50 %-8s  "
	    "p99 %-8s  errors %llu\n", round + 1, tool->options.rounds,
	    "AB"[side], result->rate,
	    words_time(p50, latency_quantile(result->latency, 0.5)),
	    words_time(p99, latency_quantile(result->latency, 0.99)),
	    (unsigned long long)result->errors);
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
		tool_label(tool, comparison->a);
		tool_label(tool, comparison->b);
	}
	status = tool_output_comparison(tool, comparison);

	if (!status && tool->options.save &&
	    tool->options.mode == TOOL_AB) {
		status = tool_save(tool, comparison->a);
		if (!status)
			status = tool_save(tool, comparison->b);
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
	struct load_plan plans[2];
	struct load_ab ab = { .plans = { &plans[0], &plans[1] },
	    .told = ab_told, .second = tool_second, .arg = tool,
	    .stop = &tool_stop };
	Ringmaster__V1__LoadComparison *comparison;
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
		err = tool_plan(tool, &load[i], &plans[i]);
	}
	if (err)
		return err;
	err = load_ab_run(&ab, &tool->arena, &comparison);
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

/* The search for the highest rate. */

#include "load/find_max.h"
#include "load/latency.h"
#include "load/words.h"
#include "tools/ringload_tool.h"

/* One line about each test, when it is over. */
static void search_told(void *arg, const struct load_find_max_step *step)
{
	const struct tool *tool = arg;
	char p99[WORDS_MAX];

	if (tool->options.quiet)
		return;
	(void)fprintf(stderr, "%8.0f/s  answered %8.0f/s  p99 %-8s  "
	    "errors %llu  %s%s%s\n", step->rate, step->result->rate,
	    words_time(p99, latency_quantile(step->result->latency, 0.99)),
	    (unsigned long long)step->result->errors,
	    step->confirms ? "confirmation: " : "",
	    step->passed ? "ok" : "no: ", step->why ? step->why : "");
}

int tool_find_max(struct tool *tool)
{
	const struct tool_options *options = &tool->options;
	/* Of any rate: it is set for each step. */
	struct load_options load = options->load;
	struct slo_list slos = { .count = 0 };
	struct load_plan plan;
	struct load_find_max find = { .plan = &plan,
	    .slos = &slos, .fail_ifs = &tool->fail_ifs,
	    .second = tool_second, .told = search_told, .arg = tool,
	    .stop = &tool_stop, .response = &tool->response };
	Ringmaster__V1__LoadResult *result;
	int err;

	find.first_rate = load.rate = load.rate > 0 ? load.rate
						    : LOAD_FIND_MAX_RATE;
	find.step_s = load.duration_s = load.duration_s > 0
	    ? load.duration_s : LOAD_FIND_MAX_STEP_S;
	find.confirm_s = options->confirm_s > 0 ? options->confirm_s
						: LOAD_FIND_MAX_CONFIRM_S;
	if (load.connections == 0)
		load.connections = LOAD_FIND_MAX_CONNECTIONS;
	err = tool_plan(tool, &load, &plan);
	if (!err)
		err = tool_slos(tool, &plan, &slos);
	if (err)
		return err;
	err = load_find_max(&find, &tool->arena, &result);
	if (err)
		return tool_fail(err, "cannot search for the highest rate");
	if (!options->quiet)
		(void)fprintf(stderr, result->passed
		    ? "highest rate: %.0f/s\n"
		    : "no rate passed, down to %.0f/s\n",
		    result->spec->rate);
	return tool_finish(tool, result);
}

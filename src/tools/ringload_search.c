/* The search for the highest rate. */

#include "base/words.h"
#include "load/find_max.h"
#include "load/latency.h"
#include "tools/ringload_tool.h"

enum { SEARCH_LINE_MAX = 300 };

static void search_begins(void *arg, const struct load_find_max_step *step)
{
	const struct tool *tool = arg;
	char line[SEARCH_LINE_MAX], good[64] = "", bad[64] = "";

	if (!tool->terminal)
		return;
	if (step->good > 0)
		(void)snprintf(good, sizeof(good), ", %.0f/s passed",
		    step->good);
	if (step->bad > 0)
		(void)snprintf(bad, sizeof(bad), ", %.0f/s did not",
		    step->bad);
	(void)snprintf(line, sizeof(line), "step %u: %s%.0f/s%s%s",
	    step->number, step->confirms ? "confirming " : "", step->rate,
	    good, bad);
	load_terminal_begins(tool->terminal, step->plan, line);
}

/* One line about each test, when it is over. */
static void search_told(void *arg, const struct load_find_max_step *step)
{
	const struct tool *tool = arg;
	char line[SEARCH_LINE_MAX], p99[WORDS_MAX];

	if (!tool->terminal)
		return;
	(void)snprintf(line, sizeof(line), "%8.0f/s  answered %8.0f/s  "
	    "p99 %-8s  errors %llu  %s%s%s", step->rate, step->result->rate,
	    words_time(p99, latency_quantile(step->result->latency, 0.99)),
	    (unsigned long long)step->result->errors,
	    step->confirms ? "confirmation: " : "",
	    step->passed ? "ok" : "no: ", step->why ? step->why : "");
	load_terminal_told(tool->terminal, line);
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
	    .second = tool_second, .begins = search_begins,
	    .told = search_told, .arg = tool, .stop = &tool_stop,
	    .server = tool->server, .response = &tool->response };
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
	err = tool_watch(tool, &plan, plan.source ? plan.source : plan.url,
	    true);
	if (!err)
		err = load_find_max(&find, &tool->arena, &result);
	tool_unwatch(tool);
	if (err)
		return tool_fail(err, "cannot search for the highest rate");
	/* Else it did not come to its end. */
	if (!options->quiet && !tool_stop && result->requests > 0)
		(void)fprintf(stderr, result->passed
		    ? "highest rate: %.0f/s\n"
		    : "no rate passed, down to %.0f/s\n",
		    result->spec->rate);
	return tool_finish(tool, result);
}

/* One test. */

#include <unistd.h>

#include "load/run.h"
#include "tools/ringload_tool.h"

/* ---- while it runs ---- */

bool tool_second(void *arg, const struct load_progress *progress)
{
	struct tool *tool = arg;
	Ringmaster__V1__LoadStatusNow now;

	if (tool->terminal)
		load_terminal_second(tool->terminal, progress);
	if (tool->options.live_fd < 0)
		return true;
	load_progress_now(progress, &now);
	return tool_live(tool, &now);
}

int tool_watch(struct tool *tool, const struct load_plan *plan,
    const char *title, bool several)
{
	const struct load_terminal_options options = {
		.plan = plan, .title = title, .several = several,
		.fd = STDERR_FILENO, .keys_fd = STDIN_FILENO,
		.stop = &tool_stop, .rate = several ? NULL : &tool->rate,
	};

	return tool->options.quiet ? 0
	    : load_terminal_open(&options, &tool->terminal);
}

void tool_unwatch(struct tool *tool)
{
	load_terminal_close(tool->terminal);
	tool->terminal = NULL;
}

/* ---- what came of it ---- */

/* The last line of --live-fd. */
static void tool_live_end(struct tool *tool,
    const Ringmaster__V1__LoadResult *result)
{
	Ringmaster__V1__LoadStatusNow now;

	if (tool->options.live_fd < 0)
		return;
	ringmaster__v1__load_status_now__init(&now);
	now.progress = 1;
	now.run = result->run;
	now.sent = result->sent;
	now.done = result->requests;
	now.errors = result->errors;
	now.rate = result->rate;
	now.p50 = result->latency->p50;
	now.p99 = result->latency->p99;
	now.max = result->latency->max;
	now.error = result->partial_reason;
	(void)tool_live(tool, &now); /* it is over anyway */
}

int tool_finish(struct tool *tool, Ringmaster__V1__LoadResult *result)
{
	int status;

	tool_label(tool, result);
	tool_live_end(tool, result);
	status = tool_output_result(tool, result);
	/* Also if it could not be written elsewhere. */
	if (tool->options.save)
		status |= tool_save(tool, result);
	if (status)
		return status;
	if (result->requests == 0) {
		tool_say("not one request was answered as expected");
		return TOOL_FAILED;
	}
	if (!result->passed)
		return TOOL_NOT_PASSED;
	return result->verdict && result->verdict->state ==
	    RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_INVALID
	    ? TOOL_INVALID : TOOL_OK;
}

/* Of the command line and of a scenario. */
int tool_slos(struct tool *tool, const struct load_plan *plan,
    struct slo_list *ret)
{
	for (unsigned i = 0; i < plan->slo_count; i++) {
		if (slo_parse(ret, slice_cstr(plan->slos[i]), false,
			tool->why, sizeof(tool->why)) == 0)
			continue;
		tool_say("%s", tool->why);
		return TOOL_FAILED;
	}
	return 0;
}

int tool_run(struct tool *tool)
{
	struct slo_list slos = { .count = 0 };
	struct load_plan plan;
	struct load_run run = { .plan = &plan, .second = tool_second,
	    .arg = tool, .stop = &tool_stop, .rate = &tool->rate,
	    .slos = &slos,
	    .fail_ifs = &tool->fail_ifs, .server = tool->server,
	    .response = &tool->response };
	Ringmaster__V1__LoadResult *result;
	int err = tool_plan(tool, &tool->options.load, &plan);

	if (!err)
		err = tool_slos(tool, &plan, &slos);
	if (err)
		return err;
	err = tool_watch(tool, &plan, plan.source ? plan.source : plan.url,
	    false);
	if (!err)
		err = load_run_make(&run, &tool->arena, &result);
	tool_unwatch(tool);
	if (err)
		return tool_fail(err, "cannot run the test");
	if (tool->live_gone)
		result->partial_reason =
		    (char *)"nobody read --live-fd any more";
	return tool_finish(tool, result);
}

/* ringstat --wait: until a condition holds of a server that runs. */

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "stat/conditions.h"
#include "tools/ringstat.h"

enum { WAIT_POLL_MS = 100 };

struct wait {
	struct expression condition;
	struct stat_source *source;	/* NULL: it is not there yet */
	struct stat_table table;
};

/* Does it hold now? 1, 0, or -errno. */
static int wait_look(struct wait *wait)
{
	struct stat_sample sample;
	int result = stat_source_sample(wait->source, NULL, &sample);

	if (result)
		return result;
	if (sample.stopped_real_ns == 0) {
		result = stat_table_update(&wait->table, &sample);
		if (!result)
			result = expression_holds(&wait->condition,
			    &wait->table);
	}
	stat_sample_free(&sample);
	return result;
}

/* What is missing may come; what cannot be read will not be readable. */
static int wait_open(struct wait *wait, const struct tool_options *options)
{
	char why[STAT_WHY_MAX];
	int err = stat_source_open(options->instance, why, &wait->source);

	if (!err || err == -ENOENT)
		return 0;
	tool_say("%s", why);
	return err;
}

static int wait_loop(struct wait *wait, const struct tool_options *options)
{
	uint64_t start_ns = clock_mono_ns(), every_ns, next_ns = start_ns;
	int result = 0;

	every_ns = stat_condition_has_changes(&wait->condition)
	    ? (uint64_t)(options->interval_s * NS_PER_SEC)
	    : WAIT_POLL_MS * NS_PER_MSEC;
	for (;;) {
		double waited_s;

		if (!wait->source && wait_open(wait, options))
			return TOOL_FAILED;
		if (wait->source)
			result = wait_look(wait);
		if (result < 0)
			tool_say("%s", strerror(-result));
		if (result)
			return result > 0 ? TOOL_OK : TOOL_FAILED;
		waited_s = (double)(clock_mono_ns() - start_ns) / NS_PER_SEC;
		if (waited_s >= options->timeout_s)
			return TOOL_TIMEOUT;
		next_ns += waited_s + (double)every_ns / NS_PER_SEC <
		    options->timeout_s ? every_ns : (uint64_t)
		    ((options->timeout_s - waited_s) * NS_PER_SEC);
		tool_sleep_until(next_ns);
	}
}

int tool_wait(const struct tool_options *options)
{
	char why[EXPRESSION_WHY_MAX];
	struct wait wait = { .source = NULL };
	int status;

	if (!expression_parse(slice_cstr(options->condition),
		&stat_counter_names, &wait.condition, why)) {
		tool_say("the condition %s; --list has the names", why);
		return TOOL_USAGE;
	}
	stat_table_init(&wait.table);
	status = wait_loop(&wait, options);
	if (status == TOOL_TIMEOUT && !wait.source)
		tool_say("no ringmaster came in that time");
	stat_table_fini(&wait.table);
	stat_source_close(&wait.source);
	return status;
}

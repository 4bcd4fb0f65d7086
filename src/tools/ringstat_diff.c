/* ringstat --diff: what changed between two snapshots. */

#include <errno.h>
#include <string.h>

#include "stat/output.h"
#include "tools/ringstat.h"

/* The rows of a snapshot in a file. */
static int diff_load(const char *path, struct stat_sample *sample)
{
	struct stat_source *source;
	char why[STAT_WHY_MAX];
	int err = stat_snapshot_open(path, why, &source);

	if (err) {
		tool_say("%s", why);
		return err;
	}
	err = stat_source_sample(source, NULL, sample);
	if (err)
		tool_say("%s: %s", path, strerror(-err));
	else
		/* What passed between them is what passed on the server. */
		sample->taken_ns = sample->snapshot->taken_unix_ns;
	stat_source_close(&source);
	return err;
}

/* Counts of another run began anew: nothing is to be had a second. */
static void diff_runs(const struct stat_sample *a, struct stat_sample *b)
{
	const Ringmaster__V1__Identity *old = a->snapshot->identity;
	const Ringmaster__V1__Identity *new = b->snapshot->identity;

	if (strcmp(old->instance, new->instance) != 0) {
		tool_say("the server was restarted in between: its counts "
		    "began anew");
		b->run++;
	} else if (b->taken_ns < a->taken_ns) {
		tool_say("the second snapshot is the older one");
		b->run++;
	}
}

static int diff_print(const struct tool_options *options,
    const struct stat_sample *a, const struct stat_sample *b)
{
	struct buf out = buf_make(STAT_OUTPUT_MAX);
	struct stat_table before, table;
	int err;

	stat_table_init(&before);
	stat_table_init(&table);
	err = stat_table_update(&before, a);
	if (!err)
		err = stat_table_update(&table, a);
	if (!err)
		err = stat_table_update(&table, b);
	if (!err) {
		stat_write_diff(&out, &before, &table, &options->filter);
		err = stat_output_write(&out);
	}
	stat_table_fini(&table);
	stat_table_fini(&before);
	buf_free(&out);
	return err ? tool_output_failed(err) : TOOL_OK;
}

int tool_diff(const struct tool_options *options)
{
	struct stat_sample a = { .snapshot = NULL }, b = { .snapshot = NULL };
	int status = TOOL_FAILED;

	if (diff_load(options->files[0], &a) == 0 &&
	    diff_load(options->files[1], &b) == 0) {
		diff_runs(&a, &b);
		status = diff_print(options, &a, &b);
	}
	stat_sample_free(&b);
	stat_sample_free(&a);
	return status;
}

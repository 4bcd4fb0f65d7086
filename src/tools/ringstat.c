/* ringstat: what a ringmaster does, from its metrics segment. */

#include "tools/ringstat.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "metrics/encode.h"
#include "stat/counters.h"
#include "stat/output.h"
#include "stat/screens.h"

enum { TOOL_RETRY_MS = 100 };

void tool_say(const char *format, ...)
{
	va_list args;

	/* Nobody can be told if this fails. */
	va_start(args, format);
	(void)fprintf(stderr, "ringstat: ");
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
}

/* ---- the source ---- */

void tool_sleep_until(uint64_t mono_ns)
{
	const struct timespec at = { (time_t)(mono_ns / NS_PER_SEC),
		(long)(mono_ns % NS_PER_SEC) };

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Does it run, as far as that matters? */
static bool tool_runs(struct stat_source *source)
{
	struct stat_sample sample;
	bool runs;

	if (stat_source_is_file(source))
		return true;
	if (stat_source_sample(source, NULL, &sample) < 0)
		return false;
	runs = sample.stopped_real_ns == 0;
	stat_sample_free(&sample);
	return runs;
}

/* Waits as long as was asked for until it runs. */
static int tool_open(const struct tool_options *options,
    struct stat_source **ret)
{
	uint64_t start_ns = clock_mono_ns(), now_ns;
	char why[STAT_WHY_MAX];
	int err;

	for (;;) {
		err = stat_source_open(options->instance, why, ret);
		now_ns = clock_mono_ns();
		if ((double)(now_ns - start_ns) / NS_PER_SEC >=
		    options->start_s || (!err && tool_runs(*ret)))
			break;
		if (!err)
			stat_source_close(ret);
		tool_sleep_until(now_ns + TOOL_RETRY_MS * NS_PER_MSEC);
	}
	if (err)
		tool_say("%s", why);
	return err ? TOOL_FAILED : TOOL_OK;
}

/* ---- outputs ---- */

struct output {
	const struct tool_options *options;
	struct stat_source *source;
	struct stat_table table;
	struct stat_sample sample;
	struct buf out;
};

static int output_sample(struct output *output)
{
	const struct metrics_snapshot_options all = {
		.recent = METRICS_SNAPSHOT_RECENT_MAX,
		.top_keys = METRICS_TOP_SIZE_MAX,
	};
	int err;

	stat_sample_free(&output->sample);
	err = stat_source_sample(output->source,
	    output->options->mode == TOOL_PB ? &all : NULL, &output->sample);
	return err ? err : stat_table_update(&output->table, &output->sample);
}

static void output_encode(struct output *output, enum metrics_format format)
{
	/* As a dashboard does that is not told otherwise. */
	const struct metrics_encode_options options = {
		.prometheus = { .level = METRICS_LEVEL_STANDARD,
		    .compat = true } };

	metrics_encode(&output->out, format, output->sample.snapshot,
	    &options);
}

static void output_make(struct output *output, bool first)
{
	const struct stat_filter *filter = &output->options->filter;

	switch (output->options->mode) {
	case TOOL_LIST:
		stat_write_list(&output->out, &output->table, filter);
		break;
	case TOOL_JSON:
		stat_write_json(&output->out, &output->table, filter,
		    &output->sample);
		break;
	case TOOL_XML:
		stat_write_xml(&output->out, &output->table, filter,
		    &output->sample);
		break;
	case TOOL_CSV:
		stat_write_csv(&output->out, &output->table, filter,
		    &output->sample, first);
		break;
	case TOOL_PROM:
		output_encode(output, METRICS_FORMAT_TEXT);
		break;
	case TOOL_PB:
		output_encode(output, METRICS_FORMAT_PROTOBUF);
		break;
	case TOOL_SERIES:
		stat_write_series(&output->out, &output->sample);
		break;
	default:
		if (!first)
			buf_append_char(&output->out, '\n');
		stat_write_text(&output->out, &output->table, filter);
	}
}

/* What has a rate takes two samples, if more than one is to be had. */
static bool output_needs_two(const struct output *output)
{
	return output->options->mode < TOOL_LIST &&
	    output->sample.stopped_real_ns == 0 &&
	    !stat_source_is_file(output->source);
}

static int output_all(struct output *output)
{
	const struct tool_options *options = output->options;
	uint64_t every_ns = (uint64_t)(options->interval_s * 1e9);
	uint64_t next_ns = clock_mono_ns();
	int err = output_sample(output);
	bool wait = !err && output_needs_two(output);

	for (unsigned i = 0; !err && (!options->count || i < options->count);
	    i++) {
		if (wait) {
			next_ns += every_ns;
			tool_sleep_until(next_ns);
			err = output_sample(output);
		}
		if (!err) {
			output_make(output, i == 0);
			err = stat_output_write(&output->out);
		}
		wait = true;
	}
	return err;
}

int tool_output_failed(int err)
{
	if (err != -EPIPE)
		tool_say("cannot print it: %s", strerror(-err));
	return TOOL_FAILED;
}

int tool_output(const struct tool_options *options,
    struct stat_source *source)
{
	struct output output = { .options = options, .source = source,
		.out = buf_make(STAT_OUTPUT_MAX) };
	char words[STAT_WHY_MAX];
	int status = TOOL_OK, err;

	stat_table_init(&output.table);
	err = output_all(&output);
	if (err) {
		status = tool_output_failed(err);
	} else if (output.sample.stopped_real_ns) {
		tool_say("%s: %s", stat_source_name(source),
		    stat_sample_stopped(&output.sample, words));
		status = TOOL_STOPPED;
	}
	stat_sample_free(&output.sample);
	stat_table_fini(&output.table);
	buf_free(&output.out);
	return status;
}

static int tool_screens(const struct tool_options *options,
    struct stat_source *source)
{
	const struct screens_options screens = { &options->filter,
		options->interval_s, options->glyphs };
	char why[STAT_WHY_MAX];
	int err = screens_run(source, &screens, why);

	if (err)
		tool_say("%s%s", why, err == -ENOTSUP
		    ? "; ringstat -1 needs no screen" : "");
	return err ? TOOL_FAILED : TOOL_OK;
}

static int tool_instances(const struct tool_options *options)
{
	static struct stat_instance instances[STAT_INSTANCES_MAX];
	unsigned count = stat_instances(options->instance
	    ? options->instance : RM_RUNDIR, instances);
	char words[STAT_WHY_MAX];

	for (unsigned i = 0; i < count; i++) {
		const struct stat_sample sample = { .stopped_real_ns =
		    instances[i].running ? 0 : instances[i].seen_real_ns };

		(void)printf("%-20s %-20s %s\n", instances[i].name,
		    instances[i].running ? "running"
		    : stat_sample_stopped(&sample, words), instances[i].path);
	}
	return fflush(stdout) == 0 ? TOOL_OK : TOOL_FAILED;
}

static int tool_run(const struct tool_options *options)
{
	struct stat_source *source;
	int status;

	if (options->mode == TOOL_INSTANCES)
		return tool_instances(options);
	if (options->mode == TOOL_WAIT)
		return tool_wait(options);
	if (options->mode == TOOL_DIFF)
		return tool_diff(options);
	status = tool_open(options, &source);
	if (status)
		return status;
	if (options->mode == TOOL_REQUESTS)
		status = tool_requests(options, source);
	else if (options->mode == TOOL_SCREENS && isatty(STDOUT_FILENO))
		status = tool_screens(options, source);
	else
		status = tool_output(options, source);
	stat_source_close(&source);
	return status;
}

int main(int argc, char **argv)
{
	struct tool_options options;
	char why[STAT_WHY_MAX];
	int status = tool_options_parse(argc, argv, &options, why);

	/* Who reads us may stop. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (status) {
		tool_say("%s", why);
		return status;
	}
	if (options.help) {
		tool_options_help(stdout);
	} else if (options.version) {
		(void)puts("ringstat " PACKAGE_VERSION);
	} else {
		return tool_run(&options);
	}
	return fflush(stdout) == 0 ? TOOL_OK : TOOL_FAILED;
}

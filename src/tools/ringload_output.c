/* Where results go: standard output, files, the kept ones, --live-fd. */

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "load/print.h"
#include "load/results.h"
#include "metrics/json.h"
#include "tools/ringload_tool.h"

enum {
	OUTPUT_MAX = 256 << 20,		/* bytes of a result */
	LIVE_MAX = 4096,		/* PIPE_BUF: written at once, or not */
};

/* ---- results ---- */

static void output_make(struct buf *out, enum tool_format format,
    const struct tool *tool, const Ringmaster__V1__LoadResult *result)
{
	switch (format) {
	case TOOL_JSON:
		load_print_json(out, result);
		break;
	case TOOL_CSV:
		load_print_csv(out, result);
		break;
	case TOOL_HGRM:
		load_print_hgrm(out, &tool->response);
		break;
	case TOOL_MD:
		load_print_markdown(out, result);
		break;
	default:
		load_print_text(out, result);
	}
}

/* Print, or write to the file. Takes what is in `text`. 0 or TOOL_FAILED. */
static int output_put(const struct tool_output *output, struct buf *text)
{
	FILE *file = stdout;
	bool failed = text->failed;

	if (output->file)
		file = fopen(output->file, "we");
	if (!file) {
		tool_say("cannot create %s: %s", output->file,
		    strerror(errno));
		buf_free(text);
		return TOOL_FAILED;
	}
	if (!failed)
		failed = fwrite(text->data, 1, text->len, file) != text->len;
	/* Of standard output, main() tells. */
	if (output->file && fclose(file) != 0)
		failed = true;
	if (failed && output->file)
		tool_say("cannot write %s: %s", output->file,
		    text->failed ? "out of memory" : strerror(errno));
	buf_free(text);
	return failed && output->file ? TOOL_FAILED : 0;
}

/* Is something printed? Else people get the text, unless --quiet. */
static bool output_printed(const struct tool_options *options)
{
	for (unsigned i = 0; i < options->output_count; i++)
		if (!options->outputs[i].file)
			return true;
	return options->quiet;
}

int tool_output_result(struct tool *tool, Ringmaster__V1__LoadResult *result)
{
	static const struct tool_output people = { .format = TOOL_TEXT };
	const struct tool_options *options = &tool->options;
	struct buf text = buf_make(OUTPUT_MAX);
	int status = 0;

	for (unsigned i = 0; i < options->output_count; i++) {
		output_make(&text, options->outputs[i].format, tool, result);
		status |= output_put(&options->outputs[i], &text);
	}
	if (output_printed(options))
		return status;
	output_make(&text, TOOL_TEXT, tool, result);
	return status | output_put(&people, &text);
}

/* ---- comparisons ---- */

int tool_output_comparison(struct tool *tool,
    const Ringmaster__V1__LoadComparison *comparison)
{
	static const struct tool_output people = { .format = TOOL_TEXT };
	const struct json_options json = { .bins = false };
	const struct tool_options *options = &tool->options;
	struct buf text = buf_make(OUTPUT_MAX);
	int status = 0;

	for (unsigned i = 0; i < options->output_count; i++) {
		if (options->outputs[i].format == TOOL_JSON) {
			json_write(&text, &comparison->base, &json);
			buf_append_char(&text, '\n');
		} else {
			load_print_comparison(&text, comparison);
		}
		status |= output_put(&options->outputs[i], &text);
	}
	if (output_printed(options))
		return status;
	load_print_comparison(&text, comparison);
	return status | output_put(&people, &text);
}

/* ---- what is kept ---- */

void tool_label(const struct tool *tool, Ringmaster__V1__LoadResult *result)
{
	if (tool->options.name)
		result->name = (char *)tool->options.name;
	if (tool->options.note)
		result->note = (char *)tool->options.note;
}

int tool_save(struct tool *tool, Ringmaster__V1__LoadResult *result)
{
	struct load_results results = { .path = tool->options.save };
	int err = load_results_add(&results, result);

	if (err || results.message[0])
		tool_say("%s", results.message);
	if (!err && !tool->options.quiet)
		tool_say("run %s is kept in %s", result->run, results.path);
	return err ? TOOL_FAILED : 0;
}

/* ---- --live-fd ---- */

bool tool_live(struct tool *tool, const Ringmaster__V1__LoadStatusNow *now)
{
	struct buf line = buf_make(LIVE_MAX);
	struct pollfd out = { .fd = tool->options.live_fd,
	    .events = POLLOUT };

	load_print_status(&line, now);
	/* Who does not read in time misses a line: the test does not wait. A
	 * pipe that can be written to has room for PIPE_BUF bytes. */
	if (!line.failed && poll(&out, 1, 0) == 1 &&
	    write(out.fd, line.data, line.len) < 0 && errno == EPIPE)
		tool->live_gone = true;
	buf_free(&line);
	return !tool->live_gone;
}

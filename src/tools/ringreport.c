/* ringreport: pictures and tables of load tests. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "report/revision.h"
#include "tools/ringreport.h"

enum {
	TOOL_OUTPUT_MAX = 256 << 20,
	TOOL_MODE = 0644, TOOL_FOLDER_MODE = 0755,
	TOOL_ID_LENGTH = 26,		/* of a run */
};

static void tool_say(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static void tool_say(const char *format, ...)
{
	va_list args;

	/* Nobody can be told if this fails. */
	va_start(args, format);
	(void)fprintf(stderr, "ringreport: ");
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
}

/* ---- out ---- */

static int tool_write_all(int fd, struct slice data)
{
	while (data.len) {
		ssize_t n = write(fd, data.data, data.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		data = slice_from(data, n > 0 ? (size_t)n : 0);
	}
	return 0;
}

/* Make the folders before the last one's name, as far as they are missing. */
static void tool_folders(const char *path)
{
	char folder[PATH_MAX];

	for (const char *at = strchr(path + 1, '/'); at;
	    at = strchr(at + 1, '/')) {
		(void)snprintf(folder, sizeof(folder), "%.*s",
		    (int)(at - path), path);
		/* If it cannot be made, nothing can be opened in it. */
		(void)mkdir(folder, TOOL_FOLDER_MODE);
	}
}

/* Beside it first: who looks at the picture meanwhile sees the old one. */
static int tool_replace(const char *path, struct slice data)
{
	char beside[PATH_MAX];
	int fd, err;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >=
	    sizeof(beside))
		return -ENAMETOOLONG;
	tool_folders(path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = tool_write_all(fd, data);
	if (!err && fchmod(fd, TOOL_MODE) < 0)
		err = -errno;
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && rename(beside, path) < 0)
		err = -errno;
	if (err)
		(void)unlink(beside); /* it is of no use */
	return err;
}

static bool tool_is_folder(const char *path)
{
	struct stat status;

	return path[strlen(path) - 1] == '/' ||
	    (stat(path, &status) == 0 && S_ISDIR(status.st_mode));
}

/* Where a report of this name and format goes. */
static int tool_path(const struct tool_options *options, const char *name,
    enum report_format format, char path[PATH_MAX])
{
	const char *output = options->output, *ending =
	    report_format_names[format];
	unsigned formats = 0;
	int len;

	for (unsigned i = 0; i < REPORT_FORMATS; i++)
		formats += options->formats[i];
	if (!output)
		len = snprintf(path, PATH_MAX, "%s.%s", name, ending);
	else if (*output && tool_is_folder(output))
		len = snprintf(path, PATH_MAX, "%s%s%s.%s", output,
		    output[strlen(output) - 1] == '/' ? "" : "/",
		    strrchr(name, '/') ? strrchr(name, '/') + 1 : name,
		    ending);
	else if (formats > 1)
		len = snprintf(path, PATH_MAX, "%s.%s", output, ending);
	else
		len = snprintf(path, PATH_MAX, "%s", output);
	return len > 0 && len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static bool tool_prints(const struct tool_options *options,
    enum report_format format)
{
	return options->output ? strcmp(options->output, "-") == 0
	    : format >= REPORT_CSV;
}

/* Text goes to the standard output, if nothing else was said. */
static int tool_put(const struct tool_options *options, const char *name,
    enum report_format format, struct slice data)
{
	char path[PATH_MAX];
	int err;

	if (tool_prints(options, format)) {
		err = tool_write_all(STDOUT_FILENO, data);
		if (err)
			tool_say("cannot write it: %s", strerror(-err));
		return err ? TOOL_FAILED : TOOL_OK;
	}
	err = tool_path(options, name, format, path);
	if (!err)
		err = tool_replace(path, data);
	if (err) {
		tool_say("%s: cannot write it: %s", path, strerror(-err));
		return TOOL_FAILED;
	}
	(void)puts(path);
	return TOOL_OK;
}

/* ---- reports ---- */

static const char *tool_error(int err)
{
	return err == -ENOENT ? "this machine has no font; on Debian: apt "
	    "install fonts-dejavu-core"
	    : err == -E2BIG ? "the picture has too many pixels: a smaller "
	    "--size or --scale will do" : strerror(-err);
}

/* A report in all formats that are asked for, of a source or a server. */
static int tool_make_of(const struct tool_options *options,
    const struct source *source, const struct since *since,
    const struct report_request *asked, const char *name)
{
	int status = TOOL_OK;

	for (unsigned i = 0; i < REPORT_FORMATS && !status; i++) {
		struct report_request request = *asked;
		struct buf out = buf_make(TOOL_OUTPUT_MAX);
		int err;

		if (!options->formats[i])
			continue;
		request.format = (enum report_format)i;
		err = since ? since_report(since, &request, &out)
		    : report_make(source, &request, &out);
		if (err)
			tool_say("%s", tool_error(err));
		status = err ? TOOL_FAILED : tool_put(options, name,
		    request.format, buf_slice(&out));
		buf_free(&out);
	}
	return status;
}

static int tool_make(const struct tool_options *options,
    const struct source *source, const struct report_request *asked,
    const char *name)
{
	return tool_make_of(options, source, NULL, asked, name);
}

/* Is it the id of a run? Else it is a file. */
static bool tool_is_id(const char *text)
{
	return strlen(text) == TOOL_ID_LENGTH &&
	    strspn(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") ==
	    TOOL_ID_LENGTH;
}

/* What files of this run are called: its id, if that is one. */
static const char *tool_name(const struct source *source, unsigned index)
{
	const char *run = source->runs[index].run;

	return tool_is_id(run) ? run : "run";
}

/* The index of a run, or -errno. */
static int tool_look_up(const struct tool_options *options,
    struct source *source, const char *text)
{
	unsigned last = 0;
	int err, index;

	if (!tool_is_id(text)) {
		err = source_read(source, text, &last);
		return err ? err : (int)last;
	}
	index = source_find(source, text);
	if (index >= 0)
		return index;
	err = source_read(source, options->from, &last);
	return err ? err : source_find(source, text);
}

static int tool_find(const struct tool_options *options,
    struct source *source, const char *text, unsigned *ret)
{
	int index = tool_look_up(options, source, text);

	if (index < 0) {
		tool_say("%s", source->why);
		return TOOL_FAILED;
	}
	*ret = (unsigned)index;
	return TOOL_OK;
}

static int tool_report(const struct tool_options *options,
    struct source *source)
{
	struct report_request request = options->request;
	int status = TOOL_OK;

	if (options->run_count == 0) {
		if (source_read(source, options->from, &request.runs[0])) {
			tool_say("%s%s", source->why,
			    access(options->from, F_OK) == 0 ? ""
			    : "; \"ringload --save URL\" makes one");
			return TOOL_FAILED;
		}
		return tool_make(options, source, &request, TOOL_GRAPH);
	}
	for (unsigned i = 0; i < options->run_count && !status; i++) {
		status = tool_find(options, source, options->runs[i],
		    &request.runs[0]);
		if (!status)
			status = tool_make(options, source, &request,
			    tool_name(source, request.runs[0]));
	}
	return status;
}

static int tool_compare(const struct tool_options *options,
    struct source *source)
{
	struct report_request request = options->request;
	const char *ids[2];
	int status = TOOL_OK;

	request.view = REPORT_COMPARE;
	for (unsigned i = 0; i < 2 && !status; i++) {
		status = tool_find(options, source, options->runs[i],
		    &request.runs[i]);
		if (!status)
			ids[i] = source->runs[request.runs[i]].run;
	}
	if (status)
		return status;
	/* What was read later may have moved what was read before. */
	for (unsigned i = 0; i < 2; i++)
		request.runs[i] = (unsigned)source_find(source, ids[i]);
	if (request.runs[0] == request.runs[1]) {
		tool_say("%s and %s are the same run", options->runs[0],
		    options->runs[1]);
		return TOOL_FAILED;
	}
	return tool_make(options, source, &request, "reports/comparison");
}

static int tool_trend(const struct tool_options *options,
    struct source *source)
{
	struct report_request request = options->request;
	const char *file = options->run_count ? options->runs[0]
	    : options->from;

	request.view = REPORT_TREND;
	if (source_read(source, file, &request.runs[0])) {
		tool_say("%s", source->why);
		return TOOL_FAILED;
	}
	return tool_make(options, source, &request, "reports/trend");
}

static int tool_since(const struct tool_options *options,
    struct source *source)
{
	struct since since = { .seconds = options->since,
		.now_s = clock_real_ns() / NS_PER_SEC };
	int err = history_view(options->history, &since.history), status;

	(void)source;
	if (err) {
		tool_say("%s: %s", options->history, err == -EBADMSG
		    ? "no history of this version of ringmaster, or damaged"
		    : strerror(-err));
		return TOOL_FAILED;
	}
	status = tool_make_of(options, NULL, &since, &options->request,
	    "reports/server");
	history_close(&since.history);
	return status;
}

/* Are these the data that somebody was told of? */
static bool tool_verify(const struct tool_options *options,
    struct slice data)
{
	char digest[SOURCE_DIGEST + 1] = "";
	int err = source_digest(data, digest);

	if (err)
		tool_say("no digest can be made: %s", strerror(-err));
	else if (strncasecmp(digest, options->sha256,
		strlen(options->sha256)) == 0)
		return true;
	else
		tool_say("%s: its data has the sha256 %s", options->runs[0],
		    digest);
	return false;
}

static int tool_extract(const struct tool_options *options,
    struct source *source)
{
	struct buf bytes, out = buf_make(TOOL_OUTPUT_MAX);
	int err = source_load(source, options->runs[0], &bytes);
	int status = TOOL_FAILED;

	if (!err) {
		err = source_extract(source, options->runs[0],
		    buf_slice(&bytes), &out);
		buf_free(&bytes);
	}
	if (err)
		tool_say("%s", source->why);
	else if (!options->sha256 || tool_verify(options, buf_slice(&out)))
		status = tool_put(options, "", REPORT_JSON, buf_slice(&out));
	buf_free(&out);
	return status;
}

static int tool_once(const struct tool_options *options)
{
	static int (*const modes[])(const struct tool_options *,
	    struct source *) = { [TOOL_REPORT] = tool_report,
		[TOOL_COMPARE] = tool_compare, [TOOL_TREND] = tool_trend,
		[TOOL_SINCE] = tool_since,
		[TOOL_EXTRACT] = tool_extract };
	struct source *source = source_new();
	int status = TOOL_FAILED;

	if (source)
		status = modes[options->mode](options, source);
	else
		tool_say("%s", strerror(ENOMEM));
	source_free(source);
	return status;
}

int main(int argc, char **argv)
{
	struct tool_options options;
	char why[TOOL_WHY_MAX];
	int status = tool_options_parse(argc, argv, &options, why);

	if (status) {
		tool_say("%s", why);
		return status;
	}
	if (options.help)
		tool_options_help(stdout);
	else if (options.version)
		(void)puts("ringreport " PACKAGE_VERSION REPORT_REVISION);
	else
		status = tool_once(&options);
	while (options.watch && fflush(stdout) == 0) {
		const struct timespec pause = { .tv_sec = options.watch };

		/* Early is no harm; a file that is missing may come. */
		(void)nanosleep(&pause, NULL);
		status = tool_once(&options);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		tool_say("cannot write: %s", strerror(errno));
		status = TOOL_FAILED;
	}
	return status;
}

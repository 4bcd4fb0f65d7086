#include <stdlib.h>

#include "base/number.h"
#include "tools/options.h"
#include "tools/ringreport.h"

/* Options without a letter. */
enum {
	OPT_COMPARE = OPTIONS_LONG, OPT_FROM, OPT_HISTORY, OPT_LAST, OPT_PANEL,
	OPT_SCALE, OPT_SHA256, OPT_SINCE, OPT_SIZE, OPT_THEME, OPT_WATCH,
};

static const struct options_row tool_rows[] = {
	{ "format", "LIST", "png (default), svg, pdf, html, csv, json, md, "
	    "txt", 'f' },
	{ "output", "PATH", "file, folder/, or - for standard output", 'o' },
	{ "from", "FILE", "kept results (" TOOL_RESULTS ")", OPT_FROM },
	{ "compare", NULL, "two runs with each other", OPT_COMPARE },
	{ "last", "N", "the course of the last N runs", OPT_LAST },
	{ "since", "TIME", "what the server did, from 10s to 168h",
	    OPT_SINCE },
	{ "history", "FILE", "of it (" TOOL_HISTORY ")", OPT_HISTORY },
	{ "panel", "NAME", "one chart: throughput, latency, ...", OPT_PANEL },
	{ "theme", "NAME", "dark (default), light or print", OPT_THEME },
	{ "size", "WxH", "in units (1600x1000); 1200x630 is a card",
	    OPT_SIZE },
	{ "scale", "N", "pixels a unit of a PNG (2)", OPT_SCALE },
	{ "sha256", "DIGITS", "that data must have to be extracted",
	    OPT_SHA256 },
	{ "watch", "TIME", "do it again each so often", OPT_WATCH },
	{ "help", NULL, "see ringreport(1)", 'h' },
	{ "version", NULL, "of ringreport", 'V' },
};
static const struct options_table tool_table = OPTIONS_TABLE(tool_rows);

struct parser {
	struct tool_options *options;
	char *why;
};

#define PARSER_FAIL(parser, ...)                                           \
	((void)snprintf((parser)->why, TOOL_WHY_MAX, __VA_ARGS__), TOOL_USAGE)

/* ---- values ---- */

/* The index of a name in a list, or -1. */
static int parse_name(struct slice name, const char *const *names,
    unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (slice_equal(name, slice_cstr(names[i])))
			return (int)i;
	return -1;
}

static int parse_formats(const struct parser *parser, const char *arg)
{
	struct slice rest = slice_cstr(arg);

	for (;;) {
		const char *comma = memchr(rest.data, ',', rest.len);
		struct slice name = slice_first(rest, comma
		    ? (size_t)(comma - rest.data) : rest.len);
		int format = parse_name(name, report_format_names,
		    REPORT_FORMATS);

		if (format < 0)
			return PARSER_FAIL(parser, "--format takes png, svg, "
			    "pdf, html, csv, json, md and txt, with commas "
			    "between, not \"%s\"", arg);
		parser->options->formats[format] = true;
		if (!comma)
			return 0;
		rest = slice_from(rest, name.len + 1);
	}
}

static int parse_panel(const struct parser *parser, const char *arg)
{
	int panel = parse_name(slice_cstr(arg), page_panel_names, PANELS);

	if (panel < 0)
		return PARSER_FAIL(parser, "--panel takes throughput, latency, "
		    "distribution, percentiles, stages, status, workers, "
		    "history or notes, not \"%s\"", arg);
	parser->options->request.panel = (enum page_panel)panel;
	return 0;
}

static int parse_theme(const struct parser *parser, const char *arg)
{
	int theme = parse_name(slice_cstr(arg), theme_names, THEMES);

	if (theme < 0)
		return PARSER_FAIL(parser,
		    "--theme takes dark, light or print, not \"%s\"", arg);
	parser->options->request.theme = (enum theme)theme;
	return 0;
}

static int parse_size(const struct parser *parser, const char *arg)
{
	const char *by = strchr(arg, 'x');
	uint64_t width, height;

	if (!by || !slice_to_u64((struct slice){ arg, (size_t)(by - arg) },
		&width) || !slice_to_u64(slice_cstr(by + 1), &height) ||
	    width < PAGE_WIDTH_MIN || width > PAGE_SIDE_MAX ||
	    height < PAGE_HEIGHT_MIN || height > PAGE_SIDE_MAX)
		return PARSER_FAIL(parser, "--size takes width and height "
		    "such as 1200x630, from %ux%u to %ux%u, not \"%s\"",
		    PAGE_WIDTH_MIN, PAGE_HEIGHT_MIN, PAGE_SIDE_MAX,
		    PAGE_SIDE_MAX, arg);
	parser->options->request.width = (unsigned)width;
	parser->options->request.height = (unsigned)height;
	return 0;
}

static int parse_scale(const struct parser *parser, const char *arg)
{
	double scale;

	if (!number_parse(slice_cstr(arg), &scale) ||
	    scale < REPORT_SCALE_MIN || scale > REPORT_SCALE_MAX)
		return PARSER_FAIL(parser, "--scale takes a number from %g to "
		    "%g, not \"%s\"", REPORT_SCALE_MIN, REPORT_SCALE_MAX,
		    arg);
	parser->options->request.scale = scale;
	return 0;
}

static int parse_last(const struct parser *parser, const char *arg)
{
	uint64_t last;

	if (!slice_to_u64(slice_cstr(arg), &last) || last < 2 ||
	    last > REPORT_TREND_MAX)
		return PARSER_FAIL(parser, "--last takes a number of runs "
		    "from 2 to %u, not \"%s\"", REPORT_TREND_MAX, arg);
	parser->options->request.last = (unsigned)last;
	return 0;
}

static int parse_since(const struct parser *parser, const char *arg)
{
	double seconds;

	if (!number_parse_seconds(slice_cstr(arg), &seconds) ||
	    seconds < SINCE_SECONDS_MIN || seconds > SINCE_SECONDS_MAX)
		return PARSER_FAIL(parser, "--since takes a time from 10s to "
		    "168h, not \"%s\"", arg);
	parser->options->since = (unsigned)seconds;
	return 0;
}

static int parse_sha256(const struct parser *parser, const char *arg)
{
	size_t len = strlen(arg);

	if (len < TOOL_SHA256_MIN || len > SOURCE_DIGEST ||
	    strspn(arg, "0123456789abcdefABCDEF") != len)
		return PARSER_FAIL(parser, "--sha256 takes %u to %u "
		    "hexadecimal digits, as a picture has at its foot",
		    TOOL_SHA256_MIN, SOURCE_DIGEST);
	parser->options->sha256 = arg;
	return 0;
}

static int parse_watch(const struct parser *parser, const char *arg)
{
	double seconds;

	if (!number_parse_seconds(slice_cstr(arg), &seconds) || seconds < 1 ||
	    seconds > TOOL_WATCH_MAX)
		return PARSER_FAIL(parser, "--watch takes a time such as 5s "
		    "or 1m, from 1s to 24h, not \"%s\"", arg);
	parser->options->watch = (unsigned)seconds;
	return 0;
}

/* ---- options ---- */

static int parse_mode(const struct parser *parser, enum tool_mode mode)
{
	struct tool_options *options = parser->options;

	if (options->mode != TOOL_REPORT && options->mode != mode)
		return PARSER_FAIL(parser, "--compare, --last, --since and "
		    "extract exclude each other");
	options->mode = mode;
	return 0;
}

static int parse_one(const struct parser *parser, int id, const char *arg)
{
	struct tool_options *options = parser->options;
	int err;

	switch (id) {
	case 'f':
		return parse_formats(parser, arg);
	case 'o':
		options->output = arg;
		return 0;
	case OPT_FROM:
		options->from = arg;
		return 0;
	case OPT_COMPARE:
		return parse_mode(parser, TOOL_COMPARE);
	case OPT_LAST:
		err = parse_mode(parser, TOOL_TREND);
		return err ? err : parse_last(parser, arg);
	case OPT_SINCE:
		err = parse_mode(parser, TOOL_SINCE);
		return err ? err : parse_since(parser, arg);
	case OPT_HISTORY:
		options->history = arg;
		return 0;
	case OPT_PANEL:
		return parse_panel(parser, arg);
	case OPT_THEME:
		return parse_theme(parser, arg);
	case OPT_SIZE:
		return parse_size(parser, arg);
	case OPT_SCALE:
		return parse_scale(parser, arg);
	case OPT_SHA256:
		return parse_sha256(parser, arg);
	case OPT_WATCH:
		return parse_watch(parser, arg);
	case 'h':
		options->help = true;
		return 0;
	default:
		options->version = true;
		return 0;
	}
}

/* ---- all of it ---- */

static int parse_runs(const struct parser *parser, int argc, char **argv)
{
	struct tool_options *options = parser->options;
	int err;

	if (optind < argc && strcmp(argv[optind], "extract") == 0) {
		optind++;
		err = parse_mode(parser, TOOL_EXTRACT);
		if (err)
			return err;
	}
	if (argc - optind > TOOL_RUNS_MAX)
		return PARSER_FAIL(parser, "at most %u runs at a time",
		    TOOL_RUNS_MAX);
	while (optind < argc)
		options->runs[options->run_count++] = argv[optind++];
	return 0;
}

/* The format that the name of a file asks for. */
static void parse_ending(struct tool_options *options)
{
	const char *dot = options->output ? strrchr(options->output, '.')
	    : NULL;
	int format = dot ? parse_name(slice_cstr(dot + 1),
	    report_format_names, REPORT_FORMATS) : -1;

	options->formats[format < 0 ? REPORT_PNG : (unsigned)format] = true;
}

/* What goes together, or not. */
static int parse_check(const struct parser *parser)
{
	struct tool_options *options = parser->options;
	unsigned formats = 0;

	for (unsigned i = 0; i < REPORT_FORMATS; i++)
		formats += options->formats[i];
	if (formats == 0)
		parse_ending(options);
	if (options->mode == TOOL_COMPARE && options->run_count != 2)
		return PARSER_FAIL(parser, "--compare takes two runs");
	if (options->mode == TOOL_TREND && options->run_count > 1)
		return PARSER_FAIL(parser, "--last takes one file of results");
	if (options->mode == TOOL_SINCE && options->run_count > 0)
		return PARSER_FAIL(parser, "--since is about the server: it "
		    "takes no runs");
	if (options->mode == TOOL_EXTRACT && options->run_count != 1)
		return PARSER_FAIL(parser, "extract takes one picture");
	if (options->mode != TOOL_EXTRACT && options->sha256)
		return PARSER_FAIL(parser, "--sha256 goes with extract");
	if (options->output && strcmp(options->output, "-") == 0 &&
	    (formats > 1 || options->run_count > 1) &&
	    options->mode == TOOL_REPORT)
		return PARSER_FAIL(parser, "standard output takes one report "
		    "in one format");
	return 0;
}

int tool_options_parse(int argc, char **argv, struct tool_options *options,
    char *why)
{
	const struct parser parser = { options, why };
	int id, err = 0;

	*options = (struct tool_options){ .from = TOOL_RESULTS,
		.history = TOOL_HISTORY,
		.request = { .panel = PANEL_NONE } };
	while (!err && (id = options_next(&tool_table, argc, argv, why,
	    TOOL_WHY_MAX)) != OPTIONS_END)
		err = id == OPTIONS_WRONG ? TOOL_USAGE
		    : parse_one(&parser, id, optarg);
	if (err || options->help || options->version)
		return err;
	err = parse_runs(&parser, argc, argv);
	return err ? err : parse_check(&parser);
}

void tool_options_help(FILE *to)
{
	(void)fprintf(to, "Usage: ringreport [OPTION]... [RUN]...\n"
	    "       ringreport --compare [OPTION]... RUN RUN\n"
	    "       ringreport extract [--sha256 DIGITS] [-o FILE] PICTURE\n");
	options_help(to, &tool_table);
	(void)fprintf(to, "RUN is the id of a kept result, or a file: results, "
	    "one of \"ringload --json\",\nor a picture. Without one, "
	    TOOL_RESULTS " becomes\n" TOOL_GRAPH ".png.\n");
}

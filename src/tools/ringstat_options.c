#include <math.h>

#include "base/number.h"
#include "tools/options.h"
#include "tools/ringstat.h"

/* Options without a letter. */
enum {
	OPT_CSV = OPTIONS_LONG, OPT_DIFF, OPT_GLYPHS, OPT_INSTANCES, OPT_PB,
	OPT_PROM, OPT_SERIES, OPT_TIMEOUT, OPT_WAIT,
};

static const struct options_row tool_rows[] = {
	{ "once", NULL, "print all counters, with their rates", '1' },
	{ "json", NULL, "the same as JSON", 'j' },
	{ "xml", NULL, "the same as XML", 'x' },
	{ "csv", NULL, "the same as CSV", OPT_CSV },
	{ "list", NULL, "print their names and what they mean", 'l' },
	{ "requests", NULL, "print requests as they come", 'R' },
	{ "query", "EXPR", "only these: 'status >= 500 and path ~ /api'",
	    'q' },
	{ "wait", "EXPR", "until it is true: 'rate(total_requests) > 100'",
	    OPT_WAIT },
	{ "timeout", "TIME", "no longer; the exit status is then 3",
	    OPT_TIMEOUT },
	{ "prom", NULL, "print what Prometheus would scrape", OPT_PROM },
	{ "series", NULL, "how many series that is, by detail and scope",
	    OPT_SERIES },
	{ "pb", NULL, "write a snapshot, for --diff and -n", OPT_PB },
	{ "diff", NULL, "of two snapshots: what changed, and how fast",
	    OPT_DIFF },
	{ "instances", NULL, "print which servers there are", OPT_INSTANCES },
	{ "filter", "GLOB", "only these counters; ^GLOB: not these", 'f' },
	{ "instance", "NAME", "server, path of its segment, or snapshot (.pb)",
	    'n' },
	{ "start-timeout", "TIME", "wait for it to run; \"off\": for ever",
	    't' },
	{ "interval", "TIME", "between samples (1s)", 'i' },
	{ "count", "N", "print so often (1); 0: without end", 'c' },
	{ "glyphs", "SET", "of screens: braille, blocks or ascii", OPT_GLYPHS },
	{ "help", NULL, "see ringstat(1)", 'h' },
	{ "version", NULL, "of ringstat", 'V' },
};
static const struct options_table tool_table = OPTIONS_TABLE(tool_rows);

struct parser {
	struct tool_options *options;
	char *why;
};

#define PARSER_FAIL(parser, ...)                                           \
	((void)snprintf((parser)->why, STAT_WHY_MAX, __VA_ARGS__), TOOL_USAGE)

/* ---- values ---- */

static int parse_mode(const struct parser *parser, enum tool_mode mode)
{
	if (parser->options->mode != TOOL_SCREENS)
		return PARSER_FAIL(parser, "one kind of output at a time");
	parser->options->mode = mode;
	return 0;
}

static int parse_filter(const struct parser *parser, const char *arg)
{
	if (stat_filter_add(&parser->options->filter, arg))
		return 0;
	return PARSER_FAIL(parser, "--filter is given more than %u times",
	    STAT_FILTER_MAX);
}

static int parse_timeout(const struct parser *parser, const char *arg)
{
	if (number_parse_seconds(slice_cstr(arg),
		&parser->options->timeout_s))
		return 0;
	return PARSER_FAIL(parser, "--timeout takes a time such as 10s, not "
	    "\"%s\"", arg);
}

static int parse_start(const struct parser *parser, const char *arg)
{
	if (strcmp(arg, "off") == 0)
		parser->options->start_s = INFINITY;
	else if (!number_parse_seconds(slice_cstr(arg),
		&parser->options->start_s))
		return PARSER_FAIL(parser, "--start-timeout takes a time such "
		    "as 10s, or off, not \"%s\"", arg);
	return 0;
}

static int parse_interval(const struct parser *parser, const char *arg)
{
	double value;

	if (!number_parse_seconds(slice_cstr(arg), &value) || value < 0.01 ||
	    value > 86400)
		return PARSER_FAIL(parser, "--interval takes a time such as "
		    "5s or 500ms, from 10ms to 24h, not \"%s\"", arg);
	parser->options->interval_s = value;
	return 0;
}

static int parse_glyphs(const struct parser *parser, const char *arg)
{
	static const char *const names[] = { [CANVAS_ASCII] = "ascii",
		[CANVAS_BLOCKS] = "blocks", [CANVAS_BRAILLE] = "braille" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(arg, names[i]) == 0) {
			parser->options->glyphs = (enum canvas_glyphs)i;
			return 0;
		}
	return PARSER_FAIL(parser, "--glyphs takes braille, blocks or ascii, "
	    "not \"%s\"", arg);
}

static int parse_count(const struct parser *parser, const char *arg)
{
	uint64_t count;

	if (!slice_to_u64(slice_cstr(arg), &count) || count > UINT32_MAX)
		return PARSER_FAIL(parser, "--count takes a whole number, not "
		    "\"%s\"", arg);
	parser->options->count = (unsigned)count;
	parser->options->counted = true;
	return 0;
}

/* ---- options ---- */

static int parse_kind(const struct parser *parser, int id, const char *arg)
{
	switch (id) {
	case '1':
		return parse_mode(parser, TOOL_TEXT);
	case 'j':
		return parse_mode(parser, TOOL_JSON);
	case 'x':
		return parse_mode(parser, TOOL_XML);
	case 'l':
		return parse_mode(parser, TOOL_LIST);
	case 'R':
		return parse_mode(parser, TOOL_REQUESTS);
	case OPT_CSV:
		return parse_mode(parser, TOOL_CSV);
	case OPT_PROM:
		return parse_mode(parser, TOOL_PROM);
	case OPT_PB:
		return parse_mode(parser, TOOL_PB);
	case OPT_SERIES:
		return parse_mode(parser, TOOL_SERIES);
	case OPT_DIFF:
		return parse_mode(parser, TOOL_DIFF);
	case OPT_INSTANCES:
		return parse_mode(parser, TOOL_INSTANCES);
	case OPT_WAIT:
		parser->options->condition = arg;
		return parse_mode(parser, TOOL_WAIT);
	default:
		return -1;
	}
}

static int parse_how(const struct parser *parser, int id, const char *arg)
{
	struct tool_options *options = parser->options;

	switch (id) {
	case 'f':
		return parse_filter(parser, arg);
	case 'n':
		options->instance = arg;
		return 0;
	case 'q':
		options->query = arg;
		return 0;
	case OPT_TIMEOUT:
		return parse_timeout(parser, arg);
	case 't':
		return parse_start(parser, arg);
	case 'i':
		return parse_interval(parser, arg);
	case OPT_GLYPHS:
		return parse_glyphs(parser, arg);
	case 'c':
		return parse_count(parser, arg);
	case 'h':
		options->help = true;
		return 0;
	default:
		options->version = true;
		return 0;
	}
}

static int parse_one(const struct parser *parser, int id, const char *arg)
{
	int err = parse_kind(parser, id, arg);

	return err < 0 ? parse_how(parser, id, arg) : err;
}

/* ---- all of it ---- */

static int parse_files(const struct parser *parser, int argc, char **argv)
{
	struct tool_options *options = parser->options;

	for (unsigned i = 0; options->mode == TOOL_DIFF && i < 2; i++)
		if (optind < argc)
			options->files[i] = argv[optind++];
	if (options->mode == TOOL_DIFF && !options->files[1])
		return PARSER_FAIL(parser, "--diff takes two snapshots, the "
		    "older one first");
	if (optind < argc)
		return PARSER_FAIL(parser, "\"%s\" is too much; see --help",
		    argv[optind]);
	return 0;
}

/* What goes together, or not. */
static int parse_check(const struct parser *parser)
{
	const struct tool_options *options = parser->options;

	if (options->filter.count && options->mode >= TOOL_PROM &&
	    options->mode != TOOL_DIFF)
		return PARSER_FAIL(parser, "--filter is for what prints "
		    "counters");
	if (options->query && options->mode != TOOL_REQUESTS)
		return PARSER_FAIL(parser, "--query goes with --requests");
	if (options->timeout_s < INFINITY && options->mode != TOOL_WAIT)
		return PARSER_FAIL(parser, "--timeout goes with --wait");
	return 0;
}

int tool_options_parse(int argc, char **argv, struct tool_options *options,
    char why[STAT_WHY_MAX])
{
	const struct parser parser = { options, why };
	int id, err = 0;

	*options = (struct tool_options){ .interval_s = 1, .count = 1,
	    .timeout_s = INFINITY,
		.glyphs = CANVAS_BRAILLE };
	while (!err && (id = options_next(&tool_table, argc, argv, why,
	    STAT_WHY_MAX)) != OPTIONS_END)
		err = id == OPTIONS_WRONG ? TOOL_USAGE
		    : parse_one(&parser, id, optarg);
	if (err || options->help || options->version)
		return err;
	err = parse_files(&parser, argc, argv);
	return err ? err : parse_check(&parser);
}

void tool_options_help(FILE *to)
{
	(void)fprintf(to, "Usage: ringstat [OPTION]... | "
	    "--diff [OPTION]... SNAPSHOT SNAPSHOT\n");
	options_help(to, &tool_table);
}

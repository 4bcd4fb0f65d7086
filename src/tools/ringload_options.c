#include "tools/ringload_options.h"

#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "tools/options.h"

/* Options without a letter. */
enum {
	OPT_ALLOW = OPTIONS_LONG, OPT_ALL_METHODS, OPT_A, OPT_ARRIVALS, OPT_B,
	OPT_B_SET, OPT_BODY, OPT_CONFIRM, OPT_FAIL_IF, OPT_FIND_MAX, OPT_FROM,
	OPT_JSON, OPT_LIVE_FD, OPT_NAME, OPT_NO_KEEPALIVE, OPT_NOTE,
	OPT_PIPELINE, OPT_QUIET, OPT_REPLAY, OPT_ROUND, OPT_ROUNDS, OPT_SAVE,
	OPT_SCENARIO, OPT_SEED, OPT_SERVER, OPT_SLO, OPT_SPEED, OPT_STAGES,
	OPT_TIMEOUT, OPT_URLS, OPT_WARMUP,
};

static const struct options_row tool_rows[] = {
	{ "connections", "N", "at once (10)", 'c' },
	{ "requests", "N", "per connection", 'n' },
	{ "duration", "TIME", "of all (10s)", 'd' },
	{ "rate", "N", "a second", 'R' },
	{ "arrivals", "KIND", "poisson/uniform", OPT_ARRIVALS },
	{ "stages", "T:N,..", "course of rate", OPT_STAGES },
	{ "warmup", "TIME", "not counted", OPT_WARMUP },
	{ "threads", "N", "of ringload", 't' },
	{ "pipeline", "N", "sent together", OPT_PIPELINE },
	{ "no-keepalive", NULL, "always connect", OPT_NO_KEEPALIVE },
	{ "timeout", "TIME", "answer (10s)", OPT_TIMEOUT },
	{ "seed", "N", "of randomness", OPT_SEED },
	{ "method", "NAME", "GET, POST...", 'X' },
	{ "header", "LINE", "\"Name: value\"", 'H' },
	{ "body", "TEXT|@FILE", "to send", OPT_BODY },
	{ "urls", "FILE", "requests, lines", OPT_URLS },
	{ "replay", "LOG", "of a server", OPT_REPLAY },
	{ "speed", "N", "times LOG's", OPT_SPEED },
	{ "replay-all-methods", NULL, "not GET only", OPT_ALL_METHODS },
	{ "scenario", "FILE", "of requests", OPT_SCENARIO },
	{ "allow-target", "HOST", "not this one", OPT_ALLOW },
	{ "server", "FILE", "metrics of it", OPT_SERVER },
	{ "slo", "EXPR", "'p99<5ms'", OPT_SLO },
	{ "fail-if", "EXPR", "'p99>+5%'", OPT_FAIL_IF },
	{ "find-max", NULL, "search the limit", OPT_FIND_MAX },
	{ "confirm", "TIME", "of find-max", OPT_CONFIRM },
	{ "a", "URL", "ab: first", OPT_A },
	{ "b", "URL", "ab: second", OPT_B },
	{ "b-set", "CHANGE", "ab: cache=off", OPT_B_SET },
	{ "rounds", "N", "ab: pairs (10)", OPT_ROUNDS },
	{ "round", "TIME", "ab: each (3s)", OPT_ROUND },
	{ "output", "FMT[=FILE]", "see below", 'o' },
	{ "json", NULL, "as -o json", OPT_JSON },
	{ "save", "[=FILE]", "keep the result", OPT_SAVE },
	{ "from", "FILE", "kept, to compare", OPT_FROM },
	{ "name", "TEXT", "of a kept result", OPT_NAME },
	{ "note", "TEXT", "with it", OPT_NOTE },
	{ "live-fd", "FD", "JSON each second", OPT_LIVE_FD },
	{ "quiet", NULL, "as -o says only", OPT_QUIET },
	{ "help", NULL, "see ringload(1)", 'h' },
	{ "version", NULL, "of ringload", 'V' },
};

static const struct options_table tool_table = OPTIONS_TABLE(tool_rows);

const char *const tool_format_names[TOOL_FORMATS] = {
	[TOOL_TEXT] = "text", [TOOL_JSON] = "json", [TOOL_CSV] = "csv",
	[TOOL_HGRM] = "hgrm", [TOOL_MD] = "md",
};

struct parser {
	struct tool_options *options;
	char *why;
	size_t size;
};

#define PARSER_FAIL(parser, ...)                                           \
	((void)snprintf((parser)->why, (parser)->size, __VA_ARGS__),       \
	    TOOL_USAGE)

/* ---- values ---- */

static int parse_count(const struct parser *parser, const char *name,
    const char *arg, double *ret)
{
	if (!number_parse(slice_cstr(arg), ret) || *ret < 1 ||
	    *ret > 1e15 || *ret != (double)(uint64_t)*ret)
		return PARSER_FAIL(parser, "--%s takes a whole number from 1 "
		    "on, such as 100 or 5k, not \"%s\"", name, arg);
	return 0;
}

static int parse_unsigned(const struct parser *parser, const char *name,
    const char *arg, unsigned *ret)
{
	double value;
	int err = parse_count(parser, name, arg, &value);

	if (!err && value > 1e9)
		err = PARSER_FAIL(parser, "--%s %s is too much", name, arg);
	if (!err)
		*ret = (unsigned)value;
	return err;
}

static int parse_seconds(const struct parser *parser, const char *name,
    const char *arg, double *ret)
{
	double value;

	/* Zero would mean the default. */
	if (!number_parse_seconds(slice_cstr(arg), &value) || value <= 0)
		return PARSER_FAIL(parser, "--%s takes a time such as 10s, "
		    "500ms or 2m, not \"%s\"", name, arg);
	*ret = value;
	return 0;
}

static int parse_more(const struct parser *parser, const char *name,
    const char *arg, struct tool_list *list)
{
	if (list->count == TOOL_LIST_MAX)
		return PARSER_FAIL(parser, "--%s is given more than %u times",
		    name, TOOL_LIST_MAX);
	list->items[list->count++] = arg;
	return 0;
}

static int parse_output(const struct parser *parser, const char *arg)
{
	struct tool_options *options = parser->options;
	const char *equals = strchr(arg, '=');
	struct slice name = { arg, equals ? (size_t)(equals - arg)
					  : strlen(arg) };

	if (options->output_count == TOOL_OUTPUTS_MAX)
		return PARSER_FAIL(parser,
		    "--output is given more than %u times", TOOL_OUTPUTS_MAX);
	for (unsigned i = 0; i < TOOL_FORMATS; i++) {
		if (!slice_equal(name, slice_cstr(tool_format_names[i])))
			continue;
		if (equals && !equals[1])
			return PARSER_FAIL(parser,
			    "--output %s lacks the name of its file", arg);
		options->outputs[options->output_count++] =
		    (struct tool_output){ .format = (enum tool_format)i,
		    .file = equals ? equals + 1 : NULL };
		return 0;
	}
	return PARSER_FAIL(parser, "--output takes text, json, csv, hgrm or "
	    "md, with =FILE if it is not to be printed, not \"%s\"", arg);
}

static int parse_body(struct tool_options *options, const char *arg)
{
	options->load.has_body = true;
	options->body_file = *arg == '@' ? arg + 1 : NULL;
	if (!options->body_file)
		options->load.body = slice_cstr(arg);
	return 0;
}

static int parse_live_fd(const struct parser *parser, const char *arg)
{
	uint64_t fd;

	if (!slice_to_u64(slice_cstr(arg), &fd) || fd > INT32_MAX)
		return PARSER_FAIL(parser, "--live-fd takes the number of an "
		    "open descriptor, such as 3, not \"%s\"", arg);
	parser->options->live_fd = (int)fd;
	return 0;
}

/* ---- options ---- */

static int parse_load_number(const struct parser *parser, int id,
    const char *arg)
{
	struct load_options *load = &parser->options->load;
	double value;
	int err;

	switch (id) {
	case 'c':
		return parse_unsigned(parser, "connections", arg,
		    &load->connections);
	case 't':
		return parse_unsigned(parser, "threads", arg, &load->threads);
	case OPT_PIPELINE:
		return parse_unsigned(parser, "pipeline", arg,
		    &load->pipeline);
	case 'n':
		err = parse_count(parser, "requests", arg, &value);
		if (!err)
			load->requests_each = (uint64_t)value;
		return err;
	case OPT_SEED:
		if (slice_to_u64(slice_cstr(arg), &load->seed) &&
		    load->seed > 0)
			return 0;
		return PARSER_FAIL(parser, "--seed takes a whole number from "
		    "1 on, not \"%s\"", arg);
	case 'R':
		if (number_parse_rate(slice_cstr(arg), &load->rate) &&
		    load->rate > 0)
			return 0;
		return PARSER_FAIL(parser, "--rate takes requests a second, "
		    "such as 5000 or 1.5k, not \"%s\"", arg);
	case OPT_SPEED:
		if (number_parse(slice_cstr(arg), &load->speed) &&
		    load->speed > 0)
			return 0;
		return PARSER_FAIL(parser, "--speed takes a number above 0, "
		    "such as 2 or 0.5, not \"%s\"", arg);
	default:
		return -1;
	}
}

static int parse_time(const struct parser *parser, int id, const char *arg)
{
	struct tool_options *options = parser->options;
	struct load_options *load = &options->load;

	switch (id) {
	case 'd':
		return parse_seconds(parser, "duration", arg,
		    &load->duration_s);
	case OPT_TIMEOUT:
		return parse_seconds(parser, "timeout", arg,
		    &load->timeout_s);
	case OPT_CONFIRM:
		return parse_seconds(parser, "confirm", arg,
		    &options->confirm_s);
	case OPT_ROUND:
		return parse_seconds(parser, "round", arg,
		    &options->round_s);
	case OPT_WARMUP:
		if (number_parse_seconds(slice_cstr(arg), &load->warmup_s))
			return 0;
		return PARSER_FAIL(parser, "--warmup takes a time such as 2s "
		    "or 0, not \"%s\"", arg);
	default:
		return -1;
	}
}

static int parse_load_text(const struct parser *parser, int id,
    const char *arg)
{
	struct tool_options *options = parser->options;
	struct load_options *load = &options->load;

	switch (id) {
	case 'X':
		load->method = arg;
		return 0;
	case 'H':
		return parse_more(parser, "header", arg, &options->headers);
	case OPT_ALLOW:
		return parse_more(parser, "allow-target", arg,
		    &options->allowed);
	case OPT_BODY:
		return parse_body(options, arg);
	case OPT_URLS:
		load->urls_file = arg;
		return 0;
	case OPT_REPLAY:
		load->replay_file = arg;
		return 0;
	case OPT_ALL_METHODS:
		load->replay_all_methods = true;
		return 0;
	case OPT_SCENARIO:
		load->scenario_file = arg;
		return 0;
	case OPT_SERVER:
		options->server = arg;
		return 0;
	case OPT_STAGES:
		load->stages = arg;
		return 0;
	case OPT_NO_KEEPALIVE:
		load->no_keepalive = true;
		return 0;
	case OPT_ARRIVALS:
		if (load_arrivals_parse(slice_cstr(arg), &load->arrivals))
			return 0;
		return PARSER_FAIL(parser, "--arrivals takes constant, "
		    "poisson or uniform, not \"%s\"", arg);
	default:
		return -1;
	}
}

static int parse_result(const struct parser *parser, int id, const char *arg)
{
	struct tool_options *options = parser->options;

	switch (id) {
	case 'o':
		return parse_output(parser, arg);
	case OPT_JSON:
		return parse_output(parser, "json");
	case OPT_SLO:
		return parse_more(parser, "slo", arg, &options->slos);
	case OPT_FAIL_IF:
		return parse_more(parser, "fail-if", arg,
		    &options->fail_ifs);
	case OPT_SAVE:
		options->save = arg ? arg : TOOL_RESULTS;
		return 0;
	case OPT_FROM:
		options->from = arg;
		return 0;
	case OPT_NAME:
		options->name = arg;
		return 0;
	case OPT_NOTE:
		options->note = arg;
		return 0;
	case OPT_LIVE_FD:
		return parse_live_fd(parser, arg);
	case OPT_QUIET:
		options->quiet = true;
		return 0;
	default:
		return -1;
	}
}

static int parse_b_set(const struct parser *parser, const char *arg)
{
	parser->options->b_set = true;
	parser->options->b_cache = strcmp(arg, "cache=on") == 0;
	if (!parser->options->b_cache && strcmp(arg, "cache=off") != 0)
		return PARSER_FAIL(parser, "--b-set takes cache=off or "
		    "cache=on, not \"%s\"", arg);
	return 0;
}

static int parse_mode(const struct parser *parser, int id, const char *arg)
{
	struct tool_options *options = parser->options;

	switch (id) {
	case OPT_FIND_MAX:
		options->mode = TOOL_FIND_MAX;
		return 0;
	case OPT_A:
		options->a = arg;
		return 0;
	case OPT_B:
		options->b = arg;
		return 0;
	case OPT_B_SET:
		return parse_b_set(parser, arg);
	case OPT_ROUNDS:
		return parse_unsigned(parser, "rounds", arg,
		    &options->rounds);
	case 'h':
		options->help = true;
		return 0;
	case 'V':
		options->version = true;
		return 0;
	default:
		return -1;
	}
}

static int parse_one(const struct parser *parser, int id, const char *arg)
{
	static int (*const groups[])(const struct parser *, int,
	    const char *) = { parse_load_number, parse_time, parse_load_text,
	    parse_result, parse_mode };
	int err = -1;

	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]) &&
	    err < 0; i++)
		err = groups[i](parser, id, arg);
	return err;
}

/* ---- all of it ---- */

/* "ab" or "compare": no URL looks like that. */
static int parse_command(const struct parser *parser, int argc, char **argv)
{
	struct tool_options *options = parser->options;
	enum tool_mode mode = options->mode;

	if (optind < argc && strcmp(argv[optind], "ab") == 0)
		mode = TOOL_AB;
	else if (optind < argc && strcmp(argv[optind], "compare") == 0)
		mode = TOOL_COMPARE;
	else
		return 0;
	optind++;
	if (options->mode == TOOL_FIND_MAX)
		return PARSER_FAIL(parser, "--find-max is for one URL");
	options->mode = mode;
	return 0;
}

static int parse_arguments(const struct parser *parser, int argc, char **argv)
{
	struct tool_options *options = parser->options;
	int count = argc - optind;

	if (options->mode == TOOL_COMPARE) {
		if (count != 2)
			return PARSER_FAIL(parser, "compare takes the ids of "
			    "two kept runs");
		options->a = argv[optind];
		options->b = argv[optind + 1];
		return 0;
	}
	if (options->mode == TOOL_AB) {
		if (count > 0)
			return PARSER_FAIL(parser, "ab takes its URLs with "
			    "--a and --b, not \"%s\"", argv[optind]);
		/* What differs is the change. */
		if (!options->b && options->b_set)
			options->b = options->a;
		if (!options->a || !options->b)
			return PARSER_FAIL(parser, "ab lacks %s URL",
			    options->a ? "--b" : "--a");
		return 0;
	}
	if (options->a || options->b || options->b_set)
		return PARSER_FAIL(parser, "--a, --b and --b-set belong to "
		    "\"ringload ab\"");
	if (count > 1)
		return PARSER_FAIL(parser, "one URL at a time: \"%s\" is too "
		    "much; for several there is --urls", argv[optind + 1]);
	options->load.url = count ? argv[optind] : NULL;
	if (!count && !options->load.urls_file && !options->load.replay_file &&
	    !options->load.scenario_file)
		return PARSER_FAIL(parser, "a URL is missing, such as "
		    "http://127.0.0.1:8080/");
	return 0;
}

/* What goes together, or not. */
static int parse_check(const struct parser *parser)
{
	const struct tool_options *options = parser->options;
	unsigned printed = 0;

	for (unsigned i = 0; i < options->output_count; i++)
		printed += !options->outputs[i].file;
	if (printed > 1)
		return PARSER_FAIL(parser, "only one format can be printed: "
		    "give the others a file, as in --output csv=FILE");
	if (options->mode == TOOL_FIND_MAX && options->slos.count == 0)
		return PARSER_FAIL(parser, "--find-max needs to know what is "
		    "good enough, as in --slo 'p99<5ms'");
	if (options->mode == TOOL_FIND_MAX && options->load.stages)
		return PARSER_FAIL(parser, "--find-max sets the rate itself: "
		    "leave --stages out");
	return 0;
}

int tool_options_parse(int argc, char **argv, struct tool_options *options,
    char *why, size_t size)
{
	const struct parser parser = { options, why, size };
	int id, err = 0;

	*options = (struct tool_options){ .live_fd = -1, .from = TOOL_RESULTS,
	    .load.warmup_s = -1 };
	while (!err && (id = options_next(&tool_table, argc, argv, why,
	    size)) != OPTIONS_END)
		err = id == OPTIONS_WRONG ? TOOL_USAGE
		    : parse_one(&parser, id, optarg);
	if (err || options->help || options->version)
		return err;
	err = parse_command(&parser, argc, argv);
	if (!err)
		err = parse_arguments(&parser, argc, argv);
	if (!err)
		err = parse_check(&parser);
	options->load.headers = options->headers.items;
	options->load.header_count = options->headers.count;
	options->load.allowed = options->allowed.items;
	options->load.allowed_count = options->allowed.count;
	options->load.slos = options->slos.items;
	options->load.slo_count = options->slos.count;
	return err;
}

int tool_options_body(struct tool_options *options, char *why, size_t size)
{
	FILE *file;
	size_t n;

	if (!options->body_file)
		return 0;
	file = fopen(options->body_file, "re");
	if (!file) {
		(void)snprintf(why, size, "cannot open the body \"%s\": %s",
		    options->body_file, strerror(errno));
		return TOOL_FAILED;
	}
	options->body_data = malloc(TOOL_BODY_MAX + 1);
	n = options->body_data ? fread(options->body_data, 1,
	    TOOL_BODY_MAX + 1, file) : 0;
	if (!options->body_data || ferror(file) || n > TOOL_BODY_MAX) {
		(void)snprintf(why, size, n > TOOL_BODY_MAX
		    ? "the body \"%s\" is larger than 16 MiB"
		    : "cannot read the body \"%s\"", options->body_file);
		(void)fclose(file); /* only read */
		return TOOL_FAILED;
	}
	(void)fclose(file);
	options->load.body = (struct slice){ options->body_data, n };
	return 0;
}

void tool_options_free(struct tool_options *options)
{
	free(options->body_data);
	options->body_data = NULL;
}

void tool_options_help(FILE *to)
{
	(void)fprintf(to, "Usage: ringload [OPTION]... URL | "
	    "ab --a URL --b URL | compare RUN RUN\n");
	options_help_dense(to, &tool_table);
	(void)fprintf(to, "FMT: text json csv hgrm md.  TIME: 500ms 10s 2m.  "
	    "N: 100 5k.\n");
}

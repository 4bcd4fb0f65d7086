#include "master/options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/layout.h"

struct options_parser {
	struct options options;
	int argc;
	char *const *argv;
	int index;		/* of the argument being parsed */
	char *why;
	size_t why_size;
};

#define OPTIONS_FAIL(parser, ...)                                          \
	((void)snprintf((parser)->why, (parser)->why_size, __VA_ARGS__),   \
	    -EINVAL)

static const struct {
	const char *name;
	int number;
} options_signals[] = {
	{ "stop", SIGTERM },
	{ "quit", SIGQUIT },
	{ "reopen", SIGUSR1 },
	{ "reload", SIGHUP },
};

static int options_signal(struct options_parser *parser, const char *name)
{
	size_t count = sizeof(options_signals) / sizeof(options_signals[0]);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, options_signals[i].name) == 0) {
			parser->options.signal = options_signals[i].number;
			return 0;
		}
	}
	return OPTIONS_FAIL(parser, "invalid option: \"-s %s\"", name);
}

/* A letter that stands alone; false if it is none. */
static bool options_flag(struct options *options, char letter)
{
	switch (letter) {
	case '?':
	case 'h':
		options->version = options->help = true;
		return true;
	case 'v':
		options->version = true;
		return true;
	case 'V':
		options->version = options->configure = true;
		return true;
	case 't':
		options->test = true;
		return true;
	case 'T':
		options->test = options->dump = true;
		return true;
	case 'q':
		options->quiet = true;
		return true;
	default:
		return false;
	}
}

/* What the value of a letter is called in messages; NULL: it has none. */
static const char *options_value_name(char letter)
{
	switch (letter) {
	case 'p':
		return "directory name";
	case 'e':
	case 'c':
		return "file name";
	case 'g':
	case 's':
		return "parameter";
	default:
		return NULL;
	}
}

/* A letter with a value: the rest of its word, or the next word. */
static int options_value(struct options_parser *parser, char letter,
    const char *rest)
{
	const char *name = options_value_name(letter);

	if (!name)
		return OPTIONS_FAIL(parser, "invalid option: \"%c\"", letter);
	if (*rest == '\0') {
		if (parser->index + 1 >= parser->argc)
			return OPTIONS_FAIL(parser,
			    "option \"-%c\" requires %s", letter, name);
		rest = parser->argv[++parser->index];
	}
	switch (letter) {
	case 'p':
		parser->options.prefix = rest;
		return 0;
	case 'c':
		parser->options.conf_file = rest;
		return 0;
	case 'g':
		parser->options.directives = rest;
		return 0;
	case 'e':
		parser->options.error_log =
		    strcmp(rest, "stderr") == 0 ? "" : rest;
		return 0;
	default:
		return options_signal(parser, rest);
	}
}

/* One word, which may hold several letters. */
static int options_word(struct options_parser *parser, const char *word)
{
	if (strcmp(word, "--help") == 0)
		word = "-h";
	else if (strcmp(word, "--version") == 0)
		word = "-v";
	if (word[0] != '-')
		return OPTIONS_FAIL(parser, "invalid option: \"%s\"", word);
	for (word++; *word; word++)
		if (!options_flag(&parser->options, *word))
			return options_value(parser, *word, word + 1);
	return 0;
}

int options_parse(int argc, char *const *argv, struct options *ret, char *why,
    size_t why_size)
{
	struct options_parser parser = {
		.argc = argc,
		.argv = argv,
		.why = why,
		.why_size = why_size,
	};
	int err = 0;

	for (parser.index = 1; parser.index < argc && !err; parser.index++)
		err = options_word(&parser, argv[parser.index]);
	if (!err)
		*ret = parser.options;
	return err;
}

void options_usage(void)
{
	(void)fprintf(stderr,
	    "Usage: ringmaster [-hqTtVv] [-c file] [-e file] [-g directives] "
	    "[-p prefix]\n"
	    "                  [-s signal]\n"
	    "\n"
	    "  -h, -?, --help  show this\n"
	    "  -v, --version   show the version\n"
	    "  -V              and how it was built, and where files are\n"
	    "  -t              test the configuration\n"
	    "  -T              and show all of it\n"
	    "  -q              say only what is wrong with it\n"
	    "  -s signal       tell the running master: stop (at once), quit "
	    "(when all is\n"
	    "                  served), reload (the configuration), reopen "
	    "(log files)\n"
	    "  -p prefix       folder of all files, instead of the system's\n"
	    "  -c file         configuration\n"
	    "                  (" RM_CONFDIR "/ringmaster.conf)\n"
	    "  -e file         first log of errors\n"
	    "                  (" RM_LOGDIR "/error.log)\n"
	    "  -g directives   of the main context, besides the file's\n"
	    "\nringmaster(8) and ringmaster.conf(5) say more.\n");
}

void options_paths(void)
{
	static const struct {
		const char *option, *path;
	} paths[] = {
		{ "prefix", "" },
		{ "conf-path", "conf/ringmaster.conf" },
		{ "error-log-path", "logs/error.log" },
		{ "http-log-path", "logs/access.log" },
		{ "pid-path", "ringmaster.pid" },
		{ "metrics-path", "ringmaster.shm" },
		{ "history-path", "ringmaster.history" },
		{ "reports-path", "reports" },
		{ "http-client-body-temp-path", "client_body_temp" },
		{ "http-proxy-temp-path", "proxy_temp" },
	};

	(void)fputs("default paths:", stderr);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct layout_path place = layout_path(NULL,
		    slice_cstr(paths[i].path));

		(void)fprintf(stderr, " --%s=%s%.*s", paths[i].option,
		    place.folder, SLICE_ARG(place.name));
	}
	(void)fputs(" --user=" RM_USER "\n", stderr);
}

/* ringload: the load generator's command. */

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "load/engine.h"
#include "load/print.h"
#include "load/target.h"
#include "tools/ringload_tool.h"

enum {
	TOOL_MEMORY_MAX = 1 << 30,	/* bytes of plans and results */
	TOOL_REMOTE_WAIT_MS = 3000,
	TOOL_SENTENCE_MAX = 2048,	/* bytes of one that is said */
};

volatile sig_atomic_t tool_stop;
static volatile sig_atomic_t tool_signal;

/* The first ends the test, with its result; the second the process, unless it
 * is SIGHUP: who started us may say so, and then die. */
static void tool_on_signal(int number)
{
	if (tool_signal && number == SIGHUP)
		return;
	if (tool_signal) {
		load_terminal_restore();
		tool_ab_restore();
		_exit(TOOL_SIGNAL + number);
	}
	tool_signal = number;
	engine_stop_ask(&tool_stop);
}

static void tool_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = tool_on_signal };

	(void)sigemptyset(&action.sa_mask);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaction(numbers[i], &action, NULL); /* cannot fail */
	/* A reader that left is an error of write(). */
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	/* To put the terminal back from the background must not stop us. */
	(void)sigaction(SIGTTOU, &action, NULL);
}

void tool_say(const char *format, ...)
{
	struct buf line = buf_make(2 * TOOL_SENTENCE_MAX);
	char text[TOOL_SENTENCE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
	va_end(args);
	buf_append_cstr(&line, "ringload: ");
	load_print_plain(&line, slice_cstr(text));
	buf_append_char(&line, '\n');
	/* Nobody can be told if this fails. */
	(void)fwrite(line.data, 1, line.len, stderr);
	buf_free(&line);
}

int tool_fail(int err, const char *what)
{
	tool_say("%s: %s", what, strerror(-err));
	return TOOL_FAILED;
}

/* Who gets it, and how much; time to think again. */
static void tool_announce(const struct load_options *options,
    const struct load_plan *plan)
{
	tool_say("%s is not this machine. It gets, for %.4g s at most:",
	    plan->url, (double)(plan->duration_ns ? plan->duration_ns
	    : LOAD_DURATION_MAX_S * NS_PER_SEC) * 1e-9);
	if (plan->open)
		tool_say("  %.0f requests a second, on average, over up to "
		    "%u connections", schedule_area(&plan->schedule,
		    schedule_end_ns(&plan->schedule)) /
		    ((double)schedule_end_ns(&plan->schedule) * 1e-9),
		    plan->connections);
	else
		tool_say("  all that %u connections can ask%s",
		    plan->connections, options->requests_each
		    ? ", up to the number of requests" : "");
	tool_say("Beginning in 3 s; Ctrl-C stops it.");
	(void)poll(NULL, 0, TOOL_REMOTE_WAIT_MS);
}

int tool_plan(struct tool *tool, const struct load_options *options,
    struct load_plan *ret)
{
	if (load_spec_build(options, &tool->arena, ret, tool->why,
		sizeof(tool->why)) != 0) {
		tool_say("%s", tool->why);
		return TOOL_FAILED;
	}
	if (ret->notice)
		tool_say("%s", ret->notice);
	if (!load_address_own((const struct sockaddr *)&ret->address))
		tool_announce(options, ret);
	return tool_stop ? TOOL_SIGNAL + tool_signal : 0;
}

static int tool_usage(const char *why)
{
	tool_say("%s", why);
	return TOOL_USAGE;
}

/* What is wrong with the command line is said before anything is done. */
static int tool_check(struct tool *tool)
{
	struct tool_options *options = &tool->options;
	bool changes = options->mode == TOOL_AB ||
	    options->mode == TOOL_COMPARE;
	struct slo_list slos = { .count = 0 };

	for (unsigned i = 0; i < options->slos.count; i++)
		if (slo_parse(&slos, slice_cstr(options->slos.items[i]),
			false, tool->why, sizeof(tool->why)) != 0)
			return tool_usage(tool->why);
	for (unsigned i = 0; i < options->fail_ifs.count; i++)
		if (slo_parse(&tool->fail_ifs,
			slice_cstr(options->fail_ifs.items[i]), changes,
			tool->why, sizeof(tool->why)) != 0)
			return tool_usage(tool->why);
	if (options->live_fd >= 0 && fcntl(options->live_fd, F_GETFD) < 0)
		return tool_usage("--live-fd is not open: in a shell, add "
		    "3>FILE for --live-fd 3");
	return 0;
}

/* The server that was named has to be there; the one that may be at the usual
 * place need not. */
static int tool_server(struct tool *tool)
{
	const char *path = tool->options.server;
	int err;

	if (tool->options.mode == TOOL_COMPARE ||
	    (tool->options.mode == TOOL_AB && !tool->options.b_set))
		return 0;
	err = load_server_open(path, &tool->server);
	if (!err || (!path && !tool->options.b_set))
		return 0;
	tool_say("the metrics segment %s%s%s cannot be used: %s%s",
	    path ? "\"" : "", path ? path : "at its usual place",
	    path ? "\"" : "",
	    err == -ENOENT ? "no ringmaster runs with it" :
	    err == -EPROTO ? "it is not one of this version of ringmaster" :
	    strerror(-err), path ? "" : "; name another with --server");
	return TOOL_FAILED;
}

static int tool_main(struct tool *tool)
{
	static int (*const modes[])(struct tool *) = {
		[TOOL_RUN] = tool_run,
		[TOOL_FIND_MAX] = tool_find_max,
		[TOOL_AB] = tool_ab,
		[TOOL_COMPARE] = tool_compare,
	};
	int status = tool_check(tool);

	if (status)
		return status;
	if (tool_options_body(&tool->options, tool->why,
		sizeof(tool->why)) != 0) {
		tool_say("%s", tool->why);
		return TOOL_FAILED;
	}
	if (tool_server(tool) != 0)
		return TOOL_FAILED;
	tool_signals();
	status = modes[tool->options.mode](tool);
	if (tool_signal)
		status = TOOL_SIGNAL + tool_signal;
	return status;
}

/* Standard output may be full, or a pipe whose reader left. */
static int tool_flush(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	tool_say("cannot write the result: %s", strerror(errno));
	return status ? status : TOOL_FAILED;
}

/* Where a standard stream is closed, a socket would take its place, and the
 * server get what is meant for people. To write there fails as before. */
static void tool_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDONLY); /* the lowest */
}

int main(int argc, char **argv)
{
	struct tool *tool = calloc(1, sizeof(*tool));
	int status;

	tool_streams();
	/* For the terminal's characters; numbers stay as they are. */
	(void)setlocale(LC_CTYPE, "");
	if (!tool)
		return tool_fail(-ENOMEM, "cannot begin");
	arena_init(&tool->arena, NULL, 0, TOOL_MEMORY_MAX);
	status = tool_options_parse(argc, argv, &tool->options, tool->why,
	    sizeof(tool->why));
	if (status)
		tool_say("%s", tool->why);
	else if (tool->options.help)
		tool_options_help(stdout);
	else if (tool->options.version)
		(void)printf("ringload %s\n", PACKAGE_VERSION);
	else
		status = tool_main(tool);
	status = tool_flush(status);
	load_server_close(&tool->server);
	tool_options_free(&tool->options);
	arena_fini(&tool->arena);
	free(tool);
	return status;
}

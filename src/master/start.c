/*
 * From the command line to the loop: what has to happen once, in this order.
 *
 *	-e file		open it, so that everything below can be said there
 *	probe		is there an io_uring that can be used?
 *	read		the configuration; -t, -T and -s end here
 *	sockets		inherited or bound; another server on a port ends it,
 *			but the dashboard of a killed master gives way
 *	daemon		the parent waits for the rest
 *	segment, pid	made only now, so that they are never another's
 */

#include "master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/layout.h"
#include "dashboard/recorder.h"
#include "http/method.h"
#include "master/daemon.h"
#include "master/inherit.h"
#include "master/logfile.h"
#include "master/loop.h"
#include "master/pidfile.h"
#include "master/process.h"
#include "master/title.h"
#include "master/upgrade.h"
#include "master/worker.h"
#include "metrics/logs.h"
#include "metrics/owner.h"
#include "metrics/segment.h"
#include "metrics/slot.h"
#include "ring/ring.h"

enum { START_TITLE_MAX = 1024, START_CAUSE_MAX = 512 };

_Static_assert((int)HTTP_METHOD_COUNT <= (int)METRICS_METHODS,
    "all are counted");

struct start {
	const struct options *options;
	struct cycle_options cycle_options;
	struct log_file console;	/* people who started it read this */
	struct log_file file;		/* of -e, until there is another */
	struct log log;
	struct cycle *cycle;
	struct inherit_passed passed;
	bool inherited;
	bool attached;			/* to the segment of that master */
};

/* Both live as long as the process does. */
static struct start starting;
static struct master master = {
	.ready = -1,
	.starting = true,
	.old_master = -1,
	.new_binary_fd = -1,
};

/* ---- paths, early log ---- */

/* `path`, where the prefix puts it unless it is absolute; NULL without
 * memory. Kept for the life of the process. */
static char *start_path(const char *prefix, const char *path)
{
	struct layout_path place = layout_path(prefix, slice_cstr(path));
	char *ret = NULL;

	if (path[0] == '/')
		return strdup(path);
	return asprintf(&ret, "%s%.*s", place.folder,
	    SLICE_ARG(place.name)) < 0 ? NULL : ret;
}

/* The prefix with one '/' at its end, absolute. */
static char *start_prefix(const char *given)
{
	size_t len = strlen(given);
	const char *end = len && given[len - 1] == '/' ? "" : "/";
	char *cwd = NULL, *ret = NULL;

	if (given[0] == '/')
		return asprintf(&ret, "%s%s", given, end) < 0 ? NULL : ret;
	cwd = getcwd(NULL, 0);
	if (!cwd || asprintf(&ret, "%s/%s%s", cwd, given, end) < 0)
		ret = NULL;
	free(cwd);
	return ret;
}

/* What stands up to the last '/', with it. */
static char *start_folder(const char *path)
{
	return strndup(path, (size_t)(strrchr(path, '/') - path) + 1);
}

static bool start_paths(struct start *start)
{
	const struct options *options = start->options;
	struct cycle_options *paths = &start->cycle_options;

	paths->prefix = options->prefix ? start_prefix(options->prefix) : NULL;
	if (options->prefix && !paths->prefix)
		return false;
	paths->conf_file = start_path(paths->prefix, options->conf_file
	    ? options->conf_file : "conf/ringmaster.conf");
	paths->error_log = options->error_log ? options->error_log
					      : "logs/error.log";
	if (paths->error_log[0] == '\0')
		paths->error_log = "stderr";
	else
		paths->error_log = start_path(paths->prefix, paths->error_log);
	paths->directives = options->directives;
	if (!paths->conf_file || !paths->error_log)
		return false;
	paths->conf_prefix = start_folder(paths->conf_file);
	return paths->conf_prefix != NULL;
}

/* The system's folders for us, of which some are gone after a boot. Whoever
 * needs one that cannot be made says so. */
static void start_folders(void)
{
	static const char *const folders[] = { RM_RUNDIR, RM_LOGDIR,
		RM_STATEDIR, RM_CACHEDIR };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		(void)mkdir(folders[i], 0755);
}

static void start_log(struct start *start)
{
	const char *path = start->cycle_options.error_log;
	int fd;

	start->console = (struct log_file){
		.fd = STDERR_FILENO,
		.program = "ringmaster",
	};
	(void)log_add(&start->log, &start->console, LOG_LEVEL_WARN);
	if (strcmp(path, "stderr") == 0)
		return;
	fd = logfile_open(path, !start->options->signal);
	if (fd == -ENOENT && start->options->signal)
		return;		/* the file is the server's to make */
	if (fd < 0) {
		log_write(&start->log, LOG_LEVEL_ALERT, -fd, "could not open "
		    "error log file: open() \"%s\" failed", path);
		return;
	}
	start->file.fd = fd;
	start->file.path = (char *)path;
	(void)log_add(&start->log, &start->file, LOG_LEVEL_NOTICE);
}

/* From here on to the logs of the configuration, and to the console. */
static void start_use_log(struct start *start)
{
	struct log log = start->cycle->log;
	bool console = true;

	for (unsigned i = 0; i < log.count; i++)
		console = console && (log.sinks[i].file->path ||
		    log.sinks[i].file->syslog);
	if (console)
		(void)log_add(&log, &start->console, LOG_LEVEL_WARN);
	start->log = log;
	if (start->file.path)
		(void)close(start->file.fd);
}

/* ---- -s, -t ---- */

static int start_signal(struct start *start)
{
	pid_t pid;

	log_write(&start->log, LOG_LEVEL_NOTICE, 0, "signal process started");
	if (pidfile_read(start->cycle->core->pid.data, &start->log, &pid) != 0)
		return EXIT_FAILURE;
	if (kill(pid, start->options->signal) == 0)
		return EXIT_SUCCESS;
	log_write(&start->log, LOG_LEVEL_ALERT, errno, "kill(%d, %d) failed",
	    (int)pid, start->options->signal);
	return EXIT_FAILURE;
}

static void start_say_tested(const struct start *start, const char *what)
{
	if (!start->options->quiet)
		(void)fprintf(stderr, "ringmaster: %s %s %s\n",
		    strcmp(what, "syntax is ok") == 0
			? "the configuration file" : "configuration file",
		    start->cycle_options.conf_file, what);
}

/* What can be tried without disturbing a server that runs. */
static int start_try(struct start *start)
{
	struct cycle *cycle = start->cycle;
	int err = cycle_open(cycle, NULL, &start->log);

	if (!err && cycle->http)
		err = listen_check(cycle->http->listens, &start->log);
	if (!err && cycle->dashboard)
		err = listen_check(cycle->dashboard->listens, &start->log);
	return err;
}

static int start_test(struct start *start, int err)
{
	int status;

	if (!err) {
		start_say_tested(start, "syntax is ok");
		err = start_try(start);
	}
	if (err) {
		(void)fprintf(stderr,
		    "ringmaster: configuration file %s test failed\n",
		    start->cycle_options.conf_file);
		return EXIT_FAILURE;
	}
	start_say_tested(start, "test is successful");
	status = start->options->dump &&
	    (conf_dump(&start->cycle->conf, stdout) != 0 ||
		fflush(stdout) != 0) ? EXIT_FAILURE : EXIT_SUCCESS;
	return status;
}

/* ---- becoming the master ---- */

static void start_title(char **argv)
{
	char text[START_TITLE_MAX] = "master process";
	size_t len = strlen(text);

	for (; *argv && len < sizeof(text) - 1; argv++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s",
		    *argv);
	title_set(text);
}

static int start_segment(struct start *start)
{
	const char *path = start->cycle->core->metrics_segment.data;
	const char *inherited = getenv(UPGRADE_SEGMENT);
	const char *methods[HTTP_METHOD_COUNT];
	struct metrics_options options = {
		.version = PACKAGE_VERSION,
		.config_file = start->cycle_options.conf_file,
		.methods = methods,
		.method_count = HTTP_METHOD_COUNT,
	};
	int err = -ENOENT;

	methods[HTTP_METHOD_OTHER] = "other";
	for (unsigned i = HTTP_METHOD_OTHER + 1; i < HTTP_METHOD_COUNT; i++)
		methods[i] = i == HTTP_METHOD_OTHER ? "other" :
		    http_method_name(i).data;
	if (start->inherited)
		err = metrics_segment_attach(inherited ? inherited : path,
		    &options, &master.segment);
	start->attached = !err;
	(void)unsetenv(UPGRADE_SEGMENT);
	if (err)
		err = metrics_segment_create(path, &options, &master.segment);
	if (err)
		log_write(&start->log, LOG_LEVEL_EMERG, -err,
		    "making the metrics segment \"%s\" failed", path);
	else if (start->inherited)
		master.generation =
		    (unsigned)master.segment->file->header.generation;
	if (!err)
		log_set_tap(metrics_log_tap, master.segment);
	return err;
}

/* Sockets: of the master before us or of systemd, and what is missing. */
static int start_sockets(struct start *start)
{
	const char *inherited = getenv(UPGRADE_VARIABLE);
	int err = 0;

	start->inherited = inherited != NULL;
	if (inherited) {
		log_write(&start->log, LOG_LEVEL_NOTICE, 0,
		    "using inherited sockets from \"%s\"", inherited);
		master.old_master = upgrade_old_master();
		err = inherit_import(&master.listens, inherited,
		    &start->log);
		(void)unsetenv(UPGRADE_VARIABLE);
	} else {
		persist_look(&master, start->cycle->core);
		metrics_owner_reclaim(
		    start->cycle->core->metrics_segment.data);
		inherit_take(&master.listens, &start->passed,
		    start->cycle->http, start->cycle->dashboard, &start->log);
	}
	if (!err)
		err = loop_prepare_sockets(&master, start->cycle,
		    &start->log);
	return err;
}

static int start_background(struct start *start)
{
	int fd;

	if (start->inherited || !start->cycle->core->daemon ||
	    !start->cycle->core->master_process)
		return 0;
	fd = daemon_start();
	if (fd < 0) {
		log_write(&start->log, LOG_LEVEL_EMERG, -fd,
		    "going into the background failed");
		return fd;
	}
	master.ready = fd;
	return 0;
}

/* More connections than descriptors cannot be kept. */
static void start_check_limits(struct start *start)
{
	const struct core_conf *core = start->cycle->core;
	struct rlimit limit;
	int64_t files;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	files = core->worker_rlimit_nofile != CONF_UNSET
	    ? core->worker_rlimit_nofile : (int64_t)limit.rlim_cur;
	if (limit.rlim_cur != RLIM_INFINITY &&
	    core->worker_connections > files)
		log_write(&start->log, LOG_LEVEL_WARN, 0, "%lld "
		    "worker_connections exceed open file resource limit: %lld",
		    (long long)core->worker_connections, (long long)files);
}

/* Unless another master uses it, too. */
static void start_remove_segment(void)
{
	if (master_is_alone(&master) &&
	    metrics_segment_is_current(master.segment))
		(void)unlink(master.segment->path);
}

/* Can the dashboard process have its history? */
static int start_history(struct start *start)
{
	int err;

	if (!start->cycle->dashboard || !start->cycle->core->master_process)
		return 0;
	err = recorder_open(start->cycle->dashboard, &start->log);
	recorder_close(start->cycle->dashboard);
	return err;
}

static int start_files(struct start *start)
{
	int err;

	master.board = board_new();
	if (!master.board) {
		log_write(&start->log, LOG_LEVEL_EMERG, ENOMEM,
		    "making the board failed");
		return -ENOMEM;
	}
	err = start_segment(start);
	if (err)
		return err;
	err = start_history(start);
	if (!err)
		err = pidfile_write(start->cycle->core->pid.data, &start->log);
	if (err)
		start_remove_segment();
	return err;
}

/* ---- serving, and the end ---- */

/* With "master_process off": be the one worker. */
static int start_single(void)
{
	struct process *process = process_new(&master, PROCESS_WORKER);
	int slot = metrics_slot_assign(master.segment, METRICS_KIND_WORKER,
	    master.generation, 0), status;
	struct worker_options options = {
		.cycle = master.cycle,
		.http = master.cycle->http,
		.listens = &master.listens,
		.segment = master.segment,
		.board = master.board,
	};

	if (!process || slot < 0 || !options.http) {
		log_write(master.log, LOG_LEVEL_EMERG, slot < 0 ? -slot : 0,
		    "nothing to serve");
		return EXIT_FAILURE;
	}
	options.metrics_slot = (unsigned)slot;
	/* It has the sockets of the one slot; see worker_run(). */
	status = worker_run(&options);
	(void)metrics_slot_release(master.segment, (unsigned)slot, getpid(),
	    NULL);
	return status;
}

static void start_finish(void)
{
	systemd_leave(&master);
	persist_stop(&master);
	pidfile_remove(master.cycle->core->pid.data, master.new_binary != 0,
	    master.log);
	/* What it came to stays for who wants to know, up to the next start;
	 * but there is nothing to know of one that never served. */
	if (master.failed)
		start_remove_segment();
	if (master_is_alone(&master))
		listen_set_unlink(&master.listens);
	log_write(master.log, LOG_LEVEL_NOTICE, 0, "exit");
	log_set_tap(NULL, NULL);
	metrics_segment_close(&master.segment);
	listen_set_keep(&master.listens, NULL);
	cycle_free(&master.cycle);
}

static int start_serve(struct start *start, char **argv)
{
	bool single = !start->cycle->core->master_process;
	int status = EXIT_SUCCESS;

	log_write(&start->log, LOG_LEVEL_NOTICE, 0,
	    "ringmaster/" PACKAGE_VERSION);
	start_title(argv);
	loop_use_cycle(&master, &start->cycle);
	if (!start->attached)
		persist_load(&master);
	(void)metrics_mark(master.segment, METRICS_MARK_START,
	    SLICE(PACKAGE_VERSION)); /* for display only */
	if (single) {
		status = start_single();
	} else {
		log_write(master.log, LOG_LEVEL_NOTICE, 0,
		    "start worker processes");
		loop_run(&master);
		status = master.failed ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	start_finish();
	if (!single)
		return status;
	_exit(status);		/* see worker_run(): it may have been stopped */
}

static int start_master(struct start *start, char **argv)
{
	int err;

	master.options = start->cycle_options;
	master.argv = argv;
	master.executable = upgrade_executable(argv[0]);
	systemd_open(&master.systemd);
	err = cycle_open(start->cycle, NULL, &start->log);
	if (err)
		return EXIT_FAILURE;
	start_use_log(start);
	start_check_limits(start);
	loop_block_signals();
	err = start_sockets(start);
	if (!err)
		err = start_background(start);
	if (!err)
		err = start_files(start);
	if (err) {
		listen_set_rollback(&master.listens);
		return EXIT_FAILURE;
	}
	return start_serve(start, argv);
}

/* Without io_uring there is nothing to start; -t only mentions it. */
static int start_probe(struct start *start)
{
	char why[START_CAUSE_MAX];
	int err = ring_probe(why, sizeof(why));

	if (err)
		log_write(&start->log, start->options->test ? LOG_LEVEL_WARN
							    : LOG_LEVEL_EMERG,
		    0, "%s", why);
	return start->options->test ? 0 : err;
}

/* Standard descriptors that the caller closed become /dev/null: a socket
 * with such a number would be lost when the error log takes its place. */
static void start_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd); /* the first one that was not missing */
}

int master_main(const struct options *options, char **argv)
{
	struct start *start = &starting;
	int err;

	start->options = options;
	start->passed = inherit_look();
	start_descriptors();
	if (!start_paths(start)) {
		(void)fprintf(stderr, "ringmaster: out of memory\n");
		return EXIT_FAILURE;
	}
	if (!start->cycle_options.prefix)
		start_folders();
	start_log(start);
	if (!options->signal && start_probe(start) != 0)
		return EXIT_FAILURE;
	err = cycle_new(&start->cycle_options, &start->log, &start->cycle);
	if (options->test)
		return start_test(start, err);
	if (err)
		return EXIT_FAILURE;
	if (options->signal)
		return start_signal(start);
	return start_master(start, argv);
}

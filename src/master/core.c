/*
 * The rows of the main context and of "events", and what they cannot say by
 * themselves: users, processors, numbers with a sign.
 */

#include "master/core.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define FIELD(name) offsetof(struct core_conf, name)

static int core_duplicate(struct conf *conf, const struct conf_node *node)
{
	return conf_fail(conf, node, 0, "\"%s\" directive is duplicate",
	    node->args[0].data);
}

/* How many processors this process may use. */
static int64_t core_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return CPU_COUNT(&set);
	return sysconf(_SC_NPROCESSORS_ONLN);
}

static int core_set_workers(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct core_conf *core = record;
	int64_t count;

	(void)scope;
	if (core->workers != 0)
		return core_duplicate(conf, node);
	if (slice_equal(node->args[1], SLICE("auto"))) {
		count = core_processors();
		if (count > CORE_WORKERS_MAX)
			count = CORE_WORKERS_MAX;
	} else if (!conf_parse_number(node->args[1], &count) || count < 1) {
		return conf_fail(conf, node, 0,
		    "\"%s\" directive invalid value", node->args[0].data);
	}
	if (count > CORE_WORKERS_MAX)
		return conf_fail(conf, node, 0, "\"%s\" directive value must "
		    "be between 1 and %d", node->args[0].data,
		    CORE_WORKERS_MAX);
	core->workers = count;
	return 0;
}

/* Read the masks after the first `skip` words. */
static int core_read_masks(struct conf *conf, const struct conf_node *node,
    unsigned skip, struct affinity *affinity)
{
	unsigned count = node->argc - skip;

	if (count > AFFINITY_MASKS_MAX)
		return conf_fail(conf, node, 0, "too many masks in \"%s\", "
		    "the limit is %d", node->args[0].data, AFFINITY_MASKS_MAX);
	for (unsigned i = 0; i < count; i++)
		if (!affinity_parse(node->args[skip + i], &affinity->masks[i]))
			return conf_fail(conf, node, 0,
			    "invalid mask \"%s\" in \"%s\"",
			    node->args[skip + i].data, node->args[0].data);
	affinity->count = count;
	return 0;
}

static int core_set_affinity(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct core_conf *core = record;
	struct affinity *affinity = &core->affinity;

	(void)scope;
	if (affinity->count)
		return core_duplicate(conf, node);
	affinity->masks = arena_calloc(&conf->arena, node->argc,
	    sizeof(*affinity->masks));
	if (!affinity->masks)
		return conf_fail(conf, node, ENOMEM, "\"%s\" failed",
		    node->args[0].data);
	affinity->automatic = slice_equal(node->args[1], SLICE("auto"));
	if (!affinity->automatic)
		return core_read_masks(conf, node, 1, affinity);
	if (node->argc > 3)
		return conf_fail(conf, node, 0, "invalid number of arguments "
		    "in \"%s\" directive", node->args[0].data);
	if (node->argc == 3)
		return core_read_masks(conf, node, 2, affinity);
	if (sched_getaffinity(0, sizeof(cpu_set_t), affinity->masks) != 0)
		return conf_fail(conf, node, errno,
		    "sched_getaffinity() failed");
	affinity->count = 1;
	return 0;
}

static int core_find_user(struct conf *conf, const struct conf_node *node,
    struct core_conf *core, const char *name)
{
	struct passwd *user;

	errno = 0;
	user = getpwnam(name);
	if (!user)
		return conf_fail(conf, node, errno, "getpwnam(\"%s\") failed",
		    name);
	core->user_name = slice_cstr(name);
	core->user = user->pw_uid;
	core->group = user->pw_gid;
	return 0;
}

static int core_set_user(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct core_conf *core = record;
	const char *name = node->args[node->argc - 1].data;
	struct group *group;
	int err;

	(void)scope;
	if (core->user_name.data)
		return core_duplicate(conf, node);
	if (geteuid() != 0)
		return conf_warn(conf, node, "the \"user\" directive makes "
		    "sense only if the master process runs with super-user "
		    "privileges, ignored");
	err = core_find_user(conf, node, core, node->args[1].data);
	if (err)
		return err;
	errno = 0;
	group = getgrnam(name);
	if (!group)
		return conf_fail(conf, node, errno, "getgrnam(\"%s\") failed",
		    name);
	core->group = group->gr_gid;
	return 0;
}

static int core_set_priority(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct core_conf *core = record;
	struct slice text = node->args[1];
	int64_t value;
	bool sign = text.len && (text.data[0] == '-' || text.data[0] == '+');

	(void)scope;
	if (core->priority_set)
		return core_duplicate(conf, node);
	if (!conf_parse_number(slice_from(text, sign), &value) || value > 20)
		return conf_fail(conf, node, 0,
		    "\"%s\" directive invalid number", node->args[0].data);
	core->priority = (int)(text.data[0] == '-' ? -value : value);
	core->priority_set = true;
	return 0;
}

static int core_set_env(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct core_conf *core = record;

	(void)scope;
	if (core->env_count == CORE_ENV_MAX)
		return conf_fail(conf, node, 0, "too many \"env\" directives, "
		    "the limit is %d", CORE_ENV_MAX);
	core->env[core->env_count++] = node->args[1];
	return 0;
}

static int core_set_error_log(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct core_conf *core = record;

	(void)scope;
	return conf_error_log(conf, node, &core->log);
}

/* "thread_pool default threads=N max_queue=N": there is one, the default. */
static int core_set_thread_pool(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct core_conf *core = record;
	struct slice threads = SLICE("threads="), queue = SLICE("max_queue=");

	(void)scope;
	if (!slice_equal(node->args[1], SLICE("default")))
		return conf_warn(conf, node, "thread pool \"%s\" is ignored, "
		    "there is only \"default\"", node->args[1].data);
	for (unsigned i = 2; i < node->argc; i++) {
		struct slice arg = node->args[i];
		int64_t *field = slice_starts(arg, threads)
		    ? &core->worker_threads : &core->worker_queue;
		size_t skip = field == &core->worker_threads ? threads.len
							     : queue.len;
		int64_t value;

		if ((skip == queue.len && !slice_starts(arg, queue)) ||
		    !conf_parse_number(slice_from(arg, skip), &value) ||
		    value < 1 || value > 65536)
			return conf_fail(conf, node, 0,
			    "invalid parameter \"%s\"", arg.data);
		*field = value;
	}
	return 0;
}

static int core_set_events(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct core_conf *core = record;
	struct conf_scope events = {
		.context = CONF_EVENTS,
		.records = scope->records,
		.parent = scope,
	};

	if (core->events)
		return core_duplicate(conf, node);
	core->events = true;
	return conf_apply(conf, node->children, &events);
}

/* Make a path absolute in place. */
static int core_full_path(struct conf *conf, struct slice *path)
{
	const char *full = conf_full_path(conf, *path);

	if (!full)
		return conf_fail(conf, NULL, ENOMEM, "configuration failed");
	*path = slice_cstr(full);
	return 0;
}

static int core_persist_path(struct conf *conf, struct slice *path)
{
	if (slice_equal(*path, SLICE("off"))) {
		*path = SLICE("");
		return 0;
	}
	if (slice_equal(*path, SLICE("on")))
		*path = SLICE("ringmaster.pb");
	return core_full_path(conf, path);
}

static int core_merge(struct conf *conf, const void *parent, void *record)
{
	struct core_conf *core = record;
	int err = 0;

	(void)parent;
	if (!core->events)
		return conf_fail(conf, NULL, 0,
		    "no \"events\" section in configuration");
	if (core->workers == 0 || !core->master_process)
		core->workers = 1;
	if (core->affinity.count > 1 && !core->affinity.automatic &&
	    core->affinity.count != (unsigned)core->workers)
		(void)conf_warn(conf, NULL, "the number of "
		    "\"worker_processes\" is not equal to the number of "
		    "\"worker_cpu_affinity\" masks, using last mask for "
		    "remaining worker processes");
	if (!core->user_name.data && geteuid() == 0)
		err = core_find_user(conf, NULL, core, RM_USER);
	if (!err)
		err = core_full_path(conf, &core->pid);
	if (!err)
		err = core_full_path(conf, &core->metrics_segment);
	return err ? err : core_persist_path(conf, &core->metrics_persist);
}

static void core_init(struct conf *conf, void *record)
{
	struct core_conf *core = record;

	(void)conf;
	core->worker_threads = 10;
	core->worker_queue = 1024;
}

#define ACCEPTED(word, where, count, why) \
	{ .name = (word), .contexts = (where), .args_min = 1, \
	  .args_max = (count), .type = CONF_ACCEPTED, .help = (why) }

static const struct conf_directive core_directives[] = {
	{ .name = "user", .contexts = CONF_MAIN, .args_min = 1, .args_max = 2,
	  .set = core_set_user,
	  .syntax = "USER [GROUP]",
	  .help = "user and group of all processes but the master" },
	{ .name = "worker_processes", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 1, .set = core_set_workers,
	  .syntax = "NUMBER | auto",
	  .help = "number of workers; auto is one a processor; else 1" },
	{ .name = "worker_cpu_affinity", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = core_set_affinity,
	  .syntax = "MASK ... | auto [MASK]",
	  .help = "processors of each worker: masks, or \"auto\" [mask]" },
	{ .name = "worker_rlimit_nofile", .contexts = CONF_MAIN,
	  .args_min = 1, .args_max = 1, .type = CONF_NUMBER,
	  .offset = FIELD(worker_rlimit_nofile), .unit = "descriptors",
	  .help = "limit of open files of each worker" },
	{ .name = "worker_rlimit_core", .contexts = CONF_MAIN,
	  .args_min = 1, .args_max = 1, .type = CONF_SIZE,
	  .offset = FIELD(worker_rlimit_core), .unit = "bytes",
	  .help = "limit of a core file's size" },
	{ .name = "worker_priority", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 1, .set = core_set_priority,
	  .syntax = "NUMBER",
	  .help = "nice value of the workers, -20 to 20" },
	{ .name = "worker_shutdown_timeout", .contexts = CONF_MAIN,
	  .args_min = 1, .args_max = 1, .type = CONF_TIME,
	  .offset = FIELD(worker_shutdown_timeout), .initial = "0",
	  .help = "how long a graceful shutdown may take; 0: any time" },
	{ .name = "working_directory", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 1, .type = CONF_STRING,
	  .offset = FIELD(working_directory),
	  .syntax = "PATH",
	  .help = "where workers leave core files" },
	{ .name = "pid", .contexts = CONF_MAIN, .args_min = 1, .args_max = 1,
	  .type = CONF_STRING, .offset = FIELD(pid),
	  .initial = "ringmaster.pid",
	  .syntax = "FILE",
	  .help = "file with the master's process id" },
	{ .name = "metrics_segment", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 1, .type = CONF_STRING,
	  .offset = FIELD(metrics_segment), .initial = "ringmaster.shm",
	  .syntax = "FILE",
	  .help = "file with the metrics, shared by all processes" },
	{ .name = "metrics_persist", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 1, .type = CONF_STRING,
	  .offset = FIELD(metrics_persist), .initial = "off",
	  .syntax = "on | off | FILE",
	  .help = "file that keeps counters and histograms over a restart; "
	    "on: \"ringmaster.pb\"" },
	{ .name = "daemon", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 1, .type = CONF_FLAG, .offset = FIELD(daemon),
	  .initial = "on", .help = "run in the background" },
	{ .name = "master_process", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 1, .type = CONF_FLAG, .offset = FIELD(master_process),
	  .initial = "on",
	  .help = "have workers; off serves in one process, to debug" },
	{ .name = "error_log", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 2, .set = core_set_error_log,
	  .syntax = "FILE [LEVEL]",
	  .help = "file for messages, and their least level" },
	{ .name = "env", .contexts = CONF_MAIN, .args_min = 1, .args_max = 1,
	  .set = core_set_env,
	  .syntax = "NAME[=VALUE]",
	  .help = "a variable of the environment that workers keep or get" },
	{ .name = "thread_pool", .contexts = CONF_MAIN, .args_min = 2,
	  .args_max = 3, .set = core_set_thread_pool,
	  .syntax = "default threads=NUMBER [max_queue=NUMBER]",
	  .help = "threads of each worker, and jobs that may wait for one" },
	ACCEPTED("pcre_jit", CONF_MAIN, 1, "regular expressions are always "
	    "compiled to machine code"),
	ACCEPTED("timer_resolution", CONF_MAIN, 1, "time is read once a turn"),
	ACCEPTED("lock_file", CONF_MAIN, 1, "nothing is locked by file"),
	ACCEPTED("debug_points", CONF_MAIN, 1, "there are none"),
	{ .name = "load_module", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 1, .type = CONF_UNSUPPORTED,
	  .help = "it has no loadable modules; remove the line, what the "
		  "server can do is built in" },
	{ .name = "events", .contexts = CONF_MAIN, .block = true,
	  .set = core_set_events, .help = "how connections are processed" },
	{ .name = "worker_connections", .contexts = CONF_EVENTS,
	  .args_min = 1, .args_max = 1, .type = CONF_NUMBER,
	  .offset = FIELD(worker_connections), .min = 1, .max = 1 << 24,
	  .initial = "512", .help = "connections of one worker at a time" },
	ACCEPTED("use", CONF_EVENTS, 1, "there is one method, io_uring"),
	ACCEPTED("epoll_events", CONF_EVENTS, 1,
	    "there is one method, io_uring"),
	ACCEPTED("worker_aio_requests", CONF_EVENTS, 1,
	    "there is one method, io_uring"),
	ACCEPTED("multi_accept", CONF_EVENTS, 1, "it is always so"),
	ACCEPTED("accept_mutex", CONF_EVENTS, 1,
	    "each worker has sockets of its own"),
	ACCEPTED("accept_mutex_delay", CONF_EVENTS, 1,
	    "each worker has sockets of its own"),
	ACCEPTED("debug_connection", CONF_EVENTS, 1,
	    "nothing is logged for debugging"),
	{ .name = NULL },
};

const struct conf_table core_table = {
	.name = "core",
	.help = "the main context, and \"events\" in it: processes, and "
	    "what they may use",
	.directives = core_directives,
	.record_size = sizeof(struct core_conf),
	.init = core_init,
	.merge = core_merge,
};

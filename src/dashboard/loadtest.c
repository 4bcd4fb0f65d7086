/*
 * The life of a test. Its process is started by the loop's thread, so that
 * the signal of the parent's death comes when this process dies and not when
 * a thread of the pool does. A coroutine reads what it tells, and ends it
 * when it has to end: when somebody says so, when nobody looks any more, when
 * it goes on for longer than it can. It is told to by SIGTERM, or SIGHUP when
 * this process dies, and keeps a partial result then; if that does not help
 * it is killed.
 *
 * The process holds the lock of the folder of results, so that there is one
 * test at a time also while two dashboards overlap in a reload, or after one
 * was killed.
 *
 * What others ask, on any thread, is a copy behind `lock`.
 */

#include "dashboard/loadtest.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "dashboard/live.h"
#include "dashboard/loadtest_keep.h"
#include "http/conn.h"
#include "metrics/segment.h"

enum {
	LOADTEST_LINE_MAX = 4096,	/* bytes of a line of status */
	LOADTEST_END_S = 6,		/* from SIGTERM to SIGKILL */
	LOADTEST_SPARE_S = 30,		/* beyond its duration */
	LOADTEST_SEARCH_MAX_S = 600,	/* of find_max */
	LOADTEST_ARENA_MAX = 64 << 10,
};

#define LOADTEST_POLL_NS (NS_PER_SEC / 2)

static struct loadtest {
	struct http_worker *worker;
	const struct dashboard_conf *conf;
	char file[4096];		/* of results */
	/* Of the test that runs: */
	pid_t pid;			/* 0: none */
	int process;			/* pidfd */
	int live, words;		/* its --live-fd and stderr */
	struct loadtest_spec spec;
	char url[LOADTEST_URL_MAX];	/* of it */
	uint64_t started_unix_ns;
	bool by_page;
	bool cache;			/* was on when it began */
	bool ending;			/* it was told to end */
	uint64_t until_ns;		/* then it is told to, or killed */
	uint64_t seen_ns;		/* when somebody looked */
	char line[LOADTEST_LINE_MAX];
	size_t line_len;
	bool line_long;			/* skip the rest of it */
	pthread_mutex_t lock;		/* of: */
	struct loadtest_now now;
} test = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- how it is doing ---- */

void loadtest_now(struct loadtest_now *ret)
{
	(void)pthread_mutex_lock(&test.lock);
	*ret = test.now;
	(void)pthread_mutex_unlock(&test.lock);
}

static void loadtest_now_set(const struct loadtest_now *now)
{
	(void)pthread_mutex_lock(&test.lock);
	test.now = *now;
	(void)pthread_mutex_unlock(&test.lock);
}

void loadtest_seen(void)
{
	test.seen_ns = clock_mono_ns();
}

static void loadtest_mark(enum metrics_mark_kind kind, const char *text)
{
	int err = metrics_mark(test.worker->segment, kind, slice_cstr(text));

	if (err < 0)
		log_write(test.worker->log, LOG_LEVEL_ALERT, -err,
		    "metrics_mark() failed");
}

const char *loadtest_file(void)
{
	return test.file;
}

/* ---- ending ---- */

static void loadtest_kill(int number)
{
	(void)pidfd_send_signal(test.process, number, NULL, 0); /* may have
							 * ended */
}

bool loadtest_end(const char *why)
{
	if (!test.pid)
		return false;
	if (test.ending)
		return true;	/* a second signal would end it at once */
	test.ending = true;
	test.until_ns = clock_mono_ns() + LOADTEST_END_S * NS_PER_SEC;
	(void)pthread_mutex_lock(&test.lock);
	(void)snprintf(test.now.error, sizeof(test.now.error), "%s", why);
	(void)pthread_mutex_unlock(&test.lock);
	loadtest_kill(SIGTERM);
	return true;
}

/* What has to be done now and then. */
static void loadtest_check(void)
{
	uint64_t now = clock_mono_ns();

	if (live_watched())
		test.seen_ns = now;
	if (now >= test.until_ns && test.ending)
		loadtest_kill(SIGKILL);
	else if (now >= test.until_ns)
		(void)loadtest_end("It went on for longer than it should.");
	else if (test.by_page && !test.ending &&
	    now - test.seen_ns >= LOADTEST_UNSEEN_S * NS_PER_SEC)
		(void)loadtest_end("The page that started it was closed.");
}

/* ---- what it tells ---- */

static void loadtest_line(struct slice line)
{
	struct loadtest_now now;

	loadtest_now(&now);
	if (loadtest_now_read(line, &now))
		loadtest_now_set(&now);
}

/* Take some bytes, and the lines that end in them. */
static void loadtest_take(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\n') {
			test.line_long |= test.line_len == LOADTEST_LINE_MAX;
			if (!test.line_long)
				test.line[test.line_len++] = data[i];
			continue;
		}
		if (!test.line_long)
			loadtest_line((struct slice){ test.line,
			    test.line_len });
		test.line_len = 0;
		test.line_long = false;
	}
}

/* Read until its end. [coroutine] */
static void loadtest_listen(struct ring *ring)
{
	char data[LOADTEST_LINE_MAX];

	for (;;) {
		int events = ring_poll(ring, test.live, POLLIN,
		    ring_now(ring) + LOADTEST_POLL_NS);
		ssize_t len;

		loadtest_check();
		if (events == -ETIMEDOUT)
			continue;
		len = read(test.live, data, sizeof(data));
		if (len > 0)
			loadtest_take(data, (size_t)len);
		else if (len == 0 || errno != EAGAIN)
			return;
	}
}

/* ---- its end ---- */

/* The first line of what it said on stderr, without "ringload: ". */
static void loadtest_words(char *ret, size_t size)
{
	ssize_t len = read(test.words, ret, size - 1);
	char *end;

	ret[len > 0 ? len : 0] = '\0';
	end = strchr(ret, '\n');
	if (end)
		*end = '\0';
	if (strncmp(ret, "ringload: ", 10) == 0)
		memmove(ret, ret + 10, strlen(ret + 10) + 1);
}

/* Why it ended, unless that is known or it ended well. */
static void loadtest_explain(int status, struct loadtest_now *now)
{
	if (now->error[0])
		return;
	if (WIFSIGNALED(status))
		(void)snprintf(now->error, sizeof(now->error),
		    "The load generator was killed by signal %d.",
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) == 1 || WEXITSTATUS(status) == 2 ||
	    WEXITSTATUS(status) > 4)
		loadtest_words(now->error, sizeof(now->error));
	if (!WIFSIGNALED(status) && WEXITSTATUS(status) == 127)
		(void)snprintf(now->error, sizeof(now->error),
		    "The load generator could not be run.");
}

static void loadtest_tell(const struct loadtest_now *now)
{
	char text[METRICS_MARK_TEXT_MAX];

	if (now->error[0])
		(void)snprintf(text, sizeof(text), "%.*s",
		    (int)sizeof(text) - 1, now->error);
	else
		(void)snprintf(text, sizeof(text), "%s: %llu requests",
		    loadtest_preset_names[now->preset],
		    (unsigned long long)now->done);
	loadtest_mark(METRICS_MARK_TEST_END, text);
	log_write(test.worker->log, LOG_LEVEL_NOTICE, 0,
	    "dashboard: the load test ended: %s", text);
}

/* What a generator that was killed could not keep itself. [coroutine] */
static void loadtest_save(struct ring *ring, const struct loadtest_now *now)
{
	struct loadtest_keep keep = { .now = now, .spec = &test.spec,
	    .started_unix_ns = test.started_unix_ns,
	    .duration_s = (double)(clock_real_ns() - test.started_unix_ns) /
		(double)NS_PER_SEC, .file = test.file, .err = -EAGAIN };

	if (ring_offload(ring, loadtest_keep, &keep) || keep.err)
		log_write(test.worker->log, LOG_LEVEL_ERROR, -keep.err,
		    "dashboard: the result of a killed test was not kept%s%s",
		    keep.message[0] ? ": " : "", keep.message);
}

/* It has ended: tell, and be ready for the next one. */
static void loadtest_over(struct loadtest_now *now)
{
	now->running = false;
	now->ended_ns = clock_mono_ns();
	now->eta_s = 0;
	loadtest_now_set(now);
	loadtest_tell(now);
	(void)close(test.process);
	(void)close(test.live);
	(void)close(test.words);
	test.pid = 0;
}

/* What a generator that was killed may have left switched. */
static void loadtest_cache_back(void)
{
	int err = metrics_cache_switch(test.worker->segment, test.cache);

	if (err < 0)
		log_write(test.worker->log, LOG_LEVEL_ALERT, -err,
		    "metrics_cache_switch() failed");
}

/* Wait for its end, which is not far. [coroutine] */
static void loadtest_reap(struct ring *ring)
{
	struct loadtest_now now;
	int status = 0;

	while (ring_poll(ring, test.process, POLLIN,
		ring_now(ring) + LOADTEST_POLL_NS) == -ETIMEDOUT)
		loadtest_check();
	while (waitpid(test.pid, &status, 0) < 0 && errno == EINTR)
		continue;
	loadtest_now(&now);
	loadtest_explain(status, &now);
	if (WIFSIGNALED(status))
		loadtest_save(ring, &now);
	if (test.spec.preset == LOADTEST_CACHE)
		loadtest_cache_back();
	loadtest_over(&now);
}

static void loadtest_run(void *arg)
{
	struct ring *ring = arg;

	loadtest_listen(ring);
	loadtest_reap(ring);
}

/* ---- its beginning ---- */

/* What the new process needs, got before it is made. */
struct loadtest_child {
	char program[4096];
	const char *args[LOADTEST_ARGS_MAX];
	pid_t parent;
	int null, live[2], words[2], held;	/* -1: not open */
	int segment;			/* this process's */
};

/* In the new process, which may call little: it is a copy of one that has
 * threads. */
static void loadtest_exec(const struct loadtest_child *child)
{
	const int wanted[] = { child->null, child->null, child->words[1],
		child->live[1], child->held, child->segment };
	enum { COUNT = sizeof(wanted) / sizeof(wanted[0]) };
	int fds[COUNT];
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGHUP); /* cannot fail */
	if (getppid() != child->parent)
		_exit(127);
	(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) +
	    LOADTEST_NICE); /* else it runs as we do */
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i < COUNT; i++)
		fds[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, COUNT);
	for (int i = 0; i < COUNT; i++)
		if (fds[i] < 0 || dup2(fds[i], i) < 0)
			_exit(127);
	(void)close_range(COUNT, ~0u, 0);
	(void)execv(child->program, (char *const *)child->args);
	_exit(127);
}

/* Is this the command? */
static bool loadtest_program_at(char *path, size_t size, const char *folder,
    const char *rest)
{
	return (size_t)snprintf(path, size, "%s%s", folder, rest) < size &&
	    access(path, X_OK) == 0;
}

/* Where the command is: as configured, or beside ringmaster. */
static int loadtest_program(const struct dashboard_conf *conf, char *path,
    size_t size)
{
	static const char *const places[] = { "/ringload", "/../bin/ringload",
		"/../libexec/ringload", NULL };
	char folder[3072];
	ssize_t len;
	char *end;

	if (conf->ringload_path.len)
		return loadtest_program_at(path, size,
		    conf->ringload_path.data, "") ? 0 : -ENOENT;
	len = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	if (len < 0)
		return -errno;
	folder[len] = '\0';
	end = strrchr(folder, '/');
	if (!end)
		return -ENOENT;
	*end = '\0';
	for (unsigned i = 0; places[i]; i++)
		if (loadtest_program_at(path, size, folder, places[i]))
			return 0;
	return -ENOENT;
}

/* Hold the lock of the folder of results, for the new process to inherit;
 * -EBUSY if another process has it. */
static int loadtest_hold(int *ret)
{
	char path[4096];
	int fd, err;

	if ((size_t)snprintf(path, sizeof(path), "%s/.running",
		test.conf->reports_path.data) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
		(void)close(fd);
		return err;
	}
	*ret = fd;
	return 0;
}

static void loadtest_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static int loadtest_open(struct loadtest_child *child)
{
	int err = loadtest_hold(&child->held);

	if (err)
		return err;
	child->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (child->null < 0 || pipe2(child->live, O_CLOEXEC) < 0 ||
	    pipe2(child->words, O_CLOEXEC) < 0)
		return -errno;
	if (fcntl(child->live[0], F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(child->words[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

/* Make the process; 0 or -errno. */
static int loadtest_fork(struct loadtest_child *child)
{
	int err = loadtest_open(child), process;
	pid_t pid;

	child->parent = getpid();
	if (err)
		return err;
	pid = fork();
	if (pid == 0)
		loadtest_exec(child);
	if (pid < 0)
		return -errno;
	process = pidfd_open(pid, 0);
	if (process < 0) {
		err = -errno;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0); /* it was just killed */
		return err;
	}
	test.pid = pid;
	test.process = process;
	test.live = child->live[0];
	test.words = child->words[0];
	child->live[0] = child->words[0] = -1;
	return 0;
}

static uint64_t loadtest_time_s(const struct loadtest_spec *spec)
{
	return (spec->preset == LOADTEST_FIND_MAX ? LOADTEST_SEARCH_MAX_S :
	    spec->duration_s) + LOADTEST_SPARE_S;
}

/* The process runs: be ready for what it tells. */
static int loadtest_follow(const struct loadtest_begin *begin)
{
	struct loadtest_now now = { .running = true,
	    .preset = begin->spec->preset, .p50_s = (double)NAN,
	    .p99_s = (double)NAN, .max_s = (double)NAN,
	    .eta_s = begin->spec->preset == LOADTEST_FIND_MAX ? (double)NAN :
	    (double)begin->spec->duration_s };
	uint64_t time = clock_mono_ns();
	char text[METRICS_MARK_TEXT_MAX];
	int err;

	test.spec = *begin->spec;
	(void)snprintf(test.url, sizeof(test.url), "%s", begin->spec->url);
	test.spec.url = test.url;
	test.started_unix_ns = clock_real_ns();
	test.by_page = begin->by_page;
	test.cache = metrics_cache_enabled(test.worker->segment);
	test.ending = test.line_long = false;
	test.line_len = 0;
	test.seen_ns = time;
	test.until_ns = time + loadtest_time_s(begin->spec) * NS_PER_SEC;
	loadtest_now_set(&now);
	(void)snprintf(text, sizeof(text), "%s: %s",
	    loadtest_preset_names[now.preset], begin->spec->url);
	loadtest_mark(METRICS_MARK_TEST_START, text);
	err = ring_spawn(test.worker->ring, NULL, loadtest_run,
	    test.worker->ring);
	if (err) {
		/* Nobody would read what it tells, or that it ended. */
		loadtest_kill(SIGKILL);
		(void)waitpid(test.pid, NULL, 0); /* it was just killed */
		(void)snprintf(now.error, sizeof(now.error),
		    "The dashboard had no memory to follow it.");
		loadtest_over(&now);
	}
	return err;
}

int loadtest_begin(const struct loadtest_begin *begin)
{
	struct loadtest_child child = { .null = -1, .live = { -1, -1 },
	    .words = { -1, -1 }, .held = -1,
	    .segment = test.worker->segment->fd };
	struct arena arena;
	int err;

	if (test.pid)
		return -EBUSY;
	arena_init(&arena, NULL, 0, LOADTEST_ARENA_MAX);
	err = loadtest_program(test.conf, child.program,
	    sizeof(child.program));
	if (!err)
		err = loadtest_spec_args(begin->spec, test.file, &arena,
		    child.args);
	if (!err)
		err = loadtest_fork(&child);
	arena_fini(&arena);
	loadtest_close(&child.null);
	loadtest_close(&child.live[0]);
	loadtest_close(&child.live[1]);
	loadtest_close(&child.words[0]);
	loadtest_close(&child.words[1]);
	loadtest_close(&child.held);
	return err ? err : loadtest_follow(begin);
}

/* ---- the life of this process ---- */

/* Is the newest mark about tests the beginning of one? */
static bool loadtest_is_open(void)
{
	struct metrics_mark marks[METRICS_MARKS];
	unsigned count = metrics_marks_read(test.worker->segment, marks);

	while (count--) {
		if (marks[count].kind == METRICS_MARK_TEST_END)
			return false;
		if (marks[count].kind == METRICS_MARK_TEST_START)
			return true;
	}
	return false;
}

/* Coroutine: a dashboard that was killed could not mark the end of its test,
 * which has the lock until it has ended. */
static void loadtest_finish(void *arg)
{
	struct ring *ring = arg;
	int held, err;

	while (loadtest_is_open() && !test.pid) {
		err = loadtest_hold(&held);
		if (!err) {
			loadtest_mark(METRICS_MARK_TEST_END,
			    "The dashboard that ran it was killed.");
			(void)close(held);
		}
		if (err != -EBUSY)
			return;
		ring_sleep(ring, ring_now(ring) + LOADTEST_POLL_NS);
	}
}

int loadtest_start(struct http_worker *worker)
{
	test.worker = worker;
	test.conf = worker->http->conf->owner;
	if ((size_t)snprintf(test.file, sizeof(test.file),
		"%s/" LOADTEST_RESULTS, test.conf->reports_path.data) >=
	    sizeof(test.file))
		return -ENAMETOOLONG;
	return ring_spawn(worker->ring, NULL, loadtest_finish, worker->ring);
}

void loadtest_drain(void)
{
	(void)loadtest_end("The dashboard was reloaded or stopped.");
}

void loadtest_stop(void)
{
	struct loadtest_now now;

	if (!loadtest_end("The dashboard was stopped."))
		return;
	loadtest_now(&now);
	loadtest_tell(&now);
}

int loadtest_reports_open(const struct http_conf *http, uid_t user,
    gid_t group, const struct log *log)
{
	const struct dashboard_conf *conf = http->conf->owner;
	const char *path = conf->reports_path.data;

	if (mkdir(path, 0755) < 0) {
		if (errno == EEXIST)
			return 0;
	} else if (geteuid() != 0 || chown(path, user, group) == 0) {
		return 0;
	}
	log_write(log, LOG_LEVEL_WARN, errno, "the folder of reports \"%s\" "
	    "could not be made: there will be no load tests", path);
	return -errno;
}

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
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "dashboard/live.h"
#include "dashboard/loadtest_keep.h"
#include "dashboard/loadtest_process.h"
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
	struct loadtest_process process;	/* pid 0: none */
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
	(void)pidfd_send_signal(test.process.fd, number, NULL, 0); /* may have
							 * ended */
}

bool loadtest_end(const char *why)
{
	if (!test.process.pid)
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
		int events = ring_poll(ring, test.process.live, POLLIN,
		    ring_now(ring) + LOADTEST_POLL_NS);
		ssize_t len;

		loadtest_check();
		if (events == -ETIMEDOUT)
			continue;
		len = read(test.process.live, data, sizeof(data));
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
	ssize_t len = read(test.process.words, ret, size - 1);
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
	loadtest_process_fini(&test.process);
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

	while (ring_poll(ring, test.process.fd, POLLIN,
		ring_now(ring) + LOADTEST_POLL_NS) == -ETIMEDOUT)
		loadtest_check();
	while (waitpid(test.process.pid, &status, 0) < 0 && errno == EINTR)
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
		/* It was just killed. */
		(void)waitpid(test.process.pid, NULL, 0);
		(void)snprintf(now.error, sizeof(now.error),
		    "The dashboard had no memory to follow it.");
		loadtest_over(&now);
	}
	return err;
}

int loadtest_begin(const struct loadtest_begin *begin)
{
	const char *args[LOADTEST_ARGS_MAX];
	struct arena arena;
	int err;

	if (test.process.pid)
		return -EBUSY;
	arena_init(&arena, NULL, 0, LOADTEST_ARENA_MAX);
	err = loadtest_spec_args(begin->spec, test.file, &arena, args);
	if (!err)
		err = loadtest_process_start(test.conf,
		    test.worker->segment->fd, args, &test.process);
	arena_fini(&arena);
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

	while (loadtest_is_open() && !test.process.pid) {
		err = loadtest_hold(test.conf, &held);
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

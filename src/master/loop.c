/*
 * The master's loop: wait for a signal or a moment, do what it says, then
 * bring the processes to what the state and the configuration ask for.
 *
 * Signals are blocked and fetched by sigtimedwait(), so there are no signal
 * handlers and nothing happens between two lines. But for a reload, which
 * may fail without harm, nothing here allocates; and nothing a client or a
 * worker sends is read.
 */

#include "master/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "master/pidfile.h"
#include "master/process.h"
#include "master/upgrade.h"
#include "metrics/lock.h"
#include "metrics/peaks.h"
#include "metrics/segment.h"
#include "metrics/sessions.h"
#include "metrics/switches.h"

#define LOOP_TERMINATE_NS NS_PER_SEC	/* from TERM to KILL */

static void loop_signal_set(sigset_t *set)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP,
		SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD };

	(void)sigemptyset(set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaddset(set, numbers[i]);
}

void loop_block_signals(void)
{
	sigset_t set;

	loop_signal_set(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL); /* cannot fail */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

bool master_is_main(const struct master *master)
{
	return metrics_load32(&master->segment->file->header.master_pid) ==
	    (uint32_t)getpid();
}

bool master_is_alone(const struct master *master)
{
	return !master->new_binary && !upgrade_follows(master);
}

/* ---- configurations ---- */

void loop_use_cycle(struct master *master, struct cycle **cycle)
{
	struct cycle *old = master->cycle;

	master->cycle = *cycle;
	*cycle = NULL;
	master->log = &master->cycle->log;
	master->generation++;
	cycle_redirect_stderr(master->cycle);
	listen_set_commit(&master->listens);
	metrics_generation_set(master->segment, master->generation);
	metrics_log_reset(master->segment);
	metrics_connections_limit_set(master->segment,
	    (uint64_t)master->cycle->core->worker_connections *
	    master_workers(master));
	if (master->cycle->http &&
	    http_conf_scopes(master->cycle->http, master->segment) < 0)
		log_write(master->log, LOG_LEVEL_ALERT, 0,
		    "naming servers and locations in the metrics failed");
	(void)metrics_reload_result(master->segment, true,
	    cycle_hash(master->cycle), SLICE("")); /* for display only */
	for (unsigned i = 0; i < CORE_WORKERS_MAX; i++)
		master->workers[i] = (struct place){ .died = false };
	master->dashboard = (struct place){ .died = false };
	master->persist.next_ns = 0;
	if (old)
		cycle_free(&old);
}

/* The pid file may have got another name. */
static int loop_move_pidfile(struct master *master, const struct cycle *next,
    const struct log *log)
{
	const char *from = master->cycle->core->pid.data;
	const char *to = next->core->pid.data;
	int err;

	if (strcmp(from, to) == 0)
		return 0;
	err = pidfile_write(to, log);
	if (!err)
		pidfile_remove(from, false, log);
	return err;
}

int loop_prepare_sockets(struct master *master, const struct cycle *cycle,
    const struct log *log)
{
	int err = 0;

	listen_set_begin(&master->listens);
	if (cycle->http)
		err = listen_set_add(&master->listens, cycle->http->listens,
		    (unsigned)cycle->core->workers, log);
	if (!err && cycle->dashboard)
		err = listen_set_add(&master->listens,
		    cycle->dashboard->listens, 1, log);
	if (err)
		listen_set_rollback(&master->listens);
	return err;
}

static int loop_load(struct master *master, const struct log *log)
{
	struct cycle *next = NULL;
	int err = cycle_new(&master->options, log, &next);

	if (err)
		return err;
	err = cycle_open(next, master->cycle, log);
	if (!err)
		err = loop_prepare_sockets(master, next, log);
	if (!err) {
		err = loop_move_pidfile(master, next, log);
		if (err)
			listen_set_rollback(&master->listens);
	}
	if (err) {
		cycle_free(&next);
		return err;
	}
	if (!slice_equal(next->core->metrics_segment,
	    master->cycle->core->metrics_segment))
		log_write(log, LOG_LEVEL_WARN, 0, "\"metrics_segment\" cannot "
		    "be changed by a reload, ignored");
	loop_use_cycle(master, &next);
	return 0;
}

/* Tell the metrics why a reload failed: the first line in the pipe `fd`,
 * which is "[emerg] TEXT" behind a name. */
static void loop_reload_failed(struct master *master, int fd)
{
	char text[METRICS_ERROR_MAX];
	ssize_t len = read(fd, text, sizeof(text));
	struct slice line = { text, len > 0 ? (size_t)len : 0 };
	const char *end = memchr(text, '\n', line.len), *begin;

	if (end)
		line.len = (size_t)(end - text);
	begin = memchr(text, ']', line.len);
	if (begin)
		line = slice_trim(slice_from(line,
		    (size_t)(begin - text) + 1));
	metrics_reload_count(master->segment, false);
	/* For display only: the log has it. */
	(void)metrics_reload_result(master->segment, false, 0, line);
	(void)metrics_mark(master->segment, METRICS_MARK_RELOAD_FAILED, line);
}

static void loop_reload(struct master *master)
{
	struct log log = *master->log;
	struct log_file errors = { .fd = -1, .program = "ringmaster" };
	int fds[2] = { -1, -1 };

	systemd_reloading(master);
	if (master->new_binary) {	/* back to the old one */
		master->state = MASTER_SERVING;
		return;
	}
	log_write(&log, LOG_LEVEL_NOTICE, 0, "reconfiguring");
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0) {
		errors.fd = fds[1];
		(void)log_add(&log, &errors, LOG_LEVEL_EMERG);
	}
	if (loop_load(master, &log) == 0) {
		master->state = MASTER_SERVING;
		metrics_reload_count(master->segment, true);
		(void)metrics_mark(master->segment, METRICS_MARK_RELOAD,
		    SLICE("")); /* for display only */
	} else {
		loop_reload_failed(master, fds[0]);
	}
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* ---- signals ---- */

/* While the dashboard process is there to keep it in its history. */
static void loop_mark_stop(struct master *master)
{
	(void)metrics_mark(master->segment, METRICS_MARK_STOP, SLICE(""));
}

static void loop_quit(struct master *master)
{
	if (master->state >= MASTER_QUITTING)
		return;
	log_write(master->log, LOG_LEVEL_NOTICE, 0, "gracefully shutting down");
	loop_mark_stop(master);
	master->state = MASTER_QUITTING;
	systemd_stopping(master);
	/* At once: from now on clients shall be refused. */
	if (master_is_alone(master))
		listen_set_unlink(&master->listens);
	listen_set_keep(&master->listens, NULL);
}

static void loop_terminate(struct master *master)
{
	if (master->state < MASTER_QUITTING)
		loop_mark_stop(master);
	master->state = MASTER_TERMINATING;
	if (master->terminated_ns)
		return;
	master->terminated_ns = clock_mono_ns();
	systemd_stopping(master);
	process_signal_all(master, SIGTERM);
}

/* WINCH also comes from terminals when their size changes; that one has
 * nothing to do with us. */
static void loop_rest(struct master *master, const siginfo_t *info)
{
	if (info->si_code == SI_KERNEL || master->state != MASTER_SERVING)
		return;
	log_write(master->log, LOG_LEVEL_NOTICE, 0,
	    "gracefully shutting down the workers");
	master->state = MASTER_RESTING;
}

static void loop_reopen(struct master *master)
{
	log_write(master->log, LOG_LEVEL_NOTICE, 0, "reopening logs");
	cycle_reopen(master->cycle, true);
	process_signal_all(master, SIGUSR1);
}

static void loop_signal(struct master *master, const siginfo_t *info)
{
	switch (info->si_signo) {
	case SIGTERM:
	case SIGINT:
		loop_terminate(master);
		break;
	case SIGQUIT:
		loop_quit(master);
		break;
	case SIGHUP:
		if (master->state < MASTER_QUITTING)
			loop_reload(master);
		break;
	case SIGUSR1:
		loop_reopen(master);
		break;
	case SIGUSR2:
		upgrade_start(master);
		break;
	case SIGWINCH:
		loop_rest(master, info);
		break;
	default:
		break;		/* CHLD: children are reaped each turn */
	}
}

/* ---- the loop ---- */

/* Those that took too long to quit, and those that did not obey TERM. */
static void loop_kill(struct master *master, uint64_t now_ns)
{
	if (master->state == MASTER_QUITTING && master->systemd.stop_ns &&
	    now_ns >= master->systemd.stop_ns) {
		log_write(master->log, LOG_LEVEL_NOTICE, 0, "closing what is "
		    "left: the service manager does not wait any longer");
		loop_terminate(master);
		return;
	}
	if (master->state != MASTER_TERMINATING ||
	    now_ns - master->terminated_ns < LOOP_TERMINATE_NS)
		return;
	process_signal_all(master, SIGKILL);
	master->terminated_ns = now_ns;
}

/* The number of the day where the server is; it is only compared. */
static uint64_t loop_day(void)
{
	time_t now = time(NULL);
	struct tm tm;

	(void)localtime_r(&now, &tm); /* valid for every present-day time */
	return (uint64_t)tm.tm_year * 1000 + (uint64_t)tm.tm_yday;
}

/* Each second: sessions that nobody used for long are forgotten, a part of
 * the table; the day and the peak are looked at. */
static void loop_sweep(struct master *master, uint64_t now_ns)
{
	uint64_t now_s = now_ns / NS_PER_SEC;

	if (now_s == master->swept_s)
		return;
	master->swept_s = now_s;
	(void)metrics_sessions_sweep(master->segment,
	    now_s); /* a damaged lock: their number stays as it is */
	(void)metrics_sessions_day(master->segment, loop_day()); /* likewise */
	metrics_peaks_update(master->segment);
}

static void loop_turn(struct master *master)
{
	uint64_t now_ns;

	log_set_level(metrics_log_level(master->segment));
	process_reap(master);
	process_drain_wanted(master);
	now_ns = clock_mono_ns();	/* of now: the dead are replaced */
	process_start_missing(master, now_ns);
	process_retire(master);
	process_watch(master, now_ns);
	loop_kill(master, now_ns);
	loop_sweep(master, now_ns);
	persist_turn(master, now_ns);
}

/* The command that started us may return: the workers serve. If none of them
 * could be started, neither can we. */
static void loop_tell_ready(struct master *master)
{
	char failed;

	if (!master->starting || !process_settled(master))
		return;
	master->starting = false;
	master->failed = master->state < MASTER_QUITTING &&
	    !process_serves(master);
	if (master->failed) {
		log_write(master->log, LOG_LEVEL_EMERG, 0,
		    "no worker process could be started");
		loop_terminate(master);
	}
	if (master->ready < 0)
		return;
	failed = master->failed;
	(void)!write(master->ready, &failed, 1); /* it may be gone: no matter */
	(void)close(master->ready);
	master->ready = -1;
}

void loop_run(struct master *master)
{
	sigset_t set;

	loop_signal_set(&set);
	for (;;) {
		struct timespec timeout = { .tv_sec = 0 };
		siginfo_t info;

		loop_turn(master);
		loop_tell_ready(master);
		systemd_turn(master, clock_mono_ns());
		if (master->state >= MASTER_QUITTING &&
		    process_count(master) == 0)
			return;
		timeout.tv_nsec = process_next_ms(master, clock_mono_ns()) *
		    (long)NS_PER_MSEC;
		if (sigtimedwait(&set, &info, &timeout) > 0)
			loop_signal(master, &info);
	}
}

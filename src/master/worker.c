/*
 * The life of a worker. It runs from worker_run() on one thread: a ring,
 * listeners for its own slot's sockets, a coroutine that reads signals from a
 * signalfd, and a timer that ticks each BOARD_BEAT_NS. In a tick it shows
 * that it lives, and looks which other slots' sockets it has to serve as
 * well, because their workers are stuck or gone (board.h).
 *
 * A socket may be waited at by two rings: by that of a stuck worker and by
 * the one that takes its place, or by those of the old and the new worker in
 * a reload. The kernel wakes one of them for each connection, the one that
 * waits for longest, and if that does not (or not any more) accept, the other
 * never hears of it. So connections that are still in the queue at a tick
 * are got by arming the listener again.
 *
 * The order at start matters: the ring is made while still root, whose ring
 * memory is not charged; the dashboard's history is opened as root, who alone
 * may write to its directory; and the kernel forgets the parent-death signal
 * when the user changes, so that is set after it.
 */

#include "master/worker.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "dashboard/loadtest.h"
#include "dashboard/recorder.h"
#include "master/orphan.h"
#include "master/privileges.h"
#include "master/title.h"
#include "metrics/segment.h"
#include "metrics/slot.h"
#include "metrics/switches.h"
#include "metrics/writer.h"
#include "ring/ring.h"

#define WORKER_STOP_POLL_NS (UINT64_C(1) * 1000 * 1000)
#define WORKER_TAKING_NS    (UINT64_C(10) * 1000 * 1000) /* between ticks */
#define WORKER_REARM_NS	    (UINT64_C(1) * 1000 * 1000)
enum {
	WORKER_DASHBOARD_TIMEOUT_MS = 1000,
	WORKER_MEMORY_KEPT = 16 * 1024 * 1024,	/* bytes, though free */
	WORKER_MEMORY_MAPPED = 4 * 1024 * 1024,	/* of a block of its own */
};

/* One listening socket: this worker's own, or one it may have to take. */
struct worker_listener {
	struct ring_listener ring;
	struct worker *worker;
	const struct http_listen *listen;
	unsigned slot;
	bool shared;			/* not one a worker slot: there are too
					 * few, or there is one process */
	bool started;
	uint64_t accepted, seen;	/* connections; at the last tick */
};

struct worker {
	const struct worker_options *options;
	const struct core_conf *core;
	const struct log *log;
	struct ring *ring;
	struct metrics_writer *metrics;
	struct http_worker *http;
	struct worker_listener *listeners;
	struct pollfd *waiting;		/* one a listener */
	unsigned listener_count;
	struct ring_timer tick, shutdown;
	struct orphan orphan;		/* of a dashboard */
	int signals;			/* signalfd */
	bool draining;
	bool finished;			/* drained: nothing was cut off */
};

/* ---- listeners ---- */

static void worker_accepted(void *arg, int fd)
{
	struct worker_listener *listener = arg;

	listener->accepted++;
	http_worker_accept(listener->worker->http, listener->listen, fd);
}

static unsigned worker_count_sockets(const struct worker_options *options)
{
	const struct http_listen *listen =
	    options->http ? options->http->listens : NULL;
	unsigned count = 0;

	for (; listen; listen = listen->next)
		count += listen_set_find(options->listens, listen)->count;
	return count;
}

static int worker_listeners_new(struct worker *worker)
{
	const struct worker_options *options = worker->options;
	struct worker_listener *listener;
	unsigned workers = (unsigned)worker->core->workers;

	worker->listener_count = worker_count_sockets(options);
	worker->listeners = calloc(worker->listener_count + 1,
	    sizeof(*worker->listeners));
	worker->waiting = calloc(worker->listener_count + 1,
	    sizeof(*worker->waiting));
	if (!worker->listeners || !worker->waiting)
		return -ENOMEM;
	listener = worker->listeners;
	for (const struct http_listen *listen = options->http->listens; listen;
	    listen = listen->next) {
		const struct listen_group *group =
		    listen_set_find(options->listens, listen);

		for (unsigned slot = 0; slot < group->count; slot++)
			*listener++ = (struct worker_listener){
				.ring.fd = group->fds[slot],
				.worker = worker,
				.listen = listen,
				.slot = slot,
				.shared = group->count < workers ||
				    options->dashboard,
			};
	}
	return 0;
}

static void worker_listener_start(struct worker_listener *listener)
{
	listener->ring = (struct ring_listener){
		.ring = listener->worker->ring,
		.fd = listener->ring.fd,
		.accepted = worker_accepted,
		.arg = listener,
	};
	listener->started = true;
	ring_listener_start(&listener->ring);
}

static bool worker_listener_is_mine(const struct worker_listener *listener)
{
	const struct worker_options *options = listener->worker->options;

	if (listener->worker->draining)
		return false;
	return listener->shared || listener->slot == options->slot ||
	    board_taker(options->board, listener->slot) == (int)options->slot;
}

static void worker_listener_stop(struct worker_listener *listener)
{
	listener->started = false;
	ring_listener_stop(&listener->ring);
}

/* Stop those that have connections waiting and got none since the last tick;
 * the next update starts them again. Returns whether there were any. */
static bool worker_stop_waiting(struct worker *worker)
{
	bool stopped = false;

	for (unsigned i = 0; i < worker->listener_count; i++)
		worker->waiting[i] = (struct pollfd){
			.fd = worker->listeners[i].started
			    ? worker->listeners[i].ring.fd : -1,
			.events = POLLIN,
		};
	if (poll(worker->waiting, worker->listener_count, 0) <= 0)
		return false;
	for (unsigned i = 0; i < worker->listener_count; i++) {
		struct worker_listener *listener = &worker->listeners[i];
		bool quiet = listener->accepted == listener->seen;

		listener->seen = listener->accepted;
		if (quiet && (worker->waiting[i].revents & POLLIN)) {
			worker_listener_stop(listener);
			stopped = true;
		}
	}
	return stopped;
}

/* Does it serve the sockets of a worker that should be there? */
static bool worker_is_taking(const struct worker *worker)
{
	for (unsigned i = 0; i < worker->listener_count; i++) {
		const struct worker_listener *listener = &worker->listeners[i];

		if (listener->started && !listener->shared &&
		    listener->slot != worker->options->slot &&
		    listener->slot < (unsigned)worker->core->workers)
			return true;
	}
	return false;
}

/* Start and stop listeners as the board says now. */
static void worker_update_listeners(struct worker *worker)
{
	for (unsigned i = 0; i < worker->listener_count; i++) {
		struct worker_listener *listener = &worker->listeners[i];
		bool mine = worker_listener_is_mine(listener);

		if (mine && !listener->started && !listener->ring.armed) {
			worker_listener_start(listener);
		} else if (!mine && listener->started) {
			worker_listener_stop(listener);
		}
	}
}

static bool worker_listeners_armed(const struct worker *worker)
{
	for (unsigned i = 0; i < worker->listener_count; i++)
		if (worker->listeners[i].ring.armed)
			return true;
	return false;
}

/* ---- hooks ---- */

/* What a coroutine ran for: the scopes of its request. */
static uint64_t worker_label(void *arg, void (*fn)(void *arg), void *fn_arg)
{
	struct http_scopes scopes = http_coroutine_scopes(fn, fn_arg);

	(void)arg;
	return (uint64_t)scopes.server << 16 | scopes.location;
}

/* What was it that this turn, the longest of late, was long with? */
static void worker_stall(struct worker *worker, uint64_t busy_ns)
{
	struct metrics_stall stall = {
		.ns = busy_ns,
		.ended_real_ns = clock_real_ns(),
	};
	struct ring_turn turn;

	ring_turn_get(worker->ring, &turn);
	stall.completions = turn.completions;
	stall.work = turn.work;
	stall.work_ns = (uint64_t)(turn.share * (double)busy_ns);
	stall.server = turn.label >> 16;
	stall.location = turn.label & UINT16_MAX;
	metrics_stall_set(worker->metrics, &stall);
}

static void worker_turn_end(void *arg, uint64_t busy_ns)
{
	struct worker *worker = arg;

	if (metrics_loop_lag(worker->metrics, busy_ns,
	    ring_now(worker->ring)))
		worker_stall(worker, busy_ns);
	metrics_flush(worker->metrics);
}

static void worker_pool_wait(void *arg, uint64_t wait_ns)
{
	struct worker *worker = arg;

	metrics_pool_wait(worker->metrics, wait_ns);
}

/* ---- the end ---- */

static void worker_drained(void *arg)
{
	struct worker *worker = arg;

	worker->finished = true;
	ring_stop(worker->ring);
}

static void worker_shutdown_timed_out(void *arg)
{
	struct worker *worker = arg;

	log_write(worker->log, LOG_LEVEL_NOTICE, 0,
	    "worker_shutdown_timeout: closing what is left");
	ring_stop(worker->ring);
}

/* [coroutine] */
static void worker_stop_listening(struct worker *worker)
{
	worker->draining = true;
	worker_update_listeners(worker);
	while (worker_listeners_armed(worker))
		ring_sleep(worker->ring,
		    ring_now(worker->ring) + WORKER_STOP_POLL_NS);
}

/*
 * Coroutine: accept no more, give the sockets up, finish what is served.
 * The sockets have to be closed here, too, or clients could still connect
 * after the master and the other workers have closed theirs.
 */
static void worker_drain(void *arg)
{
	struct worker *worker = arg;

	worker_stop_listening(worker);
	listen_set_keep(worker->options->listens, NULL);
	http_worker_drain(worker->http, worker_drained, worker);
}

/*
 * Coroutine: stop at once, but not with an accept armed: the kernel ends that
 * some milliseconds after the process, and keeps the socket listening for as
 * long, so that clients of the next server would be reset.
 */
static void worker_terminate(void *arg)
{
	struct worker *worker = arg;

	worker_stop_listening(worker);
	ring_stop(worker->ring);
}

static void worker_quit(struct worker *worker)
{
	int64_t timeout_ms = worker->core->worker_shutdown_timeout;

	/* A page that is being looked at must not keep the server up. */
	if (timeout_ms == 0 && worker->options->dashboard)
		timeout_ms = WORKER_DASHBOARD_TIMEOUT_MS;
	if (worker->draining)
		return;
	worker->draining = true;
	log_write(worker->log, LOG_LEVEL_NOTICE, 0, "gracefully shutting down");
	title_set(worker->options->dashboard
	    ? "dashboard process is shutting down"
	    : "worker process is shutting down");
	if (timeout_ms > 0)
		ring_timer_set(worker->ring, &worker->shutdown,
		    ring_now(worker->ring) +
			(uint64_t)timeout_ms * NS_PER_MSEC);
	if (ring_spawn(worker->ring, NULL, worker_drain, worker) != 0)
		ring_stop(worker->ring); /* no memory: stop at once */
}

/* ---- each moment ---- */

/* The dashboard of a killed master goes on, but says so. */
static void worker_orphan(struct worker *worker, uint64_t now_ns)
{
	switch (orphan_check(&worker->orphan, now_ns)) {
	case ORPHAN_BECOMES:
		log_write(worker->log, LOG_LEVEL_WARN, 0, "the master process "
		    "is gone; the dashboard stays to show that");
		if (!worker->draining)
			title_set("dashboard process (server is down)");
		break;
	case ORPHAN_LEAVES:
		worker_quit(worker);
		break;
	default:
		break;
	}
}

static void worker_tick(void *arg)
{
	struct worker *worker = arg;
	const struct worker_options *options = worker->options;
	uint64_t now = ring_now(worker->ring), next = BOARD_BEAT_NS;
	bool stopped;

	board_beat(options->board, options->process, now);
	log_set_level(metrics_log_level(options->segment));
	metrics_slot_set_ring(worker->metrics, ring_stats(worker->ring));
	http_worker_tick(worker->http);
	stopped = !worker->draining && worker_stop_waiting(worker);
	worker_update_listeners(worker);
	if (options->dashboard)
		worker_orphan(worker, now);
	if (worker_is_taking(worker))
		next = WORKER_TAKING_NS;
	if (stopped)
		next = WORKER_REARM_NS;
	ring_timer_set(worker->ring, &worker->tick, now + next);
}

/* ---- signals ---- */

static void worker_signal(struct worker *worker, int number)
{
	switch (number) {
	case SIGQUIT:
	case SIGWINCH:
		worker_quit(worker);
		break;
	case SIGTERM:
	case SIGINT:
		if (ring_spawn(worker->ring, NULL, worker_terminate, worker))
			ring_stop(worker->ring); /* no memory */
		break;
	case SIGUSR1:
		log_write(worker->log, LOG_LEVEL_NOTICE, 0, "reopening logs");
		cycle_reopen(worker->options->cycle,
		    worker->options->master == 0);
		http_worker_reopened(worker->http);
		break;
	default:
		break;		/* HUP and USR2 are the master's */
	}
}

/* Coroutine: for as long as the worker lives. */
static void worker_read_signals(void *arg)
{
	struct worker *worker = arg;
	struct signalfd_siginfo info;

	for (;;) {
		int events = ring_poll(worker->ring, worker->signals, POLLIN,
		    RING_NO_DEADLINE);

		if (events < 0) {
			log_write(worker->log, LOG_LEVEL_ALERT, -events,
			    "waiting for signals failed");
			ring_stop(worker->ring);
			return;
		}
		while (read(worker->signals, &info, sizeof(info)) ==
		    (ssize_t)sizeof(info))
			worker_signal(worker, (int)info.ssi_signo);
	}
}

static int worker_signals_open(struct worker *worker)
{
	static const int numbers[] = { SIGQUIT, SIGWINCH, SIGTERM, SIGINT,
		SIGUSR1, SIGHUP, SIGUSR2 };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaddset(&set, numbers[i]);
	worker->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return worker->signals < 0 ? -errno : 0;
}

/* ---- the start ---- */

static int worker_ring_open(struct worker *worker)
{
	struct ring_options options = ring_options_default();

	options.log = worker->log;
	options.pool_threads = (unsigned)worker->core->worker_threads;
	options.pool_queue_max = (unsigned)worker->core->worker_queue;
	if (worker->options->dashboard) {
		options.sq_entries /= 4;
		options.cq_entries /= 4;
		options.buffers /= 4;
		options.pool_threads = 2;
	}
	return ring_open(&options, &worker->ring);
}

/* Drain when the master dies, also if it just did. The dashboard does not:
 * see worker_orphan(). */
static void worker_follow_master(const struct worker *worker)
{
	if (worker->options->master == 0 || worker->options->dashboard)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGQUIT); /* cannot fail */
	if (getppid() != worker->options->master)
		(void)raise(SIGQUIT);
}

/* What only root may make. Without it the present is shown, and there are no
 * tests: that is logged. */
static void worker_dashboard_open(struct worker *worker)
{
	const struct worker_options *options = worker->options;

	(void)recorder_open(options->http, worker->log);
	(void)loadtest_reports_open(options->http, worker->core->user,
	    worker->core->group, worker->log);
}

static int worker_become(struct worker *worker)
{
	const struct worker_options *options = worker->options;
	struct slice directory = worker->core->working_directory;
	int err;

	privileges_set_limits(worker->core,
	    options->dashboard ? -1 : (int)options->slot, worker->log);
	err = worker_ring_open(worker);
	if (err) {
		log_write(worker->log, LOG_LEVEL_ALERT, -err,
		    "making the ring failed");
		return err;
	}
	if (options->dashboard)
		worker_dashboard_open(worker);
	if (options->master != 0)
		err = privileges_drop(worker->core, worker->log);
	if (err)
		return err;
	worker_follow_master(worker);
	if (directory.data && chdir(directory.data) < 0) {
		log_write(worker->log, LOG_LEVEL_ALERT, errno,
		    "chdir(\"%s\") failed", directory.data);
		return -errno;
	}
	return privileges_set_environment(worker->core);
}

static int worker_http_start(struct worker *worker)
{
	const struct worker_options *options = worker->options;
	struct http_worker_options http = {
		.http = options->http,
		.ring = worker->ring,
		.segment = options->segment,
		.metrics = worker->metrics,
		.log = worker->log,
		.connections_max = (unsigned)worker->core->worker_connections,
	};

	return http_worker_start(&http, &worker->http);
}

/* What one turn frees the next one needs again: given back to the kernel
 * meanwhile, each page of it would be cleared and mapped anew. */
static void worker_keep_memory(void)
{
	/* Without them it is but slower. */
	(void)mallopt(M_TRIM_THRESHOLD, WORKER_MEMORY_KEPT);
	(void)mallopt(M_MMAP_THRESHOLD, WORKER_MEMORY_MAPPED);
}

static int worker_start(struct worker *worker)
{
	const struct worker_options *options = worker->options;
	struct ring_hooks hooks = {
		.turn_end = worker_turn_end,
		.pool_wait = worker_pool_wait,
		.label = worker_label,
		.arg = worker,
	};
	int err = metrics_writer_open(options->segment, options->metrics_slot,
	    &worker->metrics);

	worker_keep_memory();
	if (!err)
		err = worker_signals_open(worker);
	if (!err)
		err = worker_http_start(worker);
	if (!err)
		err = worker_listeners_new(worker);
	if (!err)
		err = ring_spawn(worker->ring, NULL, worker_read_signals,
		    worker);
	if (err) {
		log_write(worker->log, LOG_LEVEL_ALERT, -err,
		    "starting the worker failed");
		return err;
	}
	ring_set_hooks(worker->ring, &hooks);
	worker->orphan = (struct orphan){ .master = options->master,
	    .segment = options->segment };
	worker->tick.fn = worker_tick;
	worker->tick.arg = worker;
	worker->shutdown.fn = worker_shutdown_timed_out;
	worker->shutdown.arg = worker;
	worker_tick(worker);
	return 0;
}

static void worker_end(struct worker *worker)
{
	if (worker->options->dashboard)
		recorder_stop();
	http_worker_stop(&worker->http);
	metrics_writer_close(&worker->metrics);
	log_write(worker->log, LOG_LEVEL_NOTICE, 0, "exit");
	if (!worker->finished)
		return;
	ring_close(&worker->ring);
	free(worker->listeners);
	free(worker->waiting);
	(void)close(worker->signals); /* only read from */
}

int worker_run(const struct worker_options *options)
{
	struct worker worker = {
		.options = options,
		.core = options->cycle->core,
		.log = &options->cycle->log,
	};
	int err;

	title_set(options->dashboard ? "dashboard process" : "worker process");
	listen_set_keep(options->listens, options->http->listens);
	err = worker_become(&worker);
	if (!err)
		err = worker_start(&worker);
	if (!err) {
		err = ring_run(worker.ring);
		if (err)
			log_write(worker.log, LOG_LEVEL_ALERT, -err,
			    "the ring failed");
		worker_end(&worker);
	}
	/* Stopped in the middle: what it has is for the kernel to free. */
	if (!worker.finished && options->master != 0)
		_exit(err ? EXIT_FAILURE : EXIT_SUCCESS);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

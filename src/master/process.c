/*
 * The table of children. What should run is never written down: it follows
 * from the configuration and the master's state, and each turn of the
 * master's loop starts what is missing and retires what is too much. So a
 * reload, a crash, a failed start and an upgrade that is called off all take
 * the same way.
 */

#include "master/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "master/upgrade.h"
#include "master/worker.h"
#include "metrics/segment.h"
#include "metrics/slot.h"
#include "metrics/switches.h"

_Static_assert((int)CORE_WORKERS_MAX <= (int)METRICS_WORKERS_MAX,
    "each can be asked for");

enum {
	PROCESS_TICK_MS = 100,		/* between looks at the board */
	PROCESS_READY_TICK_MS = 5,	/* while new workers get ready */
};

/* How long a worker may be silent, and how long it may take to get ready,
 * until it is said to be stuck. */
#define PROCESS_STUCK_NS (2 * NS_PER_SEC)
#define PROCESS_START_NS (10 * NS_PER_SEC)

static const char *process_name(const struct process *process)
{
	switch (process->kind) {
	case PROCESS_DASHBOARD:
		return "dashboard process";
	case PROCESS_BINARY:
		return "new binary process";
	default:
		return "worker process";
	}
}

static unsigned process_index(const struct master *master,
    const struct process *process)
{
	return (unsigned)(process - master->processes);
}

struct process *process_new(struct master *master, enum process_kind kind)
{
	for (unsigned i = 0; i < BOARD_PROCESSES_MAX; i++) {
		struct process *process = &master->processes[i];

		if (process->kind != PROCESS_NONE)
			continue;
		*process = (struct process){
			.kind = kind,
			.generation = master->generation,
			.started_ns = clock_mono_ns(),
		};
		if (i >= master->process_count)
			master->process_count = i + 1;
		return process;
	}
	return NULL;
}

static void process_free(struct master *master, struct process *process)
{
	process->kind = PROCESS_NONE;
	while (master->process_count &&
	    master->processes[master->process_count - 1].kind == PROCESS_NONE)
		master->process_count--;
}

/* The one of the current generation in a place; NULL: it is empty. */
static struct process *process_current(struct master *master,
    enum process_kind kind, unsigned slot)
{
	for (unsigned i = 0; i < master->process_count; i++) {
		struct process *process = &master->processes[i];

		if (process->kind == kind && process->slot == slot &&
		    process->generation == master->generation &&
		    !process->retired && !process->leaving)
			return process;
	}
	return NULL;
}

unsigned process_count(const struct master *master)
{
	unsigned count = 0;

	for (unsigned i = 0; i < master->process_count; i++) {
		enum process_kind kind = master->processes[i].kind;

		count += kind == PROCESS_WORKER || kind == PROCESS_DASHBOARD;
	}
	return count;
}

/* ---- starting ---- */

/* In the child. */
static int process_main(struct master *master, const struct process *process,
    pid_t parent)
{
	bool dashboard = process->kind == PROCESS_DASHBOARD;
	struct worker_options options = {
		.cycle = master->cycle,
		.http = dashboard ? master->cycle->dashboard
				  : master->cycle->http,
		.listens = &master->listens,
		.segment = master->segment,
		.board = master->board,
		.process = process_index(master, process),
		.slot = process->slot,
		.metrics_slot = process->metrics_slot,
		.master = parent,
		.dashboard = dashboard,
	};

	if (master->ready >= 0)
		(void)close(master->ready); /* the parent's to write to */
	systemd_close(&master->systemd);
	return worker_run(&options);
}

static int process_fork(struct master *master, struct process *process)
{
	pid_t parent = getpid();
	int slot = metrics_slot_assign(master->segment,
	    process->kind == PROCESS_DASHBOARD ? METRICS_KIND_DASHBOARD
					       : METRICS_KIND_WORKER,
	    process->generation, process->slot);

	if (slot < 0)
		return slot;
	process->metrics_slot = (unsigned)slot;
	board_beat(master->board, process_index(master, process), 0);
	process->pid = fork();
	if (process->pid == 0)
		exit(process_main(master, process, parent));
	if (process->pid < 0) {
		int error = errno;

		(void)metrics_slot_release(master->segment, (unsigned)slot, 0,
		    NULL);
		return -error;
	}
	log_write(master->log, LOG_LEVEL_NOTICE, 0, "start %s %d",
	    process_name(process), (int)process->pid);
	return 0;
}

static void process_start(struct master *master, enum process_kind kind,
    unsigned slot, struct place *place)
{
	struct process *process = process_new(master, kind);
	int err = process ? 0 : -EAGAIN;

	if (process) {
		process->slot = slot;
		err = process_fork(master, process);
	}
	if (err) {
		uint64_t now = clock_mono_ns();

		log_write(master->log, LOG_LEVEL_ALERT, -err,
		    "could not start a process");
		backoff_died(&place->backoff, now, now);
		if (process)
			process_free(master, process);
		return;
	}
	if (place->died)
		metrics_respawn_count(master->segment);
	place->died = false;
}

void process_start_missing(struct master *master, uint64_t now_ns)
{
	struct place *place;

	if (master->state != MASTER_SERVING)
		return;
	for (unsigned i = 0; i < master_workers(master); i++) {
		place = &master->workers[i];
		if (now_ns >= place->backoff.next_ns &&
		    !process_current(master, PROCESS_WORKER, i))
			process_start(master, PROCESS_WORKER, i, place);
	}
	place = &master->dashboard;
	if (master->cycle->dashboard && now_ns >= place->backoff.next_ns &&
	    !process_current(master, PROCESS_DASHBOARD, 0))
		process_start(master, PROCESS_DASHBOARD, 0, place);
}

/* ---- retiring ---- */

static void process_kill(struct master *master, struct process *process,
    int number)
{
	if (kill(process->pid, number) < 0)
		log_write(master->log, LOG_LEVEL_ALERT, errno,
		    "kill(%d, %d) failed", (int)process->pid, number);
}

void process_signal_all(struct master *master, int number)
{
	for (unsigned i = 0; i < master->process_count; i++) {
		struct process *process = &master->processes[i];

		if (process->kind == PROCESS_WORKER ||
		    process->kind == PROCESS_DASHBOARD)
			process_kill(master, process, number);
	}
}

static bool process_is_ready(struct master *master,
    const struct process *process)
{
	return process &&
	    board_ready(master->board, process_index(master, process));
}

/* All workers of the current generation serve. */
static bool process_workers_ready(struct master *master)
{
	for (unsigned i = 0; i < master_workers(master); i++)
		if (!process_is_ready(master,
		    process_current(master, PROCESS_WORKER, i)))
			return false;
	return true;
}

bool process_settled(struct master *master)
{
	for (unsigned i = 0; i < master_workers(master); i++)
		if (master->workers[i].backoff.next_ns == 0 &&
		    !process_is_ready(master,
			process_current(master, PROCESS_WORKER, i)))
			return false;
	return true;
}

bool process_serves(struct master *master)
{
	for (unsigned i = 0; i < master_workers(master); i++)
		if (process_is_ready(master,
		    process_current(master, PROCESS_WORKER, i)))
			return true;
	return master_workers(master) == 0;
}

static bool process_workers_left(const struct master *master)
{
	for (unsigned i = 0; i < master->process_count; i++)
		if (master->processes[i].kind == PROCESS_WORKER)
			return true;
	return false;
}

/* May it go, or is there nobody yet to do its work? */
static bool process_is_replaced(struct master *master,
    const struct process *process)
{
	/* At the end the dashboard goes last: it shows the rest leave. */
	if (process->kind == PROCESS_DASHBOARD &&
	    master->state == MASTER_QUITTING && master_is_alone(master))
		return !process_workers_left(master);
	if (master->state != MASTER_SERVING)
		return true;
	if (process->generation == master->generation && !process->leaving)
		return false;
	if (process->kind == PROCESS_DASHBOARD)
		return !master->cycle->dashboard || process_is_ready(master,
		    process_current(master, PROCESS_DASHBOARD, 0));
	if (process->slot >= master_workers(master))
		return process_workers_ready(master);
	return process_is_ready(master,
	    process_current(master, PROCESS_WORKER, process->slot));
}

void process_retire(struct master *master)
{
	for (unsigned i = 0; i < master->process_count; i++) {
		struct process *process = &master->processes[i];

		if ((process->kind != PROCESS_WORKER &&
		    process->kind != PROCESS_DASHBOARD) || process->retired ||
		    !process_is_replaced(master, process))
			continue;
		process->retired = true;
		metrics_slot_drain(master->segment, process->metrics_slot);
		process_kill(master, process, SIGQUIT);
	}
}

/* The only one of a worker slot; NULL: it is empty, or somebody is still
 * leaving it. */
static struct process *process_only(struct master *master, unsigned slot)
{
	unsigned count = 0;

	for (unsigned i = 0; i < master->process_count; i++)
		count += master->processes[i].kind == PROCESS_WORKER &&
		    master->processes[i].slot == slot;
	return count == 1 ? process_current(master, PROCESS_WORKER, slot)
			  : NULL;
}

void process_drain_wanted(struct master *master)
{
	if (!master_is_main(master) || master->state != MASTER_SERVING)
		return;
	for (unsigned i = 0; i < master_workers(master); i++) {
		struct process *process;

		if (!metrics_drain_take(master->segment, i))
			continue;
		process = process_only(master, i);
		if (!process_is_ready(master, process))
			continue;
		log_write(master->log, LOG_LEVEL_NOTICE, 0, "worker process "
		    "%d is replaced, as was asked for", (int)process->pid);
		process->leaving = true;
	}
}

/* ---- watching ---- */

static void process_watch_one(struct master *master,
    struct process *process, uint64_t now_ns)
{
	uint64_t beat = board_beaten_ns(master->board,
	    process_index(master, process));
	bool stuck = beat ? now_ns > beat + PROCESS_STUCK_NS
			  : now_ns > process->started_ns + PROCESS_START_NS;

	if (stuck && !process->stuck)
		log_write(master->log, LOG_LEVEL_ERROR, 0,
		    "worker process %d is stuck: it has shown no sign of life "
		    "for %u ms", (int)process->pid,
		    (unsigned)((now_ns - (beat ? beat : process->started_ns)) /
			NS_PER_MSEC));
	else if (!stuck && process->stuck)
		log_write(master->log, LOG_LEVEL_NOTICE, 0,
		    "worker process %d goes on", (int)process->pid);
	process->stuck = stuck;
}

unsigned process_serving(const struct master *master)
{
	unsigned count = 0;

	for (unsigned i = 0; i < master->process_count; i++) {
		const struct process *process = &master->processes[i];

		count += process->kind == PROCESS_WORKER &&
		    !process->retired && !process->stuck &&
		    board_ready(master->board, i);
	}
	return count;
}

bool process_progress(const struct master *master)
{
	if (master->state >= MASTER_QUITTING)
		return true;	/* that may not take for ever, either */
	for (unsigned i = 0; i < master->process_count; i++)
		if (master->processes[i].kind == PROCESS_WORKER &&
		    master->processes[i].stuck)
			return false;
	return master->state == MASTER_RESTING ||
	    master_workers(master) == 0 || process_serving(master);
}

void process_watch(struct master *master, uint64_t now_ns)
{
	bool healthy[CORE_WORKERS_MAX] = { false };

	for (unsigned i = 0; i < master->process_count; i++) {
		struct process *process = &master->processes[i];

		if (process->kind != PROCESS_WORKER)
			continue;
		process_watch_one(master, process, now_ns);
		if (!process->retired &&
		    board_healthy(master->board, i, now_ns))
			healthy[process->slot] = true;
	}
	board_assign(master->board, healthy, master_workers(master));
}

int process_next_ms(const struct master *master, uint64_t now_ns)
{
	uint64_t next = now_ns + PROCESS_TICK_MS * NS_PER_MSEC;

	if (master->starting)
		return PROCESS_READY_TICK_MS;
	for (unsigned i = 0; i < master_workers(master); i++) {
		uint64_t start = master->workers[i].backoff.next_ns;

		if (start > now_ns && start < next)
			next = start;
	}
	for (unsigned i = 0; i < master->process_count; i++) {
		const struct process *process = &master->processes[i];

		if (process->kind != PROCESS_NONE && !process->retired &&
		    process->kind != PROCESS_BINARY && (process->leaving ||
			process->generation != master->generation))
			return PROCESS_READY_TICK_MS;
	}
	return (int)((next - now_ns) / NS_PER_MSEC) + 1;
}

/* ---- reaping ---- */

static struct process *process_find(struct master *master, pid_t pid)
{
	for (unsigned i = 0; i < master->process_count; i++)
		if (master->processes[i].kind != PROCESS_NONE &&
		    master->processes[i].pid == pid)
			return &master->processes[i];
	return NULL;
}

static void process_say_ended(const struct master *master,
    const struct process *process, int status)
{
	const char *name = process_name(process);

	if (WIFSIGNALED(status))
		log_write(master->log, LOG_LEVEL_ALERT, 0,
		    "%s %d exited on signal %d%s", name, (int)process->pid,
		    WTERMSIG(status),
		    WCOREDUMP(status) ? " (core dumped)" : "");
	else
		log_write(master->log, WEXITSTATUS(status) ? LOG_LEVEL_ALERT
							   : LOG_LEVEL_NOTICE,
		    0, "%s %d exited with code %d", name, (int)process->pid,
		    WEXITSTATUS(status));
}

/* Count how it ended. */
static void process_count_ended(struct master *master,
    const struct process *process, int status)
{
	const char *name = process_name(process);
	char text[METRICS_MARK_TEXT_MAX];

	metrics_exit_count(master->segment, status == 0 ? METRICS_EXIT_DRAIN
	    : WIFSIGNALED(status) ? METRICS_EXIT_SIGNAL : METRICS_EXIT_STATUS);
	if (status == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s %d: %s %d", name,
	    (int)process->pid, WIFSIGNALED(status) ? "signal" : "exit status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	(void)metrics_mark(master->segment, METRICS_MARK_CRASH,
	    slice_cstr(text)); /* only the mark is missing */
}

/* Its place is empty: unless that was wanted, it is filled again. */
static void process_vacate(struct master *master,
    const struct process *process)
{
	struct place *place = process->kind == PROCESS_DASHBOARD
	    ? &master->dashboard : &master->workers[process->slot];

	if (process->retired || process->leaving ||
	    process->generation != master->generation)
		return;
	place->died = true;
	backoff_died(&place->backoff, process->started_ns, clock_mono_ns());
}

/* A new binary that is not our child; see upgrade_fork(). */
static void process_reap_binary(struct master *master)
{
	struct process *process;

	if (!upgrade_is_over(master))
		return;
	process = process_find(master, master->new_binary);
	log_write(master->log, LOG_LEVEL_NOTICE, 0, "%s %d exited",
	    process_name(process), (int)process->pid);
	upgrade_ended(master);
	process_free(master, process);
}

void process_reap(struct master *master)
{
	struct process *process;
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		if (persist_reap(master, pid, status))
			continue;
		process = process_find(master, pid);
		if (!process)
			continue;	/* inherited with the process id */
		process_say_ended(master, process, status);
		if (process->kind == PROCESS_BINARY) {
			upgrade_ended(master);
		} else {
			process_count_ended(master, process, status);
			if (metrics_slot_release(master->segment,
			    process->metrics_slot, pid, &usage) < 0)
				log_write(master->log, LOG_LEVEL_ALERT, 0,
				    "releasing a metrics slot failed");
			process_vacate(master, process);
		}
		process_free(master, process);
	}
	process_reap_binary(master);
}

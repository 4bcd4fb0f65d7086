#include "master/upgrade.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "master/inherit.h"
#include "master/pidfile.h"
#include "master/process.h"
#include "metrics/segment.h"

enum { UPGRADE_TEXT_MAX = 64 * 1024 };

char *upgrade_executable(const char *argv0)
{
	char path[PATH_MAX], *ret = NULL;
	ssize_t len;

	if (argv0[0] == '/')
		return strdup(argv0);
	if (strchr(argv0, '/')) {
		if (!getcwd(path, sizeof(path)) ||
		    asprintf(&ret, "%s/%s", path, argv0) < 0)
			return NULL;
		return ret;
	}
	len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (len < 0)
		return NULL;
	path[len] = '\0';
	return strdup(path);
}

/* The variables of the new one's environment; 0 or -errno. */
static int upgrade_environment(const struct master *master, pid_t old)
{
	static char text[UPGRADE_TEXT_MAX];
	char number[16];
	int err = inherit_export(&master->listens, text, sizeof(text));

	if (err)
		return err;
	if (setenv(UPGRADE_VARIABLE, text, 1) < 0 ||
	    setenv(UPGRADE_SEGMENT, master->segment->path, 1) < 0)
		return -errno;
	(void)snprintf(number, sizeof(number), "%d", (int)old);
	if (setenv(UPGRADE_MASTER, number, 1) < 0)
		return -errno;
	/* The watchdog shall be fed by the one that is to be the main one. */
	(void)snprintf(number, sizeof(number), "%d", (int)getpid());
	return getenv("WATCHDOG_PID") && setenv("WATCHDOG_PID", number, 1) < 0
	    ? -errno : 0;
}

/* In the child; returns only if it failed. */
static void upgrade_exec(const struct master *master, pid_t old)
{
	sigset_t none;
	int err = upgrade_environment(master, old);

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (!err && execv(master->executable, master->argv) < 0)
		err = -errno;
	log_write(master->log, LOG_LEVEL_ALERT, -err,
	    "execve() failed while executing new binary process \"%s\"",
	    master->executable);
}

/*
 * systemd has to be the parent of what it calls the main process, or it does
 * not wait for that at a stop; so the new one becomes not our child but our
 * parent's. (Not if we are the init process of a container.)
 */
static pid_t upgrade_fork(const struct master *master)
{
	long pid = -1;

	if (master->systemd.fd >= 0)
		pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	return pid < 0 ? fork() : (pid_t)pid;
}

/* Is this a time at which an upgrade can begin? */
static bool upgrade_possible(const struct master *master)
{
	if (master->new_binary)
		log_write(master->log, LOG_LEVEL_NOTICE, 0,
		    "an upgrade is under way, its process is %d",
		    (int)master->new_binary);
	else if (!master_is_alone(master))
		log_write(master->log, LOG_LEVEL_CRIT, 0, "the changing "
		    "binary signal is ignored: you should shutdown or "
		    "terminate before either old or new binary's process");
	else
		return master->state == MASTER_SERVING;
	return false;
}

void upgrade_start(struct master *master)
{
	const char *pid_path = master->cycle->core->pid.data;
	struct process *process;
	pid_t pid, old = getpid();

	if (!upgrade_possible(master))
		return;
	log_write(master->log, LOG_LEVEL_NOTICE, 0, "changing binary");
	process = process_new(master, PROCESS_BINARY);
	if (!process || pidfile_set_old(pid_path, true, master->log) != 0) {
		if (process)
			process->kind = PROCESS_NONE;
		return;
	}
	pid = upgrade_fork(master);
	if (pid == 0) {
		upgrade_exec(master, old);
		_exit(EXIT_FAILURE);
	}
	if (pid < 0) {
		log_write(master->log, LOG_LEVEL_ALERT, errno,
		    "fork() failed");
		process->kind = PROCESS_NONE;
		(void)pidfile_set_old(pid_path, false, master->log);
		return;
	}
	process->pid = pid;
	master->new_binary = pid;
	master->new_binary_fd = pidfd_open(pid, 0);
	log_write(master->log, LOG_LEVEL_NOTICE, 0,
	    "start new binary process %d", (int)pid);
	(void)metrics_mark(master->segment, METRICS_MARK_UPGRADE,
	    SLICE("new binary started")); /* only the mark is missing */
}

void upgrade_ended(struct master *master)
{
	master->new_binary = 0;
	if (master->new_binary_fd >= 0)
		(void)close(master->new_binary_fd); /* only waited at */
	metrics_master_return(master->segment);
	(void)pidfile_set_old(master->cycle->core->pid.data, false,
	    master->log);
	if (master->state == MASTER_RESTING)
		master->state = MASTER_SERVING;
}

static bool upgrade_ended_of(int pidfd)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	return poll(&ended, 1, 0) > 0;
}

bool upgrade_is_over(const struct master *master)
{
	if (!master->new_binary)
		return false;
	if (master->new_binary_fd >= 0)
		return upgrade_ended_of(master->new_binary_fd);
	/* It ended before, or there was no descriptor. */
	return kill(master->new_binary, 0) < 0 && errno == ESRCH;
}

int upgrade_old_master(void)
{
	const char *text = getenv(UPGRADE_MASTER);
	uint64_t pid;
	int fd = -1;

	if (text && slice_to_u64(slice_cstr(text), &pid) && pid <= INT_MAX)
		fd = pidfd_open((pid_t)pid, 0);
	(void)unsetenv(UPGRADE_MASTER);
	return fd;
}

bool upgrade_follows(const struct master *master)
{
	return master->old_master >= 0 &&
	    !upgrade_ended_of(master->old_master);
}

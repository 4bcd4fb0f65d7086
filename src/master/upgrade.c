#include "master/upgrade.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

/* In the child; returns only if it failed. */
static void upgrade_exec(const struct master *master)
{
	static char text[UPGRADE_TEXT_MAX];
	sigset_t none;
	int err = listen_set_export(&master->listens, text, sizeof(text));

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (!err && (setenv(UPGRADE_VARIABLE, text, 1) < 0 ||
	    setenv(UPGRADE_SEGMENT, master->segment->path, 1) < 0))
		err = -errno;
	if (!err && execv(master->executable, master->argv) < 0)
		err = -errno;
	log_write(master->log, LOG_LEVEL_ALERT, -err,
	    "execve() failed while executing new binary process \"%s\"",
	    master->executable);
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
	pid_t pid;

	if (!upgrade_possible(master))
		return;
	log_write(master->log, LOG_LEVEL_NOTICE, 0, "changing binary");
	process = process_new(master, PROCESS_BINARY);
	if (!process || pidfile_set_old(pid_path, true, master->log) != 0) {
		if (process)
			process->kind = PROCESS_NONE;
		return;
	}
	pid = fork();
	if (pid == 0) {
		upgrade_exec(master);
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
	log_write(master->log, LOG_LEVEL_NOTICE, 0,
	    "start new binary process %d", (int)pid);
	(void)metrics_mark(master->segment, METRICS_MARK_UPGRADE,
	    SLICE("new binary started")); /* only the mark is missing */
}

void upgrade_ended(struct master *master)
{
	master->new_binary = 0;
	metrics_master_return(master->segment);
	(void)pidfile_set_old(master->cycle->core->pid.data, false,
	    master->log);
	if (master->state == MASTER_RESTING)
		master->state = MASTER_SERVING;
}

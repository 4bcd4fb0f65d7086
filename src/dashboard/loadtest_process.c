/* Making the process of a load test; see loadtest_process.h. */

#include "dashboard/loadtest_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dashboard/loadtest.h"

/* What the new process needs, got before it is made. */
struct loadtest_child {
	char program[4096];
	const char *const *args;
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

int loadtest_hold(const struct dashboard_conf *conf, int *ret)
{
	char path[4096];
	int fd, err;

	if ((size_t)snprintf(path, sizeof(path), "%s/.running",
		conf->reports_path.data) >= sizeof(path))
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

static int loadtest_open(struct loadtest_child *child,
    const struct dashboard_conf *conf)
{
	int err = loadtest_program(conf, child->program,
	    sizeof(child->program));

	if (!err)
		err = loadtest_hold(conf, &child->held);
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
static int loadtest_fork(struct loadtest_child *child,
    struct loadtest_process *ret)
{
	int err, fd;
	pid_t pid;

	child->parent = getpid();
	pid = fork();
	if (pid == 0)
		loadtest_exec(child);
	if (pid < 0)
		return -errno;
	fd = pidfd_open(pid, 0);
	if (fd < 0) {
		err = -errno;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0); /* it was just killed */
		return err;
	}
	*ret = (struct loadtest_process){ .pid = pid, .fd = fd,
	    .live = child->live[0], .words = child->words[0] };
	child->live[0] = child->words[0] = -1;
	return 0;
}

int loadtest_process_start(const struct dashboard_conf *conf, int segment,
    const char *const *args, struct loadtest_process *ret)
{
	struct loadtest_child child = { .args = args, .null = -1,
	    .live = { -1, -1 }, .words = { -1, -1 }, .held = -1,
	    .segment = segment };
	int err = loadtest_open(&child, conf);

	if (!err)
		err = loadtest_fork(&child, ret);
	loadtest_close(&child.null);
	loadtest_close(&child.live[0]);
	loadtest_close(&child.live[1]);
	loadtest_close(&child.words[0]);
	loadtest_close(&child.words[1]);
	loadtest_close(&child.held);
	return err;
}

void loadtest_process_fini(struct loadtest_process *process)
{
	(void)close(process->fd);
	(void)close(process->live);
	(void)close(process->words);
	process->pid = 0;
}

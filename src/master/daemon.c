#include "master/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the parent. */
static void daemon_wait(int fd)
{
	char failed;
	ssize_t n;

	do {
		n = read(fd, &failed, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 1 && failed)
		(void)fprintf(stderr, "ringmaster: no worker process could be "
		    "started; the error log says why\n");
	_exit(n == 1 && !failed ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Standard error stays for what may still be wrong. */
static int daemon_detach(void)
{
	int fd;

	if (setsid() < 0)
		return -errno;
	(void)umask(0);		/* each file is opened with its mode */
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return -errno;
	(void)close(fd); /* /dev/null */
	return 0;
}

int daemon_start(void)
{
	int fds[2], err;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = -errno;
		(void)close(fds[0]);
		(void)close(fds[1]);
		return err;
	}
	if (pid > 0) {
		(void)close(fds[1]);
		daemon_wait(fds[0]);
	}
	(void)close(fds[0]);
	err = daemon_detach();
	return err ? err : fds[1];
}

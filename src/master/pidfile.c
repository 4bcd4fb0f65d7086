#include "master/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { PIDFILE_TEXT_MAX = 32 };

int pidfile_write(const char *path, const struct log *log)
{
	char text[PIDFILE_TEXT_MAX];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0644), error = 0;

	if (fd < 0) {
		error = errno;
		log_write(log, LOG_LEVEL_EMERG, error,
		    "open() \"%s\" failed", path);
		return -error;
	}
	if (write(fd, text, (size_t)len) != len) {
		error = errno ? errno : EIO;
		log_write(log, LOG_LEVEL_EMERG, error,
		    "write() \"%s\" failed", path);
	}
	(void)close(fd); /* a few bytes: write() told */
	return -error;
}

int pidfile_read(const char *path, const struct log *log, pid_t *ret)
{
	char text[PIDFILE_TEXT_MAX];
	struct slice number = { text, 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	uint64_t pid;
	ssize_t len;

	if (fd < 0) {
		error = errno;
		log_write(log, LOG_LEVEL_ERROR, error,
		    "open() \"%s\" failed", path);
		return -error;
	}
	len = read(fd, text, sizeof(text));
	(void)close(fd); /* only read from */
	number.len = len > 0 ? (size_t)len : 0;
	while (number.len && (text[number.len - 1] == '\n' ||
	    text[number.len - 1] == '\r'))
		number.len--;
	if (!slice_to_u64(number, &pid) || pid == 0 || pid > INT_MAX) {
		log_write(log, LOG_LEVEL_ERROR, 0,
		    "invalid PID number \"%.*s\" in \"%s\"",
		    SLICE_ARG(number), path);
		return -EINVAL;
	}
	*ret = (pid_t)pid;
	return 0;
}

int pidfile_set_old(const char *path, bool old, const struct log *log)
{
	char old_path[PATH_MAX];
	const char *from = old ? path : old_path, *to = old ? old_path : path;
	int error;

	if (snprintf(old_path, sizeof(old_path), "%s" PIDFILE_OLD, path) >=
	    (int)sizeof(old_path))
		return -ENAMETOOLONG;
	if (rename(from, to) == 0)
		return 0;
	error = errno;
	log_write(log, LOG_LEVEL_ALERT, error,
	    "rename() %s to %s failed", from, to);
	return -error;
}

void pidfile_remove(const char *path, bool old, const struct log *log)
{
	char name[PATH_MAX];

	(void)snprintf(name, sizeof(name), "%s%s", path,
	    old ? PIDFILE_OLD : ""); /* it was made with this length */
	if (unlink(name) < 0)
		log_write(log, LOG_LEVEL_ALERT, errno, "unlink() \"%s\" failed",
		    name);
}

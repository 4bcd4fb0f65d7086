#include "master/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOGFILE_MODE = 0644 };

/* The link's directory is ours, and nobody else may change what is in it. */
static bool logfile_link_trusted(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	struct stat status;

	if (len == 0 || len >= sizeof(directory))
		return false;
	memcpy(directory, path, len);
	directory[len] = '\0';
	return stat(directory, &status) == 0 &&
	    (status.st_uid == geteuid() || status.st_uid == 0) &&
	    !(status.st_mode & (S_IWGRP | S_IWOTH));
}

int logfile_open(const char *path, bool create)
{
	int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY |
	    (create ? O_CREAT : 0);
	int fd = open(path, flags | O_NOFOLLOW, LOGFILE_MODE);

	if (fd < 0 && errno == ELOOP && logfile_link_trusted(path))
		fd = open(path, flags, LOGFILE_MODE);
	return fd < 0 ? -errno : fd;
}

int logfile_give(int fd, uid_t owner)
{
	struct stat status;

	if (owner == (uid_t)-1)
		return 0;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return 0;
	if (status.st_uid != owner && fchown(fd, owner, (gid_t)-1) < 0)
		return -errno;
	if (!(status.st_mode & S_IWUSR) &&
	    fchmod(fd, status.st_mode | S_IRUSR | S_IWUSR) < 0)
		return -errno;
	return 0;
}

int logfile_reopen(const struct log_file *file, bool create, uid_t owner)
{
	int fd = logfile_open(file->path, create), err;

	if (fd < 0)
		return fd;
	err = logfile_give(fd, owner);
	if (!err && dup3(fd, file->fd, O_CLOEXEC) < 0)
		err = -errno;
	(void)close(fd); /* nothing was written through it */
	return err;
}

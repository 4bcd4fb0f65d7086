#include "metrics/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrics/lock.h"

static struct flock metrics_owner_lock(short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_len = sizeof(uint64_t),	/* the magic */
	};
}

void metrics_owner_hold(int fd)
{
	struct flock lock = metrics_owner_lock(F_RDLCK);

	(void)fcntl(fd, F_SETLK, &lock); /* nobody ever locks for writing */
}

/* Does another process hold it? `unsure` if the file system cannot tell. */
static bool metrics_owner_held(int fd, bool unsure)
{
	struct flock lock = metrics_owner_lock(F_WRLCK);

	if (fcntl(fd, F_GETLK, &lock) < 0)
		return unsure;
	return lock.l_type != F_UNLCK;
}

static bool metrics_owner_is_segment(int fd)
{
	uint64_t magic;

	return pread(fd, &magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	    magic == METRICS_MAGIC;
}

void metrics_owner_reclaim(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	if (metrics_owner_is_segment(fd) && !metrics_owner_held(fd, true))
		(void)unlink(path); /* else the new one takes its name */
	(void)close(fd);
}

bool metrics_owner_alive(const struct metrics_segment *segment)
{
	uint32_t pid = metrics_load32(&segment->file->header.master_pid);
	bool there = pid && (kill((pid_t)pid, 0) == 0 || errno == EPERM);

	return metrics_owner_held(segment->fd, there);
}

bool metrics_owner_taken(const struct metrics_segment *segment)
{
	struct stat status;

	if (metrics_owner_held(segment->fd, false))
		return true;
	return fstat(segment->fd, &status) == 0 && status.st_nlink == 0;
}

/*
 * Opening a file by a path in which symbolic links are restricted. The kernel
 * knows "no links" (openat2); whose link it is has to be looked at step by
 * step, and between the looks somebody may exchange it, as in nginx.
 *
 * Where openat2 is hidden, as by systemd's RestrictSUIDSGID=, "no links" is
 * looked at step by step, too, without a race; and the magic links of /proc,
 * which are refused else, are followed as any others.
 */

#include "http/file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/core.h"

struct file_policy file_policy_get(struct http_request *request,
    struct slice path)
{
	const struct http_core_record *core = request->location->core;
	struct file_policy policy = {
	    (enum file_links)core->disable_symlinks, 0 };
	struct slice from;

	if (policy.links == FILE_LINKS_ALL || !core->symlinks_from.count)
		return policy;
	from = http_value_get(request, &core->symlinks_from);
	if (from.len == 0 || !slice_starts(path, from))
		return policy;
	if (from.len == path.len)
		policy.links = FILE_LINKS_ALL;
	else if (path.data[from.len] == '/')
		policy.trusted = from.len;
	else if (path.data[from.len - 1] == '/')
		policy.trusted = from.len - 1;
	return policy;
}

enum { FILE_READ = O_RDONLY | O_NONBLOCK | O_NOCTTY };

/* -ENOSYS only for what openat() cannot do. */
static int file_openat(int at, const char *path, int flags, uint64_t resolve)
{
	static bool hidden;		/* set by any thread, never unset */
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd = -1;

	errno = ENOSYS;
	if (!__atomic_load_n(&hidden, __ATOMIC_RELAXED))
		fd = (int)syscall(SYS_openat2, at, path, &how, sizeof(how));
	if (fd >= 0 || errno != ENOSYS)
		return fd < 0 ? -errno : fd;
	__atomic_store_n(&hidden, true, __ATOMIC_RELAXED);
	if (resolve)
		return -ENOSYS;
	fd = openat(at, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Open the directory that the first `len` bytes of the path name. */
static int file_open_trusted(struct slice path, size_t len)
{
	char base[PATH_MAX];

	if (len >= sizeof(base))
		return -ENAMETOOLONG;
	memcpy(base, path.data, len);
	base[len] = '\0';
	return file_openat(AT_FDCWD, len ? base : "/", O_PATH | O_DIRECTORY,
	    0);
}

/* Open one name, which must be no link, or belong to whom the link with that
 * name does. */
static int file_step(int at, const char *name, int flags,
    enum file_links links)
{
	bool owner = links == FILE_LINKS_OWNER;
	int fd = file_openat(at, name, owner ? flags : flags | O_NOFOLLOW, 0);
	struct stat link, target;
	int err = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &target) < 0 || (owner &&
	    fstatat(at, name, &link, AT_SYMLINK_NOFOLLOW) < 0))
		err = -errno;
	else if (owner ? link.st_uid != target.st_uid
		       : S_ISLNK(target.st_mode))
		err = -ELOOP;
	if (err)
		(void)close(fd); /* was only looked at */
	return err ? err : fd;
}

/* Go from the directory `at`, which is closed, along `path`. */
static int file_walk(int at, const char *path, enum file_links links)
{
	char name[NAME_MAX + 1];
	bool last = false;

	while (at >= 0 && !last) {
		int from = at;
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		last = path[len] == '\0';
		if (len < sizeof(name)) {
			memcpy(name, path, len);
			name[len] = '\0';
			at = file_step(from, len ? name : ".",
			    last ? FILE_READ : O_PATH, links);
		} else {
			at = -ENAMETOOLONG;
		}
		(void)close(from); /* was only passed */
		path += len;
	}
	return at;
}

int file_open(struct slice path, struct file_policy policy)
{
	int at, fd;

	if (policy.links == FILE_LINKS_ALL)
		return file_openat(AT_FDCWD, path.data, FILE_READ, 0);
	at = file_open_trusted(path, policy.trusted);
	if (at < 0)
		return at;
	path = slice_from(path, policy.trusted);
	if (policy.links == FILE_LINKS_OWNER)
		return file_walk(at, path.data, policy.links);
	while (path.len && path.data[0] == '/')
		path = slice_from(path, 1);
	fd = file_openat(at, path.len ? path.data : ".", FILE_READ,
	    RESOLVE_NO_SYMLINKS);
	if (fd == -ENOSYS)
		return file_walk(at, path.data, policy.links);
	(void)close(at); /* was only passed */
	return fd;
}

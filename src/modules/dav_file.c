/*
 * Moving, copying and removing of files and trees. Within a tree each step
 * starts from an open directory, so that nobody can lead it elsewhere by
 * putting a link in the way.
 */

#include "modules/dav_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { DAV_COPY_PIECE = 1 << 30 };

/* Note errno for `call`, if it is the first failure; returns -errno. */
static int dav_fail(struct dav_failure *failure, const char *call,
    const char *name)
{
	int err = errno;

	if (!failure->call) {
		failure->call = call;
		failure->error = err;
		(void)snprintf(failure->name, sizeof(failure->name), "%s",
		    name); /* names fit */
	}
	return -err;
}

/* ---- a file ---- */

/* A name that nobody has, hidden from listings. */
static int dav_temp_name(char *to, size_t size)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -1;
	(void)snprintf(to, size, ".ringmaster-%016llx",
	    (unsigned long long)number); /* fits */
	return 0;
}

static int dav_copy_bytes(int from, int to, uint64_t left)
{
	while (left) {
		ssize_t n = sendfile(to, from, NULL, left < DAV_COPY_PIECE
		    ? (size_t)left : DAV_COPY_PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;	/* it became shorter meanwhile */
		if (n <= 0)
			return -1;
		left -= (uint64_t)n;
	}
	return 0;
}

/* Copy the open file to the new one `name` in the directory `at`. */
static int dav_copy_new(int from, const struct stat *st, int at,
    const char *name, const struct dav_target *to)
{
	mode_t access = to->access ? to->access : st->st_mode & 0777;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		st->st_mtim };
	int err = 0, fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL |
	    O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -1;
	if (to->modified != -1)
		times[1] = (struct timespec){ .tv_sec = to->modified };
	if (dav_copy_bytes(from, fd, (uint64_t)st->st_size) < 0 ||
	    fchmod(fd, access) < 0 || futimens(fd, times) < 0)
		err = errno;
	if (close(fd) < 0 && !err)
		err = errno;
	if (err)
		(void)unlinkat(at, name, 0); /* a part is of no use */
	errno = err;
	return err ? -1 : 0;
}

/* A name in an open directory. */
struct dav_place {
	int at;
	const char *name;
};

/* Copy a file, in the place of what is there. `shown`: as what a failure is
 * noted. */
static int dav_copy_at(struct dav_place from, struct dav_place dest,
    const struct dav_target *to, struct dav_failure *failure,
    const char *shown)
{
	int err = 0, fd = openat(from.at, from.name, O_RDONLY | O_NONBLOCK |
	    O_CLOEXEC);
	char temp[NAME_MAX + 1];
	struct stat st;

	if (fd < 0)
		return dav_fail(failure, "open()", shown);
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = err = EINVAL;
	if (err || dav_temp_name(temp, sizeof(temp)) < 0 ||
	    dav_copy_new(fd, &st, dest.at, temp, to) < 0) {
		err = dav_fail(failure, "copy of", shown);
	} else if (renameat(dest.at, temp, dest.at, dest.name) < 0) {
		err = dav_fail(failure, "rename()", shown);
		(void)unlinkat(dest.at, temp, 0); /* or it stays */
	}
	(void)close(fd); /* was only read */
	return err;
}

/* Open the directory that `path` is in; *ret_name is its last name. */
static int dav_open_parent(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	size_t len = slash == path ? 1 : (size_t)(slash - path);

	if (len >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(parent, path, len);
	parent[len] = '\0';
	*ret_name = slash + 1;
	return open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int dav_file_copy(const char *from, const struct dav_target *to,
    struct dav_failure *failure)
{
	const char *name;
	int err, at = dav_open_parent(to->path, &name);

	if (at < 0)
		return dav_fail(failure, "open()", "");
	err = dav_copy_at((struct dav_place){ AT_FDCWD, from },
	    (struct dav_place){ at, name }, to, failure, "");
	(void)close(at); /* was only looked up in */
	return err;
}

/* Make the directories that lead to `path`. One that may not be made may be
 * there nevertheless: what counts is the last. */
static int dav_make_parents(const char *path, mode_t access,
    struct dav_failure *failure)
{
	char dir[PATH_MAX];
	size_t len = strlen(path);
	int err = 0;

	if (len >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return dav_fail(failure, "mkdir()", "");
	}
	memcpy(dir, path, len + 1);
	for (char *p = strchr(dir + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		err = mkdir(dir, 0700) < 0 ? errno : 0;
		if (!err && chmod(dir, access) < 0)
			return dav_fail(failure, "chmod()", "");
		if (err && err != EEXIST && err != EACCES)
			return dav_fail(failure, "mkdir()", "");
		*p = '/';
	}
	errno = err;
	return err == EACCES ? dav_fail(failure, "mkdir()", "") : 0;
}

/* Give a file that is only renamed what it is to have. */
static int dav_prepare(const char *from, const struct dav_target *to,
    struct dav_failure *failure)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = to->modified } };

	if (to->access && chmod(from, to->access) < 0)
		return dav_fail(failure, "chmod()", "");
	if (to->modified != -1 && utimensat(AT_FDCWD, from, times, 0) < 0)
		return dav_fail(failure, "utimensat()", "");
	return 0;
}

int dav_file_move(const char *from, const struct dav_target *to,
    struct dav_failure *failure)
{
	int err = dav_prepare(from, to, failure);

	if (err)
		return err;
	if (rename(from, to->path) == 0)
		return 0;
	if (errno == ENOENT && to->parents) {
		err = dav_make_parents(to->path, to->parents, failure);
		if (err)
			return err;
		if (rename(from, to->path) == 0)
			return 0;
	}
	if (errno != EXDEV)
		return dav_fail(failure, "rename()", "");
	err = dav_file_copy(from, to, failure);
	if (!err && unlink(from) < 0)
		err = dav_fail(failure, "unlink()", "");
	return err;
}

/* ---- a tree ---- */

/* To go through the directory `name` in `at`; NULL if it is none. */
static DIR *dav_open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		(void)close(fd); /* nothing was read of it */
	return dir;
}

static const char *dav_next(DIR *dir)
{
	const struct dirent *dirent;

	do
		dirent = readdir(dir);
	while (dirent && (strcmp(dirent->d_name, ".") == 0 ||
	    strcmp(dirent->d_name, "..") == 0));
	return dirent ? dirent->d_name : NULL;
}

static int dav_remove_at(int at, const char *path, unsigned depth,
    struct dav_failure *failure)
{
	const char *shown = depth ? path : "", *name;
	DIR *dir;

	if (depth == DAV_DEPTH_MAX) {
		errno = ELOOP;
		return dav_fail(failure, "opendir()", shown);
	}
	dir = dav_open_dir(at, path);
	if (!dir)
		return dav_fail(failure, "opendir()", shown);
	while ((name = dav_next(dir))) {
		if (unlinkat(dirfd(dir), name, 0) == 0)
			continue;
		if (errno == EISDIR)
			(void)dav_remove_at(dirfd(dir), name, depth + 1,
			    failure); /* rmdir() will fail */
		else
			(void)dav_fail(failure, "unlink()", name); /* too */
	}
	(void)closedir(dir); /* was only read */
	return unlinkat(at, path, AT_REMOVEDIR) < 0 ?
	    dav_fail(failure, "rmdir()", shown) : 0;
}

int dav_tree_remove(const char *path, struct dav_failure *failure)
{
	return dav_remove_at(AT_FDCWD, path, 0, failure);
}

static int dav_copy_tree_at(DIR *from, int to, unsigned depth,
    struct dav_failure *failure);

/* Copy a directory to a new one. */
static int dav_copy_dir(struct dav_place source, struct dav_place dest,
    unsigned depth, struct dav_failure *failure)
{
	const char *shown = depth ? source.name : "";
	DIR *from = dav_open_dir(source.at, source.name);
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct stat st;
	int err = 0, to = -1;

	if (!from || fstat(dirfd(from), &st) < 0) {
		err = dav_fail(failure, "opendir()", shown);
	} else if (mkdirat(dest.at, dest.name, 0700) < 0 ||
	    (to = openat(dest.at, dest.name, O_RDONLY | O_DIRECTORY |
		O_NOFOLLOW | O_CLOEXEC)) < 0) {
		err = dav_fail(failure, "mkdir()", shown);
	} else {
		err = dav_copy_tree_at(from, to, depth, failure);
		times[1] = st.st_mtim;
		if (fchmod(to, st.st_mode & 0777) < 0 ||
		    futimens(to, times) < 0)
			err = dav_fail(failure, "chmod()", shown);
	}
	if (to >= 0)
		(void)close(to); /* each write to it was checked */
	if (from)
		(void)closedir(from); /* was only read */
	return err;
}

static int dav_copy_tree_at(DIR *from, int to, unsigned depth,
    struct dav_failure *failure)
{
	const struct dav_target same = { .modified = -1 };
	const char *name;
	struct stat st;
	int err = 0;

	while ((name = dav_next(from))) {
		struct dav_place source = { dirfd(from), name };
		struct dav_place dest = { to, name };
		int one = 0;

		if (fstatat(dirfd(from), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			one = dav_fail(failure, "stat()", name);
		else if (S_ISREG(st.st_mode))
			one = dav_copy_at(source, dest, &same, failure, name);
		else if (S_ISDIR(st.st_mode) && depth + 1 < DAV_DEPTH_MAX)
			one = dav_copy_dir(source, dest, depth + 1, failure);
		else if (S_ISDIR(st.st_mode))
			one = (errno = ELOOP, dav_fail(failure, "opendir()",
			    name));
		if (one)
			err = one;
	}
	return err;
}

int dav_tree_copy(const char *from, const char *to,
    struct dav_failure *failure)
{
	return dav_copy_dir((struct dav_place){ AT_FDCWD, from },
	    (struct dav_place){ AT_FDCWD, to }, 0, failure);
}

/*
 * Reading a directory for a request: all of it at once, by a thread of the
 * pool, which has the request to itself meanwhile.
 */

#include "modules/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/conn.h"
#include "http/file_open.h"
#include "http/timing.h"
#include "http/variable.h"

struct directory_job {
	struct directory directory;
	struct slice path;
	struct file_policy policy;
	enum directory_want want;
	unsigned room;			/* for entries */
	const char *failed;		/* the call that did */
	int error;			/* of it */
};

/* ---- on the pool ---- */

static struct directory_entry *directory_entry_new(struct directory_job *job)
{
	struct directory *directory = &job->directory;
	unsigned room = job->room ? job->room * 2 : 64;
	struct directory_entry *entries;

	if (directory->count < job->room)
		return &directory->entries[directory->count];
	if (directory->count == DIRECTORY_ENTRIES_MAX)
		return NULL;
	entries = realloc(directory->entries, room * sizeof(*entries));
	if (!entries)
		return NULL;
	directory->entries = entries;
	job->room = room;
	return &entries[directory->count];
}

static void directory_add(struct directory_job *job, const char *name,
    const struct stat *st)
{
	struct directory_entry *entry = directory_entry_new(job);
	struct buf *names = &job->directory.names;

	if (!entry) {
		job->error = EOVERFLOW;
		return;
	}
	*entry = (struct directory_entry){ .name = names->len,
	    .name_len = (unsigned)strlen(name),
	    .is_directory = S_ISDIR(st->st_mode),
	    .is_file = S_ISREG(st->st_mode), .modified = st->st_mtime,
	    .size = (uint64_t)st->st_size };
	buf_append(names, name, entry->name_len + 1);
	job->directory.count++;
	if (names->failed)
		job->error = EOVERFLOW;
}

static void directory_look(struct directory_job *job, int fd,
    const struct dirent *dirent)
{
	struct stat st = { .st_mode = S_IFREG };
	bool known = job->want == DIRECTORY_FILES &&
	    dirent->d_type != DT_UNKNOWN && dirent->d_type != DT_LNK;

	if (dirent->d_name[0] == '.')
		return;
	if (known && dirent->d_type != DT_REG)
		return;
	/* A link may lead nowhere; and a file have gone meanwhile. */
	if (!known && fstatat(fd, dirent->d_name, &st, 0) < 0 &&
	    fstatat(fd, dirent->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (job->want == DIRECTORY_ALL || S_ISREG(st.st_mode))
		directory_add(job, dirent->d_name, &st);
}

static int directory_compare(const void *one, const void *other, void *names)
{
	const struct directory_entry *a = one, *b = other;

	if (a->is_directory != b->is_directory)
		return a->is_directory ? -1 : 1;
	return strcmp((const char *)names + a->name,
	    (const char *)names + b->name);
}

static void directory_list(struct directory_job *job, DIR *dir)
{
	const struct dirent *dirent;

	job->failed = "readdir()";
	while (!job->error && (errno = 0, dirent = readdir(dir)))
		directory_look(job, dirfd(dir), dirent);
	if (!job->error)
		job->error = errno;
	if (!job->error && job->want == DIRECTORY_ALL &&
	    job->directory.count > 1)
		qsort_r(job->directory.entries, job->directory.count,
		    sizeof(*job->directory.entries), directory_compare,
		    job->directory.names.data);
}

static void directory_run(void *arg)
{
	struct directory_job *job = arg;
	int fd = file_open(job->path, job->policy);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	job->failed = "opendir()";
	if (!dir) {
		job->error = fd < 0 ? -fd : errno;
		if (fd >= 0)
			(void)close(fd); /* nothing was read of it */
		return;
	}
	if (job->want != DIRECTORY_NOTHING)
		directory_list(job, dir);
	(void)closedir(dir); /* it was only read */
}

/* ---- for the request ---- */

static void directory_free(void *arg)
{
	struct directory *directory = arg;

	free(directory->entries);
	buf_free(&directory->names);
}

static int directory_fail(struct http_request *request,
    const struct directory_job *job)
{
	enum log_level level = LOG_LEVEL_CRIT;
	int status = 500;

	switch (job->error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		level = LOG_LEVEL_ERROR;
		status = 404;
		break;
	case EACCES:
	case ELOOP:
		level = LOG_LEVEL_ERROR;
		status = 403;
		break;
	case EOVERFLOW:
		http_log(request, LOG_LEVEL_ERROR, 0, "directory \"%.*s\" has "
		    "more than %d entries or %d bytes of names",
		    SLICE_ARG(job->path), DIRECTORY_ENTRIES_MAX,
		    DIRECTORY_NAMES_MAX);
		return status;
	}
	http_log(request, level, job->error, "%s \"%.*s\" failed",
	    job->failed, SLICE_ARG(job->path));
	return status;
}

int directory_read(struct http_request *request, enum directory_want want,
    struct directory **ret)
{
	struct directory_job *job = arena_calloc(&request->arena, 1,
	    sizeof(*job));
	struct slice path = http_request_filename(request);
	int err;

	if (!job || !path.data)
		return 500;
	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	job->path = arena_copy(&request->arena, path);
	job->policy = file_policy_get(request, job->path);
	job->want = want;
	job->directory.names = buf_make(DIRECTORY_NAMES_MAX);
	if (!job->path.data || http_request_cleanup(request, directory_free,
	    &job->directory))
		return 500;
	err = http_offload(request, directory_run, job);
	if (err)
		return err == -EAGAIN ? 503 : 500;
	if (job->error)
		return directory_fail(request, job);
	*ret = &job->directory;
	return 0;
}

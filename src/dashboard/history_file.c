/*
 * The file of the history: making it, checking it, and putting aside what
 * cannot be used.
 */

#include "dashboard/history_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define HISTORY_BAD ".bad-"	/* and the time, in what was put aside */

enum {
	HISTORY_VERSION = 2,	/* of the meaning of what is recorded */
	HISTORY_MODE = 0640,
	HISTORY_DIRECTORY_MODE = 0755,
	HISTORY_PATH_MAX = 4096,
	/* Records and marks that a process which is killed, and one that is
	 * writing just now, can leave unfinished: one a ring each. */
	HISTORY_TORN_MAX = 2 * (HISTORY_TIERS + 1),
};

/* ---- checks ---- */

static uint64_t history_layout_hash(void)
{
	static const char text[] =
#define HISTORY_TEXT(id, name, unit, kind) name " " unit " " #kind "\n"
	    HISTORY_SERIES(HISTORY_TEXT)
#undef HISTORY_TEXT
	    ;

	return hash_bytes((struct slice){ (const char *)history_tiers,
	    sizeof(history_tiers) }, hash_bytes(SLICE(text), 0));
}

static uint64_t history_header_sum(const struct history_header *header)
{
	return hash_bytes((struct slice){ (const char *)header,
	    offsetof(struct history_header, sum) }, HISTORY_MAGIC);
}

/* What is wrong with the file, in words; NULL if nothing. */
static const char *history_header_wrong(const struct history_header *header)
{
	if (header->magic != HISTORY_MAGIC)
		return "it is not a history";
	if (header->sum != history_header_sum(header))
		return "its header is damaged";
	if (header->version != HISTORY_VERSION ||
	    header->layout_hash != history_layout_hash())
		return "another version wrote it";
	if (header->file_size != sizeof(struct history_file))
		return "its size is wrong";
	return NULL;
}

/* Is the record or mark neither empty nor whole? */
static bool history_torn(const void *place, size_t size)
{
	static const char empty[sizeof(struct history_record)];
	uint64_t sum;

	memcpy(&sum, place, sizeof(sum));
	return sum != history_sum(place, size) &&
	    memcmp(place, empty, size) != 0;
}

_Static_assert(sizeof(struct history_mark) <= sizeof(struct history_record),
    "history_torn() compares both");

/* How many places are torn; empty them if asked to. */
static unsigned history_count_torn(struct history_file *file, bool mend)
{
	unsigned torn = 0;

	for (unsigned i = 0; i < HISTORY_RECORDS; i++) {
		struct history_record *record = &file->records[i];

		if (!history_torn(record, sizeof(*record)))
			continue;
		torn++;
		if (mend)
			memset(record, 0, sizeof(*record));
	}
	for (unsigned i = 0; i < HISTORY_MARKS; i++) {
		struct history_mark *mark = &file->marks[i];

		if (!history_torn(mark, sizeof(*mark)))
			continue;
		torn++;
		if (mend)
			memset(mark, 0, sizeof(*mark));
	}
	return torn;
}

/* ---- the file ---- */

static int history_map(struct history *history)
{
	void *memory;
	int err;

	/* Also of an old file, which may be a copy with holes: to write to
	 * one on a full disk would be a SIGBUS. */
	err = posix_fallocate(history->fd, 0, sizeof(struct history_file));
	if (err)
		return -err;
	memory = mmap(NULL, sizeof(struct history_file),
	    PROT_READ | PROT_WRITE, MAP_SHARED, history->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	history->file = memory;
	return 0;
}

static void history_drop(struct history *history)
{
	if (history->file)
		(void)munmap(history->file, sizeof(*history->file));
	if (history->fd >= 0)
		(void)close(history->fd); /* written through the mapping */
	history->file = NULL;
	history->fd = -1;
}

/* Open what is there; `ret_wrong` says why it cannot be used, if so. */
static int history_open_old(struct history *history, const char *path,
    const char **ret_wrong)
{
	struct history_header header = { .magic = 0 };
	struct stat status;
	int err;

	history->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (history->fd < 0 || fstat(history->fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
		return -EINVAL;
	if (pread(history->fd, &header, sizeof(header), 0) < 0)
		return -errno;
	*ret_wrong = history_header_wrong(&header);
	if (!*ret_wrong && status.st_size != sizeof(struct history_file))
		*ret_wrong = "it was cut short or has grown";
	if (*ret_wrong)
		return 0;
	err = history_map(history);
	if (!err && history_count_torn(history->file, false) >
	    HISTORY_TORN_MAX)
		*ret_wrong = "its records are damaged";
	return err;
}

/* The time in the name of a file that was put aside; 0: it is no such. */
static uint64_t history_bad_time(struct slice name, struct slice base)
{
	uint64_t time_s;

	if (!slice_starts(name, base))
		return 0;
	name = slice_from(name, base.len);
	if (!slice_starts(name, SLICE(HISTORY_BAD)) ||
	    !slice_to_u64(slice_from(name, sizeof(HISTORY_BAD) - 1), &time_s))
		return 0;
	return time_s;
}

/* Keep the newest of those that were put aside: `dir`, an open directory,
 * has them, and the history is called `base` there. */
static void history_bad_limit(DIR *dir, struct slice base,
    const struct log *log)
{
	uint64_t kept[HISTORY_BAD_MAX] = { 0 };
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		uint64_t time_s = history_bad_time(slice_cstr(entry->d_name),
		    base);
		char name[NAME_MAX + 1];
		unsigned oldest = 0;

		for (unsigned i = 1; i < HISTORY_BAD_MAX; i++)
			if (kept[i] < kept[oldest])
				oldest = i;
		if (time_s > kept[oldest]) {
			uint64_t newer = time_s;

			time_s = kept[oldest];
			kept[oldest] = newer;
		}
		if (time_s == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%.*s" HISTORY_BAD "%llu",
		    SLICE_ARG(base), (unsigned long long)time_s); /* fits */
		if (unlinkat(dirfd(dir), name, 0) == 0)
			log_write(log, LOG_LEVEL_NOTICE, 0, "the history "
			    "\"%s\" that was put aside is removed, %d newer "
			    "ones are kept", name, HISTORY_BAD_MAX);
	}
}

/* Without this, a disk could fill up with what nobody looks at; that it
 * fails is no reason not to begin a new history. */
static void history_bad_remove(const char *path, const struct log *log)
{
	char name[HISTORY_PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	DIR *dir;

	if (len >= sizeof(name))
		return;
	memcpy(name, path, len);
	name[len] = '\0';
	dir = opendir(len ? name : ".");
	if (!dir)
		return;
	history_bad_limit(dir, slice_cstr(path + len), log);
	(void)closedir(dir); /* only read */
}

static int history_put_aside(const char *path, const char *why,
    const struct log *log)
{
	char name[HISTORY_PATH_MAX];
	int len = snprintf(name, sizeof(name), "%s" HISTORY_BAD "%llu",
	    path,
	    (unsigned long long)(clock_real_ns() / NS_PER_SEC));

	if (len < 0 || (size_t)len >= sizeof(name))
		return -ENAMETOOLONG;
	if (rename(path, name) < 0)
		return -errno;
	log_write(log, LOG_LEVEL_WARN, 0, "the history \"%s\" cannot be used, "
	    "%s: it was put aside as \"%s\" and a new one is begun", path,
	    why, name);
	history_bad_remove(path, log);
	return 0;
}

static int history_fill(struct history *history, const char *name,
    const char *path)
{
	struct history_header *header;
	int err = history_map(history);

	if (err)
		return err;
	header = &history->file->header;
	*header = (struct history_header){
		.magic = HISTORY_MAGIC,
		.version = HISTORY_VERSION,
		.layout_hash = history_layout_hash(),
		.file_size = sizeof(struct history_file),
		.created_real_ns = clock_real_ns(),
	};
	header->sum = history_header_sum(header);
	return rename(name, path) < 0 ? -errno : 0;
}

/* Make the last directory of the path, if it is missing; what else is wrong
 * with it is seen when the file is made. */
static void history_make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[HISTORY_PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len == 0 || len >= sizeof(name))
		return;
	memcpy(name, path, len);
	name[len] = '\0';
	(void)mkdir(name, HISTORY_DIRECTORY_MODE);
}

static int history_create(struct history *history, const char *path)
{
	char name[HISTORY_PATH_MAX];
	int len = snprintf(name, sizeof(name), "%s.new", path), err;

	if (len < 0 || (size_t)len >= sizeof(name))
		return -ENAMETOOLONG;
	history_make_directory(path);
	if (unlink(name) < 0 && errno != ENOENT)
		return -errno;
	history->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, HISTORY_MODE);
	if (history->fd < 0)
		return -errno;
	err = history_fill(history, name, path);
	if (err)
		(void)unlink(name);
	return err;
}

static int history_attach(struct history *history, const char *path,
    const struct log *log)
{
	const char *wrong = NULL;
	int err = history_open_old(history, path, &wrong);

	if (!err && !wrong)
		return 0;
	history_drop(history);
	if (err && err != -ENOENT)
		return err;
	err = wrong ? history_put_aside(path, wrong, log) : 0;
	return err ? err : history_create(history, path);
}

int history_open(const char *path, const struct log *log,
    struct history **ret)
{
	struct history *history = calloc(1, sizeof(*history));
	int err;

	if (!history)
		return -ENOMEM;
	history->fd = -1;
	err = history_attach(history, path, log);
	if (err) {
		history_drop(history);
		free(history);
		return err;
	}
	(void)pthread_mutex_init(&history->mutex, NULL); /* cannot fail */
	*ret = history;
	return 0;
}

static int history_view_file(struct history *history, const char *path)
{
	struct history_header header = { .magic = 0 };
	struct stat status;
	void *memory;

	history->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (history->fd < 0 || fstat(history->fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (pread(history->fd, &header, sizeof(header), 0) < 0)
		return -errno;
	if (history_header_wrong(&header) ||
	    status.st_size != sizeof(struct history_file))
		return -EBADMSG;
	memory = mmap(NULL, sizeof(struct history_file), PROT_READ, MAP_SHARED,
	    history->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	history->file = memory;
	return 0;
}

int history_view(const char *path, struct history **ret)
{
	struct history *history = calloc(1, sizeof(*history));
	int err;

	if (!history)
		return -ENOMEM;
	err = history_view_file(history, path);
	if (err) {
		history_drop(history);
		free(history);
		return err;
	}
	(void)pthread_mutex_init(&history->mutex, NULL); /* cannot fail */
	*ret = history;
	return 0;
}

void history_close(struct history **history)
{
	if (!*history)
		return;
	history_drop(*history);
	(void)pthread_mutex_destroy(&(*history)->mutex); /* is not locked */
	free(*history);
	*history = NULL;
}

bool history_own(struct history *history)
{
	if (history->owned)
		return true;
	history->owned = flock(history->fd, LOCK_EX | LOCK_NB) == 0;
	if (!history->owned)
		return false;
	/* Empty what a writer that was killed left unfinished, lest such
	 * records add up to what counts as damage. */
	(void)pthread_mutex_lock(&history->mutex);
	(void)history_count_torn(history->file, true); /* they are gone */
	(void)pthread_mutex_unlock(&history->mutex);
	return true;
}

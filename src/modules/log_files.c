/*
 * The file used last comes first in the list, and the last one is closed when
 * there are too many. As in nginx a file is not kept until it was used
 * `min_uses` times, and one that was moved away is noticed after `valid`.
 *
 * Locks: files->lock is held from log_files_take() to log_files_give(), so
 * nobody closes what another one writes to. `epoch` is set by the loop.
 */

#include "modules/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

struct log_open {
	struct log_open *next;
	int fd;				/* -1: not used often enough */
	int64_t uses;
	uint64_t used_ns, checked_ns;
	unsigned epoch;			/* when it was checked */
	dev_t device;
	ino_t inode;
	char path[];
};

struct log_files {
	int64_t max, min_uses;
	uint64_t inactive_ns, valid_ns;
	atomic_uint epoch;
	pthread_mutex_t lock;
	struct log_open *first;
	int64_t count;
	int stray;			/* that is taken and in no list; -1 */
};

/* ---- the list ---- */

static void log_files_drop(struct log_files *files, struct log_open **at)
{
	struct log_open *open = *at;

	*at = open->next;
	files->count--;
	if (open->fd >= 0)
		(void)close(open->fd); /* nothing is buffered */
	free(open);
}

/* Close what was not used for long, and make room for `room` more. */
static void log_files_trim(struct log_files *files, int64_t room,
    uint64_t now)
{
	struct log_open **at = &files->first;
	int64_t kept = 0;

	while (*at) {
		if (now - (*at)->used_ns > files->inactive_ns ||
		    kept + 1 + room > files->max) {
			log_files_drop(files, at);
		} else {
			at = &(*at)->next;
			kept++;
		}
	}
}

/* The file at the path becomes the first one; NULL: it is not there. */
static struct log_open *log_files_find(struct log_files *files,
    const char *path)
{
	struct log_open **at = &files->first, *open;

	while (*at && strcmp((*at)->path, path))
		at = &(*at)->next;
	open = *at;
	if (open) {
		*at = open->next;
		open->next = files->first;
		files->first = open;
	}
	return open;
}

static struct log_open *log_files_add(struct log_files *files,
    const char *path)
{
	size_t size = strlen(path) + 1;
	struct log_open *open = calloc(1, sizeof(*open) + size);

	if (!open)
		return NULL;
	memcpy(open->path, path, size);
	open->fd = -1;
	open->next = files->first;
	files->first = open;
	files->count++;
	return open;
}

/* ---- files ---- */

int log_files_open(const char *path, const char *root)
{
	struct stat st;

	if (stat(root, &st) || !S_ISDIR(st.st_mode)) {
		errno = 0;
		return -1;
	}
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

/* Is the open file still the one at its path? */
static bool log_open_valid(const struct log_files *files,
    struct log_open *open, uint64_t now)
{
	unsigned epoch = atomic_load(&files->epoch);
	struct stat st;

	if (open->fd < 0)
		return false;
	if (open->epoch == epoch && now - open->checked_ns < files->valid_ns)
		return true;
	open->epoch = epoch;
	open->checked_ns = now;
	return stat(open->path, &st) == 0 && st.st_dev == open->device &&
	    st.st_ino == open->inode;
}

static void log_open_set(const struct log_files *files,
    struct log_open *open, int fd, uint64_t now)
{
	struct stat st = { .st_dev = 0 };

	(void)fstat(fd, &st); /* if it fails the next check does, too */
	if (open->fd >= 0)
		(void)close(open->fd); /* nothing is buffered */
	open->fd = fd;
	open->device = st.st_dev;
	open->inode = st.st_ino;
	open->checked_ns = now;
	open->epoch = atomic_load(&files->epoch);
}

int log_files_take(struct log_files *files, const char *path,
    const char *root)
{
	uint64_t now = clock_mono_ns();
	struct log_open *open;
	int fd;

	(void)pthread_mutex_lock(&files->lock); /* a plain mutex: cannot fail */
	files->stray = -1;
	log_files_trim(files, 0, now);
	open = log_files_find(files, path);
	if (!open || !log_open_valid(files, open, now)) {
		fd = log_files_open(path, root);
		if (fd < 0 && open)
			log_files_drop(files, &files->first);
		if (fd < 0)
			return -1;
		if (!open) {
			log_files_trim(files, 1, now);
			open = log_files_add(files, path);
		}
		if (!open)
			return files->stray = fd;
		log_open_set(files, open, fd, now);
	}
	open->uses++;
	open->used_ns = now;
	return open->fd;
}

void log_files_give(struct log_files *files)
{
	struct log_open *open = files->first;

	if (files->stray >= 0) {
		(void)close(files->stray); /* nothing is buffered */
	} else if (open && open->fd >= 0 && open->uses < files->min_uses) {
		(void)close(open->fd); /* likewise */
		open->fd = -1;
	}
	(void)pthread_mutex_unlock(&files->lock); /* we hold it */
}

void log_files_void(struct log_files *files)
{
	atomic_fetch_add(&files->epoch, 1);
}

void log_files_close(struct log_files *files)
{
	while (files->first)
		log_files_drop(files, &files->first);
}

/* ---- the directive ---- */

/* "NAME=" and what `parse` takes: false if it is another parameter or not
 * right. */
static bool log_files_parameter(struct slice argument, struct slice name,
    bool (*parse)(struct slice text, int64_t *ret), int64_t *ret)
{
	return slice_starts(argument, name) &&
	    parse(slice_from(argument, name.len), ret) &&
	    *ret <= INT64_MAX / (int64_t)NS_PER_MSEC;
}

int log_files_set(struct conf *conf, const struct conf_node *node,
    struct log_files **ret)
{
	int64_t max = 0, inactive_ms = 10000, valid_ms = 60000, min_uses = 1;
	bool off = false;

	for (unsigned i = 1; i < node->argc; i++) {
		struct slice arg = node->args[i];

		if (slice_equal(arg, SLICE("off")))
			off = true;
		else if (!log_files_parameter(arg, SLICE("max="),
		    conf_parse_number, &max) &&
		    !log_files_parameter(arg, SLICE("inactive="),
		    conf_parse_time, &inactive_ms) &&
		    !log_files_parameter(arg, SLICE("valid="),
		    conf_parse_time, &valid_ms) &&
		    !log_files_parameter(arg, SLICE("min_uses="),
		    conf_parse_number, &min_uses))
			return conf_fail(conf, node, 0, "invalid "
			    "\"open_log_file_cache\" parameter \"%.*s\"",
			    SLICE_ARG(arg));
	}
	*ret = NULL;
	if (off)
		return 0;
	if (max == 0)
		return conf_fail(conf, node, 0, "\"open_log_file_cache\" must "
		    "have \"max\" parameter");
	if (max > LOG_FILES_MAX)
		return conf_fail(conf, node, 0, "\"open_log_file_cache\" keeps "
		    "at most %d files", LOG_FILES_MAX);
	*ret = arena_calloc(&conf->arena, 1, sizeof(**ret));
	if (!*ret)
		return conf_fail(conf, node, ENOMEM, "open_log_file_cache");
	(*ret)->max = max;
	(*ret)->min_uses = min_uses;
	(*ret)->inactive_ns = (uint64_t)inactive_ms * NS_PER_MSEC;
	(*ret)->valid_ns = (uint64_t)valid_ms * NS_PER_MSEC;
	(*ret)->stray = -1;
	(void)pthread_mutex_init(&(*ret)->lock, NULL); /* cannot fail */
	return 0;
}

/* Where segments and snapshots are. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrics/owner.h"
#include "stat/source_part.h"

enum { PLACE_FILE_MAX = 16 << 20 };

#define PLACE_ENDING ".shm"

/* ---- instances ---- */

static void place_add(const char *folder, const char *file,
    struct stat_instance *instances, unsigned *count)
{
	struct stat_instance instance = { .name = "" };
	size_t len = strlen(file) - strlen(PLACE_ENDING);
	struct metrics_segment *segment;

	if (*count == STAT_INSTANCES_MAX || len >= sizeof(instance.name) ||
	    (size_t)snprintf(instance.path, sizeof(instance.path), "%s/%s",
		folder, file) >= sizeof(instance.path) ||
	    metrics_open_readonly(instance.path, &segment) < 0)
		return;
	memcpy(instance.name, file, len);
	instance.running = metrics_owner_alive(segment);
	instance.seen_real_ns = stat_segment_seen_ns(segment);
	metrics_segment_close(&segment);
	instances[(*count)++] = instance;
}

static void place_look(const char *folder, struct stat_instance *instances,
    unsigned *count)
{
	DIR *dir = opendir(folder);

	for (const struct dirent *entry; dir && (entry = readdir(dir)); ) {
		struct slice name = slice_cstr(entry->d_name);

		if (slice_ends(name, SLICE(PLACE_ENDING)) &&
		    name.len > strlen(PLACE_ENDING))
			place_add(folder, entry->d_name, instances, count);
	}
	if (dir)
		(void)closedir(dir);
}

static int place_compare(const void *a, const void *b)
{
	return strcmp(((const struct stat_instance *)a)->name,
	    ((const struct stat_instance *)b)->name);
}

unsigned stat_instances(const char *folder,
    struct stat_instance instances[STAT_INSTANCES_MAX])
{
	unsigned count = 0;

	place_look(folder, instances, &count);
	qsort(instances, count, sizeof(*instances), place_compare);
	return count;
}

/* ---- paths ---- */

char *stat_path_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct slice name = slice_cstr(slash ? slash + 1 : path);

	if (slice_ends(name, SLICE(PLACE_ENDING)))
		name.len -= strlen(PLACE_ENDING);
	return strndup(name.data, name.len);
}

bool stat_path_is_snapshot(const char *path)
{
	return strcmp(path, "-") == 0 ||
	    slice_ends(slice_cstr(path), SLICE(".pb"));
}

static int place_several(const struct stat_instance *instances,
    unsigned count, char why[STAT_WHY_MAX])
{
	size_t len = (size_t)snprintf(why, STAT_WHY_MAX,
	    "several instances run, choose one with -n:");

	for (unsigned i = 0; i < count && len < STAT_WHY_MAX; i++)
		if (instances[i].running)
			len += (size_t)snprintf(why + len, STAT_WHY_MAX - len,
			    " %s", instances[i].path);
	return -EAGAIN;
}

/* The one that runs, or the one that ran last. */
static int place_choose(const char *folder, char path[STAT_PATH_MAX],
    char why[STAT_WHY_MAX])
{
	struct stat_instance *instances = calloc(STAT_INSTANCES_MAX,
	    sizeof(*instances)), *best = NULL;
	unsigned count = instances ? stat_instances(folder, instances) : 0;
	unsigned running = 0;
	int err = 0;

	for (unsigned i = 0; i < count; i++) {
		running += instances[i].running;
		if (!best || instances[i].running > best->running ||
		    (instances[i].running == best->running &&
		    instances[i].seen_real_ns > best->seen_real_ns))
			best = &instances[i];
	}
	if (running > 1) {
		err = place_several(instances, count, why);
	} else if (best) {
		(void)snprintf(path, STAT_PATH_MAX, "%s", best->path);
	} else if (snprintf(path, STAT_PATH_MAX, "%s/ringmaster" PLACE_ENDING,
		folder) >= STAT_PATH_MAX || access(path, F_OK) < 0) {
		/* Else opening it tells why it is none. */
		(void)snprintf(why, STAT_WHY_MAX, "no ringmaster was found in "
		    "%.300s: name its metrics segment with -n", folder);
		err = -ENOENT;
	}
	free(instances);
	return err;
}

int stat_path_find(const char *name, char path[STAT_PATH_MAX],
    char why[STAT_WHY_MAX])
{
	struct stat status;
	int n;

	if (!name)
		return place_choose(RM_RUNDIR, path, why);
	if (name[0] != '.' && !strchr(name, '/') &&
	    !slice_ends(slice_cstr(name), SLICE(PLACE_ENDING)) &&
	    !stat_path_is_snapshot(name))
		n = snprintf(path, STAT_PATH_MAX, RM_RUNDIR "/%s"
		    PLACE_ENDING, name);
	else if (stat(name, &status) == 0 && S_ISDIR(status.st_mode))
		return place_choose(name, path, why);
	else
		n = snprintf(path, STAT_PATH_MAX, "%s", name);
	if (n < STAT_PATH_MAX)
		return 0;
	(void)snprintf(why, STAT_WHY_MAX, "the name after -n is too long");
	return -ENAMETOOLONG;
}

/* ---- snapshots ---- */

static int file_bytes(int fd, struct buf *ret)
{
	for (;;) {
		char *to = buf_reserve(ret, BUFSIZ);
		ssize_t n = to ? read(fd, to, BUFSIZ) : -1;

		if (!to)
			return -EFBIG;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		ret->len += (size_t)n;
	}
}

/* Is it one, of a server, and not just bytes that can be taken for one? */
static bool file_is_snapshot(const struct buf *bytes)
{
	Ringmaster__V1__Snapshot *snapshot;
	struct arena arena;
	bool is;

	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	snapshot = metrics_snapshot_unpack(buf_slice(bytes), &arena);
	is = snapshot && snapshot->taken_unix_ns && snapshot->identity;
	arena_fini(&arena);
	return is;
}

int stat_file_read(const char *path, struct buf *ret, char why[STAT_WHY_MAX])
{
	bool input = strcmp(path, "-") == 0;
	int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int err;

	*ret = buf_make(PLACE_FILE_MAX);
	err = fd < 0 ? -errno : file_bytes(fd, ret);
	if (fd >= 0 && !input)
		(void)close(fd); /* only read */
	path = input ? "the standard input" : path;
	if (err)
		(void)snprintf(why, STAT_WHY_MAX, "cannot read %.300s: %s",
		    path, strerror(-err));
	else if (!file_is_snapshot(ret))
		(void)snprintf(why, STAT_WHY_MAX, "%.300s is no snapshot of "
		    "ringmaster (ringstat --pb writes one)", path);
	else
		return 0;
	buf_free(ret);
	return err ? err : -EPROTO;
}

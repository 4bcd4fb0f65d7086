/*
 * How staleness is kept out: the directory of a file is watched before the
 * file is opened, and a load during which any event came is used once and not
 * kept. So an entry in the table was loaded after its directory was watched,
 * with nothing happening meanwhile.
 *
 * Eviction is by a clock: a hit sets `used`, the hand clears it and evicts
 * what it finds not used since its last round.
 *
 * All of it belongs to the loop's thread; a load on the pool works on a file
 * that only it and the coroutine that waits for it know.
 */

#include "http/file_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/hash.h"
#include "http/conn.h"
#include "http/file_open.h"
#include "http/file_variant.h"
#include "http/timing.h"
#include "http/uri.h"
#include "metrics/segment.h"

enum {
	FILE_TABLE_SIZE = 2 * FILE_CACHE_ENTRIES_MAX,
	FILE_DIRS_SIZE = 1024,
	FILE_READAHEAD = 1024 * 1024,
};
#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM | \
    IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)

struct file_dir {
	int watch;
	unsigned files;			/* that are in the table */
	struct file_dir *next;
};

struct file_cache {
	struct http_worker *worker;
	struct file **table;
	struct file *files, *hand;
	struct file_dir *dirs[FILE_DIRS_SIZE];	/* by watch */
	uint64_t seed;
	uint64_t events;		/* changes whenever one came */
	uint64_t read_ns;		/* turn in which they were read */
	uint32_t epoch;			/* metrics_cache_epoch() of all in it */
	unsigned count, fds, fds_max;
	size_t bytes;
	int inotify;			/* -1: none; then nothing is trusted */
};

/* ---- a file ---- */

static void file_free(struct file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd); /* was only read */
	file_variants_free(file);
	free(file->body);
	free(file->prepared);
	free(file);
}

static size_t file_bytes(const struct file *file)
{
	return sizeof(*file) + file->path.len + (file->body ? file->size : 0) +
	    file->grown;
}

static void file_release(void *arg)
{
	struct file *file = arg;

	if (--file->refs == 0)
		file_free(file);
}

static struct file *file_new(struct slice path, uint64_t hash)
{
	struct file *file = calloc(1, sizeof(*file) + path.len + 1);

	if (!file)
		return NULL;
	memcpy(file + 1, path.data, path.len);
	file->path = (struct slice){ (char *)(file + 1), path.len };
	file->hash = hash;
	file->fd = -1;
	file->refs = 1;
	return file;
}

/* ---- loading, on the pool ---- */

struct file_load {
	struct file *file;
	int inotify;
	int watch;			/* of its directory, or -1 */
	struct file_policy policy;
	bool no_memory;
};

static int file_watch(const struct file_load *load)
{
	struct slice path = load->file->path;
	const char *slash;
	char dir[PATH_MAX];

	/* A directory is what its parent lists. */
	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	slash = memrchr(path.data, '/', path.len);
	if (load->inotify < 0 || !slash ||
	    (size_t)(slash - path.data) >= sizeof(dir) - 1)
		return -1;
	memcpy(dir, path.data, (size_t)(slash - path.data));
	dir[slash - path.data] = '\0';
	return inotify_add_watch(load->inotify, slash == path.data ? "/" : dir,
	    FILE_EVENTS | IN_ONLYDIR);
}

static bool file_read(struct file *file)
{
	size_t done = 0;
	ssize_t n;

	file->body = malloc(file->size + 1);
	if (!file->body)
		return false;
	while (done < file->size) {
		n = pread(file->fd, file->body + done, file->size - done,
		    (off_t)done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == file->size) {
		(void)close(file->fd); /* was only read */
		file->fd = -1;
		return true;
	}
	/* It shrank meanwhile, or cannot be read: let sendfile() tell. */
	free(file->body);
	file->body = NULL;
	return true;
}

static void file_load_run(void *arg)
{
	struct file_load *load = arg;
	struct file *file = load->file;

	load->watch = file_watch(load);
	file->fd = file_open(file->path, load->policy);
	if (file->fd < 0 || fstat(file->fd, &file->seen)) {
		file->error = file->fd < 0 ? -file->fd : errno;
		return;
	}
	file->mode = file->seen.st_mode;
	file->size = (uint64_t)file->seen.st_size;
	file->modified = file->seen.st_mtime;
	if (!S_ISREG(file->mode)) {
		(void)close(file->fd); /* was only looked at */
		file->fd = -1;
		return;
	}
	file->etag_len = (unsigned)snprintf(file->etag, sizeof(file->etag),
	    "\"%llx-%llx\"", (unsigned long long)file->modified,
	    (unsigned long long)file->size);
	if (file->size <= FILE_CACHE_BODY_MAX)
		load->no_memory = !file_read(file);
	else
		(void)readahead(file->fd, 0, FILE_READAHEAD); /* a hint */
}

/* ---- the table ---- */

static struct file **file_slot(struct file_cache *cache, uint64_t hash)
{
	return &cache->table[hash & (FILE_TABLE_SIZE - 1)];
}

static struct file_dir **file_dir_slot(struct file_cache *cache, int watch)
{
	struct file_dir **slot = &cache->dirs[(unsigned)watch %
	    FILE_DIRS_SIZE];

	while (*slot && (*slot)->watch != watch)
		slot = &(*slot)->next;
	return slot;
}

/* The directory that is watched, for one file more; NULL without memory. */
static struct file_dir *file_dir_hold(struct file_cache *cache, int watch)
{
	struct file_dir **slot = file_dir_slot(cache, watch);

	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	if (!*slot)
		return NULL;
	(*slot)->watch = watch;
	(*slot)->files++;
	return *slot;
}

static void file_dir_release(struct file_cache *cache, struct file_dir *dir)
{
	struct file_dir **slot;

	if (--dir->files)
		return;
	slot = file_dir_slot(cache, dir->watch);
	*slot = dir->next;
	(void)inotify_rm_watch(cache->inotify, dir->watch); /* gone: fine */
	free(dir);
}

static void file_remove(struct file_cache *cache, struct file *file)
{
	struct file **slot = file_slot(cache, file->hash);

	while (*slot != file)
		slot = &(*slot)->next_hash;
	*slot = file->next_hash;
	if (cache->hand == file)
		cache->hand = file->next;
	*file->link = file->next;
	if (file->next)
		file->next->link = file->link;
	file->listed = false;
	cache->count--;
	cache->bytes -= file_bytes(file);
	cache->fds -= file->fd >= 0;
	metrics_gauge_add(cache->worker->metrics, METRICS_CACHE_ENTRIES, -1);
	metrics_gauge_add(cache->worker->metrics, METRICS_CACHE_BYTES,
	    -(int64_t)file_bytes(file));
	if (file->dir)
		file_dir_release(cache, file->dir);
	file->dir = NULL;
	file_release(file);
}

static bool file_cache_full(const struct file_cache *cache,
    const struct file *file)
{
	return cache->count >= FILE_CACHE_ENTRIES_MAX ||
	    cache->bytes + file_bytes(file) > FILE_CACHE_BYTES_MAX ||
	    (file->fd >= 0 && cache->fds >= cache->fds_max);
}

static void file_evict(struct file_cache *cache)
{
	for (;;) {
		struct file *file = cache->hand ? cache->hand : cache->files;

		cache->hand = file->next;
		if (!file->used) {
			file_remove(cache, file);
			metrics_count(cache->worker->metrics,
			    METRICS_CACHE_EVICTIONS, 1);
			return;
		}
		file->used = false;
	}
}

static struct file *file_find(struct file_cache *cache, struct slice path,
    uint64_t hash)
{
	struct file *file = *file_slot(cache, hash);

	while (file && (file->hash != hash || !slice_equal(file->path, path)))
		file = file->next_hash;
	return file;
}

/* Keep what was loaded, if nothing speaks against it. */
static void file_insert(struct file_cache *cache, struct file *file,
    int watch)
{
	struct file *old = file_find(cache, file->path, file->hash);
	struct file **slot = file_slot(cache, file->hash);
	/* Held first: what is removed may be the last file in it. */
	struct file_dir *dir = file_dir_hold(cache, watch);

	if (old)
		file_remove(cache, old);
	while (cache->count && file_cache_full(cache, file))
		file_evict(cache);
	if (dir && file_cache_full(cache, file)) {
		file_dir_release(cache, dir);
		dir = NULL;
	}
	if (!dir)
		return;
	file->dir = dir;
	file->next_hash = *slot;
	*slot = file;
	file->next = cache->files;
	file->link = &cache->files;
	if (file->next)
		file->next->link = &file->next;
	cache->files = file;
	file->listed = true;
	file->refs++;
	cache->count++;
	cache->bytes += file_bytes(file);
	cache->fds += file->fd >= 0;
	metrics_gauge_add(cache->worker->metrics, METRICS_CACHE_ENTRIES, 1);
	metrics_gauge_add(cache->worker->metrics, METRICS_CACHE_BYTES,
	    (int64_t)file_bytes(file));
}

void file_cache_grown(struct file_cache *cache, struct file *file,
    size_t size)
{
	while (file->listed && cache->bytes + size > FILE_CACHE_BYTES_MAX)
		file_evict(cache);
	file->grown += size;
	if (!file->listed)
		return;
	cache->bytes += size;
	metrics_gauge_add(cache->worker->metrics, METRICS_CACHE_BYTES,
	    (int64_t)size);
}

/* Is the file still what it was, where inotify would not have told? */
static bool file_check(struct file_cache *cache, struct file *file)
{
	uint64_t now = ring_now(cache->worker->ring);
	struct stat seen;
	int error;

	if (now - file->checked_ns < FILE_CACHE_CHECK_MS * NS_PER_MSEC)
		return true;
	file->checked_ns = now;
	error = stat(file->path.data, &seen) ? errno : 0;
	return error == file->error && (error ||
	    (seen.st_ino == file->seen.st_ino &&
	    seen.st_dev == file->seen.st_dev &&
	    seen.st_size == file->seen.st_size &&
	    seen.st_mtim.tv_sec == file->seen.st_mtim.tv_sec &&
	    seen.st_mtim.tv_nsec == file->seen.st_mtim.tv_nsec));
}

/* ---- events ---- */

static bool file_is_in(const struct file *file, const struct file_dir *dir,
    const char *name)
{
	struct slice base = file->path;
	const char *slash;

	if (file->dir != dir)
		return false;
	if (!name)
		return true;
	while (base.len > 1 && base.data[base.len - 1] == '/')
		base.len--;
	slash = memrchr(base.data, '/', base.len);
	return slice_equal(slice_from(base, (size_t)(slash + 1 - base.data)),
	    slice_cstr(name));
}

static void file_invalidate(struct file_cache *cache,
    const struct inotify_event *event)
{
	bool all = event->mask & (IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT);
	const char *name = event->len ? event->name : NULL;
	struct file_dir *dir = all && event->mask & IN_Q_OVERFLOW ? NULL :
	    *file_dir_slot(cache, event->wd);
	struct file *file = cache->files, *next;

	cache->events++;
	if (!dir && !(event->mask & IN_Q_OVERFLOW))
		return;
	for (; file; file = next) {
		next = file->next;
		if (dir && !file_is_in(file, dir, all ? NULL : name))
			continue;
		metrics_count(cache->worker->metrics,
		    METRICS_CACHE_INVALIDATIONS, 1);
		file_remove(cache, file);
	}
}

/* Handle the events that are there. */
static void file_events_read(struct file_cache *cache)
{
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t n = read(cache->inotify, buffer, sizeof(buffer));

	for (ssize_t at = 0; at < n; ) {
		const struct inotify_event *event = (void *)(buffer + at);

		file_invalidate(cache, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
}

/* Wait for events as long as the worker lives; a coroutine. */
static void file_events_run(void *arg)
{
	struct file_cache *cache = arg;

	while (ring_poll(cache->worker->ring, cache->inotify, POLLIN,
	    RING_NO_DEADLINE) > 0)
		file_events_read(cache);
}

/* ---- the interface ---- */

int file_cache_new(struct http_worker *worker, struct file_cache **ret)
{
	struct file_cache *cache = calloc(1, sizeof(*cache));
	struct rlimit limit;

	if (!cache)
		return -ENOMEM;
	cache->worker = worker;
	cache->epoch = metrics_cache_epoch(worker->segment);
	cache->seed = clock_real_ns();
	cache->fds_max = FILE_CACHE_FDS_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur / 10 < cache->fds_max)
		cache->fds_max = (unsigned)limit.rlim_cur / 10;
	cache->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (cache->inotify < 0)
		log_write(worker->log, LOG_LEVEL_WARN, errno,
		    "inotify_init1() failed, files will not be cached");
	cache->table = calloc(FILE_TABLE_SIZE, sizeof(*cache->table));
	if (!cache->table || (cache->inotify >= 0 &&
	    ring_spawn(worker->ring, NULL, file_events_run, cache))) {
		file_cache_free(&cache);
		return -ENOMEM;
	}
	*ret = cache;
	return 0;
}

static void file_cache_empty(struct file_cache *cache)
{
	cache->events++;	/* what is being loaded is not kept */
	while (cache->files)
		file_remove(cache, cache->files);
}

void file_cache_tick(struct file_cache *cache)
{
	uint32_t epoch = metrics_cache_epoch(cache->worker->segment);

	if (cache->epoch != epoch)
		file_cache_empty(cache);
	cache->epoch = epoch;
}

void file_cache_void(const struct http_worker *worker)
{
	metrics_cache_void(worker->segment);
}

void file_cache_free(struct file_cache **cache)
{
	file_cache_empty(*cache);
	if ((*cache)->inotify >= 0)
		(void)close((*cache)->inotify); /* the watches go with it */
	free((*cache)->table);
	free(*cache);
	*cache = NULL;
}

static int file_cache_load(struct http_request *request, struct file *file,
    struct file_policy policy, bool keep)
{
	struct file_cache *cache = request->worker->files;
	struct file_load load = { .file = file, .policy = policy,
	    .inotify = keep ? cache->inotify : -1 };
	uint64_t events = cache->events;
	int err = http_offload(request, file_load_run, &load);

	if (err || load.no_memory)
		return err ? err : -ENOMEM;
	file->checked_ns = ring_now(cache->worker->ring);
	/* Out of descriptors or memory is not how the file is. */
	if (load.watch >= 0 && events == cache->events &&
	    file->error != EMFILE && file->error != ENFILE &&
	    file->error != ENOMEM)
		file_insert(cache, file, load.watch);
	return 0;
}

/*
 * Does the path lead out of where the configuration points? What a request
 * gives has no ".." in it, but an alias or a variable can cut it so that it
 * has: "location /img { alias /data/img/; }" and "/img../x".
 */
static bool file_path_escapes(const struct http_request *request,
    struct slice path)
{
	const struct http_core_record *core = request->location->core;

	return (core->alias || !core->root.constant) &&
	    uri_dots(path) != core->root_dots;
}

/*
 * The cache, knowing of all changes before this turn: a request that was sent
 * after a change may come out of the ring before the event that tells of it.
 */
static struct file_cache *file_cache_fresh(struct http_worker *worker)
{
	struct file_cache *cache = worker->files;
	uint64_t now = ring_now(worker->ring);

	if (cache->read_ns != now && cache->inotify >= 0)
		file_events_read(cache);
	cache->read_ns = now;
	file_cache_tick(cache);
	return cache;
}

static void file_cache_count(struct http_request *request,
    enum metrics_cache_result result)
{
	static const enum metrics_counter counters[] = {
		[METRICS_CACHE_HIT] = METRICS_CACHE_HITS,
		[METRICS_CACHE_MISS] = METRICS_CACHE_MISSES,
		[METRICS_CACHE_BYPASSED] = METRICS_CACHE_BYPASS,
	};

	request->cache_result = (uint8_t)result;
	metrics_count(request->worker->metrics, counters[result], 1);
}

/* ours: the configuration names it, not the client. */
static int file_cache_get(struct http_request *request, struct slice path,
    struct file_policy policy, bool ours, struct file **ret)
{
	struct http_worker *worker = request->worker;
	struct file_cache *cache = file_cache_fresh(worker);
	/* Paths that were walked otherwise are other entries. */
	uint64_t hash = hash_bytes(path, cache->seed ^ policy.links ^
	    policy.trusted << 2);
	bool enabled = metrics_cache_enabled(worker->segment);
	bool escapes = !ours && file_path_escapes(request, path);
	struct file *file = enabled && !escapes ?
	    file_find(cache, path, hash) : NULL;
	int err = 0;

	if (file && !file_check(cache, file)) {
		file_remove(cache, file);
		file = NULL;
	}
	if (file) {
		file->used = true;
		file->refs++;
	}
	if (!ours)
		file_cache_count(request, file ? METRICS_CACHE_HIT : enabled ?
		    METRICS_CACHE_MISS : METRICS_CACHE_BYPASSED);
	if (!file) {
		file = file_new(path, hash);
		if (!file)
			err = -ENOMEM;
		else if (escapes)
			file->error = EACCES;
		else
			err = file_cache_load(request, file, policy, enabled);
		if (err) {
			if (file)
				file_release(file);
			return err;
		}
	}
	if (http_request_cleanup(request, file_release, file)) {
		file_release(file);
		return -ENOMEM;
	}
	*ret = file;
	return 0;
}

int file_cache_open(struct http_request *request, struct slice path,
    struct file **ret)
{
	return file_cache_get(request, path, file_policy_get(request, path),
	    false, ret);
}

int file_cache_open_ours(struct http_request *request, struct slice path,
    struct file **ret)
{
	const struct file_policy any = { .links = FILE_LINKS_ALL };

	return file_cache_get(request, path, any, true, ret);
}

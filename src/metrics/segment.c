#include "metrics/segment.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "metrics/lock.h"
#include "metrics/owner.h"
#include "metrics/sessions.h"

enum { METRICS_FILE_MODE = 0640 };

#ifdef __clang__
#define METRICS_COMPILER "clang " __clang_version__
#else
#define METRICS_COMPILER "gcc " __VERSION__
#endif

/*
 * Tells layouts apart that somebody forgot to number: of another processor,
 * compiler or set of counters.
 */
static uint64_t metrics_layout_hash(void)
{
	const uint64_t layout[] = {
		METRICS_LAYOUT,
		sizeof(pthread_mutex_t),
		sizeof(struct metrics_header),
		sizeof(struct metrics_logs),
		sizeof(struct metrics_sessions),
		sizeof(struct metrics_totals),
		sizeof(struct metrics_gauges),
		sizeof(struct metrics_slot),
		sizeof(struct metrics_file),
		offsetof(struct metrics_header, lock),
		offsetof(struct metrics_header, scopes),
		offsetof(struct metrics_header, peers),
		offsetof(struct metrics_header, tops),
		offsetof(struct metrics_header, cache_enabled),
		offsetof(struct metrics_header, log_level),
		offsetof(struct metrics_header, zone_use),
		offsetof(struct metrics_sessions, table),
		offsetof(struct metrics_totals, requests),
		offsetof(struct metrics_totals, ring),
		offsetof(struct metrics_totals, durations),
		offsetof(struct metrics_slot, core),
		offsetof(struct metrics_slot, undo),
		offsetof(struct metrics_slot, recent),
		offsetof(struct metrics_slot, errors),
		offsetof(struct metrics_slot, slow),
		offsetof(struct metrics_slot, inflight),
		offsetof(struct metrics_slot, followed),
		offsetof(struct metrics_slot, scopes),
		offsetof(struct metrics_slot, peers),
		offsetof(struct metrics_slot, tops),
		METRICS_COUNTER_COUNT,
		METRICS_GAUGE_COUNT,
		METRICS_STAGE_COUNT,
		RING_OP_COUNT,
		RING_ERROR_COUNT,
	};

	return hash_bytes((struct slice){ (const char *)layout,
	    sizeof(layout) }, 0);
}

/* Copy text into a field of `size` bytes, cut if need be. */
static void metrics_text(char *to, size_t size, struct slice text)
{
	struct slice cut = slice_first(text, size - 1);

	if (cut.len > 0)
		memcpy(to, cut.data, cut.len);
	memset(to + cut.len, 0, size - cut.len);
}

static struct slice metrics_slice(const char *text)
{
	return text ? slice_cstr(text) : SLICE("");
}

static int metrics_header_lock(struct metrics_segment *segment)
{
	struct metrics_header *header = &segment->file->header;

	return metrics_lock(&header->lock, metrics_header_repair, header,
	    &header->recoveries);
}

void metrics_header_repair(void *arg)
{
	struct metrics_header *header = arg;

	/* A text may be cut off; it is for people only. A mark or scope that
	 * was not yet counted is not there. */
	if (header->sequence % 2 != 0)
		metrics_change_end(&header->sequence);
	if (header->top_sequence % 2 != 0)
		metrics_change_end(&header->top_sequence);
}

/* ---- making, mapping ---- */

static int metrics_segment_map(struct metrics_segment *segment, int protection)
{
	void *map = mmap(NULL, sizeof(struct metrics_file), protection,
	    MAP_SHARED, segment->fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	segment->file = map;
	return 0;
}

/* path: NULL for one that is known by its descriptor only */
static int metrics_segment_new(const char *path, struct metrics_segment **ret)
{
	struct metrics_segment *segment = calloc(1, sizeof(*segment));

	if (!segment)
		return -ENOMEM;
	segment->fd = -1;
	segment->path = path ? strdup(path) : NULL;
	if (path && !segment->path) {
		free(segment);
		return -ENOMEM;
	}
	*ret = segment;
	return 0;
}

void metrics_segment_close(struct metrics_segment **take)
{
	struct metrics_segment *segment = *take;

	*take = NULL;
	if (!segment)
		return;
	if (segment->file)
		(void)munmap(segment->file, sizeof(struct metrics_file));
	if (segment->fd >= 0)
		(void)close(segment->fd);
	free(segment->path);
	free(segment);
}

static void metrics_identity_set(struct metrics_header *header,
    const struct metrics_options *options)
{
	struct metrics_identity identity;

	metrics_text(identity.version, sizeof(identity.version),
	    metrics_slice(options->version));
	metrics_text(identity.compiler, sizeof(identity.compiler),
	    SLICE(METRICS_COMPILER));
	metrics_text(identity.uring_features, sizeof(identity.uring_features),
	    metrics_slice(options->uring_features));
	metrics_text(identity.config_file, sizeof(identity.config_file),
	    metrics_slice(options->config_file));
	metrics_change_begin(&header->sequence);
	metrics_store_words(&header->identity, &identity, sizeof(identity));
	metrics_change_end(&header->sequence);
	metrics_store32(&header->master_pid, (uint32_t)getpid());
}

static void metrics_scopes_init(struct metrics_header *header)
{
	struct metrics_scope *scopes = header->scopes;

	scopes[METRICS_SCOPE_OTHER_SERVER].kind = METRICS_SCOPE_SERVER;
	scopes[METRICS_SCOPE_OTHER_LOCATION].kind = METRICS_SCOPE_LOCATION;
	scopes[METRICS_SCOPE_OTHER_LOCATION].parent =
	    METRICS_SCOPE_OTHER_SERVER;
	for (unsigned i = METRICS_SCOPE_OTHER_SERVER;
	    i < METRICS_SCOPES_RESERVED; i++)
		metrics_text(scopes[i].name, METRICS_SCOPE_NAME_MAX,
		    SLICE("other"));
	header->scope_count = METRICS_SCOPES_RESERVED;
	header->peer_count = header->zone_count = METRICS_NAMES_RESERVED;
	header->peers[METRICS_NAME_OTHER] = header->zones[METRICS_NAME_OTHER] =
	    (struct metrics_name){ .group = "other", .name = "other" };
}

/* Fill in a file of zeros. */
static int metrics_header_init(struct metrics_header *header,
    const struct metrics_options *options)
{
	int error = metrics_lock_init(&header->lock);

	if (error < 0)
		return error;
	if (getrandom(header->instance, sizeof(header->instance), 0) < 0 ||
	    getrandom(&header->session_seed, sizeof(header->session_seed),
	    0) < 0)
		return -errno;
	assert(options->method_count <= METRICS_METHODS);
	for (unsigned i = 0; i < options->method_count; i++)
		metrics_text(header->methods[i], METRICS_METHOD_NAME_MAX,
		    slice_cstr(options->methods[i]));
	header->layout = METRICS_LAYOUT;
	header->header_size = sizeof(*header);
	header->layout_hash = metrics_layout_hash();
	header->file_size = sizeof(struct metrics_file);
	header->started_real_ns = header->counted_real_ns = clock_real_ns();
	header->started_mono_ns = clock_mono_ns();
	header->reload.ok = 1;
	header->generation = 1;
	header->cache_enabled = 1;
	metrics_scopes_init(header);
	metrics_identity_set(header, options);
	header->magic = METRICS_MAGIC;
	return 0;
}

static int metrics_segment_fill(struct metrics_segment *segment,
    const struct metrics_options *options)
{
	/* The slots are allocated as they are assigned. */
	int error = -posix_fallocate(segment->fd, 0,
	    offsetof(struct metrics_file, slots));

	if (error < 0)
		return error;
	error = metrics_segment_map(segment, PROT_READ | PROT_WRITE);
	if (error < 0)
		return error;
	error = metrics_sessions_init(&segment->file->sessions,
	    options->session_idle_s);
	if (error < 0)
		return error;
	return metrics_header_init(&segment->file->header, options);
}

int metrics_segment_create(const char *path,
    const struct metrics_options *options, struct metrics_segment **ret)
{
	struct metrics_segment *segment = NULL;
	char *name = NULL;
	int error;

	if (asprintf(&name, "%s.new", path) < 0)
		return -ENOMEM;
	error = metrics_segment_new(path, &segment);
	if (error < 0)
		goto free_name;
	(void)unlink(name);	/* left by a master that was killed here */
	segment->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    METRICS_FILE_MODE);
	if (segment->fd < 0) {
		error = -errno;
		goto close_segment;
	}
	metrics_owner_hold(segment->fd);
	error = metrics_segment_fill(segment, options);
	if (error == 0 && (fchmod(segment->fd, METRICS_FILE_MODE) < 0 ||
	    rename(name, path) < 0))
		error = -errno;
	if (error < 0)
		(void)unlink(name);
close_segment:
	if (error < 0)
		metrics_segment_close(&segment);
	else
		*ret = segment;
free_name:
	free(name);
	return error;
}

/* 0 if the file begins as a segment of this layout and is not cut short. */
static int metrics_segment_check(int fd)
{
	struct metrics_header start;
	struct stat status;
	uint64_t needed;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (pread(fd, &start, sizeof(start), 0) != (ssize_t)sizeof(start) ||
	    start.magic != METRICS_MAGIC || start.layout != METRICS_LAYOUT ||
	    start.header_size != sizeof(start) ||
	    start.layout_hash != metrics_layout_hash() ||
	    start.slot_count > METRICS_SLOTS ||
	    start.scope_count > METRICS_SCOPES_MAX ||
	    start.peer_count > METRICS_PEERS_MAX ||
	    start.zone_count > METRICS_ZONES_MAX)
		return -EPROTO;
	needed = offsetof(struct metrics_file, slots);
	if (start.slot_count > 0)
		needed += (start.slot_count - 1) * sizeof(struct metrics_slot) +
		    offsetof(struct metrics_slot, scopes);
	return (uint64_t)status.st_size < needed ? -EPROTO : 0;
}

static int metrics_segment_open(const char *path, int flags,
    struct metrics_segment **ret)
{
	struct metrics_segment *segment = NULL;
	int error = metrics_segment_new(path, &segment);

	if (error < 0)
		return error;
	segment->fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	error = segment->fd < 0 ? -errno : metrics_segment_check(segment->fd);
	if (error == 0)
		error = metrics_segment_map(segment, flags == O_RDONLY
		    ? PROT_READ : PROT_READ | PROT_WRITE);
	if (error < 0)
		metrics_segment_close(&segment);
	else
		*ret = segment;
	return error;
}

int metrics_segment_share(int fd, struct metrics_segment **ret)
{
	struct metrics_segment *segment = NULL;
	int error = metrics_segment_check(fd);

	if (error == 0)
		error = metrics_segment_new(NULL, &segment);
	if (error < 0)
		return error;
	segment->fd = fd;
	error = metrics_segment_map(segment, PROT_READ | PROT_WRITE);
	if (error < 0) {
		segment->fd = -1;
		metrics_segment_close(&segment);
		return error;
	}
	*ret = segment;
	return 0;
}

int metrics_segment_attach(const char *path,
    const struct metrics_options *options, struct metrics_segment **ret)
{
	int error = metrics_segment_open(path, O_RDWR, ret);
	int locked;

	if (error < 0)
		return error;
	metrics_owner_hold((*ret)->fd);
	locked = metrics_header_lock(*ret);
	if (locked < 0) {
		metrics_segment_close(ret);
		return locked;
	}
	metrics_identity_set(&(*ret)->file->header, options);
	metrics_unlock(&(*ret)->file->header.lock);
	return 0;
}

int metrics_open_readonly(const char *path, struct metrics_segment **ret)
{
	return metrics_segment_open(path, O_RDONLY, ret);
}

const char *metrics_segment_wrong(const char *path,
    char words[METRICS_WRONG_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct metrics_header start = { .magic = 0 };
	ssize_t n;

	n = fd < 0 ? -1 : pread(fd, &start, sizeof(start), 0);
	if (n < (ssize_t)offsetof(struct metrics_header, layout_hash) ||
	    start.magic != METRICS_MAGIC)
		(void)snprintf(words, METRICS_WRONG_MAX,
		    "is no metrics segment");
	else if (start.layout != METRICS_LAYOUT)
		(void)snprintf(words, METRICS_WRONG_MAX, "has layout %u, and "
		    "this program knows layout %u: take the one that came "
		    "with that ringmaster", start.layout, METRICS_LAYOUT);
	else if (n < (ssize_t)sizeof(start) ||
	    start.layout_hash == metrics_layout_hash())
		(void)snprintf(words, METRICS_WRONG_MAX,
		    "is a metrics segment that is cut short or damaged");
	else
		(void)snprintf(words, METRICS_WRONG_MAX, "is of another build "
		    "of ringmaster: take the program that came with it");
	if (fd >= 0)
		(void)close(fd); /* only read */
	return words;
}

bool metrics_segment_is_current(const struct metrics_segment *segment)
{
	struct stat named, ours;

	return segment->fd >= 0 && stat(segment->path, &named) == 0 &&
	    fstat(segment->fd, &ours) == 0 &&
	    named.st_dev == ours.st_dev && named.st_ino == ours.st_ino;
}

/* ---- what the master records ---- */

static void metrics_drop(struct metrics_header *header,
    enum metrics_table table)
{
	metrics_store(&header->drops[table], header->drops[table] + 1);
}

static int metrics_scope_add(struct metrics_header *header,
    const struct metrics_scope *scope)
{
	unsigned id = header->scope_count;

	for (unsigned i = METRICS_SCOPES_RESERVED; i < id; i++) {
		const struct metrics_scope *known = &header->scopes[i];

		if (known->hash == scope->hash && known->kind == scope->kind &&
		    known->parent == scope->parent &&
		    strcmp(known->name, scope->name) == 0)
			return (int)i;
	}
	if (id == METRICS_SCOPES_MAX) {
		metrics_drop(header, METRICS_TABLE_SCOPES);
		return scope->kind == METRICS_SCOPE_SERVER
		    ? METRICS_SCOPE_OTHER_SERVER
		    : METRICS_SCOPE_OTHER_LOCATION;
	}
	header->scopes[id] = *scope;
	metrics_store32(&header->scope_count, id + 1);
	return (int)id;
}

int metrics_scope_id(struct metrics_segment *segment,
    enum metrics_scope_kind kind, unsigned parent, struct slice name)
{
	struct metrics_scope scope = {
		.hash = hash_bytes(name, 0),
		.kind = kind,
		.parent = parent,
	};
	int result = metrics_header_lock(segment);

	if (result < 0)
		return result;
	metrics_text(scope.name, sizeof(scope.name), name);
	result = metrics_scope_add(&segment->file->header, &scope);
	metrics_unlock(&segment->file->header.lock);
	return result;
}

/* The entry of those texts, a new one if need be; `count` are in use. */
static int metrics_name_add(struct metrics_header *header,
    struct metrics_name *names, uint32_t *count, unsigned max,
    const struct metrics_name *wanted)
{
	unsigned id = *count;

	for (unsigned i = METRICS_NAMES_RESERVED; i < id; i++)
		if (memcmp(&names[i], wanted, sizeof(*wanted)) == 0)
			return (int)i;
	if (id == max) {
		metrics_drop(header, names == header->peers
		    ? METRICS_TABLE_PEERS : METRICS_TABLE_ZONES);
		return METRICS_NAME_OTHER;
	}
	names[id] = *wanted;
	metrics_store32(count, id + 1);
	return (int)id;
}

int metrics_peer_id(struct metrics_segment *segment, struct slice group,
    struct slice address)
{
	struct metrics_header *header = &segment->file->header;
	struct metrics_name wanted = {
		.hash = hash_bytes(address, hash_bytes(group, 0)),
	};
	int result = metrics_header_lock(segment);

	if (result < 0)
		return result;
	metrics_text(wanted.group, sizeof(wanted.group), group);
	metrics_text(wanted.name, sizeof(wanted.name), address);
	result = metrics_name_add(header, header->peers, &header->peer_count,
	    METRICS_PEERS_MAX, &wanted);
	metrics_unlock(&header->lock);
	return result;
}

int metrics_zone_id(struct metrics_segment *segment, struct slice name)
{
	struct metrics_header *header = &segment->file->header;
	struct metrics_name wanted = { .hash = hash_bytes(name, 0) };
	int result = metrics_header_lock(segment);

	if (result < 0)
		return result;
	metrics_text(wanted.name, sizeof(wanted.name), name);
	result = metrics_name_add(header, header->zones, &header->zone_count,
	    METRICS_ZONES_MAX, &wanted);
	metrics_unlock(&header->lock);
	return result;
}

void metrics_zone_show(struct metrics_segment *segment, unsigned zone,
    const struct metrics_zone_use *use)
{
	metrics_store_words(&segment->file->header.zone_use[zone], use,
	    sizeof(*use));
}

static void metrics_mark_locked(struct metrics_header *header,
    enum metrics_mark_kind kind, struct slice text)
{
	uint64_t count = header->mark_count;
	uint64_t *sequence = &header->marks[count % METRICS_MARKS].sequence;
	struct metrics_mark mark = { .real_ns = clock_real_ns(), .kind = kind };

	metrics_text(mark.text, sizeof(mark.text), text);
	metrics_change_begin(sequence);
	metrics_store_words(&header->marks[count % METRICS_MARKS].mark, &mark,
	    sizeof(mark));
	metrics_change_end(sequence);
	metrics_store(&header->mark_count, count + 1);
}

int metrics_mark(struct metrics_segment *segment, enum metrics_mark_kind kind,
    struct slice text)
{
	int locked = metrics_header_lock(segment);

	if (locked < 0)
		return locked;
	metrics_mark_locked(&segment->file->header, kind, text);
	metrics_unlock(&segment->file->header.lock);
	return 0;
}

int metrics_reload_result(struct metrics_segment *segment, bool ok,
    uint64_t config_hash, struct slice error)
{
	struct metrics_header *header = &segment->file->header;
	struct metrics_reload reload;
	int locked = metrics_header_lock(segment);

	if (locked < 0)
		return locked;
	reload = header->reload;
	reload.real_ns = clock_real_ns();
	reload.ok = ok;
	if (ok) {
		reload.ok_real_ns = reload.real_ns;
		reload.config_hash = config_hash;
	}
	metrics_text(reload.error, sizeof(reload.error), error);
	metrics_change_begin(&header->sequence);
	metrics_store_words(&header->reload, &reload, sizeof(reload));
	metrics_change_end(&header->sequence);
	metrics_unlock(&header->lock);
	return 0;
}

void metrics_reload_count(struct metrics_segment *segment, bool ok)
{
	struct metrics_header *header = &segment->file->header;

	(void)__atomic_fetch_add(ok ? &header->reloads_ok
	    : &header->reloads_failed, 1, __ATOMIC_RELAXED);
}

void metrics_exit_count(struct metrics_segment *segment,
    enum metrics_exit reason)
{
	(void)__atomic_fetch_add(&segment->file->header.exits[reason], 1,
	    __ATOMIC_RELAXED);
}

void metrics_respawn_count(struct metrics_segment *segment)
{
	(void)__atomic_fetch_add(&segment->file->header.respawns, 1,
	    __ATOMIC_RELAXED);
}

void metrics_generation_set(struct metrics_segment *segment, uint64_t value)
{
	metrics_store(&segment->file->header.generation, value);
}

void metrics_connections_limit_set(struct metrics_segment *segment,
    uint64_t limit)
{
	metrics_store(&segment->file->header.connections_limit, limit);
}

void metrics_master_return(struct metrics_segment *segment)
{
	metrics_store32(&segment->file->header.master_pid,
	    (uint32_t)getpid());
}

int metrics_cache_switch(struct metrics_segment *segment, bool on)
{
	uint32_t was = __atomic_exchange_n(
	    &segment->file->header.cache_enabled, on, __ATOMIC_RELAXED);

	if (was == on)
		return 0;
	return metrics_mark(segment, on ? METRICS_MARK_CACHE_ON
	    : METRICS_MARK_CACHE_OFF, SLICE(""));
}

void metrics_cache_void(struct metrics_segment *segment)
{
	(void)__atomic_fetch_add(&segment->file->header.cache_epoch, 1,
	    __ATOMIC_RELAXED);
}

int metrics_cache_flush(struct metrics_segment *segment)
{
	metrics_cache_void(segment);
	return metrics_mark(segment, METRICS_MARK_CACHE_FLUSH, SLICE(""));
}

void metrics_inflight_want(struct metrics_segment *segment, uint64_t until_s)
{
	uint64_t *wanted = &segment->file->header.inflight_wanted_s;
	uint64_t was = __atomic_load_n(wanted, __ATOMIC_RELAXED);

	while (was < until_s && !__atomic_compare_exchange_n(wanted, &was,
	    until_s, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;	/* another one wants it for another time */
}

/* ---- readers ---- */

unsigned metrics_slot_count(const struct metrics_segment *segment)
{
	uint32_t count = metrics_load32(&segment->file->header.slot_count);

	/* A reader trusts no number it did not check. */
	return count < METRICS_SLOTS ? count : METRICS_SLOTS;
}

unsigned metrics_scope_count(const struct metrics_segment *segment)
{
	uint32_t count = metrics_load32(&segment->file->header.scope_count);

	return count < METRICS_SCOPES_MAX ? count : METRICS_SCOPES_MAX;
}

unsigned metrics_peer_count(const struct metrics_segment *segment)
{
	uint32_t count = metrics_load32(&segment->file->header.peer_count);

	return count < METRICS_PEERS_MAX ? count : METRICS_PEERS_MAX;
}

unsigned metrics_zone_count(const struct metrics_segment *segment)
{
	uint32_t count = metrics_load32(&segment->file->header.zone_count);

	return count < METRICS_ZONES_MAX ? count : METRICS_ZONES_MAX;
}

int metrics_reload_read(const struct metrics_segment *segment,
    struct metrics_reload *ret)
{
	const struct metrics_header *header = &segment->file->header;

	return metrics_read(&header->sequence, ret, &header->reload,
	    sizeof(*ret), METRICS_READ_TRIES);
}

int metrics_identity_read(const struct metrics_segment *segment,
    struct metrics_identity *ret)
{
	const struct metrics_header *header = &segment->file->header;

	return metrics_read(&header->sequence, ret, &header->identity,
	    sizeof(*ret), METRICS_READ_TRIES);
}

unsigned metrics_marks_read(const struct metrics_segment *segment,
    struct metrics_mark *marks)
{
	const struct metrics_header *header = &segment->file->header;
	uint64_t count = metrics_load(&header->mark_count);
	uint64_t first = count > METRICS_MARKS ? count - METRICS_MARKS : 0;
	unsigned found = 0;

	for (uint64_t i = first; i < count; i++) {
		if (metrics_read(&header->marks[i % METRICS_MARKS].sequence,
		    &marks[found], &header->marks[i % METRICS_MARKS].mark,
		    sizeof(marks[0]), METRICS_READ_TRIES) == 0)
			found++;
	}
	return found;
}

static const char *const segment_mark_kinds[METRICS_MARK_KIND_COUNT] = {
	[METRICS_MARK_START] = "start", [METRICS_MARK_STOP] = "stop",
	[METRICS_MARK_RELOAD] = "reload",
	[METRICS_MARK_RELOAD_FAILED] = "failed reload",
	[METRICS_MARK_CRASH] = "crash", [METRICS_MARK_UPGRADE] = "upgrade",
	[METRICS_MARK_CACHE_ON] = "cache on",
	[METRICS_MARK_CACHE_OFF] = "cache off",
	[METRICS_MARK_CACHE_FLUSH] = "cache emptied",
	[METRICS_MARK_DEPLOY] = "mark",
	[METRICS_MARK_TEST_START] = "test begins",
	[METRICS_MARK_TEST_END] = "test ends",
	[METRICS_MARK_ALERT] = "alert",
	[METRICS_MARK_LOG_LEVEL] = "log level",
	[METRICS_MARK_DRAIN] = "drain",
};

const char *metrics_mark_words(const struct metrics_mark *mark,
    char words[METRICS_MARK_WORDS_MAX])
{
	const char *kind = mark->kind < METRICS_MARK_KIND_COUNT
	    ? segment_mark_kinds[mark->kind] : "mark";
	size_t len = strnlen(mark->text, sizeof(mark->text));

	(void)snprintf(words, METRICS_MARK_WORDS_MAX, "%s%s%.*s", kind,
	    len ? ": " : "", (int)len, mark->text);
	return words;
}

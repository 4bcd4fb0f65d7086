/*
 * Where runs come from; see source.h. Each is kept packed, which is a fifth
 * of its JSON, and unpacked when a picture shows it.
 */

#include "report/source.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/digest.h"
#include "load/json_read.h"
#include "load/latency.h"
#include "load/results.h"
#include "metrics/json.h"
#include "report/png.h"

enum { SOURCE_CHUNK = 64 << 10 };

#define SOURCE_INVALID \
    RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_INVALID

struct source *source_new(void)
{
	struct source *source = calloc(1, sizeof(*source));

	if (source)
		arena_init(&source->arena, NULL, 0, SOURCE_MEMORY_MAX);
	return source;
}

void source_free(struct source *source)
{
	if (source)
		arena_fini(&source->arena);
	free(source);
}

static int source_fail(struct source *source, int err, const char *path,
    const char *what)
{
	(void)snprintf(source->why, sizeof(source->why), "%s: %s", path, what);
	return err;
}

static int source_no_memory(struct source *source, const char *path)
{
	return source_fail(source, -ENOMEM, path, "no memory for it");
}

/* ---- bytes ---- */

static int source_load_all(struct source *source, const char *path, int fd,
    struct buf *out)
{
	ssize_t n = 1;

	while (n > 0) {
		char *room = buf_reserve(out, SOURCE_CHUNK);

		if (!room && out->len + SOURCE_CHUNK <= out->limit)
			return source_no_memory(source, path);
		if (!room)
			return source_fail(source, -EFBIG, path,
			    "it is over 64 MiB");
		n = read(fd, room, SOURCE_CHUNK);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return source_fail(source, -errno, path,
			    strerror(errno));
		else
			out->len += (size_t)n;
	}
	return out->len > SOURCE_BYTES_MAX ? source_fail(source, -EFBIG, path,
	    "it is over 64 MiB") : 0;
}

int source_load(struct source *source, const char *path, struct buf *out)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO
	    : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int err;

	if (fd < 0)
		return source_fail(source, -errno, path, strerror(errno));
	*out = buf_make(SOURCE_BYTES_MAX + 2 * SOURCE_CHUNK);
	if (!standard && fstat(fd, &status) == 0 &&
	    !S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
		err = source_fail(source, -EBADMSG, path, "not a file");
	else
		err = source_load_all(source, path, fd, out);
	if (!standard)
		(void)close(fd); /* only read */
	if (err)
		buf_free(out);
	return err;
}

/* ---- runs ---- */

/* What a run lacks is empty, so that nobody has to ask. */
#define SOURCE_COMPLETE(arena, field, type)                                 \
	do {                                                                \
		if (!(field)) {                                             \
			(field) = arena_alloc(arena, sizeof(*(field)));     \
			if (!(field))                                       \
				return -ENOMEM;                             \
			ringmaster__v1__##type##__init(field);              \
		}                                                           \
	} while (0)

static int source_complete(Ringmaster__V1__LoadResult *run,
    struct arena *arena)
{
	SOURCE_COMPLETE(arena, run->spec, load_spec);
	SOURCE_COMPLETE(arena, run->verdict, load_verdict);
	SOURCE_COMPLETE(arena, run->latency, load_latency);
	SOURCE_COMPLETE(arena, run->service, load_latency);
	SOURCE_COMPLETE(arena, run->health, load_health);
	SOURCE_COMPLETE(arena, run->place, load_place);
	return 0;
}

static const char *source_text(struct source *source, const char *text)
{
	return arena_copy(&source->arena, slice_cstr(text)).data;
}

static int source_summarise(struct source *source,
    Ringmaster__V1__LoadResult *run, struct source_run *ret)
{
	*ret = (struct source_run){
		.run = source_text(source, run->run),
		.name = source_text(source, run->name),
		.url = source_text(source, run->url),
		.model = source_text(source, run->spec->model),
		.started_ns = run->started_unix_ns,
		.requests = run->requests, .errors = run->errors,
		.connections = run->spec->connections,
		.target = run->spec->rate, .rate = run->rate,
		.p50 = latency_quantile(run->latency, 0.5),
		.p99 = latency_quantile(run->latency, 0.99),
		.passed = run->passed,
		.valid = run->verdict->state != SOURCE_INVALID };
	return ret->run && ret->name && ret->url && ret->model ? 0 : -ENOMEM;
}

/* Where a run that began then belongs; oldest first. */
static unsigned source_place(const struct source *source, uint64_t started_ns)
{
	unsigned at = source->count;

	while (at > 0 && source->runs[at - 1].started_ns > started_ns)
		at--;
	return at;
}

static int source_add(struct source *source, Ringmaster__V1__LoadResult *run,
    unsigned *ret)
{
	int known = source_find(source, run->run);
	struct source_run new;
	unsigned char *data;
	size_t size;

	if (source_complete(run, &source->arena) != 0)
		return -ENOMEM;
	size = ringmaster__v1__load_result__get_packed_size(run);
	if (known >= 0 && source->runs[known].packed.len >= size) {
		*ret = (unsigned)known;
		return 0;
	}
	if (known < 0 && source->count == SOURCE_RUNS_MAX)
		return -EFBIG;
	data = arena_alloc(&source->arena, size);
	if (!data || source_summarise(source, run, &new) != 0)
		return -ENOMEM;
	new.packed = (struct slice){ (char *)data,
	    ringmaster__v1__load_result__pack(run, data) };
	*ret = known >= 0 ? (unsigned)known
	    : source_place(source, new.started_ns);
	if (known < 0) {
		memmove(&source->runs[*ret + 1], &source->runs[*ret],
		    (source->count - *ret) * sizeof(new));
		source->count++;
	}
	source->runs[*ret] = new;
	return 0;
}

struct source_reading {
	struct source *source;
	unsigned *last;
	unsigned found;
	int err;
};

static bool source_each(void *arg, const Ringmaster__V1__LoadResult *result)
{
	struct source_reading *reading = arg;
	Ringmaster__V1__LoadResult run = *result;

	reading->err = source_add(reading->source, &run, reading->last);
	reading->found++;
	return reading->err == 0;
}

/* What `ringload --json` prints. */
static int source_read_one(struct source_reading *reading, struct slice text)
{
	struct json_reader reader;
	ProtobufCMessage *message;
	struct arena arena;
	int err;

	arena_init(&arena, NULL, 0, SOURCE_MEMORY_MAX);
	json_reader_init(&reader, text);
	err = json_read_message(&reader,
	    &ringmaster__v1__load_result__descriptor, &arena, &message);
	if (!err) {
		const Ringmaster__V1__LoadResult *run =
		    (const Ringmaster__V1__LoadResult *)message;

		if (run->run[0] && json_read_end(&reader))
			(void)source_each(reading, run);
		else
			err = -EBADMSG;
	}
	arena_fini(&arena);
	return err;
}

static int source_read_text(struct source *source, const char *path,
    struct slice text, unsigned *ret)
{
	struct source_reading reading = { .source = source, .last = ret };
	struct load_results results = { .path = path };
	int err = load_results_each_in(&results, text, source_each, &reading);

	if (err == -EBADMSG && reading.found == 0 &&
	    source_read_one(&reading, text) == 0)
		err = 0;
	if (err)
		(void)snprintf(source->why, sizeof(source->why), "%s",
		    results.message);
	else if (reading.err == -EFBIG)
		err = source_fail(source, -EFBIG, path,
		    "that makes more than 1,000 runs");
	else if (reading.err)
		err = source_no_memory(source, path);
	else if (reading.found == 0)
		err = source_fail(source, -ENODATA, path,
		    "there are no runs in it yet");
	return err;
}

int source_extract(struct source *source, const char *path, struct slice bytes,
    struct buf *out)
{
	int err;

	if (!png_is(bytes)) {
		buf_append_slice(out, bytes);
		return out->failed ? source_no_memory(source, path) : 0;
	}
	err = png_read_text(bytes, SOURCE_KEYWORD, out);
	if (err == -ENOENT)
		return source_fail(source, -EBADMSG, path,
		    "a picture without data: not one of ringreport's, or "
		    "whoever passed it on left the data out");
	if (err == -ENOMEM)
		return source_no_memory(source, path);
	return err ? source_fail(source, err, path, "a damaged picture") : 0;
}

int source_digest(struct slice data, char ret[SOURCE_DIGEST + 1])
{
	uint8_t digest[DIGEST_SHA256_SIZE];
	int err = digest_sha256(data, digest);

	for (unsigned i = 0; i < DIGEST_SHA256_SIZE && !err; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
	return err;
}

int source_read_bytes(struct source *source, const char *path,
    struct slice bytes, unsigned *ret)
{
	struct buf text = buf_make(PNG_TEXT_MAX);
	int err;

	if (!png_is(bytes))
		return source_read_text(source, path, bytes, ret);
	err = source_extract(source, path, bytes, &text);
	if (!err)
		err = source_read_text(source, path, buf_slice(&text), ret);
	buf_free(&text);
	return err;
}

int source_read(struct source *source, const char *path, unsigned *ret)
{
	struct buf bytes;
	int err = source_load(source, path, &bytes);

	if (err)
		return err;
	err = source_read_bytes(source, path, buf_slice(&bytes), ret);
	buf_free(&bytes);
	return err;
}

int source_find(struct source *source, const char *run)
{
	for (unsigned i = source->count; i-- > 0; )
		if (strcmp(source->runs[i].run, run) == 0)
			return (int)i;
	return source_fail(source, -ENOENT, run, "no such run");
}

int source_previous(const struct source *source, unsigned index)
{
	const struct source_run *run = &source->runs[index];

	for (unsigned i = index; i-- > 0; ) {
		const struct source_run *other = &source->runs[i];

		if (strcmp(other->url, run->url) == 0 &&
		    strcmp(other->model, run->model) == 0 &&
		    other->connections == run->connections &&
		    other->target == run->target && other->valid)
			return (int)i;
	}
	return -1;
}

/* ---- out ---- */

static void *source_alloc(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void source_leave(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

Ringmaster__V1__LoadResult *source_unpack(const struct source *source,
    unsigned index, struct arena *arena)
{
	struct slice packed = source->runs[index].packed;
	ProtobufCAllocator allocator = { .alloc = source_alloc,
		.free = source_leave, .allocator_data = arena };
	Ringmaster__V1__LoadResult *run =
	    ringmaster__v1__load_result__unpack(&allocator, packed.len,
		(const unsigned char *)packed.data);

	return run && source_complete(run, arena) == 0 ? run : NULL;
}

static void source_reduce(Ringmaster__V1__LoadResult *run,
    enum source_detail detail)
{
	if (detail == SOURCE_WHOLE)
		return;
	/* Of a small sample, bins are few, and the only ones to say p99. */
	if (detail == SOURCE_FIGURES && !isnan(run->latency->p99))
		run->latency->n_bins = 0;
	run->n_seconds = 0;
	run->service->n_bins = 0;
	run->first_byte = run->slip = run->connect = NULL;
	run->server = NULL;
}

int source_write(const struct source *source, const struct source_part *parts,
    unsigned count, struct buf *out)
{
	const struct json_options options = { .bins = true };
	struct arena arena;
	int err = 0;

	arena_init(&arena, NULL, 0, SOURCE_MEMORY_MAX);
	buf_append_cstr(out, "{\"version\":1,\"results\":[\n");
	for (unsigned i = 0; i < count && !err; i++) {
		Ringmaster__V1__LoadResult *run;

		arena_reset(&arena);
		run = source_unpack(source, parts[i].index, &arena);
		if (!run) {
			err = -ENOMEM;
			break;
		}
		source_reduce(run, parts[i].detail);
		json_write(out, &run->base, &options);
		buf_append_cstr(out, i + 1 < count ? ",\n" : "\n");
	}
	buf_append_cstr(out, "]}\n");
	arena_fini(&arena);
	return err || !out->failed ? err : -ENOMEM;
}

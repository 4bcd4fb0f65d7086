#include "metrics/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "metrics/encode.h"

enum { PERSIST_MODE = 0640, PERSIST_SUM = sizeof(uint64_t) };

/* Field 100, reserved in metrics.proto, as a fixed64: 100 << 3 | 1. */
static const char persist_tag[] = { '\xa1', '\x06' };

enum { PERSIST_END = sizeof(persist_tag) + PERSIST_SUM };

/* ---- writing ---- */

static int persist_encode(const struct metrics_segment *segment,
    struct buf *out)
{
	const struct metrics_snapshot_options options = { .recent = 0 };
	const struct metrics_encode_options none = { .json = { 0 } };
	Ringmaster__V1__Snapshot *snapshot;
	struct arena arena;
	uint64_t sum;
	int err;

	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	err = metrics_snapshot_fill(segment, &options, &arena, &snapshot);
	if (!err) {
		snapshot->n_marks = 0;
		metrics_encode(out, METRICS_FORMAT_PROTOBUF, snapshot, &none);
		sum = hash_bytes(buf_slice(out), 0);
		buf_append(out, persist_tag, sizeof(persist_tag));
		buf_append(out, &sum, sizeof(sum));
		err = out->failed ? -EFBIG : 0;
	}
	arena_fini(&arena);
	return err;
}

static int persist_write_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes = slice_from(bytes, (size_t)n);
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int persist_replace(const char *path, const char *name,
    struct slice bytes)
{
	struct stat status;
	int fd, err;

	if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return -EINVAL;
	(void)unlink(name);	/* left by one that was killed here */
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    PERSIST_MODE);
	if (fd < 0)
		return -errno;
	err = persist_write_all(fd, bytes);
	(void)close(fd); /* it was synced */
	if (!err && rename(name, path) < 0)
		err = -errno;
	if (err)
		(void)unlink(name);
	return err;
}

int metrics_persist_write(const struct metrics_segment *segment,
    const char *path)
{
	struct buf out = buf_make(METRICS_PERSIST_BYTES_MAX);
	char *name = NULL;
	int err = asprintf(&name, "%s.new", path) < 0 ? -ENOMEM : 0;

	if (!err)
		err = persist_encode(segment, &out);
	if (!err)
		err = persist_replace(path, name, buf_slice(&out));
	buf_free(&out);
	free(name);
	return err;
}

/* ---- reading ---- */

static int persist_read_all(int fd, char *to, size_t size)
{
	while (size > 0) {
		ssize_t n = read(fd, to, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)	/* shorter than it was just now? */
			return n < 0 ? -errno : -EIO;
		to += n;
		size -= (size_t)n;
	}
	return 0;
}

/* All bytes of a file, in memory of the arena. */
static int persist_load(int fd, struct arena *arena, const char **wrong,
    struct slice *ret)
{
	struct stat status;
	char *bytes;
	int err;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_size > METRICS_PERSIST_BYTES_MAX) {
		*wrong = "it is too large";
		return -EBADMSG;
	}
	bytes = arena_alloc_text(arena, (size_t)status.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	err = persist_read_all(fd, bytes, (size_t)status.st_size);
	if (!err)
		*ret = (struct slice){ bytes, (size_t)status.st_size };
	return err;
}

/* Why the bytes are not what persist_encode() makes; NULL if they are. */
static const char *persist_wrong(struct slice bytes)
{
	size_t len = bytes.len > PERSIST_END ? bytes.len - PERSIST_END : 0;
	const char *end = bytes.data + len;
	uint64_t sum;

	if (len == 0 || memcmp(end, persist_tag, sizeof(persist_tag)) != 0)
		return "it was cut short, or is something else";
	memcpy(&sum, end + sizeof(persist_tag), sizeof(sum));
	return sum == hash_bytes(slice_first(bytes, len), 0) ? NULL
	    : "it is damaged";
}

int metrics_persist_read(const char *path, struct arena *arena,
    const char **wrong, Ringmaster__V1__Snapshot **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct slice bytes;
	int err;

	if (fd < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	err = persist_load(fd, arena, wrong, &bytes);
	(void)close(fd); /* only read */
	if (err)
		return err;
	*wrong = persist_wrong(bytes);
	if (*wrong)
		return -EBADMSG;
	*ret = metrics_snapshot_unpack(bytes, arena);
	if (*ret && (*ret)->identity)
		return 0;
	*wrong = "it is no snapshot of a server";
	return -EBADMSG;
}

/*
 * Changing the file of results; see results.h. Runs that do not change are
 * copied as they are, with what a later version may have added to them.
 */

#include "load/results_read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "metrics/json.h"

enum {
	RESULTS_INDEX_MAX = 1000,	/* runs in a file that is read */
	RESULTS_RUN_ID_MAX = 40,
	RESULTS_ASIDE_TRIES = 100,
	RESULTS_DIRECTORY_MODE = 0755,
	RESULTS_MODE = 0644,
};

#define RESULTS_LOCK_WAIT_NS (5 * NS_PER_SEC)
#define RESULTS_LOCK_STEP_NS (10 * NS_PER_MSEC)

/* A run as it stands in the text. */
struct results_run {
	struct slice text;
	char run[RESULTS_RUN_ID_MAX];
	bool pinned;
};

struct results_file {
	struct load_results *results;
	int directory;			/* locked */
	char name[NAME_MAX + 1];	/* in it */
	struct buf text;
	struct results_run *runs;
	unsigned count;
};

/* ---- what is there ---- */

static bool results_index_one(struct results_reading *reading,
    struct slice text, Ringmaster__V1__LoadResult *result)
{
	struct results_file *file = reading->arg;
	struct results_run *run = &file->runs[file->count];

	if (file->count == RESULTS_INDEX_MAX)
		return false;
	file->count++;
	run->text = text;
	(void)snprintf(run->run, sizeof(run->run), "%s", result->run);
	run->pinned = result->pinned;
	return true;
}

static int results_index(struct results_file *file)
{
	struct results_reading reading = { .results = file->results,
		.fn = results_index_one, .arg = file };
	int err = results_read(&reading, &file->text);

	if (!err && reading.stopped)
		err = results_fail(file->results, -EFBIG,
		    "it has more than 1,000 runs");
	return err;
}

/* ---- the directory and its lock ---- */

static int results_open_directory(struct results_file *file, bool make)
{
	const char *path = file->results->path;
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	const char *base = slash ? slash + 1 : path;
	char name[PATH_MAX];

	if (len >= sizeof(name) || base[0] == '\0' ||
	    strlen(base) + sizeof(".bad-") + 20 >= sizeof(file->name))
		return -ENAMETOOLONG;
	(void)snprintf(file->name, sizeof(file->name), "%s", base); /* fits */
	memcpy(name, path, len);
	name[len] = '\0';
	if (make && len > 0)
		/* If it cannot be made, it cannot be opened. */
		(void)mkdir(name, RESULTS_DIRECTORY_MODE);
	file->directory = open(len ? name : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return file->directory < 0 ? -errno : 0;
}

static int results_lock(struct results_file *file)
{
	const struct timespec step = { .tv_nsec = RESULTS_LOCK_STEP_NS };
	uint64_t until = clock_mono_ns() + RESULTS_LOCK_WAIT_NS;

	while (flock(file->directory, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return results_fail_errno(file->results, -errno,
			    "lock the directory of");
		if (clock_mono_ns() >= until)
			return results_fail(file->results, -EBUSY,
			    "another process is writing it");
		(void)nanosleep(&step, NULL); /* early is no harm */
	}
	return 0;
}

static int results_open(struct results_file *file,
    struct load_results *results, bool make)
{
	int err;

	*file = (struct results_file){ .results = results, .directory = -1,
		.text = buf_make(LOAD_RESULTS_BYTES_MAX + (64 << 10)) };
	results->message[0] = '\0';
	err = results_open_directory(file, make);
	if (err)
		return results_fail_errno(results, err,
		    "open the directory of");
	file->runs = calloc(RESULTS_INDEX_MAX, sizeof(*file->runs));
	if (!file->runs)
		return results_fail_errno(results, -ENOMEM, "read");
	return results_lock(file);
}

static void results_close(struct results_file *file)
{
	if (file->directory >= 0)
		(void)close(file->directory); /* gives the lock back */
	free(file->runs);
	buf_free(&file->text);
}

/* ---- writing ---- */

/* Make room for a run of `size` bytes in `file->runs`. */
static void results_limit(struct results_file *file, size_t size)
{
	for (;;) {
		size_t all = size + 64;
		unsigned oldest = file->count;

		for (unsigned i = 0; i < file->count; i++) {
			all += file->runs[i].text.len + 2;
			if (oldest == file->count && !file->runs[i].pinned)
				oldest = i;
		}
		if (file->count == 0 || (file->count < LOAD_RESULTS_MAX &&
		    all <= LOAD_RESULTS_BYTES_MAX))
			return;
		if (oldest == file->count)
			oldest = 0;
		file->count--;
		memmove(&file->runs[oldest], &file->runs[oldest + 1],
		    (file->count - oldest) * sizeof(*file->runs));
	}
}

static int results_write_all(int fd, struct slice text)
{
	while (text.len) {
		ssize_t n = write(fd, text.data, text.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			text = slice_from(text, (size_t)n);
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The new file takes the old one's place when it is on the disk. */
static int results_replace(struct results_file *file, struct slice text)
{
	char name[NAME_MAX + 8];
	int fd, err;

	(void)snprintf(name, sizeof(name), "%s.new", file->name);
	/* Of a writer that was killed. */
	(void)unlinkat(file->directory, name, 0);
	fd = openat(file->directory, name, O_WRONLY | O_CREAT | O_EXCL |
	    O_CLOEXEC | O_NOFOLLOW, RESULTS_MODE);
	if (fd < 0)
		return results_fail_errno(file->results, -errno, "write");
	err = results_write_all(fd, text);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(file->directory, name, file->directory,
		file->name) < 0)
		err = -errno;
	if (err) {
		(void)unlinkat(file->directory, name, 0);
		return results_fail_errno(file->results, err, "write");
	}
	if (fsync(file->directory) < 0)
		return results_fail_errno(file->results, -errno,
		    "write the directory of");
	return 0;
}

static int results_write(struct results_file *file)
{
	struct buf out = buf_make(LOAD_RESULTS_BYTES_MAX + (64 << 10));
	int err;

	buf_printf(&out, "{\"version\":%d,\"results\":[\n", RESULTS_VERSION);
	for (unsigned i = 0; i < file->count; i++) {
		if (i > 0)
			buf_append_cstr(&out, ",\n");
		buf_append_slice(&out, file->runs[i].text);
	}
	buf_append_cstr(&out, "\n]}\n");
	if (out.failed)
		err = results_fail_errno(file->results, -ENOMEM, "write");
	else
		err = results_replace(file, buf_slice(&out));
	buf_free(&out);
	return err;
}

/* A run as text that can be read back. */
static int results_print(struct load_results *results,
    const Ringmaster__V1__LoadResult *result, struct buf *out)
{
	const struct json_options options = { .bins = true };
	struct json_reader reader;
	int err;

	json_write(out, &result->base, &options);
	if (out->failed)
		return results_fail(results, -EFBIG,
		    "the run is too large to be kept");
	json_reader_init(&reader, buf_slice(out));
	err = json_read_skip(&reader);
	if (err)
		return results_fail(results, -EINVAL,
		    "the run has a number that cannot be read back");
	return 0;
}

/* What cannot be read is kept under another name. */
static int results_put_aside(struct results_file *file)
{
	struct load_results *results = file->results;
	uint64_t time_s = clock_real_ns() / NS_PER_SEC;
	char name[NAME_MAX + 32], why[LOAD_RESULTS_MESSAGE_MAX];
	unsigned tries = 0;

	do
		(void)snprintf(name, sizeof(name), "%s.bad-%llu", file->name,
		    (unsigned long long)(time_s + tries));
	while (faccessat(file->directory, name, F_OK, AT_SYMLINK_NOFOLLOW) ==
	    0 && ++tries < RESULTS_ASIDE_TRIES);
	if (tries == RESULTS_ASIDE_TRIES)
		return -EBADMSG;
	if (renameat(file->directory, file->name, file->directory, name) < 0)
		return results_fail_errno(results, -errno, "put aside");
	memcpy(why, results->message, sizeof(why));
	(void)snprintf(results->message, sizeof(results->message),
	    "%.300s; it was put aside as \"%.150s\" and a new one was begun",
	    why, name);
	file->count = 0;
	return 0;
}

int load_results_add(struct load_results *results,
    const Ringmaster__V1__LoadResult *result)
{
	struct buf text = buf_make(JSON_READ_BYTES_MAX - 1);
	struct results_file file;
	int err = results_open(&file, results, true);

	if (!err)
		err = results_print(results, result, &text);
	if (err)
		goto out;
	err = results_index(&file);
	if (err == -EBADMSG || err == -EFBIG)
		err = results_put_aside(&file);
	if (err)
		goto out;
	results_limit(&file, text.len);
	file.runs[file.count++].text = buf_slice(&text);
	err = results_write(&file);
out:
	results_close(&file);
	buf_free(&text);
	return err;
}

/* ---- changes ---- */

static bool results_text_valid(const char *text, size_t max)
{
	struct slice rest = slice_cstr(text);

	if (rest.len > max)
		return false;
	while (rest.len) {
		size_t len = utf8_char_len(rest);

		if (len == 0)
			return false;
		rest = slice_from(rest, len);
	}
	return true;
}

/* The run with the change, as text. */
static int results_apply(struct load_results *results,
    const struct load_results_edit *edit, struct slice text, struct buf *out)
{
	Ringmaster__V1__LoadResult *result;
	ProtobufCMessage *message;
	struct json_reader reader;
	struct arena arena;
	int err;

	arena_init(&arena, NULL, 0, RESULTS_RUN_MEMORY);
	json_reader_init(&reader, text);
	err = json_read_message(&reader,
	    &ringmaster__v1__load_result__descriptor, &arena, &message);
	if (err)
		goto out;
	result = (Ringmaster__V1__LoadResult *)message;
	/* Not written to. */
	if (edit->name)
		result->name = (char *)(uintptr_t)edit->name;
	if (edit->note)
		result->note = (char *)(uintptr_t)edit->note;
	if (edit->pinned)
		result->pinned = *edit->pinned;
	err = results_print(results, result, out);
out:
	arena_fini(&arena);
	return err;
}

static int results_change(struct results_file *file, const char *run,
    const struct load_results_edit *edit, struct buf *text)
{
	unsigned i = 0;
	int err;

	while (i < file->count && strcmp(file->runs[i].run, run) != 0)
		i++;
	if (i == file->count)
		return results_fail(file->results, -ENOENT, "no such run");
	if (edit->remove) {
		file->count--;
		memmove(&file->runs[i], &file->runs[i + 1],
		    (file->count - i) * sizeof(*file->runs));
		return 0;
	}
	err = results_apply(file->results, edit, file->runs[i].text, text);
	if (!err)
		file->runs[i].text = buf_slice(text);
	return err;
}

int load_results_edit(struct load_results *results, const char *run,
    const struct load_results_edit *edit)
{
	struct buf text = buf_make(JSON_READ_BYTES_MAX - 1);
	struct results_file file;
	int err;

	if ((edit->name && !results_text_valid(edit->name, LOAD_NAME_MAX)) ||
	    (edit->note && !results_text_valid(edit->note, LOAD_NOTE_MAX)))
		return results_fail(results, -EINVAL,
		    "a name has up to 100 bytes, a note 1,000, in UTF-8");
	err = results_open(&file, results, false);
	if (!err)
		err = results_index(&file);
	if (!err)
		err = results_change(&file, run, edit, &text);
	if (!err)
		err = results_write(&file);
	results_close(&file);
	buf_free(&text);
	return err;
}

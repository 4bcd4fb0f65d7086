/*
 * Reading the file of results; see results.h. It is read run by run, so memory
 * holds its text and one run.
 */

#include "load/results_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- messages ---- */

int results_fail(struct load_results *results, int err,
    const char *what)
{
	(void)snprintf(results->message, sizeof(results->message), "%s: %s",
	    results->path, what);
	return err;
}

int results_fail_errno(struct load_results *results, int err,
    const char *what)
{
	(void)snprintf(results->message, sizeof(results->message),
	    "%s: cannot %s it: %s", results->path, what, strerror(-err));
	return err;
}

/* ---- reading ---- */

static int results_load(struct load_results *results, struct buf *text)
{
	int fd = open(results->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	ssize_t n = 1;
	int err = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return results_fail_errno(results, -errno, "open");
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		err = results_fail(results, -EINVAL, "not a regular file");
	else if (status.st_size > LOAD_RESULTS_BYTES_MAX)
		err = results_fail(results, -EFBIG, "it is over 64 MiB");
	while (!err && n > 0) {
		char *room = buf_reserve(text, 64 << 10);

		n = room ? read(fd, room, 64 << 10) : -1;
		if (n > 0)
			text->len += (size_t)n;
		else if (n < 0 && (!room || errno != EINTR))
			err = results_fail_errno(results,
			    room ? -errno : -ENOMEM, "read");
		else if (n < 0)
			n = 1;
	}
	(void)close(fd); /* only read */
	return err;
}

static int results_read_list(struct results_reading *reading)
{
	struct json_reader *reader = &reading->reader;
	bool more;

	if (!json_read_char(reader, '['))
		return -EBADMSG;
	more = !json_read_char(reader, ']');
	while (more && !reading->stopped) {
		ProtobufCMessage *message;
		struct slice text;
		int err;

		if (json_read_end(reader))
			return -EBADMSG;
		text = reader->rest;
		arena_reset(reading->arena);
		err = json_read_message(reader,
		    &ringmaster__v1__load_result__descriptor, reading->arena,
		    &message);
		if (err)
			return err;
		text.len -= reader->rest.len;
		reading->stopped = !reading->fn(reading, text,
		    (Ringmaster__V1__LoadResult *)message);
		more = json_read_char(reader, ',');
		if (!more && !reading->stopped &&
		    !json_read_char(reader, ']'))
			return -EBADMSG;
	}
	return 0;
}

static int results_read_all(struct results_reading *reading)
{
	struct json_reader *reader = &reading->reader;
	uint64_t version = 0;
	char name[16];
	int err = json_read_char(reader, '{') ? 0 : -EBADMSG;
	bool list = false;

	while (!err && !reading->stopped) {
		err = json_read_name(reader, name, sizeof(name));
		if (err)
			break;
		if (strcmp(name, "results") == 0) {
			err = list ? -EBADMSG : results_read_list(reading);
			list = true;
		} else if (strcmp(name, "version") == 0) {
			err = json_read_uint(reader, &version);
		} else {
			err = json_read_skip(reader);
		}
		if (!err && !reading->stopped && !json_read_char(reader, ','))
			break;
	}
	if (err || reading->stopped)
		return err;
	if (!json_read_char(reader, '}') || !json_read_end(reader))
		return -EBADMSG;
	return list && version == RESULTS_VERSION ? 0 : -EPROTO;
}

static int results_read_text(struct results_reading *reading,
    struct slice text)
{
	struct load_results *results = reading->results;
	struct arena arena;
	char what[JSON_READ_ERROR_MAX + 64];
	int err;

	if (text.len == 0)
		return 0;
	arena_init(&arena, NULL, 0, RESULTS_RUN_MEMORY);
	reading->arena = &arena;
	json_reader_init(&reading->reader, text);
	err = results_read_all(reading);
	arena_fini(&arena);
	if (err == -EPROTO)
		return results_fail(results, -EBADMSG,
		    "it is JSON, but no file of results of this version");
	if (err) {
		(void)snprintf(what, sizeof(what),
		    "it is damaged, or no file of results%s%s",
		    reading->reader.error[0] ? ": " : "",
		    reading->reader.error);
		return results_fail(results, err, what);
	}
	return 0;
}

int results_read(struct results_reading *reading, struct buf *text)
{
	int err = results_load(reading->results, text);

	return err ? err : results_read_text(reading, buf_slice(text));
}

/* ---- asking ---- */

struct results_visit {
	load_results_cb fn;
	void *arg;
};

static bool results_visit_one(struct results_reading *reading,
    struct slice text, Ringmaster__V1__LoadResult *result)
{
	const struct results_visit *visit = reading->arg;

	(void)text;
	return visit->fn(visit->arg, result);
}

int load_results_each_in(struct load_results *results, struct slice text,
    load_results_cb fn, void *arg)
{
	struct results_visit visit = { .fn = fn, .arg = arg };
	struct results_reading reading = { .results = results,
		.fn = results_visit_one, .arg = &visit };

	results->message[0] = '\0';
	return results_read_text(&reading, text);
}

int load_results_each(struct load_results *results, load_results_cb fn,
    void *arg)
{
	struct results_visit visit = { .fn = fn, .arg = arg };
	struct results_reading reading = { .results = results,
		.fn = results_visit_one, .arg = &visit };
	struct buf text = buf_make(LOAD_RESULTS_BYTES_MAX + (64 << 10));
	int err;

	results->message[0] = '\0';
	err = results_read(&reading, &text);
	buf_free(&text);
	return err;
}

struct results_search {
	const char *run;
	struct arena *arena;
	Ringmaster__V1__LoadResult *found;
	int err;
};

static bool results_search_one(struct results_reading *reading,
    struct slice text, Ringmaster__V1__LoadResult *result)
{
	struct results_search *search = reading->arg;
	struct json_reader reader;
	ProtobufCMessage *message;

	if (strcmp(result->run, search->run) != 0)
		return true;
	json_reader_init(&reader, text);
	search->err = json_read_message(&reader,
	    &ringmaster__v1__load_result__descriptor, search->arena, &message);
	if (!search->err)
		search->found = (Ringmaster__V1__LoadResult *)message;
	return false;
}

int load_results_find(struct load_results *results, const char *run,
    struct arena *arena, Ringmaster__V1__LoadResult **ret)
{
	struct results_search search = { .run = run, .arena = arena };
	struct results_reading reading = { .results = results,
		.fn = results_search_one, .arg = &search };
	struct buf text = buf_make(LOAD_RESULTS_BYTES_MAX + (64 << 10));
	int err;

	results->message[0] = '\0';
	err = results_read(&reading, &text);
	if (!err)
		err = search.err;
	if (!err && !search.found)
		err = results_fail(results, -ENOENT, "no such run");
	if (!err)
		*ret = search.found;
	buf_free(&text);
	return err;
}

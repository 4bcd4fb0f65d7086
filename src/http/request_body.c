/*
 * Bodies of requests for handlers that want them whole: in memory up to a
 * limit, then in a file. Whatever the file needs (making it, writing,
 * removing) is done by the thread pool, since it may wait for a disk.
 */

#include "http/request_body.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "http/conn.h"
#include "http/timing.h"

/* ---- the file; on the pool ---- */

struct request_body_job {
	struct http_request_body *body;
	int error;			/* errno, or 0 */
};

static void request_body_open(struct request_body_job *job)
{
	struct http_request_body *body = job->body;
	int fd = open(body->path.data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600);

	if (fd < 0 || (body->in_file == HTTP_IN_FILE_OFF &&
	    unlink(body->path.data) < 0))
		job->error = errno;
	body->body.fd = fd;
}

static void request_body_write(struct request_body_job *job)
{
	struct http_request_body *body = job->body;
	size_t done = 0;

	while (done < body->len) {
		ssize_t n = pwrite(body->body.fd, body->buffer + done,
		    body->len - done, (off_t)body->written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			job->error = n < 0 ? errno : ENOSPC;
			return;
		}
		done += (size_t)n;
		body->written += (size_t)n;
	}
	body->len = 0;
}

static void request_body_save_run(void *arg)
{
	struct request_body_job *job = arg;

	if (job->body->body.fd < 0)
		request_body_open(job);
	if (!job->error)
		request_body_write(job);
}

static void request_body_close_run(void *arg)
{
	struct http_request_body *body = arg;

	(void)close(body->body.fd); /* each write was checked */
	if (body->in_file == HTTP_IN_FILE_CLEAN)
		(void)unlink(body->path.data); /* or it was taken */
}

/* ---- its life ---- */

static void request_body_free(void *arg)
{
	struct http_request *request = arg;
	struct http_request_body *body = request->body_read;

	free(body->buffer);
	if (body->body.fd >= 0 && ring_offload(request->worker->ring,
	    request_body_close_run, body))
		request_body_close_run(body); /* the pool is overloaded */
}

static struct http_request_body *request_body_new(
    struct http_request *request, bool save)
{
	struct http_request_body *body = arena_calloc(&request->arena, 1,
	    sizeof(*body));

	if (!body)
		return NULL;
	body->body.fd = -1;
	body->saved = save;
	body->in_file = save ? HTTP_IN_FILE_CLEAN : (enum http_in_file)
	    request->location->core->client_body_in_file_only;
	if (http_request_cleanup(request, request_body_free, request))
		return NULL;
	request->body_read = body;
	return body;
}

/* A name that nobody else has. */
static int request_body_name(struct http_request *request,
    struct http_request_body *body)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -EIO;
	body->path = arena_printf(&request->arena, "%.*s/%016llx",
	    SLICE_ARG(request->location->core->client_body_temp_path),
	    (unsigned long long)number);
	return body->path.data ? 0 : -ENOMEM;
}

/* What is in the buffer goes to the file, which is made if it is not there.
 * Returns 0, -ENOMEM, -EAGAIN or, after logging, -EIO. */
static int request_body_save(struct http_request *request,
    struct http_request_body *body)
{
	struct request_body_job job = { body, 0 };
	int err = body->path.data ? 0 : request_body_name(request, body);

	if (!err && body->body.fd < 0 && !body->saved)
		http_log(request, body->in_file == HTTP_IN_FILE_OFF ?
		    LOG_LEVEL_WARN : LOG_LEVEL_NOTICE, 0, "a client request "
		    "body is buffered to a temporary file %.*s",
		    SLICE_ARG(body->path));
	if (!err)
		err = http_offload(request, request_body_save_run, &job);
	if (err || !job.error)
		return err;
	http_log(request, LOG_LEVEL_CRIT, job.error,
	    "writing the request body to \"%.*s\" failed",
	    SLICE_ARG(body->path));
	return -EIO;
}

/* ---- reading ---- */

static int request_body_buffer(const struct http_request *request,
    struct http_request_body *body)
{
	const struct h1_head *head = &request->head;

	body->size = (size_t)request->location->core->client_body_buffer_size;
	if (!head->chunked && head->content_length < body->size)
		body->size = (size_t)head->content_length;
	body->buffer = malloc(body->size);
	return body->buffer ? 0 : -ENOMEM;
}

static int request_body_add(struct http_request *request,
    struct http_request_body *body, struct slice bytes)
{
	while (bytes.len) {
		struct slice part;
		int err = body->len == body->size ?
		    request_body_save(request, body) : 0;

		if (err)
			return err;
		part = slice_first(bytes, body->size - body->len);
		memcpy(body->buffer + body->len, part.data, part.len);
		body->len += part.len;
		bytes = slice_from(bytes, part.len);
	}
	return 0;
}

static int request_body_pull(struct http_request *request,
    struct http_request_body *body)
{
	struct http_chunk chunk;
	int more, err = request_body_buffer(request, body);

	if (err)
		return err;
	while ((more = request->body->next(request->body, &chunk)) > 0) {
		assert(chunk.fd < 0);
		err = request_body_add(request, body, chunk.bytes);
		if (err)
			return err;
	}
	return more;
}

/* All has come: the rest belongs into the file, if there is to be one. */
static int request_body_finish(struct http_request *request,
    struct http_request_body *body)
{
	bool file = body->path.data || body->in_file != HTTP_IN_FILE_OFF;
	int err = file ? request_body_save(request, body) : 0;

	if (err)
		return err;
	body->body.kind = file ? HTTP_BODY_FILE : HTTP_BODY_BYTES;
	if (!file)
		body->body.bytes = (struct slice){ body->buffer, body->len };
	return 0;
}

int http_request_body_failed(struct http_request *request, int err)
{
	request->keepalive = false;
	switch (err) {
	case -ETIMEDOUT:
		metrics_count(request->worker->metrics, METRICS_TIMEOUTS, 1);
		http_log(request, LOG_LEVEL_INFO, ETIMEDOUT,
		    "client timed out while sending the request body");
		return 408;
	case -EFBIG:
		return 413;
	case -EAGAIN:
		return 503;
	case -ENOMEM:
	case -EIO:
		return 500;
	case -EBADMSG:
		return 400;
	default:
		request->aborted_by_client = true;
		http_log(request, LOG_LEVEL_INFO, 0,
		    "client prematurely closed connection");
		return 400;
	}
}

/* Read it, once; NULL without memory. */
static struct http_request_body *request_body_get(
    struct http_request *request, bool save)
{
	struct http_request_body *body = request->body_read;
	int err = 0;

	if (body)
		return body;
	body = request_body_new(request, save);
	if (!body)
		return NULL;
	if (request->body)
		err = request_body_pull(request, body);
	/* An empty body is one, too, if it was announced. */
	if (!err && (request->body || request->head.has_content_length ||
	    save))
		err = request_body_finish(request, body);
	if (err)
		body->status = http_request_body_failed(request, err);
	return body;
}

int http_request_body_read(struct http_request *request,
    struct http_body *ret)
{
	const struct http_request_body *body = request_body_get(request,
	    false);

	if (!body)
		return 500;
	if (!body->status)
		*ret = body->body;
	return body->status;
}

int http_request_body_save(struct http_request *request)
{
	const struct http_request_body *body = request_body_get(request,
	    true);

	if (!body || (!body->status && !body->saved))
		return 500;
	return body->status;
}

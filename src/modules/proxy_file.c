/*
 * proxy: the temporary file of an answer that comes faster than its client
 * takes it. Written by the thread pool, since it may wait for a disk; without
 * a name, so that nothing is left behind.
 */

#include "modules/proxy_body.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

struct proxy_file_job {
	struct proxy_body *body;
	const char *path;		/* to be made; or NULL */
	struct proxy_block *end;	/* the first that was not written */
	off_t written;
	int error;
};

/* ---- on the pool ---- */

static int proxy_file_write(int fd, const struct proxy_block *block, off_t at)
{
	size_t done = block->from;

	while (done < block->to) {
		ssize_t n = pwrite(fd, block->data + done, block->to - done,
		    at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : ENOSPC;
		done += (size_t)n;
		at += n;
	}
	return 0;
}

static void proxy_file_run(void *arg)
{
	struct proxy_file_job *job = arg;
	struct proxy_body *body = job->body;
	struct proxy_block *block = body->blocks;

	if (job->path) {
		body->fd = open(job->path, O_RDWR | O_CREAT | O_EXCL |
		    O_CLOEXEC | O_NOFOLLOW, 0600);
		if (body->fd < 0 || unlink(job->path) < 0)
			job->error = errno;
	}
	while (!job->error && block != job->end) {
		job->error = proxy_file_write(body->fd, block,
		    body->file_to + job->written);
		job->written += (off_t)(block->to - block->from);
		block = block->next;
	}
}

static void proxy_file_close_run(void *arg)
{
	(void)close(((struct proxy_body *)arg)->fd); /* it has no name */
}

/* ---- on the loop ---- */

static int proxy_file_name(struct proxy_body *body, const char **ret)
{
	struct proxy *proxy = body->proxy;
	struct slice path;
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -EIO;
	path = arena_printf(&proxy->request->arena, "%.*s/%016llx",
	    SLICE_ARG(proxy->record->temp_path), (unsigned long long)number);
	if (!path.data)
		return -ENOMEM;
	http_log(proxy->request, LOG_LEVEL_WARN, 0, "an upstream response is "
	    "buffered to a temporary file %s", path.data);
	*ret = path.data;
	return 0;
}

/* How many blocks go at once: job->end. False: none may. */
static bool proxy_file_choose(struct proxy_body *body,
    struct proxy_file_job *job)
{
	const struct proxy_record *record = body->proxy->record;
	uint64_t size = 0;

	for (job->end = body->blocks; job->end; job->end = job->end->next) {
		size_t more = job->end->to - job->end->from;

		if (size && size + more > (uint64_t)record->file_write)
			break;
		size += more;
	}
	return body->blocks &&
	    body->file_to + (off_t)size <= record->file_max;
}

static void proxy_file_written(struct proxy_body *body,
    const struct proxy_file_job *job)
{
	body->file_to += job->written;
	while (body->blocks != job->end) {
		struct proxy_block *block = body->blocks;

		body->blocks = block->next;
		proxy_block_put(body, block);
	}
	if (!body->blocks)
		body->blocks_end = &body->blocks;
}

bool proxy_file_spill(struct proxy_body *body)
{
	struct proxy *proxy = body->proxy;
	struct proxy_file_job job = { .body = body };
	int err;

	if (!proxy_file_choose(body, &job))
		return false;
	body->spilling = true;
	err = body->fd < 0 ? proxy_file_name(body, &job.path) : 0;
	if (!err)
		err = ring_offload(proxy->ring, proxy_file_run, &job);
	body->spilling = false;
	if (!err && job.error) {
		http_log(proxy->request, LOG_LEVEL_CRIT, job.error,
		    "writing to a temporary file in \"%.*s\" failed",
		    SLICE_ARG(proxy->record->temp_path));
		err = -EIO;
	}
	if (err)
		body->error = err;
	else
		proxy_file_written(body, &job);
	return !err;
}

bool proxy_file_next(struct proxy_body *body, struct http_chunk *ret)
{
	if (body->file_from == body->file_to)
		return false;
	*ret = (struct http_chunk){ .fd = body->fd, .offset = body->file_from,
	    .size = (size_t)(body->file_to - body->file_from) };
	body->file_from = body->file_to;
	return true;
}

void proxy_file_close(struct proxy_body *body)
{
	if (body->fd < 0)
		return;
	if (ring_offload(body->proxy->ring, proxy_file_close_run, body))
		proxy_file_close_run(body);	/* the pool is overloaded */
	body->fd = -1;
}

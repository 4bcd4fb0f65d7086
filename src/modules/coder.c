/*
 * The body filter around a coder. What is worth it runs on the pool: the loop
 * itself codes a few kilobytes a turn.
 */

#include "modules/coder.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/conn.h"

struct coder_job {
	struct coder_filter *coder;
	int result;
};

static void coder_job_run(void *arg)
{
	struct coder_job *job = arg;
	struct coder_filter *coder = job->coder;

	job->result = coder->kind->run(coder->state, &coder->io, coder->op);
}

/* Here, or where it blocks nobody. */
static int coder_run(struct coder_filter *coder)
{
	struct http_request *request = coder->filter.request;
	struct coder_job job = { .coder = coder };
	uint64_t now = ring_now(request->worker->ring);
	size_t before = coder->io.in.len, cost = before;

	if (coder->op != CODER_RUN)
		cost += coder->held < coder->kind->holds ? coder->held :
		    coder->kind->holds;
	if (coder->turn_ns != now)
		coder->turn_bytes = 0;
	coder->turn_ns = now;
	if (coder->turn_bytes + cost > coder->inline_max) {
		http_offload_sure(request, coder_job_run, &job);
		coder->turn_bytes = 0;
	} else {
		coder_job_run(&job);
		coder->turn_bytes += cost;
	}
	before -= coder->io.in.len;
	coder->in += before;
	coder->held = coder->op == CODER_RUN ? coder->held + before : 0;
	return job.result;
}

static void coder_close(void *arg)
{
	struct coder_filter *coder = arg;

	if (coder->state)
		coder->kind->close(coder->state);
	coder->state = NULL;
}

/* Ask for input, and what is to be done with it. Returns 1, 0 if that is
 * nothing but to pass a flush on, or -errno. */
static int coder_pull(struct coder_filter *coder)
{
	struct http_source *inner = coder->filter.inner;
	struct http_chunk chunk;
	int rc = inner->next(inner, &chunk);

	if (rc < 0)
		return rc;
	coder->op = CODER_RUN;
	if (rc == 0)
		coder->op = CODER_FINISH;
	else if (chunk.bytes.len == 0)
		coder->op = CODER_FLUSH;
	coder->io.in = rc ? chunk.bytes : (struct slice){ NULL, 0 };
	if (coder->op == CODER_FLUSH) {
		coder->owes_flush = true;
		if (!coder->dirty)
			return 0;
	}
	coder->dirty = coder->op == CODER_RUN;
	return 1;
}

/* Fill the buffer as far as the input that is there allows. What the coding
 * needs is taken only now, and given back at once: so the next body finds it
 * in the processor's cache. Returns 0, or -errno. */
static int coder_fill(struct coder_filter *coder)
{
	int rc;

	while (coder->io.room && !coder->done &&
	    (coder->busy || !coder->owes_flush)) {
		rc = coder->busy ? 1 : coder_pull(coder);
		if (rc == 0)
			return 0;
		if (rc > 0 && !coder->state)
			rc = coder->kind->open(&coder->options, &coder->state);
		if (rc >= 0)
			rc = coder_run(coder);
		if (rc < 0)
			return rc;
		coder->busy = rc == 0;
		coder->done = rc > 0 && coder->op == CODER_FINISH;
		if (coder->done)
			coder_close(coder);
	}
	return 0;
}

static int coder_next(struct http_source *source, struct http_chunk *ret)
{
	struct coder_filter *coder = (struct coder_filter *)source;
	size_t len;
	int rc;

	if (!coder->buffer) {
		coder->buffer = arena_alloc_text(
		    &coder->filter.request->arena, CODER_OUT);
		if (!coder->buffer)
			return -ENOMEM;
	}
	if (coder->owes_flush && !coder->busy) {
		coder->owes_flush = false;
		*ret = (struct http_chunk){ .fd = -1 };
		return 1;
	}
	coder->io.out = coder->buffer;
	coder->io.room = CODER_OUT;
	rc = coder_fill(coder);
	if (rc < 0)
		return rc;
	len = CODER_OUT - coder->io.room;
	coder->out += len;
	*ret = (struct http_chunk){ .fd = -1,
	    .bytes = { coder->buffer, len } };
	if (len == 0 && coder->owes_flush)
		coder->owes_flush = false;
	return len || !coder->done;
}

int coder_use(struct http_request *request, const struct coder_kind *kind,
    const struct coder_options *options, size_t inline_max,
    struct coder_filter **ret)
{
	struct coder_filter *coder = arena_calloc(&request->arena, 1,
	    sizeof(*coder));

	if (!coder || http_request_cleanup(request, coder_close, coder))
		return -ENOMEM;
	coder->filter.source.next = coder_next;
	coder->kind = kind;
	coder->options = *options;
	coder->inline_max = inline_max;
	*ret = coder;
	return http_filter_use(request, &coder->filter);
}

/* ---- all at once ---- */

static char *coder_whole_read(const struct coder_whole *whole)
{
	char *bytes = malloc(whole->size + 1);
	size_t done = 0;

	while (bytes && done < whole->size) {
		ssize_t n = pread(whole->fd, bytes + done, whole->size - done,
		    (off_t)done);

		if (n <= 0) {
			free(bytes);
			return NULL;
		}
		done += (size_t)n;
	}
	return bytes;
}

/* Twice the room, but for the first time a third of the body. */
static bool coder_whole_grow(struct coder_whole *whole, struct coder_io *io,
    size_t *size)
{
	size_t used = *size - io->room;
	size_t next = *size ? *size * 2 : io->in.len / 3 + 1024;
	char *bytes = realloc(whole->result, next);

	if (!bytes)
		return false;
	whole->result = bytes;
	io->out = bytes + used;
	io->room = next - used;
	*size = next;
	return true;
}

void coder_whole_run(void *arg)
{
	struct coder_whole *whole = arg;
	struct coder_io io = { .in = whole->bytes };
	char *read = NULL, *fit;
	size_t size = 0;
	void *state;
	int rc = 0;

	if (!whole->bytes.len) {
		read = coder_whole_read(whole);
		io.in = (struct slice){ read, read ? whole->size : 0 };
	}
	whole->options.size = (int64_t)io.in.len;
	whole->error = io.in.len == 0 ? -EIO :
	    whole->kind->open(&whole->options, &state);
	if (whole->error) {
		free(read);
		return;
	}
	while (rc == 0)
		rc = coder_whole_grow(whole, &io, &size) ?
		    whole->kind->run(state, &io, CODER_FINISH) : -ENOMEM;
	whole->kind->close(state);
	free(read);
	whole->result_len = size - io.room;
	fit = rc > 0 ? realloc(whole->result, whole->result_len) : NULL;
	if (fit)
		whole->result = fit;
	if (rc > 0)
		return;
	free(whole->result);
	whole->result = NULL;
	whole->error = rc;
}

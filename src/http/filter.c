/*
 * The body of a response, of any kind, as pieces in memory. What lies in a
 * file is read from the page cache, or on the pool where it is not there.
 */

#include "http/filter.h"

#include <errno.h>
#include <sys/uio.h>

#include "http/conn.h"
#include "http/timing.h"

struct filter_reader {
	struct http_source source;
	struct http_request *request;
	struct http_body body;
	int64_t length;			/* of a body that is no source */
	struct http_chunk part;		/* of a file; what is left to read */
	char *buffer;
	size_t buffer_size;
	bool begun;
};

struct filter_read {
	const struct http_chunk *part;
	struct iovec to;
	ssize_t result;
};

static void filter_read_run(void *arg)
{
	struct filter_read *job = arg;
	ssize_t n = preadv2(job->part->fd, &job->to, 1, job->part->offset, 0);

	job->result = n < 0 ? -errno : n;
}

void http_offload_sure(struct http_request *request, void (*fn)(void *arg),
    void *arg)
{
	struct ring *ring = request->worker->ring;

	while (http_offload(request, fn, arg) == -EAGAIN)
		ring_sleep(ring, ring_now(ring) +
		    HTTP_FILTER_RETRY_MS * NS_PER_MSEC);
}

/* The next bytes of the part of a file. */
static int filter_read_part(struct filter_reader *reader,
    struct http_chunk *ret)
{
	struct http_chunk *part = &reader->part;
	struct filter_read job = { .part = part };
	size_t size = part->size < HTTP_FILTER_READ ? part->size :
	    HTTP_FILTER_READ;

	if (reader->buffer_size < size) {
		reader->buffer = arena_alloc_text(&reader->request->arena,
		    size);
		reader->buffer_size = reader->buffer ? size : 0;
		if (!reader->buffer)
			return -ENOMEM;
	}
	job.to = (struct iovec){ reader->buffer, size };
	job.result = preadv2(part->fd, &job.to, 1, part->offset, RWF_NOWAIT);
	if (job.result <= 0)
		http_offload_sure(reader->request, filter_read_run, &job);
	if (job.result == 0)
		http_log(reader->request, LOG_LEVEL_CRIT, 0,
		    "file was truncated while it was sent");
	if (job.result <= 0)
		return job.result ? (int)job.result : -EIO;
	part->offset += job.result;
	part->size -= (size_t)job.result;
	*ret = (struct http_chunk){ .fd = -1,
	    .bytes = { reader->buffer, (size_t)job.result } };
	return 1;
}

/* A body that is no source is one piece. */
static int filter_reader_piece(struct filter_reader *reader,
    struct http_chunk *ret)
{
	const struct http_body *body = &reader->body;

	if (body->kind == HTTP_BODY_SOURCE)
		return body->source->next(body->source, ret);
	if (reader->begun || reader->length <= 0)
		return 0;
	reader->begun = true;
	*ret = (struct http_chunk){ .fd = -1, .bytes = body->bytes };
	if (body->kind == HTTP_BODY_FILE)
		*ret = reader->part;
	return 1;
}

/* When filters have had their share of this turn the next piece waits for
 * another one, so that many bodies do not hold up who wants an answer. */
static void filter_take_turn(struct http_request *request)
{
	struct ring *ring = request->worker->ring;
	unsigned waited = 0;

	while (clock_mono_ns() - ring_now(ring) > HTTP_FILTER_TURN_NS &&
	    waited++ < HTTP_FILTER_TURNS_MAX)
		ring_yield(ring);
}

static int filter_reader_next(struct http_source *source,
    struct http_chunk *ret)
{
	struct filter_reader *reader = (struct filter_reader *)source;
	struct http_chunk piece;
	int rc;

	filter_take_turn(reader->request);
	do {
		if (reader->begun && reader->part.size)
			return filter_read_part(reader, ret);
		rc = filter_reader_piece(reader, &piece);
		if (rc <= 0)
			return rc;
		reader->begun = true;
		reader->part = piece;
		reader->part.size = piece.fd < 0 ? 0 : piece.size;
	} while (piece.fd >= 0);
	*ret = piece;
	return 1;
}

static void filter_reader_close(struct http_source *source)
{
	struct filter_reader *reader = (struct filter_reader *)source;

	if (reader->body.source && reader->body.source->close)
		reader->body.source->close(reader->body.source);
}

struct http_source *http_response_source(struct http_request *request)
{
	const struct http_response *response = &request->response;
	struct filter_reader *reader = arena_calloc(&request->arena, 1,
	    sizeof(*reader));

	if (!reader)
		return NULL;
	reader->source.next = filter_reader_next;
	reader->source.close = filter_reader_close;
	reader->request = request;
	reader->body = response->body;
	if (response->body.kind != HTTP_BODY_NONE)
		reader->length = response->length;
	if (response->body.kind == HTTP_BODY_FILE)
		reader->part = (struct http_chunk){ .fd = response->body.fd,
		    .offset = response->body.offset,
		    .size = (size_t)response->length };
	return &reader->source;
}

static void filter_close(struct http_source *source)
{
	struct http_filter *filter = (struct http_filter *)source;

	if (filter->inner->close)
		filter->inner->close(filter->inner);
}

int http_filter_use(struct http_request *request, struct http_filter *filter)
{
	struct http_response *response = &request->response;
	struct http_source *body = response->body.source;

	/* What another filter gives is in memory. */
	if (response->body.kind != HTTP_BODY_SOURCE ||
	    body->close != filter_close)
		body = http_response_source(request);
	if (!body)
		return -ENOMEM;
	filter->request = request;
	filter->inner = body;
	filter->source.close = filter_close;
	response->body = (struct http_body){ .kind = HTTP_BODY_SOURCE,
	    .fd = -1, .source = &filter->source };
	response->file = NULL;
	response->length = -1;
	response->accept_ranges = false;
	http_response_remove(request, SLICE("Accept-Ranges"));
	response->prepared = (struct slice){ NULL, 0 };
	return 0;
}

/* "W/" before `etag`; empty if that is none. `data` is NULL without memory. */
static struct slice filter_weak(struct http_request *request,
    struct slice etag)
{
	if (slice_starts(etag, SLICE("W/")))
		return etag;
	return slice_starts(etag, SLICE("\"")) ?
	    arena_printf(&request->arena, "W/%.*s", SLICE_ARG(etag)) :
	    SLICE("");
}

int http_response_weaken(struct http_request *request)
{
	struct http_response *response = &request->response;
	struct http_field *field = http_response_find(request, SLICE("ETag"));

	response->prepared = (struct slice){ NULL, 0 };
	response->etag = filter_weak(request, response->etag);
	if (field)
		field->value = filter_weak(request, field->value);
	if (field && field->value.len == 0)
		http_response_remove(request, SLICE("ETag"));
	return response->etag.data ? 0 : -ENOMEM;
}

struct http_field *http_response_find(const struct http_request *request,
    struct slice name)
{
	struct http_field *field = request->response.fields;

	while (field && !slice_equal_nocase(field->name, name))
		field = field->next;
	return field;
}

void http_response_remove(struct http_request *request, struct slice name)
{
	struct http_response *response = &request->response;
	struct http_field **field = &response->fields;

	while (*field) {
		if (slice_equal_nocase((*field)->name, name))
			*field = (*field)->next;
		else
			field = &(*field)->next;
	}
	response->fields_end = field;
}

#include "load/reader.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "http/chunked.h"
#include "http/h1_response.h"
#include "load/client.h"

enum {
	READER_INTERIM_MAX = 16,	/* 1xx answers before the real one;
					 * more are no answer */
};

/* Read into what all of the thread's clients read into. */
static void reader_share(struct reader *reader)
{
	struct load_worker *worker = reader->client->worker;

	reader->data = worker->received;
	reader->size = sizeof(worker->received);
}

void reader_init(struct reader *reader, struct load_client *client,
    uint64_t deadline)
{
	reader->client = client;
	reader->begin = reader->end = 0;
	reader_share(reader);
	reader->deadline = deadline;
}

static struct slice reader_rest(const struct reader *reader)
{
	return (struct slice){ reader->data + reader->begin,
	    reader->end - reader->begin };
}

/*
 * Room behind what is there; false without memory. Others read into the
 * shared buffer while this one waits, so what is there goes to one of its own.
 */
static bool reader_room(struct reader *reader)
{
	struct load_client *client = reader->client;
	size_t len = reader->end - reader->begin;

	if (len == 0) {
		reader->begin = reader->end = 0;
		reader_share(reader);
		return true;
	}
	if (!client->head)
		client->head = malloc(H1_RESPONSE_BYTES_MAX + 1);
	if (!client->head)
		return false;
	/* Heads that do not fit are refused. */
	if (reader->data != client->head || reader->end == reader->size) {
		memmove(client->head, reader->data + reader->begin, len);
		reader->begin = 0;
		reader->end = len;
		reader->data = client->head;
		reader->size = H1_RESPONSE_BYTES_MAX + 1;
	}
	return true;
}

/* Receive more: LOAD_OK, or why the answer will not be complete. */
static enum load_error reader_more(struct reader *reader, bool begun)
{
	struct load_worker *worker = reader->client->worker;
	ssize_t n;

	if (!reader_room(reader))
		return LOAD_ERROR_OTHER;
	n = ring_recv(&reader->client->stream, reader->data + reader->end,
	    reader->size - reader->end, reader->deadline);
	if (n < 0)
		return load_error_of((int)n);
	if (n == 0)
		return begun ? LOAD_ERROR_TRUNCATED : LOAD_ERROR_CLOSED;
	if (reader->first_ns == 0)
		reader->first_ns = clock_mono_ns();
	worker->record->counts.bytes_in += (uint64_t)n;
	worker->second.counts.bytes_in += (uint64_t)n;
	reader->end += (size_t)n;
	return LOAD_OK;
}

/* An alert of TLS (RFC 8446 §6) is what its ports say to plain text. */
static enum load_error reader_malformed(const struct reader *reader)
{
	return slice_starts(reader_rest(reader), SLICE("\x15\x03"))
	    ? LOAD_ERROR_TLS : LOAD_ERROR_MALFORMED;
}

/* Does the same head begin here as the last time? Then it is read. */
static bool reader_recall(struct reader *reader, struct h1_response *response)
{
	const struct reader_known *known = &reader->client->worker->known;

	if (known->len == 0 || !slice_starts(reader_rest(reader),
		(struct slice){ known->bytes, known->len }))
		return false;
	*response = known->response;
	reader->begin += known->len;
	return true;
}

/* But not where its lines are looked at, which are elsewhere next time. */
static void reader_learn(struct reader *reader, size_t len,
    const struct h1_response *response)
{
	struct reader_known *known = &reader->client->worker->known;

	if (len > sizeof(known->bytes) || response->header_capacity > 0)
		return;
	memcpy(known->bytes, reader->data + reader->begin, len);
	known->len = len;
	known->response = *response;
	known->response.reason = (struct slice){ NULL, 0 };
}

static enum load_error reader_head(struct reader *reader,
    struct h1_response *response)
{
	enum load_error error = LOAD_OK;
	size_t consumed;

	while (error == LOAD_OK) {
		if (reader_recall(reader, response))
			return LOAD_OK;
		switch (h1_response_parse(reader_rest(reader), response,
		    &consumed)) {
		case H1_RESPONSE_DONE:
			reader_learn(reader, consumed, response);
			reader->begin += consumed;
			return LOAD_OK;
		case H1_RESPONSE_BAD:
			return reader_malformed(reader);
		case H1_RESPONSE_MORE:
			error = reader_more(reader,
			    reader->begin < reader->end);
		}
	}
	return error;
}

/* Keep what may hold what is looked for. */
static void reader_keep(struct reader *reader, struct slice content)
{
	struct load_client *client = reader->client;

	if (reader->wanted.len == 0)
		return;
	if (!client->content)
		client->content = malloc(LOAD_BODY_FIND_MAX);
	if (!client->content)
		return;			/* not found, then */
	content = slice_first(content,
	    LOAD_BODY_FIND_MAX - reader->content_len);
	memcpy(client->content + reader->content_len, content.data,
	    content.len);
	reader->content_len += content.len;
}

static bool reader_found(const struct reader *reader)
{
	return reader->wanted.len == 0 || memmem(reader->client->content,
	    reader->content_len, reader->wanted.data, reader->wanted.len);
}

static enum load_error reader_plain(struct reader *reader, uint64_t left,
    bool until_close)
{
	enum load_error error = LOAD_OK;

	while (error == LOAD_OK) {
		struct slice got = slice_first(reader_rest(reader), left);

		reader_keep(reader, got);
		reader->begin += got.len;
		left -= got.len;
		if (left == 0)
			return LOAD_OK;
		error = reader_more(reader, true);
	}
	return until_close && error == LOAD_ERROR_TRUNCATED ? LOAD_OK : error;
}

static enum load_error reader_chunked(struct reader *reader)
{
	struct chunked chunked = { .left = 0 };
	enum load_error error = LOAD_OK;

	while (error == LOAD_OK) {
		struct slice in = reader_rest(reader), content;
		enum chunked_result result = chunked_next(&chunked, &in,
		    &content);

		reader->begin = reader->end - in.len;
		if (result == CHUNKED_DONE)
			return LOAD_OK;
		if (result == CHUNKED_BAD)
			return LOAD_ERROR_MALFORMED;
		if (result == CHUNKED_DATA)
			reader_keep(reader, content);
		else
			error = reader_more(reader, true);
	}
	return error;
}

static enum load_error reader_content(struct reader *reader,
    const struct h1_response *response, enum h1_response_framing framing)
{
	reader->content_len = 0;
	switch (framing) {
	case H1_RESPONSE_LENGTH:
		return reader_plain(reader, response->content_length, false);
	case H1_RESPONSE_CHUNKED:
		return reader_chunked(reader);
	case H1_RESPONSE_UNTIL_CLOSE:
		return reader_plain(reader, UINT64_MAX, true);
	case H1_RESPONSE_NO_BODY:
		break;
	}
	return LOAD_OK;
}

static void reader_cookies(const struct reader *reader,
    const struct h1_response *response)
{
	for (unsigned i = 0; i < response->header_count &&
	    i < response->header_capacity; i++)
		if (slice_equal_nocase(response->headers[i].name,
			SLICE("set-cookie")))
			cookies_set(&reader->client->cookies,
			    response->headers[i].value, time(NULL));
}

enum load_error reader_answer(struct reader *reader,
    const struct load_request *request, bool *keeps)
{
	struct load_record *record = reader->client->worker->record;
	struct h1_response response = {
		.headers = reader->client->worker->headers };
	enum h1_response_framing framing;
	enum load_error error;
	unsigned interim = 0;

	reader->first_ns = reader->begin < reader->end ? clock_mono_ns() : 0;
	if (reader->client->worker->plan->cookies)
		response.header_capacity = LOAD_HEADERS_READ_MAX;
	do
		error = reader_head(reader, &response);
	while (error == LOAD_OK && response.status < 200 &&
	    interim++ < READER_INTERIM_MAX);
	if (error != LOAD_OK)
		return error;
	if (response.status < 200)
		return LOAD_ERROR_MALFORMED;
	reader_cookies(reader, &response);
	framing = h1_response_framing(&response, request->method);
	*keeps = h1_response_keeps(&response, framing);
	reader->wanted = request->expect_body;
	error = reader_content(reader, &response, framing);
	if (error != LOAD_OK)
		return error;
	record->statuses[response.status < LOAD_STATUSES ? response.status
							  : 0]++;
	if (request->expect_status ? response.status != request->expect_status
				   : response.status >= 400)
		return LOAD_ERROR_STATUS;
	return reader_found(reader) ? LOAD_OK : LOAD_ERROR_BODY;
}

/*
 * Receiving on connected sockets.
 *
 * The kernel puts what arrives into buffers of one ring that all streams
 * share. A completion hands a buffer to its stream, where it is a chunk in a
 * queue until ring_recv() has copied it out, and then goes back.
 *
 * A stream has at most one receive armed. It is armed when a coroutine waits
 * or the stream is idle, and (multishot) stays so until the kernel ends it:
 *
 * - without a free buffer (-ENOBUFS): it would end again at once if armed
 *   again, so the stream joins the starved ones, who are served at the end
 *   of a turn, after the buffers of that turn went back;
 * - because the completion queue was full: armed at the next wait;
 * - because more than RING_STREAM_BUFFERS_MAX chunks were not read: then we
 *   cancelled it, and the peer is held up by TCP until they are.
 *
 * Peers that send without reading answers cannot keep the shared buffers
 * from the others: when these get scarce, what nobody waits for moves to
 * the heap.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring/internal.h"

/* Who waits in ring_recv(), or for the last completion; on its stack. */
struct ring_reader {
	struct ring_stream *stream;
	struct coro *coro;
	struct ring_timer timer;
	int result;		/* 0: look again */
};

/* ---- chunks ---- */

static bool ring_chunk_is_buffer(const struct ring_buffers *buffers,
    const struct ring_chunk *chunk)
{
	uintptr_t first = (uintptr_t)buffers->chunks;

	return (uintptr_t)chunk - first <
	    buffers->count * sizeof(*buffers->chunks);
}

static void ring_chunk_free(struct ring_buffers *buffers,
    struct ring_chunk *chunk)
{
	if (!ring_chunk_is_buffer(buffers, chunk)) {
		free(chunk);
		return;
	}
	io_uring_buf_ring_add(buffers->ring, chunk->data, buffers->size,
	    (unsigned short)(chunk - buffers->chunks), (int)buffers->count - 1,
	    (int)buffers->returned);
	buffers->returned++;
	buffers->free++;
}

/* Move a buffer's bytes to the heap, if there is memory. */
static struct ring_chunk *ring_chunk_move(struct ring_buffers *buffers,
    struct ring_chunk *chunk)
{
	struct ring_chunk *copy = malloc(sizeof(*copy) + chunk->len);

	if (!copy)
		return chunk;
	copy->len = chunk->len;
	copy->data = (char *)(copy + 1);
	memcpy(copy->data, chunk->data, chunk->len);
	ring_chunk_free(buffers, chunk);
	return copy;
}

static void ring_stream_pop(struct ring_stream *stream)
{
	struct ring_chunk *chunk = stream->first;

	stream->first = chunk->next;
	stream->offset = 0;
	stream->queued--;
	ring_chunk_free(&stream->ring->buffers, chunk);
}

static uint64_t ring_stream_user_data(const struct ring_stream *stream)
{
	return ring_user_data(stream, RING_TAG_STREAM);
}

/* Take over the buffer of a completion. */
static void ring_stream_push(struct ring_stream *stream, unsigned index,
    int result)
{
	struct ring_buffers *buffers = &stream->ring->buffers;
	struct ring_chunk *chunk = &buffers->chunks[index];

	buffers->free--;
	if (result <= 0 || stream->closing) {
		ring_chunk_free(buffers, chunk);
		return;
	}
	chunk->len = (uint32_t)result;
	if (stream->notified && !stream->reader &&
	    buffers->free < buffers->count / 4)
		chunk = ring_chunk_move(buffers, chunk);
	chunk->next = NULL;
	if (stream->first) {
		stream->last->next = chunk;
	} else {
		stream->first = chunk;
		stream->since_ns = stream->ring->now;
	}
	stream->last = chunk;
	stream->queued++;
	if (stream->queued > RING_STREAM_BUFFERS_MAX && stream->armed &&
	    !stream->cancelling) {
		stream->cancelling = true;
		(void)ring_submit_cancel(stream->ring,
		    ring_stream_user_data(stream));
	}
}

/* ---- the armed receive ---- */

static void ring_stream_arm(struct ring_stream *stream)
{
	struct io_uring_sqe *sqe;

	if (stream->armed || stream->starved)
		return;
	sqe = ring_sqe(stream->ring, RING_OP_RECV);
	if (stream->multishot)
		io_uring_prep_recv_multishot(sqe, stream->fd, NULL, 0, 0);
	else
		io_uring_prep_recv(sqe, stream->fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = 0;
	sqe->user_data = ring_stream_user_data(stream);
	stream->armed = true;
}

static void ring_stream_starve(struct ring_stream *stream)
{
	struct ring *ring = stream->ring;

	ring->stats.buffers_exhausted++;
	stream->starved = true;
	stream->next_starved = NULL;
	*ring->starved_end = stream;
	ring->starved_end = &stream->next_starved;
}

static void ring_stream_unstarve(struct ring_stream *stream)
{
	struct ring *ring = stream->ring;
	struct ring_stream **link = &ring->starved;

	if (!stream->starved)
		return;
	while (*link != stream)
		link = &(*link)->next_starved;
	*link = stream->next_starved;
	if (!*link)
		ring->starved_end = link;
	stream->starved = false;
}

bool ring_streams_turn(struct ring *ring)
{
	struct ring_buffers *buffers = &ring->buffers;

	if (buffers->returned) {
		io_uring_buf_ring_advance(buffers->ring,
		    (int)buffers->returned);
		buffers->returned = 0;
	}
	/* No more than can succeed: a few at a time, the longest waiting
	 * first. The others follow in the next turns. */
	for (unsigned n = buffers->free; n > 0 && ring->starved; n--) {
		struct ring_stream *stream = ring->starved;

		ring_stream_unstarve(stream);
		ring_stream_arm(stream);
	}
	return ring->starved && buffers->free > 0;
}

static void ring_reader_detach(struct ring_reader *reader, int result)
{
	reader->stream->reader = NULL;
	reader->result = result;
	ring_timer_clear(reader->stream->ring, &reader->timer);
}

static void ring_reader_wake(struct ring_reader *reader, int result)
{
	struct ring *ring = reader->stream->ring;

	ring_reader_detach(reader, result);
	ring_resume(ring, reader->coro);
}

void ring_streams_cancel(struct ring *ring, int fd)
{
	struct ring_stream *stream;

	for (stream = ring->starved; stream; stream = stream->next_starved) {
		struct ring_reader *reader = stream->reader;

		if (stream->fd == fd && reader) {
			ring_reader_detach(reader, -ECANCELED);
			ring_ready(ring, reader->coro);
		}
	}
}

/* The receive was cancelled: by us as too much was queued, or by
 * ring_cancel() for who waits. */
static void ring_stream_canceled(struct ring_stream *stream, bool by_us)
{
	if (stream->reader && !by_us)
		ring_reader_wake(stream->reader, -ECANCELED);
	else if (stream->reader || !stream->notified)
		ring_stream_arm(stream);
}

static void ring_stream_wake(struct ring_stream *stream)
{
	if (stream->reader) {
		ring_reader_wake(stream->reader, 0);
	} else if (!stream->notified) {
		stream->notified = true;
		stream->readable(stream->arg);
	}
}

/* Who is woken may free the stream: that comes last in each case. */
void ring_stream_complete(struct ring_stream *stream, int result,
    unsigned flags)
{
	bool cancelling = stream->cancelling;

	if (!(flags & IORING_CQE_F_MORE))
		stream->armed = stream->cancelling = false;
	if (flags & IORING_CQE_F_BUFFER)
		ring_stream_push(stream, flags >> IORING_CQE_BUFFER_SHIFT,
		    result);
	if (stream->closing) {
		if (!stream->armed && stream->reader)
			ring_reader_wake(stream->reader, 0);
	} else if (result > 0) {
		ring_stream_wake(stream);
	} else if (result == -ENOBUFS) {
		ring_failed(stream->ring, RING_OP_RECV, ENOBUFS);
		ring_stream_starve(stream);
	} else if (result == -ECANCELED) {
		ring_stream_canceled(stream, cancelling);
	} else if (result == -EINTR || result == -EAGAIN) {
		ring_stream_arm(stream);
	} else {
		stream->eof = result == 0;
		stream->error = (int16_t)result;
		if (result < 0)
			ring_failed(stream->ring, RING_OP_RECV, -result);
		ring_stream_wake(stream);
	}
}

/* ---- what callers see ---- */

void ring_stream_open(struct ring_stream *stream)
{
	ring_stream_arm(stream);
}

bool ring_stream_ready(const struct ring_stream *stream)
{
	return stream->first || stream->eof || stream->error;
}

uint64_t ring_stream_since(const struct ring_stream *stream)
{
	return stream->first ? stream->since_ns : stream->ring->now;
}

bool ring_stream_ended(const struct ring_stream *stream)
{
	return stream->eof || stream->error;
}

void ring_stream_rest(struct ring_stream *stream)
{
	if (ring_stream_ready(stream))
		return;
	stream->notified = false;
	ring_stream_arm(stream);
}

void ring_stream_keep(struct ring_stream *stream)
{
	stream->multishot = true;
	ring_stream_rest(stream);
}

static size_t ring_stream_take(struct ring_stream *stream, char *data,
    size_t size)
{
	size_t done = 0;

	while (done < size && stream->first) {
		struct ring_chunk *chunk = stream->first;
		size_t left = chunk->len - stream->offset;
		size_t n = left < size - done ? left : size - done;

		memcpy(data + done, chunk->data + stream->offset, n);
		done += n;
		stream->offset += (uint32_t)n;
		if (n == left)
			ring_stream_pop(stream);
	}
	return done;
}

static void ring_reader_expire(void *arg)
{
	ring_reader_wake(arg, -ETIMEDOUT);
}

/* Wait for a completion: 0, or why there was none. */
static int ring_stream_wait(struct ring_stream *stream, uint64_t deadline)
{
	struct ring *ring = stream->ring;
	struct ring_reader reader;

	assert(!stream->reader);
	reader.stream = stream;
	reader.coro = ring->coros.current;
	reader.timer.link = NULL;
	if (deadline != RING_NO_DEADLINE) {
		reader.timer.fn = ring_reader_expire;
		reader.timer.arg = &reader;
		ring_timer_set(ring, &reader.timer, deadline);
	}
	stream->reader = &reader;
	coro_suspend(&ring->coros);
	return reader.result;
}

ssize_t ring_recv(struct ring_stream *stream, void *data, size_t size,
    uint64_t deadline)
{
	for (;;) {
		int r;

		if (stream->first)
			return (ssize_t)ring_stream_take(stream, data, size);
		if (stream->error)
			return stream->error;
		if (stream->eof)
			return 0;
		ring_stream_arm(stream);
		r = ring_stream_wait(stream, deadline);
		if (r)
			return r;
	}
}

ssize_t ring_recv_now(struct ring_stream *stream, void *data, size_t size)
{
	size_t done = ring_stream_take(stream, data, size);
	ssize_t n;

	assert(!stream->reader);
	if (done == size || stream->armed || stream->starved)
		return done ? (ssize_t)done : -EAGAIN;
	if (!ring_stream_ended(stream)) {
		n = recv(stream->fd, (char *)data + done, size - done,
		    MSG_DONTWAIT);
		if (n > 0)
			return (ssize_t)done + n;
		if (n == 0)
			stream->eof = true;
		else if (errno != EAGAIN && errno != EINTR)
			stream->error = (int16_t)-errno;
	}
	if (done)
		return (ssize_t)done;
	return stream->error ? stream->error : stream->eof ? 0 : -EAGAIN;
}

void ring_stream_close(struct ring_stream *stream)
{
	struct ring *ring = stream->ring;
	struct io_uring_sqe *sqe;

	assert(!stream->reader && !stream->closing);
	stream->closing = true;
	while (stream->first)
		ring_stream_pop(stream);
	ring_stream_unstarve(stream);
	if (stream->armed) {
		ring_sqe_reserve(ring, 2);
		sqe = ring_submit_cancel(ring, ring_stream_user_data(stream));
		sqe->flags |= IOSQE_IO_HARDLINK;
	}
	sqe = ring_sqe(ring, RING_OP_CLOSE);
	io_uring_prep_close(sqe, stream->fd);
	/* Nothing to be done about an error: the descriptor is gone. */
	(void)ring_wait(ring, RING_OP_CLOSE, sqe, RING_NO_DEADLINE);
	if (stream->armed)
		(void)ring_stream_wait(stream, RING_NO_DEADLINE);
	ring_listeners_resume(ring);
}

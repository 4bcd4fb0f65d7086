#ifndef RINGMASTER_RING_INTERNAL_H
#define RINGMASTER_RING_INTERNAL_H

/*
 * What the files of this folder share. Nobody else includes it.
 *
 * user_data of a submission is a pointer to what waits for its completions,
 * with an enum ring_tag in the low bits that says what that is.
 */

#include <liburing.h>

#include "base/log.h"
#include "ring/coro.h"
#include "ring/ring.h"
#include "ring/timer.h"

enum {
	RING_STREAM_BUFFERS_MAX = 8,	/* received and not read, a stream */
	RING_SQ_ENTRIES_MIN = 4,
	RING_CQ_ENTRIES_MIN = 8,
	RING_BUFFERS_MIN = 2,
};

enum ring_tag {
	RING_TAG_NONE,			/* nobody: the result is ignored */
	RING_TAG_WAIT,			/* struct ring_wait */
	RING_TAG_STREAM,		/* struct ring_stream: its receive */
	RING_TAG_LISTENER,		/* struct ring_listener: its accept */
	RING_TAG_POOL,			/* struct pool: its eventfd */
	RING_TAG_MASK = 7,
};

static inline uint64_t ring_user_data(const void *p, enum ring_tag tag)
{
	return (uint64_t)(uintptr_t)p | (uint64_t)tag;
}

/* Received bytes that a stream has not read yet. */
struct ring_chunk {
	struct ring_chunk *next;
	uint32_t len;
	char *data;	/* a provided buffer, or what follows on the heap */
};

/* The provided buffers: a buffer is either the kernel's or in a stream. */
struct ring_buffers {
	struct io_uring_buf_ring *ring;
	char *memory;
	struct ring_chunk *chunks;	/* one for each buffer, same index */
	unsigned count, size;
	unsigned free;			/* the kernel's, as far as known */
	unsigned returned;		/* of these, not yet made visible */
};

struct ring {
	struct io_uring uring;
	uint64_t now;
	bool stopping;
	struct timer_wheel timers;
	struct coro_pool coros;
	struct coro_queue ready;	/* resumed before the loop waits */
	struct ring_buffers buffers;
	struct ring_stream *starved;	/* want a buffer; first in first out */
	struct ring_stream **starved_end;
	struct ring_listener *paused;	/* want a descriptor */
	uint64_t accept_quiet_until;	/* no log line about it before */
	struct pool *pool;
	uint64_t offload_waited_ns;	/* of the job that ended last */
	struct ring_hooks hooks;
	struct ring_turn turn;		/* the one under way, so far */
	uint64_t turn_ticks;		/* when it began */
	uint64_t longest_ticks;		/* of its pieces */
	enum ring_op op;		/* that completed last, of coroutines */
	struct coro *ran;		/* last; NULL: it has returned */
	const struct log *log;
	/* Submissions with no more to come. */
	uint64_t finished[RING_OP_COUNT];
	struct ring_stats stats;
};

/* ---- loop.c ---- */

/* A cleared submission, counted as `op`; never fails. */
struct io_uring_sqe *ring_sqe(struct ring *ring, enum ring_op op);

/* Submit now if fewer than `count` (at most 4) more would fit: what is
 * linked must be submitted together. */
void ring_sqe_reserve(struct ring *ring, unsigned count);

/* Resume it, and clean up if it returned. */
void ring_resume(struct ring *ring, struct coro *coro);

/* Count an operation that ended with `error`, an errno value; nothing for one
 * that was cancelled or has but to be tried again. */
void ring_failed(struct ring *ring, enum ring_op op, int error);

/* Have it resumed before the loop waits. */
void ring_ready(struct ring *ring, struct coro *coro);

/*
 * Let the current coroutine wait for the one completion of `sqe`, an `op`.
 * Returns its result, or -ETIMEDOUT if it was cancelled at the deadline.
 */
int ring_wait(struct ring *ring, enum ring_op op, struct io_uring_sqe *sqe,
    uint64_t deadline);

/* Ask to cancel the submission with this user_data; returns the request. */
struct io_uring_sqe *ring_submit_cancel(struct ring *ring, uint64_t user_data);

/* ---- setup.c ---- */

/* Make ring->uring and the buffers, with less memory smaller ones: 0 or
 * -errno. */
int ring_setup(struct ring *ring, const struct ring_options *options);

void ring_teardown(struct ring *ring);

/* ---- accept.c ---- */

void ring_listener_complete(struct ring_listener *listener, int result,
    unsigned flags);

/* A descriptor was closed. */
void ring_listeners_resume(struct ring *ring);

/* ---- stream.c ---- */

void ring_stream_complete(struct ring_stream *stream, int result,
    unsigned flags);

/* All completions of the turn are handled: make returned buffers visible
 * and receive again where they were wanted. Is there more to do at once? */
bool ring_streams_turn(struct ring *ring);

/* ring_cancel() for a stream that waits for a buffer. */
void ring_streams_cancel(struct ring *ring, int fd);

/* ---- pool.c ---- */

int pool_open(struct ring *ring, unsigned threads, unsigned queue_max);
void pool_close(struct pool **pool);
void pool_complete(struct pool *pool, unsigned flags);
void pool_stats(struct pool *pool, struct ring_stats *stats);


#endif

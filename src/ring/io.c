/*
 * The straight-line calls: each submits one operation and suspends.
 */
#include <errno.h>
#include <poll.h>
#include <sys/sendfile.h>

#include "ring/internal.h"

/*
 * The kernel goes on after short sends by itself (MSG_WAITALL). So a short
 * result means that it was cancelled, by our deadline or ring_cancel(), or
 * that an error stands behind it: the rest is tried without waiting, to
 * learn which.
 */
ssize_t ring_send(struct ring *ring, int fd, struct slice data, int flags,
    uint64_t deadline)
{
	size_t done = 0;

	flags |= MSG_NOSIGNAL | MSG_WAITALL;
	while (done < data.len) {
		struct io_uring_sqe *sqe = ring_sqe(ring, RING_OP_SEND);
		int r;

		io_uring_prep_send(sqe, fd, data.data + done,
		    data.len - done, flags);
		r = ring_wait(ring, RING_OP_SEND, sqe, deadline);
		if (r == -EINTR)
			continue;
		if (r == -EAGAIN)
			return ring->now >= deadline ? -ETIMEDOUT
						     : -ECANCELED;
		if (r <= 0)
			return r ? r : -EPIPE;
		done += (size_t)r;
		flags |= MSG_DONTWAIT;
	}
	return (ssize_t)done;
}

static uint64_t ring_deadline_in(const struct ring *ring, uint64_t timeout_ns)
{
	return timeout_ns < RING_NO_DEADLINE - ring->now
	    ? ring->now + timeout_ns : RING_NO_DEADLINE;
}

/*
 * Large pieces are sent from the queue of those who yielded, also the first
 * one and after waiting: there the loop limits how many it serves in a turn.
 */
ssize_t ring_sendfile(struct ring *ring, int out, struct ring_file_part *part,
    uint64_t timeout_ns)
{
	size_t size = part->size, slice = RING_SENDFILE_SLICE;

	if (size > RING_SENDFILE_SLICE / 8)
		ring_yield(ring);
	while (part->size) {
		ssize_t n = sendfile(out, part->fd, &part->offset,
		    part->size < slice ? part->size : slice);

		if (n > 0) {
			part->size -= (size_t)n;
			slice -= (size_t)n;
		} else if (n == 0) {
			break;	/* the file ended */
		} else if (errno == EAGAIN) {
			int r = ring_poll(ring, out, POLLOUT,
			    ring_deadline_in(ring, timeout_ns));

			if (r < 0)
				return r;
			ring_yield(ring);
			slice = RING_SENDFILE_SLICE;
		} else if (errno != EINTR) {
			return -errno;
		}
		if (slice == 0) {
			ring_yield(ring);
			slice = RING_SENDFILE_SLICE;
		}
	}
	return (ssize_t)(size - part->size);
}

int ring_connect(struct ring *ring, int fd, const struct sockaddr *address,
    socklen_t len, uint64_t deadline)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, RING_OP_CONNECT);

	io_uring_prep_connect(sqe, fd, address, len);
	return ring_wait(ring, RING_OP_CONNECT, sqe, deadline);
}

int ring_poll(struct ring *ring, int fd, unsigned events, uint64_t deadline)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, RING_OP_POLL);

	io_uring_prep_poll_add(sqe, fd, events);
	return ring_wait(ring, RING_OP_POLL, sqe, deadline);
}

void ring_cancel(struct ring *ring, int fd)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, RING_OP_CANCEL);

	io_uring_prep_cancel_fd(sqe, fd, IORING_ASYNC_CANCEL_ALL);
	sqe->user_data = ring_user_data(NULL, RING_TAG_NONE);
	ring_streams_cancel(ring, fd);
}

struct ring_sleeper {
	struct ring *ring;
	struct coro *coro;
};

static void ring_sleep_over(void *arg)
{
	struct ring_sleeper *sleeper = arg;

	ring_resume(sleeper->ring, sleeper->coro);
}

void ring_sleep(struct ring *ring, uint64_t deadline)
{
	struct ring_sleeper sleeper = { ring, ring->coros.current };
	struct ring_timer timer = { .fn = ring_sleep_over, .arg = &sleeper };

	ring_timer_set(ring, &timer, deadline);
	coro_suspend(&ring->coros);
}

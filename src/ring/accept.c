/*
 * Accepting, by one multishot accept a listener.
 *
 * At a descriptor or memory limit the kernel ends it with an error at once,
 * and would again if it were armed again: so the listener pauses until a
 * stream is closed or RING_ACCEPT_PAUSE_NS have passed. The clients stay in
 * the listen queue meanwhile.
 */
#include <assert.h>
#include <errno.h>

#include "base/clock.h"
#include "ring/internal.h"

#define RING_ACCEPT_PAUSE_NS (100 * NS_PER_MSEC)
#define RING_ACCEPT_QUIET_NS (10 * NS_PER_SEC)	/* between log lines */

static void ring_listener_arm(struct ring_listener *listener)
{
	struct io_uring_sqe *sqe = ring_sqe(listener->ring, RING_OP_ACCEPT);

	io_uring_prep_multishot_accept(sqe, listener->fd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);
	sqe->user_data = ring_user_data(listener, RING_TAG_LISTENER);
	listener->armed = true;
}

static bool ring_listener_unpause(struct ring_listener *listener)
{
	struct ring_listener **link = &listener->ring->paused;

	while (*link && *link != listener)
		link = &(*link)->next_paused;
	if (!*link)
		return false;
	*link = listener->next_paused;
	ring_timer_clear(listener->ring, &listener->pause);
	return true;
}

static void ring_listener_pause_over(void *arg)
{
	struct ring_listener *listener = arg;

	if (ring_listener_unpause(listener))
		ring_listener_arm(listener);
}

static void ring_listener_pause(struct ring_listener *listener, int error)
{
	struct ring *ring = listener->ring;

	if (ring->log && ring->now >= ring->accept_quiet_until) {
		log_write(ring->log, LOG_LEVEL_CRIT, error,
		    "accept() failed; new connections wait");
		ring->accept_quiet_until = ring->now + RING_ACCEPT_QUIET_NS;
	}
	listener->next_paused = ring->paused;
	ring->paused = listener;
	listener->pause.fn = ring_listener_pause_over;
	listener->pause.arg = listener;
	ring_timer_set(ring, &listener->pause,
	    ring->now + RING_ACCEPT_PAUSE_NS);
}

void ring_listeners_resume(struct ring *ring)
{
	while (ring->paused)
		ring_listener_pause_over(ring->paused);
}

/* Errors of the one connection that was to be accepted, or none at all. */
static bool ring_accept_may_go_on(int error)
{
	return error == ECONNABORTED || error == EPERM || error == EPROTO ||
	    error == EINTR || error == EAGAIN || error == ECANCELED;
}

void ring_listener_complete(struct ring_listener *listener, int result,
    unsigned flags)
{
	bool ended = !(flags & IORING_CQE_F_MORE);

	if (result < 0)
		ring_failed(listener->ring, RING_OP_ACCEPT, -result);
	if (ended)
		listener->armed = false;
	if (ended && !listener->stopping) {
		if (result >= 0 || ring_accept_may_go_on(-result))
			ring_listener_arm(listener);
		else
			ring_listener_pause(listener, -result);
	}
	/* Last: when it was stopped, the owner may free it there. */
	if (result >= 0)
		listener->accepted(listener->arg, result);
}

void ring_listener_start(struct ring_listener *listener)
{
	assert(!listener->armed && !listener->pause.link);
	listener->stopping = false;
	ring_listener_arm(listener);
}

void ring_listener_stop(struct ring_listener *listener)
{
	listener->stopping = true;
	(void)ring_listener_unpause(listener); /* if it was paused */
	if (listener->armed)
		(void)ring_submit_cancel(listener->ring,
		    ring_user_data(listener, RING_TAG_LISTENER));
}

/*
 * The loop: submissions out, completions in, timers, and what is ready.
 *
 * A turn is one io_uring_enter() that submits everything the last turn
 * prepared and waits for a completion or the next timer; then all
 * completions are handled, each by resuming the coroutine that waits for it
 * right there. Nothing is handled from within a handler: a full submission
 * queue is submitted in the middle of a turn, but its completions wait for
 * the next one.
 *
 * Each completion is copied and its place given back before it is handled,
 * so that the kernel has the room when a turn submits more than once.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "ring/internal.h"

/* Of a turn, for those who yielded. */
#define RING_READY_NS (2 * NS_PER_MSEC)

/* What waits for one completion: on its coroutine's stack. */
struct ring_wait {
	struct ring *ring;
	struct coro *coro;
	struct ring_timer timer;
	int result;
	enum ring_op op;
	bool timed_out;
};

const char *ring_op_name(enum ring_op op)
{
	static const char *const names[RING_OP_COUNT] = {
		[RING_OP_ACCEPT] = "accept",
		[RING_OP_RECV] = "recv",
		[RING_OP_SEND] = "send",
		[RING_OP_POLL] = "poll",
		[RING_OP_CONNECT] = "connect",
		[RING_OP_CLOSE] = "close",
		[RING_OP_CANCEL] = "cancel",
	};

	return names[op];
}

/* Their values are errno's. */
static const struct {
	int error;
	const char *name;
} ring_errors[RING_ERROR_COUNT] = {
#define RING_ERROR(name) [RING_ERROR_##name] = { name, #name }
	[RING_ERROR_OTHER] = { 0, "other" },
	RING_ERROR(EMFILE), RING_ERROR(ENFILE), RING_ERROR(ENOMEM),
	RING_ERROR(ENOBUFS), RING_ERROR(ECONNABORTED), RING_ERROR(EPERM),
	RING_ERROR(ECONNRESET), RING_ERROR(EPIPE), RING_ERROR(ETIMEDOUT),
	RING_ERROR(ECONNREFUSED), RING_ERROR(EHOSTUNREACH),
	RING_ERROR(ENETUNREACH), RING_ERROR(EADDRNOTAVAIL),
#undef RING_ERROR
};

const char *ring_error_name(enum ring_error error)
{
	return ring_errors[error].name;
}

const char *ring_work_name(enum ring_work work)
{
	switch (work) {
	case RING_WORK_SHORT:
		return "short";
	case RING_WORK_POOL:
		return "pool";
	case RING_WORK_TIMER:
		return "timer";
	case RING_WORK_READY:
		return "ready";
	default:
		return ring_op_name((enum ring_op)(work - RING_WORK_OPS));
	}
}

void ring_failed(struct ring *ring, enum ring_op op, int error)
{
	enum ring_error at = RING_ERROR_COUNT - 1;

	if (error == ECANCELED || error == EINTR || error == EAGAIN)
		return;
	while (at != RING_ERROR_OTHER && ring_errors[at].error != error)
		at--;
	ring->stats.errors[op][at]++;
}

struct ring_options ring_options_default(void)
{
	return (struct ring_options){
		.sq_entries = 1024,
		.cq_entries = 8192,
		.buffers = 1024,
		.buffer_size = 2048,
		.stacks_max = 16384,
		.pool_threads = 4,
		.pool_queue_max = 1024,
	};
}

int ring_open(const struct ring_options *options, struct ring **ret)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int r;

	if (!ring)
		return -ENOMEM;
	ring->log = options->log;
	r = ring_setup(ring, options);
	if (r)
		goto free_ring;
	r = pool_open(ring, options->pool_threads, options->pool_queue_max);
	if (r)
		goto teardown;
	coro_pool_init(&ring->coros, options->stacks_max);
	ring->now = clock_mono_ns();
	timer_wheel_init(&ring->timers, ring->now);
	ring->starved_end = &ring->starved;
	(void)signal(SIGPIPE, SIG_IGN); /* sendfile() has no MSG_NOSIGNAL */
	*ret = ring;
	return 0;

teardown:
	ring_teardown(ring);
free_ring:
	free(ring);
	return r;
}

void ring_close(struct ring **ring)
{
	struct ring *r = *ring;

	if (!r)
		return;
	*ring = NULL;
	pool_close(&r->pool);
	ring_teardown(r);
	coro_pool_fini(&r->coros);
	free(r);
}

void ring_stop(struct ring *ring)
{
	ring->stopping = true;
}

uint64_t ring_now(const struct ring *ring)
{
	return ring->now;
}

void ring_set_hooks(struct ring *ring, const struct ring_hooks *hooks)
{
	ring->hooks = *hooks;
}

const struct ring_stats *ring_stats(struct ring *ring)
{
	struct ring_stats *stats = &ring->stats;

	stats->submitted = 0;
	stats->inflight = 0;
	for (unsigned i = 0; i < RING_OP_COUNT; i++) {
		stats->submitted += stats->ops[i];
		stats->inflight_ops[i] = (unsigned)(stats->ops[i] -
		    ring->finished[i]);
		stats->inflight += stats->inflight_ops[i];
	}
	stats->buffers_total = ring->buffers.count;
	stats->buffers_free = ring->buffers.free;
	stats->stacks_used = ring->coros.used;
	pool_stats(ring->pool, stats);
	return stats;
}

/* ---- submitting ---- */

static bool ring_enter_may_fail(int error)
{
	return error == -EINTR || error == -EAGAIN || error == -EBUSY ||
	    error == -ETIME;
}

/* Out of memory for requests: let others run before trying again. */
static void ring_enter_pause(int error)
{
	const struct timespec pause = { .tv_nsec = NS_PER_MSEC };

	if (error == -EAGAIN || error == -EBUSY)
		(void)nanosleep(&pause, NULL); /* shorter is fine */
}

static void ring_log_failure(const struct ring *ring, const char *what,
    int error)
{
	if (ring->log)
		log_write(ring->log, LOG_LEVEL_ALERT, -error, "%s failed",
		    what);
}

void ring_sqe_reserve(struct ring *ring, unsigned count)
{
	while (io_uring_sq_space_left(&ring->uring) < count) {
		int r = io_uring_submit(&ring->uring);

		ring->stats.enters++;
		if (r < 0 && !ring_enter_may_fail(r)) {
			/* The caller's state is broken with the ring. */
			ring_log_failure(ring, "io_uring_enter() in mid-turn",
			    r);
			abort();
		}
		if (r < 0)
			ring_enter_pause(r);
	}
}

struct io_uring_sqe *ring_sqe(struct ring *ring, enum ring_op op)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	if (!sqe) {
		ring_sqe_reserve(ring, 1);
		sqe = io_uring_get_sqe(&ring->uring);
		assert(sqe);
	}
	ring->stats.ops[op]++;
	return sqe;
}

struct io_uring_sqe *ring_submit_cancel(struct ring *ring, uint64_t user_data)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, RING_OP_CANCEL);

	io_uring_prep_cancel64(sqe, user_data, 0);
	sqe->user_data = ring_user_data(NULL, RING_TAG_NONE);
	return sqe;
}

/* ---- waiting ---- */

static void ring_wait_expire(void *arg)
{
	struct ring_wait *wait = arg;

	wait->timed_out = true;
	(void)ring_submit_cancel(wait->ring,
	    ring_user_data(wait, RING_TAG_WAIT));
}

int ring_wait(struct ring *ring, enum ring_op op, struct io_uring_sqe *sqe,
    uint64_t deadline)
{
	struct ring_wait wait;

	wait.ring = ring;
	wait.op = op;
	wait.coro = ring->coros.current;
	wait.timed_out = false;
	wait.timer.link = NULL;
	sqe->user_data = ring_user_data(&wait, RING_TAG_WAIT);
	if (deadline != RING_NO_DEADLINE) {
		wait.timer.fn = ring_wait_expire;
		wait.timer.arg = &wait;
		timer_wheel_set(&ring->timers, &wait.timer, deadline);
	}
	coro_suspend(&ring->coros);
	timer_wheel_clear(&ring->timers, &wait.timer);
	/* Interrupted is how some operations call being cancelled. */
	if (wait.timed_out &&
	    (wait.result == -ECANCELED || wait.result == -EINTR))
		return -ETIMEDOUT;
	return wait.result;
}

/* ---- coroutines ---- */

void ring_ready(struct ring *ring, struct coro *coro)
{
	coro_queue_push(&ring->ready, coro);
}

void ring_resume(struct ring *ring, struct coro *coro)
{
	struct ring_task *task = coro->owner;

	coro_resume(coro);
	ring->ran = coro;
	if (!coro->returned)
		return;
	ring->ran = NULL;
	coro_give(coro);
	if (task) {
		task->done = true;
		if (task->waiter)
			ring_ready(ring, task->waiter);
	}
}

int ring_spawn(struct ring *ring, struct ring_task *task,
    void (*fn)(void *arg), void *arg)
{
	struct coro *coro;
	int r = coro_take(&ring->coros, fn, arg, &coro);

	if (r)
		return r;
	if (task)
		*task = (struct ring_task){ .waiter = NULL };
	coro->owner = task;
	ring_resume(ring, coro);
	return 0;
}

void ring_join(struct ring *ring, struct ring_task *task)
{
	if (task->done)
		return;
	assert(!task->waiter);
	task->waiter = ring->coros.current;
	coro_suspend(&ring->coros);
	assert(task->done);
}

void ring_yield(struct ring *ring)
{
	ring_ready(ring, ring->coros.current);
	coro_suspend(&ring->coros);
}

/* ---- timers ---- */

void ring_timer_set(struct ring *ring, struct ring_timer *timer,
    uint64_t deadline)
{
	timer_wheel_set(&ring->timers, timer, deadline);
}

void ring_timer_clear(struct ring *ring, struct ring_timer *timer)
{
	timer_wheel_clear(&ring->timers, timer);
}

/* ---- what takes long ---- */

void ring_turn_get(const struct ring *ring, struct ring_turn *ret)
{
	uint64_t all = clock_ticks() - ring->turn_ticks;

	*ret = ring->turn;
	ret->completions = ring->stats.cq_backlog;
	ret->share = (double)ring->longest_ticks / (double)all;
}

static void ring_piece_was_long(struct ring *ring, enum ring_work work,
    uint64_t ticks)
{
	const struct ring_hooks *hooks = &ring->hooks;
	const struct coro *coro = work == RING_WORK_TIMER ? NULL : ring->ran;

	if (ticks <= ring->longest_ticks)
		return;
	ring->longest_ticks = ticks;
	ring->turn.work = work;
	ring->turn.label = coro && hooks->label
	    ? hooks->label(hooks->arg, coro->fn, coro->arg) : 0;
}

/* A piece of the turn ended that began at `since`. Returns when. */
static inline uint64_t ring_piece(struct ring *ring, enum ring_work work,
    uint64_t since)
{
	uint64_t now = clock_ticks();

	if (now - since > CLOCK_TICKS_LONG)
		ring_piece_was_long(ring, work, now - since);
	return now;
}

/* Which work a completion was, of which the user data are left. */
static enum ring_work ring_work_of(const struct ring *ring, uint64_t user_data)
{
	switch ((enum ring_tag)(user_data & RING_TAG_MASK)) {
	case RING_TAG_WAIT:
		return RING_WORK_OPS + ring->op;
	case RING_TAG_STREAM:
		return RING_WORK_OPS + RING_OP_RECV;
	case RING_TAG_LISTENER:
		return RING_WORK_OPS + RING_OP_ACCEPT;
	case RING_TAG_POOL:
		return RING_WORK_POOL;
	case RING_TAG_NONE:
	case RING_TAG_MASK:
		break;
	}
	return RING_WORK_SHORT;
}

/* ---- the turn ---- */

static void ring_complete(struct ring *ring, const struct io_uring_cqe *cqe)
{
	void *p = (void *)(uintptr_t)
	    (cqe->user_data & ~(uint64_t)RING_TAG_MASK);
	unsigned ended = !(cqe->flags & IORING_CQE_F_MORE);
	struct ring_wait *wait;

	switch ((enum ring_tag)(cqe->user_data & RING_TAG_MASK)) {
	case RING_TAG_WAIT:
		wait = p;
		wait->result = cqe->res;
		ring->op = wait->op;
		ring->finished[wait->op]++;
		if (cqe->res < 0)
			ring_failed(ring, wait->op, -cqe->res);
		ring_resume(ring, wait->coro);
		break;
	case RING_TAG_STREAM:
		ring->finished[RING_OP_RECV] += ended;
		ring_stream_complete(p, cqe->res, cqe->flags);
		break;
	case RING_TAG_LISTENER:
		ring->finished[RING_OP_ACCEPT] += ended;
		ring_listener_complete(p, cqe->res, cqe->flags);
		break;
	case RING_TAG_POOL:
		ring->finished[RING_OP_POLL] += ended;
		pool_complete(p, cqe->flags);
		break;
	case RING_TAG_NONE:
		ring->finished[RING_OP_CANCEL]++;
		break;
	case RING_TAG_MASK:
		break;
	}
}

/* The completions that were there when the turn began. */
static void ring_complete_all(struct ring *ring)
{
	struct io_uring_cq *cq = &ring->uring.cq;
	unsigned count = io_uring_cq_ready(&ring->uring);
	uint64_t now = ring->turn_ticks, since;

	ring->stats.cq_backlog = count;
	ring->stats.completed += count;
	if (io_uring_cq_has_overflow(&ring->uring))
		ring->stats.cq_overflows++;
	while (count-- > 0) {
		struct io_uring_cqe cqe = cq->cqes[*cq->khead & cq->ring_mask];

		io_uring_cq_advance(&ring->uring, 1);
		ring_complete(ring, &cqe);
		since = now;
		now = clock_ticks();
		if (now - since > CLOCK_TICKS_LONG)
			ring_piece_was_long(ring, ring_work_of(ring,
			    cqe.user_data), now - since);
	}
}

/*
 * Only those that are ready now: who yields again waits for the next turn.
 * And for RING_READY_NS only, since each may be sending a large piece of a
 * file, while others wait for the loop; then the rest comes first next time.
 */
static void ring_run_ready(struct ring *ring)
{
	struct coro *last = ring->ready.last, *coro;
	uint64_t since = clock_ticks();

	do {
		coro = coro_queue_pop(&ring->ready);
		if (coro)
			ring_resume(ring, coro);
		since = ring_piece(ring, RING_WORK_READY, since);
	} while (coro && coro != last &&
	    clock_mono_ns() - ring->now < RING_READY_NS);
}

static int ring_enter_until(struct ring *ring, uint64_t deadline,
    uint64_t now)
{
	uint64_t wait = deadline > now ? deadline - now : 0;
	struct __kernel_timespec ts = {
		.tv_sec = (long long)(wait / NS_PER_SEC),
		.tv_nsec = (long long)(wait % NS_PER_SEC),
	};
	struct io_uring_cqe *cqe;

	return io_uring_submit_and_wait_timeout(&ring->uring, &cqe, 1, &ts,
	    NULL);
}

/* Submit, and wait for a completion, the next timer, or nothing. */
static int ring_enter(struct ring *ring, bool wait, uint64_t now)
{
	uint64_t deadline = timer_wheel_next(&ring->timers);
	int r;

	ring->stats.enters++;
	if (!wait)
		r = io_uring_submit_and_get_events(&ring->uring);
	else if (deadline != RING_NO_DEADLINE)
		r = ring_enter_until(ring, deadline, now);
	else
		r = io_uring_submit_and_wait(&ring->uring, 1);
	if (r >= 0)
		return 0;
	if (!ring_enter_may_fail(r)) {
		ring_log_failure(ring, "io_uring_enter()", r);
		return r;
	}
	if (!io_uring_cq_ready(&ring->uring))
		ring_enter_pause(r);
	return 0;
}

static void ring_turn_begin(struct ring *ring)
{
	ring->turn_ticks = clock_ticks();
	ring->longest_ticks = 0;
	ring->turn.work = RING_WORK_SHORT;
	ring->turn.label = 0;
}

int ring_run(struct ring *ring)
{
	bool more = ring->ready.first != NULL;
	uint64_t end = clock_mono_ns(), ticks;
	int r = 0;

	while (!ring->stopping) {
		r = ring_enter(ring, !more, end);
		if (r)
			break;
		ring->now = clock_mono_ns();
		ring_turn_begin(ring);
		ring_complete_all(ring);
		ticks = clock_ticks();
		timer_wheel_run(&ring->timers, ring->now);
		(void)ring_piece(ring, RING_WORK_TIMER, ticks); /* when */
		ring_run_ready(ring);
		more = ring_streams_turn(ring) || ring->ready.first;
		end = clock_mono_ns();
		if (ring->hooks.turn_end)
			ring->hooks.turn_end(ring->hooks.arg, end - ring->now);
	}
	ring->stopping = false;
	return r;
}

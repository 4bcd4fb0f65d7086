#ifndef RINGMASTER_RING_RING_H
#define RINGMASTER_RING_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/slice.h"

/*
 * The loop of a worker: one io_uring, timers, coroutines and a thread pool,
 * with I/O calls that look blocking.
 *
 * A coroutine calls ring_recv(), ring_send(), ...; the call submits an
 * operation, gives the loop back, and returns when the completion has come.
 * An operation never outlives the call that started it, so its buffers may
 * lie on the coroutine's stack. A deadline cancels the operation and waits
 * for the cancelled completion before the call returns.
 *
 * One thread owns a ring: only it may call these functions. Functions marked
 * [coroutine] may only be called from one; the others from anywhere on that
 * thread. Deadlines are absolute, in nanoseconds of CLOCK_MONOTONIC.
 */

struct log;
struct ring;

#define RING_NO_DEADLINE UINT64_MAX

enum ring_op {			/* the closed list of what is submitted */
	RING_OP_ACCEPT,
	RING_OP_RECV,
	RING_OP_SEND,
	RING_OP_POLL,
	RING_OP_CONNECT,
	RING_OP_CLOSE,
	RING_OP_CANCEL,
	RING_OP_COUNT
};

const char *ring_op_name(enum ring_op op);

enum ring_error {		/* the closed list of why one fails */
	RING_ERROR_OTHER,
	RING_ERROR_EMFILE,	/* these are why accepting does */
	RING_ERROR_ENFILE,
	RING_ERROR_ENOMEM,
	RING_ERROR_ENOBUFS,
	RING_ERROR_ECONNABORTED,
	RING_ERROR_EPERM,
	RING_ERROR_ECONNRESET,	/* these why others do, besides */
	RING_ERROR_EPIPE,
	RING_ERROR_ETIMEDOUT,
	RING_ERROR_ECONNREFUSED,
	RING_ERROR_EHOSTUNREACH,
	RING_ERROR_ENETUNREACH,
	RING_ERROR_EADDRNOTAVAIL,
	RING_ERROR_COUNT,
	RING_ERROR_ACCEPT_COUNT = RING_ERROR_EPERM + 1
};

/* "EMFILE", or "other". */
const char *ring_error_name(enum ring_error error);

struct ring_options {
	unsigned sq_entries;	/* submissions a turn; a power of two */
	unsigned cq_entries;	/* completions a turn; a power of two */
	unsigned buffers;	/* provided receive buffers; a power of two */
	unsigned buffer_size;	/* bytes of each */
	unsigned stacks_max;	/* coroutines at once */
	unsigned pool_threads;	/* at most; 0: ring_offload() is not used */
	unsigned pool_queue_max;/* jobs waiting for a thread */
	const struct log *log;	/* outlives the ring */
};

/* Values that suit a worker; `log` is NULL. */
struct ring_options ring_options_default(void);

/* Figures of one ring. Counters since ring_open(); gauges are of now. */
struct ring_stats {
	uint64_t enters;		/* io_uring_enter calls */
	uint64_t submitted;
	uint64_t completed;
	uint64_t cq_overflows;		/* turns in which the CQ was full */
	uint64_t buffers_exhausted;	/* receives ended for lack of one */
	uint64_t ops[RING_OP_COUNT];
	/* Those that failed; being cancelled is no failure. */
	uint64_t errors[RING_OP_COUNT][RING_ERROR_COUNT];
	uint64_t pool_done;		/* jobs */
	uint64_t pool_rejected;		/* jobs refused: the queue was full */
	unsigned sq_entries;
	unsigned inflight;		/* submitted, not completed */
	unsigned inflight_ops[RING_OP_COUNT];	/* the same, by type */
	unsigned cq_backlog;		/* seen at the start of this turn */
	unsigned buffers_total;
	unsigned buffers_free;
	unsigned stacks_used;
	unsigned pool_threads;		/* that may run at once */
	unsigned pool_busy;
	unsigned pool_queued;
	uint64_t pool_oldest_wait_ns;	/* of the job longest in the queue */
};

/*
 * Ask the kernel whether a ring with all that this file needs can be made.
 * Returns 0, or -errno with the cause and the remedy in words in `why`
 * (kernel.io_uring_disabled, a seccomp filter, a kernel before 6.0, ...).
 */
int ring_probe(char *why, size_t size);

/*
 * Make a ring. Call it in the process that will use it, after fork() and
 * before privileges are dropped: ring memory made by root is not charged to
 * RLIMIT_MEMLOCK. With less memory than asked for, smaller rings are tried.
 * Pool threads start when first needed, so they have the privileges of that
 * moment. SIGPIPE is ignored in this process from then on.
 * Returns 0 or -errno.
 */
int ring_open(const struct ring_options *options, struct ring **ret);

/* Free it; coroutines that still wait are dropped without running. */
void ring_close(struct ring **ring);

/* Turn until ring_stop(). Returns 0, or -errno when the ring failed. */
int ring_run(struct ring *ring);
void ring_stop(struct ring *ring);

/* The clock, read once when this turn began handling completions. */
uint64_t ring_now(const struct ring *ring);

/* Fill in the gauges and return the figures; valid until the next call. */
const struct ring_stats *ring_stats(struct ring *ring);

enum ring_work {		/* what a turn consists of */
	RING_WORK_SHORT,	/* pieces that are not worth a look */
	RING_WORK_OPS,		/* a completion, by enum ring_op */
	RING_WORK_POOL = RING_WORK_OPS + RING_OP_COUNT,	/* jobs came back */
	RING_WORK_TIMER,
	RING_WORK_READY,	/* who had yielded, or was woken */
	RING_WORK_COUNT
};

/* "recv", "pool", "timer", ... */
const char *ring_work_name(enum ring_work work);

struct ring_turn {		/* a turn of the loop, but for its length */
	unsigned completions;
	enum ring_work work;	/* its longest piece ... */
	double share;		/* ... which took so much of it; 0 to 1 */
	uint64_t label;		/* what hooks.label said of that, or 0 */
};

/* The turn that is ending; in hooks.turn_end only. */
void ring_turn_get(const struct ring *ring, struct ring_turn *ret);

/* What a worker wants to be told; each may be NULL. */
struct ring_hooks {
	/* The turn's completions are handled; the loop is about to wait.
	 * busy_ns: since it last returned from waiting. */
	void (*turn_end)(void *arg, uint64_t busy_ns);
	/* A pool thread took a job up after `wait_ns` in the queue. */
	void (*pool_wait)(void *arg, uint64_t wait_ns);
	/* A coroutine that does fn(fn_arg) ran for long and waits now: what
	 * for did it run? Or 0. */
	uint64_t (*label)(void *arg, void (*fn)(void *arg), void *fn_arg);
	void *arg;
};
void ring_set_hooks(struct ring *ring, const struct ring_hooks *hooks);

/* ---- coroutines ---- */

struct coro;

/* A coroutine that somebody will wait for; in the starter's memory. */
struct ring_task {
	struct coro *waiter;
	bool done;
};

/*
 * Run fn(arg) as a coroutine, at once, until it first waits.
 *
 * task: to be joined before its memory goes, or NULL for nobody waits
 * Returns 0; or -EAGAIN at stacks_max, -ENOMEM without memory for a stack,
 * and then nothing was run.
 */
int ring_spawn(struct ring *ring, struct ring_task *task,
    void (*fn)(void *arg), void *arg);

/* Wait until the task has returned. [coroutine] */
void ring_join(struct ring *ring, struct ring_task *task);

/* Let what else is ready run first. [coroutine] */
void ring_yield(struct ring *ring);

/* ---- timers ---- */

/* In the caller's memory; zeroed before first use, cleared before it goes. */
struct ring_timer {
	struct ring_timer *next, **link;	/* NULL link: not set */
	uint64_t deadline;
	void (*fn)(void *arg);
	void *arg;
};

/* Call timer->fn once at the deadline or shortly after (resolution 16 us);
 * setting a set timer moves it. O(1), a few nanoseconds. */
void ring_timer_set(struct ring *ring, struct ring_timer *timer,
    uint64_t deadline);
void ring_timer_clear(struct ring *ring, struct ring_timer *timer);

/* ---- waiting for each other ---- */

/* A coroutine that waits; in its own memory, zeroed before first use. */
struct ring_waiter {
	struct ring_waiter *next, **link;	/* NULL link: not waiting */
	struct ring *ring;
	struct coro *coro;
	struct ring_timer timer;
	int result;
};

/* What coroutines wait for, such as a change of something they share; zeroed
 * before first use. It remembers no wake: look first whether there is still
 * something to wait for. Nothing else runs between that look and the wait. */
struct ring_event {
	struct ring_waiter *first;
};

/*
 * Wait until the event or this waiter is woken: 0; or the deadline:
 * -ETIMEDOUT. The event must not go while there are waiters. [coroutine]
 */
int ring_event_wait(struct ring *ring, struct ring_event *event,
    struct ring_waiter *waiter, uint64_t deadline);

/* Wake all that wait. They run when the caller gives the loop back. */
void ring_event_wake(struct ring_event *event);

/* Wake this one only; if it does not wait, nothing happens. */
void ring_waiter_wake(struct ring_waiter *waiter);

/* ---- accepting ---- */

struct ring_listener {
	struct ring *ring;
	int fd;				/* a listening socket; the caller's */
	/* Takes over the socket: non-blocking and close-on-exec. */
	void (*accepted)(void *arg, int fd);
	void *arg;
	/* private */
	struct ring_timer pause;
	struct ring_listener *next_paused;
	bool armed, stopping;
};

/*
 * Accept connections until stopped. `ring`, `fd`, `accepted` and `arg` are
 * set, the rest is zero. At a descriptor or memory limit it logs once, stops
 * asking, and goes on when a stream is closed or after a pause.
 */
void ring_listener_start(struct ring_listener *listener);

/*
 * Ask no more; connections already queued stay in the kernel for the next
 * owner of the socket. `accepted` may still be called for one whose
 * completion was under way; `armed` turns false when none can come any more,
 * and only then may the memory go.
 */
void ring_listener_stop(struct ring_listener *listener);

/* ---- connected sockets ---- */

/*
 * A socket that is read from. An idle one costs this struct and one armed
 * receive, no stack and no buffer.
 *
 * It is idle from ring_stream_open() on, and again from each
 * ring_stream_keep() that finds nothing to read. An idle stream that gets
 * bytes, an end or an error stops being idle and calls `readable`, once,
 * from the loop, which usually spawns a coroutine. That one reads, answers,
 * and before it returns goes on with the next request or goes idle:
 *
 *	ring_stream_keep(stream);
 *	if (ring_stream_ready(stream))
 *		continue;	(came meanwhile: `readable` is not called)
 *	return;			(nothing yet: `readable` will be called)
 *
 * Nothing may suspend between the two calls. `readable` that cannot spawn
 * (ring_spawn() at its limit) tries again from a timer: it is not called a
 * second time.
 */
struct ring_stream {
	struct ring *ring;
	int fd;
	void (*readable)(void *arg);
	void *arg;
	/* private */
	struct ring_reader *reader;	/* waits in ring_recv() */
	struct ring_stream *next_starved;
	struct ring_chunk *first, *last;	/* received, not read yet */
	uint64_t since_ns;		/* turn in which `first` came, when
					 * there was none before */
	uint32_t offset;		/* read in the first chunk */
	uint16_t queued;		/* chunks */
	int16_t error;			/* what ended the receive: 0 none */
	bool armed, multishot, eof, closing, notified, starved, cancelling;
};

/*
 * Begin to receive on the connected socket `fd`, whose ownership passes to
 * the stream. Fields `ring`, `fd`, `readable`, `arg` set, the rest zero.
 * The first receive is a single shot (cheap to end); after
 * ring_stream_keep() it is a multishot one, which costs nothing to repeat.
 */
void ring_stream_open(struct ring_stream *stream);

/* The connection will be used again: receive by multishot from now on. If
 * nothing is there to read the stream is idle now, see above. */
void ring_stream_keep(struct ring_stream *stream);

/* The same for one that answers come on, which wants few receives: by single
 * shots, so that ring_recv_now() can read large ones from the socket. Not
 * after ring_stream_keep(). */
void ring_stream_rest(struct ring_stream *stream);

/* Are there bytes, an end or an error that ring_recv() would give at once? */
bool ring_stream_ready(const struct ring_stream *stream);

/* The turn in which the bytes began to come that are not read yet; this one
 * if there are none. */
uint64_t ring_stream_since(const struct ring_stream *stream);

/* Has the peer ended its side, or the connection broken? Bytes that came
 * before that may still be unread. */
bool ring_stream_ended(const struct ring_stream *stream);

/*
 * Cancel what is armed, close the socket, and return when the kernel refers
 * to neither the stream nor the descriptor any more: then the memory may go.
 * `readable` is not called meanwhile. No other coroutine may be in a call on
 * this stream or descriptor. [coroutine]
 */
void ring_stream_close(struct ring_stream *stream);

/*
 * Up to `size` received bytes into `data`. Returns the number, 0 at the end
 * of what the peer sent, -ETIMEDOUT at the deadline, -ECANCELED after
 * ring_cancel(), or -errno (-ECONNRESET, ...). Bytes that came before an end
 * or an error are given first. One coroutine at a time. [coroutine]
 */
ssize_t ring_recv(struct ring_stream *stream, void *data, size_t size,
    uint64_t deadline);

/*
 * Up to `size` bytes that are here, without waiting: those that were received,
 * and then, as long as no receive is armed, those in the socket. Returns as
 * ring_recv(), or -EAGAIN if there are none. One coroutine at a time.
 */
ssize_t ring_recv_now(struct ring_stream *stream, void *data, size_t size);

/*
 * Send all of `data`. flags: MSG_MORE or 0. Returns its length, -ETIMEDOUT
 * or -ECANCELED (part may be sent), or -errno (-EPIPE, -ECONNRESET).
 * [coroutine]
 */
ssize_t ring_send(struct ring *ring, int fd, struct slice data, int flags,
    uint64_t deadline);

/* Bytes of an open file. */
struct ring_file_part {
	int fd;
	off_t offset;
	size_t size;
};

/*
 * Send a part of a file without copying it through user space. *part then
 * is what was not sent, also after an error. Called inline, so `out` must be
 * non-blocking (accepted sockets are); waits for room in it, at most
 * timeout_ns without progress, and yields between slices of
 * RING_SENDFILE_SLICE.
 * Returns the bytes sent, less than asked for if the file ended early,
 * -ETIMEDOUT or -errno. [coroutine]
 */
enum { RING_SENDFILE_SLICE = 512 * 1024 };
ssize_t ring_sendfile(struct ring *ring, int out, struct ring_file_part *part,
    uint64_t timeout_ns);

/* Connect; 0, -ETIMEDOUT or -errno. [coroutine] */
int ring_connect(struct ring *ring, int fd, const struct sockaddr *address,
    socklen_t len, uint64_t deadline);

/* Wait for poll(2) events on any descriptor; the events seen, -ETIMEDOUT,
 * -ECANCELED after ring_cancel(), or -errno. [coroutine] */
int ring_poll(struct ring *ring, int fd, unsigned events, uint64_t deadline);

/* Make the operations that coroutines wait for on `fd` return -ECANCELED. */
void ring_cancel(struct ring *ring, int fd);

/* [coroutine] */
void ring_sleep(struct ring *ring, uint64_t deadline);

/*
 * Run fn(arg) on a thread of the pool, for work that may block. Returns 0
 * when it has run, or -EAGAIN at once if pool_queue_max jobs wait already
 * (nothing was run then). A job cannot be cancelled. [coroutine]
 */
int ring_offload(struct ring *ring, void (*fn)(void *arg), void *arg);

/* How long the job waited for a thread from whose ring_offload() the calling
 * coroutine has just returned. [coroutine] */
uint64_t ring_offload_waited(const struct ring *ring);

#endif

/*
 * The thread pool behind ring_offload().
 *
 * Jobs lie on the stacks of the coroutines that wait for them. They go
 * through a bounded queue to the threads and come back in a list; the thread
 * that puts the first job into the empty list writes to an eventfd, on which
 * the ring has a multishot poll. The counter in the eventfd is never read:
 * the poll reports each write.
 *
 * Threads start when jobs wait and none is idle, up to the limit, so a ring
 * that never offloads has none, and they inherit dropped privileges. They
 * take no signals. Where they have to share a processor with the loop they get
 * the smaller part: it has but little to do each time, for many.
 *
 * pool->lock protects all fields marked so; nothing is called under it.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "ring/internal.h"

enum { POOL_NICE = 5 };		/* more than the loop's: a third of its share */

struct pool_job {
	struct pool_job *next;
	void (*fn)(void *arg);
	void *arg;
	struct coro *coro;
	uint64_t queued_ns;	/* when */
	uint64_t waited_ns;	/* how long */
};

struct pool_queue {
	struct pool_job *first, **end;
};

struct pool {
	struct ring *ring;
	int eventfd;
	unsigned threads_max, queue_max;
	pthread_mutex_t lock;
	pthread_cond_t work;		/* queue not empty, or stopping */
	struct pool_queue queue, done;	/* lock */
	unsigned queued, idle, busy;	/* lock */
	bool stopping;			/* lock */
	unsigned count;			/* threads started; the loop's own */
	pthread_t threads[];
};

static void pool_queue_init(struct pool_queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void pool_queue_push(struct pool_queue *queue, struct pool_job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static struct pool_job *pool_queue_pop(struct pool_queue *queue)
{
	struct pool_job *job = queue->first;

	queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	return job;
}

/* ---- in the threads ---- */

/* Called with the lock, which it gives up meanwhile. */
static void pool_run_job(struct pool *pool)
{
	struct pool_job *job = pool_queue_pop(&pool->queue);
	const uint64_t one = 1;
	bool first;

	pool->queued--;
	pool->busy++;
	(void)pthread_mutex_unlock(&pool->lock); /* we hold it */
	job->waited_ns = clock_mono_ns() - job->queued_ns;
	job->fn(job->arg);

	(void)pthread_mutex_lock(&pool->lock); /* a plain mutex */
	pool->busy--;
	first = !pool->done.first;
	pool_queue_push(&pool->done, job);
	if (first) {
		(void)pthread_mutex_unlock(&pool->lock);
		/* Fails only when the counter is full: after 2^64 jobs. */
		(void)!write(pool->eventfd, &one, sizeof(one));
		(void)pthread_mutex_lock(&pool->lock);
	}
}

static void *pool_thread(void *arg)
{
	struct pool *pool = arg;

	(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) +
	    POOL_NICE);			/* of this thread; never refused */
	(void)pthread_mutex_lock(&pool->lock); /* a plain mutex */
	while (!pool->stopping) {
		if (pool->queue.first) {
			pool_run_job(pool);
			continue;
		}
		pool->idle++;
		(void)pthread_cond_wait(&pool->work, &pool->lock);
		pool->idle--;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* ---- in the loop ---- */

int pool_open(struct ring *ring, unsigned threads, unsigned queue_max)
{
	struct pool *pool;

	if (threads == 0)
		return 0;
	pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->threads[0]));
	if (!pool)
		return -ENOMEM;
	pool->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->eventfd < 0) {
		int error = errno;

		free(pool);
		return -error;
	}
	pool->ring = ring;
	pool->threads_max = threads;
	pool->queue_max = queue_max;
	pool_queue_init(&pool->queue);
	pool_queue_init(&pool->done);
	(void)pthread_mutex_init(&pool->lock, NULL); /* cannot fail on Linux */
	(void)pthread_cond_init(&pool->work, NULL);
	ring->pool = pool;
	return 0;
}

void pool_close(struct pool **pool)
{
	struct pool *p = *pool;

	if (!p)
		return;
	*pool = NULL;
	(void)pthread_mutex_lock(&p->lock); /* a plain mutex */
	p->stopping = true;
	(void)pthread_cond_broadcast(&p->work);
	(void)pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->count; i++)
		(void)pthread_join(p->threads[i], NULL); /* ours, joinable */
	(void)close(p->eventfd);
	(void)pthread_cond_destroy(&p->work);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

static void pool_arm(struct pool *pool)
{
	struct io_uring_sqe *sqe = ring_sqe(pool->ring, RING_OP_POLL);

	io_uring_prep_poll_multishot(sqe, pool->eventfd, POLLIN);
	sqe->user_data = ring_user_data(pool, RING_TAG_POOL);
}

static int pool_start_thread(struct pool *pool)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old); /* for the thread */
	r = pthread_create(&pool->threads[pool->count], NULL, pool_thread,
	    pool);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r == 0 && pool->count++ == 0)
		pool_arm(pool);
	return -r;
}

/* Queue the job if a thread will run it: 0 or -EAGAIN. */
static int pool_submit(struct pool *pool, struct pool_job *job)
{
	bool start, full;

	(void)pthread_mutex_lock(&pool->lock); /* a plain mutex */
	full = pool->queued >= pool->queue_max;
	start = pool->queued >= pool->idle;
	(void)pthread_mutex_unlock(&pool->lock);
	if (full)
		return -EAGAIN;
	if (start && pool->count < pool->threads_max &&
	    pool_start_thread(pool) && pool->count == 0)
		return -EAGAIN;
	(void)pthread_mutex_lock(&pool->lock);
	pool_queue_push(&pool->queue, job);
	pool->queued++;
	(void)pthread_mutex_unlock(&pool->lock);
	/* Behind it, or who is woken might first have to wait for the lock. */
	(void)pthread_cond_signal(&pool->work);
	return 0;
}

int ring_offload(struct ring *ring, void (*fn)(void *arg), void *arg)
{
	struct pool_job job = {
		.fn = fn,
		.arg = arg,
		.coro = ring->coros.current,
		.queued_ns = clock_mono_ns(),
	};
	int r;

	assert(ring->pool && job.coro);
	r = pool_submit(ring->pool, &job);
	if (r) {
		ring->stats.pool_rejected++;
		return r;
	}
	coro_suspend(&ring->coros);
	ring->offload_waited_ns = job.waited_ns;
	return 0;
}

uint64_t ring_offload_waited(const struct ring *ring)
{
	return ring->offload_waited_ns;
}

void pool_complete(struct pool *pool, unsigned flags)
{
	struct ring *ring = pool->ring;
	struct pool_job *job, *next;

	if (!(flags & IORING_CQE_F_MORE))
		pool_arm(pool);
	(void)pthread_mutex_lock(&pool->lock); /* a plain mutex */
	job = pool->done.first;
	pool_queue_init(&pool->done);
	(void)pthread_mutex_unlock(&pool->lock);
	for (; job; job = next) {
		next = job->next;
		ring->stats.pool_done++;
		if (ring->hooks.pool_wait)
			ring->hooks.pool_wait(ring->hooks.arg,
			    job->waited_ns);
		ring_resume(ring, job->coro);
	}
}

void pool_stats(struct pool *pool, struct ring_stats *stats)
{
	uint64_t oldest = 0;

	if (!pool)
		return;
	(void)pthread_mutex_lock(&pool->lock); /* a plain mutex */
	stats->pool_busy = pool->busy;
	stats->pool_queued = pool->queued;
	if (pool->queue.first)
		oldest = pool->queue.first->queued_ns;
	(void)pthread_mutex_unlock(&pool->lock);
	stats->pool_threads = pool->threads_max;
	stats->pool_oldest_wait_ns = oldest ? clock_mono_ns() - oldest : 0;
}

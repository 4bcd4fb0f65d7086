/*
 * Threads, their common start, their seconds, their end; see engine.h.
 *
 * Locks: engine.lock, of what threads hand over: seconds and their end.
 */

#include "load/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "load/arrivals.h"
#include "load/awake.h"
#include "load/client.h"

/* How often a thread looks whether it is to begin, or to stop. */
#define ENGINE_START_TICK_NS (NS_PER_MSEC / 5)
#define ENGINE_TICK_NS (50 * NS_PER_MSEC)
/* From the last connection made to the start: threads look in time. */
#define ENGINE_START_NS (2 * NS_PER_MSEC)

enum { ENGINE_RING_BUFFERS = 1024, ENGINE_RING_BUFFER_SIZE = 4096 };

struct engine_thread {
	struct engine *engine;
	pthread_t id;
	struct load_worker worker;
	struct load_record *record;
	struct ring_timer timer;
	unsigned second;		/* that is being counted */
	bool ready, stopped;
	int err;			/* why it could not run, or 0 */
	uint64_t end_ns;
	uint64_t tick_ns;		/* when it is to look next */
	uint32_t rate;			/* it was told; 0: that of the plan */
	uint64_t stalled_ns;
	struct rusage before;
	double cpu_share;
	uint64_t cpu_ns, involuntary, cq_overflows;
	struct awake awake;
};

struct engine {
	const struct load_plan *plan;
	const struct engine_hooks *hooks;
	struct engine_result *result;
	struct engine_thread *threads;
	unsigned count;
	bool keeps_awake;		/* processors can be spared for that */

	/* Atomic. */
	unsigned ready;			/* threads that are */
	uint64_t start_ns;		/* 0: not known yet */
	bool stop;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned done;			/* threads that are */
	unsigned seconds;		/* that a thread handed over */
	unsigned handed[LOAD_SECONDS_MAX];	/* by how many threads, or no
					 * more to come of them */
};

/* ---- a thread ---- */

static bool engine_stopping(const struct engine *engine)
{
	return __atomic_load_n(&engine->stop, __ATOMIC_RELAXED) ||
	    engine_stop_asked(engine->hooks->stop);
}

/* Hand over the second that is counted, and begin the next one. */
static void thread_hand_over(struct engine_thread *thread, uint64_t now_ns)
{
	struct engine *engine = thread->engine;
	struct load_second *second = &thread->worker.second;

	second->connections = thread->worker.connected;
	second->backlog = arrivals_backlog(&thread->worker, now_ns);
	(void)pthread_mutex_lock(&engine->lock); /* cannot fail */
	load_second_add(&engine->result->seconds[thread->second], second);
	if (++engine->handed[thread->second] == engine->count)
		(void)pthread_cond_signal(&engine->changed);
	if (++thread->second > engine->seconds)
		engine->seconds = thread->second;
	(void)pthread_mutex_unlock(&engine->lock);
	*second = (struct load_second){ .due = 0 };
}

static void thread_tick_set(struct engine_thread *thread, uint64_t now_ns)
{
	thread->tick_ns = now_ns + ENGINE_TICK_NS;
	ring_timer_set(thread->worker.ring, &thread->timer, thread->tick_ns);
}

static void thread_look_at_rate(struct engine_thread *thread)
{
	const uint32_t *told = thread->engine->hooks->rate;
	uint32_t rate = told ? __atomic_load_n(told, __ATOMIC_RELAXED) : 0;

	if (rate == thread->rate)
		return;
	thread->rate = rate;
	client_change_rate(&thread->worker, rate);
}

static void thread_tick(void *arg)
{
	struct engine_thread *thread = arg;
	struct load_worker *worker = &thread->worker;
	uint64_t now_ns = clock_mono_ns();

	if (now_ns > thread->tick_ns + thread->stalled_ns)
		thread->stalled_ns = now_ns - thread->tick_ns;
	/* The last one is that of the end, however late that is. */
	while (thread->second + 1 < LOAD_SECONDS_MAX &&
	    now_ns - worker->start_ns >= (thread->second + 1) * NS_PER_SEC)
		thread_hand_over(thread, now_ns);
	thread_look_at_rate(thread);
	if (engine_stopping(thread->engine)) {
		worker->stopping = thread->stopped = true;
		ring_stop(worker->ring);
	} else if (now_ns >= worker->end_ns + LOAD_GRACE_NS) {
		ring_stop(worker->ring);
	}
	thread_tick_set(thread, now_ns);
}

/* The last thread that is ready says when the test starts; all look. */
static void thread_start_tick(void *arg)
{
	struct engine_thread *thread = arg;
	struct engine *engine = thread->engine;
	struct load_worker *worker = &thread->worker;
	uint64_t now_ns = clock_mono_ns(), start_ns;

	if (!thread->ready && worker->connecting == 0) {
		thread->ready = true;
		if (__atomic_add_fetch(&engine->ready, 1, __ATOMIC_ACQ_REL) ==
		    engine->count)
			__atomic_store_n(&engine->start_ns,
			    now_ns + ENGINE_START_NS, __ATOMIC_RELEASE);
	}
	start_ns = __atomic_load_n(&engine->start_ns, __ATOMIC_ACQUIRE);
	if (engine_stopping(engine)) {
		worker->start_ns = now_ns;
		thread->stopped = true;
		ring_stop(worker->ring);
	} else if (start_ns == 0 || now_ns < start_ns) {
		ring_timer_set(worker->ring, &thread->timer, start_ns ?
		    start_ns : now_ns + ENGINE_START_TICK_NS);
	} else {
		worker->start_ns = start_ns;
		worker->end_ns = start_ns + (engine->plan->duration_ns
		    ? engine->plan->duration_ns
		    : LOAD_DURATION_MAX_S * NS_PER_SEC);
		thread->timer.fn = thread_tick;
		thread_tick_set(thread, now_ns);
		(void)getrusage(RUSAGE_THREAD, &thread->before);
		client_start_all(worker);
	}
}

static uint64_t thread_cpu_ns(const struct rusage *usage)
{
	return ((uint64_t)usage->ru_utime.tv_sec +
	    (uint64_t)usage->ru_stime.tv_sec) * NS_PER_SEC +
	    ((uint64_t)usage->ru_utime.tv_usec +
	    (uint64_t)usage->ru_stime.tv_usec) * 1000;
}

static void thread_finish(struct engine_thread *thread)
{
	struct load_worker *worker = &thread->worker;
	const struct rusage *before = &thread->before;
	struct rusage usage;

	thread->end_ns = clock_mono_ns();
	(void)getrusage(RUSAGE_THREAD, &usage); /* cannot fail */
	thread->cpu_ns = thread_cpu_ns(&usage) - thread_cpu_ns(before);
	thread->involuntary = (uint64_t)(usage.ru_nivcsw - before->ru_nivcsw);
	thread->cpu_share = (double)thread->cpu_ns /
	    (double)(thread->end_ns - worker->start_ns + 1);
	thread->cq_overflows = ring_stats(worker->ring)->cq_overflows;
	thread->record->unfinished = worker->waiting;
	thread->record->unsent = arrivals_backlog(worker, thread->end_ns <
	    worker->end_ns ? thread->end_ns : worker->end_ns);
	thread_hand_over(thread, thread->end_ns);
	ring_close(&worker->ring);
	/* After the ring, which received on them. */
	for (unsigned i = 0; i < worker->client_count; i++)
		if (worker->clients[i].open)
			(void)close(worker->clients[i].stream.fd);
}

/* By the thread that will use it. */
static int thread_open_ring(struct engine_thread *thread)
{
	struct ring_options options = ring_options_default();

	options.buffers = ENGINE_RING_BUFFERS;
	options.buffer_size = ENGINE_RING_BUFFER_SIZE;
	options.stacks_max = thread->worker.client_count + 1;
	options.pool_threads = 0;
	return ring_open(&options, &thread->worker.ring);
}

static void thread_turn_end(void *arg, uint64_t turn_ns)
{
	(void)turn_ns; /* here it is of no interest */
	awake_here(arg);
}

static void thread_run(struct engine_thread *thread)
{
	const struct ring_hooks hooks = { .turn_end = thread_turn_end,
		.arg = &thread->awake };
	struct ring *ring = thread->worker.ring;

	if (thread->engine->keeps_awake && awake_start(&thread->awake)) {
		thread->worker.kept_awake = true;
		ring_set_hooks(ring, &hooks);
	}
	client_connect_all(&thread->worker);
	thread->timer.fn = thread_start_tick;
	thread->timer.arg = thread;
	ring_timer_set(ring, &thread->timer, clock_mono_ns());
	(void)ring_run(ring); /* what it did until then stays valid */
	thread_finish(thread);
	awake_stop(&thread->awake);
}

static void *thread_main(void *arg)
{
	struct engine_thread *thread = arg;
	struct engine *engine = thread->engine;

	/* Timers as they are set, not 50 us late: time is what we measure. */
	(void)prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
	thread->err = thread_open_ring(thread);
	if (thread->err)
		__atomic_store_n(&engine->stop, true, __ATOMIC_RELAXED);
	else
		thread_run(thread);
	(void)pthread_mutex_lock(&engine->lock);
	for (unsigned i = thread->second; i < LOAD_SECONDS_MAX; i++)
		engine->handed[i]++;
	engine->done++;
	(void)pthread_cond_signal(&engine->changed);
	(void)pthread_mutex_unlock(&engine->lock);
	return NULL;
}

/* ---- all of them ---- */

static void thread_free(struct engine_thread *thread)
{
	for (unsigned i = 0; thread->worker.clients &&
	    i < thread->worker.client_count; i++)
		client_fini(&thread->worker.clients[i]);
	free(thread->worker.clients);
	free(thread->record);
}

/* The connections of thread `index` of `count`. */
static unsigned engine_share(unsigned connections, unsigned index,
    unsigned count)
{
	return connections / count + (index < connections % count);
}

static int thread_init(struct engine *engine, unsigned index)
{
	struct engine_thread *thread = &engine->threads[index];
	struct load_worker *worker = &thread->worker;

	thread->engine = engine;
	thread->record = calloc(1, sizeof(*thread->record));
	worker->plan = engine->plan;
	worker->index = index;
	worker->record = thread->record;
	if (engine->hooks->follow)
		worker->follow = &engine->hooks->follow->threads[index];
	worker->random = (engine->plan->seed ^ (index + 1)) *
	    UINT64_C(0x9e3779b97f4a7c15) | 1;
	worker->client_count = engine_share(engine->plan->connections, index,
	    engine->count);
	worker->clients = calloc(worker->client_count,
	    sizeof(*worker->clients));
	if (!thread->record || !worker->clients)
		return -ENOMEM;
	for (unsigned i = 0; i < worker->client_count; i++)
		worker->clients[i].worker = worker;
	return 0;
}

static int engine_start(struct engine *engine)
{
	sigset_t all, before;
	int err = 0;

	/* Signals are for the caller's thread. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < engine->count && !err; i++) {
		err = -pthread_create(&engine->threads[i].id, NULL,
		    thread_main, &engine->threads[i]);
		if (!err)
			continue;
		/* Those that run wait for all to be ready, or for this. */
		__atomic_store_n(&engine->stop, true, __ATOMIC_RELAXED);
		while (i-- > 0)
			(void)pthread_join(engine->threads[i].id, NULL);
		break;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* Tell the caller of each second as it is complete, until all are done. */
static void engine_watch(struct engine *engine)
{
	const struct engine_hooks *hooks = engine->hooks;
	unsigned next = 0;

	(void)pthread_mutex_lock(&engine->lock);
	for (;;) {
		while (next < engine->seconds &&
		    engine->handed[next] == engine->count) {
			(void)pthread_mutex_unlock(&engine->lock);
			if (hooks->second && !hooks->second(hooks->arg, next,
				&engine->result->seconds[next]))
				__atomic_store_n(&engine->stop, true,
				    __ATOMIC_RELAXED);
			(void)pthread_mutex_lock(&engine->lock);
			next++;
		}
		/* Not before: threads end while the hook is called. */
		if (engine->done == engine->count)
			break;
		(void)pthread_cond_wait(&engine->changed, &engine->lock);
	}
	(void)pthread_mutex_unlock(&engine->lock);
}

static void engine_collect(struct engine *engine)
{
	struct engine_result *result = engine->result;
	uint64_t end_ns = 0;

	for (unsigned i = 0; i < engine->count; i++) {
		const struct engine_thread *thread = &engine->threads[i];

		load_record_add(&result->record, thread->record);
		if (thread->end_ns > end_ns)
			end_ns = thread->end_ns;
		if (thread->second > result->second_count)
			result->second_count = thread->second;
		if (thread->cpu_share > result->health.cpu_max)
			result->health.cpu_max = thread->cpu_share;
		result->health.cpu_ns += thread->cpu_ns;
		result->health.awake_ns += thread->awake.cpu_ns;
		result->health.cq_overflows += thread->cq_overflows;
		result->health.involuntary += thread->involuntary;
		if (thread->stalled_ns > result->health.stalled_ns)
			result->health.stalled_ns = thread->stalled_ns;
		result->stopped |= thread->stopped;
	}
	/* LOAD_DURATION_MAX_S came first. */
	if (engine->plan->duration_ns == 0 && result->record.counts.sent <
	    engine->plan->each * engine->plan->connections)
		result->stopped = true;
	/* All were told the same, within the time of a look. */
	result->changed = engine->threads[0].rate != 0;
	result->schedule = engine->threads[0].worker.schedule;
	result->started_ns = engine->start_ns ? engine->start_ns
	    : engine->threads[0].worker.start_ns;
	result->started_real_ns = clock_real_ns() -
	    (clock_mono_ns() - result->started_ns);
	result->elapsed_ns = end_ns - result->started_ns;
}

int engine_run(const struct load_plan *plan, const struct engine_hooks *hooks,
    struct engine_result *result)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int err = 0;

	*result = (struct engine_result){ .second_count = 0 };
	if (!engine)
		return -ENOMEM;
	engine->plan = plan;
	engine->hooks = hooks;
	engine->result = result;
	engine->count = plan->threads;
	engine->keeps_awake = plan->open && awake_spare(plan->threads);
	(void)pthread_mutex_init(&engine->lock, NULL);
	(void)pthread_cond_init(&engine->changed, NULL);
	engine->threads = calloc(engine->count, sizeof(*engine->threads));
	result->seconds = calloc(LOAD_SECONDS_MAX, sizeof(*result->seconds));
	if (!engine->threads || !result->seconds)
		err = -ENOMEM;
	for (unsigned i = 0; i < engine->count && !err; i++)
		err = thread_init(engine, i);
	if (!err)
		err = engine_start(engine);
	if (!err) {
		engine_watch(engine);
		for (unsigned i = 0; i < engine->count; i++)
			(void)pthread_join(engine->threads[i].id, NULL);
		for (unsigned i = 0; i < engine->count && !err; i++)
			err = engine->threads[i].err;
		engine_collect(engine);
	}
	for (unsigned i = 0; engine->threads && i < engine->count; i++)
		thread_free(&engine->threads[i]);
	free(engine->threads);
	free(engine);
	return err;
}

void engine_result_free(struct engine_result *result)
{
	free(result->seconds);
	result->seconds = NULL;
}

/* The workers of a snapshot. */
#include "metrics/snapshot_part.h"

/* Those that failed, of all workers together; a cause is left out with which
 * none did. */
Ringmaster__V1__Uring *snapshot_uring(struct snapshot *s)
{
	const unsigned count = RING_OP_COUNT * RING_ERROR_COUNT;
	const uint64_t *errors = s->view->totals.ring.errors[0];
	Ringmaster__V1__Uring *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__uring__init(ret);
	ret->errors = snapshot_alloc(s, count, sizeof(*ret->errors));
	for (unsigned i = 0; ret->errors && i < count; i++) {
		Ringmaster__V1__OpError *error;

		if (errors[i] == 0)
			continue;
		error = snapshot_alloc(s, 1, sizeof(*error));
		if (!error)
			break;
		ringmaster__v1__op_error__init(error);
		error->op = (char *)ring_op_name((enum ring_op)
		    (i / RING_ERROR_COUNT));
		error->error = (char *)ring_error_name((enum ring_error)
		    (i % RING_ERROR_COUNT));
		error->count = errors[i];
		ret->errors[ret->n_errors++] = error;
	}
	return ret;
}

static void snapshot_ops(struct snapshot *s,
    const struct metrics_worker_view *worker, Ringmaster__V1__Ring *ret)
{
	ret->ops = snapshot_alloc(s, RING_OP_COUNT, sizeof(*ret->ops));
	for (unsigned i = 0; ret->ops && i < RING_OP_COUNT; i++) {
		Ringmaster__V1__OpCount *op = snapshot_alloc(s, 1, sizeof(*op));

		if (!op)
			return;
		ringmaster__v1__op_count__init(op);
		op->op = (char *)ring_op_name((enum ring_op)i);
		op->count = worker->ring.ops[i];
		op->inflight = (uint32_t)worker->gauges.inflight_ops[i];
		ret->ops[ret->n_ops++] = op;
	}
}

static Ringmaster__V1__Ring *snapshot_ring(struct snapshot *s,
    const struct metrics_worker_view *worker)
{
	const struct metrics_ring_totals *totals = &worker->ring;
	const struct metrics_gauges *gauges = &worker->gauges;
	Ringmaster__V1__Ring *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__ring__init(ret);
	ret->sq_entries = (uint32_t)gauges->sq_entries;
	ret->inflight = (uint32_t)gauges->inflight;
	ret->cq_backlog = (uint32_t)gauges->cq_backlog;
	ret->submissions = totals->submitted;
	ret->completions = totals->completed;
	ret->enters = totals->enters;
	ret->cq_overflows = totals->cq_overflows;
	ret->buffers_free = (uint32_t)gauges->buffers_free;
	ret->buffers_total = (uint32_t)gauges->buffers_total;
	ret->buffers_exhausted = totals->buffers_exhausted;
	ret->coroutines = (uint32_t)gauges->stacks_used;
	snapshot_ops(s, worker, ret);
	return ret;
}

static Ringmaster__V1__WorkerPool *snapshot_worker_pool(struct snapshot *s,
    const struct metrics_gauges *gauges)
{
	Ringmaster__V1__WorkerPool *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__worker_pool__init(ret);
	ret->busy = (uint32_t)gauges->pool_busy;
	ret->idle = (uint32_t)(gauges->pool_threads - gauges->pool_busy);
	ret->queued = (uint32_t)gauges->pool_queued;
	return ret;
}

static char *snapshot_stall_scope(struct snapshot *s, uint64_t id)
{
	if (id == METRICS_SCOPE_NONE || id >= metrics_scope_count(s->segment))
		return (char *)protobuf_c_empty_string;
	return snapshot_scope_name(s, (unsigned)id);
}

/* NULL if there was none. */
static Ringmaster__V1__Stall *snapshot_stall(struct snapshot *s,
    const struct metrics_stall *stall)
{
	Ringmaster__V1__Stall *ret = stall->ns == 0 ? NULL
	    : snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__stall__init(ret);
	ret->ended_unix_ns = stall->ended_real_ns;
	ret->seconds = snapshot_seconds(stall->ns);
	ret->completions = (uint32_t)stall->completions;
	ret->work = (char *)ring_work_name(stall->work < RING_WORK_COUNT
	    ? (enum ring_work)stall->work : RING_WORK_SHORT);
	ret->work_seconds = snapshot_seconds(stall->work_ns);
	ret->server = snapshot_stall_scope(s, stall->server);
	ret->location = snapshot_stall_scope(s, stall->location);
	return ret;
}

static void snapshot_stalls(struct snapshot *s,
    const struct metrics_gauges *gauges, Ringmaster__V1__Worker *ret)
{
	ret->longest_stall_seconds = snapshot_seconds(gauges->longest.ns);
	ret->longest_stall = snapshot_stall(s, &gauges->longest);
	ret->recent_stall_seconds = snapshot_seconds(gauges->lately[0].ns);
	ret->recent_stall = snapshot_stall(s, &gauges->lately[0]);
}

static Ringmaster__V1__WorkerState snapshot_worker_state(
    enum metrics_slot_state state)
{
	switch (state) {
	case METRICS_SLOT_RUNNING:
		return RINGMASTER__V1__WORKER_STATE__WORKER_STATE_RUNNING;
	case METRICS_SLOT_DRAINING:
		return RINGMASTER__V1__WORKER_STATE__WORKER_STATE_DRAINING;
	case METRICS_SLOT_FREE:
		return RINGMASTER__V1__WORKER_STATE__WORKER_STATE_GONE;
	}
	return RINGMASTER__V1__WORKER_STATE__WORKER_STATE_UNKNOWN;
}

static Ringmaster__V1__Worker *snapshot_worker(struct snapshot *s,
    const struct metrics_worker_view *worker)
{
	const int64_t *gauges = worker->gauges.values;
	Ringmaster__V1__Worker *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__worker__init(ret);
	ret->index = worker->index;
	ret->pid = worker->pid;
	ret->generation = worker->generation;
	ret->state = snapshot_worker_state(worker->state);
	ret->connections = (uint32_t)(gauges[METRICS_READING] +
	    gauges[METRICS_WRITING] + gauges[METRICS_IDLE]);
	ret->requests = worker->requests;
	ret->loop_lag = snapshot_hist(s, &worker->loop_lag);
	ret->stalls = worker->stalls;
	snapshot_stalls(s, &worker->gauges, ret);
	ret->ring = snapshot_ring(s, worker);
	ret->cpu_user_seconds = snapshot_seconds(worker->process.cpu_user_ns);
	ret->cpu_system_seconds =
	    snapshot_seconds(worker->process.cpu_system_ns);
	ret->rss_bytes = worker->process.rss_bytes;
	ret->open_fds = worker->process.open_fds;
	ret->max_fds = worker->process.max_fds;
	ret->pool = snapshot_worker_pool(s, &worker->gauges);
	return ret;
}

void snapshot_workers(struct snapshot *s, Ringmaster__V1__Snapshot *ret)
{
	const struct metrics_view *view = s->view;

	ret->workers = snapshot_alloc(s, view->worker_count,
	    sizeof(*ret->workers));
	for (unsigned i = 0; ret->workers && i < view->worker_count; i++) {
		Ringmaster__V1__Worker *worker = snapshot_worker(s,
		    &view->workers[i]);

		if (!worker)
			return;
		ret->workers[ret->n_workers++] = worker;
	}
}

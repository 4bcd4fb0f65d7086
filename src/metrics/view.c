#include "metrics/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/lock.h"
#include "metrics/process.h"
#include "metrics/slot.h"

/* Room for what is read of one slot. */
struct view_part {
	struct metrics_core core;
	struct hist hist;
};

static void words_add(void *to, const void *from, size_t size)
{
	metrics_word *sums = to;
	const metrics_word *words = from;

	for (size_t i = 0; i < size / sizeof(*sums); i++)
		sums[i] += words[i];
}

static void view_stall_max(struct metrics_stall *to,
    const struct metrics_stall *from)
{
	if (from->ns > to->ns)
		*to = *from;
}

static void view_gauges_add(struct metrics_gauges *to,
    const struct metrics_gauges *from)
{
	struct metrics_gauges was = *to;

	words_add(to, from, sizeof(*to));
	/* These are no sums but the largest. */
	to->pool_oldest_wait_ns = was.pool_oldest_wait_ns >
	    from->pool_oldest_wait_ns ? was.pool_oldest_wait_ns
				      : from->pool_oldest_wait_ns;
	to->longest = was.longest;
	view_stall_max(&to->longest, &from->longest);
	to->lately[0] = was.lately[0];
	for (unsigned i = 0; i < 2; i++)
		view_stall_max(&to->lately[0], &from->lately[i]);
}

static void view_totals_add(struct metrics_totals *to,
    const struct metrics_totals *from)
{
	words_add(to, from, offsetof(struct metrics_totals, durations));
	for (unsigned i = 0; i < METRICS_CACHE_RESULT_COUNT; i++)
		hist_merge(&to->durations[i], &from->durations[i]);
	hist_merge(&to->first_byte, &from->first_byte);
}

static void view_hist_add(const struct metrics_slot *slot,
    const struct hist *from, struct hist *part, struct hist *to)
{
	/* A copy that may be torn is still the best there is: see view.h. */
	(void)metrics_slot_read_hist(slot, from, part);
	hist_merge(to, part);
}

static struct metrics_worker_view *view_worker(struct metrics_view *view,
    uint32_t index)
{
	for (unsigned i = 0; i < view->worker_count; i++)
		if (view->workers[i].index == index)
			return &view->workers[i];

	struct metrics_worker_view *worker =
	    &view->workers[view->worker_count++];

	worker->index = index;
	return worker;
}

/* Who lives in this slot, and what it has now. */
static void view_alive_add(struct metrics_view *view,
    struct metrics_worker_view *worker, const struct metrics_slot *slot,
    const struct metrics_gauges *gauges)
{
	uint32_t pid = metrics_load32(&slot->pid);
	uint32_t state = metrics_load32(&slot->state);
	struct metrics_process process;

	metrics_process_read((pid_t)pid, &process);
	worker->process.cpu_user_ns += process.cpu_user_ns;
	worker->process.cpu_system_ns += process.cpu_system_ns;
	worker->process.rss_bytes += process.rss_bytes;
	worker->process.open_fds += process.open_fds;
	worker->process.max_fds += process.max_fds;
	view_gauges_add(&worker->gauges, gauges);
	view_gauges_add(&view->gauges, gauges);
	if (state == METRICS_SLOT_DRAINING)
		view->draining++;
	else
		view->current++;
	/* The newest: who drains has a successor, of the same configuration
	 * if it was to be replaced. */
	if (worker->pid == 0 || slot->generation > worker->generation ||
	    (slot->generation == worker->generation &&
		worker->state == METRICS_SLOT_DRAINING)) {
		worker->pid = pid;
		worker->generation = slot->generation;
		worker->state = (enum metrics_slot_state)state;
		worker->started_real_ns = slot->started_real_ns;
	}
}

static void view_slot_add(struct metrics_view *view, struct view_part *part,
    const struct metrics_slot *slots, unsigned i)
{
	const struct metrics_slot *slot = &slots[i];
	struct metrics_worker_view *worker = view_worker(view, slot->worker);
	const struct metrics_totals *totals = &part->core.totals;

	(void)metrics_slot_read(slot, &part->core);	/* see view.h */
	view_totals_add(&view->totals, totals);
	worker->requests += totals->requests;
	worker->connections += totals->counters[METRICS_HANDLED];
	for (unsigned c = 0; c < METRICS_CACHE_RESULT_COUNT; c++)
		hist_merge(&worker->duration, &totals->durations[c]);
	worker->stalls += totals->counters[METRICS_STALLS];
	words_add(&worker->ring, &totals->ring, sizeof(worker->ring));
	worker->process.cpu_user_ns += metrics_load(&slot->cpu_user_ns);
	worker->process.cpu_system_ns += metrics_load(&slot->cpu_system_ns);
	/* Those of a killed master may be left for init to reap, or not. */
	if (metrics_slot_alive(slot) && !metrics_process_is_zombie(
		(pid_t)metrics_load32(&slot->pid))) {
		view->alive[i] = true;
		view_alive_add(view, worker, slot, &part->core.gauges);
	}
	for (unsigned s = 0; s < METRICS_STAGE_COUNT; s++)
		view_hist_add(slot, &slot->stages[s], &part->hist,
		    &view->stages[s]);
	view_hist_add(slot, &slot->pool_wait, &part->hist, &view->pool_wait);
	view_hist_add(slot, &slot->conn_age, &part->hist, &view->conn_age);
	view_hist_add(slot, &slot->loop_lag, &part->hist, &worker->loop_lag);
}

static int view_compare(const void *a, const void *b)
{
	uint32_t left = ((const struct metrics_worker_view *)a)->index;
	uint32_t right = ((const struct metrics_worker_view *)b)->index;

	return (left > right) - (left < right);
}

int metrics_view_take(const struct metrics_segment *segment,
    struct arena *arena, struct metrics_view **ret)
{
	unsigned slots = metrics_slot_count(segment);
	struct metrics_view *view = arena_calloc(arena, 1, sizeof(*view));
	struct view_part *part = arena_alloc(arena, sizeof(*part));

	if (!view || !part)
		return -ENOMEM;
	view->workers = arena_calloc(arena, slots ? slots : 1,
	    sizeof(*view->workers));
	if (!view->workers)
		return -ENOMEM;
	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *all = segment->file->slots;

		if (all[i].kind == METRICS_KIND_WORKER)
			view_slot_add(view, part, all, i);
	}
	for (unsigned i = 0; i < METRICS_CACHE_RESULT_COUNT; i++) {
		hist_merge(&view->duration, &view->totals.durations[i]);
		view->bytes_out += view->totals.bytes_out[i];
	}
	qsort(view->workers, view->worker_count, sizeof(*view->workers),
	    view_compare);
	*ret = view;
	return 0;
}

void metrics_view_scope(const struct metrics_segment *segment, unsigned scope,
    struct metrics_scope_totals *part, struct metrics_scope_totals *ret)
{
	unsigned slots = metrics_slot_count(segment);

	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];

		if (slot->kind != METRICS_KIND_WORKER)
			continue;
		(void)metrics_slot_read_scope(slot, scope, part);
		words_add(ret, part,
		    offsetof(struct metrics_scope_totals, duration));
		hist_merge(&ret->duration, &part->duration);
	}
}

static void view_peer_gauges(const struct metrics_slot *slot, unsigned peer,
    struct metrics_peer_view *view)
{
	struct metrics_peer_gauges *sum = &view->gauges, one;

	(void)metrics_read(&slot->sequence, &one, &slot->peer_gauges[peer],
	    sizeof(one), METRICS_READ_TRIES);	/* see view.h */
	sum->active += one.active;
	sum->idle += one.idle;
	if (metrics_load32(&slot->state) == METRICS_SLOT_DRAINING) {
		view->draining |= one.state != METRICS_PEER_UNKNOWN;
		return;
	}
	if (one.state > sum->state)
		sum->state = one.state;
	if (one.unavail_until_ns > sum->unavail_until_ns)
		sum->unavail_until_ns = one.unavail_until_ns;
}

void metrics_view_peer(const struct metrics_segment *segment,
    const struct metrics_view *view, unsigned peer,
    struct metrics_peer_totals *part, struct metrics_peer_view *ret)
{
	unsigned slots = metrics_slot_count(segment);

	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];

		if (slot->kind != METRICS_KIND_WORKER)
			continue;
		(void)metrics_slot_read_peer(slot, peer, part);
		words_add(&ret->totals, part,
		    offsetof(struct metrics_peer_totals, times));
		for (unsigned t = 0; t < METRICS_TIME_COUNT; t++)
			hist_merge(&ret->totals.times[t], &part->times[t]);
		if (view->alive[i])
			view_peer_gauges(slot, peer, ret);
	}
	if (ret->gauges.state != METRICS_PEER_UNKNOWN)
		ret->draining = false;
}

void metrics_view_zone(const struct metrics_segment *segment, unsigned zone,
    uint64_t ret[METRICS_LIMIT_RESULT_COUNT])
{
	unsigned slots = metrics_slot_count(segment);

	memset(ret, 0, METRICS_LIMIT_RESULT_COUNT * sizeof(*ret));
	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];
		uint64_t part[METRICS_LIMIT_RESULT_COUNT];

		if (slot->kind != METRICS_KIND_WORKER)
			continue;
		(void)metrics_read(&slot->sequence, part, slot->limits[zone],
		    sizeof(part), METRICS_READ_TRIES);
		words_add(ret, part, sizeof(part));
	}
}

#include "metrics/slot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "metrics/lock.h"
#include "metrics/top.h"

void metrics_slot_repair(void *arg)
{
	struct metrics_slot *slot = arg;
	uint64_t count = slot->undo_count;

	/* Backwards, so that a cell's oldest value is put back last. */
	assert(count <= METRICS_UNDO_MAX);
	while (count > 0) {
		const struct metrics_undo *undo = &slot->undo[--count];

		metrics_store((uint64_t *)((char *)slot + undo->offset),
		    undo->old);
	}
	metrics_store(&slot->undo_count, 0);
	if (slot->sequence % 2 != 0)
		metrics_change_end(&slot->sequence);
}

/* Give the file room for a slot, as far as today's scopes and upstream servers
 * need it. */
static int metrics_slot_allocate(struct metrics_segment *segment,
    struct metrics_slot *slot, unsigned scopes, unsigned peers)
{
	off_t start = (char *)slot - (char *)segment->file;
	size_t size = offsetof(struct metrics_slot, scopes) +
	    scopes * sizeof(slot->scopes[0]);
	int error = posix_fallocate(segment->fd, start, (off_t)size);

	if (!error)
		error = posix_fallocate(segment->fd, start +
		    (off_t)offsetof(struct metrics_slot, peers),
		    (off_t)(peers * sizeof(slot->peers[0])));
	return -error;
}

/*
 * The slot that a worker of this number had, or slot_count for a new one,
 * or when there are all, any free one of the same kind: the kinds are counted
 * apart. METRICS_SLOTS if there is none.
 */
static unsigned metrics_slot_find(const struct metrics_header *header,
    const struct metrics_slot *slots, enum metrics_slot_kind kind,
    unsigned worker)
{
	unsigned any = METRICS_SLOTS;

	for (unsigned i = 0; i < header->slot_count; i++) {
		const struct metrics_slot *slot = &slots[i];

		if (metrics_load32(&slot->state) != METRICS_SLOT_FREE ||
		    slot->kind != kind)
			continue;
		if (slot->worker == worker)
			return i;
		any = i;
	}
	return header->slot_count < METRICS_SLOTS ? header->slot_count : any;
}

static int metrics_slot_assign_locked(struct metrics_segment *segment,
    enum metrics_slot_kind kind, unsigned generation, unsigned worker)
{
	struct metrics_header *header = &segment->file->header;
	unsigned i = metrics_slot_find(header, segment->file->slots, kind,
	    worker);
	unsigned scopes = header->scope_count;
	unsigned peers = header->peer_count;
	struct metrics_slot *slot;
	int error;

	if (i == METRICS_SLOTS)
		return -ENOSPC;
	slot = &segment->file->slots[i];
	error = metrics_slot_allocate(segment, slot, scopes, peers);
	if (error == 0 && kind == METRICS_KIND_WORKER)
		error = metrics_tops_assign(segment, slot);
	if (error < 0)
		return error;
	if (i == header->slot_count) {
		error = metrics_lock_init(&slot->lock);
		if (error < 0)
			return error;
	}
	slot->kind = kind;
	slot->worker = worker;
	slot->generation = generation;
	metrics_store(&slot->started_real_ns, clock_real_ns());
	metrics_store(&slot->heartbeat_ns, 0);
	metrics_store(&slot->follow_run, 0);
	metrics_store32(&slot->pid, 0);
	metrics_store32(&slot->scope_limit, scopes);
	metrics_store32(&slot->peer_limit, peers);
	metrics_store32(&slot->state, METRICS_SLOT_RUNNING);
	if (i == header->slot_count)
		metrics_store32(&header->slot_count, i + 1);
	return (int)i;
}

int metrics_slot_assign(struct metrics_segment *segment,
    enum metrics_slot_kind kind, unsigned generation, unsigned worker)
{
	struct metrics_header *header = &segment->file->header;
	int locked = metrics_lock(&header->lock, metrics_header_repair, header,
	    &header->recoveries);
	int slot;

	if (locked < 0)
		return locked;
	slot = metrics_slot_assign_locked(segment, kind, generation, worker);
	if (slot < 0)
		metrics_store(&header->drops[METRICS_TABLE_SLOTS],
		    header->drops[METRICS_TABLE_SLOTS] + 1);
	metrics_unlock(&header->lock);
	return slot;
}

void metrics_slot_drain(struct metrics_segment *segment, unsigned index)
{
	assert(index < METRICS_SLOTS);
	metrics_store32(&segment->file->slots[index].state,
	    METRICS_SLOT_DRAINING);
}

static uint64_t metrics_timeval_ns(struct timeval t)
{
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_usec * 1000;
}

int metrics_slot_release(struct metrics_segment *segment, unsigned index,
    pid_t pid, const struct rusage *usage)
{
	struct metrics_slot *slot = &segment->file->slots[index];
	const struct metrics_gauges none = { 0 };
	uint32_t owner;
	int result;

	assert(index < METRICS_SLOTS);
	owner = metrics_load32(&slot->pid);
	/* A worker that died before it opened its writer left 0. */
	if (owner != 0 && owner != (uint32_t)pid)
		return 0;
	result = metrics_lock(&slot->lock, metrics_slot_repair, slot,
	    &segment->file->header.recoveries);
	if (result < 0)
		return result;
	metrics_change_begin(&slot->sequence);
	metrics_store_words(&slot->core.gauges, &none, sizeof(none));
	for (unsigned i = 0; i < METRICS_PEERS_MAX; i++)
		metrics_store_words(&slot->peer_gauges[i],
		    &(struct metrics_peer_gauges){ 0 },
		    sizeof(slot->peer_gauges[i]));
	metrics_change_end(&slot->sequence);
	if (usage) {
		metrics_store(&slot->cpu_user_ns, slot->cpu_user_ns +
		    metrics_timeval_ns(usage->ru_utime));
		metrics_store(&slot->cpu_system_ns, slot->cpu_system_ns +
		    metrics_timeval_ns(usage->ru_stime));
	}
	metrics_store32(&slot->pid, 0);
	metrics_store32(&slot->state, METRICS_SLOT_FREE);
	metrics_unlock(&slot->lock);
	return result;
}

uint64_t metrics_slot_silent_ms(const struct metrics_segment *segment,
    unsigned index, uint64_t now_ns)
{
	uint64_t last;

	assert(index < METRICS_SLOTS);
	last = metrics_load(&segment->file->slots[index].heartbeat_ns);
	return last == 0 || last > now_ns ? 0 : (now_ns - last) / NS_PER_MSEC;
}

bool metrics_slot_alive(const struct metrics_slot *slot)
{
	uint32_t pid = metrics_load32(&slot->pid);

	if (metrics_load32(&slot->state) == METRICS_SLOT_FREE || pid == 0)
		return false;
	/* A process of another user may not be signalled, but is there. */
	return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

int metrics_slot_read(const struct metrics_slot *slot,
    struct metrics_core *ret)
{
	return metrics_read(&slot->sequence, ret, &slot->core, sizeof(*ret),
	    METRICS_READ_TRIES);
}

int metrics_slot_read_hist(const struct metrics_slot *slot,
    const struct hist *hist, struct hist *ret)
{
	return metrics_read(&slot->sequence, ret, hist, sizeof(*ret),
	    METRICS_READ_TRIES);
}

int metrics_slot_read_scope(const struct metrics_slot *slot, unsigned scope,
    struct metrics_scope_totals *ret)
{
	if (scope >= metrics_load32(&slot->scope_limit)) {
		memset(ret, 0, sizeof(*ret));
		return 0;
	}
	return metrics_read(&slot->sequence, ret, &slot->scopes[scope],
	    sizeof(*ret), METRICS_READ_TRIES);
}

int metrics_slot_read_peer(const struct metrics_slot *slot, unsigned peer,
    struct metrics_peer_totals *ret)
{
	if (peer >= metrics_load32(&slot->peer_limit)) {
		memset(ret, 0, sizeof(*ret));
		return 0;
	}
	return metrics_read(&slot->sequence, ret, &slot->peers[peer],
	    sizeof(*ret), METRICS_READ_TRIES);
}

/* False if it was never written, or is just now: one look, as the writer
 * does not pause within a record. */
static bool metrics_record_read(const struct metrics_recent *record,
    struct metrics_request *ret)
{
	return metrics_load(&record->sequence) != 0 &&
	    metrics_read(&record->sequence, ret, &record->request,
	    sizeof(*ret), 1) == 0;
}

unsigned metrics_slot_read_recent(const struct metrics_slot *slot,
    struct metrics_request *requests, unsigned max)
{
	uint64_t count = metrics_load(&slot->recent_count);
	unsigned kept = count < METRICS_RECENT ? (unsigned)count
					       : METRICS_RECENT;
	unsigned found = 0;

	for (unsigned i = 0; i < kept && found < max; i++)
		found += metrics_record_read(&slot->recent[(count - 1 - i) %
		    METRICS_RECENT], &requests[found]);
	return found;
}

/* Of `max` records, the last ones of `count` ever. */
static unsigned slot_read_since(const struct metrics_recent *records,
    unsigned max, uint64_t count, uint64_t *next,
    struct metrics_request *requests)
{
	uint64_t first = count > max ? count - max : 0;
	unsigned found = 0;

	if (first < *next)
		first = *next;
	for (uint64_t i = first; i < count; i++) {
		const struct metrics_recent *record = &records[i % max];

		/* One written over meanwhile is read when its turn comes. */
		found += metrics_record_read(record, &requests[found]) &&
		    metrics_load(&record->sequence) == 2 * i + 2;
	}
	*next = count;
	return found;
}

unsigned metrics_slot_read_since(const struct metrics_slot *slot,
    uint64_t *next, struct metrics_request *requests)
{
	return slot_read_since(slot->recent, METRICS_RECENT,
	    metrics_load(&slot->recent_count), next, requests);
}

unsigned metrics_slot_read_errors(const struct metrics_slot *slot,
    uint64_t *next, struct metrics_request *requests)
{
	return slot_read_since(slot->errors, METRICS_ERRORS,
	    metrics_load(&slot->error_count), next, requests);
}

unsigned metrics_slot_read_slow(const struct metrics_slot *slot,
    struct metrics_request *requests)
{
	unsigned found = 0;

	for (unsigned i = 0; i < 2 * METRICS_SLOW_MAX; i++)
		found += metrics_record_read(&slot->slow[i],
		    &requests[found]);
	return found;
}

unsigned metrics_slot_read_followed(const struct metrics_slot *slot,
    uint64_t *next, struct metrics_followed *requests)
{
	uint64_t count = metrics_load(&slot->followed_count);
	uint64_t first = count > METRICS_FOLLOWED ? count - METRICS_FOLLOWED
						  : 0;
	unsigned found = 0;

	if (first < *next)
		first = *next;
	for (uint64_t i = first; i < count; i++) {
		const struct metrics_followed_record *record =
		    &slot->followed[i % METRICS_FOLLOWED];

		found += metrics_read(&record->sequence, &requests[found],
		    &record->request, sizeof(*requests), 1) == 0;
	}
	*next = count;
	return found;
}

int metrics_slot_read_inflight(const struct metrics_slot *slot,
    uint64_t since_ns, struct metrics_inflight_table *ret)
{
	const struct metrics_inflight_table *table = &slot->inflight;

	if (!metrics_slot_alive(slot) || metrics_read(&table->sequence,
	    &ret->written_ns, &table->written_ns, sizeof(*table) -
	    offsetof(struct metrics_inflight_table, written_ns),
	    METRICS_READ_SPINS) < 0 || ret->written_ns < since_ns)
		return -EAGAIN;
	/* A reader trusts no number it did not check. */
	if (ret->count > METRICS_INFLIGHT_MAX)
		ret->count = METRICS_INFLIGHT_MAX;
	return 0;
}

/*
 * What a worker counted goes to its slot here.
 *
 * A flush is one transaction: all of it is in the slot, or nothing. Before a
 * cell is changed, its old value is written to the slot's undo log; emptying
 * the log commits. If the worker dies in between, whoever locks the slot next
 * puts the old values back (metrics_slot_repair()). Only order within this
 * thread matters for that, and metrics_store() keeps it.
 *
 * To keep a request cheap, what many requests of a flush add to the same cell
 * is added up in private memory first; only the bins of histograms are
 * changed one by one.
 *
 * Not part of the transaction: the records of requests that are kept or
 * followed, which have sequence counts of their own, and the gauges and what
 * is in flight, which are copied whole and mean nothing once the worker is
 * dead.
 *
 * The slowest requests of a second: the durations of those that are in the
 * slot's table stand in private memory, and the shortest of them is what a
 * request has to exceed (metrics_request_add()). A new second begins with the
 * other half of the table, and with no such bound.
 */
#include "metrics/writer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "metrics/lock.h"
#include "metrics/segment.h"
#include "metrics/sessions.h"
#include "metrics/slot.h"
#include "metrics/writer_part.h"

#ifdef RINGMASTER_TEST_HOOKS
unsigned long metrics_test_die_after;
#endif

/* What requests add up to that came one after the other and count in the
 * same cells: usually all of a flush. */
struct run {
	uint16_t server, location;	/* scopes; NONE if without cells */
	uint16_t code;			/* index into codes[] */
	uint8_t method, version, cache;	/* indices as well */
	/* The last ones that took equally long: the clock is read once a turn
	 * of the loop, so these are many. */
	uint64_t duration_ns, first_byte_ns;
	unsigned same;
	struct scope_sums sums;
};

/* ---- the transaction ---- */

static void writer_begin(struct metrics_writer *writer)
{
	struct metrics_slot *slot = writer->slot;
	int locked = metrics_lock(&slot->lock, metrics_slot_repair, slot,
	    &writer->segment->file->header.recoveries);

	assert(locked >= 0);
	(void)locked;
	metrics_change_begin(&slot->sequence);
	writer->undo_count = 0;
}

static void writer_commit(struct metrics_writer *writer)
{
	struct metrics_slot *slot = writer->slot;

	assert(writer->undo_count <= METRICS_UNDO_MAX);
	metrics_store(&slot->undo_count, 0);
	metrics_change_end(&slot->sequence);
	metrics_unlock(&slot->lock);
}

/* ---- histograms ---- */

static inline void sums_merge(struct hist_sums *sums,
    const struct hist_sums *from)
{
	sums->count += from->count;
	sums->sum_ns += from->sum_ns;
	if (from->max_ns > sums->max_ns)
		sums->max_ns = from->max_ns;
}

/* Count a duration: its bin at once, the rest in `sums`. */
static void writer_duration(struct metrics_writer *writer, struct hist *hist,
    struct hist_sums *sums, uint64_t ns)
{
	writer_add(writer, &hist->bins[hist_bin(ns)], 1);
	sums_add(sums, ns);
}

void writer_hist_sums(struct metrics_writer *writer, struct hist *hist,
    struct hist_sums *sums)
{
	if (sums->count == 0)
		return;
	writer_add(writer, &hist->count, sums->count);
	writer_add(writer, &hist->sum_ns, sums->sum_ns);
	if (sums->max_ns > hist->max_ns)
		writer_add(writer, &hist->max_ns, sums->max_ns - hist->max_ns);
	*sums = (struct hist_sums){ 0 };
}

static void writer_samples(struct metrics_writer *writer, struct hist *hist,
    struct samples *samples)
{
	struct hist_sums sums = { 0 };

	for (unsigned i = 0; i < samples->count; i++)
		writer_duration(writer, hist, &sums, samples->ns[i]);
	samples->count = 0;
	writer_hist_sums(writer, hist, &sums);
}

/* ---- requests ---- */

static unsigned metrics_code(unsigned status)
{
	if (status == 0)
		return METRICS_CODE_NONE;
	if (status < 100 || status > 599)
		return METRICS_CODE_OTHER;
	return status - 100 + METRICS_CODE_FIRST;
}

static enum metrics_version metrics_version(unsigned version)
{
	switch (version) {
	case 10:
		return METRICS_VERSION_10;
	case 11:
		return METRICS_VERSION_11;
	case 20:
		return METRICS_VERSION_20;
	default:
		return METRICS_VERSION_OTHER;
	}
}

/* The id itself if there are cells for it. */
static inline uint16_t writer_scope(const struct metrics_writer *writer,
    uint16_t id)
{
	return id < writer->scope_limit ? id : METRICS_SCOPE_NONE;
}

/* Begin a run with the cells of this request. */
static inline void writer_run_begin(const struct metrics_writer *writer,
    struct run *run, const struct metrics_request *request)
{
	*run = (struct run){
		.server = writer_scope(writer, request->server),
		.location = writer_scope(writer, request->location),
		.code = (uint16_t)metrics_code(request->status),
		.method = request->method < METRICS_METHODS
		    ? request->method : 0,
		.version = (uint8_t)metrics_version(request->version),
		.cache = request->cache,
		.duration_ns = request->duration_ns,
		.first_byte_ns = request->first_byte_ns,
	};
}

static inline bool run_is_same(const struct metrics_request *a,
    const struct metrics_request *b)
{
	return a->server == b->server && a->location == b->location &&
	    a->status == b->status && a->method == b->method &&
	    a->version == b->version && a->cache == b->cache;
}

static inline void scope_sums_merge(struct scope_sums *sums,
    const struct scope_sums *from)
{
	sums->bytes_in += from->bytes_in;
	sums->bytes_out += from->bytes_out;
	sums->body_out += from->body_out;
	sums_merge(&sums->duration, &from->duration);
}

static void writer_run_scope(struct metrics_writer *writer, unsigned id,
    const struct run *run)
{
	struct scope_sums *sums = &writer->scopes[id];

	if (id == METRICS_SCOPE_NONE)
		return;
	if (sums->duration.count == 0)
		writer->touched[writer->touched_count++] = (uint16_t)id;
	scope_sums_merge(sums, &run->sums);
	writer_add(writer, &writer->slot->scopes[id].codes[run->code],
	    run->sums.duration.count);
}

/* Count those that took equally long: in all, in their server and in their
 * location. */
static inline void writer_bins(struct metrics_writer *writer,
    const struct run *run)
{
	struct metrics_slot *slot = writer->slot;
	unsigned bin = hist_bin(run->duration_ns);
	uint64_t *cells[4] = {
		&slot->core.totals.durations[run->cache].bins[bin],
		&slot->core.totals.first_byte.bins
		    [hist_bin(run->first_byte_ns)],
	};
	unsigned count = 2;

	if (run->server != METRICS_SCOPE_NONE)
		cells[count++] = &slot->scopes[run->server].duration.bins[bin];
	if (run->location != METRICS_SCOPE_NONE)
		cells[count++] =
		    &slot->scopes[run->location].duration.bins[bin];
	writer_add_cells(writer, cells, count, run->same);
}

static void writer_run_end(struct metrics_writer *writer, struct run *run)
{
	struct metrics_totals *totals = &writer->slot->core.totals;
	struct batch_sums *sums = &writer->sums;
	uint64_t *const cells[] = {
		&totals->codes[run->code],
		&totals->methods[run->method],
		&totals->versions[run->version],
	};

	writer_bins(writer, run);
	writer_add_cells(writer, cells, 3, run->sums.duration.count);
	sums->bytes_in += run->sums.bytes_in;
	sums->body_out += run->sums.body_out;
	writer_run_scope(writer, run->server, run);
	writer_run_scope(writer, run->location, run);
	writer_add(writer, &totals->bytes_out[run->cache],
	    run->sums.bytes_out);
	writer_hist_sums(writer, &totals->durations[run->cache],
	    &run->sums.duration);
}

static void writer_stages(struct metrics_writer *writer,
    const struct metrics_request *request)
{
	for (unsigned i = 0; i < METRICS_STAGE_COUNT; i++)
		writer_duration(writer, &writer->slot->stages[i],
		    &writer->stages[i], request->stage_ns[i]);
	writer->staged = true;
}

/* Keep the request itself as the one numbered `*count`; of the path only as
 * much as there is. */
static inline void writer_record(struct metrics_recent *record,
    uint64_t *count, const struct metrics_request *request)
{
	uint64_t n = *count;

	assert(request->path_len <= METRICS_PATH_MAX);
	metrics_store(&record->sequence, 2 * n + 1);
	metrics_test_point();
	metrics_store_words(&record->request, request,
	    offsetof(struct metrics_request, path) + request->path_len);
	metrics_store(&record->sequence, 2 * n + 2);
	metrics_store(count, n + 1);
}

/* It is one of the slowest of this second, as yet. */
static void writer_slow(struct metrics_writer *writer,
    const struct metrics_request *request)
{
	struct metrics_slot *slot = writer->slot;
	struct slowest *slow = &writer->slow;
	unsigned i = slow->count < METRICS_SLOW_MAX ? slow->count++
						    : slow->least;

	slow->ns[i] = request->duration_ns;
	writer_record(&slot->slow[slow->half * METRICS_SLOW_MAX + i],
	    &slot->slow_count, request);
	if (slow->count < METRICS_SLOW_MAX)
		return;
	slow->least = 0;
	for (i = 1; i < METRICS_SLOW_MAX; i++)
		if (slow->ns[i] < slow->ns[slow->least])
			slow->least = i;
	writer->pending.slow_ns = slow->ns[slow->least] + 1;
}

static void writer_slow_begin(struct metrics_writer *writer, uint64_t now_ns)
{
	struct slowest *slow = &writer->slow;

	slow->until_ns = (now_ns / NS_PER_SEC + 1) * NS_PER_SEC;
	slow->count = 0;
	slow->half ^= 1;
	writer->pending.slow_ns = 0;
}

/* One whose path and client are known. */
static inline void writer_kept(struct metrics_writer *writer,
    const struct metrics_request *request)
{
	struct metrics_slot *slot = writer->slot;

	writer_record(&slot->recent[slot->recent_count % METRICS_RECENT],
	    &slot->recent_count, request);
	if (request->duration_ns >= writer->pending.slow_ns)
		writer_slow(writer, request);
	if (request->status >= 400 || request->aborted_by_client ||
	    request->aborted_by_server)
		writer_record(&slot->errors[slot->error_count %
		    METRICS_ERRORS], &slot->error_count, request);
}

static inline void writer_request(struct metrics_writer *writer,
    struct run *run, const struct metrics_request *request)
{
	struct batch_sums *sums = &writer->sums;

	if (request->duration_ns != run->duration_ns ||
	    request->first_byte_ns != run->first_byte_ns) {
		writer_bins(writer, run);
		run->duration_ns = request->duration_ns;
		run->first_byte_ns = request->first_byte_ns;
		run->same = 0;
	}
	run->same++;
	if (request->staged)
		writer_stages(writer, request);
	run->sums.bytes_in += request->bytes_in;
	run->sums.bytes_out += request->bytes_out;
	run->sums.body_out += request->body_out;
	sums_add(&run->sums.duration, request->duration_ns);
	sums_add(&sums->first_byte, request->first_byte_ns);
	sums->aborted_client += request->aborted_by_client;
	sums->aborted_server += request->aborted_by_server;
	if (request->kept)
		writer_kept(writer, request);
}

/* Add the sums of the scopes that these requests were of. */
static void writer_scope_sums(struct metrics_writer *writer)
{
	for (unsigned i = 0; i < writer->touched_count; i++) {
		unsigned id = writer->touched[i];
		struct metrics_scope_totals *scope = &writer->slot->scopes[id];
		struct scope_sums *sums = &writer->scopes[id];

		writer_add(writer, &scope->bytes_in, sums->bytes_in);
		writer_add(writer, &scope->bytes_out, sums->bytes_out);
		writer_add(writer, &scope->body_out, sums->body_out);
		writer_hist_sums(writer, &scope->duration, &sums->duration);
		*sums = (struct scope_sums){ 0 };
	}
	writer->touched_count = 0;
}

static void writer_batch_sums(struct metrics_writer *writer)
{
	struct metrics_slot *slot = writer->slot;
	struct metrics_totals *totals = &slot->core.totals;
	struct batch_sums *sums = &writer->sums;

	writer_add(writer, &totals->requests, writer->pending.request_count);
	writer_add(writer, &totals->requests_bytes_in, sums->bytes_in);
	writer_add(writer, &totals->requests_body_out, sums->body_out);
	writer_add(writer, &totals->aborted_client, sums->aborted_client);
	writer_add(writer, &totals->aborted_server, sums->aborted_server);
	writer_hist_sums(writer, &totals->first_byte, &sums->first_byte);
	*sums = (struct batch_sums){ 0 };
	for (unsigned i = 0; writer->staged && i < METRICS_STAGE_COUNT; i++)
		writer_hist_sums(writer, &slot->stages[i], &writer->stages[i]);
	writer->staged = false;
}

static void writer_requests(struct metrics_writer *writer)
{
	struct metrics_pending *pending = &writer->pending;
	const struct metrics_request *request = pending->requests;
	const struct metrics_request *end = request + pending->request_count;
	struct run run;

	writer_run_begin(writer, &run, request);
	writer_request(writer, &run, request);
	for (request++; request < end; request++) {
		if (!run_is_same(request, request - 1)) {
			writer_run_end(writer, &run);
			writer_run_begin(writer, &run, request);
		}
		writer_request(writer, &run, request);
	}
	writer_run_end(writer, &run);
	writer_scope_sums(writer);
	writer_batch_sums(writer);
	pending->request_count = 0;
	pending->failed_count = 0;
}

/* ---- the rest of a flush ---- */

static void writer_counters(struct metrics_writer *writer)
{
	struct metrics_pending *pending = &writer->pending;
	uint64_t *cells = writer->slot->core.totals.counters;

	for (; pending->counted; pending->counted &= pending->counted - 1) {
		int i = __builtin_ctzll(pending->counted);

		writer_add(writer, &cells[i], pending->counters[i]);
		pending->counters[i] = 0;
	}
}

static void writer_gauges(struct metrics_writer *writer)
{
	struct metrics_gauges *gauges = &writer->slot->core.gauges;

	for (unsigned i = 0; i < METRICS_GAUGE_COUNT; i++)
		metrics_store((uint64_t *)&gauges->values[i],
		    (uint64_t)writer->pending.gauges[i]);
	if (!writer->stalls_changed)
		return;
	metrics_store_words(&gauges->longest, &writer->longest,
	    sizeof(writer->longest));
	metrics_store_words(gauges->lately, writer->lately,
	    sizeof(writer->lately));
	writer->stalls_changed = false;
}

static void writer_ring_gauges(struct metrics_writer *writer)
{
	struct metrics_gauges *gauges = &writer->slot->core.gauges;
	const struct ring_stats *ring = &writer->ring;

	metrics_store(&gauges->sq_entries, ring->sq_entries);
	metrics_store(&gauges->inflight, ring->inflight);
	for (unsigned i = 0; i < RING_OP_COUNT; i++)
		metrics_store(&gauges->inflight_ops[i],
		    ring->inflight_ops[i]);
	metrics_store(&gauges->cq_backlog, ring->cq_backlog);
	metrics_store(&gauges->buffers_total, ring->buffers_total);
	metrics_store(&gauges->buffers_free, ring->buffers_free);
	metrics_store(&gauges->stacks_used, ring->stacks_used);
	metrics_store(&gauges->pool_threads, ring->pool_threads);
	metrics_store(&gauges->pool_busy, ring->pool_busy);
	metrics_store(&gauges->pool_queued, ring->pool_queued);
	metrics_store(&gauges->pool_oldest_wait_ns, ring->pool_oldest_wait_ns);
}

/* The ring counts from its start, the slot over all its workers. */
static void writer_ring(struct metrics_writer *writer)
{
	const struct ring_stats *ring = &writer->ring;
	struct metrics_ring_totals now = {
		.enters = ring->enters,
		.submitted = ring->submitted,
		.completed = ring->completed,
		.cq_overflows = ring->cq_overflows,
		.buffers_exhausted = ring->buffers_exhausted,
		.pool_done = ring->pool_done,
		.pool_rejected = ring->pool_rejected,
	};
	const metrics_word *new = (const void *)&now;
	const metrics_word *old = (const void *)&writer->ring_flushed;
	uint64_t *cells = (uint64_t *)&writer->slot->core.totals.ring;

	memcpy(now.ops, ring->ops, sizeof(now.ops));
	memcpy(now.errors, ring->errors, sizeof(now.errors));
	for (unsigned i = 0; i < sizeof(now) / sizeof(uint64_t); i++)
		writer_add(writer, &cells[i], new[i] - old[i]);
	writer->ring_flushed = now;
	writer->has_ring = false;
	writer_ring_gauges(writer);
}

static void writer_sessions(struct metrics_writer *writer)
{
	int result = metrics_sessions_add(writer->segment,
	    writer->session_keys, writer->session_count,
	    clock_mono_ns() / NS_PER_SEC);

	assert(result >= 0);
	(void)result;
	writer->session_count = 0;
}

void metrics_flush(struct metrics_writer *writer)
{
	struct metrics_slot *slot = writer->slot;

	if (!writer->pending.dirty && !writer->pending.counted)
		return;
	writer_begin(writer);
	if (writer->pending.request_count > 0)
		writer_requests(writer);
	writer_flush_peers(writer);
	writer_flush_tops(writer);
	writer_samples(writer, &slot->loop_lag, &writer->loop_lag);
	if (writer->pool_wait.count > 0)
		writer_samples(writer, &slot->pool_wait, &writer->pool_wait);
	if (writer->conn_age.count > 0)
		writer_samples(writer, &slot->conn_age, &writer->conn_age);
	writer_counters(writer);
	writer_gauges(writer);
	if (writer->has_ring)
		writer_ring(writer);
	writer_commit(writer);
	writer->pending.dirty = false;
	if (writer->session_count > 0)
		writer_sessions(writer);
}

/* ---- what is counted apart from requests ---- */

static void writer_sample(struct metrics_writer *writer,
    struct samples *samples, uint64_t ns)
{
	if (samples->count == METRICS_SAMPLES_MAX)
		metrics_flush(writer);
	samples->ns[samples->count++] = ns;
	writer->pending.dirty = true;
}

/* A new second: perhaps a new period of the longest turns, too. */
static void writer_stalls_begin(struct metrics_writer *writer, uint64_t now_ns)
{
	uint64_t period = now_ns / (METRICS_LATELY_S / 2 * NS_PER_SEC);

	if (period == writer->lately_period)
		return;
	writer->lately_now ^= 1;
	writer->lately[writer->lately_now] = (struct metrics_stall){ .ns = 0 };
	/* Nothing was awake for a whole one: that before it is too old. */
	if (period > writer->lately_period + 1)
		writer->lately[writer->lately_now ^ 1] =
		    (struct metrics_stall){ .ns = 0 };
	writer->lately_period = period;
	writer->stalls_changed = true;
}

bool metrics_loop_lag(struct metrics_writer *writer, uint64_t busy_ns,
    uint64_t now_ns)
{
	writer_sample(writer, &writer->loop_lag, busy_ns);
	if (busy_ns > METRICS_STALL_NS)
		metrics_count(writer, METRICS_STALLS, 1);
	if (now_ns >= writer->slow.until_ns) {
		writer_slow_begin(writer, now_ns);
		writer_stalls_begin(writer, now_ns);
	}
	metrics_store(&writer->slot->heartbeat_ns, now_ns);
	return busy_ns > writer->lately[writer->lately_now].ns;
}

void metrics_stall_set(struct metrics_writer *writer,
    const struct metrics_stall *stall)
{
	writer->lately[writer->lately_now] = *stall;
	if (stall->ns > writer->longest.ns)
		writer->longest = *stall;
	writer->stalls_changed = true;
}

void metrics_conn_end(struct metrics_writer *writer, uint64_t age_ns,
    unsigned requests)
{
	static const unsigned least[METRICS_CLOSED_COUNT] = { 0, 1, 2, 10,
	    100, 1000 };
	unsigned class = METRICS_CLOSED_COUNT - 1;

	while (requests < least[class])
		class--;
	writer_sample(writer, &writer->conn_age, age_ns);
	metrics_count(writer, METRICS_CLOSED + class, 1);
}

void metrics_pool_wait(struct metrics_writer *writer, uint64_t wait_ns)
{
	writer_sample(writer, &writer->pool_wait, wait_ns);
}

void metrics_slot_set_ring(struct metrics_writer *writer,
    const struct ring_stats *stats)
{
	writer->ring = *stats;
	writer->has_ring = true;
	writer->pending.dirty = true;
}

void metrics_inflight_show(struct metrics_writer *writer,
    const struct metrics_inflight *list, unsigned count, uint64_t all)
{
	struct metrics_inflight_table *table = &writer->slot->inflight;

	assert(count <= METRICS_INFLIGHT_MAX && count <= all);
	metrics_change_begin(&table->sequence);
	metrics_store(&table->written_ns, clock_mono_ns());
	metrics_store(&table->all, all);
	metrics_store(&table->count, count);
	metrics_store_words(table->entries, list, count * sizeof(*list));
	metrics_change_end(&table->sequence);
}

uint64_t metrics_follow_look(struct metrics_writer *writer, uint64_t now_s)
{
	const struct metrics_header *header = &writer->segment->file->header;
	uint64_t run = now_s < metrics_load(&header->follow_until_s)
	    ? metrics_load(&header->follow_run) : 0;

	/* Requests to the dashboard are not the site's. */
	if (writer->slot->kind != METRICS_KIND_WORKER)
		return 0;
	metrics_store(&writer->slot->follow_run, run);
	return run;
}

void metrics_follow(struct metrics_writer *writer,
    const struct metrics_followed *request)
{
	struct metrics_slot *slot = writer->slot;
	uint64_t n = slot->followed_count;
	struct metrics_followed_record *record =
	    &slot->followed[n % METRICS_FOLLOWED];

	metrics_store(&record->sequence, 2 * n + 1);
	metrics_store_words(&record->request, request, sizeof(*request));
	metrics_store(&record->sequence, 2 * n + 2);
	metrics_store(&slot->followed_count, n + 1);
}

void metrics_session_seen(struct metrics_writer *writer, uint64_t id_hash)
{
	uint64_t key = metrics_session_key(writer->segment, id_hash);
	unsigned i = key % METRICS_SESSION_CACHE;
	struct timespec now;

	/* A clock of a few milliseconds' resolution, which costs little. */
	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now); /* cannot fail */
	if (writer->session_cache[i].key == key &&
	    (uint64_t)now.tv_sec < writer->session_cache[i].said_s +
	    METRICS_SESSION_AGAIN_S)
		return;
	writer->session_cache[i].key = key;
	writer->session_cache[i].said_s = (uint64_t)now.tv_sec;
	if (writer->session_count == METRICS_SESSION_BATCH)
		writer_sessions(writer);
	writer->session_keys[writer->session_count++] = key;
	writer->pending.dirty = true;
}

int metrics_writer_open(struct metrics_segment *segment, unsigned slot,
    struct metrics_writer **ret)
{
	struct metrics_writer *writer;

	assert(slot < METRICS_SLOTS);
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return -ENOMEM;
	writer->segment = segment;
	writer->slot = &segment->file->slots[slot];
	writer->pending.requests = writer->requests;
	writer->pending.request_max = METRICS_PENDING_MAX;
	writer->scope_limit = metrics_load32(&writer->slot->scope_limit);
	writer->peers.limit = metrics_load32(&writer->slot->peer_limit);
	if (writer_tops_open(writer) < 0) {
		free(writer);
		return -ENOMEM;
	}
	metrics_store32(&writer->slot->pid, (uint32_t)getpid());
	if (writer->slot->kind == METRICS_KIND_WORKER)
		metrics_test_start(segment);
	*ret = writer;
	return 0;
}

void metrics_writer_close(struct metrics_writer **take)
{
	struct metrics_writer *writer = *take;

	*take = NULL;
	if (!writer)
		return;
	metrics_flush(writer);
	arena_fini(&writer->tops.arena);
	free(writer);
}

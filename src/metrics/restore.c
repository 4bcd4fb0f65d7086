/*
 * From a snapshot back into a segment: snapshot*.c the other way round. What
 * a snapshot sums up over all workers goes to the slot of the first one, and
 * what it has of each worker to a slot of that number; they are then free, as
 * if former workers had left them.
 */
#include "metrics/persist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/lock.h"
#include "metrics/slot.h"
#include "metrics/snapshot_part.h"

enum { RESTORE_CODE_NONE = 499 };	/* as in snapshot_http.c */

struct restore {
	struct metrics_segment *segment;
	struct metrics_slot *slot;	/* that is being added to */
	const struct log *log;
	struct snapshot s;		/* the names, as a snapshot has them */
	char *scopes[METRICS_SCOPES_MAX];
	char *groups[METRICS_PEERS_MAX], *peers[METRICS_PEERS_MAX];
	char *zones[METRICS_ZONES_MAX];
	/* Room to work in, cleared before each use. */
	struct metrics_totals totals;
	struct metrics_scope_totals scope;
	struct metrics_peer_totals peer;
	struct hist hist;
};

/* ---- numbers ---- */

/* The least number of nanoseconds that are shown as at least that many
 * seconds: what is exported again never goes down. */
static uint64_t restore_ns(double seconds)
{
	double ns = seconds * 1e9;
	uint64_t ret;

	if (!(ns > 0) || ns >= 0x1p63)
		return 0;
	ret = (uint64_t)(ns + 0.5);
	while (snapshot_seconds(ret) < seconds)
		ret += 1 + (ret >> 53);
	return ret;
}

static void restore_add(uint64_t *cell, uint64_t count)
{
	metrics_store(cell, metrics_load(cell) + count);
}

static void restore_words(void *to, const void *from, size_t size)
{
	metrics_word *cells = to;
	const metrics_word *words = from;

	for (size_t i = 0; i < size / sizeof(*cells); i++)
		restore_add(&cells[i], words[i]);
}

/* `to` is empty. */
static void restore_hist(const Ringmaster__V1__Histogram *from,
    struct hist *to)
{
	if (!from || from->n_bins > HIST_BINS ||
	    from->first_bin > HIST_BINS - from->n_bins)
		return;
	to->count = from->count;
	to->sum_ns = restore_ns(from->sum_seconds);
	to->max_ns = restore_ns(from->max_seconds);
	if (from->n_bins)
		memcpy(&to->bins[from->first_bin], from->bins,
		    from->n_bins * sizeof(*from->bins));
}

static void restore_hist_add(struct restore *r,
    const Ringmaster__V1__Histogram *from, struct hist *to)
{
	memset(&r->hist, 0, sizeof(r->hist));
	restore_hist(from, &r->hist);
	restore_words(to, &r->hist, sizeof(*to));
}

static uint64_t *restore_code(uint64_t codes[METRICS_CODES], unsigned status)
{
	return &codes[status >= 100 && status <= 599
	    ? status - 100 + METRICS_CODE_FIRST : METRICS_CODE_OTHER];
}

/* `classes` tells a 499 that was sent from a connection that was closed. */
static void restore_codes(Ringmaster__V1__CodeCount *const *list,
    size_t count, const Ringmaster__V1__CodeClasses *classes,
    uint64_t codes[METRICS_CODES])
{
	uint64_t *closed = restore_code(codes, RESTORE_CODE_NONE);

	for (size_t i = 0; i < count; i++)
		*restore_code(codes, list[i]->code) += list[i]->count;
	if (!classes || classes->aborted > *closed)
		return;
	*closed -= classes->aborted;
	codes[METRICS_CODE_NONE] = classes->aborted;
}

/* Of what is shown by class only, the class is all that counts. */
static void restore_classes(const Ringmaster__V1__CodeClasses *classes,
    uint64_t codes[METRICS_CODES])
{
	if (!classes)
		return;
	*restore_code(codes, 100) = classes->c1xx;
	*restore_code(codes, 200) = classes->c2xx;
	*restore_code(codes, 300) = classes->c3xx;
	*restore_code(codes, 400) = classes->c4xx;
	*restore_code(codes, 500) = classes->c5xx;
	codes[METRICS_CODE_NONE] = classes->aborted;
}

/* ---- names ---- */

static void restore_names(struct restore *r)
{
	const struct metrics_header *header = &r->segment->file->header;
	unsigned scopes = metrics_scope_count(r->segment);
	unsigned peers = metrics_peer_count(r->segment);
	unsigned zones = metrics_zone_count(r->segment);

	for (unsigned i = 0; i < scopes; i++)
		r->scopes[i] = snapshot_scope_name(&r->s, i);
	for (unsigned i = 0; i < peers; i++) {
		r->groups[i] = snapshot_cstr(&r->s, header->peers[i].group,
		    METRICS_SCOPE_NAME_MAX);
		r->peers[i] = snapshot_cstr(&r->s, header->peers[i].name,
		    METRICS_SCOPE_NAME_MAX);
	}
	for (unsigned i = 0; i < zones; i++)
		r->zones[i] = snapshot_cstr(&r->s, header->zones[i].name,
		    METRICS_SCOPE_NAME_MAX);
}

static void restore_gone(const struct restore *r, const char *what,
    const char *name, const char *of)
{
	log_write(r->log, LOG_LEVEL_NOTICE, 0, "the counts of %s \"%s\"%s%s "
	    "are dropped: the configuration has it no more", what, name,
	    *of ? " of " : "", of);
}

/*
 * The scope of that name; METRICS_SCOPE_NONE, with a line in the log: there
 * is none. The reserved ones come last, lest one be taken for "other" that is
 * called so.
 */
static unsigned restore_scope_find(struct restore *r,
    enum metrics_scope_kind kind, unsigned parent, const char *name)
{
	const struct metrics_scope *scopes = r->segment->file->header.scopes;
	unsigned id = metrics_scope_count(r->segment);

	while (--id > METRICS_SCOPE_NONE)
		if (scopes[id].kind == kind && scopes[id].parent == parent &&
		    strcmp(r->scopes[id], name) == 0)
			return id;
	restore_gone(r, kind == METRICS_SCOPE_SERVER ? "server" : "location",
	    name, parent ? r->scopes[parent] : "");
	return METRICS_SCOPE_NONE;
}

/* ---- servers, upstreams, limits ---- */

static void restore_location(struct restore *r,
    const Ringmaster__V1__Location *from, unsigned server)
{
	unsigned id = restore_scope_find(r, METRICS_SCOPE_LOCATION, server,
	    from->pattern);

	if (id == METRICS_SCOPE_NONE)
		return;
	memset(&r->scope, 0, sizeof(r->scope));
	restore_classes(from->classes, r->scope.codes);
	restore_hist(from->duration, &r->scope.duration);
	r->scope.bytes_out = from->bytes_out;
	restore_words(&r->slot->scopes[id], &r->scope, sizeof(r->scope));
}

static void restore_server(struct restore *r,
    const Ringmaster__V1__Server *from)
{
	unsigned id = restore_scope_find(r, METRICS_SCOPE_SERVER,
	    METRICS_SCOPE_NONE, from->name);

	if (id == METRICS_SCOPE_NONE)
		return;
	memset(&r->scope, 0, sizeof(r->scope));
	restore_codes(from->codes, from->n_codes, from->classes,
	    r->scope.codes);
	restore_hist(from->duration, &r->scope.duration);
	r->scope.bytes_in = from->bytes_in;
	r->scope.bytes_out = from->bytes_out;
	r->scope.body_out = from->body_bytes_out;
	restore_words(&r->slot->scopes[id], &r->scope, sizeof(r->scope));
	for (size_t i = 0; i < from->n_locations; i++)
		restore_location(r, from->locations[i], id);
}

static void restore_failures(const Ringmaster__V1__PeerFailures *from,
    uint64_t failures[METRICS_FAILURE_COUNT])
{
	failures[METRICS_FAILURE_CONNECT] = from->connect;
	failures[METRICS_FAILURE_CONNECT_TIMEOUT] = from->connect_timeout;
	failures[METRICS_FAILURE_TIMEOUT] = from->timeout;
	failures[METRICS_FAILURE_CLOSED] = from->closed;
	failures[METRICS_FAILURE_INVALID] = from->invalid;
	failures[METRICS_FAILURE_STATUS] = from->status;
}

static void restore_peer(struct restore *r, const Ringmaster__V1__Peer *from,
    unsigned id)
{
	const Ringmaster__V1__CodeClasses *classes = from->classes;
	struct metrics_peer_totals *to = &r->peer;

	memset(to, 0, sizeof(*to));
	if (classes) {
		const uint64_t counts[METRICS_CLASSES] = { classes->aborted,
		    classes->c1xx, classes->c2xx, classes->c3xx,
		    classes->c4xx, classes->c5xx };

		memcpy(to->classes, counts, sizeof(counts));
	}
	if (from->failures)
		restore_failures(from->failures, to->failures);
	to->bytes_in = from->bytes_in;
	to->bytes_out = from->bytes_out;
	restore_hist(from->connect, &to->times[METRICS_TIME_CONNECT]);
	restore_hist(from->header, &to->times[METRICS_TIME_HEADER]);
	restore_hist(from->response, &to->times[METRICS_TIME_RESPONSE]);
	restore_words(&r->slot->peers[id], to, sizeof(*to));
}

static void restore_upstream(struct restore *r,
    const Ringmaster__V1__Upstream *from)
{
	for (size_t i = 0; i < from->n_peers; i++) {
		const char *address = from->peers[i]->address;
		unsigned id = metrics_peer_count(r->segment) - 1;

		while (id > METRICS_NAME_NONE &&
		    (strcmp(r->groups[id], from->name) != 0 ||
			strcmp(r->peers[id], address) != 0))
			id--;
		if (id > METRICS_NAME_NONE)
			restore_peer(r, from->peers[i], id);
		else
			restore_gone(r, "upstream server", address,
			    from->name);
	}
}

static void restore_zone(struct restore *r,
    const Ringmaster__V1__LimitZone *from)
{
	unsigned id = metrics_zone_count(r->segment) - 1;
	uint64_t *to;

	while (id > METRICS_NAME_NONE && strcmp(r->zones[id], from->name) != 0)
		id--;
	if (id == METRICS_NAME_NONE) {
		restore_gone(r, "zone", from->name, "");
		return;
	}
	to = r->slot->limits[id];
	restore_add(&to[METRICS_LIMIT_PASSED], from->passed);
	restore_add(&to[METRICS_LIMIT_DELAYED], from->delayed);
	restore_add(&to[METRICS_LIMIT_REJECTED], from->rejected);
	restore_add(&to[METRICS_LIMIT_DELAYED_DRY_RUN],
	    from->delayed_dry_run);
	restore_add(&to[METRICS_LIMIT_REJECTED_DRY_RUN],
	    from->rejected_dry_run);
}

/* ---- what all workers did ---- */

static void restore_methods(struct restore *r,
    const Ringmaster__V1__Http *from)
{
	const struct metrics_header *header = &r->segment->file->header;

	for (size_t i = 0; i < from->n_methods; i++) {
		const char *name = from->methods[i]->method;
		unsigned method = METRICS_METHODS;

		/* One without a name is shown as "other", too. */
		while (--method > 0 && strncmp(header->methods[method], name,
		    METRICS_METHOD_NAME_MAX) != 0)
			;
		r->totals.methods[method] += from->methods[i]->count;
	}
}

static void restore_protocols(struct restore *r,
    const Ringmaster__V1__Http *from)
{
	for (size_t i = 0; i < from->n_protocols; i++) {
		enum metrics_version version = METRICS_VERSION_COUNT;

		while (--version > METRICS_VERSION_OTHER &&
		    strcmp(snapshot_protocol_name(version),
			from->protocols[i]->protocol) != 0)
			;
		r->totals.versions[version] += from->protocols[i]->count;
	}
}

static void restore_stages(struct restore *r,
    const Ringmaster__V1__Stages *from)
{
	struct hist *to = r->slot->stages;

	restore_hist_add(r, from->header, &to[METRICS_STAGE_HEADER]);
	restore_hist_add(r, from->parse, &to[METRICS_STAGE_PARSE]);
	restore_hist_add(r, from->pool_wait, &to[METRICS_STAGE_POOL_WAIT]);
	restore_hist_add(r, from->handler, &to[METRICS_STAGE_HANDLER]);
	restore_hist_add(r, from->upstream, &to[METRICS_STAGE_UPSTREAM]);
	restore_hist_add(r, from->send, &to[METRICS_STAGE_SEND]);
}

static void restore_parse_errors(const Ringmaster__V1__ParseErrors *from,
    uint64_t *counters)
{
	counters[METRICS_PARSE_BAD] = from->bad_request;
	counters[METRICS_PARSE_URI] = from->line_too_long;
	counters[METRICS_PARSE_HEADERS] = from->headers_too_large;
	counters[METRICS_PARSE_CODING] = from->transfer_coding;
	counters[METRICS_PARSE_VERSION] = from->version;
	counters[METRICS_PARSE_PROXY] = from->proxy_protocol;
}

static void restore_http(struct restore *r, const Ringmaster__V1__Http *from)
{
	struct metrics_totals *to = &r->totals;

	restore_codes(from->codes, from->n_codes, from->classes, to->codes);
	restore_methods(r, from);
	restore_protocols(r, from);
	/* What of it asked the cache, restore_cache() takes from there. */
	restore_hist(from->duration, &to->durations[METRICS_CACHE_NONE]);
	restore_hist(from->first_byte, &to->first_byte);
	if (from->stages)
		restore_stages(r, from->stages);
	to->counters[METRICS_BYTES_IN] = from->bytes_in;
	to->bytes_out[METRICS_CACHE_NONE] = from->bytes_out;
	to->requests_body_out = from->body_bytes_out;
	to->aborted_client = from->aborted_by_client;
	to->aborted_server = from->aborted_by_server;
	to->counters[METRICS_TIMEOUTS] = from->timeouts;
	if (from->parse_causes)
		restore_parse_errors(from->parse_causes, to->counters);
	if (from->auth) {
		to->counters[METRICS_AUTH_OK] = from->auth->ok;
		to->counters[METRICS_AUTH_FAILED] = from->auth->failed;
		to->counters[METRICS_AUTH_NONE] = from->auth->none;
	}
}

static void restore_closed(const Ringmaster__V1__ClosedConnections *from,
    uint64_t *counters)
{
	const uint64_t counts[METRICS_CLOSED_COUNT] = { from->none, from->one,
	    from->below_10, from->below_100, from->below_1000, from->more };

	memcpy(&counters[METRICS_CLOSED], counts, sizeof(counts));
}

/* Accepts that failed are among the operations: see restore_errors(). */
static void restore_connections(struct restore *r,
    const Ringmaster__V1__Connections *from)
{
	uint64_t *to = r->totals.counters;

	to[METRICS_ACCEPTED] = from->accepted;
	to[METRICS_HANDLED] = from->handled;
	to[METRICS_REFUSED] = from->refused;
	if (from->drops) {
		to[METRICS_DROPPED_LIMIT] = from->drops->limit;
		to[METRICS_DROPPED_MEMORY] = from->drops->memory;
	}
	if (from->closed)
		restore_closed(from->closed, to);
	restore_hist_add(r, from->duration, &r->slot->conn_age);
}

/* ---- the cache ---- */

static void restore_take(uint64_t *all, uint64_t part)
{
	*all -= part < *all ? part : *all;
}

static void restore_bytes(struct metrics_totals *to,
    enum metrics_cache_result result, uint64_t bytes)
{
	to->bytes_out[result] = bytes;
	restore_take(&to->bytes_out[METRICS_CACHE_NONE], bytes);
}

static void restore_duration(struct metrics_totals *to,
    enum metrics_cache_result result, const Ringmaster__V1__Histogram *from)
{
	struct hist *part = &to->durations[result];
	struct hist *all = &to->durations[METRICS_CACHE_NONE];

	restore_hist(from, part);
	restore_take(&all->count, part->count);
	restore_take(&all->sum_ns, part->sum_ns);
	for (unsigned i = 0; i < HIST_BINS; i++)
		restore_take(&all->bins[i], part->bins[i]);
}

static void restore_cache(struct restore *r,
    const Ringmaster__V1__Cache *from)
{
	uint64_t *to = r->totals.counters;

	if (strcmp(from->name, SNAPSHOT_CACHE) != 0) {
		restore_gone(r, "cache", from->name, "");
		return;
	}
	to[METRICS_CACHE_HITS] = from->hits;
	to[METRICS_CACHE_MISSES] = from->misses;
	to[METRICS_CACHE_BYPASS] = from->bypassed;
	to[METRICS_CACHE_EVICTIONS] = from->evicted_for_space;
	to[METRICS_CACHE_INVALIDATIONS] = from->evicted_as_changed;
	restore_bytes(&r->totals, METRICS_CACHE_HIT, from->hit_bytes);
	restore_bytes(&r->totals, METRICS_CACHE_MISS, from->miss_bytes);
	restore_bytes(&r->totals, METRICS_CACHE_BYPASSED,
	    from->bypassed_bytes);
	restore_duration(&r->totals, METRICS_CACHE_HIT, from->hit_duration);
	restore_duration(&r->totals, METRICS_CACHE_MISS, from->miss_duration);
}

static void restore_pool(struct restore *r, const Ringmaster__V1__Pool *from)
{
	restore_hist_add(r, from->wait, &r->slot->pool_wait);
	r->totals.ring.pool_done = from->done;
	r->totals.ring.pool_rejected = from->rejected;
}

/* ---- operations that failed ---- */

static enum ring_error restore_error(const char *name)
{
	enum ring_error error = RING_ERROR_COUNT;

	while (--error > RING_ERROR_OTHER &&
	    strcmp(ring_error_name(error), name) != 0)
		;
	return error;
}

static void restore_errors(const Ringmaster__V1__Uring *from,
    struct metrics_ring_totals *to)
{
	for (size_t i = 0; i < from->n_errors; i++) {
		const Ringmaster__V1__OpError *one = from->errors[i];

		for (unsigned op = 0; op < RING_OP_COUNT; op++)
			if (strcmp(ring_op_name((enum ring_op)op),
			    one->op) == 0)
				to->errors[op][restore_error(one->error)] +=
				    one->count;
	}
}

/* ---- all of it ---- */

/* Requests of workers that get no slot. */
static uint64_t restore_requests_left(const Ringmaster__V1__Snapshot *from)
{
	uint64_t left = from->total_requests;

	for (size_t i = 0; i < from->n_workers; i++)
		if (from->workers[i]->index < METRICS_WORKERS_MAX)
			left -= from->workers[i]->requests;
	return left <= from->total_requests ? left : 0;
}

static void restore_all(struct restore *r,
    const Ringmaster__V1__Snapshot *from)
{
	r->totals.requests = restore_requests_left(from);
	if (from->connections)
		restore_connections(r, from->connections);
	if (from->http)
		restore_http(r, from->http);
	for (size_t i = 0; i < from->n_caches; i++)
		restore_cache(r, from->caches[i]);
	if (from->pool)
		restore_pool(r, from->pool);
	if (from->uring)
		restore_errors(from->uring, &r->totals.ring);
	if (from->logs)
		r->totals.counters[METRICS_LOG_DROPPED] =
		    from->logs->access_dropped;
	restore_words(&r->slot->core.totals, &r->totals, sizeof(r->totals));
	for (size_t i = 0; i < from->n_servers; i++)
		restore_server(r, from->servers[i]);
	for (size_t i = 0; i < from->n_upstreams; i++)
		restore_upstream(r, from->upstreams[i]);
	for (size_t i = 0; i < from->n_limits; i++)
		restore_zone(r, from->limits[i]);
}

/* ---- each worker ---- */

static void restore_ring(const Ringmaster__V1__Ring *from,
    struct metrics_ring_totals *to)
{
	to->submitted = from->submissions;
	to->completed = from->completions;
	to->enters = from->enters;
	to->cq_overflows = from->cq_overflows;
	to->buffers_exhausted = from->buffers_exhausted;
	for (size_t i = 0; i < from->n_ops; i++)
		for (unsigned op = 0; op < RING_OP_COUNT; op++)
			if (strcmp(ring_op_name((enum ring_op)op),
			    from->ops[i]->op) == 0)
				to->ops[op] = from->ops[i]->count;
}

static void restore_worker(struct restore *r,
    const Ringmaster__V1__Worker *from)
{
	struct metrics_slot *slot = r->slot;

	memset(&r->totals, 0, sizeof(r->totals));
	r->totals.requests = from->requests;
	r->totals.counters[METRICS_STALLS] = from->stalls;
	if (from->ring)
		restore_ring(from->ring, &r->totals.ring);
	restore_words(&slot->core.totals, &r->totals, sizeof(r->totals));
	restore_hist_add(r, from->loop_lag, &slot->loop_lag);
	restore_add(&slot->cpu_user_ns, restore_ns(from->cpu_user_seconds));
	restore_add(&slot->cpu_system_ns,
	    restore_ns(from->cpu_system_seconds));
}

/* Add to the slot of a worker: what it did; `worker` NULL: all of them. */
static int restore_slot(struct restore *r, unsigned index,
    const Ringmaster__V1__Snapshot *from, const Ringmaster__V1__Worker *worker)
{
	int slot = metrics_slot_assign(r->segment, METRICS_KIND_WORKER,
	    (unsigned)metrics_load(&r->segment->file->header.generation),
	    index);

	if (slot < 0)
		return slot;
	r->slot = &r->segment->file->slots[slot];
	metrics_change_begin(&r->slot->sequence);
	if (worker)
		restore_worker(r, worker);
	else
		restore_all(r, from);
	metrics_change_end(&r->slot->sequence);
	slot = metrics_slot_release(r->segment, (unsigned)slot, 0, NULL);
	return slot < 0 ? slot : 0;
}

static int restore_workers(struct restore *r,
    const Ringmaster__V1__Snapshot *from)
{
	int err = 0;

	for (size_t i = 0; i < from->n_workers && !err; i++)
		if (from->workers[i]->index < METRICS_WORKERS_MAX)
			err = restore_slot(r, from->workers[i]->index, from,
			    from->workers[i]);
	return err;
}

/* ---- the header ---- */

static unsigned restore_nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (unsigned)(at - digits) : 0;
}

static void restore_identity(struct metrics_header *header,
    const Ringmaster__V1__Identity *from)
{
	uint64_t since = from->counted_unix_ns;

	if (strlen(from->instance) == 2 * sizeof(header->instance))
		for (unsigned i = 0; i < sizeof(header->instance); i++)
			header->instance[i] = (uint8_t)(
			    restore_nibble(from->instance[2 * i]) << 4 |
			    restore_nibble(from->instance[2 * i + 1]));
	if (since && since < header->counted_real_ns)
		metrics_store(&header->counted_real_ns, since);
}

static void restore_drops(struct metrics_header *header,
    const Ringmaster__V1__Shm *from)
{
	for (size_t i = 0; i < from->n_tables; i++)
		for (unsigned table = 0; table < METRICS_TABLE_COUNT; table++)
			if (strcmp(snapshot_table_name(table),
			    from->tables[i]->table) == 0)
				restore_add(&header->drops[table],
				    from->tables[i]->dropped);
}

static void restore_header(struct metrics_file *file,
    const Ringmaster__V1__Snapshot *from)
{
	const Ringmaster__V1__Processes *processes = from->processes;
	struct metrics_header *header = &file->header;

	restore_identity(header, from->identity);
	if (processes) {
		restore_add(&header->respawns, processes->respawns);
		restore_add(&header->exits[METRICS_EXIT_DRAIN],
		    processes->exits_drained);
		restore_add(&header->exits[METRICS_EXIT_SIGNAL],
		    processes->exits_signaled);
		restore_add(&header->exits[METRICS_EXIT_STATUS],
		    processes->exits_failed);
		restore_add(&header->reloads_ok, processes->reloads_ok);
		restore_add(&header->reloads_failed,
		    processes->reloads_failed);
	}
	if (from->shm) {
		restore_drops(header, from->shm);
		restore_add(&header->recoveries, from->shm->recoveries);
	}
	if (from->sessions) {
		/* Those that were live are forgotten: they have ended. */
		restore_add(&file->sessions.created, from->sessions->created);
		restore_add(&file->sessions.expired, from->sessions->created);
	}
}

int metrics_restore(struct metrics_segment *segment,
    const Ringmaster__V1__Snapshot *from, const struct log *log)
{
	struct restore *r = calloc(1, sizeof(*r));
	struct arena arena;
	int err;

	if (!r)
		return -ENOMEM;
	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	r->segment = segment;
	r->log = log;
	r->s = (struct snapshot){ .segment = segment, .arena = &arena };
	restore_names(r);
	err = r->s.failed ? -ENOMEM : restore_slot(r, 0, from, NULL);
	if (!err)
		err = restore_workers(r, from);
	if (!err)
		restore_header(segment->file, from);
	arena_fini(&arena);
	free(r);
	return err;
}

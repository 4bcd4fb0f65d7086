#include "metrics/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "metrics/lock.h"
#include "metrics/sessions.h"
#include "metrics/snapshot_part.h"
#include "metrics/switches.h"
#include "metrics/top.h"

void *snapshot_alloc(struct snapshot *s, size_t count, size_t size)
{
	void *memory = arena_calloc(s->arena, count ? count : 1, size);

	if (!memory)
		s->failed = true;
	return memory;
}

char *snapshot_text(struct snapshot *s, struct slice text)
{
	static const char hex[] = "0123456789ABCDEF";
	char *to = arena_alloc_text(s->arena, 3 * text.len + 1);
	size_t len = 0;

	if (!to) {
		s->failed = true;
		return (char *)protobuf_c_empty_string;
	}
	while (text.len > 0) {
		size_t n = utf8_char_len(text);
		unsigned char byte = (unsigned char)*text.data;

		if (n > 0) {
			memcpy(to + len, text.data, n);
			len += n;
		} else {
			to[len++] = '%';
			to[len++] = hex[byte >> 4];
			to[len++] = hex[byte & 15];
			n = 1;
		}
		text = slice_from(text, n);
	}
	to[len] = '\0';
	return to;
}

char *snapshot_cstr(struct snapshot *s, const char *text, size_t size)
{
	return snapshot_text(s, (struct slice){ text, strnlen(text, size) });
}

/* ---- what is running ---- */

static Ringmaster__V1__Build *snapshot_build(struct snapshot *s,
    const struct metrics_identity *identity)
{
	Ringmaster__V1__Build *build = snapshot_alloc(s, 1, sizeof(*build));

	if (!build)
		return NULL;
	ringmaster__v1__build__init(build);
	build->version = snapshot_cstr(s, identity->version,
	    sizeof(identity->version));
	build->compiler = snapshot_cstr(s, identity->compiler,
	    sizeof(identity->compiler));
	build->uring_features = snapshot_cstr(s, identity->uring_features,
	    sizeof(identity->uring_features));
	return build;
}

static Ringmaster__V1__Config *snapshot_config(struct snapshot *s,
    const struct metrics_identity *identity, uint64_t hash)
{
	Ringmaster__V1__Config *config = snapshot_alloc(s, 1, sizeof(*config));

	if (!config)
		return NULL;
	ringmaster__v1__config__init(config);
	config->hash = (char *)arena_printf(s->arena, "%016" PRIx64, hash).data;
	if (!config->hash) {
		s->failed = true;
		return NULL;
	}
	config->file = snapshot_cstr(s, identity->config_file,
	    sizeof(identity->config_file));
	return config;
}

static char *snapshot_instance(struct snapshot *s)
{
	const uint8_t *instance = s->segment->file->header.instance;
	char text[2 * sizeof(s->segment->file->header.instance) + 1];

	for (unsigned i = 0; i < sizeof(text) / 2; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", instance[i]);
	return snapshot_text(s, slice_cstr(text));
}

static char *snapshot_kernel(struct snapshot *s)
{
	struct utsname name;
	struct slice text;

	if (uname(&name) < 0)
		return (char *)protobuf_c_empty_string;
	text = arena_printf(s->arena, "%s %s", name.sysname, name.release);
	return snapshot_text(s, text);
}

static Ringmaster__V1__Identity *snapshot_identity(struct snapshot *s)
{
	const struct metrics_header *header = &s->segment->file->header;
	Ringmaster__V1__Identity *ret = snapshot_alloc(s, 1, sizeof(*ret));
	struct metrics_identity identity;
	struct metrics_reload reload;

	if (!ret)
		return NULL;
	/* Texts for people: a torn one does no harm. */
	(void)metrics_identity_read(s->segment, &identity);
	(void)metrics_reload_read(s->segment, &reload);
	ringmaster__v1__identity__init(ret);
	ret->build = snapshot_build(s, &identity);
	ret->config = snapshot_config(s, &identity, reload.config_hash);
	ret->master_pid = metrics_load32(&header->master_pid);
	ret->generation = (uint32_t)metrics_load(&header->generation);
	ret->started_unix_ns = header->started_real_ns;
	ret->counted_unix_ns = metrics_load(&header->counted_real_ns);
	ret->reloaded_unix_ns = reload.ok_real_ns;
	ret->last_reload_ok = reload.ok != 0;
	ret->last_reload_error = snapshot_cstr(s, reload.error,
	    sizeof(reload.error));
	ret->kernel = snapshot_kernel(s);
	ret->instance = snapshot_instance(s);
	return ret;
}

static Ringmaster__V1__Processes *snapshot_processes(struct snapshot *s)
{
	const struct metrics_header *header = &s->segment->file->header;
	Ringmaster__V1__Processes *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__processes__init(ret);
	ret->workers_current = s->view->current;
	ret->workers_draining = s->view->draining;
	ret->respawns = metrics_load(&header->respawns);
	ret->exits_drained = metrics_load(&header->exits[METRICS_EXIT_DRAIN]);
	ret->exits_signaled = metrics_load(&header->exits[METRICS_EXIT_SIGNAL]);
	ret->exits_failed = metrics_load(&header->exits[METRICS_EXIT_STATUS]);
	ret->reloads_ok = metrics_load(&header->reloads_ok);
	ret->reloads_failed = metrics_load(&header->reloads_failed);
	return ret;
}

static uint64_t snapshot_slots_taken(struct snapshot *s)
{
	unsigned slots = metrics_slot_count(s->segment);
	uint64_t taken = 0;

	for (unsigned i = 0; i < slots; i++)
		taken += metrics_load32(&s->segment->file->slots[i].state) !=
		    METRICS_SLOT_FREE;
	return taken;
}

const char *snapshot_table_name(enum metrics_table table)
{
	static const char *const names[METRICS_TABLE_COUNT] = {
		[METRICS_TABLE_SCOPES] = "scopes",
		[METRICS_TABLE_PEERS] = "peers",
		[METRICS_TABLE_ZONES] = "zones",
		[METRICS_TABLE_SLOTS] = "processes",
	};

	return names[table];
}

static void snapshot_tables(struct snapshot *s, Ringmaster__V1__Shm *ret)
{
	const struct metrics_header *header = &s->segment->file->header;
	const struct {
		uint64_t used, peak, limit;
	} tables[METRICS_TABLE_COUNT] = {
		[METRICS_TABLE_SCOPES] = {
		    metrics_scope_count(s->segment), 0, METRICS_SCOPES_MAX },
		[METRICS_TABLE_PEERS] = {
		    metrics_peer_count(s->segment), 0, METRICS_PEERS_MAX },
		[METRICS_TABLE_ZONES] = {
		    metrics_zone_count(s->segment), 0, METRICS_ZONES_MAX },
		[METRICS_TABLE_SLOTS] = { snapshot_slots_taken(s),
		    metrics_slot_count(s->segment), METRICS_SLOTS },
	};

	ret->tables = snapshot_alloc(s, METRICS_TABLE_COUNT,
	    sizeof(*ret->tables));
	for (unsigned i = 0; ret->tables && i < METRICS_TABLE_COUNT; i++) {
		Ringmaster__V1__ShmTable *table = snapshot_alloc(s, 1,
		    sizeof(*table));

		if (!table)
			return;
		ringmaster__v1__shm_table__init(table);
		table->table = (char *)snapshot_table_name(i);
		table->used = tables[i].used;
		/* Names are not given back. */
		table->peak = tables[i].peak ? tables[i].peak : tables[i].used;
		table->limit = tables[i].limit;
		table->dropped = metrics_load(&header->drops[i]);
		ret->drops += table->dropped;
		ret->tables[ret->n_tables++] = table;
	}
}

static Ringmaster__V1__Shm *snapshot_shm(struct snapshot *s)
{
	const struct metrics_header *header = &s->segment->file->header;
	const struct metrics_slot *slots = s->segment->file->slots;
	Ringmaster__V1__Shm *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__shm__init(ret);
	ret->size_bytes = header->file_size;
	ret->used_bytes = offsetof(struct metrics_file, slots);
	for (unsigned i = 0; i < metrics_slot_count(s->segment); i++)
		ret->used_bytes += offsetof(struct metrics_slot, scopes) +
		    metrics_load32(&slots[i].scope_limit) *
		    sizeof(struct metrics_scope_totals) +
		    metrics_load32(&slots[i].peer_limit) *
		    sizeof(struct metrics_peer_totals) +
		    metrics_tops_bytes(&slots[i]);
	ret->free_bytes = ret->size_bytes - ret->used_bytes;
	snapshot_tables(s, ret);
	ret->recoveries = metrics_load(&header->recoveries);
	return ret;
}

static Ringmaster__V1__MarkKind snapshot_mark_kind(uint64_t kind)
{
	switch ((enum metrics_mark_kind)kind) {
	case METRICS_MARK_START:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_START;
	case METRICS_MARK_STOP:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_STOP;
	case METRICS_MARK_RELOAD:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_RELOAD;
	case METRICS_MARK_RELOAD_FAILED:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_RELOAD_FAILED;
	case METRICS_MARK_CRASH:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_CRASH;
	case METRICS_MARK_UPGRADE:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_UPGRADE;
	case METRICS_MARK_CACHE_ON:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_CACHE_ON;
	case METRICS_MARK_CACHE_OFF:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_CACHE_OFF;
	case METRICS_MARK_CACHE_FLUSH:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_CACHE_FLUSH;
	case METRICS_MARK_DEPLOY:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_DEPLOY;
	case METRICS_MARK_TEST_START:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_TEST_START;
	case METRICS_MARK_TEST_END:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_TEST_END;
	case METRICS_MARK_ALERT:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_ALERT;
	case METRICS_MARK_LOG_LEVEL:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_LOG_LEVEL;
	case METRICS_MARK_DRAIN:
		return RINGMASTER__V1__MARK_KIND__MARK_KIND_DRAIN;
	case METRICS_MARK_KIND_COUNT:
		break;
	}
	return RINGMASTER__V1__MARK_KIND__MARK_KIND_UNKNOWN;
}

void metrics_snapshot_mark(struct metrics_mark *mark,
    Ringmaster__V1__Mark *ret)
{
	ringmaster__v1__mark__init(ret);
	ret->time_unix_ns = mark->real_ns;
	ret->kind = snapshot_mark_kind(mark->kind);
	ret->text = mark->text;
}

static void snapshot_marks(struct snapshot *s, Ringmaster__V1__Snapshot *ret)
{
	struct metrics_mark marks[METRICS_MARKS];
	unsigned count = metrics_marks_read(s->segment, marks);

	ret->marks = snapshot_alloc(s, count, sizeof(*ret->marks));
	for (unsigned i = count; ret->marks && i-- > 0; ) {
		Ringmaster__V1__Mark *mark = snapshot_alloc(s, 1,
		    sizeof(*mark));

		if (!mark)
			return;
		metrics_snapshot_mark(&marks[i], mark);
		mark->text = snapshot_cstr(s, marks[i].text,
		    sizeof(marks[i].text));
		ret->marks[ret->n_marks++] = mark;
	}
}

/* ---- what is served ---- */

/* Why accepting failed. All of the list, also what never happened: the first
 * time would not be seen as a change else. */
static void snapshot_accept_errors(struct snapshot *s,
    Ringmaster__V1__Connections *ret)
{
	const uint64_t *errors = s->view->totals.ring.errors[RING_OP_ACCEPT];
	uint64_t rest = 0;	/* with which none is known to fail */

	for (unsigned i = RING_ERROR_ACCEPT_COUNT; i < RING_ERROR_COUNT; i++)
		rest += errors[i];
	ret->accept_causes = snapshot_alloc(s, RING_ERROR_ACCEPT_COUNT,
	    sizeof(*ret->accept_causes));
	for (unsigned i = 0; ret->accept_causes &&
	    i < RING_ERROR_ACCEPT_COUNT; i++) {
		Ringmaster__V1__ErrorCount *count = snapshot_alloc(s, 1,
		    sizeof(*count));

		if (!count)
			return;
		ringmaster__v1__error_count__init(count);
		count->error = (char *)ring_error_name((enum ring_error)i);
		count->count = errors[i] + (i == RING_ERROR_OTHER ? rest : 0);
		ret->accept_errors += count->count;
		ret->accept_causes[ret->n_accept_causes++] = count;
	}
}

static Ringmaster__V1__Drops *snapshot_drops(struct snapshot *s)
{
	const uint64_t *counters = s->view->totals.counters;
	Ringmaster__V1__Drops *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__drops__init(ret);
	ret->limit = counters[METRICS_DROPPED_LIMIT];
	ret->memory = counters[METRICS_DROPPED_MEMORY];
	return ret;
}

/* Closed ones; the classes are those of metrics_conn_end(). */
static Ringmaster__V1__ClosedConnections *snapshot_closed(struct snapshot *s)
{
	const uint64_t *counters = s->view->totals.counters + METRICS_CLOSED;
	Ringmaster__V1__ClosedConnections *ret = snapshot_alloc(s, 1,
	    sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__closed_connections__init(ret);
	ret->none = counters[0];
	ret->one = counters[1];
	ret->below_10 = counters[2];
	ret->below_100 = counters[3];
	ret->below_1000 = counters[4];
	ret->more = counters[5];
	return ret;
}

static Ringmaster__V1__Connections *snapshot_connections(struct snapshot *s)
{
	const struct metrics_totals *totals = &s->view->totals;
	const int64_t *gauges = s->view->gauges.values;
	Ringmaster__V1__Connections *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__connections__init(ret);
	ret->accepted = totals->counters[METRICS_ACCEPTED];
	ret->handled = totals->counters[METRICS_HANDLED];
	ret->drops = snapshot_drops(s);
	ret->dropped = totals->counters[METRICS_DROPPED_LIMIT] +
	    totals->counters[METRICS_DROPPED_MEMORY];
	ret->refused = totals->counters[METRICS_REFUSED];
	ret->reading = (uint32_t)gauges[METRICS_READING];
	ret->writing = (uint32_t)gauges[METRICS_WRITING];
	ret->idle = (uint32_t)gauges[METRICS_IDLE];
	ret->peak = (uint32_t)metrics_load(
	    &s->segment->file->header.connections_peak);
	ret->limit = (uint32_t)metrics_load(
	    &s->segment->file->header.connections_limit);
	snapshot_accept_errors(s, ret);
	ret->closed = snapshot_closed(s);
	ret->duration = snapshot_hist(s, &s->view->conn_age);
	return ret;
}

static Ringmaster__V1__Stages *snapshot_stages(struct snapshot *s)
{
	const struct hist *stages = s->view->stages;
	Ringmaster__V1__Stages *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__stages__init(ret);
	ret->header = snapshot_hist(s, &stages[METRICS_STAGE_HEADER]);
	ret->parse = snapshot_hist(s, &stages[METRICS_STAGE_PARSE]);
	ret->pool_wait = snapshot_hist(s, &stages[METRICS_STAGE_POOL_WAIT]);
	ret->handler = snapshot_hist(s, &stages[METRICS_STAGE_HANDLER]);
	ret->upstream = snapshot_hist(s, &stages[METRICS_STAGE_UPSTREAM]);
	ret->send = snapshot_hist(s, &stages[METRICS_STAGE_SEND]);
	return ret;
}

static void snapshot_methods(struct snapshot *s, Ringmaster__V1__Http *http)
{
	const struct metrics_header *header = &s->segment->file->header;

	http->methods = snapshot_alloc(s, METRICS_METHODS,
	    sizeof(*http->methods));
	for (unsigned i = 0; http->methods && i < METRICS_METHODS; i++) {
		Ringmaster__V1__MethodCount *method;

		if (s->view->totals.methods[i] == 0)
			continue;
		method = snapshot_alloc(s, 1, sizeof(*method));
		if (!method)
			return;
		ringmaster__v1__method_count__init(method);
		method->count = s->view->totals.methods[i];
		method->method = header->methods[i][0] == '\0'
		    ? snapshot_text(s, SLICE("other"))
		    : snapshot_cstr(s, header->methods[i],
		    METRICS_METHOD_NAME_MAX);
		http->methods[http->n_methods++] = method;
	}
}

const char *snapshot_protocol_name(enum metrics_version version)
{
	static const char *const names[METRICS_VERSION_COUNT] = {
		[METRICS_VERSION_OTHER] = "other",
		[METRICS_VERSION_10] = "HTTP/1.0",
		[METRICS_VERSION_11] = "HTTP/1.1",
		[METRICS_VERSION_20] = "HTTP/2.0",
	};

	return names[version];
}

static void snapshot_protocols(struct snapshot *s, Ringmaster__V1__Http *http)
{
	http->protocols = snapshot_alloc(s, METRICS_VERSION_COUNT,
	    sizeof(*http->protocols));
	for (unsigned i = 0; http->protocols && i < METRICS_VERSION_COUNT;
	    i++) {
		Ringmaster__V1__ProtocolCount *protocol;

		if (s->view->totals.versions[i] == 0)
			continue;
		protocol = snapshot_alloc(s, 1, sizeof(*protocol));
		if (!protocol)
			return;
		ringmaster__v1__protocol_count__init(protocol);
		protocol->count = s->view->totals.versions[i];
		protocol->protocol = (char *)snapshot_protocol_name(i);
		http->protocols[http->n_protocols++] = protocol;
	}
}

static void snapshot_parse_errors(struct snapshot *s,
    Ringmaster__V1__Http *http)
{
	const uint64_t *counters = s->view->totals.counters;
	Ringmaster__V1__ParseErrors *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return;
	ringmaster__v1__parse_errors__init(ret);
	ret->bad_request = counters[METRICS_PARSE_BAD];
	ret->line_too_long = counters[METRICS_PARSE_URI];
	ret->headers_too_large = counters[METRICS_PARSE_HEADERS];
	ret->transfer_coding = counters[METRICS_PARSE_CODING];
	ret->version = counters[METRICS_PARSE_VERSION];
	ret->proxy_protocol = counters[METRICS_PARSE_PROXY];
	for (unsigned i = METRICS_PARSE_BAD; i <= METRICS_PARSE_PROXY; i++)
		http->parse_errors += counters[i];
	http->parse_causes = ret;
}

static Ringmaster__V1__Auth *snapshot_auth(struct snapshot *s)
{
	const uint64_t *counters = s->view->totals.counters;
	Ringmaster__V1__Auth *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__auth__init(ret);
	ret->ok = counters[METRICS_AUTH_OK];
	ret->failed = counters[METRICS_AUTH_FAILED];
	ret->none = counters[METRICS_AUTH_NONE];
	return ret;
}

static Ringmaster__V1__Http *snapshot_http(struct snapshot *s)
{
	const struct metrics_totals *totals = &s->view->totals;
	const int64_t *gauges = s->view->gauges.values;
	Ringmaster__V1__Http *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__http__init(ret);
	ret->in_flight = (uint32_t)(gauges[METRICS_READING] +
	    gauges[METRICS_WRITING]);
	ret->classes = snapshot_classes(s, totals->codes);
	ret->codes = snapshot_codes(s, totals->codes, &ret->n_codes);
	snapshot_methods(s, ret);
	snapshot_protocols(s, ret);
	ret->duration = snapshot_hist(s, &s->view->duration);
	ret->first_byte = snapshot_hist(s, &totals->first_byte);
	ret->stages = snapshot_stages(s);
	ret->bytes_in = totals->counters[METRICS_BYTES_IN];
	ret->bytes_out = s->view->bytes_out;
	ret->body_bytes_out = totals->requests_body_out;
	ret->aborted_by_client = totals->aborted_client;
	ret->aborted_by_server = totals->aborted_server;
	ret->timeouts = totals->counters[METRICS_TIMEOUTS];
	snapshot_parse_errors(s, ret);
	ret->auth = snapshot_auth(s);
	return ret;
}

static void snapshot_caches(struct snapshot *s, Ringmaster__V1__Snapshot *ret)
{
	const struct metrics_totals *totals = &s->view->totals;
	const uint64_t *counters = totals->counters;
	const int64_t *gauges = s->view->gauges.values;
	Ringmaster__V1__Cache *cache = snapshot_alloc(s, 1, sizeof(*cache));

	ret->caches = snapshot_alloc(s, 1, sizeof(*ret->caches));
	if (!cache || !ret->caches)
		return;
	ringmaster__v1__cache__init(cache);
	cache->name = (char *)SNAPSHOT_CACHE;
	cache->enabled = metrics_cache_enabled(s->segment);
	cache->hits = counters[METRICS_CACHE_HITS];
	cache->misses = counters[METRICS_CACHE_MISSES];
	cache->bypassed = counters[METRICS_CACHE_BYPASS];
	cache->entries = (uint64_t)gauges[METRICS_CACHE_ENTRIES];
	cache->size_bytes = (uint64_t)gauges[METRICS_CACHE_BYTES];
	cache->max_size_bytes = (uint64_t)gauges[METRICS_CACHE_BYTES_MAX];
	cache->evicted_for_space = counters[METRICS_CACHE_EVICTIONS];
	cache->evicted_as_changed = counters[METRICS_CACHE_INVALIDATIONS];
	cache->hit_duration = snapshot_hist(s,
	    &totals->durations[METRICS_CACHE_HIT]);
	cache->miss_duration = snapshot_hist(s,
	    &totals->durations[METRICS_CACHE_MISS]);
	cache->hit_bytes = totals->bytes_out[METRICS_CACHE_HIT];
	cache->miss_bytes = totals->bytes_out[METRICS_CACHE_MISS];
	cache->bypassed_bytes = totals->bytes_out[METRICS_CACHE_BYPASSED];
	ret->caches[ret->n_caches++] = cache;
}

static Ringmaster__V1__Pool *snapshot_pool(struct snapshot *s)
{
	const struct metrics_gauges *gauges = &s->view->gauges;
	Ringmaster__V1__Pool *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__pool__init(ret);
	ret->threads = (uint32_t)gauges->pool_threads;
	ret->busy = (uint32_t)gauges->pool_busy;
	ret->queued = (uint32_t)gauges->pool_queued;
	ret->oldest_wait_seconds =
	    snapshot_seconds(gauges->pool_oldest_wait_ns);
	ret->wait = snapshot_hist(s, &s->view->pool_wait);
	ret->done = s->view->totals.ring.pool_done;
	ret->rejected = s->view->totals.ring.pool_rejected;
	return ret;
}

static Ringmaster__V1__Sessions *snapshot_sessions(struct snapshot *s)
{
	Ringmaster__V1__Sessions *ret = snapshot_alloc(s, 1, sizeof(*ret));
	struct metrics_session_counts counts;

	if (!ret)
		return NULL;
	metrics_sessions_read(s->segment, clock_mono_ns() / NS_PER_SEC,
	    &counts);
	ringmaster__v1__sessions__init(ret);
	ret->live = counts.live;
	ret->created = counts.created;
	ret->expired = counts.expired;
	ret->exact = counts.exact;
	ret->today = counts.today;
	return ret;
}

static Ringmaster__V1__Logs *snapshot_logs(struct snapshot *s)
{
	Ringmaster__V1__Logs *ret = snapshot_alloc(s, 1, sizeof(*ret));
	unsigned level = metrics_log_level(s->segment);

	if (!ret)
		return NULL;
	ringmaster__v1__logs__init(ret);
	if (level != METRICS_LEVEL_CONFIGURED)
		ret->level = (char *)log_level_name((enum log_level)level);
	ret->access_dropped = s->view->totals.counters[METRICS_LOG_DROPPED];
	return ret;
}

/* ---- the whole ---- */

/* The keys of the first level that repeat what stands elsewhere. */
static void snapshot_summary(struct snapshot *s, Ringmaster__V1__Snapshot *ret)
{
	const struct metrics_view *view = s->view;
	const struct hist *duration = &view->duration;
	const int64_t *gauges = view->gauges.values;

	ret->active_clients = (uint64_t)(gauges[METRICS_READING] +
	    gauges[METRICS_WRITING] + gauges[METRICS_IDLE]);
	ret->total_requests = view->totals.requests;
	if (duration->count > 0)
		ret->average_response_time =
		    snapshot_seconds(duration->sum_ns) /
		    (double)duration->count;
	ret->cache_enabled = metrics_cache_enabled(s->segment);
	ret->cache_hits = view->totals.counters[METRICS_CACHE_HITS];
	ret->cache_misses = view->totals.counters[METRICS_CACHE_MISSES];
	ret->thread_pool_size = (uint32_t)view->gauges.pool_threads;
	ret->queue_size = (uint32_t)view->gauges.pool_queued;
	ret->taken_unix_ns = clock_real_ns();
}

int metrics_snapshot_fill(const struct metrics_segment *segment,
    const struct metrics_snapshot_options *options, struct arena *arena,
    Ringmaster__V1__Snapshot **ret)
{
	struct snapshot s = { .segment = segment, .arena = arena };
	Ringmaster__V1__Snapshot *all = snapshot_alloc(&s, 1, sizeof(*all));
	struct metrics_view *view;

	if (!all || metrics_view_take(segment, arena, &view) < 0)
		return -ENOMEM;
	s.view = view;
	ringmaster__v1__snapshot__init(all);
	snapshot_summary(&s, all);
	snapshot_recent(&s, options->recent, all);
	all->identity = snapshot_identity(&s);
	all->connections = snapshot_connections(&s);
	all->http = snapshot_http(&s);
	snapshot_servers(&s, all);
	snapshot_upstreams(&s, all);
	snapshot_caches(&s, all);
	snapshot_workers(&s, all);
	all->pool = snapshot_pool(&s);
	snapshot_limits(&s, all);
	if (options->top_keys)
		snapshot_tops(&s, options->top_keys, all);
	all->shm = snapshot_shm(&s);
	snapshot_marks(&s, all);
	all->sessions = snapshot_sessions(&s);
	all->processes = snapshot_processes(&s);
	all->logs = snapshot_logs(&s);
	all->uring = snapshot_uring(&s);
	if (s.failed)
		return -ENOMEM;
	all->unique_sessions = all->sessions->live;
	*ret = all;
	return 0;
}

/* ---- back from bytes ---- */

/* Memory of an arena: freed as a whole. */
static void *unpack_alloc(void *arena, size_t size)
{
	return arena_alloc(arena, size ? size : 1);
}

static void unpack_free(void *arena, void *memory)
{
	(void)arena;
	(void)memory;
}

Ringmaster__V1__Snapshot *metrics_snapshot_unpack(struct slice bytes,
    struct arena *arena)
{
	ProtobufCAllocator allocator = { .alloc = unpack_alloc,
		.free = unpack_free, .allocator_data = arena };

	return ringmaster__v1__snapshot__unpack(&allocator, bytes.len,
	    (const uint8_t *)bytes.data);
}

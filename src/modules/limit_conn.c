/*
 * limit_conn: so many requests at once for each value of a key.
 *
 * A record counts what one worker serves of a key, so that the count of a
 * worker that was killed can be told from the others: the limit is for the
 * sum of those whose workers live. What the dead leave behind is removed
 * when it is come across, or when there is no room.
 */

#include <errno.h>
#include <unistd.h>

#include "http/conn.h"
#include "metrics/lock.h"
#include "metrics/segment.h"
#include "modules/limit.h"
#include "modules/modules.h"

enum {
	LIMIT_CONN_KEY_MAX = 255,	/* bytes of a key's value */
	LIMIT_CONN_MAX = 65535,		/* requests at once */
};
#define LIMIT_CONN_SWEEP_NS NS_PER_SEC	/* between looks for the dead */

/* What a record's data are. */
enum {
	LIMIT_CONN_OWNER,		/* process id, and above it its slot
					 * in the metrics */
	LIMIT_CONN_COUNT,
};

struct limit_conn {
	struct http_zone *zone;
	uint64_t max;
	struct limit_conn *next;
};

struct limit_conn_record {
	struct limit_conn *limits, **end;
	struct limit_actions actions;
};

/* A place that a request has. */
struct limit_conn_hold {
	const struct http_zone *zone;
	struct zone_record *record;
	struct limit_conn_hold *next;
};

struct limit_conn_state {
	struct http_request *request;
	const struct slice *status;	/* NULL: no limit was asked */
	struct limit_conn_hold *holds;
};

static const struct slice limit_conn_passed = { "PASSED", 6 };
static const struct slice limit_conn_rejected = { "REJECTED", 8 };
static const struct slice limit_conn_dry_rejected = { "REJECTED_DRY_RUN", 16 };

/* Of the process. */
static struct {
	uint64_t owner;			/* what its records say */
	uint64_t swept_ns;
} limit_conn_worker;

extern const struct http_module http_limit_conn_module;

/* ---- whose records ---- */

/* The slot is given back by the master when it has reaped the process, so a
 * process id that is used again deceives nobody. */
static bool limit_conn_alive(const struct metrics_segment *segment,
    uint64_t owner)
{
	const struct metrics_file *file = segment->file;
	uint64_t slot = owner >> 32;

	return owner && slot < metrics_load32(&file->header.slot_count) &&
	    metrics_load32(&file->slots[slot].pid) == (uint32_t)owner;
}

static int limit_conn_start(struct http_worker *worker)
{
	const struct metrics_file *file = worker->segment->file;
	uint32_t pid = (uint32_t)getpid();

	for (uint64_t i = 0; i < metrics_load32(&file->header.slot_count);
	    i++)
		if (metrics_load32(&file->slots[i].pid) == pid)
			limit_conn_worker.owner = i << 32 | pid;
	return limit_conn_worker.owner ? 0 : -ESRCH;
}

/* Remove all that the dead left; now and then, as it takes long. */
static void limit_conn_sweep(const struct http_worker *worker,
    struct zone_table *table)
{
	struct zone_record *record = zone_table_oldest(table), *next;
	uint64_t now = ring_now(worker->ring);

	if (now - limit_conn_worker.swept_ns < LIMIT_CONN_SWEEP_NS)
		return;
	limit_conn_worker.swept_ns = now;
	for (; record; record = next) {
		next = zone_table_newer(table, record);
		if (!limit_conn_alive(worker->segment,
		    record->data[LIMIT_CONN_OWNER]))
			zone_table_remove(table, record);
	}
}

/* ---- taking and giving back ---- */

/* How many are being served; *own becomes this worker's record, or NULL. */
static uint64_t limit_conn_sum(const struct http_worker *worker,
    struct zone_table *table, const struct zone_key *key,
    struct zone_record **own)
{
	struct zone_record *record = zone_table_find(table, key, NULL), *next;
	uint64_t sum = 0;

	*own = NULL;
	for (; record; record = next) {
		uint64_t owner = record->data[LIMIT_CONN_OWNER];

		next = zone_table_find(table, key, record);
		if (owner == limit_conn_worker.owner)
			*own = record;
		if (limit_conn_alive(worker->segment, owner))
			sum += record->data[LIMIT_CONN_COUNT];
		else
			zone_table_remove(table, record);
	}
	return sum;
}

/* Returns 0; -EBUSY at the limit, or -ENOSPC without room, which is a refusal
 * as well. */
static int limit_conn_enter(const struct http_worker *worker,
    struct zone_table *table, const struct zone_key *key, uint64_t max,
    struct zone_record **ret)
{
	struct zone_record *record;

	if (limit_conn_sum(worker, table, key, &record) >= max)
		return -EBUSY;
	if (!record)
		record = zone_table_add(table, key);
	if (!record) {
		limit_conn_sweep(worker, table);
		record = zone_table_add(table, key);
	}
	if (!record)
		return -ENOSPC;
	record->data[LIMIT_CONN_OWNER] = limit_conn_worker.owner;
	record->data[LIMIT_CONN_COUNT]++;
	*ret = record;
	return 0;
}

/* The request has ended, or its client went, or a later limit refuses it. */
static void limit_conn_leave(void *arg)
{
	struct limit_conn_state *state = arg;

	for (; state->holds; state->holds = state->holds->next) {
		struct zone_record *record = state->holds->record;
		struct zone_table *table = limit_zone_lock(state->request,
		    state->holds->zone);

		if (!table)
			continue;
		if (--record->data[LIMIT_CONN_COUNT] == 0)
			zone_table_remove(table, record);
		zone_table_unlock(table);
	}
}

/* Returns as limit_conn_enter(), or another -errno. */
static int limit_conn_take(struct limit_conn_state *state,
    const struct limit_conn *limit, const struct zone_key *key)
{
	struct http_request *request = state->request;
	struct limit_conn_hold *hold = arena_alloc(&request->arena,
	    sizeof(*hold));
	struct zone_table *table = hold ? limit_zone_lock(request,
	    limit->zone) : NULL;
	int err;

	if (!table)
		return -EIO;
	*hold = (struct limit_conn_hold){ limit->zone, NULL, state->holds };
	err = limit_conn_enter(request->worker, table, key, limit->max,
	    &hold->record);
	zone_table_unlock(table);
	if (!err)
		state->holds = hold;
	return err;
}

/* ---- the hook ---- */

static int limit_conn_refuse(struct limit_conn_state *state,
    const struct limit_actions *actions, const struct limit_conn *limit,
    int err)
{
	if (err == -EBUSY)
		http_log(state->request, (enum log_level)actions->log_level,
		    0, "limiting connections%s by zone \"%.*s\"",
		    actions->dry_run ? ", dry run," : "",
		    SLICE_ARG(limit->zone->name));
	metrics_limit_count(state->request->worker->metrics,
	    limit->zone->metrics, actions->dry_run ?
	    METRICS_LIMIT_REJECTED_DRY_RUN : METRICS_LIMIT_REJECTED);
	if (!actions->dry_run)
		metrics_count(state->request->worker->metrics,
		    METRICS_REFUSED, 1);
	limit_conn_leave(state);
	state->status = actions->dry_run ? &limit_conn_dry_rejected :
	    &limit_conn_rejected;
	return actions->dry_run ? HTTP_DECLINED : (int)actions->status;
}

static int limit_conn_ask_all(struct limit_conn_state *state,
    const struct limit_conn_record *record)
{
	const struct limit_conn *limit = record->limits;

	for (; limit; limit = limit->next) {
		struct zone_key key;
		int err = limit_key_get(state->request, limit->zone, &key);

		if (err == 0)
			continue;
		if (err > 0) {
			state->status = &limit_conn_passed;
			err = limit_conn_take(state, limit, &key);
		}
		if (err == -EBUSY || err == -ENOSPC)
			return limit_conn_refuse(state, &record->actions,
			    limit, err);
		if (err)
			return 500;
	}
	for (const struct limit_conn_hold *hold = state->holds; hold;
	    hold = hold->next)
		metrics_limit_count(state->request->worker->metrics,
		    hold->zone->metrics, METRICS_LIMIT_PASSED);
	return HTTP_DECLINED;
}

/* The request's state; NULL without memory. */
static struct limit_conn_state *limit_conn_state_get(
    struct http_request *request)
{
	void **data = http_request_data(request, &http_limit_conn_module);
	struct limit_conn_state *state;

	if (!data || *data)
		return data ? *data : NULL;
	state = arena_calloc(&request->arena, 1, sizeof(*state));
	if (!state || http_request_cleanup(request, limit_conn_leave, state))
		return NULL;
	state->request = request;
	return *data = state;
}

/* Who comes next is not to be refused for one who has gone, however long the
 * end of that request takes. */
static void limit_conn_gone(struct http_request *request)
{
	void **data = http_request_data(request, &http_limit_conn_module);

	if (data && *data)
		limit_conn_leave(*data);
}

static int limit_conn_preaccess(struct http_request *request)
{
	const struct limit_conn_record *record = http_request_record(request,
	    &http_limit_conn_module.table);
	struct limit_conn_state *state;

	if (!record->limits)
		return HTTP_DECLINED;
	state = limit_conn_state_get(request);
	if (!state)
		return 500;
	/* It is counted once. */
	return state->status ? HTTP_DECLINED : limit_conn_ask_all(state,
	    record);
}

static bool get_limit_conn_status(struct http_request *request,
    struct slice name, struct slice *ret)
{
	void **data = http_request_data(request, &http_limit_conn_module);
	const struct limit_conn_state *state = data ? *data : NULL;

	(void)name;
	if (!state || !state->status)
		return false;
	*ret = *state->status;
	return true;
}

static const struct http_variable limit_conn_variables[] = {
	{ .name = { "limit_conn_status", 17 },
	  .get = get_limit_conn_status,
	  .help = "PASSED, REJECTED or REJECTED_DRY_RUN" },
	{ .name = { NULL, 0 }, .get = NULL },
};

/* ---- directives ---- */

static int limit_conn_set_zone(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope, void *arg)
{
	struct limit_zone *limit = arena_calloc(&conf->arena, 1,
	    sizeof(*limit));

	(void)scope, (void)arg;
	if (!limit)
		return conf_fail(conf, node, ENOMEM, "limit_conn");
	if (!slice_starts(node->args[2], SLICE("zone=")))
		return conf_fail(conf, node, 0, "invalid parameter \"%s\"",
		    node->args[2].data);
	limit->module = "limit_conn_zone";
	limit->key_max = LIMIT_CONN_KEY_MAX;
	return limit_zone_declare(conf, node, node->args[2],
	    &http_limit_conn_module, limit);
}

static int limit_conn_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct limit_conn_record *record = arg;
	struct limit_conn *limit = arena_calloc(&conf->arena, 1,
	    sizeof(*limit));
	int err = limit ? http_zone_use(conf, node, node->args[1],
	    &http_limit_conn_module, &limit->zone) :
	    conf_fail(conf, node, ENOMEM, "limit_conn");

	(void)scope;
	if (err)
		return err;
	for (const struct limit_conn *other = record->limits; other;
	    other = other->next)
		if (other->zone == limit->zone)
			return conf_fail(conf, node, 0,
			    "\"limit_conn\" directive is duplicate");
	if (!slice_to_u64(node->args[2], &limit->max) || !limit->max)
		return conf_fail(conf, node, 0, "invalid number of "
		    "connections \"%s\"", node->args[2].data);
	if (limit->max > LIMIT_CONN_MAX)
		return conf_fail(conf, node, 0,
		    "connection limit must be less 65536");
	if (!record->end)
		record->end = &record->limits;
	*record->end = limit;
	record->end = &limit->next;
	return 0;
}

static int limit_conn_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct limit_conn_record *from = parent;
	struct limit_conn_record *record = arg;

	(void)conf;
	if (from && !record->limits)
		record->limits = from->limits;
	return 0;
}

#define LIMIT_CONN_ROW(directive, kind, field, preset, text)		\
	.name = directive, .contexts = CONF_HTTP_ALL, .args_min = 1,	\
	.args_max = 1, .type = kind,					\
	.offset = offsetof(struct limit_conn_record, actions.field),	\
	.initial = preset, .help = text

static const struct conf_directive limit_conn_directives[] = {
	{ .name = "limit_conn_zone", .contexts = CONF_HTTP, .args_min = 2,
	  .args_max = 2, .set = limit_conn_set_zone,
	  .syntax = "KEY zone=NAME:SIZE",
	  .help = "memory for what is being served of a key" },
	{ .name = "limit_conn", .contexts = CONF_HTTP_ALL, .args_min = 2,
	  .args_max = 2, .set = limit_conn_set,
	  .syntax = "ZONE NUMBER",
	  .help = "limit what is served at once by a zone" },
	{ LIMIT_CONN_ROW("limit_conn_log_level", CONF_ENUM, log_level,
	    "error", "level at which a refusal is logged"),
	  .values = limit_log_levels },
	{ LIMIT_CONN_ROW("limit_conn_status", CONF_NUMBER, status, "503",
	    "status of a refusal"), .min = LIMIT_STATUS_MIN,
	  .max = LIMIT_STATUS_MAX },
	{ LIMIT_CONN_ROW("limit_conn_dry_run", CONF_FLAG, dry_run, "off",
	    "log what would be done, and do nothing") },
	{ .name = NULL },
};

const struct http_module http_limit_conn_module = {
	.table = {
		.name = "limit_conn",
		.help = "limits how many requests of one key are served at "
		    "once",
		.directives = limit_conn_directives,
		.record_size = sizeof(struct limit_conn_record),
		.merge = limit_conn_merge,
	},
	.variables = limit_conn_variables,
	.worker_start = limit_conn_start,
	.phase = { [HTTP_PHASE_PREACCESS] = limit_conn_preaccess },
	.gone = limit_conn_gone,
};

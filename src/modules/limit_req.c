/*
 * limit_req: so many requests a second, and a burst, for each value of a key.
 *
 * It is nginx's leaky bucket, in thousandths of requests: what is in it runs
 * out at the zone's rate, each request adds one, and what would overflow it is
 * refused. All workers share the buckets; when there is no room for another,
 * that which was not used for longest goes.
 */

#include <errno.h>

#include "http/conn.h"
#include "modules/limit.h"
#include "modules/modules.h"

enum {
	LIMIT_REQ_KEY_MAX = 65535,	/* bytes of a key's value */
	LIMIT_REQ_ONE = 1000,		/* a request, in thousandths */
	LIMIT_REQ_NUMBER_MAX = 1000 * 1000 * 1000,	/* burst=, rate= */
	LIMIT_REQ_BEHIND_MS = 60000,	/* of a clock */
};

/* What a record's data are. */
enum {
	LIMIT_REQ_LAST_MS,		/* when the next was last known */
	LIMIT_REQ_EXCESS,		/* what is in the bucket */
};

struct limit_req {
	struct http_zone *zone;
	uint64_t burst, delay;		/* thousandths */
	struct limit_req *next;
};

struct limit_req_record {
	struct limit_req *limits, **end;
	unsigned count;
	struct limit_actions actions;
};

static const struct slice limit_req_passed = { "PASSED", 6 };
static const struct slice limit_req_delayed = { "DELAYED", 7 };
static const struct slice limit_req_rejected = { "REJECTED", 8 };
static const struct slice limit_req_dry_delayed = { "DELAYED_DRY_RUN", 15 };
static const struct slice limit_req_dry_rejected = { "REJECTED_DRY_RUN", 16 };

extern const struct http_module http_limit_req_module;

/* What is in the bucket `ms` after `excess` was, with a request more. */
static uint64_t limit_req_add(uint64_t excess, uint64_t rate, uint64_t ms)
{
	uint64_t gone;

	if (__builtin_mul_overflow(rate, ms, &gone))
		gone = UINT64_MAX;
	gone /= 1000;
	excess += LIMIT_REQ_ONE;
	return excess > gone ? excess - gone : 0;
}

/* The record of a new key, in place of the oldest one if need be. */
static struct zone_record *limit_req_new(struct zone_table *table,
    const struct zone_key *key)
{
	struct zone_record *record = zone_table_add(table, key);

	if (record)
		return record;
	zone_table_remove(table, zone_table_oldest(table));
	return zone_table_add(table, key);
}

enum limit_req_mode {
	LIMIT_REQ_LOOK,			/* change nothing yet */
	LIMIT_REQ_TAKE,			/* put it in, if it is not too much */
	LIMIT_REQ_FORCE,		/* put it in */
};

/* A request before one of its limits. */
struct limit_req_case {
	const struct limit_req *limit;
	struct zone_key key;		/* of no length: it is not limited */
	enum limit_req_mode mode;
	uint64_t excess;		/* in the bucket with the request */
};

/* Is there room for the request? */
static bool limit_req_fill(struct limit_req_case *one,
    struct zone_table *table, uint64_t now_ms)
{
	const struct limit_zone *zone = one->limit->zone->arg;
	struct zone_record *record = zone_table_find(table, &one->key, NULL);
	int64_t ms;

	one->excess = 0;
	if (!record) {
		if (one->mode != LIMIT_REQ_LOOK)
			limit_req_new(table, &one->key)->
			    data[LIMIT_REQ_LAST_MS] = now_ms;
		return true;
	}
	zone_table_touch(table, record);
	ms = (int64_t)(now_ms - record->data[LIMIT_REQ_LAST_MS]);
	/* Another worker's turn may have begun later. */
	if (ms < 0)
		ms = ms < -LIMIT_REQ_BEHIND_MS;
	one->excess = limit_req_add(record->data[LIMIT_REQ_EXCESS],
	    zone->rate, (uint64_t)ms);
	if (one->mode != LIMIT_REQ_FORCE && one->excess > one->limit->burst)
		return false;
	if (one->mode == LIMIT_REQ_LOOK)
		return true;
	record->data[LIMIT_REQ_EXCESS] = one->excess;
	if (ms)
		record->data[LIMIT_REQ_LAST_MS] = now_ms;
	return true;
}

/* The limit that says most, and what it says. */
struct limit_req_verdict {
	const struct limit_req *limit;
	uint64_t excess;
	uint64_t delay_ms;
};

static void limit_req_judge(const struct limit_req_case *one,
    struct limit_req_verdict *verdict)
{
	const struct limit_req *limit = one->limit;
	const struct limit_zone *zone = limit->zone->arg;
	uint64_t delay_ms = one->excess > limit->delay ?
	    (one->excess - limit->delay) * 1000 / zone->rate : 0;

	if (delay_ms > verdict->delay_ms)
		*verdict = (struct limit_req_verdict){ limit, one->excess,
			delay_ms };
}

/*
 * Ask one limit. Returns 0, -EBUSY if it refuses the request, or another
 * -errno.
 */
static int limit_req_ask(struct http_request *request,
    struct limit_req_case *one, struct limit_req_verdict *verdict)
{
	struct zone_table *table = limit_zone_lock(request, one->limit->zone);
	bool room;

	if (!table)
		return -EIO;
	room = limit_req_fill(one, table,
	    ring_now(request->worker->ring) / NS_PER_MSEC);
	zone_table_unlock(table);
	if (!room) {
		*verdict = (struct limit_req_verdict){ one->limit,
			one->excess, 0 };
		return -EBUSY;
	}
	if (one->mode != LIMIT_REQ_LOOK)
		limit_req_judge(one, verdict);
	return 0;
}

/* A request that is refused counts where it is; any other everywhere. */
static void limit_req_count(struct http_request *request,
    const struct limit_req_record *record, const struct limit_req_case *cases,
    const struct limit_req_verdict *verdict, bool refused)
{
	bool dry = record->actions.dry_run;
	enum metrics_limit_result most = refused ?
	    dry ? METRICS_LIMIT_REJECTED_DRY_RUN : METRICS_LIMIT_REJECTED :
	    dry ? METRICS_LIMIT_DELAYED_DRY_RUN : METRICS_LIMIT_DELAYED;

	for (unsigned i = 0; i < record->count; i++) {
		bool decided = cases[i].limit == verdict->limit;

		if (cases[i].key.len && (decided || !refused))
			metrics_limit_count(request->worker->metrics,
			    cases[i].limit->zone->metrics,
			    decided ? most : METRICS_LIMIT_PASSED);
	}
}

/*
 * Ask all limits. A request that one of them refuses counts in none, so they
 * are only looked at before the last one has agreed.
 *
 * Returns the number of those that had a key, or -EBUSY, or another -errno.
 */
static int limit_req_ask_all(struct http_request *request,
    const struct limit_req_record *record, struct limit_req_verdict *verdict)
{
	struct limit_req_case *cases = arena_calloc(&request->arena,
	    record->count, sizeof(*cases));
	const struct limit_req *limit = record->limits;
	int count = 0, err = cases ? 0 : -ENOMEM;

	for (unsigned i = 0; limit && err >= 0; limit = limit->next, i++) {
		cases[i].limit = limit;
		cases[i].mode = limit->next ? LIMIT_REQ_LOOK : LIMIT_REQ_TAKE;
		err = limit_key_get(request, limit->zone, &cases[i].key);
		if (err <= 0)
			continue;
		count++;
		err = limit_req_ask(request, &cases[i], verdict);
	}
	for (unsigned i = 0; i + 1 < record->count && err >= 0; i++) {
		if (!cases[i].key.len)
			continue;
		cases[i].mode = LIMIT_REQ_FORCE;
		err = limit_req_ask(request, &cases[i], verdict);
	}
	if (err >= 0 || err == -EBUSY)
		limit_req_count(request, record, cases, verdict, err < 0);
	return err < 0 ? err : count;
}

static int limit_req_refuse(struct http_request *request,
    const struct limit_actions *actions,
    const struct limit_req_verdict *verdict)
{
	http_log(request, (enum log_level)actions->log_level, 0,
	    "limiting requests%s, excess: %llu.%03u by zone \"%.*s\"",
	    actions->dry_run ? ", dry run" : "",
	    (unsigned long long)(verdict->excess / 1000),
	    (unsigned)(verdict->excess % 1000),
	    SLICE_ARG(verdict->limit->zone->name));
	return actions->dry_run ? HTTP_DECLINED : (int)actions->status;
}

/* One level less severe than a refusal. */
static void limit_req_log_delay(struct http_request *request,
    const struct limit_actions *actions,
    const struct limit_req_verdict *verdict)
{
	int64_t level = actions->log_level == LOG_LEVEL_INFO ?
	    LOG_LEVEL_INFO : actions->log_level + 1;

	http_log(request, (enum log_level)level, 0,
	    "delaying request%s, excess: %llu.%03u, by zone \"%.*s\"",
	    actions->dry_run ? ", dry run" : "",
	    (unsigned long long)(verdict->excess / 1000),
	    (unsigned)(verdict->excess % 1000),
	    SLICE_ARG(verdict->limit->zone->name));
}

static int limit_req_delay(struct http_request *request, uint64_t delay_ms)
{
	uint64_t until = ring_now(request->worker->ring) +
	    delay_ms * NS_PER_MSEC;

	return http_request_wait(request, NULL, until) == -ECONNRESET ?
	    HTTP_ABORT : HTTP_DECLINED;
}

static int limit_req_preaccess(struct http_request *request)
{
	const struct limit_req_record *record = http_request_record(request,
	    &http_limit_req_module.table);
	const struct limit_actions *actions = &record->actions;
	struct limit_req_verdict verdict = { .limit = NULL };
	const struct slice **status;
	int count;

	if (!record->limits)
		return HTTP_DECLINED;
	status = (const struct slice **)http_request_data(request,
	    &http_limit_req_module);
	if (!status)
		return 500;
	if (*status)			/* it is counted once */
		return HTTP_DECLINED;
	count = limit_req_ask_all(request, record, &verdict);
	if (count == -EBUSY) {
		*status = actions->dry_run ? &limit_req_dry_rejected :
		    &limit_req_rejected;
		return limit_req_refuse(request, actions, &verdict);
	}
	if (count < 0)
		return 500;
	if (count == 0)
		return HTTP_DECLINED;
	*status = &limit_req_passed;
	if (!verdict.delay_ms)
		return HTTP_DECLINED;
	*status = actions->dry_run ? &limit_req_dry_delayed :
	    &limit_req_delayed;
	limit_req_log_delay(request, actions, &verdict);
	return actions->dry_run ? HTTP_DECLINED :
	    limit_req_delay(request, verdict.delay_ms);
}

static bool get_limit_req_status(struct http_request *request,
    struct slice name, struct slice *ret)
{
	void **data = http_request_data(request, &http_limit_req_module);

	(void)name;
	if (!data || !*data)
		return false;
	*ret = *(const struct slice *)*data;
	return true;
}

static const struct http_variable limit_req_variables[] = {
	{ .name = { "limit_req_status", 16 }, .get = get_limit_req_status,
	  .help = "PASSED, DELAYED, REJECTED, DELAYED_DRY_RUN or "
	    "REJECTED_DRY_RUN" },
	{ .name = { NULL, 0 }, .get = NULL },
};

/* ---- directives ---- */

/* A number from 1, as "burst=" and the like have it. */
static bool limit_req_number(struct slice text, uint64_t *ret)
{
	uint64_t number;

	if (!slice_to_u64(text, &number) || number == 0 ||
	    number > LIMIT_REQ_NUMBER_MAX)
		return false;
	*ret = number;
	return true;
}

/* "rate=10r/s" or "rate=10r/m" */
static bool limit_req_rate(struct slice text, uint64_t *ret)
{
	struct slice number = slice_from(text, strlen("rate="));
	uint64_t rate, scale = 1;

	if (slice_ends(number, SLICE("r/m")))
		scale = 60;
	if (scale == 60 || slice_ends(number, SLICE("r/s")))
		number.len -= 3;
	if (!limit_req_number(number, &rate))
		return false;
	*ret = rate * 1000 / scale;
	return true;
}

static int limit_req_set_zone(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct limit_zone *limit = arena_calloc(&conf->arena, 1,
	    sizeof(*limit));
	struct slice zone = { NULL, 0 };

	(void)scope, (void)arg;
	if (!limit)
		return conf_fail(conf, node, ENOMEM, "limit_req");
	limit->module = "limit_req";
	limit->key_max = LIMIT_REQ_KEY_MAX;
	limit->rate = 1000;
	for (unsigned i = 2; i < node->argc; i++) {
		struct slice text = node->args[i];

		if (slice_starts(text, SLICE("zone="))) {
			zone = text;
		} else if (!slice_starts(text, SLICE("rate="))) {
			return conf_fail(conf, node, 0,
			    "invalid parameter \"%s\"", text.data);
		} else if (!limit_req_rate(text, &limit->rate)) {
			return conf_fail(conf, node, 0, "invalid rate \"%s\"",
			    text.data);
		}
	}
	if (!zone.data)
		return conf_fail(conf, node, 0, "\"%s\" must have \"zone\" "
		    "parameter", node->args[0].data);
	return limit_zone_declare(conf, node, zone, &http_limit_req_module,
	    limit);
}

/* One argument but "zone=". */
static int limit_req_set_option(struct conf *conf,
    const struct conf_node *node, struct slice text, struct limit_req *limit)
{
	bool burst = slice_starts(text, SLICE("burst="));
	uint64_t number;

	if (slice_equal(text, SLICE("nodelay"))) {
		limit->delay = UINT64_MAX;
		return 0;
	}
	if (!burst && !slice_starts(text, SLICE("delay=")))
		return conf_fail(conf, node, 0, "invalid parameter \"%s\"",
		    text.data);
	if (!limit_req_number(slice_from(text, strlen("burst=")), &number))
		return conf_fail(conf, node, 0, "invalid %s value \"%s\"",
		    burst ? "burst" : "delay", text.data);
	*(burst ? &limit->burst : &limit->delay) = number * LIMIT_REQ_ONE;
	return 0;
}

static int limit_req_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct limit_req_record *record = arg;
	struct limit_req *limit = arena_calloc(&conf->arena, 1,
	    sizeof(*limit));
	int err = limit ? 0 : conf_fail(conf, node, ENOMEM, "limit_req");

	(void)scope;
	for (unsigned i = 1; i < node->argc && !err; i++) {
		struct slice text = node->args[i];

		if (slice_starts(text, SLICE("zone=")))
			err = http_zone_use(conf, node, slice_from(text,
			    strlen("zone=")), &http_limit_req_module,
			    &limit->zone);
		else
			err = limit_req_set_option(conf, node, text, limit);
	}
	if (err)
		return err;
	if (!limit->zone)
		return conf_fail(conf, node, 0, "\"limit_req\" must have "
		    "\"zone\" parameter");
	for (const struct limit_req *other = record->limits; other;
	    other = other->next)
		if (other->zone == limit->zone)
			return conf_fail(conf, node, 0,
			    "\"limit_req\" directive is duplicate");
	if (!record->end)
		record->end = &record->limits;
	*record->end = limit;
	record->end = &limit->next;
	record->count++;
	return 0;
}

static int limit_req_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct limit_req_record *from = parent;
	struct limit_req_record *record = arg;

	(void)conf;
	if (from && !record->limits) {
		record->limits = from->limits;
		record->count = from->count;
	}
	return 0;
}

#define LIMIT_REQ_ROW(directive, kind, field, preset, text)		\
	.name = directive, .contexts = CONF_HTTP_ALL, .args_min = 1,	\
	.args_max = 1, .type = kind,					\
	.offset = offsetof(struct limit_req_record, actions.field),	\
	.initial = preset, .help = text

static const struct conf_directive limit_req_directives[] = {
	{ .name = "limit_req_zone", .contexts = CONF_HTTP, .args_min = 3,
	  .args_max = 3, .set = limit_req_set_zone,
	  .syntax = "KEY zone=NAME:SIZE rate=RATE",
	  .help = "memory for a key's requests, and their rate" },
	{ .name = "limit_req", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 3, .set = limit_req_set,
	  .syntax = "zone=NAME [burst=NUMBER] [nodelay | delay=NUMBER]",
	  .help = "limit requests by a zone, with a burst" },
	{ LIMIT_REQ_ROW("limit_req_log_level", CONF_ENUM, log_level, "error",
	    "level at which a refusal is logged"),
	  .values = limit_log_levels },
	{ LIMIT_REQ_ROW("limit_req_status", CONF_NUMBER, status, "503",
	    "status of a refusal"), .min = LIMIT_STATUS_MIN,
	  .max = LIMIT_STATUS_MAX },
	{ LIMIT_REQ_ROW("limit_req_dry_run", CONF_FLAG, dry_run, "off",
	    "log what would be done, and do nothing") },
	{ .name = NULL },
};

const struct http_module http_limit_req_module = {
	.table = {
		.name = "limit_req",
		.help = "limits the rate of the requests of one key; what "
		    "exceeds it waits or is refused",
		.directives = limit_req_directives,
		.record_size = sizeof(struct limit_req_record),
		.merge = limit_req_merge,
	},
	.variables = limit_req_variables,
	.phase = { [HTTP_PHASE_PREACCESS] = limit_req_preaccess },
};

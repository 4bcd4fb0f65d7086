#include "modules/limit.h"

#include <errno.h>

#include "metrics/segment.h"

const struct conf_enum limit_log_levels[] = {
	{ "info", LOG_LEVEL_INFO },
	{ "notice", LOG_LEVEL_NOTICE },
	{ "warn", LOG_LEVEL_WARN },
	{ "error", LOG_LEVEL_ERROR },
	{ NULL, 0 },
};

/* Records of another key would be of no use. */
static int limit_zone_open(struct http_zone *zone,
    const struct http_zone *old, const struct log *log)
{
	const struct limit_zone *limit = zone->arg;
	const struct limit_zone *before = old ? old->arg : NULL;
	int err = before ? 0 : zone_table_init(zone->memory, zone->size);

	if (err) {
		log_write(log, LOG_LEVEL_EMERG, -err,
		    "making zone \"%.*s\" failed", SLICE_ARG(zone->name));
		return err;
	}
	if (!before || slice_equal(limit->key_text, before->key_text))
		return 0;
	log_write(log, LOG_LEVEL_EMERG, 0, "%s \"%.*s\" uses the \"%.*s\" key "
	    "while previously it used the \"%.*s\" key", limit->module,
	    SLICE_ARG(zone->name), SLICE_ARG(limit->key_text),
	    SLICE_ARG(before->key_text));
	return -EINVAL;
}

static void limit_zone_look(const struct http_zone *zone,
    struct metrics_zone_use *ret)
{
	struct zone_table *table = zone->memory;

	*ret = (struct metrics_zone_use){ .record_size = 0 };
	if (zone_table_lock(table))
		return;		/* damaged: nothing is known */
	*ret = (struct metrics_zone_use){
		.record_size = sizeof(struct zone_record),
		.capacity = table->capacity,
		.used = table->used,
		.peak = table->peak,
		.full = table->full,
	};
	zone_table_unlock(table);
}

int limit_zone_declare(struct conf *conf, const struct conf_node *node,
    struct slice argument, const void *use, struct limit_zone *limit)
{
	const struct limit_zone *before;
	struct http_zone *zone;
	int err = http_zone_declare(conf, node, argument, use, &zone);

	if (err)
		return err;
	before = zone->arg;
	if (before)
		return conf_fail(conf, node, 0, "%s \"%.*s\" is already bound "
		    "to key \"%.*s\"", node->args[0].data,
		    SLICE_ARG(zone->name), SLICE_ARG(before->key_text));
	limit->key_text = node->args[1];
	zone->arg = limit;
	zone->open = limit_zone_open;
	zone->look = limit_zone_look;
	return http_value_compile(conf, node, limit->key_text, &limit->key);
}

int limit_key_get(struct http_request *request, const struct http_zone *zone,
    struct zone_key *ret)
{
	const struct limit_zone *limit = zone->arg;
	struct slice text = http_value_get(request, &limit->key);
	int err;

	if (!text.data)
		return -ENOMEM;
	if (text.len == 0)
		return 0;
	if (text.len > limit->key_max) {
		http_log(request, LOG_LEVEL_ERROR, 0, "the value of the "
		    "\"%.*s\" key is more than %zu bytes: \"%.*s\"",
		    SLICE_ARG(limit->key_text), limit->key_max,
		    SLICE_ARG(text));
		return 0;
	}
	err = zone_key_make(zone->memory, text, ret);
	return err ? err : 1;
}

struct zone_table *limit_zone_lock(struct http_request *request,
    const struct http_zone *zone)
{
	int err = zone_table_lock(zone->memory);

	if (!err)
		return zone->memory;
	http_log(request, LOG_LEVEL_ALERT, -err, "locking zone \"%.*s\" "
	    "failed", SLICE_ARG(zone->name));
	return NULL;
}

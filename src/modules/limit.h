#ifndef RINGMASTER_MODULES_LIMIT_H
#define RINGMASTER_MODULES_LIMIT_H

#include "http/request.h"
#include "http/value.h"
#include "http/zone.h"
#include "http/zone_table.h"

/*
 * What limit_req and limit_conn have in common: zones that are tables by the
 * value of a key, and how to say what becomes of a request.
 */

/* What a zone's `arg` is. */
struct limit_zone {
	const char *module;		/* for messages */
	struct slice key_text;		/* as configured */
	struct http_value key;
	size_t key_max;			/* bytes of its value */
	uint64_t rate;			/* of limit_req: thousandths of
					 * requests a second */
};

/* Of each location. */
struct limit_actions {
	int64_t log_level;		/* enum log_level */
	int64_t status;
	int64_t dry_run;
};

enum { LIMIT_STATUS_MIN = 400, LIMIT_STATUS_MAX = 599 };
extern const struct conf_enum limit_log_levels[];

/* Bind the zone that "zone=NAME:SIZE" declares to the key that is the first
 * argument at `node`. Returns 0 or the result of conf_fail(). */
int limit_zone_declare(struct conf *conf, const struct conf_node *node,
    struct slice argument, const void *use, struct limit_zone *limit);

/*
 * The request's key in the zone. Returns 1, 0 if it has none (then there is
 * no limit; that a value is too long is logged), or -errno.
 */
int limit_key_get(struct http_request *request, const struct http_zone *zone,
    struct zone_key *ret);

/* Lock the zone's table: NULL, after logging, if it is damaged. */
struct zone_table *limit_zone_lock(struct http_request *request,
    const struct http_zone *zone);

#endif

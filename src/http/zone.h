#ifndef RINGMASTER_HTTP_ZONE_H
#define RINGMASTER_HTTP_ZONE_H

#include "conf/conf.h"

/*
 * Memory that all workers share, by a name in the configuration. The master
 * makes it, and workers inherit it. Reloading forgets nothing: a zone that has
 * the same name, use and size in the next configuration is the same memory,
 * also for the workers of the old one that are not finished; any other begins
 * empty. So does every zone in a new binary (SIGUSR2).
 */

struct http_zone_map;
struct metrics_zone_use;

struct http_zone {
	struct slice name;
	size_t size;			/* bytes; 0: only mentioned so far */
	const void *use;		/* who declares zones of this kind */
	void *arg;			/* the user's: what was said of it */
	/*
	 * In the master, when the configuration is about to be used: `memory`
	 * is new and zero, or that of `old`, which is not NULL then. Returns
	 * 0, or -errno after logging why it cannot be used.
	 */
	int (*open)(struct http_zone *zone, const struct http_zone *old,
	    const struct log *log);
	/* In a worker, now and then: how full is it? */
	void (*look)(const struct http_zone *zone,
	    struct metrics_zone_use *ret);
	void *memory;			/* page-aligned; NULL until open */
	uint16_t metrics;		/* of metrics_zone_id() */
	struct http_zone *next;		/* of the configuration */
	/* private */
	struct http_zone_map *map;
	const struct conf_node *node;
};

/* ---- while the configuration is read ---- */

/*
 * The zone `name` for a directive that uses it; it may be declared further
 * down. Returns 0, or the result of conf_fail() if it is of another use.
 */
int http_zone_use(struct conf *conf, const struct conf_node *node,
    struct slice name, const void *use, struct http_zone **ret);

/*
 * The zone that the argument "zone=NAME:SIZE" declares; its `arg`, `open`
 * and `look` are for the caller to set, and not NULL if it was declared before.
 * Returns 0 or the result of conf_fail().
 */
int http_zone_declare(struct conf *conf, const struct conf_node *node,
    struct slice argument, const void *use, struct http_zone **ret);

/* Check that each zone that is used is declared. */
int http_zones_check(struct conf *conf);

/* ---- in the master ---- */

/*
 * Get the memory of all zones of `conf`: that of `old`, the configuration
 * that runs (or NULL), or new one. It is given back when the last
 * configuration that has it is freed.
 * Returns 0, or -errno after logging; then `conf` has to be freed.
 */
int http_zones_open(struct conf *conf, const struct conf *old,
    const struct log *log);

#endif

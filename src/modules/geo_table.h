#ifndef RINGMASTER_MODULES_GEO_TABLE_H
#define RINGMASTER_MODULES_GEO_TABLE_H

#include "conf/conf.h"

/*
 * Values of addresses: read as networks within networks or as ranges, and
 * made into a table of the addresses at which the value changes. Addresses
 * are numbers, of 32 bits for IPv4.
 */

/* From starts[i] on up to the next one it is values[i]; whose data is NULL
 * where nothing was said. */
struct geo_table {
	unsigned __int128 *starts;
	struct slice *values;
	size_t count;
};

/* Its value; data is NULL if there is none. O(log n) */
struct slice geo_table_find(const struct geo_table *table,
    unsigned __int128 address);

/* ---- networks ---- */

struct geo_network {
	unsigned __int128 first, last;
	struct slice text, value;	/* no value: the network is deleted */
	const struct conf_node *node;
	size_t order;
};

/* Begins as zero. */
struct geo_networks {
	struct geo_network *list;	/* of the heap */
	size_t count, size;
};

/* Add or delete one; `order` is filled in. Returns 0 or -ENOMEM. */
int geo_networks_add(struct geo_networks *networks,
    const struct geo_network *network);

/*
 * Make the table, in which the smallest network of an address counts, and
 * free the list. What is there twice, or deleted without being there, is a
 * warning. Returns 0 or -ENOMEM.
 */
int geo_networks_finish(struct conf *conf, struct geo_networks *networks,
    struct geo_table *ret);

/* ---- ranges of IPv4 ---- */

struct geo_ranges;

struct geo_range {
	uint32_t first, last;
	struct slice text, value;
	const struct conf_node *node;
};

/* NULL without memory. */
struct geo_ranges *geo_ranges_new(void);
void geo_ranges_free(struct geo_ranges **ranges);

/*
 * Add one: where there is another already, it must lie within it or be the
 * same, in each of the networks of 16 bits, as in nginx.
 * Returns 0 or the result of conf_fail().
 */
int geo_ranges_add(struct conf *conf, struct geo_ranges *ranges,
    const struct geo_range *range);

/* Take one away; one that is not there is a warning. */
void geo_ranges_delete(struct conf *conf, struct geo_ranges *ranges,
    const struct geo_range *range);

/* Make the table. Returns 0 or -ENOMEM. */
int geo_ranges_finish(struct conf *conf, const struct geo_ranges *ranges,
    struct geo_table *ret);

#endif

#ifndef RINGMASTER_HTTP_ZONE_TABLE_H
#define RINGMASTER_HTTP_ZONE_TABLE_H

#include <pthread.h>

#include "base/slice.h"

/*
 * A hash table of small records in memory that several processes map: what a
 * zone (zone.h) is filled with by those who keep a few numbers by a key.
 * Records also stand in the order in which they were last used.
 *
 * All of it is guarded by one robust mutex, to be held for a short time only.
 * Whoever dies holding it may leave the links between records torn: the next
 * one makes them anew from the records, and only their order of use is lost.
 * Memory is touched as records are first used, so a large zone costs what is
 * in it.
 */

enum {
	ZONE_KEY_SIZE = 24,	/* bytes; of longer keys a digest is kept */
	ZONE_TABLE_MIN = 4096,	/* bytes of memory */
};

struct zone_key {
	uint8_t len;		/* ZONE_KEY_SIZE + 1: it is a digest */
	char bytes[ZONE_KEY_SIZE];	/* zeros behind the key */
	uint32_t hash;
};

struct zone_record {
	uint32_t next;		/* in its bucket, or among the free ones; these
				 * are numbers of records from 1 */
	uint32_t newer, older;
	uint8_t used;
	uint8_t key_len;
	char key[ZONE_KEY_SIZE];
	uint64_t data[3];	/* the user's; zeros at first */
};

struct zone_table {
	pthread_mutex_t mutex;
	uint64_t recoveries;	/* deaths that were repaired */
	uint64_t seed;		/* random: clients choose keys */
	uint32_t bucket_mask;
	uint32_t capacity;	/* records that there is room for */
	uint32_t touched;	/* the first records: they were used once */
	uint32_t free;		/* that were used before; by `next` */
	uint32_t newest, oldest;
	uint32_t used, peak;	/* records: now, and the most at once */
	uint64_t full;		/* times that there was no room */
};

/*
 * Make a table in zeroed memory of at least ZONE_TABLE_MIN bytes, which need
 * be aligned as mmap() does. Returns 0 or -errno.
 */
int zone_table_init(void *memory, size_t size);

/* Hold it; 0, or -errno if the mutex is damaged. */
int zone_table_lock(struct zone_table *table);
void zone_table_unlock(struct zone_table *table);

/* What `text` is found by; the lock is not needed. Returns 0, or -EIO for a
 * long one without SHA-256. */
int zone_key_make(const struct zone_table *table, struct slice text,
    struct zone_key *ret);

/* ---- with the lock held ---- */

/* The first record with the key, or the next one after `after`; NULL. */
struct zone_record *zone_table_find(struct zone_table *table,
    const struct zone_key *key, const struct zone_record *after);

/* One more record with the key, as the newest; NULL if there is no room. */
struct zone_record *zone_table_add(struct zone_table *table,
    const struct zone_key *key);

void zone_table_remove(struct zone_table *table, struct zone_record *record);

/* It was used: it is the newest now. */
void zone_table_touch(struct zone_table *table, struct zone_record *record);

/* What was not used for longest, and what was used next; NULL. */
struct zone_record *zone_table_oldest(struct zone_table *table);
struct zone_record *zone_table_newer(struct zone_table *table,
    const struct zone_record *record);

#endif

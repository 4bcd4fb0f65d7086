/*
 * Behind the head stand the buckets and then the records. A record counts
 * exactly if `used` is set, which is the last thing that is done to a new
 * one and the first to one that goes: all else can be found out from that.
 */

#include "http/zone_table.h"

#include <errno.h>
#include <sys/random.h>

#include "base/hash.h"
#include "http/digest.h"
#include "metrics/lock.h"

_Static_assert(sizeof(struct zone_record) == 64, "a cache line");
_Static_assert((int)ZONE_KEY_SIZE <= (int)DIGEST_SHA256_SIZE,
    "a digest fills a key");

enum { ZONE_HEAD = (sizeof(struct zone_table) + 63) / 64 * 64 };

static uint32_t *zone_buckets(struct zone_table *table)
{
	return (uint32_t *)((char *)table + ZONE_HEAD);
}

/* Record `number`, from 1; NULL for 0. */
static struct zone_record *zone_record(struct zone_table *table,
    uint32_t number)
{
	char *records = (char *)zone_buckets(table) +
	    ((size_t)table->bucket_mask + 1) * sizeof(uint32_t);

	return number ? (struct zone_record *)(records +
	    (number - 1) * sizeof(struct zone_record)) : NULL;
}

static uint32_t zone_number(struct zone_table *table,
    const struct zone_record *record)
{
	return (uint32_t)(record - zone_record(table, 1)) + 1;
}

/* ---- keys ---- */

static uint32_t zone_hash(const struct zone_table *table, const char *key)
{
	return (uint32_t)hash_bytes((struct slice){ key, ZONE_KEY_SIZE },
	    table->seed);
}

int zone_key_make(const struct zone_table *table, struct slice text,
    struct zone_key *ret)
{
	struct zone_key key = { .len = (uint8_t)text.len };
	uint8_t digest[DIGEST_SHA256_SIZE];

	if (text.len > ZONE_KEY_SIZE) {
		if (digest_sha256(text, digest))
			return -EIO;
		key.len = ZONE_KEY_SIZE + 1;
		memcpy(key.bytes, digest, ZONE_KEY_SIZE);
	} else if (text.len) {
		memcpy(key.bytes, text.data, text.len);
	}
	key.hash = zone_hash(table, key.bytes);
	*ret = key;
	return 0;
}

/* ---- links ---- */

static void zone_link_bucket(struct zone_table *table, uint32_t number,
    uint32_t hash)
{
	uint32_t *bucket = &zone_buckets(table)[hash & table->bucket_mask];

	zone_record(table, number)->next = *bucket;
	*bucket = number;
}

static void zone_unlink_bucket(struct zone_table *table,
    const struct zone_record *record, uint32_t number)
{
	uint32_t *link = &zone_buckets(table)[zone_hash(table, record->key) &
	    table->bucket_mask];

	while (*link != number)
		link = &zone_record(table, *link)->next;
	*link = record->next;
}

static void zone_link_newest(struct zone_table *table, uint32_t number)
{
	struct zone_record *record = zone_record(table, number);

	record->newer = 0;
	record->older = table->newest;
	if (table->newest)
		zone_record(table, table->newest)->newer = number;
	else
		table->oldest = number;
	table->newest = number;
}

static void zone_unlink_order(struct zone_table *table,
    const struct zone_record *record)
{
	if (record->newer)
		zone_record(table, record->newer)->older = record->older;
	else
		table->newest = record->older;
	if (record->older)
		zone_record(table, record->older)->newer = record->newer;
	else
		table->oldest = record->newer;
}

static void zone_set_used(struct zone_record *record, bool used)
{
	__atomic_store_n(&record->used, used, __ATOMIC_SEQ_CST);
}

/* Make all links anew. Cut short itself, it is done again. */
static void zone_table_repair(void *arg)
{
	struct zone_table *table = arg;

	memset(zone_buckets(table), 0,
	    ((size_t)table->bucket_mask + 1) * sizeof(uint32_t));
	table->free = table->newest = table->oldest = table->used = 0;
	for (uint32_t number = 1; number <= table->touched; number++) {
		struct zone_record *record = zone_record(table, number);

		if (record->used) {
			zone_link_bucket(table, number,
			    zone_hash(table, record->key));
			zone_link_newest(table, number);
			table->used++;
		} else {
			record->next = table->free;
			table->free = number;
		}
	}
}

/* ---- the interface ---- */

int zone_table_init(void *memory, size_t size)
{
	struct zone_table *table = memory;
	size_t room = size - ZONE_HEAD;
	size_t buckets = 1;

	while (buckets * 2 <= room / (sizeof(struct zone_record) +
	    sizeof(uint32_t)))
		buckets *= 2;
	if (buckets > UINT32_MAX)
		return -EFBIG;
	table->bucket_mask = (uint32_t)(buckets - 1);
	room = (room - buckets * sizeof(uint32_t)) /
	    sizeof(struct zone_record);
	table->capacity = room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
	if (getrandom(&table->seed, sizeof(table->seed), 0) !=
	    (ssize_t)sizeof(table->seed))
		return -errno;
	return metrics_lock_init(&table->mutex);
}

int zone_table_lock(struct zone_table *table)
{
	int result = metrics_lock(&table->mutex, zone_table_repair, table,
	    &table->recoveries);

	return result < 0 ? result : 0;
}

void zone_table_unlock(struct zone_table *table)
{
	metrics_unlock(&table->mutex);
}

struct zone_record *zone_table_find(struct zone_table *table,
    const struct zone_key *key, const struct zone_record *after)
{
	uint32_t number = after ? after->next :
	    zone_buckets(table)[key->hash & table->bucket_mask];
	struct zone_record *record = zone_record(table, number);

	while (record && (record->key_len != key->len ||
	    memcmp(record->key, key->bytes, ZONE_KEY_SIZE) != 0))
		record = zone_record(table, record->next);
	return record;
}

struct zone_record *zone_table_add(struct zone_table *table,
    const struct zone_key *key)
{
	uint32_t number = table->free;
	struct zone_record *record = zone_record(table, number);

	if (record)
		table->free = record->next;
	else if (table->touched < table->capacity)
		record = zone_record(table, number = ++table->touched);
	if (!record) {
		table->full++;
		return NULL;
	}
	*record = (struct zone_record){ .key_len = key->len };
	memcpy(record->key, key->bytes, ZONE_KEY_SIZE);
	zone_set_used(record, true);
	zone_link_bucket(table, number, key->hash);
	zone_link_newest(table, number);
	if (++table->used > table->peak)
		table->peak = table->used;
	return record;
}

void zone_table_remove(struct zone_table *table, struct zone_record *record)
{
	uint32_t number = zone_number(table, record);

	zone_set_used(record, false);
	zone_unlink_bucket(table, record, number);
	zone_unlink_order(table, record);
	record->next = table->free;
	table->free = number;
	table->used--;
}

void zone_table_touch(struct zone_table *table, struct zone_record *record)
{
	uint32_t number = zone_number(table, record);

	if (table->newest == number)
		return;
	zone_unlink_order(table, record);
	zone_link_newest(table, number);
}

struct zone_record *zone_table_oldest(struct zone_table *table)
{
	return zone_record(table, table->oldest);
}

struct zone_record *zone_table_newer(struct zone_table *table,
    const struct zone_record *record)
{
	return zone_record(table, record->newer);
}

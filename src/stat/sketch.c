#include "stat/sketch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static struct sketch_entry *sketch_find(struct sketch *sketch, uint64_t hash,
    const char *key)
{
	for (unsigned i = 0; i < sketch->count; i++)
		if (sketch->hashes[i] == hash &&
		    strncmp(sketch->entries[i].key, key,
			SKETCH_KEY_MAX - 1) == 0)
			return &sketch->entries[i];
	return NULL;
}

static unsigned sketch_least(const struct sketch *sketch)
{
	unsigned least = 0;

	for (unsigned i = 1; i < sketch->count; i++)
		if (sketch->entries[i].count < sketch->entries[least].count)
			least = i;
	return least;
}

static struct sketch_entry *sketch_take(struct sketch *sketch, uint64_t hash,
    const char *key)
{
	unsigned at = sketch->count < SKETCH_ENTRIES ? sketch->count++
						     : sketch_least(sketch);
	struct sketch_entry *entry = &sketch->entries[at];
	uint64_t count = entry->count;

	*entry = (struct sketch_entry){ .count = count, .over = count };
	(void)snprintf(entry->key, sizeof(entry->key), "%s", key);
	sketch->hashes[at] = hash;
	return entry;
}

void sketch_add(struct sketch *sketch, const struct sketch_add *add)
{
	size_t len = strnlen(add->key, SKETCH_KEY_MAX - 1);
	uint64_t hash = hash_bytes(
	    (struct slice){ add->key, len }, 0);
	struct sketch_entry *entry = sketch_find(sketch, hash, add->key);

	if (!entry)
		entry = sketch_take(sketch, hash, add->key);
	entry->count++;
	entry->errors += add->error;
	entry->bytes += add->bytes;
	entry->seconds += add->seconds;
	sketch->seen++;
}

static double sketch_weight(const struct sketch_entry *entry,
    enum sketch_order order)
{
	switch (order) {
	case SKETCH_BY_TIME:
		return entry->seconds;
	case SKETCH_BY_ERRORS:
		return (double)entry->errors;
	case SKETCH_BY_BYTES:
		return (double)entry->bytes;
	default:
		return (double)entry->count;
	}
}

struct sketch_sorter {
	const struct sketch *sketch;
	enum sketch_order order;
};

static int sketch_compare(const void *a, const void *b, void *arg)
{
	const struct sketch_sorter *sorter = arg;
	const struct sketch_entry *entries = sorter->sketch->entries;
	unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;
	double more = sketch_weight(&entries[right], sorter->order) -
	    sketch_weight(&entries[left], sorter->order);

	if (more == 0 && entries[left].count != entries[right].count)
		return entries[left].count < entries[right].count ? 1 : -1;
	if (more == 0)
		return strcmp(entries[left].key, entries[right].key);
	return more > 0 ? 1 : -1;
}

unsigned sketch_sort(const struct sketch *sketch, enum sketch_order order,
    unsigned *ret)
{
	struct sketch_sorter sorter = { sketch, order };

	for (unsigned i = 0; i < sketch->count; i++)
		ret[i] = i;
	qsort_r(ret, sketch->count, sizeof(*ret), sketch_compare, &sorter);
	return sketch->count;
}

/*
 * What a worker counts in lists of the most frequent keys (top.h): see
 * writer.c, whose flushes this is a part of.
 *
 * It works on a private copy of each table, with a hash table to find a key;
 * a flush writes the entries that changed to the slot. A worker that follows
 * another one in the slot begins with what is there.
 *
 * To find the key counted least there is a heap by count, in which a count
 * may be an old one, that is too low: it is brought up to date only when it
 * comes to the top while somebody looks for the least. So a key that has an
 * entry costs no work on the heap, and one that takes an entry at most the
 * steps that others saved.
 */
#include "metrics/top.h"

#include <errno.h>

#include "base/hash.h"
#include "metrics/lock.h"
#include "metrics/writer_part.h"

enum { TOP_CHANGED = 1, TOP_TAKEN = 2 };	/* since the last flush */

struct top_heap {
	uint64_t count;		/* not more than it is now */
	uint16_t entry;
};

struct writer_top {
	struct metrics_top_table *table;
	uint16_t *index;	/* hash table: entry + 1, or 0 */
	unsigned mask;
	struct top_heap *heap;
	bool heaped;		/* it is filled in */
	uint8_t *changed;	/* of each entry */
};

_Static_assert((int)METRICS_TOP_SIZE_MAX < UINT16_MAX, "entry + 1");
_Static_assert((int)METRICS_TOPS_MAX <= 32, "a bit each in top_mask");

/* ---- the hash table ---- */

/* Where the key's entry is, or where it would go. There always is a free
 * place. */
static unsigned top_find(const struct writer_top *top, uint64_t hash,
    struct slice key)
{
	unsigned i = (unsigned)hash & top->mask;

	for (; top->index[i]; i = (i + 1) & top->mask) {
		const struct metrics_top_entry *entry =
		    &top->table->entries[top->index[i] - 1];

		if (entry->hash == hash && entry->len == key.len &&
		    memcmp(entry->key, key.data, key.len <
		    METRICS_TOP_KEY_MAX ? key.len : METRICS_TOP_KEY_MAX) == 0)
			break;
	}
	return i;
}

static void top_insert(struct writer_top *top, unsigned entry)
{
	unsigned i = (unsigned)top->table->entries[entry].hash & top->mask;

	while (top->index[i])
		i = (i + 1) & top->mask;
	top->index[i] = (uint16_t)(entry + 1);
}

/* Searches end at a free place: later ones move up to close the gap. */
static void top_remove(struct writer_top *top, unsigned entry)
{
	const struct metrics_top_entry *entries = top->table->entries;
	unsigned i = (unsigned)entries[entry].hash & top->mask;

	while (top->index[i] != entry + 1)
		i = (i + 1) & top->mask;
	for (unsigned j = (i + 1) & top->mask; top->index[j];
	    j = (j + 1) & top->mask) {
		unsigned home = (unsigned)entries[top->index[j] - 1].hash &
		    top->mask;

		/* May it not stand at i? Then its home lies after i. */
		if (((j - home) & top->mask) < ((j - i) & top->mask))
			continue;
		top->index[i] = top->index[j];
		i = j;
	}
	top->index[i] = 0;
}

/* ---- the heap ---- */

static void top_sink(struct writer_top *top, unsigned at)
{
	unsigned count = (unsigned)top->table->size;
	struct top_heap *heap = top->heap, moved = heap[at];

	for (unsigned child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count &&
		    heap[child + 1].count < heap[child].count)
			child++;
		if (moved.count <= heap[child].count)
			break;
		heap[at] = heap[child];
	}
	heap[at] = moved;
}

/* The entry counted least, of a full table. */
static unsigned top_least(struct writer_top *top)
{
	const struct metrics_top_entry *entries = top->table->entries;
	unsigned size = (unsigned)top->table->size;

	for (unsigned i = 0; !top->heaped && i < size; i++)
		top->heap[i] = (struct top_heap){ entries[i].count,
		    (uint16_t)i };
	for (unsigned i = size / 2; !top->heaped && i-- > 0; )
		top_sink(top, i);
	top->heaped = true;
	while (top->heap[0].count != entries[top->heap[0].entry].count) {
		top->heap[0].count = entries[top->heap[0].entry].count;
		top_sink(top, 0);
	}
	return top->heap[0].entry;
}

/* ---- counting ---- */

/* An entry for a key that has none. */
static unsigned top_take(struct writer_top *top, uint64_t hash,
    struct slice key)
{
	struct metrics_top_table *table = top->table;
	struct slice kept = slice_first(key, METRICS_TOP_KEY_MAX);
	uint64_t count = 0;
	unsigned i;

	if (table->used < table->size) {
		i = (unsigned)table->used++;
	} else {
		i = top_least(top);
		count = table->entries[i].count;
		table->gone_bytes_out += table->entries[i].bytes_out;
		table->gone_duration_ns += table->entries[i].duration_ns;
		table->gone_errors += table->entries[i].errors;
		top_remove(top, i);
	}
	table->entries[i] = (struct metrics_top_entry){ .hash = hash,
	    .len = key.len, .count = count, .over = count };
	memcpy(table->entries[i].key, kept.data, kept.len);
	top_insert(top, i);
	top->changed[i] |= TOP_TAKEN;
	return i;
}

void metrics_top_add(struct metrics_writer *writer, unsigned id,
    struct slice key, const struct metrics_top_request *request)
{
	struct writer_tops *tops = &writer->tops;
	struct writer_top *top = tops->lists[id];
	struct metrics_top_entry *entry;
	uint64_t hash;
	unsigned i;

	if (!top)
		return;
	if (tops->changed_count == METRICS_TOP_TOUCHED_MAX)
		metrics_flush(writer);
	hash = hash_bytes(key, writer->segment->file->header.session_seed);
	i = top->index[top_find(top, hash, key)];
	if (i) {
		i--;
	} else {
		i = top_take(top, hash, key);
		tops->taken |= 1u << id;
	}
	if (!(top->changed[i] & TOP_CHANGED)) {
		top->changed[i] |= TOP_CHANGED;
		tops->changed[tops->changed_count++] =
		    (struct top_changed){ (uint16_t)id, (uint16_t)i };
	}
	entry = &top->table->entries[i];
	entry->count++;
	entry->bytes_out += request->bytes_out;
	entry->duration_ns += request->duration_ns;
	entry->errors += request->error;
	writer->pending.dirty = true;
}

/* ---- flushing ---- */

/* Make words of the slot, those between two offsets, as they are in `from`. */
static inline void top_store(struct metrics_writer *writer, void *to,
    const void *from, size_t begin, size_t end)
{
	const metrics_word *words = from;
	uint64_t *cells = to;

	for (size_t i = begin / sizeof(*words); i < end / sizeof(*words); i++)
		writer_add(writer, &cells[i], words[i] - cells[i]);
}

static void top_store_entry(struct metrics_writer *writer,
    struct metrics_top_entry *to, const struct metrics_top_entry *from,
    bool taken)
{
	if (taken)
		top_store(writer, to, from, 0, sizeof(*to));
	else
		top_store(writer, to, from,
		    offsetof(struct metrics_top_entry, count),
		    offsetof(struct metrics_top_entry, key));
}

void writer_flush_tops(struct metrics_writer *writer)
{
	struct writer_tops *tops = &writer->tops;

	for (unsigned n = 0; n < tops->changed_count; n++) {
		unsigned id = tops->changed[n].list;
		unsigned i = tops->changed[n].entry;
		struct writer_top *top = tops->lists[id];

		top_store_entry(writer, &writer->slot->tops[id].entries[i],
		    &top->table->entries[i], top->changed[i] & TOP_TAKEN);
		top->changed[i] = 0;
	}
	for (; tops->taken; tops->taken &= tops->taken - 1) {
		unsigned id = (unsigned)__builtin_ctz(tops->taken);

		top_store(writer, &writer->slot->tops[id],
		    tops->lists[id]->table, 0,
		    offsetof(struct metrics_top_table, entries));
	}
	tops->changed_count = 0;
}

/* ---- beginning ---- */

/* Go on with a table of the slot; NULL without memory. */
static struct writer_top *top_open(struct arena *arena,
    const struct metrics_top_table *from)
{
	unsigned size = (unsigned)from->size, places = 2;
	struct writer_top *top = arena_calloc(arena, 1, sizeof(*top));

	if (!top)
		return NULL;
	while (places < 2 * size)
		places *= 2;
	top->mask = places - 1;
	top->table = arena_calloc(arena, 1, offsetof(struct metrics_top_table,
	    entries) + size * sizeof(*from->entries));
	top->index = arena_calloc(arena, places, sizeof(*top->index));
	top->heap = arena_alloc(arena, size * sizeof(*top->heap));
	top->changed = arena_calloc(arena, size, sizeof(*top->changed));
	if (!top->table || !top->index || !top->heap || !top->changed)
		return NULL;
	memcpy(top->table, from, offsetof(struct metrics_top_table, entries) +
	    from->used * sizeof(*from->entries));
	for (unsigned i = 0; i < top->table->used; i++)
		top_insert(top, i);
	return top;
}

int writer_tops_open(struct metrics_writer *writer)
{
	struct writer_tops *tops = &writer->tops;
	uint32_t mask = metrics_load32(&writer->slot->top_mask);

	arena_init(&tops->arena, NULL, 0, SIZE_MAX);
	for (unsigned id = 0; id < METRICS_TOPS_MAX; id++) {
		if (!(mask >> id & 1) || !writer->slot->tops[id].number)
			continue;
		tops->lists[id] = top_open(&tops->arena,
		    &writer->slot->tops[id]);
		if (!tops->lists[id]) {
			arena_fini(&tops->arena);
			return -ENOMEM;
		}
	}
	return 0;
}

#include "metrics/top.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "metrics/lock.h"

/* Bytes of a table with so many entries. */
static size_t top_bytes(uint64_t size)
{
	return offsetof(struct metrics_top_table, entries) +
	    size * sizeof(struct metrics_top_entry);
}

struct slice metrics_top_key(const struct metrics_top_entry *entry)
{
	return (struct slice){ entry->key, entry->len < METRICS_TOP_KEY_MAX
	    ? (size_t)entry->len : METRICS_TOP_KEY_MAX };
}

/* ---- the master ---- */

static void top_make(const struct metrics_top_options *options,
    struct metrics_top *ret)
{
	*ret = (struct metrics_top){
		.size = options->size,
		.hash = hash_bytes(options->key, 0),
		.since_real_ns = clock_real_ns(),
	};
	(void)snprintf(ret->name, sizeof(ret->name), "%.*s",
	    SLICE_ARG(options->name));
	(void)snprintf(ret->key, sizeof(ret->key), "%.*s",
	    SLICE_ARG(options->key));
}

/* The place of the list that is the same but for its number; or
 * METRICS_TOPS_MAX. */
static unsigned top_find(const struct metrics_header *header,
    const struct metrics_top *wanted)
{
	unsigned id = 0;

	while (id < METRICS_TOPS_MAX && (header->tops[id].number == 0 ||
	    header->tops[id].hash != wanted->hash ||
	    header->tops[id].size != wanted->size ||
	    strcmp(header->tops[id].name, wanted->name) != 0))
		id++;
	return id;
}

static void tops_set_locked(struct metrics_header *header,
    const struct metrics_top_options *options, unsigned count, unsigned *ids)
{
	struct metrics_top tops[METRICS_TOPS_MAX] = { 0 }, top;
	unsigned next = 0;

	for (unsigned i = 0; i < count; i++) {
		top_make(&options[i], &top);
		ids[i] = top_find(header, &top);
		if (ids[i] < METRICS_TOPS_MAX)
			tops[ids[i]] = header->tops[ids[i]];
	}
	for (unsigned i = 0; i < count; i++) {
		if (ids[i] < METRICS_TOPS_MAX)
			continue;
		while (tops[next].number)
			next++;
		ids[i] = next;
		top_make(&options[i], &tops[next]);
		metrics_store(&header->top_number, header->top_number + 1);
		tops[next].number = header->top_number;
	}
	metrics_change_begin(&header->top_sequence);
	metrics_store_words(header->tops, tops, sizeof(tops));
	metrics_change_end(&header->top_sequence);
}

int metrics_tops_set(struct metrics_segment *segment,
    const struct metrics_top_options *options, unsigned count, unsigned *ids)
{
	struct metrics_header *header = &segment->file->header;
	int result = metrics_lock(&header->lock, metrics_header_repair, header,
	    &header->recoveries);

	if (result < 0)
		return result;
	tops_set_locked(header, options, count, ids);
	metrics_unlock(&header->lock);
	return 0;
}

/* Nobody counts into the table, and readers leave alone what has another
 * number than the list. */
static void top_clear(struct metrics_top_table *table,
    const struct metrics_top *top)
{
	metrics_store(&table->number, 0);
	metrics_store(&table->size, top->size);
	metrics_store(&table->used, 0);
	metrics_store(&table->gone_bytes_out, 0);
	metrics_store(&table->gone_duration_ns, 0);
	metrics_store(&table->gone_errors, 0);
	metrics_store(&table->number, top->number);
}

int metrics_tops_assign(struct metrics_segment *segment,
    struct metrics_slot *slot)
{
	const struct metrics_top *top = segment->file->header.tops;

	for (unsigned i = 0; i < METRICS_TOPS_MAX; i++, top++) {
		struct metrics_top_table *table = &slot->tops[i];
		int error = top->number == 0 ? 0 : posix_fallocate(segment->fd,
		    (char *)table - (char *)segment->file,
		    (off_t)top_bytes(top->size));

		if (error)
			return -error;
		if (top->number == 0 || table->number == top->number)
			continue;
		top_clear(table, top);
		metrics_store32(&slot->top_mask, slot->top_mask | 1u << i);
	}
	return 0;
}

/* ---- adding up ---- */

uint64_t metrics_tops_bytes(const struct metrics_slot *slot)
{
	uint32_t mask = metrics_load32(&slot->top_mask);
	uint64_t sum = 0;

	for (unsigned id = 0; id < METRICS_TOPS_MAX; id++)
		if (mask >> id & 1)
			sum += top_bytes(metrics_load(&slot->tops[id].size));
	return sum;
}

/* The tables of all workers, as they are added up. */
struct merge {
	struct metrics_top_view *view;
	struct arena arena;		/* of all below */
	struct metrics_top_table *part;	/* one of them */
	struct metrics_top_entry *entries;	/* of all tables */
	size_t room, count;		/* of these */
	uint32_t *index;		/* hash table: entry + 1, or 0 */
	uint32_t mask;
	uint64_t missed;		/* what a key may have had in all
					 * tables together without an entry */
};

static const struct metrics_top_table *merge_table(const struct merge *merge,
    const struct metrics_segment *segment, unsigned slot, unsigned id)
{
	const struct metrics_slot *from = &segment->file->slots[slot];

	if (from->kind != METRICS_KIND_WORKER ||
	    !(metrics_load32(&from->top_mask) >> id & 1) ||
	    metrics_load(&from->tops[id].number) != merge->view->top.number)
		return NULL;
	return &from->tops[id];
}

static int merge_init(struct merge *merge,
    const struct metrics_segment *segment, unsigned id)
{
	unsigned slots = metrics_slot_count(segment);
	uint64_t size = merge->view->top.size;
	uint32_t places = 2;

	merge->room = 1;
	for (unsigned i = 0; i < slots; i++)
		if (merge_table(merge, segment, i, id))
			merge->room += size;
	while (places < 2 * merge->room)
		places *= 2;
	merge->mask = places - 1;
	merge->part = arena_alloc(&merge->arena, top_bytes(size));
	merge->entries = arena_alloc(&merge->arena,
	    merge->room * sizeof(*merge->entries));
	merge->index = arena_calloc(&merge->arena, places,
	    sizeof(*merge->index));
	return merge->part && merge->entries && merge->index ? 0 : -ENOMEM;
}

static bool top_same_key(const struct metrics_top_entry *a,
    const struct metrics_top_entry *b)
{
	return a->hash == b->hash && a->len == b->len &&
	    slice_equal(metrics_top_key(a), metrics_top_key(b));
}

/* The sums of the entry's key, all 0 if they are new. */
static struct metrics_top_entry *merge_entry(struct merge *merge,
    const struct metrics_top_entry *entry)
{
	uint32_t i = (uint32_t)entry->hash & merge->mask;
	struct metrics_top_entry *sums;

	for (; merge->index[i]; i = (i + 1) & merge->mask) {
		sums = &merge->entries[merge->index[i] - 1];
		if (top_same_key(sums, entry))
			return sums;
	}
	sums = &merge->entries[merge->count++];
	merge->index[i] = (uint32_t)merge->count;
	*sums = (struct metrics_top_entry){ .hash = entry->hash,
		.len = entry->len };
	memcpy(sums->key, entry->key, sizeof(sums->key));
	return sums;
}

/* A reader trusts no number that it did not check. */
static void merge_part(struct merge *merge)
{
	const struct metrics_top_table *part = merge->part;
	struct metrics_top_view *view = merge->view;
	uint64_t size = view->top.size;
	uint64_t used = part->used < size ? part->used : size;
	uint64_t least = used == size ? UINT64_MAX : 0;

	view->bytes_out += part->gone_bytes_out;
	view->duration_ns += part->gone_duration_ns;
	view->errors += part->gone_errors;
	for (uint64_t i = 0; i < used; i++)
		if (part->entries[i].count < least)
			least = part->entries[i].count;
	merge->missed += least;
	for (uint64_t i = 0; i < used; i++) {
		const struct metrics_top_entry *entry = &part->entries[i];
		struct metrics_top_entry *sums = merge_entry(merge, entry);

		view->requests += entry->count;
		view->bytes_out += entry->bytes_out;
		view->duration_ns += entry->duration_ns;
		view->errors += entry->errors;
		sums->count += entry->count - least;
		sums->over += entry->over - least;
		sums->bytes_out += entry->bytes_out;
		sums->duration_ns += entry->duration_ns;
		sums->errors += entry->errors;
	}
}

static int top_compare(const void *a, const void *b)
{
	const struct metrics_top_entry *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	if (left->over != right->over)
		return left->over < right->over ? -1 : 1;
	return memcmp(left->key, right->key, sizeof(left->key));
}

/* What is in all tables, to the view. */
static int merge_end(struct merge *merge, struct arena *arena)
{
	struct metrics_top_view *view = merge->view;

	for (size_t i = 0; i < merge->count; i++) {
		merge->entries[i].count += merge->missed;
		merge->entries[i].over += merge->missed;
	}
	qsort(merge->entries, merge->count, sizeof(*merge->entries),
	    top_compare);
	view->count = (unsigned)(merge->count < view->top.size
	    ? merge->count : view->top.size);
	view->entries = arena_alloc(arena,
	    (view->count + 1) * sizeof(*view->entries));
	if (!view->entries)
		return -ENOMEM;
	memcpy(view->entries, merge->entries,
	    view->count * sizeof(*view->entries));
	return 0;
}

static int merge_run(struct merge *merge,
    const struct metrics_segment *segment, unsigned id, struct arena *arena)
{
	uint64_t size = merge->view->top.size;
	int err = merge_init(merge, segment, id);

	for (unsigned i = 0; !err && i < metrics_slot_count(segment); i++) {
		const struct metrics_top_table *table = merge_table(merge,
		    segment, i, id);

		if (!table)
			continue;
		if (merge->count + size > merge->room)
			break;	/* a worker has come meanwhile */
		/* A copy that may be torn is still the best: see view.h. */
		(void)metrics_read(&segment->file->slots[i].sequence,
		    merge->part, table, top_bytes(size), METRICS_READ_TRIES);
		merge_part(merge);
	}
	return err ? err : merge_end(merge, arena);
}

int metrics_top_read(const struct metrics_segment *segment, unsigned id,
    struct arena *arena, struct metrics_top_view *ret)
{
	const struct metrics_header *header = &segment->file->header;
	struct metrics_top_view view = { .count = 0 };
	struct metrics_top *top = &view.top;
	struct merge merge = { .view = &view };
	int err;

	(void)metrics_read(&header->top_sequence, top, &header->tops[id],
	    sizeof(*top), METRICS_READ_TRIES);
	if (top->number == 0 || top->size == 0 ||
	    top->size > METRICS_TOP_SIZE_MAX)
		return -ENOENT;
	top->name[sizeof(top->name) - 1] = top->key[sizeof(top->key) - 1] =
	    '\0';
	arena_init(&merge.arena, NULL, 0, SIZE_MAX);
	err = merge_run(&merge, segment, id, arena);
	arena_fini(&merge.arena);
	if (!err)
		*ret = view;
	return err;
}

/* Networks, and ranges, of addresses to tables of where values change. */

#include "modules/geo_table.h"

#include <errno.h>
#include <stdlib.h>

/* ---- the table ---- */

struct slice geo_table_find(const struct geo_table *table,
    unsigned __int128 address)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->starts[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? table->values[low - 1] : (struct slice){ NULL, 0 };
}

static int geo_table_init(struct conf *conf, struct geo_table *table,
    size_t size)
{
	table->count = 0;
	table->starts = arena_calloc(&conf->arena, size,
	    sizeof(*table->starts));
	table->values = arena_calloc(&conf->arena, size,
	    sizeof(*table->values));
	return table->starts && table->values ? 0 : -ENOMEM;
}

/* From `start` on, which is not less than all before, it is `value`. */
static void geo_table_put(struct geo_table *table, unsigned __int128 start,
    struct slice value)
{
	if (table->count && table->starts[table->count - 1] == start)
		table->count--;
	if (table->count && value.data &&
	    table->values[table->count - 1].data &&
	    slice_equal(table->values[table->count - 1], value))
		return;
	table->starts[table->count] = start;
	table->values[table->count++] = value;
}

/* ---- networks ---- */

int geo_networks_add(struct geo_networks *networks,
    const struct geo_network *network)
{
	struct geo_network *list = networks->list;
	size_t size = networks->size ? networks->size * 2 : 16;

	if (networks->count == networks->size) {
		list = realloc(list, size * sizeof(*list));
		if (!list)
			return -ENOMEM;
		networks->list = list;
		networks->size = size;
	}
	list[networks->count] = *network;
	list[networks->count].order = networks->count;
	networks->count++;
	return 0;
}

/* Outer ones in front of those inside; the same one in the order written. */
static int geo_network_compare(const void *one, const void *two)
{
	const struct geo_network *a = one, *b = two;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void geo_network_warn(struct conf *conf,
    const struct geo_network *network, struct slice old)
{
	if (!network->value.data && !old.data)
		(void)conf_warn(conf, network->node, "no network \"%.*s\" to "
		    "delete", SLICE_ARG(network->text)); /* 0 */
	else if (network->value.data && old.data)
		(void)conf_warn(conf, network->node, "duplicate network "
		    "\"%.*s\", value: \"%.*s\", old value: \"%.*s\"",
		    SLICE_ARG(network->text), SLICE_ARG(network->value),
		    SLICE_ARG(old)); /* 0 */
}

/* Sort; keep of each network what was said last of it, if that is a value. */
static void geo_networks_sort(struct conf *conf,
    struct geo_networks *networks)
{
	struct geo_network *list = networks->list;
	size_t count = 0;

	qsort(list, networks->count, sizeof(*list), geo_network_compare);
	for (size_t i = 0; i < networks->count;) {
		struct geo_network last = list[i];

		geo_network_warn(conf, &list[i], (struct slice){ NULL, 0 });
		for (i++; i < networks->count &&
		    list[i].first == last.first &&
		    list[i].last == last.last; i++) {
			geo_network_warn(conf, &list[i], last.value);
			last = list[i];
		}
		if (last.value.data)
			list[count++] = last;
	}
	networks->count = count;
}

/* Networks that are inside each other, the outermost first. */
struct geo_open {
	const struct geo_network *list[129];
	unsigned count;
};

/* Close those that end before `first`; all, if `whole`. */
static void geo_open_close(struct geo_open *open, struct geo_table *table,
    unsigned __int128 first, bool whole)
{
	while (open->count) {
		const struct geo_network *inner =
		    open->list[open->count - 1];

		if (!whole && inner->last >= first)
			return;
		open->count--;
		if (inner->last + 1)
			geo_table_put(table, inner->last + 1, open->count ?
			    open->list[open->count - 1]->value :
			    (struct slice){ NULL, 0 });
	}
}

int geo_networks_finish(struct conf *conf, struct geo_networks *networks,
    struct geo_table *ret)
{
	struct geo_open open = { .count = 0 };
	int err;

	if (!networks->count)
		return 0;
	geo_networks_sort(conf, networks);
	err = geo_table_init(conf, ret, 2 * networks->count + 1);
	for (size_t i = 0; i < networks->count && !err; i++) {
		const struct geo_network *network = &networks->list[i];

		geo_open_close(&open, ret, network->first, false);
		open.list[open.count++] = network;
		geo_table_put(ret, network->first, network->value);
	}
	if (!err)
		geo_open_close(&open, ret, 0, true);
	free(networks->list);
	*networks = (struct geo_networks){ .count = 0 };
	return err;
}

/* ---- ranges ---- */

enum { GEO_BLOCKS = 65536 };		/* networks of 16 bits */

struct geo_piece {			/* of a range, in a block */
	uint16_t first, last;
	struct slice value;
};

struct geo_block {
	struct geo_piece *pieces;	/* in order; of the heap */
	unsigned count, size;
};

struct geo_ranges {
	struct geo_block blocks[GEO_BLOCKS];
};

struct geo_ranges *geo_ranges_new(void)
{
	return calloc(1, sizeof(struct geo_ranges));
}

void geo_ranges_free(struct geo_ranges **ranges)
{
	for (unsigned i = 0; *ranges && i < GEO_BLOCKS; i++)
		free((*ranges)->blocks[i].pieces);
	free(*ranges);
	*ranges = NULL;
}

/* Make room for `count` pieces before the one at `at`. */
static int geo_block_insert(struct geo_block *block, unsigned at,
    unsigned count)
{
	unsigned size = block->size ? block->size * 2 : 4;
	struct geo_piece *pieces = block->pieces;

	if (block->count + count > block->size) {
		pieces = realloc(pieces, size * sizeof(*pieces));
		if (!pieces)
			return -ENOMEM;
		block->pieces = pieces;
		block->size = size;
	}
	memmove(pieces + at + count, pieces + at,
	    (block->count - at) * sizeof(*pieces));
	block->count += count;
	return 0;
}

/* The first piece that does not end before `first`. */
static unsigned geo_block_find(const struct geo_block *block, unsigned first)
{
	unsigned low = 0, high = block->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (block->pieces[middle].last < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Put `piece` into the one at `at`, of which what is on either side stays. */
static int geo_block_split(struct geo_block *block, unsigned at,
    const struct geo_piece *piece)
{
	struct geo_piece old = block->pieces[at], *pieces;
	bool before = piece->first > old.first, after = piece->last < old.last;
	int err = geo_block_insert(block, at, (unsigned)before + after);

	if (err)
		return err;
	pieces = block->pieces + at;
	if (before)
		*pieces++ = (struct geo_piece){ old.first,
		    (uint16_t)(piece->first - 1), old.value };
	*pieces++ = *piece;
	if (after)
		*pieces = (struct geo_piece){ (uint16_t)(piece->last + 1),
		    old.last, old.value };
	return 0;
}

/* The part of a range that is in block `number`. */
static struct geo_piece geo_range_piece(const struct geo_range *range,
    uint32_t number)
{
	return (struct geo_piece){
		number == range->first >> 16 ? (uint16_t)range->first : 0,
		number == range->last >> 16 ? (uint16_t)range->last :
		    UINT16_MAX,
		range->value };
}

static int geo_range_overlaps(struct conf *conf,
    const struct geo_range *range, uint32_t number,
    const struct geo_piece *old)
{
	return conf_fail(conf, range->node, 0, "range \"%.*s\" overlaps "
	    "\"%u.%u.%u.%u-%u.%u.%u.%u\"", SLICE_ARG(range->text),
	    number >> 8, number & 255, old->first >> 8U, old->first & 255U,
	    number >> 8, number & 255, old->last >> 8U, old->last & 255U);
}

static int geo_block_add(struct conf *conf, struct geo_block *block,
    const struct geo_range *range, uint32_t number)
{
	struct geo_piece piece = geo_range_piece(range, number);
	unsigned at = geo_block_find(block, piece.first);
	struct geo_piece *old = block->pieces + at;
	int err = 0;

	if (at == block->count || old->first > piece.last) {
		err = geo_block_insert(block, at, 1);
		if (!err)
			block->pieces[at] = piece;
		return err;
	}
	if (piece.first < old->first || piece.last > old->last)
		return geo_range_overlaps(conf, range, number, old);
	if (piece.first == old->first && piece.last == old->last)
		err = conf_warn(conf, range->node, "duplicate range \"%.*s\", "
		    "value: \"%.*s\", old value: \"%.*s\"",
		    SLICE_ARG(range->text), SLICE_ARG(range->value),
		    SLICE_ARG(old->value));
	return err ? err : geo_block_split(block, at, &piece);
}

int geo_ranges_add(struct conf *conf, struct geo_ranges *ranges,
    const struct geo_range *range)
{
	int err = 0;

	for (uint32_t i = range->first >> 16; i <= range->last >> 16 && !err;
	    i++)
		err = geo_block_add(conf, &ranges->blocks[i], range, i);
	return err == -ENOMEM ? conf_fail(conf, range->node, ENOMEM, "range") :
	    err;
}

void geo_ranges_delete(struct conf *conf, struct geo_ranges *ranges,
    const struct geo_range *range)
{
	bool found = true;

	for (uint32_t i = range->first >> 16; i <= range->last >> 16; i++) {
		struct geo_piece piece = geo_range_piece(range, i);
		struct geo_block *block = &ranges->blocks[i];
		unsigned at = geo_block_find(block, piece.first);
		struct geo_piece *old = block->pieces + at;

		if (at == block->count || old->first != piece.first ||
		    old->last != piece.last) {
			found = false;
			continue;
		}
		block->count--;
		memmove(old, old + 1, (block->count - at) * sizeof(*old));
	}
	if (!found)
		(void)conf_warn(conf, range->node, "no address range "
		    "\"%.*s\" to delete", SLICE_ARG(range->text)); /* 0 */
}

int geo_ranges_finish(struct conf *conf, const struct geo_ranges *ranges,
    struct geo_table *ret)
{
	size_t pieces = 0;
	int err;

	for (unsigned i = 0; i < GEO_BLOCKS; i++)
		pieces += ranges->blocks[i].count;
	err = geo_table_init(conf, ret, 2 * pieces + 1);
	for (uint32_t i = 0; i < GEO_BLOCKS && !err; i++) {
		const struct geo_block *block = &ranges->blocks[i];

		for (unsigned j = 0; j < block->count; j++) {
			const struct geo_piece *piece = &block->pieces[j];
			unsigned __int128 base = (unsigned __int128)i << 16;

			geo_table_put(ret, base + piece->first, piece->value);
			geo_table_put(ret, base + piece->last + 1,
			    (struct slice){ NULL, 0 });
		}
	}
	return err;
}

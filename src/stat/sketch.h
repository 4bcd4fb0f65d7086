#ifndef RINGMASTER_STAT_SKETCH_H
#define RINGMASTER_STAT_SKETCH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The most frequent of any number of texts, in fixed memory (Space-Saving,
 * Metwally and others 2005): a text that has no place takes that of the one
 * counted least, and its count, of which `over` may then be too much. Any
 * text that makes up more than one in SKETCH_ENTRIES of all is in it.
 */

enum {
	SKETCH_ENTRIES = 256,
	SKETCH_KEY_MAX = 256,	/* bytes with the terminator; cut beyond */
};

struct sketch_entry {
	char key[SKETCH_KEY_MAX];
	uint64_t count;
	uint64_t over;		/* by how much `count` may be too high */
	/* Since it has its place: */
	uint64_t errors;
	uint64_t bytes;
	double seconds;
};

struct sketch {			/* empty: all zeros */
	unsigned count;
	uint64_t seen;		/* texts that were added */
	uint64_t hashes[SKETCH_ENTRIES];
	struct sketch_entry entries[SKETCH_ENTRIES];
};

struct sketch_add {
	const char *key;
	bool error;
	uint64_t bytes;
	double seconds;
};

void sketch_add(struct sketch *sketch, const struct sketch_add *add);

enum sketch_order { SKETCH_BY_COUNT, SKETCH_BY_TIME, SKETCH_BY_ERRORS,
	SKETCH_BY_BYTES, SKETCH_ORDERS };

/* Indices of all entries in this order, descending, into `ret`, which has
 * room for SKETCH_ENTRIES. Returns how many. */
unsigned sketch_sort(const struct sketch *sketch, enum sketch_order order,
    unsigned *ret);

#endif

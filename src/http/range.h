#ifndef RINGMASTER_HTTP_RANGE_H
#define RINGMASTER_HTTP_RANGE_H

#include "base/slice.h"

/* Bytes `first` up to, but not including, `end`; never empty. */
struct range {
	uint64_t first;
	uint64_t end;
};

struct range_set {
	struct range *ranges;	/* the caller's */
	unsigned capacity;	/* max_ranges */
	unsigned count;
};

enum range_result {
	RANGE_WHOLE,		/* 200: ignore the header */
	RANGE_PARTIAL,		/* 206: set->ranges, in the order asked for */
	RANGE_UNSATISFIABLE	/* 416 */
};

/*
 * Parse the value of a Range header for a body of `size` bytes (at most
 * INT64_MAX) (RFC 9110 §14.2), answering as nginx does: another unit, more
 * ranges than set->capacity, or ranges that together need more than the whole
 * are ignored; a malformed set is not satisfiable, nor is one without any
 * byte of the body.
 * Writes to set->ranges in any case, and to set->count on RANGE_PARTIAL.
 */
enum range_result range_parse(struct slice value, uint64_t size,
    struct range_set *set);

#endif

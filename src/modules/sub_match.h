#ifndef RINGMASTER_MODULES_SUB_MATCH_H
#define RINGMASTER_MODULES_SUB_MATCH_H

#include "base/slice.h"

/* Finding several patterns in a text that comes in pieces. No I/O. */

enum { SUB_PATTERNS_MAX = 255 };

struct sub_patterns {
	const struct slice *patterns;	/* in lower case, none empty */
	unsigned count;			/* at least 1 */
	size_t len_min, len_max;
	uint32_t shift[256];		/* how far to go on from a byte */
};

/* Prepare for `count` patterns, which outlive it. */
void sub_patterns_init(struct sub_patterns *ret, const struct slice *patterns,
    unsigned count);

struct sub_match {
	size_t before;		/* bytes that no match begins in */
	unsigned index;		/* the pattern behind them */
};

/*
 * The first place where a pattern is, in any case of its ASCII letters, and
 * the first pattern of those that are there. used[i]: pattern i is none.
 * Returns true with *ret; or false, and ret->before counts the bytes behind
 * which a match may be that needs more text to tell. If there is no more to
 * come (`last`) that is all of them.
 */
bool sub_find(const struct sub_patterns *patterns, const bool *used,
    struct slice text, bool last, struct sub_match *ret);

#endif

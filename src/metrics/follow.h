#ifndef RINGMASTER_METRICS_FOLLOW_H
#define RINGMASTER_METRICS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct metrics_segment;

/*
 * Requests that are followed from end to end. A load generator on this host
 * announces itself in the header of the segment by a random key, and marks
 * some of its requests with that key and a number. Workers keep a record of
 * the stages of each of these, which the generator reads and joins with its
 * own stamps by the number: both have the same clock.
 *
 * The announcement is a lease that its owner renews each second, so one that
 * died needs no repair. There is one at a time. Nothing here locks: any
 * process with a writable mapping may call these functions.
 */

enum {
	METRICS_FOLLOW_LEASE_S = 3,
	METRICS_FOLLOW_TAG = 33,	/* bytes: two numbers of 16 hexadecimal
					 * digits with a dot between */
};

/* The header line that marks a request. */
#define METRICS_FOLLOW_HEADER "X-Ringload"

/* Write the value of that line to `to`. */
void metrics_follow_format(uint64_t run, uint64_t number,
    char to[METRICS_FOLLOW_TAG]);

/* Read it; false if it is anything else. */
bool metrics_follow_parse(struct slice value, uint64_t *run,
    uint64_t *number);

struct metrics_lease {
	uint64_t run;			/* not 0; set by the caller */
	uint64_t until_s;		/* private */
};

/* Announce lease->run from `now_s` (CLOCK_MONOTONIC) on. Returns 0, or -EBUSY
 * if another one is announced. */
int metrics_follow_claim(struct metrics_segment *segment,
    struct metrics_lease *lease, uint64_t now_s);

/* Once a second. Returns 0, or -ESTALE if it came so late that another has
 * taken over: then there is nothing to be released. */
int metrics_follow_renew(struct metrics_segment *segment,
    struct metrics_lease *lease, uint64_t now_s);

void metrics_follow_release(struct metrics_segment *segment,
    const struct metrics_lease *lease);

/* Workers that run and have not yet seen the announcement of this key. */
unsigned metrics_follow_unaware(const struct metrics_segment *segment,
    uint64_t run);

#endif

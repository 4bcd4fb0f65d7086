#ifndef RINGMASTER_LOAD_JOIN_H
#define RINGMASTER_LOAD_JOIN_H

#include "load/follow.h"
#include "metrics/writer.h"

/*
 * Where the time went: the client's stamps of followed requests and the
 * server's records of them are joined by their number. Both have the same
 * clock, so the parts of a request add up to its response time.
 *
 *	intended -slip- sent -kernel- received -queue- begun -header, parse,
 *	pool wait, handler, upstream, send- answered -return- done
 *
 * Memory does not grow with the length of a test. Pure: no clock, no lock.
 */

enum load_part {
	LOAD_PART_SLIP,		/* due, but not sent */
	LOAD_PART_KERNEL,	/* sent, to the turn of the loop in which the
				 * server received it */
	LOAD_PART_QUEUE,	/* others had their turn first */
	LOAD_PART_HEADER,	/* the server's stages, in their order */
	LOAD_PART_PARSE,
	LOAD_PART_POOL_WAIT,
	LOAD_PART_HANDLER,
	LOAD_PART_UPSTREAM,
	LOAD_PART_SEND,
	LOAD_PART_RETURN,	/* sent, to the moment the client had it */
	LOAD_PARTS
};

/* "slip", ... */
extern const char *const load_part_names[LOAD_PARTS];

enum {
	LOAD_JOIN_SAMPLE = 8192,	/* requests kept of a test */
	LOAD_JOIN_SLOWEST = 10,		/* and of all that were joined */
	LOAD_JOIN_RECORDS = 16384,	/* of the server, to be joined */
	LOAD_JOIN_PENDING = 8192,	/* stamps, to be joined */
};

struct load_joined {
	uint64_t intended_ns;		/* CLOCK_MONOTONIC */
	uint64_t whole_ns;		/* response time */
	uint64_t parts_ns[LOAD_PARTS];	/* its parts */
	uint32_t chance;
	uint32_t worker;		/* index of who served it */
};

struct load_join;

/* NULL without memory; free(3) frees it. `run`: records of other runs are
 * nothing. */
struct load_join *load_join_new(uint64_t run);

/* What either side had; then match. Stamps are looked for at two matches,
 * since the record of an answer may come a moment later. */
void load_join_stamps(struct load_join *join,
    const struct load_stamps *stamps);
void load_join_record(struct load_join *join, uint32_t worker,
    const struct metrics_followed *record);
void load_join_match(struct load_join *join);

/* Means over some requests, in seconds. */
struct load_join_bar {
	double whole;
	double parts[LOAD_PARTS];
};

struct load_join_summary {
	uint64_t followed;		/* joined, of which the sample is */
	unsigned sample;		/* 0: nothing can be said */
	struct load_join_bar median;	/* of the tenth around it */
	struct load_join_bar tail;	/* of the slowest 1 %, or one */
	double waiting;			/* mean of kernel and queue */
	double work_variation;		/* variance of parse and handler, by
					 * the square of their mean */
	unsigned slowest_count;
	struct load_joined slowest[LOAD_JOIN_SLOWEST];	/* slowest first */
};

/* below: the bound of load_follow_below(). Changes the order of the sample:
 * nothing is to be joined after it. */
void load_join_summarize(struct load_join *join, uint64_t below,
    struct load_join_summary *ret);

#endif

#ifndef RINGMASTER_LOAD_DRAFT_H
#define RINGMASTER_LOAD_DRAFT_H

#include "base/buf.h"
#include "load/spec.h"
#include "load/target.h"

/*
 * A plan while its requests are collected, from whatever source: each is
 * turned into the bytes that will be sent.
 */

struct draft {
	const struct load_options *options;
	struct arena *arena;		/* of the plan */
	const struct fault *fault;
	struct load_target target;	/* host.data: NULL until it is known */
	bool cookies;			/* each request may be sent with its
					 * user's */

	/* Filled by draft_add() and draft_replay(). */
	struct buf requests;		/* struct load_request; `until` is still
					 * the weight, 0 if none was said */
	struct buf replay;		/* struct load_replay */
	struct buf bytes;		/* of the request being made */
};

struct draft_header {
	struct slice name, value;
};

/* A request that is wanted. Slices are copied. */
struct draft_request {
	struct slice method;		/* empty: by options */
	struct slice uri;		/* made by load_uri_encode() */
	struct slice name;		/* for people; cut if it is long */
	const struct draft_header *headers;	/* go before the options' */
	unsigned header_count;
	struct slice body;
	bool has_body;			/* else that of options, unless the
					 * method given is GET or HEAD */
	double weight;			/* 0: none said */
	unsigned expect_status;		/* as in struct load_request */
	struct slice expect_body;
};

/* draft_fini() gives back what is not in the arena. */
void draft_init(struct draft *draft, const struct load_options *options,
    struct arena *arena, const struct fault *fault);
void draft_fini(struct draft *draft);

/* Why a method or header cannot be sent, or NULL if it can: an end of line in
 * one would be the start of another, what frames the body is not for the user
 * to say, and CONNECT would make the connection something else. */
const char *draft_method_wrong(struct slice method);
const char *draft_header_wrong(const struct draft_header *header);

/* Split "Name: value"; false without a colon. */
bool draft_header_split(struct slice line, struct draft_header *ret);

/* The target must be known, method and headers must be right. Returns 0 or
 * -errno after fault_set(). */
int draft_add(struct draft *draft, const struct draft_request *wanted);

unsigned draft_count(const struct draft *draft);

/* Put all requests into `plan`, whose `pipeline` is set. Returns 0 or -errno
 * after fault_set(). */
int draft_finish(struct draft *draft, struct load_plan *plan);

#endif

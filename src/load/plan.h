#ifndef RINGMASTER_LOAD_PLAN_H
#define RINGMASTER_LOAD_PLAN_H

#include <sys/socket.h>

#include "base/slice.h"
#include "http/method.h"
#include "load/schedule.h"

/*
 * What the engine does, all decided: addresses resolved, requests ready to
 * be sent. Made from a user's wishes by spec.c; never changed while a test
 * runs, so threads share it.
 */

enum {
	LOAD_CONNECTIONS_MAX = 10000,
	LOAD_THREADS_MAX = 64,
	LOAD_PIPELINE_MAX = 64,
	LOAD_REQUESTS_MAX = 100000,	/* different ones */
	LOAD_REQUESTS_EACH_MAX = 1000000000,	/* of a connection */
	LOAD_REPLAY_MAX = 1000000,	/* entries of a log */
	LOAD_RATE_MAX = 50000,		/* requests a second, open model */
	LOAD_DURATION_MAX_S = 600,	/* of any test */
	LOAD_DESCRIPTORS_PERCENT = 60,	/* of what the process may open, for
					 * connections */
	LOAD_SPEED_MAX = 1000,		/* of a replay */
	LOAD_TARGET_MAX = 8000,		/* bytes of a path with its query */
	LOAD_HEADERS_MAX = 64,		/* of a request, by the user */
	LOAD_HEAD_MAX = 64 << 10,	/* bytes of a request's head */
	LOAD_BODY_MAX = 16 << 20,	/* bytes of a request's body */
	LOAD_BODY_FIND_MAX = 256 << 10,	/* of a body that is searched */
};

/* Up to here every reader of JSON has the same number (RFC 8259 §6). */
#define LOAD_SEED_MAX (UINT64_C(1) << 53)

/* A kind of request. */
struct load_request {
	struct slice bytes;		/* all of it, ready to be sent */
	size_t head_len;		/* of it, without the empty line: where
					 * a further header would stand */
	enum http_method method;
	const char *name;		/* for people; its path */
	double until;			/* sum of the weights up to it, of 1 */
	unsigned expect_status;		/* 0: any below 400 */
	struct slice expect_body;	/* its content has this; empty: all */
};

/* An entry of a log that is replayed. */
struct load_replay {
	uint64_t at_ns;			/* since the start; not decreasing */
	uint32_t request;		/* index */
};

struct load_plan {
	struct sockaddr_storage address;
	socklen_t address_len;
	const char *url;		/* for people */
	const char *source;		/* of the requests, for people: the
					 * name of the file or scenario; or
					 * NULL: the URL */
	const char *notice;		/* a sentence about what was left out;
					 * or NULL */
	const char *const *slos;	/* of the user and of the scenario */
	unsigned slo_count;

	const struct load_request *requests;
	unsigned request_count;
	struct slice batch;		/* `pipeline` times the only request;
					 * or empty */
	bool in_turn;			/* each after the other; else by
					 * weight */
	unsigned connections;
	unsigned threads;
	unsigned pipeline;		/* requests sent at once; at least 1 */
	bool keepalive;			/* else a connection for each */
	bool cookies;			/* each connection keeps its user's,
					 * also when it is made anew */
	uint64_t each;			/* requests a connection; 0: no limit */
	uint64_t warmup_ns;		/* not counted in the result */
	uint64_t duration_ns;		/* with the warm-up; 0: until `each`,
					 * or LOAD_DURATION_MAX_S */
	uint64_t timeout_ns;		/* of a connection or an answer */
	uint64_t think_min_ns, think_max_ns;	/* from an answer to the next
					 * request; closed model */

	/* The open model: when requests are meant to be sent. Else each
	 * connection sends the next one when the last was answered. */
	bool open;
	struct schedule schedule;
	const struct load_replay *replay; /* instead; or NULL. The schedule
					   * then has the average */
	unsigned replay_count;
	uint64_t seed;			/* of all that is random; 1 to
					 * LOAD_SEED_MAX */
};

#endif

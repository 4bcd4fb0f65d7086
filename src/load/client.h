#ifndef RINGMASTER_LOAD_CLIENT_H
#define RINGMASTER_LOAD_CLIENT_H

#include "http/header.h"
#include "load/cookies.h"
#include "load/follow.h"
#include "load/plan.h"
#include "load/reader.h"
#include "load/record.h"
#include "ring/ring.h"

/*
 * The connections of one thread of the engine, and what they do: take the
 * request that is due, send it, read the answer, measure.
 */

enum {
	LOAD_RECEIVE_SIZE = 16 << 10,	/* bytes read at once */
	LOAD_HEADERS_READ_MAX = 64,	/* of an answer, searched for cookies */
};

struct load_worker;

/* A connection. It is idle, or a coroutine serves it. */
struct load_client {
	struct ring_stream stream;
	struct load_worker *worker;
	struct load_client *next_idle;
	uint64_t requests;		/* begun on behalf of plan->each */
	struct cookies cookies;		/* of its user */
	/* Of the answer that is read, as a coroutine's stack is gone when a
	 * test ends before it; from the heap, or NULL. */
	char *head;			/* one that comes in pieces */
	char *content;			/* its beginning, if it is searched */
	bool open;			/* there is a socket */
	bool used;			/* it is, and had an answer */
	bool busy;			/* its coroutine runs */
	bool stale;			/* the server closed it, or worse */
};

struct load_worker {
	const struct load_plan *plan;
	struct ring *ring;
	unsigned index;
	struct load_client *clients;
	unsigned client_count;
	unsigned connecting;		/* have not yet tried */
	unsigned busy;			/* clients that are */
	unsigned connected;		/* open sockets */
	unsigned waiting;		/* requests sent and not answered */
	uint64_t start_ns, end_ns;	/* CLOCK_MONOTONIC; end: no more is
					 * sent */
	bool stopping;

	/* The open model. */
	struct load_client *idle, **idle_end;	/* longest idle first */
	struct ring_timer timer;
	struct schedule schedule;
	unsigned replay_next;
	uint64_t taken;			/* arrivals so far */
	uint64_t due_ns;		/* of the next arrival */
	uint32_t due_request;		/* of a replay */
	bool more;			/* there is one */
	bool awake;			/* somebody waits for it in turns */
	bool kept_awake;		/* the processor is; see awake.h */

	uint64_t random;
	unsigned turn;			/* of plan->in_turn */
	struct load_record *record;
	struct load_follow_thread *follow;	/* or NULL */
	struct load_second second;	/* that is being counted */

	/* For the client that runs, until it waits: on the stacks of all of
	 * them it would be more than caches hold. */
	struct http_header headers[LOAD_HEADERS_READ_MAX];
	struct reader_known known;	/* of any client */
	char received[LOAD_RECEIVE_SIZE];
};

/* Give the memory of a client back, when no coroutine serves it. */
void client_fini(struct load_client *client);

/* Make the connections that stay open; worker->connecting falls to 0. */
void client_connect_all(struct load_worker *worker);

/* Begin, at worker->start_ns. */
void client_start_all(struct load_worker *worker);

/* In the open model, but for a replay, let the rate be another from now on. */
void client_change_rate(struct load_worker *worker, double rate);

#endif

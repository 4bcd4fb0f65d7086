#ifndef RINGMASTER_METRICS_WRITER_H
#define RINGMASTER_METRICS_WRITER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a worker counts with. The request path writes to private memory only;
 * metrics_flush(), called once a turn of the loop, adds all of it to the
 * worker's slot in the segment under one lock.
 *
 * With RINGMASTER_NO_METRICS (configure --disable-metrics, for measuring what
 * metrics cost) the counting calls compile to nothing.
 */

struct metrics_writer;

#ifdef RINGMASTER_NO_METRICS
enum { METRICS_COUNTED = false };
#else
enum { METRICS_COUNTED = true };
#endif

enum metrics_counter {		/* sums since the segment was made */
	METRICS_ACCEPTED,	/* connections */
	METRICS_HANDLED,	/* connections that got a record */
	METRICS_DROPPED_LIMIT,	/* connections closed at worker_connections */
	METRICS_DROPPED_MEMORY,	/* for want of memory */
	METRICS_REFUSED,	/* requests refused by limit_conn */
	METRICS_BYTES_IN,	/* read from clients */
	METRICS_PARSE_BAD,	/* requests that could not be parsed: 400 */
	METRICS_PARSE_URI,	/* too long a line: 414 */
	METRICS_PARSE_HEADERS,	/* too large or too many: 431 */
	METRICS_PARSE_CODING,	/* an unknown transfer coding: 501 */
	METRICS_PARSE_VERSION,	/* an unknown version: 505 */
	METRICS_PARSE_PROXY,	/* no header of the PROXY protocol */
	METRICS_TIMEOUTS,	/* connections ended by a deadline */
	METRICS_CACHE_HITS,	/* file cache lookups */
	METRICS_CACHE_MISSES,
	METRICS_CACHE_BYPASS,	/* switched off or not cacheable */
	METRICS_CACHE_EVICTIONS,	/* for room */
	METRICS_CACHE_INVALIDATIONS,	/* the file changed */
	METRICS_LOG_DROPPED,	/* access log lines that could not be written */
	METRICS_STALLS,		/* turns longer than METRICS_STALL_NS */
	METRICS_AUTH_OK,	/* requests let in by auth_basic */
	METRICS_AUTH_FAILED,	/* refused: unknown user, wrong password */
	METRICS_AUTH_NONE,	/* refused: without user and password */
	METRICS_CLOSED,		/* connections, by requests: see metrics_conn_
				 * end(); METRICS_CLOSED_COUNT of them */
	METRICS_CLOSED_COUNT = 6,
	METRICS_COUNTER_COUNT = METRICS_CLOSED + METRICS_CLOSED_COUNT
};
_Static_assert((int)METRICS_COUNTER_COUNT <= 64, "a bit of `counted` each");

enum metrics_gauge {		/* of this process, now */
	METRICS_READING,	/* connections: a request head is being read */
	METRICS_WRITING,	/* a request is being handled or answered */
	METRICS_IDLE,		/* waiting for the next request */
	METRICS_CACHE_ENTRIES,
	METRICS_CACHE_BYTES,
	METRICS_CACHE_BYTES_MAX,	/* its limit */
	METRICS_GAUGE_COUNT
};

enum metrics_stage {		/* of a request; measured on a sample */
	METRICS_STAGE_HEADER,	/* waiting for the rest of its head */
	METRICS_STAGE_PARSE,
	METRICS_STAGE_POOL_WAIT,	/* for a thread, in any other stage */
	METRICS_STAGE_HANDLER,	/* routing to response ready */
	METRICS_STAGE_UPSTREAM,	/* waiting for another server, likewise */
	METRICS_STAGE_SEND,	/* response ready to last byte sent */
	METRICS_STAGE_COUNT
};

enum metrics_failure {		/* of an upstream server */
	METRICS_FAILURE_NONE,
	METRICS_FAILURE_CONNECT,
	METRICS_FAILURE_CONNECT_TIMEOUT,
	METRICS_FAILURE_TIMEOUT,	/* sending to it, or waiting for it */
	METRICS_FAILURE_CLOSED,		/* before its answer was whole */
	METRICS_FAILURE_INVALID,	/* what it said is no answer */
	METRICS_FAILURE_STATUS,		/* with which another one is asked */
	METRICS_FAILURE_COUNT
};

enum metrics_peer_time {	/* of an upstream server */
	METRICS_TIME_CONNECT,	/* of new connections */
	METRICS_TIME_HEADER,	/* its choice to the head of its answer */
	METRICS_TIME_RESPONSE,	/* its choice to the end of that */
	METRICS_TIME_COUNT
};
#define METRICS_TIME_NONE UINT64_MAX	/* it did not come so far */

enum metrics_limit_result {	/* what became of a request before a limit */
	METRICS_LIMIT_PASSED,
	METRICS_LIMIT_DELAYED,
	METRICS_LIMIT_REJECTED,
	METRICS_LIMIT_DELAYED_DRY_RUN,
	METRICS_LIMIT_REJECTED_DRY_RUN,
	METRICS_LIMIT_RESULT_COUNT
};

enum metrics_cache_result {
	METRICS_CACHE_NONE,	/* the request asked no cache */
	METRICS_CACHE_HIT,
	METRICS_CACHE_MISS,
	METRICS_CACHE_BYPASSED,
	METRICS_CACHE_RESULT_COUNT
};

enum {
	METRICS_PATH_MAX = 112,		/* bytes of a path kept; longer: cut */
	METRICS_STAGE_SAMPLE = 16,	/* one request in so many is staged */
	METRICS_KEPT_MAX = 16,		/* requests of one flush that are shown
					 * among the recent ones, and failed
					 * ones besides */
	METRICS_STALL_NS = 10 * 1000 * 1000,
	METRICS_LATELY_S = 60,		/* "of late", for the longest turns */
};

/* A request that ended. Times are in nanoseconds. */
struct metrics_request {
	uint64_t ended_real_ns;		/* wall clock */
	uint64_t duration_ns;		/* last header byte in to last out */
	uint64_t first_byte_ns;		/* last header byte in to first out */
	uint64_t bytes_in;		/* head and body */
	uint64_t bytes_out;		/* head and body */
	uint64_t body_out;
	uint64_t id;			/* of the request; in logs, too */
	uint64_t upstream_ns;		/* of `peer` and those before it */
	uint32_t stage_ns[METRICS_STAGE_COUNT];	/* if `staged` */
	uint16_t peer;			/* of metrics_peer_id(); the last */
	uint16_t server, location;	/* scopes, of metrics_scope_id() */
	uint16_t status;		/* 0: closed without an answer */
	uint16_t port;			/* of the client */
	uint8_t method;			/* enum http_method */
	uint8_t cache;			/* enum metrics_cache_result */
	uint8_t version;		/* 10, 11, 20 */
	bool staged;
	bool kept;			/* among the recent requests; else the
					 * time, id, peer, port and what stands
					 * below are not filled in */
	bool aborted_by_client;
	bool aborted_by_server;		/* also by a timeout */
	uint8_t family;			/* AF_INET, AF_INET6, AF_UNIX */
	uint8_t path_len;
	uint8_t address[16];
	char path[METRICS_PATH_MAX];	/* without the query */
};

/* An upstream server was asked, and that is over. */
struct metrics_try {
	uint64_t ns[METRICS_TIME_COUNT];	/* or METRICS_TIME_NONE */
	uint64_t bytes_in, bytes_out;	/* received from it, sent to it */
	uint16_t peer;			/* of metrics_peer_id() */
	uint16_t status;		/* of its answer; 0: there was none */
	enum metrics_failure failure;
};

/* A turn of the loop that was the longest so far, or of late. */
struct metrics_stall {
	uint64_t ns;			/* 0: none yet */
	uint64_t ended_real_ns;		/* wall clock */
	uint64_t completions;		/* that it handled */
	uint64_t work;			/* enum ring_work: its longest piece */
	uint64_t work_ns;		/* how long that took */
	uint64_t server, location;	/* scopes it was for, or NONE */
};

/* How a worker sees an upstream server. */
struct metrics_peer_gauges {
	uint64_t state;			/* enum metrics_peer_state */
	uint64_t unavail_until_ns;	/* CLOCK_MONOTONIC: till then it is
					 * left alone */
	uint64_t active;		/* tries under way */
	uint64_t idle;			/* connections that are kept */
};

enum metrics_peer_state {
	METRICS_PEER_UNKNOWN,		/* not in its configuration */
	METRICS_PEER_UP,
	METRICS_PEER_DOWN,		/* configured so */
};

/* A request that was followed, see follow.h. Times are CLOCK_MONOTONIC; it
 * ended at begun_ns and all of its stages. */
struct metrics_followed {
	uint64_t run;
	uint64_t number;		/* given by the client */
	uint64_t received_ns;		/* turn in which its first byte came */
	uint64_t begun_ns;		/* it began to be read */
	uint64_t stage_ns[METRICS_STAGE_COUNT];
};

enum metrics_inflight_state {
	METRICS_INFLIGHT_READING,	/* its head has not come as a whole */
	METRICS_INFLIGHT_HANDLING,
	METRICS_INFLIGHT_SENDING,
};

/* A request that has not ended. */
struct metrics_inflight {
	uint64_t started_ns;		/* CLOCK_MONOTONIC: its head was whole,
					 * or READING began */
	uint64_t bytes_sent;
	uint64_t id;
	uint16_t server;		/* scope */
	uint16_t port;			/* of the client */
	uint8_t state;			/* enum metrics_inflight_state */
	uint8_t method;			/* it and `path`: not while READING */
	uint8_t family;
	uint8_t path_len;
	uint8_t address[16];
	char path[METRICS_PATH_MAX];	/* without the query */
};

/* Private to the process; see the functions below. */
struct metrics_pending {
	uint64_t counters[METRICS_COUNTER_COUNT];
	uint64_t counted;		/* which of them are new; a bit each */
	int64_t gauges[METRICS_GAUGE_COUNT];
	struct metrics_request *requests;
	uint64_t slow_ns;		/* so long at least are the slowest of
					 * this second */
	uint32_t request_count;
	uint32_t request_max;
	uint32_t failed_count;		/* kept for that they failed */
	bool dirty;			/* there is more than `counted` */
};

struct metrics_segment;
struct ring_stats;

/*
 * Begin to count into a slot that metrics_slot_assign() gave, in the process
 * whose counts they are. Not to be shared by threads.
 * Returns 0 or -ENOMEM. The segment must outlive the writer.
 */
int metrics_writer_open(struct metrics_segment *segment, unsigned slot,
    struct metrics_writer **ret);

/* Flush and free it. */
void metrics_writer_close(struct metrics_writer **writer);

/*
 * Add what was counted to the slot: once a turn of the loop, and at least
 * each 100 ms. Costs a comparison when there is nothing new. Takes the lock
 * of the slot, for which only the master competes, and rarely.
 */
void metrics_flush(struct metrics_writer *writer);

/*
 * A turn of the loop took `busy_ns`. Counts METRICS_STALLS, too. The time
 * `now_ns` (CLOCK_MONOTONIC) is published as the worker's last sign of life.
 * Returns whether it was the longest of late: then metrics_stall_set() is to
 * be told more about it.
 */
bool metrics_loop_lag(struct metrics_writer *writer, uint64_t busy_ns,
    uint64_t now_ns);

/* It was the longest of late. */
void metrics_stall_set(struct metrics_writer *writer,
    const struct metrics_stall *stall);

/* A client's connection was closed, `age_ns` after it was accepted, on which
 * so many requests had come. */
void metrics_conn_end(struct metrics_writer *writer, uint64_t age_ns,
    unsigned requests);

/* A job waited `wait_ns` for a thread of the pool. */
void metrics_pool_wait(struct metrics_writer *writer, uint64_t wait_ns);

/* An upstream server was asked. */
void metrics_try_add(struct metrics_writer *writer,
    const struct metrics_try *try);

/* How this worker sees an upstream server, to be filled in; never NULL. It is
 * shown by metrics_peers_show(): not more often than it may be out of date,
 * as the ring's figures. */
struct metrics_peer_gauges *metrics_peer_gauges(struct metrics_writer *writer,
    unsigned peer);
void metrics_peers_show(struct metrics_writer *writer);

/* A request had a key in a zone, of metrics_zone_id(), and so it ended. */
void metrics_limit_count(struct metrics_writer *writer, unsigned zone,
    enum metrics_limit_result result);

/* The ring's figures of now; not more often than they may be out of date,
 * say each 100 ms. They are copied. */
void metrics_slot_set_ring(struct metrics_writer *writer,
    const struct ring_stats *stats);

/*
 * Show what is in flight, of which `list` holds the `count` oldest, at most
 * METRICS_INFLIGHT_MAX; `all` says how many there are. It is copied, and
 * holds until the next call or the end of the process; only to be called
 * while somebody wants to know (metrics_inflight_wanted()).
 */
void metrics_inflight_show(struct metrics_writer *writer,
    const struct metrics_inflight *list, unsigned count, uint64_t all);

/* The load test that is announced at `now_s` (CLOCK_MONOTONIC), or 0: then no
 * request is to be followed. Tells the announcer that it was seen. */
uint64_t metrics_follow_look(struct metrics_writer *writer, uint64_t now_s);

/* Keep a followed request. */
void metrics_follow(struct metrics_writer *writer,
    const struct metrics_followed *request);

/*
 * A request came with the session id that hashes to `id_hash`, or it got
 * that id with the answer. Cheap when the same id came a moment ago.
 */
void metrics_session_seen(struct metrics_writer *writer, uint64_t id_hash);

#ifdef RINGMASTER_NO_METRICS
static inline void metrics_count(struct metrics_writer *writer,
    enum metrics_counter counter, uint64_t n)
{
	(void)writer, (void)counter, (void)n;
}
static inline void metrics_gauge_add(struct metrics_writer *writer,
    enum metrics_gauge gauge, int64_t n)
{
	(void)writer, (void)gauge, (void)n;
}
#else
static inline void metrics_count(struct metrics_writer *writer,
    enum metrics_counter counter, uint64_t n)
{
	struct metrics_pending *pending = (struct metrics_pending *)writer;

	pending->counters[counter] += n;
	pending->counted |= UINT64_C(1) << counter;
}
static inline void metrics_gauge_add(struct metrics_writer *writer,
    enum metrics_gauge gauge, int64_t n)
{
	struct metrics_pending *pending = (struct metrics_pending *)writer;

	pending->gauges[gauge] += n;
	pending->dirty = true;
}
#endif

/*
 * Room for one ended request, to be filled in at once: it holds rubbish, but
 * for its duration and `kept`, which tells whether all of it is wanted: it is
 * of the first of this flush, or slower than most of this second, or it
 * failed (was aborted or answered with 400 or more).
 * Flushes first when METRICS_PENDING_MAX are waiting. Never NULL.
 */
static inline struct metrics_request *metrics_request_add(
    struct metrics_writer *writer, uint64_t duration_ns, bool failed)
{
	struct metrics_pending *pending = (struct metrics_pending *)writer;
	struct metrics_request *request;

#ifndef RINGMASTER_NO_METRICS
	if (pending->request_count == pending->request_max)
		metrics_flush(writer);
	pending->dirty = true;
	request = &pending->requests[pending->request_count];
	request->kept = pending->request_count++ < METRICS_KEPT_MAX ||
	    duration_ns >= pending->slow_ns ||
	    (failed && pending->failed_count++ < METRICS_KEPT_MAX);
#else
	request = pending->requests;
	(void)failed;
#endif
	request->duration_ns = duration_ns;
	return request;
}

#endif

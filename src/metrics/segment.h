#ifndef RINGMASTER_METRICS_SEGMENT_H
#define RINGMASTER_METRICS_SEGMENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hist.h"
#include "base/slice.h"
#include "metrics/writer.h"
#include "ring/ring.h"

/*
 * The one file that the processes share: all that two of them both see.
 *
 *	header		identity, the master's counts, scope names, marks
 *	logs		the last lines of the error logs (logs.h)
 *	sessions	live sessions (sessions.h)
 *	slots		one for each worker: its counts (slot.h)
 *
 * The master makes it anew at start and everybody maps the whole of it; the
 * file only grows as far as slots are in use. What is in use was allocated
 * before, so that a full disk is an error at start or at a reload and never
 * a SIGBUS while serving.
 *
 * It holds numbers of fixed width, text and mutexes, and no pointers: each
 * process may map it elsewhere. All of it but the mutexes may be read through
 * a read-only mapping.
 *
 * Locks: header.lock, sessions.lock, one in each slot. No two at once.
 * Crashes: each lock is robust (lock.h). Under header.lock, new entries are
 * filled in first and then made visible by one store, so there is nothing to
 * undo; a slot is rolled back by its undo log; sessions are recounted. What
 * is written without a lock (records of requests, log lines) has a sequence
 * count of its own for each record, and one that was left half-written is
 * skipped until it is written over.
 */

enum {
	METRICS_LAYOUT = 5,		/* version: raise it with any change */
	METRICS_SLOTS = 256,		/* workers at once, draining ones too */
	METRICS_WORKERS_MAX = 128,	/* their numbers are below it */
	METRICS_SCOPES_MAX = 256,	/* servers and locations, ever */
	METRICS_SCOPE_NAME_MAX = 96,	/* bytes with the terminator */
	METRICS_PEERS_MAX = 256,	/* upstream servers, ever */
	METRICS_ZONES_MAX = 64,		/* zones of limits, ever */
	METRICS_TOPS_MAX = 8,		/* lists of the most frequent keys */
	METRICS_TOP_SIZE_MAX = 1024,	/* keys in one */
	METRICS_TOP_KEY_MAX = 128,	/* bytes kept of a key */
	METRICS_RECENT = 256,		/* ended requests kept by a slot */
	METRICS_ERRORS = 128,		/* failed ones */
	METRICS_SLOW_MAX = 16,		/* the slowest ones of a second */
	METRICS_INFLIGHT_MAX = 64,	/* requests in flight that it shows */
	METRICS_FOLLOWED = 4096,	/* followed requests, see follow.h */
	METRICS_LOG_LINES = 512,	/* lines of error logs kept */
	METRICS_LOG_TEXT_MAX = 224,	/* bytes of one */
	METRICS_MARKS = 64,		/* events kept */
	METRICS_MARK_TEXT_MAX = 96,	/* bytes with the terminator */
	METRICS_MARK_WORDS_MAX = 116,	/* of it and its kind, likewise */
	METRICS_METHODS = 24,		/* values of enum http_method */
	METRICS_METHOD_NAME_MAX = 16,	/* bytes with the terminator */
	METRICS_ERROR_MAX = 256,	/* bytes of a reload's error message */
	METRICS_SESSIONS_EXACT_MAX = 65536,	/* counted one by one */
	METRICS_SESSIONS_TABLE = 2 * METRICS_SESSIONS_EXACT_MAX,
	METRICS_HLL_BITS = 14,
	METRICS_HLL_REGISTERS = 1 << METRICS_HLL_BITS,
	METRICS_HLL_PARTS = 7,		/* six full ones and the current */
	METRICS_ALIGN = 4096,
	METRICS_WRONG_MAX = 128,	/* bytes of metrics_segment_wrong() */
};

#define METRICS_MAGIC UINT64_C(0x31524d474e4952)	/* "RINGMR1" */

/* ---- the header ---- */

enum metrics_scope_kind {
	METRICS_SCOPE_FREE,
	METRICS_SCOPE_SERVER,
	METRICS_SCOPE_LOCATION,
};

/* Scopes that exist always. */
enum {
	METRICS_SCOPE_NONE,		/* counts nowhere */
	METRICS_SCOPE_OTHER_SERVER,	/* those that found no room */
	METRICS_SCOPE_OTHER_LOCATION,
	METRICS_SCOPES_RESERVED
};

struct metrics_scope {		/* never changed once it is visible */
	uint64_t hash;		/* of the whole name, were it longer */
	uint32_t kind;
	uint32_t parent;	/* a location's server */
	char name[METRICS_SCOPE_NAME_MAX];
};

/* Upstream servers and zones of limits, in tables of their own: never changed
 * once they are visible. */
struct metrics_name {
	uint64_t hash;		/* of both texts, were they longer */
	char group[METRICS_SCOPE_NAME_MAX];	/* of a server; else empty */
	char name[METRICS_SCOPE_NAME_MAX];
};

/* What is limited in number: those that found no room are counted. */
enum metrics_table {
	METRICS_TABLE_SCOPES,
	METRICS_TABLE_PEERS,
	METRICS_TABLE_ZONES,
	METRICS_TABLE_SLOTS,
	METRICS_TABLE_COUNT
};

/* How full the memory of a zone is; in records of so many bytes. */
struct metrics_zone_use {
	uint64_t record_size;	/* 0: it was not shown yet */
	uint64_t capacity;	/* records it has room for */
	uint64_t used;
	uint64_t peak;		/* most that were used at once */
	uint64_t full;		/* times that there was no room for another */
};

/* Those that each table has. */
enum {
	METRICS_NAME_NONE,	/* counts nowhere */
	METRICS_NAME_OTHER,	/* those that found no room */
	METRICS_NAMES_RESERVED
};

struct metrics_top {		/* a list of the most frequent keys, top.h */
	uint64_t number;	/* another one for each; 0: there is none */
	uint64_t size;		/* keys in it */
	uint64_t since_real_ns;	/* counted since then */
	uint64_t hash;		/* of the whole key, were it longer */
	char name[METRICS_SCOPE_NAME_MAX];
	char key[METRICS_SCOPE_NAME_MAX];	/* as configured */
};

enum metrics_mark_kind {
	METRICS_MARK_START,
	METRICS_MARK_STOP,
	METRICS_MARK_RELOAD,
	METRICS_MARK_RELOAD_FAILED,
	METRICS_MARK_CRASH,
	METRICS_MARK_UPGRADE,
	METRICS_MARK_CACHE_ON,
	METRICS_MARK_CACHE_OFF,
	METRICS_MARK_CACHE_FLUSH,
	METRICS_MARK_DEPLOY,	/* somebody said so */
	METRICS_MARK_TEST_START,	/* of load */
	METRICS_MARK_TEST_END,
	METRICS_MARK_ALERT,
	METRICS_MARK_LOG_LEVEL,	/* of the error logs, chosen */
	METRICS_MARK_DRAIN,	/* a worker is to be replaced */
	METRICS_MARK_KIND_COUNT
};

struct metrics_mark {		/* an event to be shown in charts */
	uint64_t real_ns;
	uint64_t kind;
	char text[METRICS_MARK_TEXT_MAX];
};

enum metrics_exit {		/* how a worker ended */
	METRICS_EXIT_DRAIN,	/* as told */
	METRICS_EXIT_SIGNAL,	/* killed */
	METRICS_EXIT_STATUS,	/* on its own, with an error */
	METRICS_EXIT_COUNT
};

struct metrics_reload {		/* the last one */
	uint64_t real_ns;
	uint64_t ok;		/* 0 or 1 */
	uint64_t ok_real_ns;	/* the last that was */
	uint64_t config_hash;	/* of the configuration that runs */
	char error[METRICS_ERROR_MAX];
};

struct metrics_identity {	/* of the running master; texts */
	char version[32];
	char compiler[64];
	char uring_features[128];
	char config_file[256];
};

struct metrics_header {
	/* Written before the file has its name, and never again; but that
	 * a master that takes counts over (persist.h) sets `instance` before
	 * it starts anybody. */
	uint64_t magic;
	uint32_t layout;
	uint32_t header_size;
	uint64_t layout_hash;
	uint64_t file_size;	/* with all slots */
	uint64_t started_real_ns;
	uint64_t started_mono_ns;
	uint64_t session_seed;
	uint8_t instance[16];	/* random: another one, other counts */
	char methods[METRICS_METHODS][METRICS_METHOD_NAME_MAX];

	uint64_t counted_real_ns;	/* when its counts began; before it
					 * started if they were taken over */

	pthread_mutex_t lock;	/* of what stands below, to `tops` */

	uint64_t sequence;	/* of the next two */
	struct metrics_reload reload;
	struct metrics_identity identity;

	uint64_t mark_count;	/* ever; the last METRICS_MARKS are kept */
	struct {
		uint64_t sequence;
		struct metrics_mark mark;
	} marks[METRICS_MARKS];

	uint32_t scope_count;	/* entries visible */
	uint32_t slot_count;	/* slots ever used: allocated and readable */
	struct metrics_scope scopes[METRICS_SCOPES_MAX];
	uint32_t peer_count;	/* entries visible, as of scopes */
	uint32_t zone_count;
	struct metrics_name peers[METRICS_PEERS_MAX];
	struct metrics_name zones[METRICS_ZONES_MAX];

	uint64_t top_sequence;	/* of `tops` */
	uint64_t top_number;	/* the last one that was given */
	struct metrics_top tops[METRICS_TOPS_MAX];

	/* Single words, changed by atomic operations of the master but for
	 * the first seven, which anybody with a writable mapping may
	 * change. */
	uint32_t cache_enabled;	/* the run-time switch */
	uint32_t cache_epoch;	/* what was cached in another is void */
	uint64_t inflight_wanted_s;	/* till then (CLOCK_MONOTONIC) workers
					 * show what is in flight */
	uint64_t follow_run;	/* key of the load test that is announced, or
				 * 0; see follow.h */
	uint64_t follow_until_s;	/* till then (CLOCK_MONOTONIC) */
	uint64_t drain[METRICS_WORKERS_MAX / 64];	/* a bit a worker that
							 * shall be replaced */
	uint32_t log_level;	/* of all error logs; 0: each its own */
	uint32_t master_pid;
	uint64_t recoveries;	/* locks whose owner had died */
	uint64_t generation;	/* of the configuration, from 1 */
	uint64_t connections_limit;	/* of all workers */
	uint64_t reloads_ok, reloads_failed;
	uint64_t exits[METRICS_EXIT_COUNT];
	uint64_t respawns;
	uint64_t drops[METRICS_TABLE_COUNT];	/* names that became "other",
						 * workers without a slot */
	uint64_t connections_peak;	/* see peaks.h */

	/* Single words as well, which each worker stores that has the zone. */
	struct metrics_zone_use zone_use[METRICS_ZONES_MAX];
};

/* ---- log lines ---- */

struct metrics_log_line {
	uint64_t real_ns;
	uint64_t check;		/* of all other fields and the text */
	uint32_t pid;
	uint16_t level;		/* enum log_level */
	uint16_t len;
	char text[METRICS_LOG_TEXT_MAX];
};

struct metrics_logs {
	uint64_t count;		/* lines ever, also those that got lost */
	struct {
		uint64_t sequence;	/* as in struct metrics_recent */
		struct metrics_log_line line;
	} lines[METRICS_LOG_LINES];
};

/* ---- sessions ---- */

struct metrics_session {
	uint64_t key;		/* 0: free */
	uint64_t seen_s;	/* CLOCK_MONOTONIC */
};

struct metrics_sessions {
	pthread_mutex_t lock;
	uint64_t idle_s;	/* a session ends when not seen for so long */
	uint64_t count;		/* in the table */
	uint64_t created;	/* sums; created - expired == count */
	uint64_t expired;
	uint64_t full_s;	/* last time that a new one found no room */
	uint64_t sweep_next;	/* entry at which the next sweep begins */
	uint64_t part_number;	/* the period that is being counted */
	uint64_t day;		/* the day that `today` is of */
	uint8_t today[METRICS_HLL_REGISTERS];
	uint8_t parts[METRICS_HLL_PARTS][METRICS_HLL_REGISTERS];
	struct metrics_session table[METRICS_SESSIONS_TABLE];
};

/* ---- slots ---- */

enum {
	METRICS_CODE_NONE = 0,	/* closed without an answer */
	METRICS_CODE_FIRST = 1,	/* 100; the next is 101, up to 599 */
	METRICS_CODE_OTHER = METRICS_CODE_FIRST + 500,
	METRICS_CODES,
};

enum metrics_version {
	METRICS_VERSION_OTHER,
	METRICS_VERSION_10,
	METRICS_VERSION_11,
	METRICS_VERSION_20,
	METRICS_VERSION_COUNT
};

struct metrics_ring_totals {	/* see struct ring_stats */
	uint64_t enters;
	uint64_t submitted;
	uint64_t completed;
	uint64_t cq_overflows;
	uint64_t buffers_exhausted;
	uint64_t pool_done;
	uint64_t pool_rejected;
	uint64_t ops[RING_OP_COUNT];
	uint64_t errors[RING_OP_COUNT][RING_ERROR_COUNT];
};

struct metrics_totals {		/* sums since the segment was made */
	uint64_t counters[METRICS_COUNTER_COUNT];
	uint64_t requests;
	uint64_t requests_bytes_in;
	uint64_t requests_body_out;
	uint64_t aborted_client;
	uint64_t aborted_server;
	uint64_t codes[METRICS_CODES];
	uint64_t methods[METRICS_METHODS];
	uint64_t versions[METRICS_VERSION_COUNT];
	struct metrics_ring_totals ring;
	/* By what the cache did for them, enum metrics_cache_result. */
	uint64_t bytes_out[METRICS_CACHE_RESULT_COUNT];
	struct hist durations[METRICS_CACHE_RESULT_COUNT];
	struct hist first_byte;
};

struct metrics_gauges {		/* of the process that has the slot, now */
	int64_t values[METRICS_GAUGE_COUNT];
	/* The longest turn since it started, and those of two periods of
	 * METRICS_LATELY_S / 2: of this one and of the one before. */
	struct metrics_stall longest, lately[2];
	uint64_t sq_entries;
	uint64_t inflight;
	uint64_t inflight_ops[RING_OP_COUNT];	/* of it, by type */
	uint64_t cq_backlog;
	uint64_t buffers_total;
	uint64_t buffers_free;
	uint64_t stacks_used;
	uint64_t pool_threads;
	uint64_t pool_busy;
	uint64_t pool_queued;
	uint64_t pool_oldest_wait_ns;
};

struct metrics_scope_totals {
	uint64_t codes[METRICS_CODES];
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t body_out;
	struct hist duration;
};

enum { METRICS_CLASSES = 6 };	/* no answer, and the first digits 1 to 5 */

struct metrics_peer_totals {
	uint64_t classes[METRICS_CLASSES];
	uint64_t failures[METRICS_FAILURE_COUNT];
	uint64_t bytes_in;
	uint64_t bytes_out;
	struct hist times[METRICS_TIME_COUNT];
};

/* What a reader gets of one moment; see metrics_slot_read(). */
struct metrics_core {
	struct metrics_totals totals;
	struct metrics_gauges gauges;
};

struct metrics_top_entry {	/* what is counted of a key */
	uint64_t hash;		/* of the whole key, with session_seed */
	uint64_t len;		/* of the whole key */
	uint64_t over;		/* of `count`, what may have been of keys that
				 * had this entry before */
	uint64_t count;		/* requests */
	uint64_t bytes_out;	/* of those not in `over`, as all below */
	uint64_t duration_ns;
	uint64_t errors;	/* answered with 500 or more */
	char key[METRICS_TOP_KEY_MAX];	/* its beginning */
};

struct metrics_top_table {	/* one worker's part of a list */
	uint64_t number;	/* of the list; by the master */
	uint64_t size;		/* entries allocated; by the master */
	uint64_t used;		/* entries that there are; all requests with a
				 * key are in their counts */
	uint64_t gone_bytes_out;	/* of keys that lost their entries */
	uint64_t gone_duration_ns;
	uint64_t gone_errors;
	struct metrics_top_entry entries[METRICS_TOP_SIZE_MAX];
};

struct metrics_recent {
	uint64_t sequence;	/* 2n+1 while the n-th is written, 2n+2 after */
	struct metrics_request request;
};

struct metrics_followed_record {
	uint64_t sequence;	/* as above */
	struct metrics_followed request;
};

/* What is in flight in a worker, while somebody wants to know. */
struct metrics_inflight_table {
	uint64_t sequence;	/* of all below */
	uint64_t written_ns;	/* CLOCK_MONOTONIC */
	uint64_t all;		/* also those that found no room */
	uint64_t count;
	struct metrics_inflight entries[METRICS_INFLIGHT_MAX];
};

struct metrics_undo {
	uint64_t offset;	/* of a cell, from the start of the slot */
	uint64_t old;
};

/*
 * The most cells that one flush can change, by what changes them: a request
 * has its code and its duration in the whole, its server and its location,
 * its method, its version, its time to the first byte, its stages, and, if it
 * is like none beside it, bytes and sums by what the cache did for it; a
 * scope its bytes and the sums of its histogram; an upstream server all of
 * its cells, of which a try has one bin for each time; a key that takes the
 * entry of another one in a list the whole entry.
 */
enum {
	METRICS_PENDING_MAX = 256,	/* requests a flush */
	METRICS_SAMPLES_MAX = 64,	/* of each of 3 histograms a flush */
	METRICS_TRIES_MAX = 128,	/* of upstream servers a flush */
	METRICS_TOUCHED_MAX = 64,	/* upstream servers a flush */
	METRICS_TOP_TOUCHED_MAX = 64,	/* entries of lists a flush */
	METRICS_HIST_SUMS = 3,		/* count, sum, max */
	METRICS_UNDO_REQUESTS = METRICS_PENDING_MAX *
	    (3 + 3 + 1 + 1 + 1 + METRICS_STAGE_COUNT + 1 + METRICS_HIST_SUMS),
	METRICS_UNDO_SCOPES = METRICS_SCOPES_MAX * (3 + METRICS_HIST_SUMS),
	METRICS_UNDO_SAMPLES =
	    3 * (METRICS_SAMPLES_MAX + METRICS_HIST_SUMS),
	METRICS_UNDO_SUMS = offsetof(struct metrics_totals, codes) / 8 +
	    sizeof(struct metrics_ring_totals) / 8 +
	    (1 + METRICS_STAGE_COUNT) * METRICS_HIST_SUMS,
	METRICS_UNDO_PEERS = METRICS_TRIES_MAX * METRICS_TIME_COUNT +
	    METRICS_TOUCHED_MAX *
	    (offsetof(struct metrics_peer_totals, times) / 8 +
	    METRICS_TIME_COUNT * METRICS_HIST_SUMS),
	METRICS_UNDO_ZONES = METRICS_ZONES_MAX * METRICS_LIMIT_RESULT_COUNT,
	METRICS_UNDO_TOPS = METRICS_TOP_TOUCHED_MAX *
	    sizeof(struct metrics_top_entry) / 8 + METRICS_TOPS_MAX *
	    offsetof(struct metrics_top_table, entries) / 8,
	METRICS_UNDO_MAX = METRICS_UNDO_REQUESTS + METRICS_UNDO_SCOPES +
	    METRICS_UNDO_SAMPLES + METRICS_UNDO_SUMS + METRICS_UNDO_PEERS +
	    METRICS_UNDO_ZONES + METRICS_UNDO_TOPS,
};

enum metrics_slot_state {
	METRICS_SLOT_FREE,	/* its totals stay and still count */
	METRICS_SLOT_RUNNING,
	METRICS_SLOT_DRAINING,
};

enum metrics_slot_kind {
	METRICS_KIND_WORKER,
	METRICS_KIND_DASHBOARD,	/* its requests are not the site's */
};

struct metrics_slot {
	pthread_mutex_t lock;	/* of all below but where said otherwise */

	/* Changed by the worker at each flush. */
	_Alignas(64) uint64_t sequence;	/* of `core` to `peer_gauges`, and
					 * `scopes` to `tops` */
	uint64_t undo_count;	/* 0: no flush under way */
	uint64_t recent_count;	/* ever; the last METRICS_RECENT are kept */
	uint64_t error_count;	/* ever; the last METRICS_ERRORS are kept */
	uint64_t slow_count;	/* ever; numbers the records of `slow` */
	uint64_t heartbeat_ns;	/* CLOCK_MONOTONIC of its last turn; no lock */
	uint64_t follow_run;	/* that it has seen announced; no lock */
	uint64_t followed_count;	/* ever, as recent_count; no lock */

	/* Changed by the master, single words. */
	uint32_t state;		/* enum metrics_slot_state */
	uint32_t kind;		/* enum metrics_slot_kind */
	uint32_t pid;		/* written by the worker; 0: not yet there */
	uint32_t generation;
	uint32_t worker;	/* its index */
	uint32_t scope_limit;	/* scopes allocated: ids below this one */
	uint32_t peer_limit;	/* `peers`, likewise */
	uint32_t top_mask;	/* `tops` allocated: a bit each */
	uint64_t started_real_ns;
	uint64_t cpu_user_ns;	/* of former workers of this slot */
	uint64_t cpu_system_ns;

	_Alignas(64) struct metrics_core core;
	struct hist stages[METRICS_STAGE_COUNT];
	struct hist loop_lag;
	struct hist pool_wait;
	struct hist conn_age;
	uint64_t limits[METRICS_ZONES_MAX][METRICS_LIMIT_RESULT_COUNT];
	struct metrics_peer_gauges peer_gauges[METRICS_PEERS_MAX];
	struct metrics_undo undo[METRICS_UNDO_MAX];
	struct metrics_recent recent[METRICS_RECENT];
	struct metrics_recent errors[METRICS_ERRORS];
	/* One half of this second, the other of the last one in which there
	 * were any; what is older is written over bit by bit. */
	struct metrics_recent slow[2 * METRICS_SLOW_MAX];
	struct metrics_inflight_table inflight;
	struct metrics_followed_record followed[METRICS_FOLLOWED];

	/* Allocated as far as scope_limit and peer_limit only; of `tops` those
	 * in top_mask, as far as their size. */
	_Alignas(METRICS_ALIGN)
	struct metrics_scope_totals scopes[METRICS_SCOPES_MAX];
	_Alignas(METRICS_ALIGN)
	struct metrics_peer_totals peers[METRICS_PEERS_MAX];
	_Alignas(METRICS_ALIGN)
	struct metrics_top_table tops[METRICS_TOPS_MAX];
};

struct metrics_file {
	struct metrics_header header;
	_Alignas(METRICS_ALIGN) struct metrics_logs logs;
	_Alignas(METRICS_ALIGN) struct metrics_sessions sessions;
	_Alignas(METRICS_ALIGN) struct metrics_slot slots[METRICS_SLOTS];
};

_Static_assert(offsetof(struct metrics_header, magic) == 0, "magic is first");
_Static_assert(offsetof(struct metrics_header, header_size) == 12,
    "what a reader checks first never moves");
_Static_assert(offsetof(struct metrics_file, slots) % METRICS_ALIGN == 0 &&
    sizeof(struct metrics_slot) % METRICS_ALIGN == 0, "slots on pages");
_Static_assert(sizeof(struct metrics_core) % 8 == 0 &&
    sizeof(struct metrics_scope_totals) % 8 == 0 &&
    sizeof(struct metrics_peer_totals) % 8 == 0 &&
    sizeof(struct metrics_top) % 8 == 0 &&
    sizeof(struct metrics_top_table) % 8 == 0 &&
    sizeof(struct metrics_request) % 8 == 0 &&
    sizeof(struct metrics_inflight) % 8 == 0 &&
    sizeof(struct metrics_followed) % 8 == 0 &&
    sizeof(struct metrics_log_line) % 8 == 0 &&
    sizeof(struct metrics_reload) % 8 == 0 &&
    sizeof(struct metrics_identity) % 8 == 0 &&
    sizeof(struct metrics_mark) % 8 == 0, "copied word by word");
_Static_assert((int)METRICS_RECENT >= (int)METRICS_PENDING_MAX,
    "a flush writes no record twice");
_Static_assert(sizeof(struct metrics_log_line) + 8 == 256, "a line's room");

/* What a died owner of header.lock left; for metrics_lock(). */
void metrics_header_repair(void *header);

/* A process's mapping of the file. */
struct metrics_segment {
	struct metrics_file *file;
	int fd;			/* to allocate slots, and for owner.h */
	char *path;
};

/* ---- the master ---- */

struct metrics_options {
	const char *version;
	const char *uring_features;	/* or NULL */
	const char *config_file;	/* or NULL */
	const char *const *methods;	/* names of enum http_method */
	unsigned method_count;		/* at most METRICS_METHODS */
	unsigned session_idle_s;	/* 0: half an hour */
};

/*
 * Make a new segment at `path` (mode 0640), in place of an old one, whose
 * owners may go on with it, and hold it (owner.h). SIGXFSZ has to be ignored
 * for a file size limit to be an error. Returns 0 or -errno (-ENOSPC, -EFBIG,
 * -EACCES, ...).
 */
int metrics_segment_create(const char *path,
    const struct metrics_options *options, struct metrics_segment **ret);

/*
 * Share a segment that another process made, from a descriptor that is open
 * for reading and writing, without holding it: to announce a load test or to
 * switch the cache. On success the descriptor belongs to the segment.
 * Returns 0 or -errno as metrics_segment_attach().
 */
int metrics_segment_share(int fd, struct metrics_segment **ret);

/*
 * Share the segment of a master that still runs, and hold it (owner.h): for
 * the upgrade of the binary. Returns 0, -EPROTO if it is not a segment or of
 * another layout (then make a new one), or -errno.
 */
int metrics_segment_attach(const char *path,
    const struct metrics_options *options, struct metrics_segment **ret);

/* Unmap it; the file stays. */
void metrics_segment_close(struct metrics_segment **segment);

/* The file's name is still this segment's, and not that of a newer one: only
 * then may a stopping master remove it. */
bool metrics_segment_is_current(const struct metrics_segment *segment);

/*
 * The id of a server or location, which is the same whenever the same name
 * comes again; with no room left that of "other". The id goes into
 * struct metrics_request; slots assigned from now on can count it.
 *
 * parent:  of a location, the id of its server; else METRICS_SCOPE_NONE
 * Returns the id, or -errno if the lock is damaged. Takes header.lock.
 */
int metrics_scope_id(struct metrics_segment *segment,
    enum metrics_scope_kind kind, unsigned parent, struct slice name);

/*
 * The id of a server of an upstream group, or of a zone of limits, in the same
 * way: it goes into struct metrics_try, or to metrics_limit_count().
 */
int metrics_peer_id(struct metrics_segment *segment, struct slice group,
    struct slice address);
int metrics_zone_id(struct metrics_segment *segment, struct slice name);

/* Show how full a zone is. Any thread of any process; of two that do so at
 * once, either may win. */
void metrics_zone_show(struct metrics_segment *segment, unsigned zone,
    const struct metrics_zone_use *use);

/* Remember an event. The text is cut at METRICS_MARK_TEXT_MAX. Takes
 * header.lock; 0 or -errno. */
int metrics_mark(struct metrics_segment *segment, enum metrics_mark_kind kind,
    struct slice text);

/*
 * Record the result of a reload, or of the first load. Takes header.lock.
 *
 * config_hash:  of the new configuration; ignored when it failed
 * error:        why it failed; empty when it did not
 */
int metrics_reload_result(struct metrics_segment *segment, bool ok,
    uint64_t config_hash, struct slice error);

/* Count a reload (not the first load). */
void metrics_reload_count(struct metrics_segment *segment, bool ok);

/* Count how a worker ended. */
void metrics_exit_count(struct metrics_segment *segment,
    enum metrics_exit reason);
void metrics_respawn_count(struct metrics_segment *segment);

/* Set single words of the header; any process with a writable mapping. */
void metrics_generation_set(struct metrics_segment *segment, uint64_t value);
void metrics_connections_limit_set(struct metrics_segment *segment,
    uint64_t limit);

/* This process is the master again: the one that was to follow it died. */
void metrics_master_return(struct metrics_segment *segment);

/* Switch the file cache of all workers; adds a mark if it changed. */
int metrics_cache_switch(struct metrics_segment *segment, bool on);

/* Have all workers empty their file caches, and add a mark. 0 or -errno. */
int metrics_cache_flush(struct metrics_segment *segment);

/* The same, unnoticed: it was no wish of an operator. Any thread. */
void metrics_cache_void(struct metrics_segment *segment);

static inline bool metrics_cache_enabled(const struct metrics_segment *segment)
{
	return __atomic_load_n(&segment->file->header.cache_enabled,
	    __ATOMIC_RELAXED);
}

/* Another number than before: the cache was to be emptied. */
static inline uint32_t metrics_cache_epoch(
    const struct metrics_segment *segment)
{
	return __atomic_load_n(&segment->file->header.cache_epoch,
	    __ATOMIC_RELAXED);
}

/* ---- what is in flight ---- */

/* Have workers show what is in flight until `until_s` (CLOCK_MONOTONIC). */
void metrics_inflight_want(struct metrics_segment *segment, uint64_t until_s);

static inline bool metrics_inflight_wanted(
    const struct metrics_segment *segment, uint64_t now_s)
{
	return now_s < __atomic_load_n(
	    &segment->file->header.inflight_wanted_s, __ATOMIC_RELAXED);
}

/* ---- readers ---- */

/*
 * Map a segment for reading: it cannot be locked or damaged by this process.
 * Returns 0, -EPROTO if it is not a segment, is cut short or of another
 * layout, or -errno.
 */
int metrics_open_readonly(const char *path, struct metrics_segment **ret);

/*
 * Why the file at `path` cannot be opened by it, for people: fills and returns
 * `words`, such as "is no metrics segment", which end a sentence.
 */
const char *metrics_segment_wrong(const char *path,
    char words[METRICS_WRONG_MAX]);

/* Slots that may be read, from 0. */
unsigned metrics_slot_count(const struct metrics_segment *segment);
unsigned metrics_scope_count(const struct metrics_segment *segment);
unsigned metrics_peer_count(const struct metrics_segment *segment);
unsigned metrics_zone_count(const struct metrics_segment *segment);

/* The last reload; 0, or -EAGAIN with a copy that may be torn. */
int metrics_reload_read(const struct metrics_segment *segment,
    struct metrics_reload *ret);
int metrics_identity_read(const struct metrics_segment *segment,
    struct metrics_identity *ret);

/* Up to METRICS_MARKS marks, oldest first; returns how many. */
unsigned metrics_marks_read(const struct metrics_segment *segment,
    struct metrics_mark *marks);

/* A mark for people, "mark: version 7"; fills and returns `words`. */
const char *metrics_mark_words(const struct metrics_mark *mark,
    char words[METRICS_MARK_WORDS_MAX]);

#endif

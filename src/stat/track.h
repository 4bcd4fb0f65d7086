#ifndef RINGMASTER_STAT_TRACK_H
#define RINGMASTER_STAT_TRACK_H

#include "base/hist.h"
#include "metrics/snapshot.h"
#include "stat/sketch.h"

/*
 * What the screens know beyond the newest snapshot: what was in the ones
 * before it. All of it is in one struct of fixed size, whatever the server
 * does.
 */

enum {
	TRACK_SAMPLES = 1024,	/* values kept of a line */
	TRACK_MINUTE = 60,	/* samples that "lately" is made of */
	TRACK_HEAT_EACH = 3,	/* rows of the heat map in a decade */
	TRACK_HEATS = HIST_DECADES * TRACK_HEAT_EACH,
	TRACK_REQUESTS = 1000,	/* single ones kept */
	TRACK_RATES = 4096,	/* numbers whose rate is known; of 2^n */
	TRACK_STAGES = 6,
};

enum track_line {		/* what is drawn over time, each a second */
	TRACK_TIME,		/* Unix seconds */
	TRACK_REQUEST_RATE,
	TRACK_CLIENTS,
	TRACK_MEAN,		/* seconds, of the requests since the last */
	TRACK_P50,
	TRACK_P95,
	TRACK_P99,
	TRACK_CLASSES,		/* of enum track_class */
	TRACK_BYTES_OUT = TRACK_CLASSES + 6,
	TRACK_HIT_SHARE,
	TRACK_ERRORS,		/* 5xx and aborted */
	TRACK_BUSY,		/* threads of the pools */
	TRACK_SESSIONS,
	TRACK_LINES
};

enum track_class { TRACK_1XX, TRACK_2XX, TRACK_3XX, TRACK_4XX, TRACK_5XX,
	TRACK_ABORTED, TRACK_CLASS_COUNT };

/* What has a rate; the number says which one of them. */
enum track_what {
	TRACK_OF_ALL,		/* by enum track_total */
	TRACK_OF_WORKER,	/* requests, by its index */
	TRACK_OF_WORKER_CPU,	/* nanoseconds */
	TRACK_OF_SERVER,	/* requests, by its place in the snapshot */
	TRACK_OF_SERVER_BYTES,
	TRACK_OF_LOCATION,	/* by server << 16 | its place in that */
	TRACK_OF_LOCATION_BYTES,
	TRACK_OF_PEER,		/* by upstream << 16 | its place in that */
	TRACK_OF_PEER_BYTES,	/* received from it */
	TRACK_WHAT_COUNT
};

enum track_total { TRACK_ALL_REQUESTS, TRACK_ALL_BYTES_IN, TRACK_ALL_BYTES_OUT,
	TRACK_ALL_HITS, TRACK_ALL_MISSES,
	TRACK_ALL_SESSIONS, TRACK_ALL_TASKS, TRACK_ALL_CLASSES };

struct track_request {		/* texts are as they came, and terminated */
	uint64_t time_unix_ns;
	double seconds;
	uint64_t bytes;
	uint32_t status;	/* 0: none */
	uint32_t worker;
	int cache;		/* Ringmaster__V1__CacheResult */
	bool aborted;
	bool staged;
	double stages[TRACK_STAGES];	/* if so, in seconds */
	char client[64];
	char method[16];
	char protocol[16];
	char id[24];
	char server[96];
	char upstream[64];	/* that it was passed to; or "" */
	double upstream_seconds;
	char path[SKETCH_KEY_MAX];
};

struct track_rate {
	uint64_t key;		/* 0: free */
	uint64_t value;
	double rate;
};

struct track_hist {
	struct hist total;	/* since the server began */
	struct hist interval;	/* since the snapshot before */
	struct hist lately;	/* since the oldest of `before` */
	struct hist before[TRACK_MINUTE];	/* `total` of the last ones */
};

struct track {			/* at first all zeros */
	const Ringmaster__V1__Snapshot *now;	/* the newest; not owned */
	uint64_t mono_ns;	/* when it was taken; CLOCK_MONOTONIC */
	double interval_s;	/* between it and the one before */
	unsigned run;		/* of the server */

	unsigned count;		/* values in each line */
	double lines[TRACK_LINES][TRACK_SAMPLES];	/* oldest first */
	uint32_t heat[TRACK_SAMPLES][TRACK_HEATS];	/* likewise */
	double peak_rate;	/* of all that were seen */

	struct track_hist all;	/* durations */
	struct track_hist hits;	/* of requests answered from the cache */
	unsigned before_count, before_next;
	double stage_sums[TRACK_STAGES];	/* seconds, as of now */
	double stage_shares[TRACK_STAGES];	/* of those of late */

	struct track_rate rates[2][TRACK_RATES];	/* by turns */
	unsigned rates_now;

	struct sketch paths;
	struct sketch clients;
	struct sketch listed;	/* one of the server's, to be drawn */
	uint64_t missed;	/* requests that are not in the sketches */

	struct track_request requests[TRACK_REQUESTS];	/* a ring */
	unsigned request_count, request_next;
};

/* Names of the stages, in their order. */
extern const char *const track_stages[TRACK_STAGES];

/*
 * Take in a snapshot, which must stay until the next one.
 *
 * mono_ns:  when it was taken; CLOCK_MONOTONIC
 * run:      another number says that the server counts from zero again
 */
void track_update(struct track *track, const Ringmaster__V1__Snapshot *now,
    uint64_t mono_ns, unsigned run);

/* Take in a request, the oldest first; its texts are copied. */
void track_request_add(struct track *track,
    const Ringmaster__V1__Request *request);

/* There is no snapshot at this time: the lines have a gap. */
void track_gap(struct track *track);

/* Begin what is counted by the viewer anew: sketches, histograms, peaks. */
void track_reset(struct track *track);

/* Rate a second of a number since the snapshot before; NAN if unknown. */
double track_rate(const struct track *track, enum track_what what,
    uint64_t which);

/* The newest value of a line; NAN without one. */
double track_last(const struct track *track, enum track_line line);

/* The greatest of the last `count` values of a line, or 0. */
double track_max(const struct track *track, enum track_line line,
    unsigned count);

/* A kept request: the i-th newest, below request_count. */
const struct track_request *track_request_at(const struct track *track,
    unsigned i);

/* Ended requests of a status class; none without classes. */
uint64_t track_class_count(const Ringmaster__V1__CodeClasses *classes,
    enum track_class which);
uint64_t track_class_sum(const Ringmaster__V1__CodeClasses *classes);

/* The histograms of the stages, in their order; NULL are those without. */
void track_stage_hists(const Ringmaster__V1__Snapshot *now,
    const Ringmaster__V1__Histogram *ret[TRACK_STAGES]);

#endif

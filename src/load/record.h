#ifndef RINGMASTER_LOAD_RECORD_H
#define RINGMASTER_LOAD_RECORD_H

#include "base/hist.h"
#include "load/hdr.h"

/*
 * What was measured. Each thread has a record of its own and adds to it
 * without a lock; seconds are handed over when they are complete.
 */

/* Why a request failed. Each failed request has one cause. */
#define LOAD_ERRORS(X) \
	X(CONNECT_REFUSED, "connect_refused", "connection refused") \
	X(CONNECT_TIMEOUT, "connect_timeout", "no connection in time") \
	X(CONNECT_OTHER, "connect", "cannot connect") \
	X(RESET, "reset", "connection reset by the server") \
	X(CLOSED, "closed", "connection closed before the answer") \
	X(TRUNCATED, "truncated", "answer shorter than announced") \
	X(TIMEOUT, "timeout", "no answer in time") \
	X(MALFORMED, "malformed", "answer is not HTTP") \
	X(TLS, "tls", "the server speaks TLS") \
	X(STATUS, "status", "status not as expected") \
	X(BODY, "body", "content not as expected") \
	X(DESCRIPTORS, "descriptors", "out of file descriptors") \
	X(PORTS, "ports", "out of local ports") \
	X(OTHER, "other", "other")

enum load_error {
#define LOAD_ERROR_ID(id, name, text) LOAD_ERROR_##id,
	LOAD_ERRORS(LOAD_ERROR_ID)
#undef LOAD_ERROR_ID
	LOAD_ERROR_COUNT,
	LOAD_OK = LOAD_ERROR_COUNT
};

extern const char *const load_error_names[LOAD_ERROR_COUNT];
extern const char *const load_error_texts[LOAD_ERROR_COUNT];

/* The cause that a negative errno of a connection stands for. */
enum load_error load_error_of(int err);

enum { LOAD_STATUSES = 600 };		/* answers by status; 0: higher ones */

/* Sums. A request is sent once, and then completed or failed; what is
 * neither when the test is over is unfinished. */
struct load_counts {
	uint64_t sent;
	uint64_t completed;		/* answered in full, as expected */
	uint64_t errors[LOAD_ERROR_COUNT];
	uint64_t retried;		/* of those sent, sent once more */
	uint64_t connects;		/* connections made */
	uint64_t bytes_out, bytes_in;	/* of HTTP */
};

/* A second of a thread, or of all. */
struct load_second {
	struct load_counts counts;	/* in it */
	uint64_t due;			/* arrivals of the open model */
	uint64_t backlog;		/* of these, not yet sent at its end */
	uint64_t connections;		/* open at its end */
	struct hist response;		/* of what was completed in it */
	uint64_t service_max_ns;
};

/* All of a thread, or of all, without the warm-up. */
struct load_record {
	struct load_counts counts;
	uint64_t unfinished;		/* sent, and neither answered nor failed
					 * when the test was over */
	uint64_t unsent;		/* about how many were due, but no
					 * connection was free */
	uint64_t measured;		/* completed after the warm-up */
	uint64_t last_ns;		/* CLOCK_MONOTONIC of the last one that
					 * was completed; 0: none */
	uint64_t statuses[LOAD_STATUSES];
	struct hdr response;		/* intended to done */
	struct hdr service;		/* sent to done */
	struct hdr first_byte;		/* sent to first byte */
	struct hdr slip;		/* intended to sent; open model */
	struct hdr connect;		/* of connections */
};

void load_counts_add(struct load_counts *counts,
    const struct load_counts *more);
void load_second_add(struct load_second *second,
    const struct load_second *more);
void load_record_add(struct load_record *record,
    const struct load_record *more);

#endif

#ifndef RINGMASTER_LOAD_RESULTS_READ_H
#define RINGMASTER_LOAD_RESULTS_READ_H

#include "base/buf.h"
#include "load/json_read.h"
#include "load/results.h"

/* What reading and changing the file of results share. */

enum {
	RESULTS_VERSION = 1,
	RESULTS_RUN_MEMORY = 128 << 20,	/* of a run that is read */
};

/* A file that is read run by run. */
struct results_reading {
	/* Set by the caller. */
	struct load_results *results;
	bool (*fn)(struct results_reading *reading, struct slice text,
	    Ringmaster__V1__LoadResult *result);
	void *arg;

	bool stopped;			/* fn returned false */
	struct json_reader reader;
	struct arena *arena;		/* of one run */
};

/* Read the file into `text`, where it stays, and give each run to reading->fn,
 * which says whether to go on. A file that is missing has none. 0 or -errno
 * with a message. */
int results_read(struct results_reading *reading, struct buf *text);

/* Put the message together: "PATH: what", "PATH: cannot WHAT it: why". Return
 * err. */
int results_fail(struct load_results *results, int err, const char *what);
int results_fail_errno(struct load_results *results, int err,
    const char *what);

#endif

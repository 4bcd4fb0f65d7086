#ifndef RINGMASTER_REPORT_SOURCE_H
#define RINGMASTER_REPORT_SOURCE_H

#include "base/arena.h"
#include "base/buf.h"
#include "load.pb-c.h"

/*
 * The runs that a report can be about: of files of results, of a single
 * result as `ringload --json` prints it, and of pictures that carry either.
 * Foreign bytes end here: what comes out has all its parts.
 */

enum {
	SOURCE_BYTES_MAX = 64 << 20,	/* of a file */
	SOURCE_MEMORY_MAX = 256 << 20,	/* of all runs */
	SOURCE_RUNS_MAX = 1000,
	SOURCE_WHY_MAX = 512,
	SOURCE_DIGEST = 64,		/* digits */
};

/* The chunk of a picture in which its data is. */
#define SOURCE_KEYWORD "ringmaster LoadResults"

/* A run, and what tells whether it can be compared with another. */
struct source_run {
	const char *run, *name, *url, *model;
	uint64_t started_ns, requests, errors;
	uint32_t connections;
	double target, rate, p50, p99;
	bool passed, valid;
	struct slice packed;		/* all of it */
};

struct source {
	struct arena arena;
	struct source_run runs[SOURCE_RUNS_MAX];	/* oldest first */
	unsigned count;
	char why[SOURCE_WHY_MAX];	/* the last error, a sentence */
};

/* Heap memory, which it is large for; NULL without. */
struct source *source_new(void);
void source_free(struct source *source);

/*
 * Add the runs of a file, "-" for the standard input; *ret becomes the index
 * of its last one. A run that is there already stays as it was, unless the
 * new one says more.
 *
 * Returns 0, or -errno with a sentence: -ENOENT if there is no such file,
 * -ENODATA if it has no runs, -EBADMSG if it is damaged or something else,
 * -EFBIG beyond the limits, -ENOMEM.
 */
int source_read(struct source *source, const char *path, unsigned *ret);

/* The same for bytes; `path` is for sentences. */
int source_read_bytes(struct source *source, const char *path,
    struct slice bytes, unsigned *ret);

/* What is in a file of results or a picture as text. */
int source_extract(struct source *source, const char *path, struct slice bytes,
    struct buf *out);

/* The SHA-256 of what a picture carries, which is at its foot, as hexadecimal
 * digits, terminated. Returns 0 or -EIO. */
int source_digest(struct slice data, char ret[SOURCE_DIGEST + 1]);

/* A file's bytes, up to SOURCE_BYTES_MAX. */
int source_load(struct source *source, const char *path, struct buf *out);

/* The index of a run by its id, or -ENOENT. */
int source_find(struct source *source, const char *run);

/* Of one before `index` that asked the same of the same server; else -1. */
int source_previous(const struct source *source, unsigned index);

/* A run with all its parts, in the arena; NULL without memory. */
Ringmaster__V1__LoadResult *source_unpack(const struct source *source,
    unsigned index, struct arena *arena);

/* How much of a run. */
enum source_detail {
	SOURCE_FIGURES,
	SOURCE_CURVE,			/* and how response times are spread */
	SOURCE_WHOLE,
};

struct source_part {
	unsigned index;
	enum source_detail detail;
};

/* Append runs as a file of results. Returns 0 or -ENOMEM. */
int source_write(const struct source *source, const struct source_part *parts,
    unsigned count, struct buf *out);

#endif

#ifndef RINGMASTER_METRICS_SNAPSHOT_PART_H
#define RINGMASTER_METRICS_SNAPSHOT_PART_H

#include "metrics/snapshot.h"
#include "metrics/view.h"

/*
 * Parts of a snapshot, each made by one function; private to snapshot*.c.
 * Without memory a function returns NULL, or "" for a text, and sets
 * `failed`; a message takes it for an absent field, so nobody has to check
 * before the end.
 */

struct snapshot {
	const struct metrics_segment *segment;
	struct arena *arena;
	const struct metrics_view *view;
	bool failed;
};

#define SNAPSHOT_CACHE "files"	/* name of the file cache */

static inline double snapshot_seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

/* `count` cleared things. */
void *snapshot_alloc(struct snapshot *s, size_t count, size_t size);

/* A copy of text from anywhere, with %XX for what is not UTF-8. */
char *snapshot_text(struct snapshot *s, struct slice text);

/* A copy of a text of at most `size` bytes with its terminator. */
char *snapshot_cstr(struct snapshot *s, const char *text, size_t size);

/* The name of a server or location that there is. */
char *snapshot_scope_name(struct snapshot *s, unsigned id);

/* "scopes". */
const char *snapshot_table_name(enum metrics_table table);

/* "HTTP/1.1", or "other". */
const char *snapshot_protocol_name(enum metrics_version version);

/* Histogram and status codes, as several parts have them. */
Ringmaster__V1__Histogram *snapshot_hist(struct snapshot *s,
    const struct hist *hist);
Ringmaster__V1__CodeClasses *snapshot_classes(struct snapshot *s,
    const uint64_t codes[METRICS_CODES]);
Ringmaster__V1__CodeCount **snapshot_codes(struct snapshot *s,
    const uint64_t codes[METRICS_CODES], size_t *ret_count);

/* The rings of all workers. */
Ringmaster__V1__Uring *snapshot_uring(struct snapshot *s);

/* Fill in what is repeated. */
void snapshot_servers(struct snapshot *s, Ringmaster__V1__Snapshot *ret);
void snapshot_upstreams(struct snapshot *s, Ringmaster__V1__Snapshot *ret);
void snapshot_limits(struct snapshot *s, Ringmaster__V1__Snapshot *ret);
void snapshot_workers(struct snapshot *s, Ringmaster__V1__Snapshot *ret);
void snapshot_tops(struct snapshot *s, unsigned keys,
    Ringmaster__V1__Snapshot *ret);
void snapshot_recent(struct snapshot *s, unsigned max,
    Ringmaster__V1__Snapshot *ret);

#endif

#ifndef RINGMASTER_STAT_SOURCE_H
#define RINGMASTER_STAT_SOURCE_H

#include "base/arena.h"
#include "metrics/snapshot.h"

/*
 * Where ringstat's numbers come from: the metrics segment of a ringmaster,
 * which is only ever read, or a snapshot that was kept in a file. Neither
 * needs the server to run or to answer. One thread uses a source.
 */

enum {
	STAT_WHY_MAX = 512,		/* bytes of a sentence for people */
	STAT_INSTANCES_MAX = 64,
	STAT_REQUESTS_MAX = METRICS_SLOTS * METRICS_RECENT,
};

/* ---- which there are ---- */

struct stat_instance {
	char name[64];			/* "ringmaster" */
	char path[256];			/* of its segment */
	bool running;
	uint64_t seen_real_ns;		/* when it was last seen to live */
};

/*
 * Find instances: segments, named *.shm, in a folder, by name. What cannot be
 * read or is of another version is left out. Returns how many.
 */
unsigned stat_instances(const char *folder,
    struct stat_instance instances[STAT_INSTANCES_MAX]);

/* ---- one of them ---- */

struct stat_source;

/*
 * Open one.
 *
 * name:  of an instance, whose segment is RM_RUNDIR/NAME.shm; the path of a
 *        segment, of a folder that has one, or of a snapshot (*.pb, "-" is
 *        the standard input); NULL is the folder RM_RUNDIR. Of several in a
 *        folder it is the one that runs, or the one that ran last
 * Returns 0; or -errno with a sentence without a full stop in `why`: -ENOENT
 * and -EAGAIN (several run) may be over in a moment.
 */
int stat_source_open(const char *name, char why[STAT_WHY_MAX],
    struct stat_source **ret);

/* Open what is a snapshot whatever its name is. The same results. */
int stat_snapshot_open(const char *path, char why[STAT_WHY_MAX],
    struct stat_source **ret);

void stat_source_close(struct stat_source **source);

/* Name of the instance or of the file. */
const char *stat_source_name(const struct stat_source *source);

/* It is a snapshot: it will never change. */
bool stat_source_is_file(const struct stat_source *source);

/* What was at one moment. */
struct stat_sample {
	struct arena arena;		/* of the snapshot */
	Ringmaster__V1__Snapshot *snapshot;
	uint64_t taken_ns;		/* CLOCK_MONOTONIC */
	/* Counts the runs of the server that were seen; in another one all
	 * counts began anew. */
	unsigned run;
	uint64_t stopped_real_ns;	/* wall clock; 0: it runs */
};

/*
 * Take a sample. If the server was restarted, it is one of the new run. Of a
 * server that stopped it is the last state.
 *
 * options:  of the snapshot; or NULL for none of what they ask for
 * Returns 0 or -ENOMEM.
 */
int stat_source_sample(struct stat_source *source,
    const struct metrics_snapshot_options *options, struct stat_sample *ret);

/* Free what belongs to it; one that is all zeros is fine. */
void stat_sample_free(struct stat_sample *sample);

/* Words for a server that stopped, "stopped 12 s ago"; "" if it runs. */
const char *stat_sample_stopped(const struct stat_sample *sample,
    char words[STAT_WHY_MAX]);

/* ---- its requests ---- */

struct stat_requests {
	Ringmaster__V1__Request **list;	/* in the order they ended */
	unsigned count;
	uint64_t missed;	/* that were written over before this call */
};

/*
 * The requests that ended since the last call, with their memory in the
 * arena (METRICS_SNAPSHOT_BYTES are enough); at the first call those that
 * the segment still has, of which none counts as missed. A worker keeps its
 * last METRICS_RECENT. A snapshot gives those in it, once.
 * Returns 0 or -ENOMEM.
 */
int stat_source_requests(struct stat_source *source, struct arena *arena,
    struct stat_requests *ret);

#endif

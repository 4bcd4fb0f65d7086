#ifndef RINGMASTER_LOAD_RESULTS_H
#define RINGMASTER_LOAD_RESULTS_H

#include "base/arena.h"
#include "load.pb-c.h"

/*
 * The file of results, reports/test_results.json: LoadResults of
 * proto/load.proto in the usual form of metrics/json.h, one run a line,
 * oldest first.
 *
 * A change is written to a new file beside it, which takes its place when it
 * is on the disk: whoever reads, or is killed, or fills the disk, finds the
 * old file or the new one, whole. Writers wait for each other by the lock
 * (flock) of the directory; readers need none.
 */

enum {
	LOAD_RESULTS_MAX = 200,		/* runs that are kept */
	LOAD_RESULTS_BYTES_MAX = 64 << 20,	/* of the file */
	LOAD_RESULTS_MESSAGE_MAX = 512,
	LOAD_NAME_MAX = 100,		/* bytes of the name of a run */
	LOAD_NOTE_MAX = 1000,		/* bytes of a remark */
};

struct load_results {
	const char *path;
	/* After each call: why it failed, or what else people should know;
	 * or empty. */
	char message[LOAD_RESULTS_MESSAGE_MAX];
};

/* What is to be changed of a run; NULL stays as it is. */
struct load_results_edit {
	const char *name, *note;	/* valid UTF-8 within their limits */
	const bool *pinned;
	bool remove;			/* the run */
};

/*
 * Each of these returns 0 or -errno with a message:
 *
 * -EBADMSG  the file is not one of ours, or damaged
 * -EFBIG    it, or the run, is too large
 * -ENOENT   no such run
 * -EINVAL   what is to be written is not allowed, or the path is that of a
 *           directory, a device or the like, which stays as it is
 * -EBUSY    another process writes and does not end
 * and what open(), write(), fsync() and rename() return.
 */

/*
 * Append a run. Beyond the limits the oldest runs go, pinned ones last. A
 * file that cannot be read is put aside as PATH.bad-TIME, with a message, and
 * a new one is begun; so is the last directory of the path, if it is missing.
 */
int load_results_add(struct load_results *results,
    const Ringmaster__V1__LoadResult *result);

/* Change or remove the run of this id. */
int load_results_edit(struct load_results *results, const char *run,
    const struct load_results_edit *edit);

/* Call `fn` with each run, oldest first, until it returns false. What it is
 * given lives until it returns. A file that is missing has no runs. */
typedef bool (*load_results_cb)(void *arg,
    const Ringmaster__V1__LoadResult *result);
int load_results_each(struct load_results *results, load_results_cb fn,
    void *arg);

/* The same for the text of such a file; `path` is for messages only. */
int load_results_each_in(struct load_results *results, struct slice text,
    load_results_cb fn, void *arg);

/* The run of this id, in the arena. */
int load_results_find(struct load_results *results, const char *run,
    struct arena *arena, Ringmaster__V1__LoadResult **ret);

#endif

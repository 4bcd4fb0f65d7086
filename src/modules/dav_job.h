#ifndef RINGMASTER_MODULES_DAV_JOB_H
#define RINGMASTER_MODULES_DAV_JOB_H

#include "base/slice.h"
#include "modules/dav_file.h"

/* What a request of WebDAV comes to, done on the thread pool. */

struct http_worker;

/* What the pool is to do, and what came of it. */
struct dav_job {
	const struct http_worker *worker;
	const char *path;		/* no slash at its end */
	const char *to;			/* of COPY and MOVE */
	const char *body;		/* of PUT: its file */
	time_t modified;		/* of PUT; -1: now */
	bool slash;			/* the URI ends in one */
	bool overwrite, move;		/* of COPY and MOVE */
	bool full_path;			/* of PUT: make what leads to it */
	mode_t access;			/* of files that are made */
	unsigned status;
	const char *why;		/* for the log, if no call failed */
	struct dav_failure failure;
};

/*
 * For http_offload(): do what the job says. `status` is what to answer with;
 * from 300 on that is a failure, and `failure` or `why` may say more.
 *
 * dav_put_run:      move `body` to `path`
 * dav_delete_run:   remove `path`
 * dav_mkcol_run:    make the directory `path`
 * dav_transfer_run: copy or move `path` to `to`
 */
void dav_put_run(void *job);
void dav_delete_run(void *job);
void dav_mkcol_run(void *job);
void dav_transfer_run(void *job);

#endif

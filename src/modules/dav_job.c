/*
 * dav: the methods on files. What is there is looked at first, as what may be
 * done and with which status depends on it; then dav_file.c does it.
 */

#include "modules/dav_job.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "http/file_cache.h"

/* A directory may be entered by whoever may read it. */
static mode_t dav_dir_access(const struct dav_job *job)
{
	return job->access | (job->access & 0444) >> 2;
}

/* The status for a call that failed; `missing` if there was nothing. */
static unsigned dav_error_status(int error, unsigned missing)
{
	switch (error < 0 ? -error : error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return missing;
	case EACCES:
	case EPERM:
		return 403;
	case EEXIST:
		return 405;
	case ENOSPC:
		return 507;
	default:
		return 500;
	}
}

static void dav_call_failed(struct dav_job *job, const char *call,
    unsigned missing)
{
	job->failure = (struct dav_failure){ .call = call, .error = errno };
	job->status = dav_error_status(errno, missing);
}

/* What the path is. A link is a directory for nobody. */
static bool dav_look(struct dav_job *job, struct stat *ret, unsigned missing,
    unsigned no_dir)
{
	if (lstat(job->path, ret) == 0) {
		if (!job->slash || S_ISDIR(ret->st_mode))
			return true;
		errno = ENOTDIR;
	}
	dav_call_failed(job, "lstat()", errno == ENOTDIR ? no_dir : missing);
	return false;
}

void dav_put_run(void *arg)
{
	struct dav_job *job = arg;
	struct dav_target to = { job->path, job->access, job->modified,
		job->full_path ? dav_dir_access(job) : 0 };
	struct stat st;

	job->status = 201;
	if (stat(job->path, &st) == 0) {
		job->status = 204;
		if (S_ISDIR(st.st_mode)) {
			job->why = "could not be created: it is a directory";
			job->status = 409;
			return;
		}
	}
	if (dav_file_move(job->body, &to, &job->failure))
		job->status = 500;
}

void dav_delete_run(void *arg)
{
	struct dav_job *job = arg;
	struct stat st;
	int err;

	if (!dav_look(job, &st, 404, 409))
		return;
	if (S_ISDIR(st.st_mode) && !job->slash) {
		job->why = "is a directory";
		job->status = 409;
		return;
	}
	job->status = 204;
	if (S_ISDIR(st.st_mode)) {
		err = dav_tree_remove(job->path, &job->failure);
		if (err)
			job->status = dav_error_status(err, 404);
	} else if (unlink(job->path) < 0) {
		dav_call_failed(job, "unlink()", 404);
	}
}

void dav_mkcol_run(void *arg)
{
	struct dav_job *job = arg;
	mode_t access = dav_dir_access(job);

	job->status = 201;
	if (mkdir(job->path, access) < 0)
		dav_call_failed(job, "mkdir()", 409);
	else if (chmod(job->path, access) < 0)	/* whatever the umask */
		dav_call_failed(job, "chmod()", 409);
}

/* Is the destination free, or may it be replaced? */
static bool dav_destination_ok(struct dav_job *job, struct stat *ret,
    bool *ret_exists)
{
	*ret_exists = lstat(job->to, ret) == 0;
	if (!*ret_exists) {
		if (errno == ENOENT)
			return true;
		dav_call_failed(job, "lstat()", 404);
	} else if (S_ISDIR(ret->st_mode) && !job->slash) {
		job->why = "could not be replaced: it is a collection";
		job->status = 409;
	} else if (!job->overwrite) {
		job->why = "could not be created: it exists";
		job->status = 412;
	} else {
		return true;
	}
	return false;
}

static void dav_transfer_file(struct dav_job *job)
{
	struct dav_target to = { job->to, 0, -1, dav_dir_access(job) };
	int err = job->move ? dav_file_move(job->path, &to, &job->failure)
			    : dav_file_copy(job->path, &to, &job->failure);

	job->status = err ? 500 : 204;
}

static void dav_transfer_tree(struct dav_job *job)
{
	int err = 0;

	job->status = 201;
	if (job->move && rename(job->path, job->to) == 0) {
		file_cache_void(job->worker);
		return;
	}
	err = dav_tree_copy(job->path, job->to, &job->failure);
	if (!err && job->move)
		err = dav_tree_remove(job->path, &job->failure);
	if (err)
		job->status = job->failure.name[0] ? 500 :
		    dav_error_status(err, 404);
}

/* Remove what is at the destination. */
static bool dav_replace(struct dav_job *job, bool directory)
{
	int err = directory ? dav_tree_remove(job->to, &job->failure) : 0;

	if (err)
		job->status = dav_error_status(err, 404);
	else if (!directory && unlink(job->to) < 0)
		dav_call_failed(job, "unlink()", 404);
	return !job->status;
}

void dav_transfer_run(void *arg)
{
	struct dav_job *job = arg;
	struct stat from, to;
	bool exists;

	if (!dav_destination_ok(job, &to, &exists) ||
	    !dav_look(job, &from, 404, 404))
		return;
	if (!S_ISDIR(from.st_mode)) {
		dav_transfer_file(job);
		return;
	}
	if (!job->slash) {
		job->why = "is a collection";
		job->status = 400;
		return;
	}
	if (!exists || dav_replace(job, S_ISDIR(to.st_mode)))
		dav_transfer_tree(job);
}

#include "master/persist.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "master/state.h"
#include "master/title.h"
#include "metrics/persist.h"

/* Absolute; empty: nothing is kept. */
static struct slice persist_path(const struct master *master)
{
	return master->cycle->core->metrics_persist;
}

/* ---- reading ---- */

void persist_look(struct master *master, const struct core_conf *core)
{
	/* There may be none, or one of another version: then the file has to
	 * do. */
	if (core->metrics_persist.len)
		(void)metrics_open_readonly(core->metrics_segment.data,
		    &master->persist.former);
}

/* The counts in the former segment, if they are those of the file but
 * newer. */
static Ringmaster__V1__Snapshot *persist_newer(const struct master *master,
    struct arena *arena, Ringmaster__V1__Snapshot *kept)
{
	const struct metrics_snapshot_options options = { .recent = 0 };
	Ringmaster__V1__Snapshot *left;

	if (!master->persist.former || metrics_snapshot_fill(
	    master->persist.former, &options, arena, &left) < 0 ||
	    strcmp(left->identity->instance, kept->identity->instance) != 0 ||
	    left->total_requests < kept->total_requests)
		return kept;
	return left;
}

static void persist_put_aside(const struct master *master, const char *path,
    const char *why)
{
	char name[PATH_MAX];
	int len = snprintf(name, sizeof(name), "%s.bad", path);

	if (len >= (int)sizeof(name) || rename(path, name) < 0)
		log_write(master->log, LOG_LEVEL_ERROR, errno, "the metrics "
		    "in \"%s\" cannot be used, %s; counting begins with zero",
		    path, why);
	else
		log_write(master->log, LOG_LEVEL_WARN, 0, "the metrics in "
		    "\"%s\" cannot be used, %s: the file was put aside as "
		    "\"%s\", and counting begins with zero", path, why, name);
}

static void persist_restore(struct master *master, const char *path,
    struct arena *arena)
{
	Ringmaster__V1__Snapshot *kept;
	const char *wrong = "";
	int err = metrics_persist_read(path, arena, &wrong, &kept);

	if (err == -ENOENT)
		return;
	if (err == -EBADMSG) {
		persist_put_aside(master, path, wrong);
		return;
	}
	if (!err) {
		kept = persist_newer(master, arena, kept);
		err = metrics_restore(master->segment, kept, master->log);
	}
	if (err)
		log_write(master->log, LOG_LEVEL_ERROR, -err, "reading the "
		    "metrics in \"%s\" failed, counting begins with zero",
		    path);
	else
		log_write(master->log, LOG_LEVEL_NOTICE, 0, "the metrics in "
		    "\"%s\" go on from %llu requests", path,
		    (unsigned long long)kept->total_requests);
}

void persist_load(struct master *master)
{
	struct slice path = persist_path(master);
	struct arena arena;

	arena_init(&arena, NULL, 0, METRICS_PERSIST_ARENA);
	if (path.len)
		persist_restore(master, path.data, &arena);
	arena_fini(&arena);
	metrics_segment_close(&master->persist.former);
}

/* ---- writing ---- */

static void persist_written(struct master *master, int err)
{
	struct persist *persist = &master->persist;
	const char *path = persist_path(master).data;

	if (err && !persist->failed)
		log_write(master->log, LOG_LEVEL_ERROR, -err,
		    "keeping the metrics in \"%s\" failed", path);
	else if (!err && persist->failed)
		log_write(master->log, LOG_LEVEL_NOTICE, 0,
		    "the metrics are kept in \"%s\" again", path);
	persist->failed = err != 0;
}

/* The child; it ends with us, lest it writes after our successor. */
static void persist_child(struct master *master)
{
	int err;

	title_set("metrics writer process");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* cannot fail */
	err = metrics_persist_write(master->segment,
	    persist_path(master).data);
	_exit(err < -UCHAR_MAX ? EIO : -err);
}

void persist_turn(struct master *master, uint64_t now_ns)
{
	struct persist *persist = &master->persist;

	if (now_ns < persist->next_ns || persist->writer ||
	    !persist_path(master).len || !master_is_main(master) ||
	    master->state >= MASTER_QUITTING)
		return;
	persist->next_ns = now_ns + PERSIST_PERIOD_NS;
	persist->writer = fork();
	if (persist->writer == 0)
		persist_child(master);
	if (persist->writer < 0) {
		persist->writer = 0;
		persist_written(master, -errno);
	}
}

bool persist_reap(struct master *master, pid_t pid, int status)
{
	if (pid != master->persist.writer)
		return false;
	master->persist.writer = 0;
	if (persist_path(master).len)	/* else a reload ended it */
		persist_written(master, WIFEXITED(status)
		    ? -WEXITSTATUS(status) : -EINTR);
	return true;
}

void persist_stop(struct master *master)
{
	if (master->persist.writer) {
		(void)kill(master->persist.writer, SIGKILL);
		(void)waitpid(master->persist.writer, NULL, 0);
	}
	if (persist_path(master).len && master_is_main(master))
		persist_written(master, metrics_persist_write(master->segment,
		    persist_path(master).data));
}

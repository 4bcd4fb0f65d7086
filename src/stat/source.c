/*
 * A mapped segment stays readable when the server stops and when its file is
 * removed or replaced. So there always is a last state, and a restart shows
 * by another file under the name.
 */
#include "stat/source.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "metrics/lock.h"
#include "metrics/owner.h"
#include "metrics/slot.h"
#include "stat/source_part.h"

struct stat_source {
	char *path;
	char *name;
	struct metrics_segment *segment;	/* NULL: a snapshot */
	struct buf bytes;			/* of the snapshot */
	unsigned run;
	/* Of the requests: what was given out, and what there was. */
	uint64_t next[METRICS_SLOTS];
	uint64_t given, total, missed;
	bool followed;
};

/* ---- life ---- */

static void source_refuse(char why[STAT_WHY_MAX], const char *path, int err)
{
	char words[METRICS_WRONG_MAX];

	if (err == -EPROTO)
		(void)snprintf(why, STAT_WHY_MAX, "%.300s %s", path,
		    metrics_segment_wrong(path, words));
	else
		(void)snprintf(why, STAT_WHY_MAX, "cannot open %.300s: %s%s",
		    path, strerror(-err), err == -EACCES
		    ? ": it takes the right to read the metrics segment" : "");
}

static int source_open(const char *path, bool is_snapshot,
    char why[STAT_WHY_MAX], struct stat_source **ret)
{
	struct stat_source *source = calloc(1, sizeof(*source));
	int err = source ? 0 : -ENOMEM;

	if (!err) {
		source->run = 1;
		source->path = strdup(path);
		source->name = stat_path_name(path);
		err = source->path && source->name ? 0 : -ENOMEM;
	}
	if (!err && is_snapshot) {
		err = stat_file_read(path, &source->bytes, why);
	} else {
		if (!err)
			err = metrics_open_readonly(path, &source->segment);
		if (err)
			source_refuse(why, path, err);
	}
	if (err)
		stat_source_close(&source);
	else
		*ret = source;
	return err;
}

int stat_snapshot_open(const char *path, char why[STAT_WHY_MAX],
    struct stat_source **ret)
{
	return source_open(path, true, why, ret);
}

int stat_source_open(const char *name, char why[STAT_WHY_MAX],
    struct stat_source **ret)
{
	char path[STAT_PATH_MAX];
	int err = stat_path_find(name, path, why);

	return err ? err : source_open(path, stat_path_is_snapshot(path), why,
	    ret);
}

void stat_source_close(struct stat_source **take)
{
	struct stat_source *source = *take;

	*take = NULL;
	if (!source)
		return;
	metrics_segment_close(&source->segment);
	buf_free(&source->bytes);
	free(source->path);
	free(source->name);
	free(source);
}

const char *stat_source_name(const struct stat_source *source)
{
	return source->name;
}

bool stat_source_is_file(const struct stat_source *source)
{
	return !source->segment;
}

/* Another server made its segment in this place: go on with that. One that
 * cannot be read, yet or at all, leaves us with what we have. */
static void source_renew(struct stat_source *source)
{
	struct metrics_segment *newer;

	if (metrics_segment_is_current(source->segment) ||
	    metrics_open_readonly(source->path, &newer) < 0)
		return;
	metrics_segment_close(&source->segment);
	source->segment = newer;
	source->run++;
	memset(source->next, 0, sizeof(source->next));
	/* It began with nothing, so all that it had can be told, unless it
	 * took the counts of former runs over. */
	source->given = source->total = source->missed = 0;
	source->followed = metrics_load(&newer->file->header.counted_real_ns)
	    == newer->file->header.started_real_ns;
}

/* ---- samples ---- */

/* CLOCK_MONOTONIC of the boot that the segment is of, as wall clock. */
static uint64_t source_real_ns(const struct metrics_header *header,
    uint64_t mono_ns)
{
	return mono_ns < header->started_mono_ns ? header->started_real_ns
	    : header->started_real_ns + (mono_ns - header->started_mono_ns);
}

uint64_t stat_segment_seen_ns(const struct metrics_segment *segment)
{
	const struct metrics_header *header = &segment->file->header;
	struct metrics_mark marks[METRICS_MARKS];
	uint64_t now_ns = clock_real_ns(), seen_ns = header->started_real_ns;
	unsigned slots = metrics_slot_count(segment);
	unsigned count = metrics_marks_read(segment, marks);

	for (unsigned i = 0; i < count; i++)
		if (marks[i].real_ns > seen_ns)
			seen_ns = marks[i].real_ns;
	for (unsigned i = 0; i < slots; i++) {
		uint64_t at_ns = source_real_ns(header, metrics_load(
		    &segment->file->slots[i].heartbeat_ns));

		/* The dashboard outlives its master. */
		if (segment->file->slots[i].kind == METRICS_KIND_WORKER &&
		    at_ns > seen_ns)
			seen_ns = at_ns;
	}
	return seen_ns < now_ns ? seen_ns : now_ns;
}

int stat_source_sample(struct stat_source *source,
    const struct metrics_snapshot_options *options, struct stat_sample *ret)
{
	const struct metrics_snapshot_options none = { .recent = 0 };
	struct stat_sample sample = { .taken_ns = clock_mono_ns() };
	int err = 0;

	arena_init(&sample.arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	if (source->segment) {
		source_renew(source);
		if (!metrics_owner_alive(source->segment))
			sample.stopped_real_ns =
			    stat_segment_seen_ns(source->segment);
		err = metrics_snapshot_fill(source->segment,
		    options ? options : &none, &sample.arena, &sample.snapshot);
	} else {
		sample.snapshot = metrics_snapshot_unpack(
		    buf_slice(&source->bytes), &sample.arena);
		err = sample.snapshot ? 0 : -ENOMEM; /* it was looked at */
	}
	sample.run = source->run;
	if (err)
		arena_fini(&sample.arena);
	else
		*ret = sample;
	return err;
}

void stat_sample_free(struct stat_sample *sample)
{
	if (sample->snapshot)
		arena_fini(&sample->arena);
	sample->snapshot = NULL;
}

const char *stat_sample_stopped(const struct stat_sample *sample,
    char words[STAT_WHY_MAX])
{
	uint64_t ago_s = (clock_real_ns() - sample->stopped_real_ns) /
	    NS_PER_SEC;

	words[0] = '\0';
	if (sample->stopped_real_ns == 0)
		return words;
	if (ago_s < 120)
		(void)snprintf(words, STAT_WHY_MAX, "stopped %u s ago",
		    (unsigned)ago_s);
	else if (ago_s < 120 * 60)
		(void)snprintf(words, STAT_WHY_MAX, "stopped %u min ago",
		    (unsigned)(ago_s / 60));
	else if (ago_s < 48 * 3600)
		(void)snprintf(words, STAT_WHY_MAX, "stopped %u h ago",
		    (unsigned)(ago_s / 3600));
	else
		(void)snprintf(words, STAT_WHY_MAX, "stopped %u days ago",
		    (unsigned)(ago_s / 86400));
	return words;
}

/* ---- requests ---- */

/* Those of a slot, to `ret`; returns how many. */
static unsigned requests_of_slot(struct stat_source *source, unsigned i,
    struct metrics_request *some, struct metrics_worker_request *ret)
{
	const struct metrics_slot *slot = &source->segment->file->slots[i];
	unsigned count;

	if (slot->kind != METRICS_KIND_WORKER)
		return 0;
	/* Before the records: what ends meanwhile is told the next time. */
	source->total += metrics_load(&slot->core.totals.requests);
	count = metrics_slot_read_since(slot, &source->next[i], some);
	for (unsigned k = 0; k < count; k++) {
		ret[k].request = some[k];
		ret[k].worker = slot->worker;
	}
	return count;
}

static int requests_older(const void *a, const void *b)
{
	return metrics_requests_newer(b, a);
}

/* What the totals have and nobody was given. They are written a moment apart
 * from the records, so the difference is only believed when it grows. */
static uint64_t requests_missed(struct stat_source *source, unsigned count)
{
	uint64_t before = source->missed, missed;

	source->given += count;
	if (!source->followed && source->total > source->given)
		source->given = source->total;
	source->followed = true;
	missed = source->total > source->given
	    ? source->total - source->given : 0;
	if (missed <= before)
		return 0;
	source->missed = missed;
	return missed - before;
}

static int requests_of_segment(struct stat_source *source,
    struct arena *arena, struct stat_requests *ret)
{
	unsigned slots, count = 0;
	struct metrics_request some[METRICS_RECENT];
	struct metrics_worker_request *all;

	source_renew(source);
	slots = metrics_slot_count(source->segment);
	all = arena_alloc(arena, (slots * METRICS_RECENT + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	source->total = 0;
	for (unsigned i = 0; i < slots; i++)
		count += requests_of_slot(source, i, some, &all[count]);
	qsort(all, count, sizeof(*all), requests_older);
	ret->list = arena_calloc(arena, count + 1, sizeof(*ret->list));
	if (!ret->list)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		ret->list[i] = metrics_request_fill(source->segment, arena,
		    &all[i]);
		if (!ret->list[i])
			return -ENOMEM;
	}
	ret->count = count;
	ret->missed = requests_missed(source, count);
	return 0;
}

int stat_source_requests(struct stat_source *source, struct arena *arena,
    struct stat_requests *ret)
{
	Ringmaster__V1__Snapshot *snapshot;
	bool first = !source->followed;
	size_t count;

	*ret = (struct stat_requests){ .count = 0 };
	if (source->segment)
		return requests_of_segment(source, arena, ret);
	source->followed = true;
	snapshot = first ? metrics_snapshot_unpack(buf_slice(&source->bytes),
	    arena) : NULL;
	if (!snapshot)
		return first ? -ENOMEM : 0;
	count = snapshot->n_recent_requests;
	ret->list = snapshot->recent_requests;
	ret->count = (unsigned)count;
	for (size_t i = 0; i < count / 2; i++) {
		Ringmaster__V1__Request *newer = ret->list[i];

		ret->list[i] = ret->list[count - 1 - i];
		ret->list[count - 1 - i] = newer;
	}
	return 0;
}

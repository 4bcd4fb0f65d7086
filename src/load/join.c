/*
 * The sample is those of the lowest chances: a heap with the highest at its
 * root, which is the one to go. Records of the server are in a table by
 * number, which has room for those of several seconds; numbers are given one
 * after the other.
 */

#include "load/join.h"

#include <stdlib.h>
#include <string.h>

const char *const load_part_names[LOAD_PARTS] = {
	[LOAD_PART_SLIP] = "slip",
	[LOAD_PART_KERNEL] = "kernel",
	[LOAD_PART_QUEUE] = "queue",
	[LOAD_PART_HEADER] = "header",
	[LOAD_PART_PARSE] = "parse",
	[LOAD_PART_POOL_WAIT] = "pool_wait",
	[LOAD_PART_HANDLER] = "handler",
	[LOAD_PART_UPSTREAM] = "upstream",
	[LOAD_PART_SEND] = "send",
	[LOAD_PART_RETURN] = "return",
};

_Static_assert((int)LOAD_PART_SEND - (int)LOAD_PART_HEADER ==
    (int)METRICS_STAGE_SEND - (int)METRICS_STAGE_HEADER &&
    (int)METRICS_STAGE_HEADER == 0, "the same order");

struct join_record {
	struct metrics_followed request;
	uint32_t worker;
	bool there;
};

struct join_pending {
	struct load_stamps stamps;
	bool again;			/* looked for once in vain */
};

struct load_join {
	uint64_t run;
	uint64_t followed;
	unsigned pending_count, sample_count, slowest_count;
	struct load_joined slowest[LOAD_JOIN_SLOWEST];	/* slowest first */
	struct load_joined sample[LOAD_JOIN_SAMPLE];
	struct join_pending pending[LOAD_JOIN_PENDING];
	struct join_record records[LOAD_JOIN_RECORDS];
};

struct load_join *load_join_new(uint64_t run)
{
	struct load_join *join = calloc(1, sizeof(*join));

	if (join)
		join->run = run;
	return join;
}

/* ---- what is kept ---- */

static void join_swap(struct load_joined *a, struct load_joined *b)
{
	struct load_joined moved = *a;

	*a = *b;
	*b = moved;
}

static void join_rise(struct load_joined *heap, unsigned i)
{
	while (i > 0 && heap[i].chance > heap[(i - 1) / 2].chance) {
		join_swap(&heap[i], &heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static void join_sink(struct load_joined *heap, unsigned count)
{
	unsigned i = 0, most = 0;

	do {
		join_swap(&heap[i], &heap[most]);
		i = most;
		for (unsigned child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < count &&
			    heap[child].chance > heap[most].chance)
				most = child;
	} while (most != i);
}

static void join_sample(struct load_join *join,
    const struct load_joined *joined)
{
	struct load_joined *heap = join->sample;

	if (join->sample_count < LOAD_JOIN_SAMPLE) {
		heap[join->sample_count] = *joined;
		join_rise(heap, join->sample_count++);
	} else if (joined->chance < heap[0].chance) {
		heap[0] = *joined;
		join_sink(heap, LOAD_JOIN_SAMPLE);
	}
}

static void join_slowest(struct load_join *join,
    const struct load_joined *joined)
{
	struct load_joined *list = join->slowest;
	unsigned i = join->slowest_count;

	if (i == LOAD_JOIN_SLOWEST &&
	    joined->whole_ns <= list[--i].whole_ns)
		return;
	for (; i > 0 && list[i - 1].whole_ns < joined->whole_ns; i--)
		list[i] = list[i - 1];
	list[i] = *joined;
	if (join->slowest_count < LOAD_JOIN_SLOWEST)
		join->slowest_count++;
}

/* ---- joining ---- */

/*
 * The moments between the parts do not always follow each other: the server
 * is told that it has sent when the client may have received already, and a
 * turn's time is read before the last of what came in it. What is beyond the
 * next or the last moment is cut there, so that the parts add up.
 */
static void join_parts(const struct load_stamps *stamps,
    const struct metrics_followed *record, struct load_joined *ret)
{
	uint64_t ends[LOAD_PARTS] = { stamps->sent_ns, record->received_ns,
		record->begun_ns };
	uint64_t at = stamps->intended_ns;

	for (unsigned i = 0; i < METRICS_STAGE_COUNT; i++)
		ends[LOAD_PART_HEADER + i] = ends[LOAD_PART_HEADER + i - 1] +
		    record->stage_ns[i];
	ends[LOAD_PART_RETURN] = stamps->done_ns;
	for (unsigned i = 0; i < LOAD_PARTS; i++) {
		uint64_t end = ends[i] < stamps->done_ns ? ends[i]
		    : stamps->done_ns;

		ret->parts_ns[i] = end > at ? end - at : 0;
		at += ret->parts_ns[i];
	}
}

static bool join_one(struct load_join *join, const struct load_stamps *stamps)
{
	struct join_record *record =
	    &join->records[stamps->number % LOAD_JOIN_RECORDS];
	struct load_joined joined = {
		.intended_ns = stamps->intended_ns,
		.whole_ns = stamps->done_ns - stamps->intended_ns,
		.chance = stamps->chance,
	};

	if (!record->there || record->request.number != stamps->number)
		return false;
	record->there = false;
	joined.worker = record->worker;
	join_parts(stamps, &record->request, &joined);
	join->followed++;
	join_sample(join, &joined);
	join_slowest(join, &joined);
	return true;
}

void load_join_stamps(struct load_join *join,
    const struct load_stamps *stamps)
{
	if (join->pending_count < LOAD_JOIN_PENDING)
		join->pending[join->pending_count++] =
		    (struct join_pending){ .stamps = *stamps };
}

void load_join_record(struct load_join *join, uint32_t worker,
    const struct metrics_followed *record)
{
	if (record->run == join->run)
		join->records[record->number % LOAD_JOIN_RECORDS] =
		    (struct join_record){ *record, worker, true };
}

void load_join_match(struct load_join *join)
{
	unsigned left = 0;

	for (unsigned i = 0; i < join->pending_count; i++) {
		struct join_pending *pending = &join->pending[i];

		if (join_one(join, &pending->stamps) || pending->again)
			continue;
		pending->again = true;
		join->pending[left++] = *pending;
	}
	join->pending_count = left;
}

/* ---- the end ---- */

static int join_compare(const void *a, const void *b)
{
	uint64_t left = ((const struct load_joined *)a)->whole_ns;
	uint64_t right = ((const struct load_joined *)b)->whole_ns;

	return (left > right) - (left < right);
}

/* Means of `count` requests, which are some. */
static void join_bar(const struct load_joined *list, unsigned count,
    struct load_join_bar *ret)
{
	*ret = (struct load_join_bar){ .whole = 0 };
	for (unsigned i = 0; i < count; i++) {
		ret->whole += (double)list[i].whole_ns * 1e-9 / count;
		for (unsigned k = 0; k < LOAD_PARTS; k++)
			ret->parts[k] += (double)list[i].parts_ns[k] * 1e-9 /
			    count;
	}
}

static double join_work(const struct load_joined *joined)
{
	return (double)(joined->parts_ns[LOAD_PART_PARSE] +
	    joined->parts_ns[LOAD_PART_HANDLER]) * 1e-9;
}

static void join_work_variation(const struct load_join *join, unsigned count,
    struct load_join_summary *ret)
{
	double mean = 0, variance = 0;

	for (unsigned i = 0; i < count; i++)
		mean += join_work(&join->sample[i]) / count;
	for (unsigned i = 0; i < count; i++) {
		double off = join_work(&join->sample[i]) - mean;

		variance += off * off / count;
	}
	ret->work_variation = mean > 0 ? variance / (mean * mean) : 0;
}

void load_join_summarize(struct load_join *join, uint64_t below,
    struct load_join_summary *ret)
{
	struct load_joined *sample = join->sample;
	struct load_join_bar all;
	unsigned count = 0, middle, tail;

	*ret = (struct load_join_summary){ .followed = join->followed,
	    .slowest_count = join->slowest_count };
	memcpy(ret->slowest, join->slowest, sizeof(ret->slowest));
	for (unsigned i = 0; i < join->sample_count; i++)
		if (sample[i].chance < below)
			sample[count++] = sample[i];
	join->sample_count = ret->sample = count;
	if (count == 0)
		return;
	qsort(sample, count, sizeof(*sample), join_compare);
	middle = count >= 10 ? count / 10 : 1;
	tail = count >= 100 ? count / 100 : 1;
	join_bar(sample + (count - middle) / 2, middle, &ret->median);
	join_bar(sample + count - tail, tail, &ret->tail);
	join_bar(sample, count, &all);
	ret->waiting = all.parts[LOAD_PART_KERNEL] +
	    all.parts[LOAD_PART_QUEUE];
	join_work_variation(join, count, ret);
}

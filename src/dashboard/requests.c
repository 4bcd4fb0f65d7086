/*
 * All are kept in heaps that have the least at the root: that is the one to
 * go when a better one comes and there is no room. A minute's place is used
 * again an hour later.
 */

#include "dashboard/requests.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "metrics/slot.h"

/* How good it is to be kept. */
typedef uint64_t requests_key(const struct metrics_request *request);

struct requests_heap {
	unsigned count, max;
	requests_key *key;
	struct metrics_worker_request *entries;	/* max */
};

struct requests {
	pthread_mutex_t lock;			/* of all */
	uint64_t errors_next[METRICS_SLOTS];	/* to be read of each slot */
	struct requests_heap errors;
	struct requests_minute {
		uint64_t number;		/* since 1970 */
		struct requests_heap slowest;
	} minutes[REQUESTS_MINUTES];
	struct metrics_worker_request errors_room[REQUESTS_ERRORS_MAX];
	struct metrics_worker_request
	    slowest_room[REQUESTS_MINUTES][REQUESTS_SLOWEST_MAX];
};

/* ---- heaps ---- */

static uint64_t requests_key_time(const struct metrics_request *request)
{
	return request->ended_real_ns;
}

static uint64_t requests_key_duration(const struct metrics_request *request)
{
	return request->duration_ns;
}

static uint64_t heap_key(const struct requests_heap *heap, unsigned i)
{
	return heap->key(&heap->entries[i].request);
}

static void heap_swap(struct requests_heap *heap, unsigned i, unsigned j)
{
	struct metrics_worker_request entry = heap->entries[i];

	heap->entries[i] = heap->entries[j];
	heap->entries[j] = entry;
}

static void heap_rise(struct requests_heap *heap, unsigned i)
{
	while (i > 0 && heap_key(heap, i) < heap_key(heap, (i - 1) / 2)) {
		heap_swap(heap, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static void heap_sink(struct requests_heap *heap)
{
	unsigned i = 0, least = 0;

	do {
		heap_swap(heap, i, least);
		i = least;
		for (unsigned child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < heap->count &&
			    heap_key(heap, child) < heap_key(heap, least))
				least = child;
	} while (least != i);
}

/* Ids are of a worker, and begin anew with its next process. */
static bool heap_has(const struct requests_heap *heap,
    const struct metrics_worker_request *entry)
{
	for (unsigned i = 0; i < heap->count; i++)
		if (heap->entries[i].request.id == entry->request.id &&
		    heap->entries[i].worker == entry->worker &&
		    heap->entries[i].request.ended_real_ns ==
		    entry->request.ended_real_ns)
			return true;
	return false;
}

/* Is it better than the least, or is there room? */
static bool heap_wants(const struct requests_heap *heap,
    const struct metrics_worker_request *entry)
{
	return heap->count < heap->max ||
	    heap->key(&entry->request) > heap_key(heap, 0);
}

static void heap_add(struct requests_heap *heap,
    const struct metrics_worker_request *entry)
{
	if (heap->count == heap->max) {
		heap->entries[0] = *entry;
		heap_sink(heap);
	} else {
		heap->entries[heap->count] = *entry;
		heap_rise(heap, heap->count++);
	}
}

/* ---- collecting ---- */

static void requests_add_slow(struct requests *requests,
    const struct metrics_worker_request *entry)
{
	uint64_t number = entry->request.ended_real_ns / (60 * NS_PER_SEC);
	struct requests_minute *minute =
	    &requests->minutes[number % REQUESTS_MINUTES];

	if (number < minute->number)
		return;			/* an hour too late */
	if (number > minute->number)
		minute->slowest.count = 0;
	minute->number = number;
	/* The segment shows each of them two or three times. */
	if (heap_wants(&minute->slowest, entry) &&
	    !heap_has(&minute->slowest, entry))
		heap_add(&minute->slowest, entry);
}

static void requests_collect_slot(struct requests *requests,
    const struct metrics_slot *slot, uint64_t *errors_next)
{
	struct metrics_request some[METRICS_ERRORS > 2 * METRICS_SLOW_MAX ?
	    METRICS_ERRORS : 2 * METRICS_SLOW_MAX];
	struct metrics_worker_request entry = { .worker = slot->worker };
	unsigned count = metrics_slot_read_slow(slot, some);

	for (unsigned i = 0; i < count; i++) {
		entry.request = some[i];
		requests_add_slow(requests, &entry);
	}
	count = metrics_slot_read_errors(slot, errors_next, some);
	for (unsigned i = 0; i < count; i++) {
		entry.request = some[i];
		if (heap_wants(&requests->errors, &entry))
			heap_add(&requests->errors, &entry);
	}
}

static void requests_lock(struct requests *requests)
{
	(void)pthread_mutex_lock(&requests->lock); /* cannot fail: no robust
						    * or checked mutex */
}

void requests_collect(struct requests *requests,
    const struct metrics_segment *segment)
{
	unsigned slots = metrics_slot_count(segment);

	requests_lock(requests);
	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];

		if (slot->kind == METRICS_KIND_WORKER)
			requests_collect_slot(requests, slot,
			    &requests->errors_next[i]);
	}
	(void)pthread_mutex_unlock(&requests->lock); /* it is held */
}

/* ---- reading ---- */

static int requests_slower(const void *a, const void *b)
{
	uint64_t left =
	    ((const struct metrics_worker_request *)a)->request.duration_ns;
	uint64_t right =
	    ((const struct metrics_worker_request *)b)->request.duration_ns;

	return (left < right) - (left > right);
}

static unsigned requests_copy(struct metrics_worker_request *to,
    const struct requests_heap *heap)
{
	memcpy(to, heap->entries, heap->count * sizeof(*to));
	return heap->count;
}

int requests_slowest(struct requests *requests, struct arena *arena,
    struct metrics_worker_request **ret, unsigned *ret_count)
{
	uint64_t now = clock_real_ns() / (60 * NS_PER_SEC);
	unsigned count = 0;

	*ret_count = 0;
	*ret = arena_alloc(arena, sizeof(requests->slowest_room));
	if (!*ret)
		return -ENOMEM;
	requests_lock(requests);
	for (unsigned i = 0; i < REQUESTS_MINUTES; i++)
		if (requests->minutes[i].number + REQUESTS_MINUTES > now)
			count += requests_copy(*ret + count,
			    &requests->minutes[i].slowest);
	(void)pthread_mutex_unlock(&requests->lock); /* it is held */
	qsort(*ret, count, sizeof(**ret), requests_slower);
	*ret_count = count;
	return 0;
}

int requests_errors(struct requests *requests, struct arena *arena,
    struct metrics_worker_request **ret, unsigned *ret_count)
{
	*ret_count = 0;
	*ret = arena_alloc(arena, sizeof(requests->errors_room));
	if (!*ret)
		return -ENOMEM;
	requests_lock(requests);
	*ret_count = requests_copy(*ret, &requests->errors);
	(void)pthread_mutex_unlock(&requests->lock); /* it is held */
	qsort(*ret, *ret_count, sizeof(**ret), metrics_requests_newer);
	return 0;
}

struct requests *requests_new(void)
{
	struct requests *requests = calloc(1, sizeof(*requests));

	if (!requests)
		return NULL;
	(void)pthread_mutex_init(&requests->lock, NULL); /* cannot fail */
	requests->errors = (struct requests_heap){
		.max = REQUESTS_ERRORS_MAX,
		.key = requests_key_time,
		.entries = requests->errors_room,
	};
	for (unsigned i = 0; i < REQUESTS_MINUTES; i++)
		requests->minutes[i].slowest = (struct requests_heap){
			.max = REQUESTS_SLOWEST_MAX,
			.key = requests_key_duration,
			.entries = requests->slowest_room[i],
		};
	return requests;
}

void requests_free(struct requests **requests)
{
	(void)pthread_mutex_destroy(&(*requests)->lock); /* nobody has it */
	free(*requests);
	*requests = NULL;
}

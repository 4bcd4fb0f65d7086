/*
 * The only file here that knows the segment of a server. What is read of it
 * was written by others: slots without a lock, by their sequence counts.
 */

#include "load/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/layout.h"
#include "load/join.h"
#include "load/server_result.h"
#include "metrics/follow.h"
#include "metrics/lock.h"
#include "metrics/owner.h"
#include "metrics/slot.h"
#include "metrics/view.h"

enum {
	SERVER_WAIT_MS = 300,		/* for workers to see or count */
	SERVER_POLL_MS = 2,
	SERVER_MEMORY_MAX = 64 << 20,	/* bytes of two views */
};

struct load_server {
	struct metrics_segment *segment;
	struct metrics_lease lease;
	bool announced;			/* the lease is ours */
	struct load_follow *follow;
	struct load_join *join;
	struct metrics_followed *records;	/* METRICS_FOLLOWED */
	uint64_t next[METRICS_SLOTS];	/* records to be read */
	struct arena arena;		/* of the views */
	const struct metrics_view *before, *after;
	uint64_t before_ns, after_ns;
	uint64_t answered, sent;
};

/* ---- opening ---- */

/* The number in "/dev/fd/N", or -1. */
static int server_descriptor(const char *path)
{
	struct slice name = slice_cstr(path);
	uint64_t fd;

	if (!slice_starts(name, SLICE("/dev/fd/")) ||
	    !slice_to_u64(slice_from(name, 8), &fd) || fd > INT32_MAX)
		return -1;
	return (int)fd;
}

static int server_open_file(const char *path)
{
	int fd = server_descriptor(path);

	fd = fd < 0 ? open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)
	    : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int server_share(const char *path, struct metrics_segment **ret)
{
	int fd = server_open_file(path), err;

	if (fd < 0)
		return fd;
	err = metrics_segment_share(fd, ret);
	if (err)
		(void)close(fd); /* nothing was written */
	else if (!metrics_owner_alive(*ret)) {
		metrics_segment_close(ret);
		err = -ENOENT;
	}
	return err;
}

int load_server_open(const char *path, struct load_server **ret)
{
	struct load_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	arena_init(&server->arena, NULL, 0, SERVER_MEMORY_MAX);
	server->records = calloc(METRICS_FOLLOWED, sizeof(*server->records));
	err = server->records ? server_share(path ? path : LAYOUT_SEGMENT,
	    &server->segment) : -ENOMEM;
	if (err)
		load_server_close(&server);
	else
		*ret = server;
	return err;
}

/* Forget a test. */
static void server_reset(struct load_server *server)
{
	free(server->follow);
	free(server->join);
	server->follow = NULL;
	server->join = NULL;
	arena_fini(&server->arena);
	arena_init(&server->arena, NULL, 0, SERVER_MEMORY_MAX);
}

void load_server_close(struct load_server **take)
{
	struct load_server *server = *take;

	*take = NULL;
	if (!server)
		return;
	server_reset(server);
	arena_fini(&server->arena);
	free(server->records);
	metrics_segment_close(&server->segment);
	free(server);
}

/* ---- its cache ---- */

bool load_server_cache(const struct load_server *server)
{
	return metrics_cache_enabled(server->segment);
}

void load_server_cache_switch(struct load_server *server, bool on)
{
	/* Fails for a damaged lock of the marks: then there is none. */
	(void)metrics_cache_switch(server->segment, on);
}

void load_server_cache_store(struct load_server *server, bool on)
{
	metrics_store32(&server->segment->file->header.cache_enabled, on);
}

/* ---- a test ---- */

static const struct metrics_slot *server_slot(
    const struct load_server *server, unsigned i)
{
	const struct metrics_slot *slot = &server->segment->file->slots[i];

	return slot->kind == METRICS_KIND_WORKER ? slot : NULL;
}

static void server_collect(struct load_server *server)
{
	unsigned slots = metrics_slot_count(server->segment);
	struct load_stamps stamps;

	for (unsigned i = 0; i < server->follow->count; i++)
		while (load_follow_take(&server->follow->threads[i], &stamps))
			load_join_stamps(server->join, &stamps);
	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = server_slot(server, i);
		unsigned count = slot ? metrics_slot_read_followed(slot,
		    &server->next[i], server->records) : 0;

		for (unsigned k = 0; k < count; k++)
			load_join_record(server->join, slot->worker,
			    &server->records[k]);
	}
	load_join_match(server->join);
}

static uint64_t server_requests(const struct load_server *server)
{
	unsigned slots = metrics_slot_count(server->segment);
	uint64_t sum = 0;

	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = server_slot(server, i);

		sum += slot ? metrics_load(&slot->core.totals.requests) : 0;
	}
	return sum;
}

/* Older records are of other tests. */
static void server_skip(struct load_server *server)
{
	for (unsigned i = 0; i < METRICS_SLOTS; i++)
		server->next[i] = i < metrics_slot_count(server->segment)
		    ? metrics_load(&server->segment->file->slots[i]
			.followed_count) : 0;
}

static uint64_t server_now_s(void)
{
	return clock_mono_ns() / NS_PER_SEC;
}

static int server_announce(struct load_server *server)
{
	uint64_t until = clock_mono_ns() + SERVER_WAIT_MS * NS_PER_MSEC;
	int err = metrics_follow_claim(server->segment, &server->lease,
	    server_now_s());

	if (err)
		return err;
	server->announced = true;
	while (metrics_follow_unaware(server->segment, server->lease.run) &&
	    clock_mono_ns() < until)
		(void)poll(NULL, 0, SERVER_POLL_MS);
	return 0;
}

static void server_release(struct load_server *server)
{
	if (server->announced)
		metrics_follow_release(server->segment, &server->lease);
	server->announced = false;
}

static int server_view(struct load_server *server,
    const struct metrics_view **ret, uint64_t *ret_ns)
{
	struct metrics_view *view;
	int err = metrics_view_take(server->segment, &server->arena, &view);

	*ret_ns = clock_mono_ns();
	if (!err)
		*ret = view;
	return err;
}

int load_server_begin(struct load_server *server, const struct load_plan *plan,
    struct load_follow **ret)
{
	int err;

	server_reset(server);
	server->lease.run = clock_real_ns();
	(void)getrandom(&server->lease.run, sizeof(server->lease.run),
	    GRND_NONBLOCK);		/* early at boot the time must do */
	server->lease.run |= 1;		/* 0 is none */
	server->follow = load_follow_new(server->lease.run, plan->threads);
	server->join = load_join_new(server->lease.run);
	if (!server->follow || !server->join)
		return -ENOMEM;
	server->after = NULL;
	server_skip(server);
	err = server_announce(server);
	if (!err)
		err = server_view(server, &server->before,
		    &server->before_ns);
	if (err)
		server_release(server);
	else
		*ret = server->follow;
	return err;
}

void load_server_second(struct load_server *server)
{
	if (server->announced && metrics_follow_renew(server->segment,
		&server->lease, server_now_s()))
		server->announced = false;
	server_collect(server);
}

/* Of those that were sent, how many can have come to the server; and how many
 * must have. */
static void server_counts(struct load_server *server,
    const struct load_record *record)
{
	const uint64_t *errors = record->counts.errors;

	server->sent = record->counts.sent -
	    errors[LOAD_ERROR_CONNECT_REFUSED] -
	    errors[LOAD_ERROR_CONNECT_TIMEOUT] -
	    errors[LOAD_ERROR_CONNECT_OTHER] -
	    errors[LOAD_ERROR_DESCRIPTORS] - errors[LOAD_ERROR_PORTS];
	server->answered = record->counts.completed +
	    errors[LOAD_ERROR_STATUS] + errors[LOAD_ERROR_BODY];
}

void load_server_end(struct load_server *server,
    const struct load_record *record)
{
	uint64_t until = clock_mono_ns() + SERVER_WAIT_MS * NS_PER_MSEC;

	server_counts(server, record);
	/* It counts a request when its answer has gone. */
	while (server_requests(server) <
	    server->before->totals.requests + server->answered &&
	    clock_mono_ns() < until)
		(void)poll(NULL, 0, SERVER_POLL_MS);
	server_collect(server);
	server_release(server);
	if (server_view(server, &server->after, &server->after_ns))
		server->after = NULL;
}

/* ---- what came of it ---- */

static const struct metrics_worker_view *server_worker_before(
    const struct load_server *server, uint32_t index)
{
	static const struct metrics_worker_view none;

	for (unsigned i = 0; i < server->before->worker_count; i++)
		if (server->before->workers[i].index == index)
			return &server->before->workers[i];
	return &none;
}

static uint64_t server_p99_ns(const struct hist *now,
    const struct hist *before)
{
	struct hist during;

	hist_difference(now, before, &during);
	return hist_quantile_ns(&during, 0.99);
}

static uint64_t server_cpu_ns(const struct metrics_worker_view *worker)
{
	return worker->process.cpu_user_ns + worker->process.cpu_system_ns;
}

static struct load_server_worker server_worker(
    const struct load_server *server, const struct metrics_worker_view *now)
{
	const struct metrics_worker_view *before = server_worker_before(
	    server, now->index);
	uint64_t cpu_ns = server_cpu_ns(now) - server_cpu_ns(before);

	return (struct load_server_worker){
		.index = now->index,
		.requests = now->requests - before->requests,
		.connections = now->connections - before->connections,
		.p99_ns = server_p99_ns(&now->duration, &before->duration),
		.lag_p99_ns = server_p99_ns(&now->loop_lag,
		    &before->loop_lag),
		/* In a reload one is missing for a moment. */
		.cpu = (int64_t)cpu_ns > 0 ? (double)cpu_ns /
		    (double)(server->after_ns - server->before_ns) : 0,
	};
}

/* Those that run, or did anything. */
static struct load_server_worker *server_workers(
    const struct load_server *server, struct arena *arena, unsigned *count)
{
	const struct metrics_view *view = server->after;
	struct load_server_worker *workers = arena_calloc(arena,
	    view->worker_count + 1, sizeof(*workers));

	*count = 0;
	for (unsigned i = 0; workers && i < view->worker_count; i++) {
		workers[*count] = server_worker(server, &view->workers[i]);
		*count += view->workers[i].pid || workers[*count].requests;
	}
	return workers;
}

static uint64_t server_aborted(const struct metrics_view *view)
{
	return view->totals.aborted_client + view->totals.aborted_server;
}

/* Those during the test, whose times are those of the wall. */
struct server_marks {
	struct metrics_mark all[METRICS_MARKS];
	char words[METRICS_MARKS][METRICS_MARK_WORDS_MAX];
	struct load_server_mark list[METRICS_MARKS];
};

static unsigned server_marks(const struct load_server *server,
    uint64_t started_ns, struct server_marks *marks)
{
	uint64_t from_ns = clock_real_ns() - (clock_mono_ns() - started_ns);
	uint64_t to_ns = from_ns + (server->after_ns - started_ns);
	unsigned all = metrics_marks_read(server->segment, marks->all);
	unsigned count = 0;

	for (unsigned i = 0; i < all; i++) {
		uint64_t at_ns = marks->all[i].real_ns;

		if (at_ns < from_ns || at_ns > to_ns)
			continue;
		marks->list[count] = (struct load_server_mark){
			.at_s = (double)(at_ns - from_ns) * 1e-9,
			.text = metrics_mark_words(&marks->all[i],
			    marks->words[count]) };
		count++;
	}
	return count;
}

int load_server_result(struct load_server *server, uint64_t started_ns,
    struct arena *arena, Ringmaster__V1__LoadServer **ret)
{
	const struct metrics_segment *segment = server->segment;
	struct metrics_identity identity = { .version = "" };
	struct metrics_reload reload = { .config_hash = 0 };
	struct load_join_summary summary;
	struct load_server_facts facts;
	struct server_marks *marks;

	*ret = NULL;
	if (!server->after)
		return 0;
	load_join_summarize(server->join, load_follow_below(server->follow),
	    &summary);
	if (summary.followed == 0)
		return 0;
	(void)metrics_identity_read(segment, &identity); /* texts for people,
							  * torn at worst */
	(void)metrics_reload_read(segment, &reload);
	identity.version[sizeof(identity.version) - 1] = '\0';
	facts = (struct load_server_facts){
		.version = identity.version,
		.generation = metrics_load(&segment->file->header.generation),
		.config_hash = reload.config_hash,
		.requests = server->after->totals.requests -
		    server->before->totals.requests,
		.aborted = server_aborted(server->after) -
		    server_aborted(server->before),
		.answered = server->answered,
		.sent = server->sent,
		.started_ns = started_ns,
		.elapsed_s = (double)(server->after_ns - server->before_ns) *
		    1e-9,
	};
	marks = arena_alloc(arena, sizeof(*marks));
	if (!marks)
		return -ENOMEM;
	facts.marks = marks->list;
	facts.mark_count = server_marks(server, started_ns, marks);
	facts.workers = server_workers(server, arena, &facts.worker_count);
	return facts.workers ? load_server_message(&facts, &summary, arena,
	    ret) : -ENOMEM;
}

/*
 * Workers that are killed in the middle of an update. Guards against torn
 * counts, gauges of the dead, and locks that nobody gets any more.
 */
#include "segment_fixture.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "metrics/lock.h"
#include "metrics/top.h"

enum {
	HOOK_ROUNDS = 600,	/* killed at a chosen store */
	KILL_ROUNDS = 100,	/* killed at any time */
	BATCH_MAX = 40,
	TOP_SIZE = 8,
	TOP_KEYS = 26,
	HANG_S = 60,
};

/* What a child knows that it flushed; seen by the parent. */
struct progress {
	uint64_t requests;
	uint64_t last_batch;
};

static struct progress *progress;
static struct metrics_core core;
static uint16_t server, location;
static unsigned peer, zone, top;

static unsigned number(unsigned max)
{
	return 1 + (unsigned)random() % max;
}

/* A key of one letter: others take its entry. */
static void top_add(struct metrics_writer *writer, uint64_t duration_ns)
{
	char key[METRICS_TOP_KEY_MAX];

	memset(key, (int)('a' + number(TOP_KEYS) - 1), sizeof(key));
	metrics_top_add(writer, top, (struct slice){ key, sizeof(key) },
	    &(struct metrics_top_request){ 1200, duration_ns, true });
}

static void worker_flush(struct metrics_writer *writer, unsigned batch)
{
	for (unsigned i = 0; i < batch; i++) {
		struct metrics_try try = fixture_try(peer);
		struct metrics_request *request = fixture_request(writer);

		request->duration_ns = 1000 * number(100000);
		request->status = (uint16_t)(200 + number(3) * 100);
		request->server = server;
		request->location = location;
		request->staged = i % 16 == 0;
		request->cache = (uint8_t)(number(
		    METRICS_CACHE_RESULT_COUNT) - 1);
		request->id = request->duration_ns;
		request->path_len = METRICS_PATH_MAX;
		memset(request->path, (int)('a' + request->id % 26),
		    METRICS_PATH_MAX);
		try.ns[METRICS_TIME_RESPONSE] = request->duration_ns;
		try.status = request->status;
		try.failure = (enum metrics_failure)number(
		    METRICS_FAILURE_COUNT - 1);
		metrics_try_add(writer, &try);
		top_add(writer, request->duration_ns);
		metrics_limit_count(writer, zone, (enum metrics_limit_result)(
		    number(METRICS_LIMIT_RESULT_COUNT) - 1));
	}
	metrics_count(writer, METRICS_HANDLED, batch);
	metrics_loop_lag(writer, 1000, 1);
	metrics_flush(writer);
}

/* Count until killed. */
static void worker_run(struct fixture *f, unsigned slot, unsigned seed)
{
	struct metrics_writer *writer;

	srandom(seed);
	if (metrics_writer_open(f->segment, slot, &writer) < 0)
		_exit(1);
	metrics_gauge_add(writer, METRICS_READING, 1);
	metrics_peer_gauges(writer, peer)->active = 1;
	metrics_peers_show(writer);
	for (;;) {
		unsigned batch = number(BATCH_MAX);

		progress->last_batch = batch;
		worker_flush(writer, batch);
		progress->requests += batch;
	}
}

static pid_t worker_start(struct fixture *f, unsigned slot)
{
	unsigned seed = (unsigned)random();
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		worker_run(f, slot, seed);
	return pid;
}

static void worker_reap(pid_t pid)
{
	int status;

	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(SIGKILL, WTERMSIG(status));
}

/* Of all requests. */
static uint64_t duration_sum(void)
{
	uint64_t ret = 0;

	for (unsigned i = 0; i < METRICS_CACHE_RESULT_COUNT; i++)
		ret += core.totals.durations[i].sum_ns;
	return ret;
}

static void check_scope(const struct metrics_slot *slot, unsigned id)
{
	static struct metrics_scope_totals scope;
	uint64_t codes = 0, bins = 0;

	assert_int_equal(0, metrics_slot_read_scope(slot, id, &scope));
	for (unsigned i = 0; i < METRICS_CODES; i++)
		codes += scope.codes[i];
	for (unsigned i = 0; i < HIST_BINS; i++)
		bins += scope.duration.bins[i];
	assert_int_equal(core.totals.requests, scope.duration.count);
	assert_int_equal(core.totals.requests, codes);
	assert_int_equal(core.totals.requests, bins);
	assert_int_equal(duration_sum(), scope.duration.sum_ns);
	assert_int_equal(core.totals.requests * 1200, scope.bytes_out);
}

static uint64_t sum(const uint64_t *cells, unsigned count)
{
	uint64_t ret = 0;

	while (count-- > 0)
		ret += cells[count];
	return ret;
}

static void check_peer(const struct metrics_slot *slot)
{
	static struct metrics_peer_totals totals;
	uint64_t requests = core.totals.requests;

	assert_int_equal(0, metrics_slot_read_peer(slot, peer, &totals));
	assert_int_equal(requests, sum(totals.classes, METRICS_CLASSES));
	assert_int_equal(requests, sum(totals.failures,
	    METRICS_FAILURE_COUNT));
	assert_int_equal(requests * 1000, totals.bytes_in);
	assert_int_equal(requests * 100, totals.bytes_out);
	for (unsigned i = 0; i < METRICS_TIME_COUNT; i++) {
		assert_int_equal(requests, totals.times[i].count);
		assert_int_equal(requests, sum(totals.times[i].bins,
		    HIST_BINS));
	}
	assert_int_equal(duration_sum(),
	    totals.times[METRICS_TIME_RESPONSE].sum_ns);
	assert_int_equal(0, slot->peer_gauges[peer].active);
	assert_int_equal(requests, sum(slot->limits[zone],
	    METRICS_LIMIT_RESULT_COUNT));
}

static void check_top(const struct metrics_slot *slot)
{
	const struct metrics_top_table *table = &slot->tops[top];
	struct metrics_top_entry sums = { .errors = table->gone_errors,
		.bytes_out = table->gone_bytes_out,
		.duration_ns = table->gone_duration_ns };
	bool seen[TOP_KEYS] = { false };

	for (unsigned i = 0; i < table->used; i++) {
		const struct metrics_top_entry *entry = &table->entries[i];
		unsigned letter = (unsigned)(entry->key[0] - 'a');

		assert_true(letter < TOP_KEYS && !seen[letter]);
		seen[letter] = true;
		for (unsigned j = 1; j < METRICS_TOP_KEY_MAX; j++)
			assert_int_equal(entry->key[0], entry->key[j]);
		assert_int_equal(METRICS_TOP_KEY_MAX, entry->len);
		assert_int_equal(entry->count - entry->over, entry->errors);
		assert_int_equal(entry->errors * 1200, entry->bytes_out);
		sums.count += entry->count;
		sums.errors += entry->errors;
		sums.bytes_out += entry->bytes_out;
		sums.duration_ns += entry->duration_ns;
	}
	assert_int_equal(core.totals.requests, sums.count);
	assert_int_equal(core.totals.requests, sums.errors);
	assert_int_equal(core.totals.requests * 1200, sums.bytes_out);
	assert_int_equal(duration_sum(), sums.duration_ns);
}

static void check_records(const struct metrics_request *requests,
    unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct metrics_request *request = &requests[i];
		char letter = (char)('a' + request->id % 26);

		assert_int_equal(request->id, request->duration_ns);
		for (unsigned j = 0; j < METRICS_PATH_MAX; j++)
			assert_int_equal(letter, request->path[j]);
	}
}

/* Those that can be read are whole; one that was cut off cannot. */
static void check_kept(const struct metrics_slot *slot)
{
	static struct metrics_request requests[METRICS_RECENT];
	uint64_t next = 0;

	check_records(requests, metrics_slot_read_recent(slot, requests,
	    METRICS_RECENT));
	check_records(requests, metrics_slot_read_slow(slot, requests));
	check_records(requests, metrics_slot_read_errors(slot, &next,
	    requests));
}

static void check_slot(struct fixture *f, unsigned index)
{
	const struct metrics_slot *slot = &f->segment->file->slots[index];

	assert_int_equal(0, metrics_slot_read(slot, &core));
	fixture_check(&core);
	assert_int_equal(core.totals.requests,
	    core.totals.counters[METRICS_HANDLED]);
	assert_int_equal(0, core.gauges.values[METRICS_READING]);
	check_scope(slot, server);
	check_scope(slot, location);
	check_peer(slot);
	check_top(slot);
	check_kept(slot);
}

static void lock_until_repaired(struct fixture *f, struct metrics_slot *slot)
{
	int locked;

	do {
		locked = metrics_lock(&slot->lock, metrics_slot_repair, slot,
		    &f->segment->file->header.recoveries);
		assert_true(locked >= 0);
		metrics_unlock(&slot->lock);
	} while (locked == 0);
}

static int setup(void **state)
{
	struct fixture *f;
	int id;

	(void)fixture_setup(state);
	f = *state;
	id = metrics_scope_id(f->segment, METRICS_SCOPE_SERVER, 0, SLICE("a"));
	server = (uint16_t)id;
	id = metrics_scope_id(f->segment, METRICS_SCOPE_LOCATION, server,
	    SLICE("/"));
	location = (uint16_t)id;
	peer = (unsigned)metrics_peer_id(f->segment, SLICE("app"),
	    SLICE("127.0.0.1:80"));
	zone = (unsigned)metrics_zone_id(f->segment, SLICE("z"));
	assert_int_equal(0, metrics_tops_set(f->segment,
	    &(struct metrics_top_options){ SLICE("t"), SLICE("$uri"),
	    TOP_SIZE }, 1, &top));
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(progress != MAP_FAILED);
	(void)alarm(HANG_S);
	return 0;
}

static int teardown(void **state)
{
	(void)alarm(0);
	(void)munmap(progress, sizeof(*progress));
	return fixture_teardown(state);
}

static void death_at_any_store_leaves_exactly_what_was_flushed(void **state)
{
	struct fixture *f = *state;
	uint64_t *recoveries = &f->segment->file->header.recoveries;
	char text[16];

	for (unsigned round = 0; round < HOOK_ROUNDS; round++) {
		unsigned slot = fixture_slot(f, 0);
		pid_t pid;

		(void)snprintf(text, sizeof(text), "%u", number(1000));
		assert_int_equal(0, setenv("RINGMASTER_TEST_DIE_IN_FLUSH",
		    text, 1));
		pid = worker_start(f, slot);
		/* Each second time it dies while this process waits. */
		if (round % 2 == 1)
			lock_until_repaired(f, &f->segment->file->slots[slot]);
		worker_reap(pid);
		assert_int_equal(round % 2 == 0, metrics_slot_release(
		    f->segment, slot, pid, NULL));
		assert_int_equal(1, *recoveries);
		*recoveries = 0;	/* the hook acts only once: see there */
		check_slot(f, slot);
		assert_int_equal(progress->requests, core.totals.requests);
	}
	assert_int_equal(0, unsetenv("RINGMASTER_TEST_DIE_IN_FLUSH"));
	assert_int_equal(1, metrics_slot_count(f->segment));
}

static void death_at_any_time_leaves_whole_flushes(void **state)
{
	struct fixture *f = *state;
	unsigned repaired = 0;

	for (unsigned round = 0; round < KILL_ROUNDS; round++) {
		unsigned slot = fixture_slot(f, 0);
		uint64_t before = progress->requests;
		pid_t pid = worker_start(f, slot);
		int released;

		while (__atomic_load_n(&progress->requests, __ATOMIC_RELAXED) <
		    before + number(2000))
			;
		assert_int_equal(0, kill(pid, SIGKILL));
		worker_reap(pid);
		released = metrics_slot_release(f->segment, slot, pid, NULL);
		assert_true(released >= 0);
		repaired += (unsigned)released;
		check_slot(f, slot);
		/* It may have died between the flush and saying so. */
		if (core.totals.requests != progress->requests)
			assert_int_equal(core.totals.requests,
			    progress->requests + progress->last_batch);
		progress->requests = core.totals.requests;
	}
	assert_int_equal(repaired, f->segment->file->header.recoveries);
}

static void environment_kills_only_one_worker(void **state)
{
	struct fixture *f = *state;
	struct metrics_writer *writer;
	unsigned slot = fixture_slot(f, 0);
	pid_t pid;

	assert_int_equal(0, setenv("RINGMASTER_TEST_DIE_IN_FLUSH", "1", 1));
	pid = worker_start(f, slot);
	worker_reap(pid);
	assert_int_equal(1, metrics_slot_release(f->segment, slot, pid, NULL));
	slot = fixture_slot(f, 0);
	assert_int_equal(0, metrics_writer_open(f->segment, slot, &writer));
	worker_flush(writer, 10);
	metrics_writer_close(&writer);
	assert_int_equal(0, unsetenv("RINGMASTER_TEST_DIE_IN_FLUSH"));
}

static void dead_owner_of_the_header_is_no_obstacle(void **state)
{
	struct fixture *f = *state;
	struct metrics_header *header = &f->segment->file->header;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)metrics_lock(&header->lock, metrics_header_repair,
		    header, &header->recoveries);
		metrics_change_begin(&header->sequence);
		(void)kill(getpid(), SIGKILL);
	}
	worker_reap(pid);
	assert_int_equal(0, metrics_mark(f->segment, METRICS_MARK_CRASH,
	    SLICE("worker 0")));
	assert_int_equal(1, header->recoveries);
	assert_int_equal(0, header->sequence % 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(death_at_any_store_leaves_exactly_what_was_flushed),
		TEST(death_at_any_time_leaves_whole_flushes),
		TEST(environment_kills_only_one_worker),
		TEST(dead_owner_of_the_header_is_no_obstacle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

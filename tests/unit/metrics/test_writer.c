#include "segment_fixture.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"

static struct metrics_core core;

static struct metrics_writer *open_writer(struct fixture *f, unsigned slot)
{
	struct metrics_writer *writer;

	assert_int_equal(0, metrics_writer_open(f->segment, slot, &writer));
	return writer;
}

static const struct metrics_totals *read_totals(struct fixture *f,
    unsigned slot)
{
	assert_int_equal(0, metrics_slot_read(&f->segment->file->slots[slot],
	    &core));
	fixture_check(&core);
	return &core.totals;
}

static void flush_adds_what_was_counted(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	const struct metrics_totals *totals;

	metrics_count(writer, METRICS_ACCEPTED, 3);
	metrics_gauge_add(writer, METRICS_READING, 2);
	(void)fixture_request(writer);
	fixture_request(writer)->status = 404;
	assert_int_equal(0, read_totals(f, slot)->requests);
	metrics_flush(writer);
	totals = read_totals(f, slot);
	assert_int_equal(2, totals->requests);
	assert_int_equal(3, totals->counters[METRICS_ACCEPTED]);
	assert_int_equal(1, totals->codes[METRICS_CODE_FIRST + 100]);
	assert_int_equal(1, totals->codes[METRICS_CODE_FIRST + 304]);
	assert_int_equal(2, totals->methods[1]);
	assert_int_equal(2, totals->versions[METRICS_VERSION_11]);
	assert_int_equal(2400, totals->bytes_out[METRICS_CACHE_NONE]);
	assert_int_equal(2000000, totals->durations[0].sum_ns);
	assert_int_equal(1000000, totals->durations[0].max_ns);
	assert_int_equal(2, totals->durations[0].bins[hist_bin(1000000)]);
	assert_int_equal(2, core.gauges.values[METRICS_READING]);
	metrics_flush(writer);
	assert_int_equal(2, read_totals(f, slot)->requests);
	metrics_writer_close(&writer);
	assert_null(writer);
}

static void every_status_has_its_place(void **state)
{
	static const struct {
		uint16_t status;
		unsigned code;
	} cases[] = {
		{ 0, METRICS_CODE_NONE }, { 99, METRICS_CODE_OTHER },
		{ 100, METRICS_CODE_FIRST }, { 599, METRICS_CODE_FIRST + 499 },
		{ 600, METRICS_CODE_OTHER }, { 65535, METRICS_CODE_OTHER },
	};
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	uint64_t wanted[METRICS_CODES] = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_request(writer)->status = cases[i].status;
		wanted[cases[i].code]++;
	}
	metrics_writer_close(&writer);
	(void)read_totals(f, slot);
	assert_memory_equal(wanted, core.totals.codes, sizeof(wanted));
}

static void requests_beyond_a_batch_flush_by_themselves(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);

	for (int i = 0; i < METRICS_PENDING_MAX; i++)
		(void)fixture_request(writer);
	assert_int_equal(0, read_totals(f, slot)->requests);
	(void)fixture_request(writer);
	assert_int_equal(METRICS_PENDING_MAX, read_totals(f, slot)->requests);
	metrics_writer_close(&writer);
	assert_int_equal(METRICS_PENDING_MAX + 1,
	    read_totals(f, slot)->requests);
}

static void request_counts_in_its_server_and_location(void **state)
{
	struct fixture *f = *state;
	unsigned server = (unsigned)metrics_scope_id(f->segment,
	    METRICS_SCOPE_SERVER, 0, SLICE("a"));
	unsigned location = (unsigned)metrics_scope_id(f->segment,
	    METRICS_SCOPE_LOCATION, server, SLICE("/"));
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	struct metrics_scope_totals scope;
	struct metrics_request *request;

	for (int i = 0; i < 3; i++) {
		request = fixture_request(writer);
		request->server = (uint16_t)server;
		request->location = i == 1 ? METRICS_SCOPE_NONE
		    : (uint16_t)location;
	}
	/* An id that is not a scope counts in the totals only. */
	fixture_request(writer)->server = METRICS_SCOPES_MAX;
	metrics_writer_close(&writer);
	assert_int_equal(4, read_totals(f, slot)->requests);
	assert_int_equal(0, metrics_slot_read_scope(
	    &f->segment->file->slots[slot], server, &scope));
	assert_int_equal(3, scope.duration.count);
	assert_int_equal(3, scope.codes[METRICS_CODE_FIRST + 100]);
	assert_int_equal(3, scope.duration.bins[hist_bin(1000000)]);
	assert_int_equal(300, scope.bytes_in);
	assert_int_equal(3000, scope.body_out);
	assert_int_equal(0, metrics_slot_read_scope(
	    &f->segment->file->slots[slot], location, &scope));
	assert_int_equal(2, scope.duration.count);
}

static void scope_added_later_is_not_counted_by_old_workers(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	int scope = metrics_scope_id(f->segment, METRICS_SCOPE_SERVER, 0,
	    SLICE("new"));
	struct metrics_scope_totals totals;

	fixture_request(writer)->server = (uint16_t)scope;
	metrics_writer_close(&writer);
	assert_int_equal(1, read_totals(f, slot)->requests);
	assert_int_equal(0, metrics_slot_read_scope(
	    &f->segment->file->slots[slot], (unsigned)scope, &totals));
	assert_int_equal(0, totals.duration.count);
}

static struct metrics_peer_totals read_peer(struct fixture *f, unsigned slot,
    unsigned peer)
{
	struct metrics_peer_totals totals;

	assert_int_equal(0, metrics_slot_read_peer(
	    &f->segment->file->slots[slot], peer, &totals));
	return totals;
}

static unsigned new_peer(struct fixture *f, const char *address)
{
	int id = metrics_peer_id(f->segment, SLICE("app"),
	    slice_cstr(address));

	assert_true(id > 0);
	return (unsigned)id;
}

static void try_counts_at_its_server(void **state)
{
	struct fixture *f = *state;
	unsigned peer = new_peer(f, "a"), other = new_peer(f, "b");
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	struct metrics_try try = fixture_try(peer);
	struct metrics_peer_totals totals;

	metrics_try_add(writer, &try);
	try.status = 0;
	try.failure = METRICS_FAILURE_TIMEOUT;
	try.ns[METRICS_TIME_CONNECT] = METRICS_TIME_NONE;
	try.ns[METRICS_TIME_HEADER] = METRICS_TIME_NONE;
	metrics_try_add(writer, &try);
	try.status = 999;
	metrics_try_add(writer, &try);
	try.peer = METRICS_NAME_NONE;
	metrics_try_add(writer, &try);
	try.peer = METRICS_PEERS_MAX;
	metrics_try_add(writer, &try);
	metrics_writer_close(&writer);
	totals = read_peer(f, slot, peer);
	assert_int_equal(1, totals.classes[2]);
	assert_int_equal(1, totals.classes[0]);
	assert_int_equal(1, totals.classes[5]);
	assert_int_equal(2, totals.failures[METRICS_FAILURE_TIMEOUT]);
	assert_int_equal(3000, totals.bytes_in);
	assert_int_equal(300, totals.bytes_out);
	assert_int_equal(1, totals.times[METRICS_TIME_CONNECT].count);
	assert_int_equal(1, totals.times[METRICS_TIME_HEADER].bins[
	    hist_bin(1000000)]);
	assert_int_equal(3, totals.times[METRICS_TIME_RESPONSE].bins[
	    hist_bin(2000000)]);
	assert_int_equal(6000000, totals.times[METRICS_TIME_RESPONSE].sum_ns);
	totals = read_peer(f, slot, other);
	assert_int_equal(0, totals.times[METRICS_TIME_RESPONSE].count);
}

static void tries_beyond_a_batch_flush_by_themselves(void **state)
{
	struct fixture *f = *state;
	unsigned peer = new_peer(f, "a");
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	struct metrics_try try = fixture_try(peer);

	for (int i = 0; i < METRICS_TRIES_MAX; i++)
		metrics_try_add(writer, &try);
	assert_int_equal(0, read_peer(f, slot, peer).bytes_in);
	metrics_try_add(writer, &try);
	assert_int_equal(1000 * METRICS_TRIES_MAX,
	    read_peer(f, slot, peer).bytes_in);
	metrics_writer_close(&writer);
	assert_int_equal(1000 * (METRICS_TRIES_MAX + 1),
	    read_peer(f, slot, peer).bytes_in);
}

static void servers_beyond_a_batch_flush_by_themselves(void **state)
{
	struct fixture *f = *state;
	char name[16];
	unsigned slot;
	struct metrics_writer *writer;
	struct metrics_try try;

	for (unsigned i = 0; i <= METRICS_TOUCHED_MAX; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		(void)new_peer(f, name);
	}
	slot = fixture_slot(f, 0);
	writer = open_writer(f, slot);
	for (unsigned i = 0; i <= METRICS_TOUCHED_MAX; i++) {
		try = fixture_try(METRICS_NAMES_RESERVED + i);
		assert_int_equal(0, read_peer(f, slot,
		    METRICS_NAMES_RESERVED).bytes_in);
		metrics_try_add(writer, &try);
	}
	assert_int_equal(1000,
	    read_peer(f, slot, METRICS_NAMES_RESERVED).bytes_in);
	metrics_writer_close(&writer);
	assert_int_equal(1000, read_peer(f, slot, try.peer).bytes_in);
}

static void server_added_later_is_not_counted_by_old_workers(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	unsigned peer = new_peer(f, "a");
	struct metrics_try try = fixture_try(peer);

	metrics_peer_gauges(writer, peer)->active++;
	metrics_peers_show(writer);
	metrics_try_add(writer, &try);
	metrics_writer_close(&writer);
	assert_int_equal(0, read_peer(f, slot, peer).bytes_in);
	assert_int_equal(0,
	    f->segment->file->slots[slot].peer_gauges[peer].active);
}

static void limits_count_what_became_of_requests(void **state)
{
	struct fixture *f = *state;
	unsigned zone = (unsigned)metrics_zone_id(f->segment, SLICE("z"));
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	const uint64_t *counts = f->segment->file->slots[slot].limits[zone];

	for (unsigned i = 0; i < METRICS_LIMIT_RESULT_COUNT; i++)
		for (unsigned n = 0; n <= i; n++)
			metrics_limit_count(writer, zone,
			    (enum metrics_limit_result)i);
	assert_int_equal(0, counts[METRICS_LIMIT_PASSED]);
	metrics_flush(writer);
	metrics_limit_count(writer, zone, METRICS_LIMIT_PASSED);
	metrics_writer_close(&writer);
	assert_int_equal(2, counts[METRICS_LIMIT_PASSED]);
	for (unsigned i = 1; i < METRICS_LIMIT_RESULT_COUNT; i++)
		assert_int_equal(i + 1, counts[i]);
}

/* Adds no more than fits into one flush. */
static void add_all_tries(struct metrics_writer *writer)
{
	for (unsigned i = 0; i < METRICS_TRIES_MAX; i++) {
		struct metrics_try try = fixture_try(METRICS_NAMES_RESERVED +
		    i % METRICS_TOUCHED_MAX);

		/* All cells of a server but those of four classes. */
		try.status = i < METRICS_TOUCHED_MAX ? 200 : 0;
		try.failure = i < METRICS_TOUCHED_MAX ? METRICS_FAILURE_CLOSED
		    : METRICS_FAILURE_NONE;
		try.ns[METRICS_TIME_RESPONSE] = 1000000000 * (i + 1);
		metrics_try_add(writer, &try);
	}
	for (unsigned i = 0; i < METRICS_ZONES_MAX *
	    METRICS_LIMIT_RESULT_COUNT; i++)
		metrics_limit_count(writer, i % METRICS_ZONES_MAX,
		    (enum metrics_limit_result)(i / METRICS_ZONES_MAX));
}

/* All cells that one flush can change: the undo log must hold them. */
static void fullest_flush_fits_the_undo_log(void **state)
{
	struct fixture *f = *state;
	char name[16];
	unsigned slot;
	struct metrics_writer *writer;
	struct ring_stats stats;

	for (int i = METRICS_SCOPES_RESERVED; i < METRICS_SCOPES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i);
		(void)metrics_scope_id(f->segment, METRICS_SCOPE_SERVER, 0,
		    slice_cstr(name));
	}
	for (int i = METRICS_NAMES_RESERVED; i < METRICS_PEERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "p%d", i);
		(void)new_peer(f, name);
	}
	slot = fixture_slot(f, 0);
	writer = open_writer(f, slot);
	add_all_tries(writer);
	for (int i = 0; i < METRICS_PENDING_MAX; i++) {
		struct metrics_request *request = fixture_request(writer);

		request->server = (uint16_t)(i == 0 ? 1 : i);
		request->location = (uint16_t)(METRICS_SCOPES_MAX - 1 - i);
		request->status = (uint16_t)(100 + i);
		request->staged = true;
		request->cache = i % METRICS_CACHE_RESULT_COUNT;
		request->aborted_by_client = true;
		request->aborted_by_server = true;
	}
	for (int i = 0; i < METRICS_SAMPLES_MAX; i++) {
		metrics_loop_lag(writer, 20000000, 1);
		metrics_pool_wait(writer, 1000);
		metrics_conn_end(writer, 1000, 1);
	}
	for (unsigned i = 0; i < METRICS_COUNTER_COUNT; i++)
		metrics_count(writer, (enum metrics_counter)i, 1);
	memset(&stats, 1, sizeof(stats));
	metrics_slot_set_ring(writer, &stats);
	assert_int_equal(0, read_totals(f, slot)->requests);
	metrics_writer_close(&writer);
	assert_int_equal(METRICS_PENDING_MAX, read_totals(f, slot)->requests);
	assert_int_equal(METRICS_SAMPLES_MAX + 1,
	    core.totals.counters[METRICS_STALLS]);
	assert_int_equal(METRICS_SAMPLES_MAX,
	    f->segment->file->slots[slot].pool_wait.count);
}

static void samples_beyond_the_limit_flush_by_themselves(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	const struct metrics_slot *cells = &f->segment->file->slots[slot];

	for (int i = 0; i < METRICS_SAMPLES_MAX; i++)
		metrics_loop_lag(writer, 1000, 1);
	assert_int_equal(0, cells->loop_lag.count);
	metrics_loop_lag(writer, 1000, 1);
	assert_int_equal(METRICS_SAMPLES_MAX, cells->loop_lag.count);
	metrics_writer_close(&writer);
	assert_int_equal(METRICS_SAMPLES_MAX + 1, cells->loop_lag.count);
}

static void next_worker_continues_totals_but_not_gauges(void **state)
{
	struct fixture *f = *state;
	struct rusage usage = { .ru_utime = { 2, 500000 } };
	unsigned slot = fixture_slot(f, 0);
	struct ring_stats stats = { .submitted = 10, .inflight = 4 };

	for (unsigned life = 1; life <= 2; life++) {
		struct metrics_writer *writer = open_writer(f, slot);

		metrics_gauge_add(writer, METRICS_WRITING, 5);
		metrics_slot_set_ring(writer, &stats);
		(void)fixture_request(writer);
		metrics_writer_close(&writer);
		assert_int_equal(life, read_totals(f, slot)->requests);
		assert_int_equal(10 * life, core.totals.ring.submitted);
		assert_int_equal(5, core.gauges.values[METRICS_WRITING]);
		assert_int_equal(4, core.gauges.inflight);
		assert_true(metrics_slot_alive(&f->segment->file->slots[slot]));
		assert_int_equal(0, metrics_slot_release(f->segment, slot,
		    getpid(), &usage));
		assert_false(
		    metrics_slot_alive(&f->segment->file->slots[slot]));
		assert_int_equal(life, read_totals(f, slot)->requests);
		assert_int_equal(0, core.gauges.values[METRICS_WRITING]);
		assert_int_equal(0, core.gauges.inflight);
		assert_int_equal(slot, fixture_slot(f, 0));
	}
	assert_int_equal(UINT64_C(5000000000),
	    f->segment->file->slots[slot].cpu_user_ns);
}

static void slot_of_another_process_is_not_released(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);

	metrics_gauge_add(writer, METRICS_IDLE, 1);
	metrics_flush(writer);
	assert_int_equal(0, metrics_slot_release(f->segment, slot,
	    getpid() + 1, NULL));
	(void)read_totals(f, slot);
	assert_int_equal(1, core.gauges.values[METRICS_IDLE]);
	metrics_writer_close(&writer);
}

static void recent_requests_are_the_last_ones_newest_first(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	const struct metrics_slot *cells = &f->segment->file->slots[slot];
	struct metrics_writer *writer = open_writer(f, slot);
	struct metrics_request recent[METRICS_RECENT + 1];

	assert_int_equal(0, metrics_slot_read_recent(cells, recent, 10));
	for (int i = 0; i < METRICS_RECENT + 10; i++) {
		struct metrics_request *request = fixture_request(writer);

		request->id = (uint64_t)i;
		request->path_len = METRICS_PATH_MAX;
		memset(request->path, 'a' + i % 26, METRICS_PATH_MAX);
		metrics_flush(writer);
	}
	metrics_writer_close(&writer);
	assert_int_equal(10, metrics_slot_read_recent(cells, recent, 10));
	assert_int_equal(METRICS_RECENT, metrics_slot_read_recent(cells,
	    recent, METRICS_RECENT + 1));
	for (int i = 0; i < METRICS_RECENT; i++) {
		int n = METRICS_RECENT + 9 - i;

		assert_int_equal(n, recent[i].id);
		assert_int_equal('a' + n % 26,
		    recent[i].path[METRICS_PATH_MAX - 1]);
	}
}

/* As many as the table of the slowest has room for, of this duration. */
static void fill_slowest(struct metrics_writer *writer, uint64_t duration_ns)
{
	for (unsigned i = 0; i < METRICS_SLOW_MAX; i++)
		(void)fixture_request_of(writer, duration_ns, false);
	metrics_flush(writer);
}

static void a_flush_keeps_only_its_first_requests_as_recent(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	const struct metrics_slot *cells = &f->segment->file->slots[slot];
	struct metrics_writer *writer = open_writer(f, slot);
	struct metrics_request recent[METRICS_RECENT];

	fill_slowest(writer, 2);
	for (int i = 0; i < METRICS_KEPT_MAX + 1; i++)
		fixture_request_of(writer, 1, false)->id = (uint64_t)i;
	metrics_flush(writer);
	assert_int_equal(METRICS_SLOW_MAX + METRICS_KEPT_MAX,
	    metrics_slot_read_recent(cells, recent, METRICS_RECENT));
	assert_int_equal(METRICS_KEPT_MAX - 1, recent[0].id);
	assert_int_equal(METRICS_SLOW_MAX + METRICS_KEPT_MAX + 1,
	    cells->core.totals.requests);
	metrics_writer_close(&writer);
}

/* ---- the slowest, and those that failed ---- */

static bool slow_has(const struct metrics_slot *slot, uint64_t duration_ns)
{
	struct metrics_request slow[2 * METRICS_SLOW_MAX];
	unsigned count = metrics_slot_read_slow(slot, slow);

	for (unsigned i = 0; i < count; i++)
		if (slow[i].duration_ns == duration_ns)
			return true;
	return false;
}

static void the_slowest_of_a_second_are_kept(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	const struct metrics_slot *cells = &f->segment->file->slots[slot];
	struct metrics_writer *writer = open_writer(f, slot);

	/* Each flush begins with fast ones, which are kept as recent. */
	for (uint64_t i = 0; i < 1000; i++) {
		for (unsigned j = 0; j < METRICS_KEPT_MAX; j++)
			(void)fixture_request_of(writer, 1, false);
		(void)fixture_request_of(writer, 2 + i * 7919 % 1000, false);
		metrics_flush(writer);
	}
	for (uint64_t i = 1001 - METRICS_SLOW_MAX + 1; i <= 1001; i++)
		assert_true(slow_has(cells, i));
	assert_false(slow_has(cells, 1001 - METRICS_SLOW_MAX));
	assert_false(slow_has(cells, 1));
	metrics_writer_close(&writer);
}

static void the_slowest_of_the_last_second_stay(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	const struct metrics_slot *cells = &f->segment->file->slots[slot];
	struct metrics_writer *writer = open_writer(f, slot);

	metrics_loop_lag(writer, 1, 5 * NS_PER_SEC);
	fill_slowest(writer, 1000);
	metrics_loop_lag(writer, 1, 6 * NS_PER_SEC - 1);
	fill_slowest(writer, 10);
	assert_false(slow_has(cells, 10));	/* the same second */
	metrics_loop_lag(writer, 1, 6 * NS_PER_SEC);
	fill_slowest(writer, 20);
	assert_true(slow_has(cells, 1000));
	assert_true(slow_has(cells, 20));
	metrics_loop_lag(writer, 1, 7 * NS_PER_SEC);
	fill_slowest(writer, 30);
	assert_false(slow_has(cells, 1000));
	assert_true(slow_has(cells, 20));
	assert_true(slow_has(cells, 30));
	metrics_writer_close(&writer);
}

/* Flush a batch of fast ones with a failed one behind the first. */
static void flush_failed(struct metrics_writer *writer, unsigned failed)
{
	for (unsigned i = 0; i < METRICS_KEPT_MAX; i++)
		(void)fixture_request_of(writer, 1, false);
	for (unsigned i = 0; i < failed; i++) {
		struct metrics_request *request = fixture_request_of(writer,
		    1, true);

		request->status = 404;
		request->id = i;
	}
	metrics_flush(writer);
}

static void failed_ones_are_kept_among_many(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	const struct metrics_slot *cells = &f->segment->file->slots[slot];
	struct metrics_writer *writer = open_writer(f, slot);
	struct metrics_request errors[METRICS_ERRORS];
	uint64_t next = 0;

	fill_slowest(writer, 1000);
	flush_failed(writer, 1);
	flush_failed(writer, METRICS_KEPT_MAX + 1);
	assert_int_equal(1 + METRICS_KEPT_MAX,
	    metrics_slot_read_errors(cells, &next, errors));
	assert_int_equal(0, errors[1].id);
	assert_int_equal(METRICS_KEPT_MAX - 1, errors[METRICS_KEPT_MAX].id);
	assert_int_equal(0, metrics_slot_read_errors(cells, &next, errors));
	flush_failed(writer, 1);
	assert_int_equal(1, metrics_slot_read_errors(cells, &next, errors));
	metrics_writer_close(&writer);
}

static void the_last_failed_ones_are_kept(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	const struct metrics_slot *cells = &f->segment->file->slots[slot];
	struct metrics_writer *writer = open_writer(f, slot);
	struct metrics_request errors[METRICS_ERRORS];
	uint64_t next = 0;

	for (unsigned i = 0; i < METRICS_ERRORS + 1; i++) {
		struct metrics_request *request = fixture_request(writer);

		request->id = i;
		request->aborted_by_client = i % 2;
		request->aborted_by_server = i % 2 == 0;
		metrics_flush(writer);
	}
	assert_int_equal(METRICS_ERRORS,
	    metrics_slot_read_errors(cells, &next, errors));
	assert_int_equal(1, errors[0].id);
	assert_int_equal(METRICS_ERRORS, errors[METRICS_ERRORS - 1].id);
	metrics_writer_close(&writer);
}

/* ---- what is in flight ---- */

static void what_is_in_flight_is_shown_until_the_next(void **state)
{
	static struct metrics_inflight_table table;
	struct metrics_inflight list[METRICS_INFLIGHT_MAX] = {
		[0].id = 7, [METRICS_INFLIGHT_MAX - 1].id = 9 };
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	const struct metrics_slot *cells = &f->segment->file->slots[slot];
	struct metrics_writer *writer = open_writer(f, slot);
	uint64_t before = clock_mono_ns();

	assert_int_equal(-EAGAIN,
	    metrics_slot_read_inflight(cells, 1, &table));
	metrics_inflight_show(writer, list, METRICS_INFLIGHT_MAX, 100);
	assert_int_equal(0, metrics_slot_read_inflight(cells, before, &table));
	assert_int_equal(METRICS_INFLIGHT_MAX, table.count);
	assert_int_equal(100, table.all);
	assert_int_equal(7, table.entries[0].id);
	assert_int_equal(9, table.entries[METRICS_INFLIGHT_MAX - 1].id);
	metrics_inflight_show(writer, list, 0, 0);
	assert_int_equal(0, metrics_slot_read_inflight(cells, before, &table));
	assert_int_equal(0, table.count);
	/* It is too old, or nobody has the slot. */
	assert_int_equal(-EAGAIN, metrics_slot_read_inflight(cells,
	    clock_mono_ns(), &table));
	assert_int_equal(0, metrics_slot_release(f->segment, slot, getpid(),
	    NULL));
	assert_int_equal(-EAGAIN,
	    metrics_slot_read_inflight(cells, before, &table));
	metrics_writer_close(&writer);
}

static void a_table_left_half_written_is_written_over(void **state)
{
	static struct metrics_inflight_table table;
	const struct metrics_inflight list[1] = { { .id = 7 } };
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_slot *cells = &f->segment->file->slots[slot];
	struct metrics_writer *writer = open_writer(f, slot);

	metrics_inflight_show(writer, list, 1, 1);
	cells->inflight.sequence |= 1;
	assert_int_equal(-EAGAIN,
	    metrics_slot_read_inflight(cells, 1, &table));
	metrics_inflight_show(writer, list, 1, 1);
	assert_int_equal(0, metrics_slot_read_inflight(cells, 1, &table));
	assert_int_equal(7, table.entries[0].id);
	metrics_writer_close(&writer);
}

static void it_is_wanted_for_as_long_as_anybody_does(void **state)
{
	struct fixture *f = *state;

	assert_false(metrics_inflight_wanted(f->segment, 0));
	metrics_inflight_want(f->segment, 20);
	metrics_inflight_want(f->segment, 10);
	assert_true(metrics_inflight_wanted(f->segment, 19));
	assert_false(metrics_inflight_wanted(f->segment, 20));
}

static void silence_is_the_time_since_the_last_turn(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);

	assert_int_equal(0, metrics_slot_silent_ms(f->segment, slot, 5000000));
	metrics_loop_lag(writer, 1000, 2000000);
	assert_int_equal(3, metrics_slot_silent_ms(f->segment, slot, 5000000));
	assert_int_equal(0, metrics_slot_silent_ms(f->segment, slot, 1000000));
	metrics_writer_close(&writer);
}

/* ---- a reader beside a writer ---- */

struct hammer {
	struct metrics_writer *writer;
	atomic_bool stop;
};

static void *hammer_run(void *arg)
{
	struct hammer *hammer = arg;

	unsigned n = 0;

	do {
		for (unsigned i = 0; i <= n % 32; i++) {
			struct metrics_request *request =
			    fixture_request(hammer->writer);

			request->status = (uint16_t)(200 + i);
			request->duration_ns = 1000 * (i + n % 1000);
			request->id = request->bytes_out = n;
		}
		metrics_flush(hammer->writer);
		n++;
	} while (!atomic_load(&hammer->stop));
	return NULL;
}

static void reader_sees_only_whole_flushes(void **state)
{
	enum { READS = 2000 };
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	const struct metrics_slot *cells = &f->segment->file->slots[slot];
	struct hammer hammer = { .writer = open_writer(f, slot) };
	struct metrics_request recent[16];
	uint64_t last = 0;
	pthread_t thread;

	assert_int_equal(0, pthread_create(&thread, NULL, hammer_run,
	    &hammer));
	for (unsigned i = 0; i < READS; i++) {
		unsigned count = metrics_slot_read_recent(cells, recent, 16);

		for (unsigned j = 0; j < count; j++)
			assert_int_equal(recent[j].id, recent[j].bytes_out);
		/* It never pauses, so that no look may find it at rest. */
		if (metrics_slot_read(cells, &core) < 0)
			continue;
		fixture_check(&core);
		assert_true(core.totals.requests >= last);
		last = core.totals.requests;
	}
	atomic_store(&hammer.stop, true);
	assert_int_equal(0, pthread_join(thread, NULL));
	assert_int_equal(0, metrics_slot_read(cells, &core));
	fixture_check(&core);
	assert_true(core.totals.requests > 0 && core.totals.requests >= last);
	metrics_writer_close(&hammer.writer);
}

static struct metrics_stall stall_of(uint64_t ns)
{
	return (struct metrics_stall){ .ns = ns, .work = RING_WORK_TIMER };
}

static void longest_turn_of_late_is_forgotten_and_that_ever_is_not(
    void **state)
{
	const uint64_t half = METRICS_LATELY_S / 2 * NS_PER_SEC;
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	struct metrics_stall stall = stall_of(5000);

	assert_true(metrics_loop_lag(writer, 5000, 100 * half));
	metrics_stall_set(writer, &stall);
	assert_false(metrics_loop_lag(writer, 5000, 100 * half + 1));
	/* In the next period a shorter one is the longest. */
	assert_true(metrics_loop_lag(writer, 10, 101 * half));
	stall = stall_of(10);
	metrics_stall_set(writer, &stall);
	metrics_flush(writer);
	(void)read_totals(f, slot);
	assert_int_equal(5000, core.gauges.longest.ns);
	assert_int_equal(RING_WORK_TIMER, core.gauges.longest.work);
	assert_int_equal(5010, core.gauges.lately[0].ns +
	    core.gauges.lately[1].ns);
	/* In the one after that the first is too old. */
	(void)metrics_loop_lag(writer, 5, 102 * half);
	metrics_flush(writer);
	(void)read_totals(f, slot);
	assert_int_equal(10, core.gauges.lately[0].ns +
	    core.gauges.lately[1].ns);
	/* And all are after a long pause. */
	(void)metrics_loop_lag(writer, 5, 200 * half);
	metrics_writer_close(&writer);
	(void)read_totals(f, slot);
	assert_int_equal(0, core.gauges.lately[0].ns +
	    core.gauges.lately[1].ns);
	assert_int_equal(5000, core.gauges.longest.ns);
}

static void requests_count_by_what_the_cache_did(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);
	const struct metrics_totals *totals;

	for (unsigned i = 0; i < METRICS_CACHE_RESULT_COUNT; i++)
		for (unsigned n = 0; n <= i; n++)
			fixture_request(writer)->cache = (uint8_t)i;
	metrics_writer_close(&writer);
	totals = read_totals(f, slot);
	for (unsigned i = 0; i < METRICS_CACHE_RESULT_COUNT; i++) {
		assert_int_equal(i + 1, totals->durations[i].count);
		assert_int_equal(i + 1,
		    totals->durations[i].bins[hist_bin(1000000)]);
		assert_int_equal(1200 * (i + 1), totals->bytes_out[i]);
	}
}

static void closed_connections_count_by_their_requests(void **state)
{
	static const unsigned requests[] = { 0, 1, 2, 9, 10, 99, 100, 999,
		1000, 100000 };
	static const unsigned wanted[METRICS_CLOSED_COUNT] = { 1, 1, 2, 2, 2,
		2 };
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 0);
	struct metrics_writer *writer = open_writer(f, slot);

	for (unsigned i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		metrics_conn_end(writer, 1000000, requests[i]);
	metrics_writer_close(&writer);
	(void)read_totals(f, slot);
	for (unsigned i = 0; i < METRICS_CLOSED_COUNT; i++)
		assert_int_equal(wanted[i],
		    core.totals.counters[METRICS_CLOSED + i]);
	assert_int_equal(10, f->segment->file->slots[slot].conn_age.
	    bins[hist_bin(1000000)]);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(flush_adds_what_was_counted),
		TEST(every_status_has_its_place),
		TEST(requests_beyond_a_batch_flush_by_themselves),
		TEST(request_counts_in_its_server_and_location),
		TEST(scope_added_later_is_not_counted_by_old_workers),
		TEST(try_counts_at_its_server),
		TEST(tries_beyond_a_batch_flush_by_themselves),
		TEST(servers_beyond_a_batch_flush_by_themselves),
		TEST(server_added_later_is_not_counted_by_old_workers),
		TEST(limits_count_what_became_of_requests),
		TEST(fullest_flush_fits_the_undo_log),
		TEST(samples_beyond_the_limit_flush_by_themselves),
		TEST(next_worker_continues_totals_but_not_gauges),
		TEST(slot_of_another_process_is_not_released),
		TEST(longest_turn_of_late_is_forgotten_and_that_ever_is_not),
		TEST(requests_count_by_what_the_cache_did),
		TEST(closed_connections_count_by_their_requests),
		TEST(recent_requests_are_the_last_ones_newest_first),
		TEST(a_flush_keeps_only_its_first_requests_as_recent),
		TEST(the_slowest_of_a_second_are_kept),
		TEST(the_slowest_of_the_last_second_stay),
		TEST(failed_ones_are_kept_among_many),
		TEST(the_last_failed_ones_are_kept),
		TEST(what_is_in_flight_is_shown_until_the_next),
		TEST(a_table_left_half_written_is_written_over),
		TEST(it_is_wanted_for_as_long_as_anybody_does),
		TEST(silence_is_the_time_since_the_last_turn),
		TEST(reader_sees_only_whole_flushes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "segment_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/wait.h>

#include "metrics/process.h"
#include "metrics/snapshot.h"
#include "metrics/top.h"

struct world {
	struct fixture *f;
	struct arena arena;
	unsigned server, location;
	Ringmaster__V1__Snapshot *snapshot;
};

static struct world world;

static int setup(void **state)
{
	struct fixture *f;

	(void)fixture_setup(state);
	f = *state;
	memset(&world, 0, sizeof(world));
	world.f = f;
	world.server = (unsigned)metrics_scope_id(f->segment,
	    METRICS_SCOPE_SERVER, 0, SLICE("example.org"));
	world.location = (unsigned)metrics_scope_id(f->segment,
	    METRICS_SCOPE_LOCATION, world.server, SLICE("/img/"));
	arena_init(&world.arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	return 0;
}

static int teardown(void **state)
{
	arena_fini(&world.arena);
	return fixture_teardown(state);
}

static const Ringmaster__V1__Snapshot *take(unsigned recent)
{
	const struct metrics_snapshot_options options = {
		.recent = recent, .top_keys = 2 };

	assert_int_equal(0, metrics_snapshot_fill(world.f->segment, &options,
	    &world.arena, &world.snapshot));
	return world.snapshot;
}

static struct metrics_writer *open_writer(unsigned slot)
{
	struct metrics_writer *writer;

	assert_int_equal(0, metrics_writer_open(world.f->segment, slot,
	    &writer));
	return writer;
}

static struct metrics_request *add(struct metrics_writer *writer,
    uint64_t when)
{
	struct metrics_request *request = fixture_request(writer);

	request->ended_real_ns = when;
	request->server = (uint16_t)world.server;
	request->location = (uint16_t)world.location;
	request->family = AF_INET;
	memcpy(request->address, "\x7f\0\0\x01", 4);
	return request;
}

static void empty_segment_has_every_part(void **state)
{
	const Ringmaster__V1__Snapshot *s = take(10);

	(void)state;
	assert_int_equal(0, s->total_requests);
	assert_true(s->average_response_time == 0);
	assert_true(s->cache_enabled);
	assert_string_equal("1.2.3", s->identity->build->version);
	assert_string_equal("/etc/site.conf", s->identity->config->file);
	assert_true(s->identity->last_reload_ok);
	assert_int_equal(getpid(), s->identity->master_pid);
	assert_int_equal(1, s->n_servers);
	assert_string_equal("example.org", s->servers[0]->name);
	assert_int_equal(1, s->servers[0]->n_locations);
	assert_string_equal("/img/", s->servers[0]->locations[0]->pattern);
	assert_int_equal(0, s->n_workers);
	assert_int_equal(0, s->http->duration->n_bins);
}

static void all_workers_add_up(void **state)
{
	struct metrics_writer *writers[2];
	const Ringmaster__V1__Snapshot *s;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		writers[i] = open_writer(fixture_slot(world.f, i));
		for (unsigned j = 0; j <= i; j++)
			(void)add(writers[i], 1 + i + j);
		metrics_gauge_add(writers[i], METRICS_IDLE, 2);
		metrics_count(writers[i], METRICS_CACHE_HITS, 1);
		metrics_flush(writers[i]);
	}
	s = take(10);
	assert_int_equal(3, s->total_requests);
	assert_int_equal(4, s->active_clients);
	assert_int_equal(2, s->cache_hits);
	assert_true(s->average_response_time == 0.001);
	assert_int_equal(3, s->http->classes->c2xx);
	assert_int_equal(1, s->http->n_codes);
	assert_int_equal(200, s->http->codes[0]->code);
	assert_int_equal(1, s->http->n_methods);
	assert_string_equal("GET", s->http->methods[0]->method);
	assert_int_equal(3, s->http->methods[0]->count);
	assert_int_equal(1, s->http->n_protocols);
	assert_string_equal("HTTP/1.1", s->http->protocols[0]->protocol);
	assert_int_equal(3, s->http->protocols[0]->count);
	assert_int_equal(3, s->servers[0]->duration->count);
	assert_int_equal(1, s->servers[0]->duration->n_bins);
	assert_int_equal(hist_bin(1000000),
	    s->servers[0]->duration->first_bin);
	assert_int_equal(3, s->servers[0]->locations[0]->classes->c2xx);
	assert_int_equal(2, s->n_workers);
	assert_int_equal(2, s->processes->workers_current);
	assert_int_equal(2, s->workers[1]->requests);
	assert_int_equal(getpid(), s->workers[1]->pid);
	assert_true(s->workers[1]->rss_bytes > 0);
	assert_true(s->workers[1]->open_fds > 0);
	assert_true(s->workers[1]->max_fds > 0);
	for (unsigned i = 0; i < 2; i++)
		metrics_writer_close(&writers[i]);
}

static void draining_and_new_worker_of_one_place_are_one(void **state)
{
	unsigned slot = fixture_slot(world.f, 0);
	struct metrics_writer *old = open_writer(slot), *new;
	const Ringmaster__V1__Snapshot *s;
	int second;

	(void)state;
	(void)add(old, 1);
	metrics_gauge_add(old, METRICS_WRITING, 1);
	metrics_flush(old);
	metrics_slot_drain(world.f->segment, slot);
	second = metrics_slot_assign(world.f->segment, METRICS_KIND_WORKER, 2,
	    0);
	new = open_writer((unsigned)second);
	(void)add(new, 2);
	metrics_gauge_add(new, METRICS_WRITING, 1);
	metrics_flush(new);
	s = take(0);
	assert_int_equal(1, s->n_workers);
	assert_int_equal(2, s->workers[0]->requests);
	assert_int_equal(2, s->workers[0]->generation);
	assert_int_equal(2, s->workers[0]->connections);
	assert_int_equal(RINGMASTER__V1__WORKER_STATE__WORKER_STATE_RUNNING,
	    s->workers[0]->state);
	assert_int_equal(1, s->processes->workers_current);
	assert_int_equal(1, s->processes->workers_draining);
	metrics_writer_close(&old);
	metrics_writer_close(&new);
	assert_int_equal(0, metrics_slot_release(world.f->segment, slot,
	    getpid(), NULL));
	assert_int_equal(0, metrics_slot_release(world.f->segment,
	    (unsigned)second, getpid(), NULL));
	s = take(0);
	assert_int_equal(2, s->total_requests);
	assert_int_equal(0, s->active_clients);
	assert_int_equal(1, s->n_workers);
	assert_int_equal(RINGMASTER__V1__WORKER_STATE__WORKER_STATE_GONE,
	    s->workers[0]->state);
}

static void gauges_of_a_dead_worker_do_not_count(void **state)
{
	unsigned slot = fixture_slot(world.f, 0);
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct metrics_writer *writer = open_writer(slot);

		(void)add(writer, 1);
		metrics_gauge_add(writer, METRICS_WRITING, 7);
		metrics_writer_close(&writer);
		_exit(0);
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(0, status);
	/* Nobody has released its slot yet. */
	assert_int_equal(1, take(0)->total_requests);
	assert_int_equal(0, world.snapshot->active_clients);
}

static void dashboard_requests_are_not_the_sites(void **state)
{
	int slot = metrics_slot_assign(world.f->segment,
	    METRICS_KIND_DASHBOARD, 1, 0);
	struct metrics_writer *writer = open_writer((unsigned)slot);

	(void)state;
	(void)add(writer, 1);
	metrics_gauge_add(writer, METRICS_WRITING, 1);
	metrics_flush(writer);
	assert_int_equal(0, take(10)->total_requests);
	assert_int_equal(0, world.snapshot->active_clients);
	assert_int_equal(0, world.snapshot->n_recent_requests);
	assert_int_equal(0, world.snapshot->servers[0]->duration->count);
	metrics_writer_close(&writer);
}

static void recent_requests_of_all_workers_are_newest_first(void **state)
{
	struct metrics_writer *writers[2];
	const Ringmaster__V1__Snapshot *s;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		writers[i] = open_writer(fixture_slot(world.f, i));
	for (unsigned i = 1; i <= 20; i++) {
		struct metrics_request *request = add(writers[i % 2], i);

		request->id = i;
		request->path_len = 4;
		memcpy(request->path, "/a\xff\xc3\xa9", 5);
	}
	metrics_flush(writers[0]);
	metrics_flush(writers[1]);
	s = take(5);
	assert_int_equal(5, s->n_recent_requests);
	assert_int_equal(20, s->recent_requests[0]->time_unix_ns);
	assert_int_equal(16, s->recent_requests[4]->time_unix_ns);
	assert_int_equal(1, s->recent_requests[1]->worker);
	assert_string_equal("127.0.0.1", s->recent_requests[0]->client_ip);
	assert_string_equal("GET", s->recent_requests[0]->method);
	assert_string_equal("/a%FF%C3", s->recent_requests[0]->path);
	assert_string_equal("example.org", s->recent_requests[0]->server);
	assert_string_equal("HTTP/1.1", s->recent_requests[0]->protocol);
	assert_string_equal("0000000000000014",
	    s->recent_requests[0]->request_id);
	assert_int_equal(20, take(METRICS_SNAPSHOT_RECENT_MAX + 1)->
	    n_recent_requests);
	for (unsigned i = 0; i < 2; i++)
		metrics_writer_close(&writers[i]);
}

static void closed_without_answer_is_499_and_its_own_class(void **state)
{
	struct metrics_writer *writer = open_writer(fixture_slot(world.f, 0));
	const Ringmaster__V1__Http *http;

	(void)state;
	add(writer, 1)->status = 0;
	add(writer, 2)->status = 499;
	add(writer, 3)->status = 777;
	metrics_flush(writer);
	http = take(0)->http;
	assert_int_equal(1, http->classes->aborted);
	assert_int_equal(1, http->classes->c4xx);
	assert_int_equal(1, http->classes->c5xx);
	assert_int_equal(2, http->n_codes);
	assert_int_equal(499, http->codes[0]->code);
	assert_int_equal(2, http->codes[0]->count);
	assert_int_equal(0, http->codes[1]->code);
	metrics_writer_close(&writer);
}

static void other_scopes_show_once_they_counted(void **state)
{
	struct metrics_writer *writer = open_writer(fixture_slot(world.f, 0));

	(void)state;
	add(writer, 1)->server = METRICS_SCOPE_OTHER_SERVER;
	metrics_flush(writer);
	assert_int_equal(2, take(0)->n_servers);
	assert_string_equal("other", world.snapshot->servers[0]->name);
	assert_int_equal(1, world.snapshot->servers[0]->duration->count);
	metrics_writer_close(&writer);
}

static void reader_with_readonly_mapping_gets_the_same(void **state)
{
	const struct metrics_snapshot_options options = { .recent = 1 };
	struct metrics_writer *writer = open_writer(fixture_slot(world.f, 0));
	struct metrics_segment *reader;

	(void)state;
	(void)add(writer, 1);
	metrics_flush(writer);
	assert_int_equal(0, metrics_mark(world.f->segment, METRICS_MARK_START,
	    SLICE("1.2.3")));
	assert_int_equal(0, metrics_open_readonly(world.f->path, &reader));
	assert_int_equal(0, metrics_snapshot_fill(reader, &options,
	    &world.arena, &world.snapshot));
	assert_int_equal(1, world.snapshot->total_requests);
	assert_int_equal(1, world.snapshot->n_recent_requests);
	assert_int_equal(1, world.snapshot->n_marks);
	assert_int_equal(RINGMASTER__V1__MARK_KIND__MARK_KIND_START,
	    world.snapshot->marks[0]->kind);
	metrics_segment_close(&reader);
	metrics_writer_close(&writer);
}

static void top_add(struct metrics_writer *writer, struct slice key,
    uint64_t bytes, bool error)
{
	metrics_top_add(writer, 0, key,
	    &(struct metrics_top_request){ bytes, 1000 * bytes, error });
}

static struct metrics_writer *open_top(unsigned size)
{
	unsigned id;

	assert_int_equal(0, metrics_tops_set(world.f->segment,
	    &(struct metrics_top_options){ SLICE("t"), SLICE("$k"), size }, 1,
	    &id));
	return open_writer(fixture_slot(world.f, 0));
}

static void frequent_keys_are_shown_and_what_is_left(void **state)
{
	struct metrics_writer *writer = open_writer(fixture_slot(world.f, 0));
	const Ringmaster__V1__Top *top;
	uint64_t before = take(0)->shm->used_bytes, with;
	char text[METRICS_TOP_KEY_MAX + 1];

	(void)state;
	metrics_writer_close(&writer);
	assert_int_equal(0, metrics_slot_release(world.f->segment, 0,
	    getpid(), NULL));
	writer = open_top(3);
	memset(text, 'x', sizeof(text));
	for (unsigned i = 0; i < 3; i++)
		top_add(writer, SLICE("\xff<b>"), 1000, i == 0);
	for (unsigned i = 0; i < 2; i++)
		top_add(writer, (struct slice){ text, sizeof(text) }, 10,
		    false);
	top_add(writer, SLICE("a"), 1, true);
	top_add(writer, SLICE("b"), 2, true);	/* takes the place of a */
	metrics_writer_close(&writer);

	assert_int_equal(1, take(0)->n_tops);
	top = world.snapshot->tops[0];
	with = world.snapshot->shm->used_bytes;
	assert_string_equal("t", top->name);
	assert_string_equal("$k", top->key);
	assert_int_equal(3, top->size);
	assert_int_equal(7, top->requests);
	assert_int_equal(3023, top->bytes_sent);
	assert_int_equal(3, top->server_errors);
	assert_int_equal(2, top->n_keys);
	assert_string_equal("%FF<b>", top->keys[0]->key);
	assert_false(top->keys[0]->cut);
	assert_int_equal(3, top->keys[0]->requests);
	assert_int_equal(3000, top->keys[0]->bytes_sent);
	assert_true(top->keys[0]->average_response_time == 0.001);
	assert_int_equal(1, top->keys[0]->server_errors);
	assert_int_equal(METRICS_TOP_KEY_MAX, strlen(top->keys[1]->key));
	assert_true(top->keys[1]->cut);
	assert_int_equal(2, top->other->requests);
	assert_int_equal(0, top->other->over);
	assert_int_equal(3, top->other->bytes_sent);
	assert_int_equal(2, top->other->server_errors);

	assert_true(with > before + sizeof(struct metrics_top_entry));
	assert_int_equal(0, metrics_tops_set(world.f->segment, NULL, 0,
	    NULL));
	assert_int_equal(0, take(0)->n_tops);
}

static void no_memory_is_an_error_at_any_allocation(void **state)
{
	const struct metrics_snapshot_options options = { .recent = 10,
		.top_keys = 10 };
	struct metrics_writer *writer = open_top(5);
	int result = -ENOMEM;

	(void)state;
	top_add(writer, SLICE("a"), 1, true);
	for (unsigned i = 1; i <= 20; i++)
		add(writer, i)->status = (uint16_t)(200 + i);
	metrics_flush(writer);
	for (size_t limit = 0; result != 0; limit += 509) {
		struct arena arena;

		arena_init(&arena, NULL, 0, limit);
		result = metrics_snapshot_fill(world.f->segment, &options,
		    &arena, &world.snapshot);
		assert_true(result == 0 || result == -ENOMEM);
		arena_fini(&arena);
		assert_true(limit < METRICS_SNAPSHOT_BYTES);
	}
	metrics_writer_close(&writer);
}

static void tried(struct metrics_writer *writer, unsigned peer, unsigned status)
{
	struct metrics_try try = fixture_try(peer);

	try.status = (uint16_t)status;
	metrics_try_add(writer, &try);
}

static void servers_stand_in_their_upstreams(void **state)
{
	static const char *const names[] = { "a", "b", "a" };
	static const char *const addresses[] = { "1.1.1.1:1", "1.1.1.1:1",
		"unix:/s" };
	const Ringmaster__V1__Snapshot *s;
	struct metrics_writer *writer;
	Ringmaster__V1__Peer *peer;
	unsigned ids[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		ids[i] = (unsigned)metrics_peer_id(world.f->segment,
		    slice_cstr(names[i]), slice_cstr(addresses[i]));
	writer = open_writer(fixture_slot(world.f, 0));
	metrics_peer_gauges(writer, ids[0])->idle = 3;
	metrics_peers_show(writer);
	for (unsigned i = 0; i < 3; i++)
		tried(writer, ids[i], 100 * (i + 2));
	tried(writer, ids[2], 0);
	add(writer, 1)->peer = (uint16_t)ids[2];
	metrics_flush(writer);
	s = take(10);
	assert_int_equal(2, s->n_upstreams);
	assert_string_equal("a", s->upstreams[0]->name);
	assert_int_equal(2, s->upstreams[0]->n_peers);
	assert_int_equal(1, s->upstreams[1]->n_peers);
	assert_int_equal(1, s->upstreams[1]->peers[0]->classes->c3xx);
	peer = s->upstreams[0]->peers[0];
	assert_string_equal("1.1.1.1:1", peer->address);
	assert_int_equal(1, peer->classes->c2xx);
	assert_int_equal(3, peer->keepalive_idle);
	assert_int_equal(1000, peer->bytes_in);
	assert_int_equal(100, peer->bytes_out);
	assert_true(peer->connect->max_seconds == 0.0001);
	assert_true(peer->response->max_seconds == 0.002);
	peer = s->upstreams[0]->peers[1];
	assert_int_equal(1, peer->classes->c4xx);
	assert_int_equal(1, peer->classes->aborted);
	assert_int_equal(2, peer->header->count);
	assert_string_equal("unix:/s", s->recent_requests[0]->upstream);
	metrics_writer_close(&writer);
}

static Ringmaster__V1__PeerState state_of_the_server(void)
{
	return take(0)->upstreams[0]->peers[0]->state;
}

#define STATE(name) RINGMASTER__V1__PEER_STATE__PEER_STATE_##name

static void state_of_a_server_is_that_of_the_workers(void **state)
{
	unsigned id = (unsigned)metrics_peer_id(world.f->segment, SLICE("a"),
	    SLICE("b"));
	unsigned slot = fixture_slot(world.f, 0);
	unsigned second = fixture_slot(world.f, 1);
	struct metrics_writer *one = open_writer(slot);
	struct metrics_writer *two = open_writer(second);

	(void)state;
	assert_int_equal(STATE(UNKNOWN), state_of_the_server());
	metrics_peer_gauges(one, id)->state = METRICS_PEER_UP;
	metrics_peers_show(one);
	metrics_flush(one);
	assert_int_equal(STATE(UP), state_of_the_server());
	metrics_peer_gauges(two, id)->state = METRICS_PEER_UP;
	metrics_peer_gauges(two, id)->unavail_until_ns = UINT64_MAX;
	metrics_peers_show(two);
	metrics_flush(two);
	assert_int_equal(STATE(UNAVAIL), state_of_the_server());
	metrics_peer_gauges(two, id)->unavail_until_ns = 1;
	metrics_peers_show(two);
	metrics_flush(two);
	assert_int_equal(STATE(UP), state_of_the_server());
	metrics_slot_drain(world.f->segment, slot);
	metrics_slot_drain(world.f->segment, second);
	assert_int_equal(STATE(DRAINING), state_of_the_server());
	metrics_writer_close(&one);
	assert_int_equal(0, metrics_slot_release(world.f->segment, slot,
	    getpid(), NULL));
	assert_int_equal(STATE(DRAINING), state_of_the_server());
	metrics_writer_close(&two);
	assert_int_equal(0, metrics_slot_release(world.f->segment, second,
	    getpid(), NULL));
	assert_int_equal(STATE(UNKNOWN), state_of_the_server());
}

static void zones_show_what_became_of_requests(void **state)
{
	const Ringmaster__V1__Snapshot *s;
	struct metrics_writer *writer;
	unsigned zone = (unsigned)metrics_zone_id(world.f->segment,
	    SLICE("per_ip"));

	(void)state;
	writer = open_writer(fixture_slot(world.f, 0));
	metrics_limit_count(writer, zone, METRICS_LIMIT_REJECTED);
	metrics_writer_close(&writer);
	s = take(0);
	assert_int_equal(1, s->n_limits);
	assert_string_equal("per_ip", s->limits[0]->name);
	assert_int_equal(1, s->limits[0]->rejected);
	assert_int_equal(0, s->limits[0]->passed);
}

static void process_that_is_gone_has_no_figures(void **state)
{
	struct metrics_process process;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(0);
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	metrics_process_read(pid, &process);
	assert_int_equal(0, process.rss_bytes);
	assert_int_equal(0, process.open_fds);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_segment_has_every_part),
		TEST(all_workers_add_up),
		TEST(draining_and_new_worker_of_one_place_are_one),
		TEST(gauges_of_a_dead_worker_do_not_count),
		TEST(dashboard_requests_are_not_the_sites),
		TEST(recent_requests_of_all_workers_are_newest_first),
		TEST(closed_without_answer_is_499_and_its_own_class),
		TEST(other_scopes_show_once_they_counted),
		TEST(reader_with_readonly_mapping_gets_the_same),
		TEST(frequent_keys_are_shown_and_what_is_left),
		TEST(no_memory_is_an_error_at_any_allocation),
		TEST(servers_stand_in_their_upstreams),
		TEST(state_of_a_server_is_that_of_the_workers),
		TEST(zones_show_what_became_of_requests),
		TEST(process_that_is_gone_has_no_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

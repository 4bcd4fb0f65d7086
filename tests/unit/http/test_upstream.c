/*
 * Groups of servers: URLs taken apart, and who is asked next.
 */

#include "http/upstream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- URLs ---- */

static void check_url(const char *text, const char *expected)
{
	struct upstream_url url;
	char got[256];

	if (upstream_url_parse(slice_cstr(text), 80, true, &url))
		snprintf(got, sizeof(got), "%.*s|%.*s|%u|%d|%.*s",
		    SLICE_ARG(url.text), SLICE_ARG(url.host), url.port,
		    url.no_port, SLICE_ARG(url.uri));
	else
		snprintf(got, sizeof(got), "%s", url.why);
	assert_string_equal(got, expected);
}

static void test_urls(void **state)
{
	(void)state;
	check_url("a.b", "a.b|a.b|80|1|");
	check_url("a:1", "a:1|a|1|0|");
	check_url("a:65535/x:2?y", "a:65535|a|65535|0|/x:2?y");
	check_url("a?b/c:9", "a|a|80|1|?b/c:9");
	check_url("[::1]", "[::1]|[::1]|80|1|");
	check_url("[::1]:8/x", "[::1]:8|[::1]|8|0|/x");
	check_url("unix:/a/b", "unix:/a/b|/a/b|80|1|");
	check_url("unix:/a/b:/c?d", "unix:/a/b|/a/b|80|1|/c?d");
}

static void test_urls_that_are_wrong(void **state)
{
	struct upstream_url url;
	char path[200] = "unix:/";

	(void)state;
	check_url("", "no host");
	check_url("/x", "no host");
	check_url(":80", "no host");
	check_url("a:", "invalid port");
	check_url("a:0", "invalid port");
	check_url("a:65536", "invalid port");
	check_url("a:1:2", "invalid port");
	check_url("a:x", "invalid port");
	check_url("[::1", "invalid host");
	check_url("unix:", "no path in the unix domain socket");
	check_url("unix::/x", "no path in the unix domain socket");
	memset(path + 6, 'x', 120);
	check_url(path, "too long path in the unix domain socket");
	assert_false(upstream_url_parse(SLICE("a/b"), 80, false, &url));
	assert_string_equal(url.why, "invalid host");
}

static void test_addresses(void **state)
{
	static const char *const texts[][2] = {
		{ "127.0.0.1:8", "127.0.0.1:8" }, { "[::1]", "[::1]:80" },
		{ "unix:/x", "unix:/x" }, { "localhost", NULL },
		{ "[::g]", NULL }, { "1.2.3", NULL },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, 0, 1 << 16);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct upstream_address address;
		struct upstream_url url;
		bool is = upstream_url_parse(slice_cstr(texts[i][0]), 80,
		    false, &url) && upstream_address_literal(&arena, &url,
		    &address);

		assert_int_equal(is, texts[i][1] != NULL);
		if (is)
			assert_true(slice_equal(address.name,
			    slice_cstr(texts[i][1])));
	}
	arena_fini(&arena);
}

/* ---- choosing ---- */

enum { PEERS = 100 };

static struct {
	struct upstream_peer peers[PEERS], backup[1];
	struct upstream_group group;
	struct http_request request;
	struct upstream_try try;
} t;

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	arena_init(&t.request.arena, NULL, 0, 1 << 16);
	for (unsigned i = 0; i < PEERS; i++)
		t.peers[i].weight = t.peers[i].effective_weight = 1;
	t.backup[0] = t.peers[0];
	t.group.balancer = &upstream_round_robin;
	t.group.main = (struct upstream_peers){ t.peers, 3, 3 };
	t.try.now_ns = 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&t.request.arena);
	return 0;
}

static void begin(uint64_t now_ns)
{
	assert_int_equal(upstream_try_begin(&t.try, &t.request, &t.group), 0);
	t.try.now_ns = now_ns;
}

/* The number of the peer that is asked next; -1 for none. */
static int next(void)
{
	struct upstream_peer *peer = upstream_pick(&t.try);

	if (peer == t.backup)
		return PEERS;
	return peer ? (int)(peer - t.peers) : -1;
}

static void test_turns(void **state)
{
	static const int turns[] = { 0, 0, 1, 0, 2, 0, 0 };

	(void)state;
	t.peers[0].weight = t.peers[0].effective_weight = 5;
	for (unsigned i = 0; i < 21; i++) {
		begin(1);
		assert_int_equal(next(), turns[i % 7]);
		assert_false(upstream_done(&t.try, false));
	}
}

static void test_each_is_tried_once(void **state)
{
	bool seen[PEERS] = { false };

	(void)state;
	t.group.main.count = t.group.main.tries = PEERS;
	begin(1);
	for (unsigned i = 0; i < PEERS; i++) {
		int peer = next();

		assert_in_range(peer, 0, PEERS - 1);
		assert_false(seen[peer]);
		seen[peer] = true;
		assert_int_equal(t.peers[peer].conns, 1);
		(void)upstream_done(&t.try, false);
		assert_int_equal(t.peers[peer].conns, 0);
	}
	assert_int_equal(t.try.left, 0);
	assert_int_equal(next(), -1);
}

static void test_failures(void **state)
{
	const uint64_t pause = 10;

	(void)state;
	t.group.main.count = t.group.main.tries = 2;
	t.peers[0].max_fails = 2;
	t.peers[0].fail_timeout_ns = pause;
	begin(1);
	assert_int_equal(next(), 0);
	assert_false(upstream_done(&t.try, true));
	t.peers[0].effective_weight = t.peers[0].weight;
	begin(2);
	while (next() != 0)
		begin(2);
	assert_true(upstream_done(&t.try, true));
	for (uint64_t now = 2; now <= 2 + pause; now++) {
		begin(now);
		assert_int_equal(next(), 1);
	}
	/* One request may look whether it lives again. */
	begin(3 + pause);
	while (next() != 0)
		begin(3 + pause);
	(void)upstream_done(&t.try, false);
	assert_int_equal(t.peers[0].fails, 0);
}

static void test_backups(void **state)
{
	(void)state;
	t.group.main.count = t.group.main.tries = 1;
	t.group.backup = (struct upstream_peers){ t.backup, 1, 1 };
	t.peers[0].max_conns = 1;
	begin(1);
	assert_int_equal(t.try.left, 2);
	assert_int_equal(next(), 0);
	begin(1);
	assert_int_equal(next(), PEERS);
	(void)upstream_done(&t.try, true);
	t.backup[0].down = true;
	begin(1);
	assert_int_equal(next(), -1);
	assert_false(upstream_done(&t.try, true));
}

static void test_a_single_one_is_never_left_alone(void **state)
{
	(void)state;
	t.group.main.count = t.group.main.tries = 1;
	t.group.single = true;
	t.peers[0].max_fails = 1;
	t.peers[0].fail_timeout_ns = 100;
	for (unsigned i = 0; i < 3; i++) {
		begin(1);
		assert_int_equal(next(), 0);
		assert_false(upstream_done(&t.try, true));
		assert_int_equal(t.try.left, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_urls_that_are_wrong),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test_setup_teardown(test_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_is_tried_once,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_backups, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_a_single_one_is_never_left_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

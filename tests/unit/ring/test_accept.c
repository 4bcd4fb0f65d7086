#include "support.h"

#include "base/log.h"

/* Accepting: several at once, stopping, and descriptor limits. */

enum { TEST_ACCEPTED_MAX = 64 };

struct server {
	struct ring_listener listener;
	struct sockaddr_in address;
	struct ring_stream streams[TEST_ACCEPTED_MAX];
	unsigned accepted, readable;
};

static void server_accepted(void *arg, int fd)
{
	struct server *server = arg;
	struct ring_stream *stream;

	assert_true(server->accepted < TEST_ACCEPTED_MAX);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	stream = &server->streams[server->accepted++];
	*stream = test_stream(fd, &server->readable);
	ring_stream_open(stream);
}

static void server_open(struct server *server)
{
	*server = (struct server){ .accepted = 0 };
	server->listener.ring = ring;
	server->listener.fd = test_listen(64, &server->address);
	server->listener.accepted = server_accepted;
	server->listener.arg = server;
	ring_listener_start(&server->listener);
}

static void server_close(struct server *server)
{
	ring_listener_stop(&server->listener);
	while (server->listener.armed)
		ring_yield(ring);
	for (unsigned i = 0; i < server->accepted; i++)
		if (server->streams[i].ring)
			ring_stream_close(&server->streams[i]);
	assert_int_equal(close(server->listener.fd), 0);
}

static void accept_body(void *arg)
{
	enum { COUNT = 40 };
	struct server *server = arg;
	int fds[COUNT];

	server_open(server);
	for (int i = 0; i < COUNT; i++)
		fds[i] = test_connect(&server->address);
	test_sleep_ms(5);
	assert_int_equal(server->accepted, COUNT);
	/* One submission for all of them. */
	assert_int_equal(ring_stats(ring)->ops[RING_OP_ACCEPT], 1);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(write(fds[i], "x", 1), 1);
	test_sleep_ms(5);
	assert_int_equal(server->readable, COUNT);
	server_close(server);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(close(fds[i]), 0);
}

static void many_connections_by_one_submission(void **state)
{
	struct ring_options options = test_options();
	struct server server;

	(void)state;
	test_run_with(&options, accept_body, &server);
}

static void overflow_body(void *arg)
{
	enum { COUNT = 40 };
	struct server *server = arg;
	int fds[COUNT];

	server_open(server);
	for (int i = 0; i < COUNT; i++)
		fds[i] = test_connect(&server->address);
	while (server->accepted < COUNT)
		test_sleep_ms(1);
	assert_true(ring_stats(ring)->ops[RING_OP_ACCEPT] > 1);
	server_close(server);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(close(fds[i]), 0);
}

static void accept_goes_on_after_a_full_completion_queue(void **state)
{
	struct ring_options options = test_options();
	struct server server;

	(void)state;
	options.sq_entries = 4;
	options.cq_entries = 8;
	test_run_with(&options, overflow_body, &server);
}

static void stop_body(void *arg)
{
	struct server *server = arg;
	int before, after, next;

	server_open(server);
	before = test_connect(&server->address);
	test_sleep_ms(2);
	assert_int_equal(server->accepted, 1);
	ring_listener_stop(&server->listener);
	while (server->listener.armed)
		ring_yield(ring);
	after = test_connect(&server->address);
	test_sleep_ms(2);
	assert_int_equal(server->accepted, 1);
	/* It waits in the kernel for the next owner. */
	next = accept(server->listener.fd, NULL, NULL);
	assert_true(next >= 0);
	assert_int_equal(close(next), 0);
	/* Or for this one, that goes on. */
	next = test_connect(&server->address);
	ring_listener_start(&server->listener);
	test_sleep_ms(2);
	assert_int_equal(server->accepted, 2);
	server_close(server);
	assert_int_equal(close(before), 0);
	assert_int_equal(close(after), 0);
	assert_int_equal(close(next), 0);
}

static void stopped_listener_leaves_connections_in_the_kernel(void **state)
{
	struct ring_options options = test_options();
	struct server server;

	(void)state;
	test_run_with(&options, stop_body, &server);
}

/* ---- at the descriptor limit: in a child, whose limit it is ---- */

enum { LIMIT_CLIENTS = 6 };

/* Let the process have `count` more descriptors than are open now; returns
 * the limit. */
static rlim_t limit_descriptors(rlim_t count)
{
	struct rlimit limit;
	int next = dup(STDIN_FILENO);

	assert_true(next >= 0);
	assert_int_equal(close(next), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)next + count;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit.rlim_cur;
}

static void raise_limit(rlim_t to)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = to;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int temp_file(void)
{
	char name[] = "/tmp/ringmaster-test-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	return fd;
}

static void emfile_body(void *arg)
{
	struct server *server = arg;
	uint64_t enters;
	rlim_t limit;

	server_open(server);
	for (int i = 0; i < LIMIT_CLIENTS; i++)
		(void)test_connect(&server->address);
	limit = limit_descriptors(2);
	test_sleep_ms(10);
	assert_int_equal(server->accepted, 2);
	assert_true(ring_stats(ring)->errors[RING_OP_ACCEPT]
	    [RING_ERROR_EMFILE] >= 1);
	assert_false(server->listener.armed);
	enters = ring_stats(ring)->enters;
	test_sleep_ms(30);
	assert_true(ring_stats(ring)->enters - enters < 10);

	/* A close makes room at once, without waiting for the pause. */
	ring_stream_close(&server->streams[0]);
	server->streams[0].ring = NULL;
	for (int turns = 0; turns < 4; turns++)
		ring_yield(ring);
	assert_int_equal(server->accepted, 3);

	/* And so does a limit that was raised, after the pause. */
	raise_limit(limit + 20);
	while (server->accepted < LIMIT_CLIENTS)
		test_sleep_ms(1);
	server_close(server);
}

static void emfile_child(void)
{
	static struct server server;
	struct ring_options options = test_options();
	struct log_file file = { .fd = temp_file() };
	struct log log = { .count = 0 };
	char text[4096], *line;
	ssize_t n;
	unsigned lines = 0;

	if (log_add(&log, &file, LOG_LEVEL_WARN))
		abort();
	options.log = &log;
	test_run_with(&options, emfile_body, &server);
	n = pread(file.fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	for (line = text; (line = strstr(line, "accept()")); line++)
		lines++;
	_exit(lines == 1 && strstr(text, "[crit]") ? 0 : 1);
}

static void at_the_descriptor_limit_it_pauses_and_resumes(void **state)
{
	(void)state;
	assert_int_equal(test_in_child(emfile_child), 0);
}

static void stop_paused_body(void *arg)
{
	struct server *server = arg;

	server_open(server);
	(void)test_connect(&server->address);
	(void)limit_descriptors(0);
	test_sleep_ms(5);
	assert_int_equal(server->accepted, 0);
	server_close(server);
	memset(&server->listener, 0xff, sizeof(server->listener));
	test_sleep_ms(150);	/* longer than the pause */
}

static void stop_paused_child(void)
{
	static struct server server;
	struct ring_options options = test_options();

	test_run_with(&options, stop_paused_body, &server);
}

static void paused_listener_can_be_stopped(void **state)
{
	(void)state;
	assert_int_equal(test_in_child(stop_paused_child), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_connections_by_one_submission),
		cmocka_unit_test(accept_goes_on_after_a_full_completion_queue),
		cmocka_unit_test(
		    stopped_listener_leaves_connections_in_the_kernel),
		cmocka_unit_test(at_the_descriptor_limit_it_pauses_and_resumes),
		cmocka_unit_test(paused_listener_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

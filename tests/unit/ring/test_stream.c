#include "support.h"

#include "ring/internal.h"

/* Streams: when `readable` is called, closing, and every shortage. */

#define FOREVER RING_NO_DEADLINE

static void send_text(int fd, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(write(fd, text, len), len);
}

/* ---- readable ---- */

static void readable_body(void *arg)
{
	unsigned calls = 0;
	struct ring_stream stream;
	char data[16];
	int fds[2];

	(void)arg;
	test_pair(fds);
	stream = test_stream(fds[1], &calls);
	ring_stream_open(&stream);
	test_sleep_ms(1);
	assert_int_equal(calls, 0);
	send_text(fds[0], "one");
	test_sleep_ms(1);
	send_text(fds[0], "two");
	test_sleep_ms(1);
	assert_int_equal(calls, 1);	/* once, until it is idle again */
	assert_int_equal(ring_recv(&stream, data, 3, FOREVER), 3);

	/* Something came meanwhile: the caller goes on by itself. */
	send_text(fds[0], "three");
	assert_int_equal(ring_recv(&stream, data, 3, FOREVER), 3);
	ring_stream_keep(&stream);
	assert_true(ring_stream_ready(&stream));
	test_sleep_ms(1);
	assert_int_equal(calls, 1);
	assert_int_equal(ring_recv(&stream, data, sizeof(data), FOREVER), 5);

	/* It is in the socket already, but nothing was received yet. */
	send_text(fds[0], "four");
	ring_stream_keep(&stream);
	assert_false(ring_stream_ready(&stream));
	test_sleep_ms(1);
	assert_int_equal(calls, 2);
	assert_int_equal(ring_recv(&stream, data, sizeof(data), FOREVER), 4);

	ring_stream_keep(&stream);
	assert_false(ring_stream_ready(&stream));
	assert_int_equal(close(fds[0]), 0);
	test_sleep_ms(1);
	assert_int_equal(calls, 3);	/* for the end, too */
	assert_int_equal(ring_recv(&stream, data, 1, FOREVER), 0);
	ring_stream_close(&stream);
	assert_int_equal(calls, 3);
}

static void readable_is_called_once_each_time_it_was_idle(void **state)
{
	(void)state;
	test_run(readable_body);
}

static void since_body(void *arg)
{
	unsigned calls = 0;
	struct ring_stream stream;
	uint64_t came;
	char data[16];
	int fds[2];

	(void)arg;
	test_pair(fds);
	stream = test_stream(fds[1], &calls);
	ring_stream_open(&stream);
	send_text(fds[0], "first");
	assert_int_equal(ring_recv(&stream, data, 5, FOREVER), 5);
	ring_stream_keep(&stream);
	test_sleep_ms(1);
	assert_int_equal(ring_stream_since(&stream), ring_now(ring));
	send_text(fds[0], "one");
	test_sleep_ms(1);
	came = ring_stream_since(&stream);
	send_text(fds[0], "two");
	test_sleep_ms(5);
	assert_int_equal(ring_stream_since(&stream), came);
	assert_true(came < ring_now(ring));
	assert_int_equal(ring_recv(&stream, data, 6, FOREVER), 6);
	assert_int_equal(ring_stream_since(&stream), ring_now(ring));
	ring_stream_close(&stream);
	assert_int_equal(close(fds[0]), 0);
}

static void unread_bytes_have_the_time_of_the_first(void **state)
{
	(void)state;
	test_run(since_body);
}

static void half_close_body(void *arg)
{
	unsigned calls = 0;
	struct ring_stream stream;
	char data[16];
	int fds[2];

	(void)arg;
	test_tcp_pair(fds);
	stream = test_stream(fds[1], &calls);
	ring_stream_open(&stream);
	send_text(fds[0], "request");
	assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
	assert_int_equal(ring_recv(&stream, data, sizeof(data), FOREVER), 7);
	assert_int_equal(ring_recv(&stream, data, sizeof(data), FOREVER), 0);
	assert_int_equal(ring_send(ring, stream.fd, SLICE("answer"), 0,
	    FOREVER),
	    6);
	ring_stream_close(&stream);
	assert_int_equal(read(fds[0], data, sizeof(data)), 6);
	assert_int_equal(read(fds[0], data, sizeof(data)), 0);
	assert_int_equal(close(fds[0]), 0);
}

static void half_closed_peer_still_gets_its_answer(void **state)
{
	(void)state;
	test_run(half_close_body);
}

/* ---- closing ---- */

/* On the heap and freed at once, so that ASan sees a late completion. */
static void close_armed(bool multishot, bool sent)
{
	unsigned calls = 0;
	struct ring_stream *stream = malloc(sizeof(*stream));
	char data[8];
	int fds[2];

	assert_non_null(stream);
	test_tcp_pair(fds);
	*stream = test_stream(fds[1], &calls);
	ring_stream_open(stream);
	if (multishot) {
		send_text(fds[0], "x");
		assert_int_equal(ring_recv(stream, data, 1, FOREVER), 1);
		ring_stream_keep(stream);
	}
	ring_yield(ring);
	if (sent)
		send_text(fds[0], "late");
	ring_stream_close(stream);
	free(stream);
	/* The peer sees the end, or a reset for what was not read. */
	assert_int_equal(fcntl(fds[0], F_SETFL, 0), 0);
	assert_true(read(fds[0], data, sizeof(data)) <= 0);
	assert_int_equal(close(fds[0]), 0);
	test_sleep_ms(1);
	assert_int_equal(calls, 0);
}

static void close_body(void *arg)
{
	(void)arg;
	close_armed(false, false);
	close_armed(false, true);
	close_armed(true, false);
	close_armed(true, true);
}

static void close_under_an_armed_receive_ends_the_connection(void **state)
{
	(void)state;
	test_run(close_body);
}

static void reset_body(void *arg)
{
	unsigned calls = 0;
	struct ring_stream stream;
	char c;
	int fds[2];

	(void)arg;
	test_tcp_pair(fds);	/* while idle */
	stream = test_stream(fds[1], &calls);
	ring_stream_open(&stream);
	ring_yield(ring);
	test_reset(fds[0]);
	test_sleep_ms(1);
	assert_int_equal(calls, 1);
	assert_int_equal(ring_recv(&stream, &c, 1, FOREVER), -ECONNRESET);
	assert_int_equal(ring_recv(&stream, &c, 1, FOREVER), -ECONNRESET);
	ring_stream_close(&stream);

	test_tcp_pair(fds);	/* as it is closed */
	stream = test_stream(fds[1], &calls);
	ring_stream_open(&stream);
	ring_yield(ring);
	test_reset(fds[0]);
	ring_stream_close(&stream);
	assert_int_equal(calls, 1);
}

static void reset_while_idle_and_while_closing(void **state)
{
	(void)state;
	test_run(reset_body);
}

/* ---- a peer that sends and nobody reads ---- */

static void hold_up_body(void *arg)
{
	enum { ROUNDS = 64 };
	unsigned calls = 0, sent = 0, read_ok = 0;
	struct ring_stream stream;
	char data[64];
	int fds[2];

	(void)arg;
	test_pair(fds);
	stream = test_stream(fds[1], &calls);
	ring_stream_open(&stream);
	send_text(fds[0], "0");
	assert_int_equal(ring_recv(&stream, data, 1, FOREVER), 1);
	ring_stream_keep(&stream);
	for (; sent < ROUNDS; sent++) {
		data[0] = (char)('0' + sent);
		assert_int_equal(write(fds[0], data, 1), 1);
		ring_yield(ring);
		ring_yield(ring);
	}
	assert_int_equal(calls, 1);
	/* The limit, and one that came before the cancel. */
	assert_in_range(stream.queued, RING_STREAM_BUFFERS_MAX + 1,
	    RING_STREAM_BUFFERS_MAX + 3);
	assert_false(stream.armed);
	while (read_ok < sent) {
		ssize_t n = ring_recv(&stream, data, sizeof(data),
		    test_in_ms(2000));

		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(data[i], (char)('0' + read_ok++));
	}
	ring_stream_close(&stream);
	assert_int_equal(close(fds[0]), 0);
}

static void unread_input_is_bounded_and_nothing_is_lost(void **state)
{
	(void)state;
	test_run(hold_up_body);
}

static void hoard_body(void *arg)
{
	enum { HOARDERS = 32, EACH = 4 };
	struct ring_stream streams[HOARDERS];
	unsigned calls = 0;
	int fds[HOARDERS][2];
	char data[64];

	(void)arg;
	for (int i = 0; i < HOARDERS; i++) {
		test_pair(fds[i]);
		streams[i] = test_stream(fds[i][1], &calls);
		streams[i].notified = true;	/* a coroutine is at work */
		streams[i].multishot = true;
		ring_stream_open(&streams[i]);
	}
	for (int n = 0; n < EACH; n++) {
		for (int i = 0; i < HOARDERS; i++)
			send_text(fds[i][0], "abcd");
		test_sleep_ms(1);
	}
	/* 128 chunks wait, of 64 buffers, and a quarter is still free. */
	assert_in_range(ring_stats(ring)->buffers_free, 16, 64);
	for (int i = 0; i < HOARDERS; i++) {
		assert_int_equal(ring_recv(&streams[i], data, sizeof(data),
		    FOREVER), EACH * 4);
		assert_memory_equal(data, "abcdabcdabcdabcd", 16);
		ring_stream_close(&streams[i]);
		assert_int_equal(close(fds[i][0]), 0);
	}
}

static void who_does_not_read_cannot_take_all_buffers(void **state)
{
	(void)state;
	test_run(hoard_body);
}

/* ---- many streams, few resources ---- */

enum { MANY = 64, MANY_BYTES = 6000 };

struct client {
	struct ring_stream stream;
	struct ring_task task;
	size_t received;
	unsigned sum;
	bool multishot;
};

static void client_run(void *arg)
{
	struct client *client = arg;
	char data[512];
	ssize_t n;

	if (client->multishot)
		ring_stream_keep(&client->stream);
	while ((n = ring_recv(&client->stream, data, sizeof(data),
	    test_in_ms(20000))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			client->sum += (unsigned char)data[i];
		client->received += (size_t)n;
	}
	assert_int_equal(n, 0);
	ring_stream_close(&client->stream);
}

/* All peers send at once; all must arrive. */
static void many_body(void *arg)
{
	struct client *clients = calloc(MANY, sizeof(*clients));
	char data[MANY_BYTES];
	unsigned calls = 0, expected = 0;
	int fds[MANY][2];

	assert_non_null(clients);
	for (int i = 0; i < MANY_BYTES; i++)
		expected += (unsigned char)(data[i] = (char)(i * 7));
	for (int i = 0; i < MANY; i++) {
		test_pair(fds[i]);
		clients[i].stream = test_stream(fds[i][1], &calls);
		clients[i].multishot = *(bool *)arg;
		ring_stream_open(&clients[i].stream);
		assert_int_equal(ring_spawn(ring, &clients[i].task,
		    client_run, &clients[i]), 0);
	}
	test_sleep_ms(1);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(write(fds[i][0], data, MANY_BYTES),
		    MANY_BYTES);
		assert_int_equal(close(fds[i][0]), 0);
	}
	for (int i = 0; i < MANY; i++) {
		ring_join(ring, &clients[i].task);
		assert_int_equal(clients[i].received, MANY_BYTES);
		assert_int_equal(clients[i].sum, expected);
	}
	assert_int_equal(calls, 0);
	free(clients);
}

static struct ring_stats last_stats;

static void many_stats_body(void *arg)
{
	many_body(arg);
	last_stats = *ring_stats(ring);
}

static void exhausted_buffers_delay_but_lose_nothing(void **state)
{
	struct ring_options options = test_options();

	(void)state;
	for (int multishot = 0; multishot < 2; multishot++) {
		bool arg = multishot;

		options.buffers = 4;
		options.buffer_size = 512;
		test_run_with(&options, many_stats_body, &arg);
		assert_true(last_stats.buffers_exhausted > 0);
		/* 64 x 12 buffers, by fours; and no spinning on top. */
		assert_true(last_stats.enters < 2000);
	}
}

static void starving_body(void *arg)
{
	enum { HOLDERS = 4 };
	struct ring_stream holders[HOLDERS], starved;
	int fds[HOLDERS][2], last[2];
	unsigned calls = 0, starved_calls = 0;
	uint64_t enters;
	char data[8];

	(void)arg;
	for (int i = 0; i < HOLDERS; i++) {
		test_pair(fds[i]);
		holders[i] = test_stream(fds[i][1], &calls);
		ring_stream_open(&holders[i]);
		send_text(fds[i][0], "held");
	}
	test_sleep_ms(1);
	assert_int_equal(calls, HOLDERS);
	assert_int_equal(ring_stats(ring)->buffers_free, 0);

	test_pair(last);
	starved = test_stream(last[1], &starved_calls);
	ring_stream_open(&starved);
	send_text(last[0], "late");
	test_sleep_ms(1);
	enters = ring_stats(ring)->enters;
	test_sleep_ms(20);
	assert_true(ring_stats(ring)->enters - enters < 10);
	assert_int_equal(starved_calls, 0);
	assert_int_equal(ring_recv(&starved, data, 8, test_in_ms(1)),
	    -ETIMEDOUT);

	/* One is enough. */
	assert_int_equal(ring_recv(&holders[0], data, 8, FOREVER), 4);
	assert_int_equal(ring_recv(&starved, data, 8, FOREVER), 4);
	for (int i = 0; i < HOLDERS; i++) {
		ring_stream_close(&holders[i]);
		assert_int_equal(close(fds[i][0]), 0);
	}
	ring_stream_close(&starved);
	assert_int_equal(close(last[0]), 0);
}

static void starved_stream_waits_without_spinning(void **state)
{
	struct ring_options options = test_options();

	(void)state;
	options.buffers = 4;
	test_run_with(&options, starving_body, NULL);
}

struct waiter {
	struct ring_stream *stream;
	ssize_t result;
};

static void waits_in_recv(void *arg)
{
	struct waiter *waiter = arg;
	char c;

	waiter->result = ring_recv(waiter->stream, &c, 1, FOREVER);
}

static void starved_end_body(void *arg)
{
	struct ring_stream streams[4];
	struct waiter waiter = { &streams[3], 0 };
	struct ring_task task;
	unsigned calls = 0;
	int fds[4][2];

	(void)arg;
	/* Two hold the two buffers, the others starve. */
	for (int i = 0; i < 4; i++) {
		test_pair(fds[i]);
		streams[i] = test_stream(fds[i][1], &calls);
		ring_stream_open(&streams[i]);
		send_text(fds[i][0], "x");
		test_sleep_ms(1);
	}
	assert_true(streams[2].starved && streams[3].starved);
	assert_int_equal(ring_spawn(ring, &task, waits_in_recv, &waiter), 0);
	ring_cancel(ring, streams[3].fd);
	ring_join(ring, &task);
	assert_int_equal(waiter.result, -ECANCELED);
	for (int i = 3; i >= 0; i--) {
		ring_stream_close(&streams[i]);
		assert_int_equal(close(fds[i][0]), 0);
	}
}

static void starved_stream_can_be_cancelled_and_closed(void **state)
{
	struct ring_options options = test_options();

	(void)state;
	options.buffers = 2;
	test_run_with(&options, starved_end_body, NULL);
}

static void full_completion_queue_loses_nothing(void **state)
{
	struct ring_options options = test_options();
	bool multishot = true;

	(void)state;
	options.sq_entries = 4;
	options.cq_entries = 8;
	options.buffers = 256;
	test_run_with(&options, many_stats_body, &multishot);
	assert_true(last_stats.cq_overflows > 0);
	assert_int_equal(last_stats.sq_entries, 4);
}

static void poll_once(void *arg)
{
	int fd = *(int *)arg;

	assert_true(ring_poll(ring, fd, 4 /* POLLOUT */, FOREVER) > 0);
}

static void full_sq_body(void *arg)
{
	enum { OPS = 400 };
	struct ring_task *tasks = calloc(OPS, sizeof(*tasks));
	uint64_t enters = ring_stats(ring)->enters;
	int fds[2];

	(void)arg;
	assert_non_null(tasks);
	test_pair(fds);
	for (int i = 0; i < OPS; i++)
		assert_int_equal(ring_spawn(ring, &tasks[i], poll_once,
		    &fds[0]), 0);
	assert_true(ring_stats(ring)->enters - enters >= OPS / 4 - 1);
	assert_int_equal(ring_stats(ring)->inflight, OPS);
	assert_int_equal(ring_stats(ring)->inflight_ops[RING_OP_POLL], OPS);
	for (int i = 0; i < OPS; i++)
		ring_join(ring, &tasks[i]);
	assert_int_equal(ring_stats(ring)->ops[RING_OP_POLL], OPS);
	assert_int_equal(ring_stats(ring)->inflight, 0);
	free(tasks);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

static void full_submission_queue_is_submitted_in_mid_turn(void **state)
{
	struct ring_options options = test_options();

	(void)state;
	options.sq_entries = 4;
	options.cq_entries = 8;
	test_run_with(&options, full_sq_body, NULL);
}

static void names_body(void *arg)
{
	const struct ring_stats *stats = ring_stats(ring);

	(void)arg;
	for (int i = 0; i < RING_OP_COUNT; i++)
		assert_true(strlen(ring_op_name((enum ring_op)i)) > 3);
	for (int i = 0; i < RING_ERROR_COUNT; i++)
		assert_true(strlen(ring_error_name((enum ring_error)i)) > 4);
	assert_int_equal(stats->inflight, 0);
	assert_int_equal(stats->stacks_used, 1);
	assert_int_equal(stats->buffers_total, 64);
}

static void figures_of_a_fresh_ring(void **state)
{
	(void)state;
	test_run(names_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable_is_called_once_each_time_it_was_idle),
		cmocka_unit_test(unread_bytes_have_the_time_of_the_first),
		cmocka_unit_test(half_closed_peer_still_gets_its_answer),
		cmocka_unit_test(
		    close_under_an_armed_receive_ends_the_connection),
		cmocka_unit_test(reset_while_idle_and_while_closing),
		cmocka_unit_test(unread_input_is_bounded_and_nothing_is_lost),
		cmocka_unit_test(who_does_not_read_cannot_take_all_buffers),
		cmocka_unit_test(exhausted_buffers_delay_but_lose_nothing),
		cmocka_unit_test(starved_stream_waits_without_spinning),
		cmocka_unit_test(starved_stream_can_be_cancelled_and_closed),
		cmocka_unit_test(full_completion_queue_loses_nothing),
		cmocka_unit_test(
		    full_submission_queue_is_submitted_in_mid_turn),
		cmocka_unit_test(figures_of_a_fresh_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

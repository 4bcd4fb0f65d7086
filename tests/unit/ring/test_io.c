#include "support.h"

#include <poll.h>

/* The straight-line calls: results, deadlines, cancelling, resets. */

#define FOREVER RING_NO_DEADLINE

static char big[1 << 20];

static void fill(char *data, size_t size, unsigned seed)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (char)(i * 31 + (i >> 8) + seed);
}

/* ---- a coroutine that reads all and compares ---- */

struct sink {
	int fd;
	size_t received;
	ssize_t end;		/* what ended it */
	bool equal;
	struct ring_task task;
};

static void sink_run(void *arg)
{
	struct sink *sink = arg;
	unsigned calls = 0;
	struct ring_stream stream = test_stream(sink->fd, &calls);
	char data[3000];

	sink->equal = true;
	ring_stream_open(&stream);
	ring_stream_keep(&stream);
	while ((sink->end = ring_recv(&stream, data, sizeof(data), FOREVER)) >
	    0) {
		if (memcmp(data, big + sink->received, (size_t)sink->end))
			sink->equal = false;
		sink->received += (size_t)sink->end;
	}
	ring_stream_close(&stream);
}

/* ---- receiving ---- */

static void recv_body(void *arg)
{
	unsigned calls = 0;
	struct ring_stream stream;
	char data[16];
	int fds[2];

	(void)arg;
	test_pair(fds);
	stream = test_stream(fds[1], &calls);
	ring_stream_open(&stream);
	assert_int_equal(write(fds[0], "hello world", 11), 11);
	assert_int_equal(ring_recv(&stream, data, 5, FOREVER), 5);
	assert_memory_equal(data, "hello", 5);
	assert_true(ring_stream_ready(&stream));
	assert_int_equal(ring_recv(&stream, data, sizeof(data), FOREVER), 6);
	assert_memory_equal(data, " world", 6);
	assert_false(ring_stream_ready(&stream));

	assert_int_equal(ring_recv(&stream, data, sizeof(data),
	    test_in_ms(2)), -ETIMEDOUT);
	assert_int_equal(ring_recv(&stream, data, sizeof(data), 0),
	    -ETIMEDOUT);
	assert_int_equal(write(fds[0], "late", 4), 4);
	assert_int_equal(ring_recv(&stream, data, sizeof(data),
	    test_in_ms(1000)), 4);

	assert_int_equal(write(fds[0], "end", 3), 3);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(ring_recv(&stream, data, sizeof(data), FOREVER), 3);
	assert_int_equal(ring_recv(&stream, data, sizeof(data), FOREVER), 0);
	assert_int_equal(ring_recv(&stream, data, sizeof(data), FOREVER), 0);
	ring_stream_close(&stream);
}

static void recv_gives_bytes_then_a_deadline_then_the_end(void **state)
{
	(void)state;
	test_run(recv_body);
}

/* ---- sending ---- */

static void send_body(void *arg)
{
	struct sink sink = { .fd = -1 };
	int fds[2];

	(void)arg;
	test_pair(fds);
	test_shrink(fds[0]);
	sink.fd = fds[1];
	assert_int_equal(ring_send(ring, fds[0],
	    (struct slice){ big, 0 }, 0, FOREVER), 0);
	assert_int_equal(ring_spawn(ring, &sink.task, sink_run, &sink), 0);
	assert_int_equal(ring_send(ring, fds[0],
	    (struct slice){ big, 1000 }, MSG_MORE,
	    FOREVER), 1000);
	assert_int_equal(ring_send(ring, fds[0],
	    (struct slice){ big + 1000, sizeof(big) - 1000 }, 0,
	    test_in_ms(20000)), sizeof(big) - 1000);
	assert_int_equal(close(fds[0]), 0);
	ring_join(ring, &sink.task);
	assert_int_equal(sink.received, sizeof(big));
	assert_int_equal(sink.end, 0);
	assert_true(sink.equal);
}

static void send_sends_all_through_a_small_socket_buffer(void **state)
{
	(void)state;
	test_run(send_body);
}

static void send_fails_body(void *arg)
{
	struct slice all = { big, sizeof(big) }, one = { big, 1 };
	int fds[2];

	(void)arg;
	test_pair(fds);
	assert_int_equal(ring_send(ring, fds[0], all, 0, test_in_ms(5)),
	    -ETIMEDOUT);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(ring_send(ring, fds[0], one, 0, FOREVER), -EPIPE);
	assert_int_equal(ring_stats(ring)->errors[RING_OP_SEND]
	    [RING_ERROR_EPIPE], 1);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(ring_send(ring, fds[0], one, 0, FOREVER), -EBADF);
}

static void send_stops_at_the_deadline_and_at_a_closed_peer(void **state)
{
	(void)state;
	test_run(send_fails_body);
}

/* ---- a file ---- */

static int big_file(void)
{
	char name[] = "/tmp/ringmaster-test-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(write(fd, big, sizeof(big)), sizeof(big));
	return fd;
}

static void sendfile_body(void *arg)
{
	struct sink sink = { .fd = -1 };
	struct ring_file_part part = { .fd = big_file(), .size = 100 };
	int fds[2];

	(void)arg;
	test_tcp_pair(fds);
	sink.fd = fds[1];
	assert_int_equal(ring_spawn(ring, &sink.task, sink_run, &sink), 0);
	assert_int_equal(ring_sendfile(ring, fds[0], &part, NS_PER_SEC), 100);
	assert_int_equal(part.offset, 100);
	assert_int_equal(part.size, 0);
	part.size = sizeof(big) - 50;	/* 50 more than there are */
	assert_int_equal(ring_sendfile(ring, fds[0], &part, NS_PER_SEC),
	    sizeof(big) - 100);
	assert_int_equal(part.offset, sizeof(big));
	assert_int_equal(part.size, 50);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(part.fd), 0);
	ring_join(ring, &sink.task);
	assert_int_equal(sink.received, sizeof(big));
	assert_true(sink.equal);
}

static void sendfile_sends_what_the_file_has(void **state)
{
	(void)state;
	test_run(sendfile_body);
}

static void sendfile_fails_body(void *arg)
{
	struct ring_file_part part = { .fd = big_file(), .size = sizeof(big) };
	struct ring_file_part none = { .fd = -1, .size = 1 };
	int fds[2];

	(void)arg;
	test_tcp_pair(fds);
	test_shrink(fds[0]);
	assert_int_equal(ring_sendfile(ring, fds[0], &part, 5 * NS_PER_MSEC),
	    -ETIMEDOUT);
	assert_true(part.offset > 0);
	assert_int_equal((size_t)part.offset + part.size, sizeof(big));
	assert_int_equal(ring_sendfile(ring, fds[0], &none, 0), -EBADF);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(part.fd), 0);
}

static void sendfile_gives_up_without_progress(void **state)
{
	(void)state;
	test_run(sendfile_fails_body);
}

/* ---- connecting ---- */

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);

	assert_true(fd >= 0);
	return fd;
}

static int connect_to(int fd, const struct sockaddr_in *address,
    uint64_t deadline)
{
	return ring_connect(ring, fd, (const struct sockaddr *)address,
	    sizeof(*address), deadline);
}

static void connect_body(void *arg)
{
	struct sockaddr_in address;
	int listener = test_listen(1, &address), fd = tcp_socket();

	(void)arg;
	assert_int_equal(connect_to(fd, &address, FOREVER), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(close(listener), 0);
	fd = tcp_socket();
	assert_int_equal(connect_to(fd, &address, FOREVER), -ECONNREFUSED);
	assert_int_equal(ring_stats(ring)->errors[RING_OP_CONNECT]
	    [RING_ERROR_ECONNREFUSED], 1);
	assert_int_equal(close(fd), 0);
}

static void connect_succeeds_or_is_refused(void **state)
{
	(void)state;
	test_run(connect_body);
}

static void connect_deadline_body(void *arg)
{
	enum { TRIES = 8 };
	struct sockaddr_in address;
	int listener = test_listen(0, &address), fds[TRIES], r = 0, n = 0;

	(void)arg;
	/* Nobody accepts: when the queue is full the kernel does not answer. */
	while (r == 0 && n < TRIES) {
		fds[n] = tcp_socket();
		r = connect_to(fds[n++], &address, test_in_ms(20));
	}
	assert_int_equal(r, -ETIMEDOUT);
	while (n > 0)
		assert_int_equal(close(fds[--n]), 0);
	assert_int_equal(close(listener), 0);
}

static void connect_stops_at_the_deadline(void **state)
{
	(void)state;
	test_run(connect_deadline_body);
}

/* ---- polling ---- */

static void poll_body(void *arg)
{
	int fds[2];

	(void)arg;
	test_pair(fds);
	assert_int_equal(ring_poll(ring, fds[0], POLLOUT, FOREVER), POLLOUT);
	assert_int_equal(ring_poll(ring, fds[0], POLLIN, test_in_ms(2)),
	    -ETIMEDOUT);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(ring_poll(ring, fds[0], POLLIN, FOREVER), POLLIN);
	assert_int_equal(close(fds[1]), 0);
	assert_true(ring_poll(ring, fds[0], POLLIN, FOREVER) & POLLHUP);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(ring_poll(ring, fds[0], POLLIN, FOREVER), -EBADF);
}

static void poll_tells_events_or_the_deadline(void **state)
{
	(void)state;
	test_run(poll_body);
}

/* ---- cancelling ---- */

struct waiter {
	int fd;
	ssize_t result;
	struct ring_task task;
};

static void waits_in_poll(void *arg)
{
	struct waiter *waiter = arg;

	waiter->result = ring_poll(ring, waiter->fd, POLLIN, test_in_ms(9000));
}

static void waits_in_send(void *arg)
{
	struct waiter *waiter = arg;

	do {
		waiter->result = ring_send(ring, waiter->fd,
		    (struct slice){ big, sizeof(big) }, 0, FOREVER);
	} while (waiter->result > 0);
}

static void waits_in_recv(void *arg)
{
	struct waiter *waiter = arg;
	unsigned calls = 0;
	struct ring_stream stream = test_stream(dup(waiter->fd), &calls);
	char c;

	ring_stream_open(&stream);
	/* ring_cancel() names the descriptor that is waited on. */
	waiter->fd = stream.fd;
	waiter->result = ring_recv(&stream, &c, 1, FOREVER);
	ring_stream_close(&stream);
}

static void cancel_body(void *arg)
{
	void (*const fns[])(void *) = {
		waits_in_poll, waits_in_send, waits_in_recv,
	};

	(void)arg;
	for (unsigned i = 0; i < sizeof(fns) / sizeof(*fns); i++) {
		struct waiter waiter;
		int fds[2];

		test_pair(fds);
		waiter.fd = fds[0];
		assert_int_equal(ring_spawn(ring, &waiter.task, fns[i],
		    &waiter), 0);
		assert_false(waiter.task.done);
		ring_yield(ring);
		ring_cancel(ring, waiter.fd);
		ring_join(ring, &waiter.task);
		/* A send that had begun tells so, and is called short. */
		assert_int_equal(waiter.result, -ECANCELED);
		assert_int_equal(close(fds[0]), 0);
		assert_int_equal(close(fds[1]), 0);
	}
}

static void cancel_ends_what_waits_on_a_descriptor(void **state)
{
	(void)state;
	test_run(cancel_body);
}

/* ---- the peer resets ---- */

static void recv_for_reset(void *arg)
{
	struct waiter *waiter = arg;
	unsigned calls = 0;
	struct ring_stream stream = test_stream(waiter->fd, &calls);
	char c;

	ring_stream_open(&stream);
	waiter->result = ring_recv(&stream, &c, 1, FOREVER);
	ring_stream_close(&stream);
}

static void send_for_reset(void *arg)
{
	struct waiter *waiter = arg;

	waits_in_send(waiter);
	assert_int_equal(close(waiter->fd), 0);
}

static void sendfile_for_reset(void *arg)
{
	struct waiter *waiter = arg;
	struct ring_file_part part = { .fd = big_file() };

	do {
		part.offset = 0;
		part.size = sizeof(big);
		waiter->result = ring_sendfile(ring, waiter->fd, &part,
		    9 * NS_PER_SEC);
	} while (waiter->result > 0);
	assert_int_equal(close(part.fd), 0);
	assert_int_equal(close(waiter->fd), 0);
}

static void reset_body(void *arg)
{
	void (*const fns[])(void *) = {
		recv_for_reset, send_for_reset, sendfile_for_reset,
	};

	(void)arg;
	for (unsigned i = 0; i < sizeof(fns) / sizeof(*fns); i++) {
		struct waiter waiter;
		int fds[2];

		test_tcp_pair(fds);
		waiter.fd = fds[1];
		assert_int_equal(ring_spawn(ring, &waiter.task, fns[i],
		    &waiter), 0);
		test_sleep_ms(5);
		assert_false(waiter.task.done);
		test_reset(fds[0]);
		ring_join(ring, &waiter.task);
		assert_true(waiter.result == -ECONNRESET ||
		    waiter.result == -EPIPE);
	}
}

static void reset_ends_recv_send_and_sendfile(void **state)
{
	(void)state;
	test_run(reset_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recv_gives_bytes_then_a_deadline_then_the_end),
		cmocka_unit_test(send_sends_all_through_a_small_socket_buffer),
		cmocka_unit_test(
		    send_stops_at_the_deadline_and_at_a_closed_peer),
		cmocka_unit_test(sendfile_sends_what_the_file_has),
		cmocka_unit_test(sendfile_gives_up_without_progress),
		cmocka_unit_test(connect_succeeds_or_is_refused),
		cmocka_unit_test(connect_stops_at_the_deadline),
		cmocka_unit_test(poll_tells_events_or_the_deadline),
		cmocka_unit_test(cancel_ends_what_waits_on_a_descriptor),
		cmocka_unit_test(reset_ends_recv_send_and_sendfile),
	};

	fill(big, sizeof(big), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

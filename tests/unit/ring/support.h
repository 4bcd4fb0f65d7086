#ifndef RINGMASTER_TESTS_RING_SUPPORT_H
#define RINGMASTER_TESTS_RING_SUPPORT_H

/*
 * What the tests of src/ring share: a ring in which a test's body runs as a
 * coroutine, and pairs of connected sockets.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ring/ring.h"

#define TEST_SECONDS_MAX 60	/* of a program: it hangs otherwise */

static struct ring *ring;	/* of the test that runs */

struct test_body {
	void (*fn)(void *arg);
	void *arg;
};

static inline void test_body_run(void *arg)
{
	struct test_body *body = arg;

	body->fn(body->arg);
	ring_stop(ring);
}

static inline struct ring_options test_options(void)
{
	struct ring_options options = ring_options_default();

	options.sq_entries = 64;
	options.cq_entries = 256;
	options.buffers = 64;
	options.pool_threads = 2;
	return options;
}

/* Run the body in a coroutine of a new ring, until it returns. */
static inline void test_run_with(const struct ring_options *options,
    void (*fn)(void *arg), void *arg)
{
	struct test_body body = { fn, arg };

	(void)alarm(TEST_SECONDS_MAX);
	assert_int_equal(ring_open(options, &ring), 0);
	assert_int_equal(ring_spawn(ring, NULL, test_body_run, &body), 0);
	assert_int_equal(ring_run(ring), 0);
	assert_int_equal(ring_stats(ring)->stacks_used, 0);
	assert_int_equal(ring_stats(ring)->buffers_free,
	    ring_stats(ring)->buffers_total);
	ring_close(&ring);
}

static inline void test_run(void (*fn)(void *arg))
{
	struct ring_options options = test_options();

	test_run_with(&options, fn, NULL);
}

static inline uint64_t test_in_ms(unsigned ms)
{
	return clock_mono_ns() + ms * NS_PER_MSEC;
}

static inline void test_sleep_ms(unsigned ms)
{
	ring_sleep(ring, test_in_ms(ms));
}

/* Both ends of a local stream; non-blocking. */
static inline void test_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
}

/* A TCP listener on a free port of the loopback. */
static inline int test_listen(int backlog, struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

static inline int test_connect(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)address,
	    sizeof(*address)), 0);
	return fd;
}

/* Both ends of a TCP connection; non-blocking. */
static inline void test_tcp_pair(int fds[2])
{
	struct sockaddr_in address;
	int listener = test_listen(1, &address);

	fds[0] = test_connect(&address);
	fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(fds[1] >= 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(close(listener), 0);
}

/* Close so that the other end gets a reset. */
static inline void test_reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
	    sizeof(linger)), 0);
	assert_int_equal(close(fd), 0);
}

/* Small socket buffers: a send that nobody reads soon waits. */
static inline void test_shrink(int fd)
{
	int size = 4096;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)), 0);
}

static inline void test_count_call(void *arg)
{
	++*(unsigned *)arg;
}

/* A stream on `fd` that counts its calls of `readable`. */
static inline struct ring_stream test_stream(int fd, unsigned *calls)
{
	return (struct ring_stream){
		.ring = ring, .fd = fd,
		.readable = test_count_call, .arg = calls,
	};
}

/* Run fn in a child; its wait status. */
static inline int test_in_child(void (*fn)(void))
{
	pid_t pid;
	int status;

	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#endif

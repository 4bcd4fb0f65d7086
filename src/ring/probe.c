/*
 * Can io_uring be used here, and if not: why, and what helps.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring/internal.h"

/* kernel.io_uring_disabled (since Linux 6.6): '0', '1', '2'; else '?'. */
static char ring_sysctl_disabled(void)
{
	int fd = open("/proc/sys/kernel/io_uring_disabled",
	    O_RDONLY | O_CLOEXEC);
	char c = '?';

	if (fd >= 0) {
		if (read(fd, &c, 1) != 1)
			c = '?';
		(void)close(fd);
	}
	return c;
}

static const char *ring_forbidden_by(void)
{
	switch (ring_sysctl_disabled()) {
	case '2':
		return "io_uring is switched off (kernel.io_uring_disabled=2);"
		    " to allow it: sysctl -w kernel.io_uring_disabled=0";
	case '1':
		return "io_uring is for privileged processes only here "
		    "(kernel.io_uring_disabled=1); start as root, or join the "
		    "group of kernel.io_uring_group, or: "
		    "sysctl -w kernel.io_uring_disabled=0";
	default:
		return "io_uring is forbidden, as by the seccomp profile of a "
		    "container; start it with a profile that allows "
		    "io_uring_setup, io_uring_enter and io_uring_register, as "
		    "in: docker run --security-opt "
		    "seccomp=scripts/docker/seccomp.json";
	}
}

/* Why a ring could not be made, and what to do about it. */
static void ring_explain(int error, char *why, size_t size)
{
	switch (error) {
	case EPERM:
	case EACCES:
		(void)snprintf(why, size, "%s", ring_forbidden_by());
		break;
	case ENOSYS:
		(void)snprintf(why, size, "this kernel has no io_uring, or a "
		    "seccomp profile hides it; use Linux 6.0 or later with "
		    "CONFIG_IO_URING, and in a container: docker run "
		    "--security-opt seccomp=scripts/docker/seccomp.json");
		break;
	case ENOMEM:
		(void)snprintf(why, size, "not enough locked memory for a "
		    "ring; raise the limit: ulimit -l, or LimitMEMLOCK= of "
		    "the systemd unit");
		break;
	case EMFILE:
	case ENFILE:
		(void)snprintf(why, size, "no descriptor left for a ring; "
		    "raise the limit: ulimit -n");
		break;
	case EINVAL:
	case EOPNOTSUPP:
		(void)snprintf(why, size, "the io_uring of this kernel is too "
		    "old; use Linux 6.0 or later");
		break;
	default:
		(void)snprintf(why, size, "io_uring cannot be used: %s",
		    strerror(error));
		break;
	}
}

/*
 * Multishot receive came with Linux 6.0 but cannot be asked for; the zero
 * copy send of the same version can.
 */
static int ring_probe_ops(struct io_uring *uring)
{
	static const int wanted[] = {
		IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_SEND,
		IORING_OP_POLL_ADD, IORING_OP_CONNECT, IORING_OP_CLOSE,
		IORING_OP_ASYNC_CANCEL, IORING_OP_SEND_ZC,
	};
	struct io_uring_probe *probe = io_uring_get_probe_ring(uring);
	int r = probe ? 0 : -EOPNOTSUPP;

	for (size_t i = 0; probe && i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!io_uring_opcode_supported(probe, wanted[i]))
			r = -EOPNOTSUPP;
	io_uring_free_probe(probe);
	return r;
}

int ring_probe(char *why, size_t size)
{
	const struct ring_options least = {
		.sq_entries = RING_SQ_ENTRIES_MIN,
		.cq_entries = RING_CQ_ENTRIES_MIN,
		.buffers = RING_BUFFERS_MIN,
		.buffer_size = 64,
	};
	struct ring *ring = calloc(1, sizeof(*ring));
	int r = ring ? ring_setup(ring, &least) : -ENOMEM;

	if (r == 0) {
		r = ring_probe_ops(&ring->uring);
		ring_teardown(ring);
	}
	free(ring);
	if (r)
		ring_explain(-r, why, size);
	return r;
}

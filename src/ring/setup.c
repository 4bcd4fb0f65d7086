/*
 * Making the ring and its provided buffers, with less where the kernel or
 * the memory limit does not give what is asked for.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"
#include "ring/internal.h"

/*
 * One thread submits, and completions are worked on where the loop waits
 * instead of by interrupts: worth a fifth of the CPU. Kernels that do not
 * know these flags answer -EINVAL.
 */
static int ring_setup_flags(struct io_uring *uring, unsigned sq_entries,
    unsigned cq_entries)
{
	static const unsigned modes[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		0,
	};
	int r = -EINVAL;

	for (unsigned i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		struct io_uring_params params = {
			.flags = modes[i] | IORING_SETUP_CQSIZE |
			    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP,
			.cq_entries = cq_entries,
		};

		r = io_uring_queue_init_params(sq_entries, uring, &params);
		if (r != -EINVAL)
			break;
	}
	return r;
}

static void *ring_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static size_t ring_buffers_ring_size(const struct ring_buffers *buffers)
{
	return buffers->count * sizeof(struct io_uring_buf);
}

static void ring_buffers_free(struct ring_buffers *buffers)
{
	if (buffers->ring)
		(void)munmap(buffers->ring, ring_buffers_ring_size(buffers));
	if (buffers->memory)
		(void)munmap(buffers->memory,
		    (size_t)buffers->count * buffers->size);
	free(buffers->chunks);
	*buffers = (struct ring_buffers){ .ring = NULL };
}

static int ring_buffers_open(struct ring *ring, unsigned count, unsigned size)
{
	struct ring_buffers *buffers = &ring->buffers;
	struct io_uring_buf_reg reg = { .ring_entries = count };
	int r;

	*buffers = (struct ring_buffers){ .count = count, .size = size };
	buffers->ring = ring_map(ring_buffers_ring_size(buffers));
	buffers->memory = ring_map((size_t)count * size);
	buffers->chunks = calloc(count, sizeof(*buffers->chunks));
	reg.ring_addr = (uintptr_t)buffers->ring;
	r = buffers->ring && buffers->memory && buffers->chunks
	    ? io_uring_register_buf_ring(&ring->uring, &reg, 0) : -ENOMEM;
	if (r) {
		ring_buffers_free(buffers);
		return r;
	}
	io_uring_buf_ring_init(buffers->ring);
	for (unsigned i = 0; i < count; i++) {
		buffers->chunks[i].data = buffers->memory + (size_t)i * size;
		io_uring_buf_ring_add(buffers->ring, buffers->chunks[i].data,
		    size, (unsigned short)i, (int)count - 1, (int)i);
	}
	io_uring_buf_ring_advance(buffers->ring, (int)count);
	buffers->free = count;
	return 0;
}

static int ring_setup_try(struct ring *ring,
    const struct ring_options *options)
{
	int r = ring_setup_flags(&ring->uring, options->sq_entries,
	    options->cq_entries);

	if (r)
		return r;
	r = ring_buffers_open(ring, options->buffers, options->buffer_size);
	if (r)
		io_uring_queue_exit(&ring->uring);
	return r;
}

/* Halve what memory is locked for; false when it is the least already. */
static bool ring_options_halve(struct ring_options *options)
{
	if (options->sq_entries / 2 < RING_SQ_ENTRIES_MIN ||
	    options->cq_entries / 2 < RING_CQ_ENTRIES_MIN ||
	    options->buffers / 2 < RING_BUFFERS_MIN)
		return false;
	options->sq_entries /= 2;
	options->cq_entries /= 2;
	options->buffers /= 2;
	return true;
}

int ring_setup(struct ring *ring, const struct ring_options *options)
{
	/* The kernel counts a closed ring's memory a little longer. */
	const struct timespec pause = { .tv_nsec = 20 * NS_PER_MSEC };
	struct ring_options now = *options;
	int r;

	while ((r = ring_setup_try(ring, &now)) == -ENOMEM &&
	    ring_options_halve(&now))
		(void)nanosleep(&pause, NULL); /* shorter is no harm */
	if (r)
		return r;
	if (now.sq_entries != options->sq_entries && ring->log)
		log_write(ring->log, LOG_LEVEL_NOTICE, 0,
		    "too little locked memory (RLIMIT_MEMLOCK): %u io_uring "
		    "entries and %u receive buffers instead of %u and %u",
		    now.sq_entries, now.buffers, options->sq_entries,
		    options->buffers);
	/* Saves the kernel a look-up at each enter; works without. */
	(void)io_uring_register_ring_fd(&ring->uring);
	ring->stats.sq_entries = ring->uring.sq.ring_entries;
	return 0;
}

void ring_teardown(struct ring *ring)
{
	io_uring_queue_exit(&ring->uring);
	ring_buffers_free(&ring->buffers);
}

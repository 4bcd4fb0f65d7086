/*
 * Instead of writer.c in a build with --disable-metrics: counts nothing, to
 * measure what counting costs.
 */
#include "metrics/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "metrics/lock.h"
#include "metrics/segment.h"
#include "metrics/top.h"

struct metrics_writer {
	struct metrics_pending pending;	/* first: see writer.h */
	struct metrics_request request;
	struct metrics_peer_gauges peer;
};

int metrics_writer_open(struct metrics_segment *segment, unsigned slot,
    struct metrics_writer **ret)
{
	struct metrics_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	writer->pending.requests = &writer->request;
	writer->pending.request_max = 1;
	metrics_store32(&segment->file->slots[slot].pid, (uint32_t)getpid());
	*ret = writer;
	return 0;
}

void metrics_writer_close(struct metrics_writer **writer)
{
	free(*writer);
	*writer = NULL;
}

void metrics_flush(struct metrics_writer *writer)
{
	(void)writer;
}

bool metrics_loop_lag(struct metrics_writer *writer, uint64_t busy_ns,
    uint64_t now_ns)
{
	(void)writer, (void)busy_ns, (void)now_ns;
	return false;
}

void metrics_stall_set(struct metrics_writer *writer,
    const struct metrics_stall *stall)
{
	(void)writer, (void)stall;
}

void metrics_conn_end(struct metrics_writer *writer, uint64_t age_ns,
    unsigned requests)
{
	(void)writer, (void)age_ns, (void)requests;
}

void metrics_pool_wait(struct metrics_writer *writer, uint64_t wait_ns)
{
	(void)writer, (void)wait_ns;
}

void metrics_try_add(struct metrics_writer *writer,
    const struct metrics_try *try)
{
	(void)writer, (void)try;
}

struct metrics_peer_gauges *metrics_peer_gauges(struct metrics_writer *writer,
    unsigned peer)
{
	(void)peer;
	return &writer->peer;
}

void metrics_peers_show(struct metrics_writer *writer)
{
	(void)writer;
}

void metrics_limit_count(struct metrics_writer *writer, unsigned zone,
    enum metrics_limit_result result)
{
	(void)writer, (void)zone, (void)result;
}

void metrics_slot_set_ring(struct metrics_writer *writer,
    const struct ring_stats *stats)
{
	(void)writer, (void)stats;
}

void metrics_inflight_show(struct metrics_writer *writer,
    const struct metrics_inflight *list, unsigned count, uint64_t all)
{
	(void)writer, (void)list, (void)count, (void)all;
}

uint64_t metrics_follow_look(struct metrics_writer *writer, uint64_t now_s)
{
	(void)writer, (void)now_s;
	return 0;
}

void metrics_follow(struct metrics_writer *writer,
    const struct metrics_followed *request)
{
	(void)writer, (void)request;
}

void metrics_top_add(struct metrics_writer *writer, unsigned id,
    struct slice key, const struct metrics_top_request *request)
{
	(void)writer, (void)id, (void)key, (void)request;
}

void metrics_session_seen(struct metrics_writer *writer, uint64_t id_hash)
{
	(void)writer, (void)id_hash;
}

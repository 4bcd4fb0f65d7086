/*
 * The choice of a peer: smooth weighted round robin. Each choice adds to
 * every candidate its weight; the one that has most is taken and pays the sum
 * of all. So peers are spread evenly, whatever their weights. A peer that
 * fails has its weight lowered, and at max_fails it is left alone for
 * fail_timeout.
 */

#include "http/upstream.h"

#include <errno.h>

#include "http/conn.h"
#include "metrics/segment.h"

enum { UPSTREAM_TRIED_BITS = 64 };

int upstream_try_begin(struct upstream_try *try, struct http_request *request,
    struct upstream_group *group)
{
	unsigned most = group->main.count > group->backup.count ?
	    group->main.count : group->backup.count;

	*try = (struct upstream_try){ .group = group, .from = &group->main,
	    .left = group->main.tries + group->backup.tries };
	try->tried = &try->tried_first;
	if (most > UPSTREAM_TRIED_BITS)
		try->tried = arena_calloc(&request->arena,
		    most / UPSTREAM_TRIED_BITS + 1, sizeof(*try->tried));
	return try->tried ? 0 : -ENOMEM;
}

static bool round_robin_can(const struct upstream_try *try,
    const struct upstream_peer *peer)
{
	if (peer->down ||
	    (peer->max_conns && peer->conns >= peer->max_conns))
		return false;
	return !peer->max_fails || peer->fails < peer->max_fails ||
	    try->now_ns - peer->checked_ns > peer->fail_timeout_ns;
}

static struct upstream_peer *round_robin_pick(struct upstream_try *try)
{
	struct upstream_peers *from = try->from;
	struct upstream_peer *best = NULL;
	int64_t total = 0;
	size_t index;

	for (unsigned i = 0; i < from->count; i++) {
		struct upstream_peer *peer = &from->peers[i];

		if (try->tried[i / UPSTREAM_TRIED_BITS] >>
		    i % UPSTREAM_TRIED_BITS & 1 ||
		    !round_robin_can(try, peer))
			continue;
		peer->current_weight += peer->effective_weight;
		total += peer->effective_weight;
		if (peer->effective_weight < peer->weight)
			peer->effective_weight++;
		if (!best || peer->current_weight > best->current_weight)
			best = peer;
	}
	if (!best)
		return NULL;
	best->current_weight -= total;
	index = (size_t)(best - from->peers);
	try->tried[index / UPSTREAM_TRIED_BITS] |=
	    UINT64_C(1) << index % UPSTREAM_TRIED_BITS;
	if (try->now_ns - best->checked_ns > best->fail_timeout_ns)
		best->checked_ns = try->now_ns;
	return best;
}

static void round_robin_done(struct upstream_try *try, bool failed)
{
	struct upstream_peer *peer = try->peer;

	if (!failed) {
		/* It has been tried after its pause. */
		if (peer->accessed_ns < peer->checked_ns)
			peer->fails = 0;
		return;
	}
	peer->fails++;
	peer->accessed_ns = peer->checked_ns = try->now_ns;
	if (peer->max_fails)
		peer->effective_weight -= peer->weight / peer->max_fails;
	if (peer->effective_weight < 0)
		peer->effective_weight = 0;
}

const struct upstream_balancer upstream_round_robin = {
	.pick = round_robin_pick,
	.done = round_robin_done,
};

static struct upstream_peer *upstream_pick_from(struct upstream_try *try)
{
	struct upstream_peer *peer;

	if (!try->group->single)
		return try->group->balancer->pick(try);
	peer = try->from->peers;
	return peer->down ||
	    (peer->max_conns && peer->conns >= peer->max_conns) ? NULL : peer;
}

struct upstream_peer *upstream_pick(struct upstream_try *try)
{
	struct upstream_group *group = try->group;

	try->peer = upstream_pick_from(try);
	if (!try->peer && try->from == &group->main && group->backup.count) {
		try->from = &group->backup;
		memset(try->tried, 0, (group->backup.count /
		    UPSTREAM_TRIED_BITS + 1) * sizeof(*try->tried));
		try->peer = upstream_pick_from(try);
	}
	if (try->peer)
		try->peer->conns++;
	return try->peer;
}

bool upstream_done(struct upstream_try *try, bool failed)
{
	struct upstream_peer *peer = try->peer;

	if (!peer)
		return false;
	peer->conns--;
	if (try->group->single) {
		try->left = 0;
	} else {
		try->group->balancer->done(try, failed);
		if (try->left)
			try->left--;
	}
	try->peer = NULL;
	return failed && !try->group->single && peer->max_fails &&
	    peer->fails >= peer->max_fails;
}

/* ---- what the metrics show ---- */

static void upstream_peers_clear(const struct upstream_peers *peers,
    struct metrics_writer *metrics)
{
	for (unsigned i = 0; i < peers->count; i++)
		*metrics_peer_gauges(metrics, peers->peers[i].metrics) =
		    (struct metrics_peer_gauges){ .state =
			METRICS_PEER_UNKNOWN };
}

static void upstream_peers_add(const struct upstream_group *group,
    const struct upstream_peers *peers, struct metrics_writer *metrics)
{
	for (unsigned i = 0; i < peers->count; i++) {
		const struct upstream_peer *peer = &peers->peers[i];
		struct metrics_peer_gauges *gauges = metrics_peer_gauges(
		    metrics, peer->metrics);

		/* One address may stand there twice. */
		if (!peer->down)
			gauges->state = METRICS_PEER_UP;
		else if (gauges->state == METRICS_PEER_UNKNOWN)
			gauges->state = METRICS_PEER_DOWN;
		gauges->active += peer->conns;
		gauges->idle += peer->idle;
		if (!group->single && peer->max_fails &&
		    peer->fails >= peer->max_fails)
			gauges->unavail_until_ns = peer->checked_ns +
			    peer->fail_timeout_ns;
	}
}

void upstream_tick(const struct http_worker *worker)
{
	const struct upstream_group *group = worker->http->upstreams;

	for (; group; group = group->next) {
		upstream_peers_clear(&group->main, worker->metrics);
		upstream_peers_clear(&group->backup, worker->metrics);
	}
	for (group = worker->http->upstreams; group; group = group->next) {
		upstream_peers_add(group, &group->main, worker->metrics);
		upstream_peers_add(group, &group->backup, worker->metrics);
	}
	if (worker->http->upstreams)
		metrics_peers_show(worker->metrics);
}

/* ---- what a request knows ---- */

struct upstream_trace *upstream_trace_get(struct http_request *request)
{
	if (!request->upstream)
		request->upstream = arena_calloc(&request->arena, 1,
		    sizeof(*request->upstream));
	return request->upstream;
}

struct upstream_state *upstream_trace_add(struct http_request *request,
    struct slice peer)
{
	struct upstream_trace *trace = upstream_trace_get(request);
	struct upstream_state *state = trace ?
	    arena_calloc(&request->arena, 1, sizeof(*state)) : NULL;

	if (!state)
		return NULL;
	state->peer = peer;
	for (unsigned i = 0; i < METRICS_TIME_COUNT; i++)
		state->ns[i] = METRICS_TIME_NONE;
	state->begun_ns = ring_now(request->worker->ring);
	if (trace->last)
		trace->last->next = state;
	else
		trace->states = state;
	trace->last = state;
	return state;
}

void upstream_trace_metrics(const struct http_request *request,
    struct metrics_request *m)
{
	const struct upstream_state *state = request->upstream ?
	    request->upstream->states : NULL;

	m->peer = METRICS_NAME_NONE;
	m->upstream_ns = 0;
	for (; state; state = state->next) {
		if (state->metrics != METRICS_NAME_NONE)
			m->peer = state->metrics;
		if (state->ns[METRICS_TIME_RESPONSE] != METRICS_TIME_NONE)
			m->upstream_ns += state->ns[METRICS_TIME_RESPONSE];
	}
}

/* Parts of a snapshot that have to do with what requests are passed to, and
 * what holds them up: upstream servers, and zones of limits. */
#include <string.h>

#include "base/clock.h"
#include "metrics/lock.h"
#include "metrics/snapshot_part.h"

/* Room for the counts of one server. */
struct snapshot_peer {
	struct metrics_peer_totals part;
	struct metrics_peer_view view;
};

static Ringmaster__V1__PeerState snapshot_peer_state(
    const struct metrics_peer_view *view)
{
	if (view->draining)
		return RINGMASTER__V1__PEER_STATE__PEER_STATE_DRAINING;
	if (view->gauges.state == METRICS_PEER_DOWN)
		return RINGMASTER__V1__PEER_STATE__PEER_STATE_DOWN;
	if (view->gauges.state != METRICS_PEER_UP)
		return RINGMASTER__V1__PEER_STATE__PEER_STATE_UNKNOWN;
	return view->gauges.unavail_until_ns > clock_mono_ns()
	    ? RINGMASTER__V1__PEER_STATE__PEER_STATE_UNAVAIL
	    : RINGMASTER__V1__PEER_STATE__PEER_STATE_UP;
}

static Ringmaster__V1__CodeClasses *snapshot_peer_classes(struct snapshot *s,
    const uint64_t *classes)
{
	Ringmaster__V1__CodeClasses *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__code_classes__init(ret);
	ret->aborted = classes[0];
	ret->c1xx = classes[1];
	ret->c2xx = classes[2];
	ret->c3xx = classes[3];
	ret->c4xx = classes[4];
	ret->c5xx = classes[5];
	return ret;
}

static Ringmaster__V1__PeerFailures *snapshot_peer_failures(
    struct snapshot *s, const uint64_t *failures)
{
	Ringmaster__V1__PeerFailures *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__peer_failures__init(ret);
	ret->connect = failures[METRICS_FAILURE_CONNECT];
	ret->connect_timeout = failures[METRICS_FAILURE_CONNECT_TIMEOUT];
	ret->timeout = failures[METRICS_FAILURE_TIMEOUT];
	ret->closed = failures[METRICS_FAILURE_CLOSED];
	ret->invalid = failures[METRICS_FAILURE_INVALID];
	ret->status = failures[METRICS_FAILURE_STATUS];
	return ret;
}

static Ringmaster__V1__Peer *snapshot_peer(struct snapshot *s, unsigned id,
    const struct metrics_peer_view *view)
{
	const struct metrics_name *name = &s->segment->file->header.peers[id];
	const struct metrics_peer_totals *totals = &view->totals;
	Ringmaster__V1__Peer *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__peer__init(ret);
	ret->address = snapshot_cstr(s, name->name, sizeof(name->name));
	ret->state = snapshot_peer_state(view);
	ret->active = (uint32_t)view->gauges.active;
	ret->keepalive_idle = (uint32_t)view->gauges.idle;
	ret->classes = snapshot_peer_classes(s, totals->classes);
	ret->failures = snapshot_peer_failures(s, totals->failures);
	ret->connect = snapshot_hist(s, &totals->times[METRICS_TIME_CONNECT]);
	ret->header = snapshot_hist(s, &totals->times[METRICS_TIME_HEADER]);
	ret->response = snapshot_hist(s,
	    &totals->times[METRICS_TIME_RESPONSE]);
	ret->bytes_in = totals->bytes_in;
	ret->bytes_out = totals->bytes_out;
	return ret;
}

/* The group of that name, a new one if need be; NULL without memory. There is
 * room for as many as there are servers. */
static Ringmaster__V1__Upstream *snapshot_group(struct snapshot *s,
    const char *group, unsigned room, Ringmaster__V1__Snapshot *all)
{
	char *name = snapshot_cstr(s, group, METRICS_SCOPE_NAME_MAX);
	Ringmaster__V1__Upstream *ret;

	for (size_t i = 0; i < all->n_upstreams; i++)
		if (strcmp(all->upstreams[i]->name, name) == 0)
			return all->upstreams[i];
	ret = snapshot_alloc(s, 1, sizeof(*ret));
	if (!ret)
		return NULL;
	ringmaster__v1__upstream__init(ret);
	ret->name = name;
	ret->peers = snapshot_alloc(s, room, sizeof(*ret->peers));
	if (!ret->peers)
		return NULL;
	all->upstreams[all->n_upstreams++] = ret;
	return ret;
}

void snapshot_upstreams(struct snapshot *s, Ringmaster__V1__Snapshot *ret)
{
	const struct metrics_name *names = s->segment->file->header.peers;
	unsigned count = metrics_peer_count(s->segment);
	struct snapshot_peer *room = snapshot_alloc(s, 1, sizeof(*room));

	ret->upstreams = snapshot_alloc(s, count, sizeof(*ret->upstreams));
	for (unsigned i = METRICS_NAME_OTHER;
	    room && ret->upstreams && i < count; i++) {
		Ringmaster__V1__Upstream *group;
		Ringmaster__V1__Peer *peer;

		metrics_view_peer(s->segment, s->view, i, &room->part,
		    &room->view);
		if (i == METRICS_NAME_OTHER &&
		    !room->view.totals.times[METRICS_TIME_RESPONSE].count)
			continue;
		group = snapshot_group(s, names[i].group, count, ret);
		peer = group ? snapshot_peer(s, i, &room->view) : NULL;
		if (peer)
			group->peers[group->n_peers++] = peer;
	}
}

static Ringmaster__V1__LimitZone *snapshot_zone(struct snapshot *s,
    unsigned id, const uint64_t *counts)
{
	const struct metrics_header *header = &s->segment->file->header;
	const struct metrics_name *name = &header->zones[id];
	const struct metrics_zone_use *use = &header->zone_use[id];
	Ringmaster__V1__LimitZone *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__limit_zone__init(ret);
	ret->name = snapshot_cstr(s, name->name, sizeof(name->name));
	ret->passed = counts[METRICS_LIMIT_PASSED];
	ret->delayed = counts[METRICS_LIMIT_DELAYED];
	ret->rejected = counts[METRICS_LIMIT_REJECTED];
	ret->delayed_dry_run = counts[METRICS_LIMIT_DELAYED_DRY_RUN];
	ret->rejected_dry_run = counts[METRICS_LIMIT_REJECTED_DRY_RUN];
	ret->size_bytes = use->record_size * metrics_load(&use->capacity);
	ret->used_bytes = use->record_size * metrics_load(&use->used);
	ret->peak_bytes = use->record_size * metrics_load(&use->peak);
	ret->full = metrics_load(&use->full);
	return ret;
}

void snapshot_limits(struct snapshot *s, Ringmaster__V1__Snapshot *ret)
{
	unsigned count = metrics_zone_count(s->segment);

	ret->limits = snapshot_alloc(s, count, sizeof(*ret->limits));
	for (unsigned i = METRICS_NAME_OTHER; ret->limits && i < count; i++) {
		uint64_t counts[METRICS_LIMIT_RESULT_COUNT], sum = 0;
		Ringmaster__V1__LimitZone *zone;

		metrics_view_zone(s->segment, i, counts);
		for (unsigned r = 0; r < METRICS_LIMIT_RESULT_COUNT; r++)
			sum += counts[r];
		if (i == METRICS_NAME_OTHER && sum == 0)
			continue;
		zone = snapshot_zone(s, i, counts);
		if (zone)
			ret->limits[ret->n_limits++] = zone;
	}
}

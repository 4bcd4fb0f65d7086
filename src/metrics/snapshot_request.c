/* Requests as the model has them: those that ended, and those in flight. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "metrics/slot.h"
#include "metrics/snapshot_part.h"

enum { SNAPSHOT_ADDRESS_MAX = 64 };

int metrics_requests_newer(const void *a, const void *b)
{
	uint64_t left =
	    ((const struct metrics_worker_request *)a)->request.ended_real_ns;
	uint64_t right =
	    ((const struct metrics_worker_request *)b)->request.ended_real_ns;

	return (left < right) - (left > right);
}

static char *snapshot_address(struct snapshot *s, uint8_t family,
    const uint8_t *address)
{
	char text[SNAPSHOT_ADDRESS_MAX];

	if (family == AF_UNIX)
		return snapshot_text(s, SLICE("unix:"));
	if (!inet_ntop(family, address, text, sizeof(text)))
		return snapshot_text(s, SLICE(""));
	return snapshot_text(s, slice_cstr(text));
}

static char *snapshot_protocol(const struct metrics_request *request)
{
	switch (request->version) {
	case 10:
		return (char *)"HTTP/1.0";
	case 11:
		return (char *)"HTTP/1.1";
	case 20:
		return (char *)"HTTP/2.0";
	default:
		return (char *)"";
	}
}

static void snapshot_request_stages(struct snapshot *s,
    const struct metrics_request *request, Ringmaster__V1__Request *ret)
{
	static const char *const names[METRICS_STAGE_COUNT] = {
		[METRICS_STAGE_HEADER] = "header",
		[METRICS_STAGE_PARSE] = "parse",
		[METRICS_STAGE_POOL_WAIT] = "pool_wait",
		[METRICS_STAGE_HANDLER] = "handler",
		[METRICS_STAGE_UPSTREAM] = "upstream",
		[METRICS_STAGE_SEND] = "send",
	};

	ret->stages = snapshot_alloc(s, METRICS_STAGE_COUNT,
	    sizeof(*ret->stages));
	for (unsigned i = 0; ret->stages && i < METRICS_STAGE_COUNT; i++) {
		Ringmaster__V1__StageTime *stage = snapshot_alloc(s, 1,
		    sizeof(*stage));

		if (!stage)
			return;
		ringmaster__v1__stage_time__init(stage);
		stage->stage = (char *)names[i];
		stage->seconds = snapshot_seconds(request->stage_ns[i]);
		ret->stages[ret->n_stages++] = stage;
	}
}

static char *snapshot_method(struct snapshot *s, unsigned method)
{
	const struct metrics_header *header = &s->segment->file->header;
	const char *name = method < METRICS_METHODS ? header->methods[method]
						    : "";

	return snapshot_text(s, *name == '\0' ? SLICE("other")
	    : (struct slice){ name, strnlen(name, METRICS_METHOD_NAME_MAX) });
}

static char *snapshot_path(struct snapshot *s, const char *path, size_t len)
{
	return snapshot_text(s, (struct slice){ path,
	    len < METRICS_PATH_MAX ? len : METRICS_PATH_MAX });
}

static char *snapshot_id(struct snapshot *s, uint64_t id)
{
	return snapshot_text(s, arena_printf(s->arena, "%016" PRIx64, id));
}

static char *snapshot_server_name(struct snapshot *s, unsigned scope)
{
	return scope < metrics_scope_count(s->segment)
	    ? snapshot_scope_name(s, scope) : snapshot_text(s, SLICE(""));
}

static char *snapshot_peer_name(struct snapshot *s, unsigned peer)
{
	return peer < metrics_peer_count(s->segment) ? snapshot_cstr(s,
	    s->segment->file->header.peers[peer].name, METRICS_SCOPE_NAME_MAX)
	    : snapshot_text(s, SLICE(""));
}

static Ringmaster__V1__Request *snapshot_request(struct snapshot *s,
    const struct metrics_worker_request *from)
{
	const struct metrics_request *request = &from->request;
	Ringmaster__V1__Request *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__request__init(ret);
	ret->time_unix_ns = request->ended_real_ns;
	ret->client_ip = snapshot_address(s, request->family,
	    request->address);
	ret->method = snapshot_method(s, request->method);
	ret->path = snapshot_path(s, request->path, request->path_len);
	ret->status = request->status;
	ret->response_time = snapshot_seconds(request->duration_ns);
	ret->bytes_sent = request->bytes_out;
	ret->worker = from->worker;
	ret->request_id = snapshot_id(s, request->id);
	/* The model has the same values as enum metrics_cache_result. */
	ret->cache = (Ringmaster__V1__CacheResult)request->cache;
	ret->server = snapshot_server_name(s, request->server);
	ret->protocol = snapshot_protocol(request);
	if (request->staged)
		snapshot_request_stages(s, request, ret);
	ret->upstream = snapshot_peer_name(s, request->peer);
	ret->aborted = request->aborted_by_client ||
	    request->aborted_by_server;
	ret->upstream_time = snapshot_seconds(request->upstream_ns);
	return ret;
}

void snapshot_recent(struct snapshot *s, unsigned max,
    Ringmaster__V1__Snapshot *ret)
{
	struct metrics_worker_request *all;
	unsigned count;

	if (max == 0)
		return;
	if (metrics_requests_recent(s->segment, s->arena, max, &all, &count))
		s->failed = true;
	ret->recent_requests = snapshot_alloc(s, count,
	    sizeof(*ret->recent_requests));
	for (unsigned i = 0; ret->recent_requests && i < count; i++) {
		Ringmaster__V1__Request *request = snapshot_request(s, &all[i]);

		if (!request)
			return;
		ret->recent_requests[ret->n_recent_requests++] = request;
	}
}

/* ---- for others ---- */

/* Up to `each` of a worker's last requests; returns how many. */
static unsigned snapshot_requests_read(const struct metrics_slot *slot,
    unsigned each, struct metrics_request *some,
    struct metrics_worker_request *ret)
{
	unsigned found;

	if (slot->kind != METRICS_KIND_WORKER)
		return 0;
	found = metrics_slot_read_recent(slot, some, each);
	for (unsigned i = 0; i < found; i++) {
		ret[i].request = some[i];
		ret[i].worker = slot->worker;
	}
	return found;
}

int metrics_requests_recent(const struct metrics_segment *segment,
    struct arena *arena, unsigned max, struct metrics_worker_request **ret,
    unsigned *ret_count)
{
	unsigned slots = metrics_slot_count(segment);
	unsigned each = max < METRICS_RECENT ? max : METRICS_RECENT;
	struct metrics_request *some = arena_alloc(arena,
	    (each + 1) * sizeof(*some));
	struct metrics_worker_request *all = arena_alloc(arena,
	    ((size_t)slots * each + 1) * sizeof(*all));
	unsigned count = 0;

	*ret_count = 0;
	if (!some || !all)
		return -ENOMEM;
	for (unsigned i = 0; i < slots; i++)
		count += snapshot_requests_read(&segment->file->slots[i],
		    each, some, &all[count]);
	if (count > 0)
		qsort(all, count, sizeof(*all), metrics_requests_newer);
	*ret = all;
	*ret_count = count < max ? count : max;
	return 0;
}

Ringmaster__V1__Request *metrics_request_fill(
    const struct metrics_segment *segment, struct arena *arena,
    const struct metrics_worker_request *from)
{
	struct snapshot s = { .segment = segment, .arena = arena };
	Ringmaster__V1__Request *ret = snapshot_request(&s, from);

	return s.failed ? NULL : ret;
}

Ringmaster__V1__InFlight *metrics_inflight_fill(
    const struct metrics_segment *segment, struct arena *arena,
    const struct metrics_worker_inflight *from)
{
	struct snapshot s = { .segment = segment, .arena = arena };
	const struct metrics_inflight *request = &from->request;
	Ringmaster__V1__InFlight *ret = snapshot_alloc(&s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__in_flight__init(ret);
	ret->client_ip = snapshot_address(&s, request->family,
	    request->address);
	if (request->state != METRICS_INFLIGHT_READING) {
		ret->method = snapshot_method(&s, request->method);
		ret->path = snapshot_path(&s, request->path,
		    request->path_len);
	}
	/* The model has the same values as enum metrics_inflight_state. */
	ret->state = (Ringmaster__V1__RequestState)request->state;
	ret->age = snapshot_seconds(from->age_ns);
	ret->bytes_sent = request->bytes_sent;
	ret->worker = from->worker;
	ret->server = snapshot_server_name(&s, request->server);
	ret->request_id = snapshot_id(&s, request->id);
	return s.failed ? NULL : ret;
}

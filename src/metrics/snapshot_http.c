/* Parts of a snapshot that have to do with requests: distributions, codes,
 * servers with their locations, recent requests. */
#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/lock.h"
#include "metrics/slot.h"
#include "metrics/snapshot_part.h"

enum {
	SNAPSHOT_CODE_NONE = 499,	/* shown for "closed without answer" */
	SNAPSHOT_ADDRESS_MAX = 64,
};

/* ---- distributions and codes ---- */

static void snapshot_bins(struct snapshot *s, const struct hist *hist,
    Ringmaster__V1__Histogram *ret)
{
	unsigned first = 0, end = HIST_BINS;

	while (first < end && hist->bins[first] == 0)
		first++;
	while (end > first && hist->bins[end - 1] == 0)
		end--;
	if (first == end)
		return;
	ret->bins = snapshot_alloc(s, end - first, sizeof(*ret->bins));
	if (!ret->bins)
		return;
	memcpy(ret->bins, &hist->bins[first],
	    (end - first) * sizeof(*ret->bins));
	ret->n_bins = end - first;
	ret->first_bin = first;
}

Ringmaster__V1__Histogram *snapshot_hist(struct snapshot *s,
    const struct hist *hist)
{
	Ringmaster__V1__Histogram *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__histogram__init(ret);
	ret->count = hist->count;
	ret->sum_seconds = snapshot_seconds(hist->sum_ns);
	ret->max_seconds = snapshot_seconds(hist->max_ns);
	ret->p50 = snapshot_seconds(hist_quantile_ns(hist, 0.5));
	ret->p90 = snapshot_seconds(hist_quantile_ns(hist, 0.9));
	ret->p95 = snapshot_seconds(hist_quantile_ns(hist, 0.95));
	ret->p99 = snapshot_seconds(hist_quantile_ns(hist, 0.99));
	ret->p999 = snapshot_seconds(hist_quantile_ns(hist, 0.999));
	snapshot_bins(s, hist, ret);
	return ret;
}

static uint64_t snapshot_class(const uint64_t codes[METRICS_CODES],
    unsigned class)
{
	const uint64_t *first = &codes[METRICS_CODE_FIRST + (class - 1) * 100];
	uint64_t sum = 0;

	for (unsigned i = 0; i < 100; i++)
		sum += first[i];
	return sum;
}

Ringmaster__V1__CodeClasses *snapshot_classes(struct snapshot *s,
    const uint64_t codes[METRICS_CODES])
{
	Ringmaster__V1__CodeClasses *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__code_classes__init(ret);
	ret->c1xx = snapshot_class(codes, 1);
	ret->c2xx = snapshot_class(codes, 2);
	ret->c3xx = snapshot_class(codes, 3);
	ret->c4xx = snapshot_class(codes, 4);
	/* A status beyond all classes is our mistake, so an error of ours. */
	ret->c5xx = snapshot_class(codes, 5) + codes[METRICS_CODE_OTHER];
	ret->aborted = codes[METRICS_CODE_NONE];
	return ret;
}

/* Requests that are shown with this status. */
static uint64_t snapshot_code_count(const uint64_t codes[METRICS_CODES],
    unsigned status)
{
	uint64_t count = codes[status - 100 + METRICS_CODE_FIRST];

	return status == SNAPSHOT_CODE_NONE
	    ? count + codes[METRICS_CODE_NONE] : count;
}

static void snapshot_code_add(struct snapshot *s,
    Ringmaster__V1__CodeCount **list, size_t *length, unsigned status,
    uint64_t count)
{
	Ringmaster__V1__CodeCount *code;

	if (count == 0)
		return;
	code = snapshot_alloc(s, 1, sizeof(*code));
	if (!code)
		return;
	ringmaster__v1__code_count__init(code);
	code->code = status;
	code->count = count;
	list[(*length)++] = code;
}

Ringmaster__V1__CodeCount **snapshot_codes(struct snapshot *s,
    const uint64_t codes[METRICS_CODES], size_t *ret_count)
{
	Ringmaster__V1__CodeCount **list;
	size_t used = 1;	/* the aborted may need one of their own */

	for (unsigned i = 0; i < METRICS_CODES; i++)
		used += codes[i] > 0;
	list = snapshot_alloc(s, used, sizeof(*list));
	*ret_count = 0;
	if (!list)
		return NULL;
	for (unsigned status = 100; status <= 599; status++)
		snapshot_code_add(s, list, ret_count, status,
		    snapshot_code_count(codes, status));
	snapshot_code_add(s, list, ret_count, 0, codes[METRICS_CODE_OTHER]);
	return list;
}

/* ---- servers and locations ---- */

/* Room for the counts of one scope. */
struct snapshot_scope {
	struct metrics_scope_totals part, totals;
};

/* Those that found no room are shown only if they counted something. */
static bool snapshot_scope_is_shown(struct snapshot *s, unsigned id,
    enum metrics_scope_kind kind, struct snapshot_scope *room)
{
	const struct metrics_scope *scope =
	    &s->segment->file->header.scopes[id];

	if (scope->kind != kind)
		return false;
	metrics_view_scope(s->segment, id, &room->part, &room->totals);
	return id >= METRICS_SCOPES_RESERVED ||
	    room->totals.duration.count > 0;
}

static char *snapshot_scope_name(struct snapshot *s, unsigned id)
{
	const char *name = s->segment->file->header.scopes[id].name;

	return snapshot_text(s,
	    (struct slice){ name, strnlen(name, METRICS_SCOPE_NAME_MAX) });
}

static Ringmaster__V1__Location *snapshot_location(struct snapshot *s,
    unsigned id, const struct metrics_scope_totals *totals)
{
	Ringmaster__V1__Location *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__location__init(ret);
	ret->pattern = snapshot_scope_name(s, id);
	ret->classes = snapshot_classes(s, totals->codes);
	ret->duration = snapshot_hist(s, &totals->duration);
	ret->bytes_out = totals->bytes_out;
	return ret;
}

static void snapshot_locations(struct snapshot *s, unsigned server,
    struct snapshot_scope *room, Ringmaster__V1__Server *ret)
{
	const struct metrics_scope *scopes = s->segment->file->header.scopes;
	unsigned count = metrics_scope_count(s->segment);
	unsigned mine = 0;

	for (unsigned i = 0; i < count; i++)
		mine += scopes[i].kind == METRICS_SCOPE_LOCATION &&
		    scopes[i].parent == server;
	ret->locations = snapshot_alloc(s, mine, sizeof(*ret->locations));
	for (unsigned i = 0; ret->locations && i < count; i++) {
		Ringmaster__V1__Location *location;

		if (scopes[i].parent != server ||
		    !snapshot_scope_is_shown(s, i, METRICS_SCOPE_LOCATION,
		    room))
			continue;
		location = snapshot_location(s, i, &room->totals);
		if (!location)
			return;
		ret->locations[ret->n_locations++] = location;
	}
}

static Ringmaster__V1__Server *snapshot_server(struct snapshot *s,
    unsigned id, const struct metrics_scope_totals *totals)
{
	Ringmaster__V1__Server *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__server__init(ret);
	ret->name = snapshot_scope_name(s, id);
	ret->classes = snapshot_classes(s, totals->codes);
	ret->codes = snapshot_codes(s, totals->codes, &ret->n_codes);
	ret->duration = snapshot_hist(s, &totals->duration);
	ret->bytes_in = totals->bytes_in;
	ret->bytes_out = totals->bytes_out;
	ret->body_bytes_out = totals->body_out;
	return ret;
}

void snapshot_servers(struct snapshot *s, Ringmaster__V1__Snapshot *ret)
{
	unsigned count = metrics_scope_count(s->segment);
	struct snapshot_scope *room = snapshot_alloc(s, 1, sizeof(*room));

	ret->servers = snapshot_alloc(s, count, sizeof(*ret->servers));
	for (unsigned i = 0; room && ret->servers && i < count; i++) {
		Ringmaster__V1__Server *server;

		if (!snapshot_scope_is_shown(s, i, METRICS_SCOPE_SERVER, room))
			continue;
		server = snapshot_server(s, i, &room->totals);
		if (!server)
			return;
		snapshot_locations(s, i, room, server);
		ret->servers[ret->n_servers++] = server;
	}
}

/* ---- recent requests ---- */

struct snapshot_request {
	struct metrics_request request;
	uint32_t worker;
};

static int snapshot_request_newer(const void *a, const void *b)
{
	uint64_t left =
	    ((const struct snapshot_request *)a)->request.ended_real_ns;
	uint64_t right =
	    ((const struct snapshot_request *)b)->request.ended_real_ns;

	return (left < right) - (left > right);
}

/* The last `max` requests of each worker; returns how many they are. */
static unsigned snapshot_requests_read(struct snapshot *s, unsigned max,
    struct snapshot_request **ret)
{
	unsigned slots = metrics_slot_count(s->segment);
	unsigned each = max < METRICS_RECENT ? max : METRICS_RECENT;
	struct metrics_request *some = snapshot_alloc(s, each, sizeof(*some));
	struct snapshot_request *all = snapshot_alloc(s,
	    (size_t)slots * each, sizeof(*all));
	unsigned count = 0;

	for (unsigned i = 0; some && all && i < slots; i++) {
		const struct metrics_slot *slot = &s->segment->file->slots[i];
		unsigned found;

		if (slot->kind != METRICS_KIND_WORKER)
			continue;
		found = metrics_slot_read_recent(slot, some, each);
		for (unsigned j = 0; j < found; j++) {
			all[count].request = some[j];
			all[count++].worker = slot->worker;
		}
	}
	*ret = all;
	return count;
}

static char *snapshot_address(struct snapshot *s,
    const struct metrics_request *request)
{
	char text[SNAPSHOT_ADDRESS_MAX];

	if (request->family == AF_UNIX)
		return snapshot_text(s, SLICE("unix:"));
	if (!inet_ntop(request->family, request->address, text, sizeof(text)))
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

static Ringmaster__V1__Request *snapshot_request(struct snapshot *s,
    const struct snapshot_request *from)
{
	const struct metrics_request *request = &from->request;
	Ringmaster__V1__Request *ret = snapshot_alloc(s, 1, sizeof(*ret));
	size_t path_len = request->path_len < METRICS_PATH_MAX
	    ? request->path_len : METRICS_PATH_MAX;

	if (!ret)
		return NULL;
	ringmaster__v1__request__init(ret);
	ret->time_unix_ns = request->ended_real_ns;
	ret->client_ip = snapshot_address(s, request);
	ret->method = snapshot_method(s, request->method);
	ret->path = snapshot_text(s, (struct slice){ request->path, path_len });
	ret->status = request->status;
	ret->response_time = snapshot_seconds(request->duration_ns);
	ret->bytes_sent = request->bytes_out;
	ret->worker = from->worker;
	ret->request_id = snapshot_text(s,
	    arena_printf(s->arena, "%016" PRIx64, request->id));
	/* The model has the same values as enum metrics_cache_result. */
	ret->cache = (Ringmaster__V1__CacheResult)request->cache;
	if (request->server < metrics_scope_count(s->segment))
		ret->server = snapshot_scope_name(s, request->server);
	ret->protocol = snapshot_protocol(request);
	if (request->staged)
		snapshot_request_stages(s, request, ret);
	ret->aborted = request->aborted_by_client ||
	    request->aborted_by_server;
	return ret;
}

void snapshot_recent(struct snapshot *s, unsigned max,
    Ringmaster__V1__Snapshot *ret)
{
	struct snapshot_request *all;
	unsigned count;

	if (max > METRICS_SNAPSHOT_RECENT_MAX)
		max = METRICS_SNAPSHOT_RECENT_MAX;
	if (max == 0)
		return;
	count = snapshot_requests_read(s, max, &all);
	if (count > 0)
		qsort(all, count, sizeof(*all), snapshot_request_newer);
	if (count > max)
		count = max;
	ret->recent_requests = snapshot_alloc(s, count,
	    sizeof(*ret->recent_requests));
	for (unsigned i = 0; ret->recent_requests && i < count; i++) {
		Ringmaster__V1__Request *request = snapshot_request(s, &all[i]);

		if (!request)
			return;
		ret->recent_requests[ret->n_recent_requests++] = request;
	}
}

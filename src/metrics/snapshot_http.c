/* Parts of a snapshot that have to do with requests: distributions, codes,
 * servers with their locations. */
#include <assert.h>
#include <string.h>

#include "metrics/lock.h"
#include "metrics/slot.h"
#include "metrics/snapshot_part.h"

enum {
	SNAPSHOT_CODE_NONE = 499,	/* shown for "closed without answer" */
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

char *snapshot_scope_name(struct snapshot *s, unsigned id)
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

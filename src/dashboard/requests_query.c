/* The filters of /api/v1/requests. */

#include "dashboard/requests_query.h"

#include <strings.h>

#include "base/clock.h"

enum {
	REQUESTS_SHOWN = 100,		/* if nobody says */
	REQUESTS_SHOWN_MAX = 1000,
	REQUESTS_SINCE_S = 300,		/* of the slowest, if nobody says */
	REQUESTS_DURATION_MAX_S = 24 * 3600,
	REQUESTS_FRACTION_DIGITS = 9,	/* of a number of seconds */
};

static const char *const requests_kinds[] = {
	[REQUESTS_RECENT] = "recent",
	[REQUESTS_SLOWEST] = "slowest",
	[REQUESTS_INFLIGHT] = "inflight",
	[REQUESTS_ERRORS] = "errors",
};

const char *requests_kind_name(enum requests_kind kind)
{
	return requests_kinds[kind];
}

/* ---- reading ---- */

static bool requests_parse_kind(struct slice text, enum requests_kind *ret)
{
	for (unsigned i = 0; i < REQUESTS_KIND_COUNT; i++) {
		if (slice_equal(text, slice_cstr(requests_kinds[i]))) {
			*ret = (enum requests_kind)i;
			return true;
		}
	}
	return false;
}

/* "404", "5xx", "aborted" */
static bool requests_parse_status(struct slice text,
    struct requests_query *query)
{
	query->by_aborted = slice_equal(text, SLICE("aborted"));
	if (query->by_aborted)
		return true;
	query->by_class = text.len == 3 && slice_ends(text, SLICE("xx"));
	query->by_status = true;
	return slice_to_u64(query->by_class ? slice_first(text, 1) : text,
	    &query->status);
}

/* "2", "0.025": seconds to nanoseconds, at most `max_s`. */
static bool requests_parse_seconds(struct slice text, uint64_t max_s,
    uint64_t *ret_ns)
{
	const char *dot = text.len ? memchr(text.data, '.', text.len) : NULL;
	size_t len = dot ? (size_t)(dot - text.data) : text.len;
	struct slice fraction = slice_from(text, dot ? len + 1 : len);
	uint64_t whole, part = 0;

	if (!slice_to_u64(slice_first(text, len), &whole) ||
	    whole > max_s || fraction.len > REQUESTS_FRACTION_DIGITS ||
	    (dot && !slice_to_u64(fraction, &part)))
		return false;
	for (size_t i = fraction.len; i < REQUESTS_FRACTION_DIGITS; i++)
		part *= 10;
	*ret_ns = whole * NS_PER_SEC + part;
	return true;
}

static bool requests_parse_format(struct slice text, bool *ret_csv)
{
	*ret_csv = slice_equal(text, SLICE("csv"));
	return *ret_csv || slice_equal(text, SLICE("json"));
}

/* So long ago, to the moment that that was. */
static bool requests_parse_since(struct slice text, uint64_t now_s,
    uint64_t *ret_ns)
{
	uint64_t ago_ns;

	if (!requests_parse_seconds(text, now_s, &ago_ns))
		return false;
	*ret_ns = ago_ns < now_s * NS_PER_SEC ?
	    now_s * NS_PER_SEC - ago_ns : 0;
	return true;
}

static bool requests_parse_worker(struct slice text,
    struct requests_query *query)
{
	query->by_worker = true;
	return slice_to_u64(text, &query->worker);
}

static bool requests_parse_duration(struct slice text, uint64_t *ret_ns)
{
	return requests_parse_seconds(text, REQUESTS_DURATION_MAX_S, ret_ns);
}

/* NULL if it is right or has no meaning here. */
static const char *requests_parse_arg(const struct query_arg *arg,
    uint64_t now_s, struct requests_query *query)
{
	struct slice name = arg->name, value = arg->value;

	if (slice_equal(name, SLICE("kind")))
		return requests_parse_kind(value, &query->kind) ? NULL :
		    "\"kind\" is not recent, slowest, inflight or errors";
	if (slice_equal(name, SLICE("n")))
		return slice_to_u64(value, &query->count) &&
		    query->count <= REQUESTS_SHOWN_MAX ? NULL :
		    "\"n\" is not a number from 0 to 1000";
	if (slice_equal(name, SLICE("status")))
		return requests_parse_status(value, query) ? NULL :
		    "\"status\" is not like 404, 5xx or aborted";
	if (slice_equal(name, SLICE("worker")))
		return requests_parse_worker(value, query) ? NULL :
		    "\"worker\" is not a number";
	if (slice_equal(name, SLICE("since")))
		return requests_parse_since(value, now_s, &query->since_ns) ?
		    NULL : "\"since\" is not a number of seconds";
	if (slice_equal(name, SLICE("until")))
		return requests_parse_seconds(value, UINT32_MAX,
		    &query->until_ns) ? NULL :
		    "\"until\" is not a Unix time in seconds";
	if (slice_equal(name, SLICE("min")))
		return requests_parse_duration(value, &query->min_ns) ? NULL :
		    "\"min\" is not a number of seconds";
	if (slice_equal(name, SLICE("max")))
		return requests_parse_duration(value, &query->max_ns) ? NULL :
		    "\"max\" is not a number of seconds";
	if (slice_equal(name, SLICE("format")))
		return requests_parse_format(value, &query->csv) ? NULL :
		    "\"format\" is not json or csv";
	if (slice_equal(name, SLICE("path")))
		query->path = value;
	if (slice_equal(name, SLICE("client")))
		query->client = value;
	if (slice_equal(name, SLICE("method")))
		query->method = value;
	return NULL;
}

const char *requests_query_parse(struct slice args, uint64_t now_s,
    struct arena *arena, struct requests_query *ret)
{
	const uint64_t unset = UINT64_MAX;
	const char *wrong = NULL;
	struct query_arg arg;

	*ret = (struct requests_query){ .count = REQUESTS_SHOWN,
	    .max_ns = UINT64_MAX, .since_ns = unset, .until_ns = unset };
	while (!wrong && query_next(arena, &args, &arg))
		wrong = requests_parse_arg(&arg, now_s, ret);
	if (ret->since_ns == unset)
		ret->since_ns = ret->kind == REQUESTS_SLOWEST ?
		    (now_s - REQUESTS_SINCE_S) * NS_PER_SEC : 0;
	return wrong;
}

/* ---- filtering ---- */

static bool requests_matches_seconds(const struct requests_query *query,
    double seconds)
{
	/* Half a nanosecond for what got lost on the way through a double. */
	uint64_t ns = (uint64_t)(seconds * (double)NS_PER_SEC + 0.5);

	return ns >= query->min_ns && ns <= query->max_ns;
}

/* What both kinds of requests have. */
static bool requests_matches_who(const struct requests_query *query,
    const char *client, const char *method, const char *path)
{
	if (query->client.len && !memmem(client, strlen(client),
	    query->client.data, query->client.len))
		return false;
	if (query->method.len &&
	    !slice_equal_nocase(slice_cstr(method), query->method))
		return false;
	return !query->path.len || memmem(path, strlen(path),
	    query->path.data, query->path.len);
}

bool requests_query_matches(const struct requests_query *query,
    const Ringmaster__V1__Request *request)
{
	unsigned status = query->by_class ? request->status / 100
					  : request->status;

	if (query->by_status && status != query->status)
		return false;
	if (query->by_aborted && !request->aborted && status != 499)
		return false;
	if (query->by_worker && request->worker != query->worker)
		return false;
	return request->time_unix_ns >= query->since_ns &&
	    request->time_unix_ns < query->until_ns &&
	    requests_matches_seconds(query, request->response_time) &&
	    requests_matches_who(query, request->client_ip, request->method,
	    request->path);
}

bool requests_query_matches_inflight(const struct requests_query *query,
    const Ringmaster__V1__InFlight *request)
{
	/* It has no status as yet. */
	if (query->by_status || query->by_aborted ||
	    (query->by_worker && request->worker != query->worker))
		return false;
	return requests_matches_seconds(query, request->age) &&
	    requests_matches_who(query, request->client_ip, request->method,
	    request->path);
}

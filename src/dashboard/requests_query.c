/* The filters of /api/v1/requests. */

#include "dashboard/requests_query.h"

#include <strings.h>

#include "base/clock.h"

enum {
	REQUESTS_SHOWN = 100,		/* if nobody says */
	REQUESTS_SHOWN_MAX = 1000,
	REQUESTS_SINCE_S = 300,		/* of the slowest, if nobody says */
	REQUESTS_SINCE_MAX_S = 3600,
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

/* What is read first, since the rest depends on it. */
struct requests_window {
	bool has_since, has_until;
	uint64_t since_s, until_s;
};

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

/* "404", "5xx" */
static bool requests_parse_status(struct slice text,
    struct requests_query *query)
{
	query->by_class = text.len == 3 && slice_ends(text, SLICE("xx"));
	query->by_status = true;
	return slice_to_u64(query->by_class ? slice_first(text, 1) : text,
	    &query->status);
}

/* "2", "0.025": seconds to nanoseconds, at most a day. */
static bool requests_parse_seconds(struct slice text, uint64_t *ret_ns)
{
	const char *dot = text.len ? memchr(text.data, '.', text.len) : NULL;
	size_t len = dot ? (size_t)(dot - text.data) : text.len;
	struct slice fraction = slice_from(text, dot ? len + 1 : len);
	uint64_t whole, part = 0;

	if (!slice_to_u64(slice_first(text, len), &whole) ||
	    whole > 24 * 3600 || fraction.len > REQUESTS_FRACTION_DIGITS ||
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

static bool requests_parse_since(struct slice text,
    struct requests_window *window)
{
	window->has_since = true;
	return slice_to_u64(text, &window->since_s) && window->since_s > 0 &&
	    window->since_s <= REQUESTS_SINCE_MAX_S;
}

static bool requests_parse_until(struct slice text,
    struct requests_window *window)
{
	window->has_until = true;
	return slice_to_u64(text, &window->until_s) &&
	    window->until_s <= UINT32_MAX;
}

static bool requests_parse_worker(struct slice text,
    struct requests_query *query)
{
	query->by_worker = true;
	return slice_to_u64(text, &query->worker);
}

/* NULL if it is right or has no meaning here. */
static const char *requests_parse_arg(const struct query_arg *arg,
    struct requests_query *query, struct requests_window *window)
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
		    "\"status\" is not like 404 or 5xx";
	if (slice_equal(name, SLICE("worker")))
		return requests_parse_worker(value, query) ? NULL :
		    "\"worker\" is not a number";
	if (slice_equal(name, SLICE("since")))
		return requests_parse_since(value, window) ? NULL :
		    "\"since\" is not a number of seconds from 1 to 3600";
	if (slice_equal(name, SLICE("until")))
		return requests_parse_until(value, window) ? NULL :
		    "\"until\" is not a Unix time in seconds";
	if (slice_equal(name, SLICE("min")))
		return requests_parse_seconds(value, &query->min_ns) ? NULL :
		    "\"min\" is not a number of seconds";
	if (slice_equal(name, SLICE("max")))
		return requests_parse_seconds(value, &query->max_ns) ? NULL :
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
	struct requests_window window = { .has_since = false };
	const char *wrong = NULL;
	struct query_arg arg;

	*ret = (struct requests_query){ .count = REQUESTS_SHOWN,
	    .max_ns = UINT64_MAX, .until_ns = UINT64_MAX };
	while (!wrong && query_next(arena, &args, &arg))
		wrong = requests_parse_arg(&arg, ret, &window);
	if (ret->kind == REQUESTS_SLOWEST && !window.has_since) {
		window.has_since = true;
		window.since_s = REQUESTS_SINCE_S;
	}
	if (window.has_until)
		ret->until_ns = window.until_s * NS_PER_SEC;
	else
		window.until_s = now_s;
	if (window.has_since && window.until_s > window.since_s)
		ret->since_ns = (window.until_s - window.since_s) *
		    NS_PER_SEC;
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
	if (!slice_starts(slice_cstr(client), query->client))
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
	if (query->by_status ||
	    (query->by_worker && request->worker != query->worker))
		return false;
	return requests_matches_seconds(query, request->age) &&
	    requests_matches_who(query, request->client_ip, request->method,
	    request->path);
}

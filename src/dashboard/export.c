/*
 * What is made from a snapshot: the figures in each format. To take and
 * write one costs milliseconds with many workers and locations, so it is done
 * on the thread pool; the memory of an answer belongs to the request then.
 */

#include "dashboard/answer.h"

#include <errno.h>

#include "base/clock.h"
#include "dashboard/history.h"
#include "dashboard/query.h"
#include "dashboard/recorder.h"
#include "http/conn.h"
#include "metrics/encode.h"
#include "metrics/snapshot.h"

_Static_assert((int)DASHBOARD_RECENT_MAX == (int)METRICS_SNAPSHOT_RECENT_MAX,
    "all that can be asked for can be had");

enum { EXPORT_NAMES_MAX = 64 };		/* name[] arguments */

struct export {
	/* what to do */
	const struct metrics_segment *segment;
	struct history *history;	/* or NULL */
	struct metrics_snapshot_options snapshot;
	enum metrics_format format;
	struct metrics_encode_options encode;
	struct slice names[EXPORT_NAMES_MAX];
	/* what came of it */
	struct buf out;
	int err;
};

/* Requests a second in the last complete `seconds`; NaN: not recorded. */
static double export_rate(struct history *history, unsigned seconds)
{
	const struct history_range range = {
		.from_s = clock_real_ns() / NS_PER_SEC - 1 - seconds,
		.step_s = seconds,
		.count = 1,
	};
	double rate, totals[HISTORY_COUNT];
	double *const points[HISTORY_COUNT] = { [HISTORY_REQUESTS] = &rate };

	history_read(history, &range, points, totals);
	return rate;
}

static int export_rates(struct history *history,
    Ringmaster__V1__Http *http, struct arena *arena)
{
	Ringmaster__V1__Rates *rates;
	struct recorder_peak peak;

	if (!history)
		return 0;
	rates = arena_alloc(arena, sizeof(*rates));
	if (!rates)
		return -ENOMEM;
	ringmaster__v1__rates__init(rates);
	rates->r1s = export_rate(history, 1);
	rates->r10s = export_rate(history, 10);
	rates->r60s = export_rate(history, 60);
	recorder_peak_read(&peak);
	rates->peak = peak.rate;
	rates->peak_at_unix_ns = peak.time_s * NS_PER_SEC;
	http->rates = rates;
	return 0;
}

/* Runs on a thread of the pool: nothing of the loop may be touched. */
static void export_run(void *arg)
{
	struct export *export = arg;
	Ringmaster__V1__Snapshot *snapshot;
	struct arena arena;

	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	export->err = metrics_snapshot_fill(export->segment,
	    &export->snapshot, &arena, &snapshot);
	if (!export->err)
		export->err = export_rates(export->history, snapshot->http,
		    &arena);
	if (!export->err)
		metrics_encode(&export->out, export->format, snapshot,
		    &export->encode);
	arena_fini(&arena);
}

static int export_answer(struct http_request *request,
    struct export *export, struct slice content_type)
{
	export->segment = request->worker->segment;
	export->history = dashboard_request_conf(request)->history;
	export->out = buf_make(DASHBOARD_BODY_MAX);
	if (ring_offload(request->worker->ring, export_run, export))
		return dashboard_error(request, 503,
		    "Too many are asking at once.");
	if (export->err)
		export->out.failed = true;
	return dashboard_answer(request, 200, content_type, &export->out);
}

/* ---- /metrics ---- */

/* The format that a path names; METRICS_FORMAT_COUNT: none. */
static enum metrics_format export_path_format(struct slice path)
{
	static const struct {
		struct slice suffix;
		enum metrics_format format;
	} known[] = {
		{ SLICE(".json"), METRICS_FORMAT_JSON },
		{ SLICE("/snapshot"), METRICS_FORMAT_JSON },
		{ SLICE(".prom"), METRICS_FORMAT_TEXT },
		{ SLICE(".om"), METRICS_FORMAT_OPENMETRICS },
		{ SLICE(".pb"), METRICS_FORMAT_PROTOBUF },
	};

	for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (slice_ends(path, known[i].suffix))
			return known[i].format;
	return METRICS_FORMAT_COUNT;
}

static bool export_flag(struct slice value, bool *ret)
{
	*ret = slice_equal(value, SLICE("1"));
	return *ret || slice_equal(value, SLICE("0"));
}

/* Take one argument; false if its value is none that it can have. Unknown
 * ones have no meaning: scrapers add their own. */
static bool export_arg(struct export *export, const struct query_arg *arg)
{
	struct prometheus_options *prometheus = &export->encode.prometheus;
	struct slice value = arg->value;
	uint64_t number;

	if (slice_equal(arg->name, SLICE("n"))) {
		if (!slice_to_u64(value, &number) ||
		    number > DASHBOARD_RECENT_MAX)
			return false;
		export->snapshot.recent = (unsigned)number;
	} else if (slice_equal(arg->name, SLICE("json"))) {
		export->encode.json.canonical =
		    slice_equal(value, SLICE("proto"));
		return export->encode.json.canonical;
	} else if (slice_equal(arg->name, SLICE("bins"))) {
		return export_flag(value, &export->encode.json.bins);
	} else if (slice_equal(arg->name, SLICE("scope"))) {
		return prometheus_parse_scopes(value, &prometheus->scopes);
	} else if (slice_equal(arg->name, SLICE("name[]"))) {
		if (prometheus->name_count == EXPORT_NAMES_MAX)
			return false;
		export->names[prometheus->name_count++] = value;
	}
	return true;
}

int dashboard_metrics(struct http_request *request)
{
	const struct dashboard_conf *conf = dashboard_request_conf(request);
	struct export export = { .snapshot.recent = DASHBOARD_RECENT,
	    .format = export_path_format(request->uri) };
	struct slice rest = request->args;
	struct query_arg arg;

	export.encode.prometheus.level =
	    (enum metrics_level)conf->metrics_detail;
	export.encode.prometheus.compat = conf->metrics_compat;
	export.encode.prometheus.names = export.names;
	while (query_next(&request->arena, &rest, &arg))
		if (!export_arg(&export, &arg))
			return dashboard_error(request, 400, "The argument "
			    "\"%.*s\" has a value it cannot have: n=0..%d, "
			    "json=proto, bins=0|1, scope=global,server,"
			    "location,worker,upstream, name[]=FAMILY "
			    "(%d times)",
			    SLICE_ARG(arg.name), DASHBOARD_RECENT_MAX,
			    EXPORT_NAMES_MAX);
	if (export.format == METRICS_FORMAT_COUNT) {
		if (http_response_add(request, SLICE("Vary"), SLICE("Accept")))
			return 500;
		export.format = metrics_format_negotiate(
		    http_request_header(request, SLICE("accept")));
	}
	return export_answer(request, &export,
	    slice_cstr(metrics_format_type(export.format)));
}

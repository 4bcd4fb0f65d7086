/*
 * /api/v1/tops: the most frequent keys of each list that the configuration
 * names, as JSON or CSV. They are added up on the thread pool.
 */

#include "dashboard/answer.h"

#include <inttypes.h>

#include "base/csv.h"
#include "dashboard/query.h"
#include "http/conn.h"
#include "metrics/json.h"
#include "metrics/snapshot.h"

enum { API_TOP_KEYS = 10 };		/* of a list, if nobody says */

struct api_tops {
	/* what to do */
	const struct metrics_segment *segment;
	struct slice name;		/* of one list; empty: all */
	uint64_t keys;
	bool csv;
	/* what came of it */
	struct buf out;
};

static void api_put_key(struct buf *out, const Ringmaster__V1__Top *top,
    const Ringmaster__V1__TopKey *key)
{
	csv_write_text(out, slice_cstr(top->name));
	buf_append_char(out, ',');
	csv_write_text(out, slice_cstr(key->key));
	buf_printf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.6f,%" PRIu64
	    "\r\n", key->requests, key->over, key->bytes_sent,
	    key->average_response_time, key->server_errors);
}

static void api_put_csv(struct buf *out, const Ringmaster__V1__Top *top)
{
	for (size_t i = 0; i < top->n_keys; i++)
		api_put_key(out, top, top->keys[i]);
	api_put_key(out, top, top->other);
}

static void api_put(struct api_tops *api, Ringmaster__V1__Top **tops,
    int count)
{
	const struct json_options options = { .canonical = false };
	unsigned shown = 0;

	buf_append_cstr(&api->out, api->csv ? "\"list\",\"key\",\"requests\","
	    "\"over\",\"bytes_sent\",\"average_response_time\","
	    "\"server_errors\"\r\n" : "{\"tops\":[");
	for (int i = 0; i < count; i++) {
		if (api->name.len &&
		    !slice_equal(api->name, slice_cstr(tops[i]->name)))
			continue;
		if (api->csv) {
			api_put_csv(&api->out, tops[i]);
			continue;
		}
		buf_append_cstr(&api->out, shown++ ? "," : "");
		json_write(&api->out, &tops[i]->base, &options);
	}
	if (!api->csv)
		buf_append_cstr(&api->out, "]}\n");
}

static void api_tops_run(void *arg)
{
	struct api_tops *api = arg;
	Ringmaster__V1__Top *tops[METRICS_TOPS_MAX];
	struct arena arena;
	int count;

	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	count = metrics_tops_fill(api->segment, &arena, (unsigned)api->keys,
	    tops);
	if (count < 0)
		api->out.failed = true;
	else
		api_put(api, tops, count);
	arena_fini(&arena);
}

/* Take one argument; false if its value is none that it can have. */
static bool api_tops_arg(struct api_tops *api, const struct query_arg *arg)
{
	if (slice_equal(arg->name, SLICE("n")))
		return slice_to_u64(arg->value, &api->keys) &&
		    api->keys <= METRICS_TOP_SIZE_MAX;
	if (slice_equal(arg->name, SLICE("format"))) {
		api->csv = slice_equal(arg->value, SLICE("csv"));
		return api->csv || slice_equal(arg->value, SLICE("json"));
	}
	if (slice_equal(arg->name, SLICE("name")))
		api->name = arg->value;
	return true;
}

int dashboard_tops(struct http_request *request)
{
	struct api_tops api = {
		.segment = request->worker->segment,
		.keys = API_TOP_KEYS,
		.out = buf_make(DASHBOARD_BODY_MAX),
	};
	struct slice rest = request->args;
	struct query_arg arg;

	while (query_next(&request->arena, &rest, &arg))
		if (!api_tops_arg(&api, &arg))
			return dashboard_error(request, 400, "The argument "
			    "\"%.*s\" has a value it cannot have: name=LIST, "
			    "n=0..%d, format=json|csv", SLICE_ARG(arg.name),
			    METRICS_TOP_SIZE_MAX);
	if (ring_offload(request->worker->ring, api_tops_run, &api))
		return dashboard_error(request, 503,
		    "Too many are asking at once.");
	return dashboard_answer(request, 200, api.csv ?
	    SLICE("text/csv; charset=utf-8; header=present") :
	    SLICE("application/json"), &api.out);
}

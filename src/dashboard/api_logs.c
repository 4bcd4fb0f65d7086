/* /api/v1/logs: the last lines of the error logs of all processes. */

#include "dashboard/answer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "dashboard/query.h"
#include "http/conn.h"
#include "metrics/json.h"
#include "metrics/logs.h"

enum {
	API_LOGS = 100,			/* lines, if nobody says */
	API_LOGS_MAX = 1000,		/* that one may ask for */
};

struct api_logs {
	/* what to do */
	const struct metrics_segment *segment;
	enum log_level level;		/* and worse */
	struct slice text;		/* is contained in it, in any case */
	uint64_t count, since_id;
	/* what came of it */
	uint64_t shown, matched, last_id;
	struct buf out;
};

static bool api_logs_matches(const struct api_logs *api,
    const struct metrics_log_line *line)
{
	char message[METRICS_LOG_TEXT_MAX + 1];

	if (line->level > api->level)
		return false;
	memcpy(message, line->text, line->len);
	message[line->len] = '\0';
	return !api->text.len || strcasestr(message, api->text.data);
}

static void api_logs_put(struct buf *out, const char *comma,
    const struct metrics_log_entry *entry)
{
	const struct metrics_log_line *line = &entry->line;

	buf_printf(out, "%s{\"id\":%" PRIu64 ",\"time_unix_ns\":%" PRIu64
	    ",\"level\":\"%s\",\"pid\":%" PRIu32 ",\"message\":", comma,
	    entry->id, line->real_ns,
	    log_level_name((enum log_level)line->level), line->pid);
	json_write_text(out, (struct slice){ line->text, line->len });
	buf_append_char(out, '}');
}

/* Of those that match, the last ones. */
static void api_logs_write(struct api_logs *api,
    struct metrics_log_entry *entries)
{
	unsigned found = metrics_logs_read(api->segment, api->since_id,
	    entries, &api->last_id);
	uint64_t skipped;

	for (unsigned i = 0; i < found; i++)
		if (api_logs_matches(api, &entries[i].line))
			entries[api->matched++] = entries[i];
	api->shown = api->matched < api->count ? api->matched : api->count;
	skipped = api->matched - api->shown;
	buf_printf(&api->out, "{\"last_id\":%" PRIu64 ",\"shown\":%" PRIu64
	    ",\"matched\":%" PRIu64 ",\"lines\":[", api->last_id, api->shown,
	    api->matched);
	for (uint64_t i = skipped; i < api->matched; i++)
		api_logs_put(&api->out, i > skipped ? "," : "", &entries[i]);
	buf_append_cstr(&api->out, "]}\n");
}

/* On a thread of the pool. */
static void api_logs_run(void *arg)
{
	struct api_logs *api = arg;
	struct metrics_log_entry *entries = calloc(METRICS_LOG_LINES,
	    sizeof(*entries));

	if (entries)
		api_logs_write(api, entries);
	else
		api->out.failed = true;
	free(entries);
}

/* Take one argument; false if its value is none that it can have. */
static bool api_logs_arg(struct api_logs *api, const struct query_arg *arg)
{
	if (slice_equal(arg->name, SLICE("level")))
		return log_level_parse(arg->value, &api->level);
	if (slice_equal(arg->name, SLICE("n")))
		return slice_to_u64(arg->value, &api->count) &&
		    api->count <= API_LOGS_MAX;
	if (slice_equal(arg->name, SLICE("since_id")))
		return slice_to_u64(arg->value, &api->since_id);
	if (slice_equal(arg->name, SLICE("text")))
		api->text = arg->value;
	return true;
}

int dashboard_logs(struct http_request *request)
{
	struct api_logs api = {
		.segment = request->worker->segment,
		.level = LOG_LEVEL_DEBUG,
		.count = API_LOGS,
		.out = buf_make(DASHBOARD_BODY_MAX),
	};
	struct slice rest = request->args;
	struct query_arg arg;

	while (query_next(&request->arena, &rest, &arg))
		if (!api_logs_arg(&api, &arg))
			return dashboard_error(request, 400, "The argument "
			    "\"%.*s\" has a value it cannot have: "
			    "level=emerg..debug, text=TEXT, n=0..%d, "
			    "since_id=NUMBER", SLICE_ARG(arg.name),
			    API_LOGS_MAX);
	if (ring_offload(request->worker->ring, api_logs_run, &api))
		return dashboard_error(request, 503,
		    "Too many are asking at once.");
	return dashboard_answer(request, 200, SLICE("application/json"),
	    &api.out);
}

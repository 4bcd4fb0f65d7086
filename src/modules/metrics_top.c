/*
 * metrics_top: the most frequent values of a key, such as user agents, with
 * what requests with them cost, in memory that does not grow with their
 * number (metrics/top.h).
 *
 * Lists are seen by more people than logs are. So what may hold secrets is
 * refused as a key, or taken out of it: cookies, credentials, queries.
 */

#include <errno.h>

#include "http/conn.h"
#include "metrics/logs.h"
#include "metrics/top.h"
#include "modules/modules.h"

enum {
	TOP_SIZE = 100,			/* keys, if nobody says */
	TOP_REDACTED_MAX = 1024,	/* bytes of a key with a query */
};

struct top {
	struct metrics_top_options options;
	struct http_value key;
	unsigned id;			/* of metrics_top_add() */
	struct top *next;
};

struct top_record {
	struct top *tops, **end;
	unsigned count;
};

extern const struct http_module http_metrics_top_module;

static const struct top *top_worker;	/* of the process */

/* ---- requests ---- */

static int top_start(struct http_worker *worker)
{
	const struct top_record *record = conf_record(worker->http->conf,
	    worker->http->main_records, &http_metrics_top_module.table);

	top_worker = record->tops;
	return 0;
}

static void top_count(struct http_request *request, const struct top *top,
    const struct metrics_top_request *counted)
{
	struct slice key = http_value_get(request, &top->key);
	char text[TOP_REDACTED_MAX];

	if (key.len == 0)
		return;
	if (memchr(key.data, '?', key.len))
		key = (struct slice){ text, metrics_log_redact(text,
		    sizeof(text), key) };
	metrics_top_add(request->worker->metrics, top->id, key, counted);
}

static void top_log(struct http_request *request)
{
	struct metrics_top_request counted;

	if (!METRICS_COUNTED || !top_worker)
		return;
	counted = (struct metrics_top_request){
		.bytes_out = request->head_sent + request->body_sent,
		.duration_ns = ring_now(request->worker->ring) -
		    request->started_ns,
		.error = request->response.status >= 500,
	};
	for (const struct top *top = top_worker; top; top = top->next)
		top_count(request, top, &counted);
}

/* ---- the configuration ---- */

/* May hold what only client and server should know. */
static bool top_is_secret(struct slice variable)
{
	static const struct slice secrets[] = { SLICE("args"),
	    SLICE("query_string"), SLICE("request_body"),
	    SLICE("http_authorization"), SLICE("http_proxy_authorization"),
	    SLICE("http_cookie"), SLICE("sent_http_set_cookie") };

	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
		if (slice_equal(variable, secrets[i]))
			return true;
	return slice_starts(variable, SLICE("cookie_"));
}

static int top_set_size(struct conf *conf, const struct conf_node *node,
    struct top *top)
{
	struct slice text = node->args[3], prefix = SLICE("size=");
	uint64_t size;

	if (!slice_starts(text, prefix))
		return conf_fail(conf, node, 0, "invalid parameter \"%.*s\"",
		    SLICE_ARG(text));
	if (!slice_to_u64(slice_from(text, prefix.len), &size) || size == 0 ||
	    size > METRICS_TOP_SIZE_MAX)
		return conf_fail(conf, node, 0, "invalid size in \"%.*s\": it "
		    "is 1 to %d", SLICE_ARG(text), METRICS_TOP_SIZE_MAX);
	top->options.size = (unsigned)size;
	return 0;
}

static int top_check(struct conf *conf, const struct conf_node *node,
    const struct top_record *record, const struct top *top)
{
	struct slice name = top->options.name;

	if (name.len == 0 || name.len >= METRICS_SCOPE_NAME_MAX)
		return conf_fail(conf, node, 0, "the name of a \"metrics_top\" "
		    "has 1 to %d bytes", METRICS_SCOPE_NAME_MAX - 1);
	for (const struct top *other = record->tops; other;
	    other = other->next)
		if (slice_equal(other->options.name, name))
			return conf_fail(conf, node, 0, "duplicate "
			    "\"metrics_top\" \"%.*s\"", SLICE_ARG(name));
	if (record->count == METRICS_TOPS_MAX)
		return conf_fail(conf, node, 0, "more than %d "
		    "\"metrics_top\" directives", METRICS_TOPS_MAX);
	for (unsigned i = 0; i < top->key.count; i++) {
		const struct http_value_part *part = &top->key.parts[i];

		if (part->variable && top_is_secret(part->text))
			return conf_fail(conf, node, 0, "\"metrics_top\" does "
			    "not show \"$%.*s\", which may hold secrets",
			    SLICE_ARG(part->text));
	}
	return 0;
}

static int top_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct top_record *record = arg;
	struct top *top = arena_calloc(&conf->arena, 1, sizeof(*top));
	int err;

	(void)scope;
	if (!top)
		return conf_fail(conf, node, ENOMEM, "metrics_top");
	top->options = (struct metrics_top_options){ node->args[1],
	    node->args[2], TOP_SIZE };
	err = http_value_compile(conf, node, node->args[2], &top->key);
	if (!err && node->argc == 4)
		err = top_set_size(conf, node, top);
	if (!err)
		err = top_check(conf, node, record, top);
	if (err)
		return err;
	if (!record->end)
		record->end = &record->tops;
	*record->end = top;
	record->end = &top->next;
	record->count++;
	return 0;
}

static int top_named(struct http_conf *http, struct metrics_segment *segment)
{
	const struct top_record *record = conf_record(http->conf,
	    http->main_records, &http_metrics_top_module.table);
	struct metrics_top_options options[METRICS_TOPS_MAX];
	unsigned ids[METRICS_TOPS_MAX], count = 0;
	int err;

	for (const struct top *top = record->tops; top; top = top->next)
		options[count++] = top->options;
	err = metrics_tops_set(segment, options, count, ids);
	count = 0;
	for (struct top *top = record->tops; top && !err; top = top->next)
		top->id = ids[count++];
	return err;
}

static const struct conf_directive top_directives[] = {
	{ .name = "metrics_top", .contexts = CONF_HTTP, .args_min = 2,
	  .args_max = 3, .set = top_set,
	  .syntax = "NAME KEY [size=NUMBER]",
	  .help = "list the most frequent values of a key" },
	{ .name = NULL },
};

const struct http_module http_metrics_top_module = {
	.table = {
		.name = "metrics_top",
		.help = "counts requests by the value of a key",
		.directives = top_directives,
		.record_size = sizeof(struct top_record),
	},
	.named = top_named,
	.worker_start = top_start,
	.log = top_log,
};

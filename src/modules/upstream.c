/*
 * upstream: groups of servers for "proxy_pass", and what a request knows of
 * the tries it made as variables ($upstream_addr and so on).
 */

#include "http/upstream.h"

#include <errno.h>

#include "http/conn.h"
#include "http/variable.h"

extern const struct http_module http_upstream_module;

struct upstream_record {
	int64_t keepalive_time, keepalive_timeout;	/* ms */
	int64_t keepalive_requests;
};

/* ---- the configuration ---- */

/* "NAME=NUMBER": false, leaving *ret alone, if the name is another. *bad: it
 * is no number. */
static bool upstream_number(struct slice arg, struct slice name, int64_t *ret,
    bool *bad)
{
	if (!slice_starts(arg, name))
		return false;
	*bad = !conf_parse_number(slice_from(arg, name.len), ret);
	return true;
}

static bool upstream_parameter(struct slice arg, struct upstream_peer *peer)
{
	int64_t ms;
	bool bad = false;

	if (upstream_number(arg, SLICE("weight="), &peer->weight, &bad))
		return !bad && peer->weight > 0 && peer->weight <= INT32_MAX;
	if (upstream_number(arg, SLICE("max_conns="), &peer->max_conns, &bad) ||
	    upstream_number(arg, SLICE("max_fails="), &peer->max_fails, &bad))
		return !bad;
	if (slice_starts(arg, SLICE("fail_timeout="))) {
		if (!conf_parse_time(slice_from(arg, strlen("fail_timeout=")),
		    &ms) || ms > INT64_MAX / (int64_t)NS_PER_MSEC)
			return false;
		peer->fail_timeout_ns = (uint64_t)ms * NS_PER_MSEC;
		return true;
	}
	if (slice_equal(arg, SLICE("down")))
		return peer->down = true;
	return slice_equal(arg, SLICE("backup")) && (peer->backup = true);
}

static int upstream_set_server(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct upstream_peer peer = { .weight = 1, .max_fails = 1,
	    .fail_timeout_ns = 10 * NS_PER_SEC };
	struct upstream_url url;

	(void)record;
	for (unsigned i = 2; i < node->argc; i++)
		if (!upstream_parameter(node->args[i], &peer))
			return conf_fail(conf, node, 0,
			    "invalid parameter \"%s\"", node->args[i].data);
	if (!upstream_url_parse(node->args[1], 80, false, &url))
		return conf_fail(conf, node, 0, "%s in upstream \"%s\"",
		    url.why, node->args[1].data);
	return upstream_group_add(conf, node, scope->owner, &url, &peer);
}

static int upstream_set_keepalive(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct upstream_group *group = scope->owner;

	(void)record;
	if (group->keepalive != CONF_UNSET)
		return conf_fail(conf, node, 0,
		    "\"keepalive\" directive is duplicate");
	if (!conf_parse_number(node->args[1], &group->keepalive))
		return conf_fail(conf, node, 0, "invalid value \"%s\" in "
		    "\"keepalive\" directive", node->args[1].data);
	group->keepalive_local = node->argc > 2;
	if (node->argc > 2 && !slice_equal(node->args[2], SLICE("local")))
		return conf_fail(conf, node, 0, "invalid parameter \"%s\"",
		    node->args[2].data);
	return 0;
}

static int upstream_set_block(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct upstream_group *group = upstream_group_define(conf, node,
	    scope->owner);
	const struct upstream_record *said;
	struct conf_scope inner;
	int err;

	(void)record;
	if (!group)
		return -EINVAL;
	group->keepalive = CONF_UNSET;
	inner = (struct conf_scope){ CONF_UPSTREAM, conf_records_new(conf),
	    group, scope };
	if (!inner.records)
		return -ENOMEM;
	err = conf_apply(conf, node->children, &inner);
	if (!err && !group->main.count && !group->backup.count)
		err = conf_fail(conf, node, 0,
		    "no servers are inside upstream");
	if (!err)
		err = conf_merge(conf, CONF_UPSTREAM, NULL, inner.records);
	if (err)
		return err;
	said = conf_record(conf, inner.records, &http_upstream_module.table);
	group->keepalive_local |= group->keepalive == CONF_UNSET;
	if (group->keepalive == CONF_UNSET)
		group->keepalive = UPSTREAM_KEEPALIVE;
	group->keepalive_requests = said->keepalive_requests;
	group->keepalive_time = said->keepalive_time;
	group->keepalive_timeout = said->keepalive_timeout;
	return 0;
}

/* ---- its life in a worker ---- */

static void upstream_worker_drain(struct http_worker *worker)
{
	struct upstream_group *group = worker->http->upstreams;

	for (; group; group = group->next)
		upstream_group_drain(group);
}

static void upstream_worker_stop(struct http_worker *worker)
{
	struct upstream_group *group = worker->http->upstreams;

	for (; group; group = group->next)
		upstream_group_free(group);
}

/* ---- variables ---- */

/* The text of one try for a variable. */
typedef struct slice upstream_text(struct http_request *request,
    const struct upstream_state *state);

/* What `text` gives for each try: behind a comma, or behind a colon if an
 * internal redirect is between. */
static bool upstream_join(struct http_request *request, upstream_text *text,
    struct slice *ret)
{
	const struct upstream_state *state = request->upstream ?
	    request->upstream->states : NULL;
	struct slice sum = { NULL, 0 };

	for (; state; state = state->next) {
		struct slice one = text(request, state);

		sum = !sum.data ? one : arena_printf(&request->arena,
		    "%.*s%s%.*s", SLICE_ARG(sum), state->redirected ? " : " :
		    ", ", SLICE_ARG(one));
		if (!sum.data)
			return false;
	}
	*ret = sum;
	return sum.data != NULL;
}

static struct slice text_number(struct http_request *request,
    uint64_t number)
{
	struct slice text = { NULL, 0 };

	(void)http_variable_number(request, number, &text); /* or NULL */
	return text;
}

static struct slice text_time(struct http_request *request, uint64_t ns)
{
	struct slice text = { NULL, 0 };

	if (ns == METRICS_TIME_NONE)
		return SLICE("-");
	(void)http_variable_seconds(request, ns, &text); /* or NULL */
	return text;
}

static struct slice text_addr(struct http_request *request,
    const struct upstream_state *state)
{
	(void)request;
	return state->peer;
}

static struct slice text_status(struct http_request *request,
    const struct upstream_state *state)
{
	return state->status ? text_number(request, state->status) :
	    SLICE("-");
}

static struct slice text_connect_time(struct http_request *request,
    const struct upstream_state *state)
{
	return text_time(request, state->ns[METRICS_TIME_CONNECT]);
}

static struct slice text_header_time(struct http_request *request,
    const struct upstream_state *state)
{
	return text_time(request, state->ns[METRICS_TIME_HEADER]);
}

static struct slice text_response_time(struct http_request *request,
    const struct upstream_state *state)
{
	return text_time(request, state->passed && !request->header_sent ?
	    METRICS_TIME_NONE : state->ns[METRICS_TIME_RESPONSE]);
}

static struct slice text_response_length(struct http_request *request,
    const struct upstream_state *state)
{
	return text_number(request, state->response_length);
}

static struct slice text_bytes_received(struct http_request *request,
    const struct upstream_state *state)
{
	return text_number(request, state->bytes_received);
}

static struct slice text_bytes_sent(struct http_request *request,
    const struct upstream_state *state)
{
	return text_number(request, state->bytes_sent);
}

#define UPSTREAM_GET(name)						\
static bool get_##name(struct http_request *request,			\
    struct slice variable, struct slice *ret)				\
{									\
	(void)variable;							\
	return upstream_join(request, text_##name, ret);		\
}

UPSTREAM_GET(addr)
UPSTREAM_GET(status)
UPSTREAM_GET(connect_time)
UPSTREAM_GET(header_time)
UPSTREAM_GET(response_time)
UPSTREAM_GET(response_length)
UPSTREAM_GET(bytes_received)
UPSTREAM_GET(bytes_sent)

static bool get_http(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct upstream_trace *trace = request->upstream;

	return trace && http_header_join(request, trace->headers,
	    trace->header_count, slice_from(name, strlen("upstream_http_")),
	    ret);
}

static struct slice skip_blanks(struct slice s)
{
	while (slice_starts(s, SLICE(" ")))
		s = slice_from(s, 1);
	return s;
}

/* "NAME=VALUE; Path=/" of the Set-Cookie lines. */
static bool get_cookie(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct upstream_trace *trace = request->upstream;

	name = slice_from(name, strlen("upstream_cookie_"));
	for (unsigned i = 0; trace && i < trace->header_count; i++) {
		struct slice value = trace->headers[i].value;
		const char *end;

		if (!slice_equal_nocase(trace->headers[i].name,
		    SLICE("set-cookie")) ||
		    !slice_equal_nocase(slice_first(value, name.len), name))
			continue;
		value = skip_blanks(slice_from(value, name.len));
		if (!slice_starts(value, SLICE("=")))
			continue;
		value = skip_blanks(slice_from(value, 1));
		end = value.len ? memchr(value.data, ';', value.len) : NULL;
		if (end)
			value.len = (size_t)(end - value.data);
		*ret = value;
		return true;
	}
	return false;
}

#define VARIABLE(text, getter, means)					\
	{ .name = { text, sizeof(text) - 1 }, .get = getter, .help = means }

static const struct http_variable upstream_variables[] = {
	VARIABLE("upstream_addr", get_addr,
	    "addresses of the servers that were asked; \", \" between "
	      "tries, \" : \" between redirects"),
	VARIABLE("upstream_status", get_status,
	    "the status of each"),
	VARIABLE("upstream_connect_time", get_connect_time,
	    "seconds to connect to each, with milliseconds"),
	VARIABLE("upstream_header_time", get_header_time,
	    "seconds until the head of the answer of each"),
	VARIABLE("upstream_response_time", get_response_time,
	    "seconds until the end of the answer of each"),
	VARIABLE("upstream_response_length", get_response_length,
	    "bytes of the body of each answer"),
	VARIABLE("upstream_bytes_received", get_bytes_received,
	    "bytes that came from each"),
	VARIABLE("upstream_bytes_sent", get_bytes_sent,
	    "bytes sent to each"),
	VARIABLE("upstream_http_*", get_http,
	    "a header line of the last answer, named as in $http_*"),
	VARIABLE("upstream_cookie_*", get_cookie,
	    "a cookie that the last answer sets"),
	{ .name = { NULL, 0 }, .get = NULL },
};

/* ---- the table ---- */

#define LATER(directive, most, what)					\
	{ .name = directive, .contexts = CONF_UPSTREAM,			\
	  .args_max = most, .type = CONF_UNSUPPORTED, .help = what }

static const struct conf_directive upstream_directives[] = {
	{ .name = "upstream", .contexts = CONF_HTTP, .args_min = 1,
	  .args_max = 1, .block = true, .set = upstream_set_block,
	  .syntax = "NAME",
	  .help = "a group of servers to pass requests to" },
	{ .name = "server", .contexts = CONF_UPSTREAM, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = upstream_set_server,
	  .syntax = "ADDRESS [PARAMETER ...]",
	  .help = "a server of the group, and how much of the load it takes" },
	{ .name = "keepalive", .contexts = CONF_UPSTREAM, .args_min = 1,
	  .args_max = 2, .set = upstream_set_keepalive,
	  .initial = "32 local",
	  .syntax = "NUMBER [local]",
	  .help = "idle connections kept by each worker" },
	{ .name = "keepalive_requests", .contexts = CONF_UPSTREAM,
	  .args_min = 1, .args_max = 1, .type = CONF_NUMBER,
	  .offset = offsetof(struct upstream_record, keepalive_requests),
	  .initial = "1000", .help = "requests a connection may carry" },
	{ .name = "keepalive_time", .contexts = CONF_UPSTREAM,
	  .args_min = 1, .args_max = 1, .type = CONF_TIME,
	  .offset = offsetof(struct upstream_record, keepalive_time),
	  .initial = "1h", .help = "age of a connection at which it is "
	  "no longer kept" },
	{ .name = "keepalive_timeout", .contexts = CONF_UPSTREAM,
	  .args_min = 1, .args_max = 1, .type = CONF_TIME,
	  .offset = offsetof(struct upstream_record, keepalive_timeout),
	  .initial = "60s", .help = "how long an idle connection is kept" },
	{ .name = "zone", .contexts = CONF_UPSTREAM, .args_min = 1,
	  .args_max = 2, .type = CONF_ACCEPTED,
	  .help = "no effect: each worker keeps its own state" },
	LATER("least_conn", 0, "only round robin is"),
	LATER("ip_hash", 0, "only round robin is"),
	LATER("hash", 2, "only round robin is"),
	LATER("random", 2, "only round robin is"),
	LATER("least_time", 2, "only round robin is"),
	LATER("sticky", CONF_ARGS_ANY, "only round robin is"),
	LATER("resolver", CONF_ARGS_ANY, "names of servers are looked up at "
	    "the start"),
	LATER("resolver_timeout", 1, "names of servers are looked up at the "
	    "start"),
	{ .name = NULL },
};

const struct http_module http_upstream_module = {
	.table = {
		.name = "upstream",
		.help = "groups of servers that requests are passed on to, "
		    "by weighted round robin",
		.directives = upstream_directives,
		.record_size = sizeof(struct upstream_record),
	},
	.variables = upstream_variables,
	.configured = upstream_groups_finish,
	.worker_drain = upstream_worker_drain,
	.worker_stop = upstream_worker_stop,
};

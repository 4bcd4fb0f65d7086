/*
 * The way of a request from its head to its response: server, location,
 * phases, error pages. Nothing here knows which protocol brought it.
 */

#include "http/conn.h"

#include <errno.h>
#include <stdio.h>

#include "http/filter.h"
#include "http/response.h"
#include "http/upstream.h"
#include "http/uri.h"

/* ---- what modules use ---- */

void *http_request_record(const struct http_request *request,
    const struct conf_table *table)
{
	return conf_record(request->worker->http->conf, request->records,
	    table);
}

struct slice http_request_header(const struct http_request *request,
    struct slice name)
{
	const struct h1_head *head = &request->head;

	for (unsigned i = 0; i < head->header_count; i++)
		if (slice_equal_nocase(head->headers[i].name, name))
			return head->headers[i].value;
	return (struct slice){ NULL, 0 };
}

static int http_response_add_field(struct http_request *request,
    struct slice name, struct slice value, bool kept)
{
	struct http_response *response = &request->response;
	struct http_field *field = arena_alloc(&request->arena,
	    sizeof(*field));

	if (!field)
		return -ENOMEM;
	*field = (struct http_field){ name, value, NULL, kept };
	if (!response->fields_end)
		response->fields_end = &response->fields;
	*response->fields_end = field;
	response->fields_end = &field->next;
	return 0;
}

int http_response_add(struct http_request *request, struct slice name,
    struct slice value)
{
	return http_response_add_field(request, name, value, false);
}

int http_response_add_kept(struct http_request *request, struct slice name,
    struct slice value)
{
	return http_response_add_field(request, name, value, true);
}

int http_response_set(struct http_request *request, struct slice name,
    struct slice value)
{
	struct http_response *response = &request->response;
	struct http_field **field = &response->fields, *first = NULL;

	while (*field) {
		if (!slice_equal_nocase((*field)->name, name)) {
			field = &(*field)->next;
		} else if (!first) {
			first = *field;
			first->value = value;
			field = &first->next;
		} else {
			*field = (*field)->next;
		}
	}
	response->fields_end = field;
	return first ? 0 : http_response_add(request, name, value);
}

void http_response_text(struct http_request *request, unsigned status,
    struct slice content_type, struct slice text)
{
	struct http_response *response = &request->response;

	response->status = status;
	response->content_type = content_type;
	response->length = (int64_t)text.len;
	response->prepared = (struct slice){ NULL, 0 };
	response->file = NULL;
	response->body = (struct http_body){ .kind = HTTP_BODY_BYTES,
	    .bytes = text, .fd = -1 };
}

/* The number of bytes that a text with variables gives; 0 if it is none. */
static int64_t request_size(struct http_request *request,
    const struct http_value *value)
{
	struct slice text = value->count ? http_value_get(request, value)
					 : (struct slice){ NULL, 0 };
	int64_t size = 0;

	if (text.len && !conf_parse_size(text, &size))
		http_log(request, LOG_LEVEL_ERROR, 0, "invalid size \"%.*s\"",
		    SLICE_ARG(text));
	return size;
}

int64_t http_request_limit_rate(struct http_request *request)
{
	return request->limit_rate_set ? request->limit_rate :
	    request_size(request, &request->location->core->limit_rate);
}

int64_t http_request_limit_rate_after(struct http_request *request)
{
	return request->limit_rate_after_set ? request->limit_rate_after :
	    request_size(request, &request->location->core->limit_rate_after);
}

int http_request_cleanup(struct http_request *request, void (*fn)(void *),
    void *arg)
{
	struct http_cleanup *cleanup = arena_alloc(&request->arena,
	    sizeof(*cleanup));

	if (!cleanup)
		return -ENOMEM;
	*cleanup = (struct http_cleanup){ fn, arg, request->cleanups };
	request->cleanups = cleanup;
	return 0;
}

static bool http_redirects_left(struct http_request *request,
    const char *doing, struct slice uri)
{
	if (request->redirects++ < HTTP_REDIRECTS_MAX)
		return true;
	http_log(request, LOG_LEVEL_ERROR, 0, "rewrite or internal "
	    "redirection cycle while %s \"%.*s\"", doing, SLICE_ARG(uri));
	return false;
}

int http_redirect_internally(struct http_request *request, struct slice uri,
    struct slice args)
{
	if (!http_redirects_left(request, "internally redirecting to", uri))
		return 500;
	request->internal = true;
	request->uri_changed = true;
	request->uri_rewritten = false;
	request->named = NULL;
	if (uri.len && uri.data[0] == '@') {
		request->named = http_location_named(
		    (struct http_server *)request->server, uri);
		if (!request->named) {
			http_log(request, LOG_LEVEL_ERROR, 0, "could not find "
			    "named location \"%.*s\"", SLICE_ARG(uri));
			return 500;
		}
		return HTTP_REDIRECTED;
	}
	/* A variable in it may hold what a client made up. */
	if (!uri_is_inside(uri)) {
		http_log(request, LOG_LEVEL_ERROR, 0, "internal redirection "
		    "to \"%.*s\" would leave the root", SLICE_ARG(uri));
		return 404;
	}
	request->uri = uri;
	request->args = args;
	request->enters_server = true;
	return HTTP_REDIRECTED;
}

/* The first line of the head, as it came. */
static struct slice http_request_line(const struct http_request *request)
{
	struct slice raw = request->head.raw;
	const char *end = raw.len ? memchr(raw.data, '\n', raw.len) : NULL;

	if (end)
		raw.len = (size_t)(end - raw.data);
	if (raw.len && raw.data[raw.len - 1] == '\r')
		raw.len--;
	return raw;
}

size_t http_request_shown_path(const struct http_request *request, char *to,
    size_t size)
{
	struct slice path = slice_first(request->head.path, size);
	const char *query = path.len ? memchr(path.data, '?', path.len) : NULL;

	if (query)
		path.len = (size_t)(query - path.data);
	if (path.len)
		memcpy(to, path.data, path.len);
	return path.len;
}

void http_log(struct http_request *request, enum log_level level, int error,
    const char *format, ...)
{
	const struct log *log = request->location->core->log ?
	    request->location->core->log : request->worker->log;
	char message[LOG_LINE_MAX], cause[128] = "", client[HTTP_ADDRESS_TEXT];
	const struct upstream_trace *upstream = request->upstream;
	const struct slice none = { "", 0 };
	va_list args;

	if (!log_wants(log, level))
		return;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args); /* cut */
	va_end(args);
	if (error)
		(void)snprintf(cause, sizeof(cause), " (%d: %s)", error,
		    strerror(error)); /* cut */
	if (upstream && !upstream->doing)
		upstream = NULL;
	(void)http_address_text(http_request_client(request), client);
	log_write(log, level, 0, "*%llu %s%s%s%s, client: %s, server: %.*s, "
	    "request: \"%.*s\"%s%.*s%.*s%.*s%s, host: \"%.*s\"",
	    (unsigned long long)request->conn->number, message, cause,
	    upstream ? " while " : "", upstream ? upstream->doing : "",
	    client, SLICE_ARG(request->server->name),
	    SLICE_ARG(http_request_line(request)),
	    upstream ? ", upstream: \"" : "",
	    SLICE_ARG(upstream ? upstream->scheme : none),
	    SLICE_ARG(upstream ? upstream->peer : none),
	    SLICE_ARG(upstream ? upstream->uri : none),
	    upstream ? "\"" : "", SLICE_ARG(request->head.host.name));
}

/* ---- the phases ---- */

static int http_phase_run(struct http_request *request,
    enum http_phase phase)
{
	int (**hook)(struct http_request *) =
	    request->worker->http->hooks[phase];
	int rc = HTTP_DECLINED;

	for (; *hook && rc == HTTP_DECLINED; hook++)
		rc = (*hook)(request);
	return rc;
}

/* Who guesses passwords is answered late. */
static int http_access_refuse(struct http_request *request, int status)
{
	int64_t delay_ms = request->location->core->auth_delay;

	if (status != 401 || delay_ms == 0)
		return status;
	http_log(request, LOG_LEVEL_INFO, 0, "delaying unauthorized request");
	if (http_request_wait(request, NULL,
	    ring_now(request->worker->ring) +
	    (uint64_t)delay_ms * NS_PER_MSEC) == -ECONNRESET)
		return HTTP_ABORT;
	return status;
}

/* With "satisfy any", one module that agrees is enough. */
static int http_phase_access(struct http_request *request)
{
	int (**hook)(struct http_request *) =
	    request->worker->http->hooks[HTTP_PHASE_ACCESS];
	bool any = request->location->core->satisfy == HTTP_SATISFY_ANY;
	int refused = HTTP_DECLINED;

	for (; *hook; hook++) {
		int rc = (*hook)(request);

		if (rc == HTTP_ALLOWED && any) {
			http_response_remove(request,
			    SLICE("WWW-Authenticate"));
			return HTTP_DECLINED;
		}
		if (any && (rc == 401 || rc == 403))
			refused = refused == 401 ? 401 : rc;
		else if (rc != HTTP_DECLINED && rc != HTTP_ALLOWED)
			return http_access_refuse(request, rc);
	}
	if (refused == 403)
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "access forbidden by rule");
	return http_access_refuse(request, refused);
}

static const char *slice_find(struct slice text, struct slice part)
{
	return memmem(text.data, text.len, part.data, part.len);
}

/* Microsoft's before 6.0 of Windows XP SP2, which announced "SV1". */
static bool http_agent_is_msie6(struct slice agent)
{
	const char *at = slice_find(agent, SLICE("MSIE "));
	struct slice rest;

	if (!at || slice_find(agent, SLICE("Opera")))
		return false;
	rest = slice_from(agent, (size_t)(at + 5 - agent.data));
	if (rest.len < 3 || rest.data[1] != '.')
		return false;
	return rest.data[0] == '4' || rest.data[0] == '5' ||
	    (rest.data[0] == '6' && !slice_find(rest, SLICE("SV1")));
}

static bool http_agent_is_safari(struct slice agent)
{
	return slice_find(agent, SLICE("Safari/")) &&
	    slice_find(agent, SLICE("Mac OS X")) &&
	    !slice_find(agent, SLICE("Chrome/")) &&
	    !slice_find(agent, SLICE("Gecko/")) &&
	    !slice_find(agent, SLICE("Opera"));
}

/* Is it from a browser that keepalive_disable names? */
static bool http_request_from_bad_browser(const struct http_request *request)
{
	const struct http_header *agent;
	int64_t bad = request->location->core->keepalive_disable;

	if (request->method != HTTP_METHOD_POST)
		bad &= ~HTTP_NO_KEEPALIVE_MSIE6;
	if (!(bad & (HTTP_NO_KEEPALIVE_MSIE6 | HTTP_NO_KEEPALIVE_SAFARI)))
		return false;
	agent = http_header_find(request->head.headers,
	    request->head.header_count, HTTP_HEADER_USER_AGENT);
	return agent && ((bad & HTTP_NO_KEEPALIVE_MSIE6 &&
		http_agent_is_msie6(agent->value)) ||
	    (bad & HTTP_NO_KEEPALIVE_SAFARI &&
		http_agent_is_safari(agent->value)));
}

/* May the connection be used again, as far as the location says? */
static bool http_request_may_keep(const struct http_request *request)
{
	const struct http_core_record *core = request->location->core;
	const struct http_conn *conn = request->conn;
	uint64_t age = ring_now(request->worker->ring) - conn->accepted_ns;

	return core->keepalive_timeout != 0 &&
	    conn->requests < core->keepalive_requests &&
	    age < (uint64_t)core->keepalive_time * NS_PER_MSEC &&
	    !http_request_from_bad_browser(request);
}

static void http_request_use(struct http_request *request,
    const struct http_location *location)
{
	request->location = location;
	request->records = location->records;
	request->body_max = location->core->client_max_body_size;
}

void http_request_enter(struct http_request *request,
    const struct http_location *location)
{
	http_request_use(request, location);
	if (!http_request_may_keep(request))
		request->keepalive = false;
}

int http_request_add_slash(struct http_request *request)
{
	struct slice path = http_uri_escape(request, request->uri);
	struct slice location = arena_printf(&request->arena, "%.*s/%s%.*s",
	    SLICE_ARG(path), request->args.len ? "?" : "",
	    SLICE_ARG(request->args));

	if (!path.data || !location.data)
		return 500;
	request->response.location = location;
	return 301;
}

/* Find the location. Returns HTTP_DECLINED, or a status. */
static int http_request_locate(struct http_request *request)
{
	struct http_server *server = (struct http_server *)request->server;
	struct http_found found = { request->named, NULL, false };
	const struct http_location *location;

	if (!found.location &&
	    http_location_find(server, request->uri, &found)) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "a regular expression took too long on \"%.*s\"",
		    SLICE_ARG(request->uri));
		return 500;
	}
	location = found.location;
	request->named = NULL;
	request->uri_behind_alias = false;
	http_request_enter(request, location);
	if (found.regex &&
	    http_regex_capture(request, found.regex, request->uri))
		return 500;
	if (location->core->internal && !request->internal)
		return 404;
	if (location->limited && !(location->methods & 1U << request->method))
		http_request_enter(request, location->limited);
	return found.redirect ? http_request_add_slash(request) :
	    HTTP_DECLINED;
}

static int http_request_content(struct http_request *request)
{
	http_handler *handler = request->location->handler;
	int rc = handler ? handler(request) :
	    http_phase_run(request, HTTP_PHASE_CONTENT);

	if (rc != HTTP_DECLINED)
		return rc;
	if (request->method != HTTP_METHOD_GET &&
	    request->method != HTTP_METHOD_HEAD &&
	    request->method != HTTP_METHOD_POST) {
		request->response.allow = SLICE("GET, HEAD");
		return 405;
	}
	if (slice_ends(request->uri, SLICE("/"))) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "directory index of \"%.*s\" is forbidden",
		    SLICE_ARG(request->uri));
		return 403;
	}
	return 404;
}

/*
 * With "location /img { alias /data/img/; }" the path "/img../x" would be
 * "/data/img/../x": what is left of a path that has no ".." may begin with it.
 */
static bool http_request_escapes(struct http_request *request)
{
	struct slice rest = slice_from(request->uri,
	    request->location->core->alias_len);

	if (!slice_starts(rest, SLICE("..")) ||
	    (rest.len > 2 && rest.data[2] != '/'))
		return false;
	http_log(request, LOG_LEVEL_ERROR, 0, "\"%.*s\" is outside the alias",
	    SLICE_ARG(request->uri));
	return true;
}

/* Through the phases that belong to the server, before a location is looked
 * for. */
static int http_request_enter_server(struct http_request *request)
{
	request->enters_server = false;
	/* Only a location's word counts for keeping the connection. */
	http_request_use(request, &request->server->root);
	return http_phase_run(request, HTTP_PHASE_SERVER_REWRITE);
}

/* One way through the phases, up to an answer or another uri. */
static int http_request_pass(struct http_request *request)
{
	int rc = request->enters_server ? http_request_enter_server(request) :
	    HTTP_DECLINED;

	/* A uri that the server changed is the one to look up. */
	if (rc == HTTP_DECLINED || rc == HTTP_REDIRECTED)
		rc = http_request_locate(request);
	if (rc != HTTP_DECLINED)
		return rc;
	if (request->location->core->alias && http_request_escapes(request))
		return 404;
	/* Its error page may be had. */
	if (!request->error_status && request->body_max &&
	    request->head.has_content_length &&
	    request->head.content_length > (uint64_t)request->body_max) {
		http_log(request, LOG_LEVEL_ERROR, 0, "client intended to "
		    "send too large body: %llu bytes", (unsigned long long)
		    request->head.content_length);
		return 413;
	}
	/* Without a location there is but the server, which had its turn. */
	if (request->location != &request->server->root)
		rc = http_phase_run(request, HTTP_PHASE_REWRITE);
	if (rc == HTTP_REDIRECTED &&
	    !http_redirects_left(request, "processing", request->uri))
		return 500;
	if (rc == HTTP_DECLINED)
		rc = http_phase_run(request, HTTP_PHASE_PREACCESS);
	if (rc == HTTP_DECLINED)
		rc = request->parent ? HTTP_DECLINED :
		    http_phase_access(request);
	if (rc == HTTP_DECLINED)
		rc = http_phase_run(request, HTTP_PHASE_PRECONTENT);
	return rc == HTTP_DECLINED ? http_request_content(request) : rc;
}

static int http_request_route(struct http_request *request)
{
	int rc;

	do
		rc = http_request_pass(request);
	while (rc == HTTP_REDIRECTED);
	return rc;
}

/* Turn what the phases returned into a response. */
static int http_request_finish(struct http_request *request, int rc)
{
	while (rc >= 100 && rc != 444) {
		unsigned status = (unsigned)rc;

		rc = http_error_page_serve(request, status);
		if (rc == HTTP_REDIRECTED) {
			http_response_reset(request);
			rc = http_request_route(request);
		} else if (rc == HTTP_DECLINED) {
			/* Not what error_page had wanted, if it had. */
			request->answer_status = 0;
			http_request_refuse(request, status);
			rc = HTTP_DONE;
		}
	}
	if (rc == HTTP_ABORT || rc == 444)
		return HTTP_ABORT;
	if (request->answer_status) {
		request->response.status = request->answer_status;
		request->response.reason = (struct slice){ NULL, 0 };
	}
	return HTTP_DONE;
}

/* ---- before the phases ---- */

static int http_request_prepare(struct http_request *request)
{
	struct h1_head *head = &request->head;
	const struct http_regex *regex = NULL;
	struct uri uri;
	char *text;

	text = head->host.has_upper ?
	    arena_alloc_text(&request->arena, head->host.name.len) : NULL;
	if (head->host.has_upper && !text)
		return 500;
	request->host = http_host_lower(&head->host, text);
	request->server = http_server_find(request->conn->listen,
	    request->host, &regex);
	request->location = &request->server->root;
	request->records = request->server->records;
	request->method = head->method;
	if (regex && http_regex_capture(request, regex, request->host))
		return 500;
	if (head->method == HTTP_METHOD_CONNECT ||
	    head->method == HTTP_METHOD_TRACE) {
		request->keepalive = false;
		return 405;
	}
	if (head->expect == H1_EXPECT_UNKNOWN)
		return 417;
	if (head->form == H1_TARGET_ASTERISK) {
		request->uri = SLICE("/");
		return http_response_options(request);
	}
	if (!uri_split(head->path, &uri)) {
		text = arena_alloc_text(&request->arena, head->path.len + 1);
		if (!text)
			return 500;
		if (!uri_normalise(head->path,
		    request->server->record->merge_slashes, text, &uri))
			return 400;
	}
	request->uri = uri.path;
	request->args = uri.args;
	return HTTP_DECLINED;
}

int http_request_run(struct http_request *request)
{
	int rc;

	http_response_reset(request);
	rc = http_request_prepare(request);
	request->enters_server = true;
	if (rc == HTTP_DECLINED)
		rc = http_request_route(request);
	rc = http_request_finish(request, rc);
	return rc == HTTP_DONE ? http_response_filter(request) : rc;
}

int http_request_run_inner(struct http_request *request)
{
	int rc;

	http_response_reset(request);
	request->method = HTTP_METHOD_GET;
	request->enters_server = true;
	rc = http_request_finish(request, http_request_route(request));
	return rc == HTTP_DONE ? http_response_filter(request) : rc;
}

int http_request_fail(struct http_request *request, unsigned status)
{
	int rc = http_request_finish(request, (int)status);

	return rc == HTTP_DONE ? http_response_filter(request) : rc;
}

void http_request_gone(struct http_request *request)
{
	const struct http_module *const *module =
	    request->worker->http->modules;

	for (; *module; module++)
		if ((*module)->gone)
			(*module)->gone(request);
}

void http_request_end(struct http_request *request)
{
	const struct http_module *const *module =
	    request->worker->http->modules;

	for (; *module; module++)
		if ((*module)->log)
			(*module)->log(request);
	for (; request->cleanups; request->cleanups = request->cleanups->next)
		request->cleanups->fn(request->cleanups->arg);
	arena_fini(&request->arena);
}

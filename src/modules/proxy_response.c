/*
 * proxy: what the head of an answer becomes. Lines that concern one
 * connection only are dropped, some stand for fields of the response, some
 * are orders to the proxy, and the others are passed on as they are.
 */

#include "modules/proxy.h"

#include <errno.h>

#include "http/date.h"
#include "http/response.h"
#include "http/uri.h"

enum proxy_line {
	PROXY_LINE_OTHER,
	PROXY_LINE_HOP,			/* dropped */
	PROXY_LINE_CONTENT_TYPE,
	PROXY_LINE_LAST_MODIFIED,
	PROXY_LINE_ETAG,
	PROXY_LINE_LOCATION,
	PROXY_LINE_REFRESH,
	PROXY_LINE_DATE,
	PROXY_LINE_SERVER,
	PROXY_LINE_STATUS,
	PROXY_LINE_EXPIRES,
	PROXY_LINE_ACCEL_REDIRECT,
	PROXY_LINE_ACCEL_EXPIRES,
	PROXY_LINE_ACCEL_LIMIT_RATE,
	PROXY_LINE_ACCEL_CHARSET,
	PROXY_LINE_ONCE,		/* those above once at most */
	PROXY_LINE_ACCEL_BUFFERING,
	PROXY_LINE_PAD,
	PROXY_LINE_SET_COOKIE,
	PROXY_LINE_KEPT,		/* even when another uri answers */
};

#define LINE(text, what) { { text, sizeof(text) - 1 }, what }
static const struct proxy_line_name {
	struct slice name;
	enum proxy_line line;
} proxy_lines[] = {
	LINE("date", PROXY_LINE_DATE),
	LINE("etag", PROXY_LINE_ETAG),
	LINE("server", PROXY_LINE_SERVER),
	LINE("status", PROXY_LINE_STATUS),
	LINE("x-pad", PROXY_LINE_PAD),
	LINE("refresh", PROXY_LINE_REFRESH),
	LINE("expires", PROXY_LINE_EXPIRES),
	LINE("location", PROXY_LINE_LOCATION),
	LINE("connection", PROXY_LINE_HOP),
	LINE("keep-alive", PROXY_LINE_HOP),
	LINE("set-cookie", PROXY_LINE_SET_COOKIE),
	LINE("content-type", PROXY_LINE_CONTENT_TYPE),
	LINE("accept-ranges", PROXY_LINE_KEPT),
	LINE("cache-control", PROXY_LINE_KEPT),
	LINE("last-modified", PROXY_LINE_LAST_MODIFIED),
	LINE("content-length", PROXY_LINE_HOP),
	LINE("x-accel-charset", PROXY_LINE_ACCEL_CHARSET),
	LINE("x-accel-expires", PROXY_LINE_ACCEL_EXPIRES),
	LINE("x-accel-redirect", PROXY_LINE_ACCEL_REDIRECT),
	LINE("transfer-encoding", PROXY_LINE_HOP),
	LINE("x-accel-buffering", PROXY_LINE_ACCEL_BUFFERING),
	LINE("x-accel-limit-rate", PROXY_LINE_ACCEL_LIMIT_RATE),
	LINE("content-disposition", PROXY_LINE_KEPT),
};
enum { PROXY_LINES = sizeof(proxy_lines) / sizeof(*proxy_lines) };

static enum proxy_line proxy_line_of(struct slice name)
{
	unsigned i = 0;

	while (i < PROXY_LINES &&
	    !slice_equal_nocase(name, proxy_lines[i].name))
		i++;
	return i < PROXY_LINES ? proxy_lines[i].line : PROXY_LINE_OTHER;
}

static bool proxy_named(const struct proxy_name *names, struct slice name)
{
	while (names && !slice_equal_nocase(names->name, name))
		names = names->next;
	return names;
}

static bool proxy_line_hidden(const struct proxy *proxy, enum proxy_line line,
    struct slice name)
{
	const struct proxy_record *record = proxy->record;
	bool hidden = line == PROXY_LINE_DATE || line == PROXY_LINE_SERVER ||
	    line == PROXY_LINE_PAD || (line >= PROXY_LINE_ACCEL_REDIRECT &&
		line <= PROXY_LINE_ACCEL_BUFFERING);

	if (!hidden && record->hide)
		hidden = proxy_named(record->hide, name);
	return hidden && !proxy_named(record->pass, name);
}

/* ---- orders ---- */

static bool proxy_ignores(const struct proxy *proxy, int64_t what)
{
	return proxy->record->ignore_headers & what;
}

static void proxy_limit_client(struct http_request *request, int64_t rate)
{
	request->limit_rate = rate;
	request->limit_rate_set = true;
}

static void proxy_order(struct proxy *proxy, enum proxy_line line,
    struct slice value)
{
	uint64_t number;

	switch (line) {
	case PROXY_LINE_ACCEL_BUFFERING:
		if (proxy_ignores(proxy, PROXY_IGNORE_BUFFERING))
			break;
		if (slice_equal_nocase(value, SLICE("no")))
			proxy->buffering = false;
		else if (slice_equal_nocase(value, SLICE("yes")))
			proxy->buffering = true;
		break;
	case PROXY_LINE_ACCEL_LIMIT_RATE:
		if (!proxy_ignores(proxy, PROXY_IGNORE_LIMIT_RATE) &&
		    slice_to_u64(value, &number) && number <= INT64_MAX)
			proxy_limit_client(proxy->request, (int64_t)number);
		break;
	default:
		break;
	}
}

/* ---- lines ---- */

static int proxy_pass_field(struct proxy *proxy, enum proxy_line line,
    const struct http_header *header)
{
	struct slice value = header->value;

	if (line == PROXY_LINE_LOCATION || line == PROXY_LINE_REFRESH)
		value = proxy_rewrite_location(proxy, value,
		    line == PROXY_LINE_REFRESH);
	else if (line == PROXY_LINE_SET_COOKIE)
		value = proxy_rewrite_cookie(proxy, value);
	if (header->value.len && !value.data)
		return -ENOMEM;
	/* One that was made here is completed as our own are. */
	if (line == PROXY_LINE_LOCATION && value.data != header->value.data &&
	    slice_starts(value, SLICE("/"))) {
		proxy->request->response.location = value;
		return 0;
	}
	return http_response_add(proxy->request, header->name, value);
}

static int proxy_pass_line(struct proxy *proxy, enum proxy_line line,
    const struct http_header *header)
{
	struct http_response *response = &proxy->request->response;
	time_t date;

	switch (line) {
	case PROXY_LINE_CONTENT_TYPE:
		response->content_type = header->value;
		return 0;
	case PROXY_LINE_ETAG:
		response->etag = header->value;
		return 0;
	case PROXY_LINE_DATE:
		response->date = header->value;
		return 0;
	case PROXY_LINE_SERVER:
		response->server = header->value;
		return 0;
	case PROXY_LINE_LAST_MODIFIED:
		if (proxy->response.status != 200 ||
		    !http_date_parse(header->value, &date))
			break;
		response->last_modified = date;
		return 0;
	default:
		break;
	}
	return proxy_pass_field(proxy, line, header);
}

/* What has been seen of the lines that may come once. */
struct proxy_seen {
	const struct http_header *first[PROXY_LINE_ONCE];
};

/* Is there one of that kind already? */
static bool proxy_line_again(struct proxy *proxy, struct proxy_seen *seen,
    enum proxy_line line, const struct http_header *header)
{
	const struct http_header *first;

	if (line < PROXY_LINE_CONTENT_TYPE || line >= PROXY_LINE_ONCE)
		return false;
	first = seen->first[line];
	if (!first) {
		seen->first[line] = header;
		return false;
	}
	http_log(proxy->request, LOG_LEVEL_WARN, 0, "upstream sent duplicate "
	    "header line: \"%.*s: %.*s\", previous value: \"%.*s: %.*s\", "
	    "ignored", SLICE_ARG(header->name), SLICE_ARG(header->value),
	    SLICE_ARG(first->name), SLICE_ARG(first->value));
	return true;
}

static int proxy_pass_lines(struct proxy *proxy, bool only_kept,
    struct proxy_seen *seen)
{
	const struct h1_response *head = &proxy->response;
	int err = 0;

	for (unsigned i = 0; i < head->header_count && !err; i++) {
		const struct http_header *header = &head->headers[i];
		enum proxy_line line = proxy_line_of(header->name);

		if (line == PROXY_LINE_HOP ||
		    proxy_line_again(proxy, seen, line, header))
			continue;
		proxy_order(proxy, line, header->value);
		if (only_kept && line != PROXY_LINE_KEPT &&
		    line != PROXY_LINE_EXPIRES &&
		    line != PROXY_LINE_SET_COOKIE)
			continue;
		if (!proxy_line_hidden(proxy, line, header->name))
			err = proxy_pass_line(proxy, line, header);
	}
	return err;
}

static void proxy_set_charset(struct proxy *proxy,
    const struct http_header *header)
{
	struct http_response *response = &proxy->request->response;

	if (header && !proxy_ignores(proxy, PROXY_IGNORE_CHARSET) &&
	    response->content_type.len &&
	    !slice_equal_nocase(header->value, SLICE("off")))
		response->override_charset = header->value;
}

/* ---- another answer ---- */

static const struct http_header *proxy_find(const struct proxy *proxy,
    enum proxy_line line)
{
	const struct h1_response *head = &proxy->response;

	for (unsigned i = 0; i < head->header_count; i++)
		if (proxy_line_of(head->headers[i].name) == line)
			return &head->headers[i];
	return NULL;
}

/* Nothing more is wanted of this answer. */
static void proxy_leave(struct proxy *proxy)
{
	bool whole = proxy->framing == H1_RESPONSE_NO_BODY ||
	    (proxy->framing == H1_RESPONSE_LENGTH &&
		proxy->response.content_length == 0);

	proxy_unwatch(proxy);
	proxy_release(proxy, whole && proxy->used == proxy->received &&
	    h1_response_keeps(&proxy->response, proxy->framing));
}

/* X-Accel-Redirect: the server has another uri answer in its stead. */
static int proxy_redirected(struct proxy *proxy, struct slice to)
{
	struct http_request *request = proxy->request;
	struct proxy_seen seen = { { NULL } };
	const struct http_header *type = proxy_find(proxy,
	    PROXY_LINE_CONTENT_TYPE);
	struct uri uri = { to, { NULL, 0 }, false };
	char *text;

	if (type)
		request->content_type = type->value;
	proxy_leave(proxy);
	if (proxy_pass_lines(proxy, true, &seen))
		return 500;
	if (to.len && to.data[0] == '@')
		return http_redirect_internally(request, to, uri.args);
	text = arena_alloc_text(&request->arena, to.len + 1);
	if (!text)
		return 500;
	if (!to.len || to.data[0] != '/' ||
	    !uri_unescape(to, text, &uri) || !uri_is_inside(uri.path)) {
		http_log(request, LOG_LEVEL_ERROR, 0, "unsafe URI \"%.*s\" "
		    "was detected", SLICE_ARG(to));
		return 404;
	}
	if (request->method != HTTP_METHOD_HEAD)
		request->method = HTTP_METHOD_GET;
	return http_redirect_internally(request, uri.path, uri.args);
}

/* Does error_page have a page for this status, and may it? */
static int proxy_intercepted(struct proxy *proxy)
{
	unsigned status = proxy->response.status;
	const struct h1_response *head = &proxy->response;
	int err = 0;

	if (status < 300 || !proxy->record->intercept_errors ||
	    !http_error_page_has(proxy->request, status))
		return HTTP_DECLINED;
	for (unsigned i = 0; status == 401 && i < head->header_count &&
	    !err; i++)
		if (slice_equal_nocase(head->headers[i].name,
		    SLICE("www-authenticate")))
			err = http_response_add_kept(proxy->request,
			    head->headers[i].name, head->headers[i].value);
	proxy_leave(proxy);
	return err ? 500 : (int)status;
}

int proxy_respond(struct proxy *proxy)
{
	struct http_request *request = proxy->request;
	struct http_response *response = &request->response;
	const struct http_header *redirect;
	struct proxy_seen seen = { { NULL } };
	int rc;

	proxy->framing = h1_response_framing(&proxy->response,
	    proxy->head_method ? HTTP_METHOD_HEAD : HTTP_METHOD_GET);
	proxy->trace->headers = proxy->response.headers;
	proxy->trace->header_count = proxy->response.header_count;
	proxy->trace->doing = "reading upstream";
	rc = proxy_intercepted(proxy);
	if (rc)
		return rc;
	redirect = proxy_find(proxy, PROXY_LINE_ACCEL_REDIRECT);
	if (redirect && !proxy_ignores(proxy, PROXY_IGNORE_REDIRECT))
		return proxy_redirected(proxy, redirect->value);
	response->status = proxy->response.status;
	response->reason = proxy->response.reason;
	response->foreign = true;
	response->length = proxy->response.has_content_length ?
	    (int64_t)proxy->response.content_length : -1;
	if (proxy_pass_lines(proxy, false, &seen))
		return 500;
	proxy->state->passed = true;
	proxy_set_charset(proxy, seen.first[PROXY_LINE_ACCEL_CHARSET]);
	return proxy_body_begin(proxy) ? 500 : HTTP_DONE;
}

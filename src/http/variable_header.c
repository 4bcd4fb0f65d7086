/*
 * Variables of header lines, cookies and arguments: $http_NAME,
 * $sent_http_NAME, $cookie_NAME, $arg_NAME.
 */

#include "http/conn.h"
#include "http/date.h"
#include "http/variable.h"

/* Is this header called `name`, which has '_' for '-' and no capitals? */
static bool header_is(struct slice header, struct slice name)
{
	if (header.len != name.len)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = header.data[i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		else if (c == '-')
			c = '_';
		if (c != name.data[i])
			return false;
	}
	return true;
}

/* Values of several lines with one name become a list. */
struct header_join {
	struct arena *arena;
	struct slice separator;
	struct slice value;
	bool found, failed;
};

static void header_join_add(struct header_join *join, struct slice value)
{
	struct slice sum;

	if (!join->found) {
		join->value = value;
		join->found = true;
		return;
	}
	sum = arena_printf(join->arena, "%.*s%.*s%.*s",
	    SLICE_ARG(join->value), SLICE_ARG(join->separator),
	    SLICE_ARG(value));
	join->failed = !sum.data;
	join->value = sum;
}

static bool header_join_end(const struct header_join *join, struct slice *ret)
{
	if (join->found && !join->failed)
		*ret = join->value;
	return join->found && !join->failed;
}

bool http_header_join(struct http_request *request,
    const struct http_header *headers, unsigned count, struct slice name,
    struct slice *ret)
{
	struct header_join join = { &request->arena, SLICE(", "), { NULL, 0 },
		false, false };

	for (unsigned i = 0; i < count; i++)
		if (header_is(headers[i].name, name) && !join.failed)
			header_join_add(&join, headers[i].value);
	return header_join_end(&join, ret);
}

static bool get_http(struct http_request *request, struct slice name,
    struct slice *ret)
{
	return http_header_join(request, request->head.headers,
	    request->head.header_count, slice_from(name, strlen("http_")),
	    ret);
}

/* The same of a known header, which is found faster. */
static bool get_http_known(struct http_request *request,
    enum http_header_id id, struct slice separator, struct slice *ret)
{
	struct header_join join = { &request->arena, separator, { NULL, 0 },
		false, false };

	if (!(request->head.present & HTTP_HEADER_BIT(id)))
		return false;
	for (unsigned i = 0; i < request->head.header_count; i++) {
		const struct http_header *header = &request->head.headers[i];

		if (header->id == id && !join.failed)
			header_join_add(&join, header->value);
	}
	return header_join_end(&join, ret);
}

static bool get_http_cookie(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return get_http_known(request, HTTP_HEADER_COOKIE, SLICE("; "), ret);
}

static bool get_http_host(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return get_http_known(request, HTTP_HEADER_HOST, SLICE(", "), ret);
}

static bool get_http_referer(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return get_http_known(request, HTTP_HEADER_REFERER, SLICE(", "), ret);
}

static bool get_http_user_agent(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	return get_http_known(request, HTTP_HEADER_USER_AGENT, SLICE(", "),
	    ret);
}

static bool get_content_type(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return get_http_known(request, HTTP_HEADER_CONTENT_TYPE, SLICE(", "),
	    ret);
}

static bool get_field(struct http_request *request,
    const struct http_field *field, struct slice name, struct slice *ret)
{
	struct header_join join = { &request->arena, SLICE(", "), { NULL, 0 },
		false, false };

	for (; field; field = field->next)
		if (header_is(field->name, name) && !join.failed)
			header_join_add(&join, field->value);
	return header_join_end(&join, ret);
}

static bool get_sent_http(struct http_request *request, struct slice name,
    struct slice *ret)
{
	return get_field(request, request->response.fields,
	    slice_from(name, strlen("sent_http_")), ret);
}

static bool get_sent_trailer(struct http_request *request, struct slice name,
    struct slice *ret)
{
	return get_field(request, request->response.trailers,
	    slice_from(name, strlen("sent_trailer_")), ret);
}

/* Is there a text? Then give it. */
static bool header_text(struct slice text, struct slice *ret)
{
	if (text.len)
		*ret = text;
	return text.len != 0;
}

static bool get_sent_content_type(struct http_request *request,
    struct slice name, struct slice *ret)
{
	const struct http_response *response = &request->response;

	(void)name;
	if (!response->content_type.len || !response->charset.len)
		return header_text(response->content_type, ret);
	return header_text(arena_printf(&request->arena, "%.*s; charset=%.*s",
	    SLICE_ARG(response->content_type), SLICE_ARG(response->charset)),
	    ret);
}

static bool get_sent_content_length(struct http_request *request,
    struct slice name, struct slice *ret)
{
	int64_t length = request->response.length;

	(void)name;
	return length >= 0 &&
	    http_variable_number(request, (uint64_t)length, ret);
}

static bool get_sent_location(struct http_request *request, struct slice name,
    struct slice *ret)
{
	return header_text(request->response.location, ret) ||
	    get_sent_http(request, name, ret);
}

static bool get_sent_last_modified(struct http_request *request,
    struct slice name, struct slice *ret)
{
	char text[HTTP_DATE_LEN];

	if (request->response.last_modified < 0)
		return get_sent_http(request, name, ret);
	http_date_format(text, request->response.last_modified);
	*ret = arena_copy(&request->arena,
	    (struct slice){ text, sizeof(text) });
	return ret->data != NULL;
}

static bool get_sent_etag(struct http_request *request, struct slice name,
    struct slice *ret)
{
	return header_text(request->response.etag, ret) ||
	    get_sent_http(request, name, ret);
}

static bool get_sent_allow(struct http_request *request, struct slice name,
    struct slice *ret)
{
	return header_text(request->response.allow, ret) ||
	    get_sent_http(request, name, ret);
}

static bool get_sent_content_range(struct http_request *request,
    struct slice name, struct slice *ret)
{
	return header_text(request->response.content_range, ret) ||
	    get_sent_http(request, name, ret);
}

static bool get_sent_accept_ranges(struct http_request *request,
    struct slice name, struct slice *ret)
{
	if (!request->response.accept_ranges)
		return get_sent_http(request, name, ret);
	*ret = SLICE("bytes");
	return true;
}

static bool get_sent_connection(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	if (request->response.status == 101)
		*ret = SLICE("upgrade");
	else
		*ret = request->keepalive ? SLICE("keep-alive")
					  : SLICE("close");
	return true;
}

static bool get_sent_keep_alive(struct http_request *request,
    struct slice name, struct slice *ret)
{
	int64_t ms = request->location ?
	    request->location->core->keepalive_header :
	    request->server->core->keepalive_header;

	(void)name;
	if (!request->keepalive || ms <= 0)
		return false;
	*ret = arena_printf(&request->arena, "timeout=%lld",
	    (long long)(ms / 1000));
	return ret->data != NULL;
}

/* Chunks are what a body of unknown length is sent in by HTTP/1.1. */
static bool get_sent_transfer_encoding(struct http_request *request,
    struct slice name, struct slice *ret)
{
	const struct http_response *response = &request->response;

	(void)name;
	if (response->length >= 0 || response->body.kind == HTTP_BODY_NONE ||
	    request->head.version_minor == 0)
		return false;
	*ret = SLICE("chunked");
	return true;
}

static bool get_arg(struct http_request *request, struct slice name,
    struct slice *ret)
{
	return http_arg_find(request->args, slice_from(name, strlen("arg_")),
	    ret);
}

bool http_arg_find(struct slice args, struct slice name, struct slice *ret)
{
	while (name.len && args.len) {
		const char *mark = memchr(args.data, '&', args.len);
		size_t len = mark ? (size_t)(mark - args.data) : args.len;
		struct slice arg = slice_first(args, len);

		if (len > name.len && arg.data[name.len] == '=' &&
		    slice_equal_nocase(slice_first(arg, name.len), name)) {
			*ret = slice_from(arg, name.len + 1);
			return true;
		}
		args = slice_from(args, len + 1);
	}
	return false;
}

static bool get_cookie(struct http_request *request, struct slice name,
    struct slice *ret)
{
	return http_cookie_find(request, slice_from(name, strlen("cookie_")),
	    ret);
}

/* The cookie in one Cookie line (RFC 6265 §4.2.1). */
static bool cookie_find_in(struct slice line, struct slice name,
    struct slice *ret)
{
	while (line.len) {
		const char *mark = memchr(line.data, ';', line.len);
		size_t len = mark ? (size_t)(mark - line.data) : line.len;
		struct slice pair = slice_first(line, len);
		const char *equal = memchr(pair.data, '=', pair.len);
		size_t key = equal ? (size_t)(equal - pair.data) : 0;

		if (equal && slice_equal_nocase(
		    slice_trim(slice_first(pair, key)), name)) {
			*ret = slice_from(pair, key + 1);
			while (slice_starts(*ret, SLICE(" ")))
				*ret = slice_from(*ret, 1);
			return true;
		}
		line = slice_from(line, len + 1);
	}
	return false;
}

bool http_cookie_find(const struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct h1_head *head = &request->head;

	if (!(head->present & HTTP_HEADER_BIT(HTTP_HEADER_COOKIE)))
		return false;
	for (unsigned i = 0; i < head->header_count; i++)
		if (head->headers[i].id == HTTP_HEADER_COOKIE &&
		    cookie_find_in(head->headers[i].value, name, ret))
			return true;
	return false;
}

const struct http_variable http_header_variables[] = {
	{ .name = { "http_*", 6 }, .get = get_http,
	  .help = "a header line of the request, in lower case and with _ "
	    "for -; several are joined by \", \"" },
	{ .name = { "content_type", 12 }, .get = get_content_type,
	  .help = "Content-Type of the request" },
	{ .name = { "http_cookie", 11 }, .get = get_http_cookie,
	  .help = "all cookies of the request, joined by \"; \"" },
	{ .name = { "http_host", 9 }, .get = get_http_host,
	  .help = "the line Host" },
	{ .name = { "http_referer", 12 }, .get = get_http_referer,
	  .help = "the line Referer" },
	{ .name = { "http_user_agent", 15 }, .get = get_http_user_agent,
	  .help = "the line User-Agent" },
	{ .name = { "sent_http_*", 11 }, .get = get_sent_http,
	  .help = "a header line of the answer, named as in $http_*" },
	{ .name = { "sent_trailer_*", 14 }, .get = get_sent_trailer,
	  .help = "a trailer of the answer, named alike" },
	{ .name = { "sent_http_content_type", 22 },
	  .get = get_sent_content_type,
	  .help = "Content-Type of the answer" },
	{ .name = { "sent_http_content_length", 24 },
	  .get = get_sent_content_length,
	  .help = "Content-Length of the answer, if it is known" },
	{ .name = { "sent_http_location", 18 }, .get = get_sent_location,
	  .help = "Location of the answer" },
	{ .name = { "sent_http_last_modified", 23 },
	  .get = get_sent_last_modified,
	  .help = "Last-Modified of the answer" },
	{ .name = { "sent_http_etag", 14 }, .get = get_sent_etag,
	  .help = "ETag of the answer" },
	{ .name = { "sent_http_allow", 15 }, .get = get_sent_allow,
	  .help = "Allow of the answer" },
	{ .name = { "sent_http_content_range", 23 },
	  .get = get_sent_content_range,
	  .help = "Content-Range of the answer" },
	{ .name = { "sent_http_accept_ranges", 23 },
	  .get = get_sent_accept_ranges,
	  .help = "Accept-Ranges of the answer" },
	{ .name = { "sent_http_connection", 20 }, .get = get_sent_connection,
	  .help = "\"keep-alive\", \"close\" or \"upgrade\"" },
	{ .name = { "sent_http_keep_alive", 20 }, .get = get_sent_keep_alive,
	  .help = "Keep-Alive of the answer" },
	{ .name = { "sent_http_transfer_encoding", 27 },
	  .get = get_sent_transfer_encoding,
	  .help = "\"chunked\" if the answer is sent so" },
	{ .name = { "cookie_*", 8 }, .get = get_cookie,
	  .help = "a cookie of the request" },
	{ .name = { "arg_*", 5 }, .get = get_arg,
	  .help = "an argument of the request, as sent" },
	{ .name = { NULL, 0 }, .get = NULL },
};

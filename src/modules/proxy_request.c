/*
 * proxy: where a request goes, and its head as the server will see it.
 *
 * What of a client's head decides how a body ends or what becomes of the
 * connection is never passed on as it is: it is made anew.
 */

#include "modules/proxy.h"

#include <errno.h>
#include <stdio.h>

#include "http/uri.h"
#include "metrics/segment.h"
#include "modules/resolver.h"

/* ---- where it goes ---- */

/* The addresses that a URL means which is no group: itself, or what its name
 * is resolved to. Returns HTTP_DECLINED, or as a handler does. */
static int proxy_target_peers(struct proxy *proxy,
    const struct upstream_url *url, struct upstream_peers *peers)
{
	struct http_request *request = proxy->request;
	struct resolver_addresses found = { NULL, 1 };
	struct upstream_address literal;
	int rc = HTTP_DECLINED;

	if (!upstream_address_literal(&request->arena, url, &literal))
		rc = resolver_lookup(request, url->host, &found);
	if (rc != HTTP_DECLINED)
		return rc;
	peers->peers = arena_calloc(&request->arena, found.count,
	    sizeof(*peers->peers));
	if (!peers->peers)
		return 500;
	for (unsigned i = 0; i < found.count; i++) {
		struct upstream_peer *peer = &peers->peers[i];

		peer->weight = peer->effective_weight = 1;
		peer->metrics = METRICS_NAME_OTHER; /* any number may come */
		if (found.list)
			upstream_address_set(&request->arena, &found.list[i],
			    url->port, &peer->address);
		else
			peer->address = literal;
		if (!peer->address.name.data)
			return 500;
	}
	peers->count = peers->tries = found.count;
	return HTTP_DECLINED;
}

/* A group for this request only. Returns 0, or as a handler does. */
static int proxy_target_own(struct proxy *proxy,
    const struct upstream_url *url)
{
	struct upstream_group *group = arena_calloc(&proxy->request->arena, 1,
	    sizeof(*group));
	int rc;

	if (!group)
		return 500;
	rc = proxy_target_peers(proxy, url, &group->main);
	if (rc != HTTP_DECLINED)
		return rc;
	group->name = url->host;
	group->single = group->main.count == 1;
	group->balancer = &upstream_round_robin;
	proxy->target.group = group;
	return 0;
}

static int proxy_target_eval(struct proxy *proxy)
{
	struct http_request *request = proxy->request;
	struct slice text = http_value_get(request, &proxy->record->url);
	struct upstream_url url;

	if (!text.data)
		return 500;
	if (!slice_equal_nocase(slice_first(text, 7), SLICE("http://"))) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "invalid URL prefix in \"%.*s\"", SLICE_ARG(text));
		return 500;
	}
	if (!upstream_url_parse(slice_from(text, 7), 80, true, &url)) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "%s in upstream \"%.*s\"", url.why,
		    SLICE_ARG(slice_from(text, 7)));
		return 500;
	}
	if (proxy_target_init(&request->arena, &url, &proxy->target))
		return 500;
	proxy->target.group = upstream_group_find(request->worker->http, &url);
	return proxy->target.group ? 0 : proxy_target_own(proxy, &url);
}

int proxy_request_target(struct proxy *proxy)
{
	if (proxy->record->has_url)
		return proxy_target_eval(proxy);
	proxy->target = proxy->record->target;
	return 0;
}

/* ---- its URI ---- */

/* Does the path have bytes that must be escaped (again)? */
static bool proxy_path_was_escaped(const struct http_request *request)
{
	struct slice path = request->head.path;

	return request->internal || request->uri_changed ||
	    (path.len && memchr(path.data, '%', path.len));
}

static struct slice proxy_uri(struct proxy *proxy)
{
	struct http_request *request = proxy->request;
	struct slice uri = proxy->target.uri, rest = request->uri;
	struct slice path = request->head.path;

	if (proxy->record->has_url && uri.len)
		return uri;
	if (!uri.len && !request->uri_changed && path.len &&
	    path.data[0] == '/')
		return path;
	if (request->uri_rewritten)
		uri.len = 0;
	else if (uri.len)
		rest = slice_from(rest, proxy->record->location.len);
	if (proxy_path_was_escaped(request))
		rest = http_uri_escape(request, rest);
	if (!rest.data)
		return (struct slice){ NULL, 0 };
	return arena_printf(&request->arena, "%.*s%.*s%s%.*s", SLICE_ARG(uri),
	    SLICE_ARG(rest), request->args.len ? "?" : "",
	    SLICE_ARG(request->args));
}

/* ---- bytes that would end a line ---- */

static bool proxy_ends_word(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* A client may have made up what a variable holds ("%0a" in a path): such
 * bytes are escaped in a URI. */
static struct slice proxy_uri_guard(struct proxy *proxy, struct slice uri)
{
	size_t bad = 0, len = 0;
	char *text;

	for (size_t i = 0; i < uri.len; i++)
		bad += proxy_ends_word(uri.data[i]);
	if (!bad)
		return uri;
	text = arena_alloc_text(&proxy->request->arena, uri.len + bad * 2 + 1);
	for (size_t i = 0; text && i < uri.len; i++) {
		if (proxy_ends_word(uri.data[i]))
			len += (size_t)sprintf(text + len, "%%%02X",
			    (unsigned char)uri.data[i]);
		else
			text[len++] = uri.data[i];
	}
	return (struct slice){ text, text ? len : 0 };
}

/* May a text stand in a line of the head? */
static bool proxy_is_line(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\n' || text.data[i] == '\r' ||
		    text.data[i] == '\0')
			return false;
	return true;
}

/* ---- its head ---- */

/* A list of texts that become the head: first measured, then written. */
struct proxy_writer {
	char *at;			/* NULL: only measure */
	size_t len;
};

static void proxy_put(struct proxy_writer *writer, struct slice text)
{
	if (writer->at && text.len)
		memcpy(writer->at + writer->len, text.data, text.len);
	writer->len += text.len;
}

static void proxy_put_line(struct proxy_writer *writer, struct slice name,
    struct slice value)
{
	proxy_put(writer, name);
	proxy_put(writer, SLICE(": "));
	proxy_put(writer, value);
	proxy_put(writer, SLICE("\r\n"));
}

/* The texts of a head, evaluated once. */
struct proxy_parts {
	struct slice method, uri, host;
	struct slice *values;		/* of proxy_set_header, in order */
	struct slice body_length;	/* empty: no such line */
	struct slice body;		/* of proxy_set_body */
};

static bool proxy_header_is_set(const struct proxy *proxy, struct slice name)
{
	const struct proxy_header *header = proxy->record->headers;

	while (header && !slice_equal_nocase(header->name, name))
		header = header->next;
	return header != NULL;
}

/* Is a line of the client's left out, as there is another or none? */
static bool proxy_header_replaced(const struct proxy *proxy,
    const struct http_header *header)
{
	const struct proxy_name *name = proxy->record->replaced_names;

	if (header->id != HTTP_HEADER_OTHER)
		return proxy->record->replaced & HTTP_HEADER_BIT(header->id);
	while (name && !slice_equal_nocase(header->name, name->name))
		name = name->next;
	return name != NULL;
}

static void proxy_put_set(const struct proxy *proxy,
    const struct proxy_parts *parts, struct proxy_writer *writer)
{
	const struct proxy_header *header = proxy->record->headers;

	for (unsigned i = 0; header; header = header->next, i++)
		if (parts->values[i].len)
			proxy_put_line(writer, header->name, parts->values[i]);
	if (parts->body_length.len &&
	    !proxy_header_is_set(proxy, SLICE("Content-Length")))
		proxy_put_line(writer, SLICE("Content-Length"),
		    parts->body_length);
	if (proxy->unbuffered && proxy->request->head.chunked &&
	    !proxy_header_is_set(proxy, SLICE("Transfer-Encoding")))
		proxy_put(writer, SLICE("Transfer-Encoding: chunked\r\n"));
}

static void proxy_put_head(const struct proxy *proxy,
    const struct proxy_parts *parts, struct proxy_writer *writer)
{
	const struct h1_head *head = &proxy->request->head;

	proxy_put(writer, parts->method);
	proxy_put(writer, SLICE(" "));
	proxy_put(writer, parts->uri);
	proxy_put(writer, proxy->record->http_version == 11 ?
	    SLICE(" HTTP/1.1\r\n") : SLICE(" HTTP/1.0\r\n"));
	if (parts->host.len)
		proxy_put_line(writer, SLICE("Host"), parts->host);
	proxy_put_set(proxy, parts, writer);
	if (proxy->record->pass_request_headers)
		for (unsigned i = 0; i < head->header_count; i++)
			if (!proxy_header_replaced(proxy, &head->headers[i]))
				proxy_put_line(writer, head->headers[i].name,
				    head->headers[i].value);
	proxy_put(writer, SLICE("\r\n"));
	proxy_put(writer, parts->body);
}

/* The values of proxy_set_header; false without memory. */
static bool proxy_values(struct proxy *proxy, struct proxy_parts *parts)
{
	const struct proxy_header *header = proxy->record->headers;
	unsigned count = 0, i = 0;

	for (; header; header = header->next)
		count++;
	parts->values = count ? arena_calloc(&proxy->request->arena, count,
	    sizeof(*parts->values)) : NULL;
	if (count && !parts->values)
		return false;
	for (header = proxy->record->headers; header;
	    header = header->next, i++) {
		if (header->drop || &header->value == proxy->record->host)
			continue;
		parts->values[i] = http_value_get(proxy->request,
		    &header->value);
		if (!parts->values[i].data)
			return false;
	}
	return true;
}

static bool proxy_body_length(struct proxy *proxy, struct proxy_parts *parts)
{
	const struct h1_head *head = &proxy->request->head;
	bool has = head->has_content_length;
	uint64_t length = head->content_length;

	if (proxy->record->has_body) {
		parts->body = http_value_get(proxy->request,
		    &proxy->record->body);
		has = true;
		length = parts->body.len;
		if (!parts->body.data)
			return false;
	} else if (!proxy->record->pass_request_body) {
		has = false;
	} else if (head->chunked && !proxy->unbuffered) {
		has = true;
		length = proxy->request->body_received;
	}
	return !has || http_variable_number(proxy->request, length,
	    &parts->body_length);
}

static bool proxy_parts_make(struct proxy *proxy, struct proxy_parts *parts)
{
	const struct proxy_record *record = proxy->record;
	struct http_request *request = proxy->request;

	parts->method = request->method == request->head.method ?
	    request->head.method_text : SLICE("GET");
	if (record->has_method)
		parts->method = http_value_get(request, &record->method);
	parts->host = proxy->target.host;
	if (record->host)
		parts->host = http_value_get(request, record->host);
	if (!parts->host.len && record->http_version == 11)
		parts->host = proxy->target.host;
	parts->uri = proxy_uri_guard(proxy, proxy_uri(proxy));
	return parts->method.data && parts->uri.data &&
	    proxy_values(proxy, parts) && proxy_body_length(proxy, parts);
}

static bool proxy_parts_are_lines(const struct proxy *proxy,
    const struct proxy_parts *parts)
{
	const struct proxy_header *header = proxy->record->headers;

	for (unsigned i = 0; header; header = header->next, i++)
		if (!proxy_is_line(parts->values[i]))
			return false;
	return proxy_is_line(parts->method) && proxy_is_line(parts->host);
}

int proxy_request_make(struct proxy *proxy)
{
	struct proxy_parts parts = { .values = NULL };
	struct proxy_writer writer = { NULL, 0 };

	if (!proxy_parts_make(proxy, &parts))
		return 500;
	if (!proxy_parts_are_lines(proxy, &parts)) {
		http_log(proxy->request, LOG_LEVEL_ERROR, 0, "a variable in "
		    "the request to the upstream has a line end");
		return 400;
	}
	if (parts.uri.len == 0) {
		http_log(proxy->request, LOG_LEVEL_ERROR, 0,
		    "zero length URI to proxy");
		return 500;
	}
	proxy_put_head(proxy, &parts, &writer);
	writer.at = arena_alloc_text(&proxy->request->arena, writer.len);
	if (!writer.at)
		return 500;
	writer.len = 0;
	proxy_put_head(proxy, &parts, &writer);
	proxy->head = (struct slice){ writer.at, writer.len };
	proxy->uri = parts.uri;
	proxy->head_method = slice_equal_nocase(parts.method, SLICE("HEAD"));
	return 0;
}

/*
 * Responses between handler and protocol: conditional requests (RFC 9110
 * §13), ranges (§14), redirects.
 */

#include "http/response.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "http/conn.h"
#include "http/range.h"
#include "http/variable.h"

enum {
	HTTP_RANGES_MAX = 64,	/* of one request, whatever max_ranges */
	HTTP_BOUNDARY_LEN = 20,
};

int http_response_options(struct http_request *request)
{
	http_response_text(request, 200, (struct slice){ NULL, 0 },
	    (struct slice){ NULL, 0 });
	request->response.allow = SLICE("GET, HEAD, OPTIONS");
	return HTTP_DONE;
}

/* ---- redirects ---- */

static bool http_uri_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && !strchr("\"#%?<>\\^`{|}", c);
}

struct slice http_uri_escape(struct http_request *request, struct slice path)
{
	char *text = path.len < SIZE_MAX / 3 ?
	    arena_alloc_text(&request->arena, path.len * 3 + 1) : NULL;
	size_t len = 0;

	if (!text)
		return (struct slice){ NULL, 0 };
	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.data[i];

		if (http_uri_plain(c))
			text[len++] = (char)c;
		else
			len += (size_t)sprintf(text + len, "%%%02X", c);
	}
	return (struct slice){ text, len };
}

static bool http_text_control(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			return true;
	return false;
}

/* A path in it was decoded and may hold line ends: they must not end the
 * header. */
static int http_response_location(struct http_request *request)
{
	struct slice *location = &request->response.location;

	if (!http_text_control(*location))
		return 0;
	*location = http_uri_escape(request, *location);
	return location->data ? 0 : -ENOMEM;
}

static unsigned http_local_port(const struct http_listen *listen)
{
	/* The port stands at the same place for both families. */
	return listen->address.ss_family == AF_UNIX ? 0 :
	    ntohs(((const struct sockaddr_in *)&listen->address)->sin_port);
}

/* The address that the client connected to, for one that named no host. */
static struct slice http_local_host(struct http_request *request)
{
	union http_address address;
	socklen_t len = sizeof(address);
	struct slice text;

	if (getsockname(request->conn->stream.fd, &address.any, &len) ||
	    address.any.sa_family == AF_UNIX)
		return SLICE("localhost");
	if (!http_variable_address(request, &address, &text))
		return (struct slice){ NULL, 0 };
	return address.any.sa_family == AF_INET ? text :
	    arena_printf(&request->arena, "[%.*s]", SLICE_ARG(text));
}

/* "http://host:port" before a location that is a path. */
static int http_response_absolute(struct http_request *request)
{
	const struct http_core_record *core = request->location->core;
	struct http_response *response = &request->response;
	struct slice host = request->host;
	unsigned port = http_local_port(request->conn->listen);
	struct slice url;

	if (!core->absolute_redirect)
		return 0;
	if (core->server_name_in_redirect)
		host = request->server->name;
	if (host.len == 0)
		host = http_local_host(request);
	if (!host.data)
		return -ENOMEM;
	if (core->port_in_redirect && port != 0 && port != 80)
		url = arena_printf(&request->arena, "http://%.*s:%u%.*s",
		    SLICE_ARG(host), port, SLICE_ARG(response->location));
	else
		url = arena_printf(&request->arena, "http://%.*s%.*s",
		    SLICE_ARG(host), SLICE_ARG(response->location));
	if (!url.data)
		return -ENOMEM;
	response->location = url;
	return 0;
}

/* ---- conditions ---- */

static struct http_validators http_response_validators(
    const struct http_response *response)
{
	return (struct http_validators){ response->etag,
	    response->last_modified };
}

static void http_response_not_modified(struct http_request *request)
{
	struct http_response *response = &request->response;

	response->status = 304;
	response->content_type = (struct slice){ NULL, 0 };
	response->length = -1;
	response->accept_ranges = false;
	response->prepared = (struct slice){ NULL, 0 };
	response->body = (struct http_body){ .kind = HTTP_BODY_NONE,
	    .fd = -1 };
}

#define HTTP_CONDITIONS (HTTP_HEADER_BIT(HTTP_HEADER_IF_MATCH) |	\
    HTTP_HEADER_BIT(HTTP_HEADER_IF_NONE_MATCH) |			\
    HTTP_HEADER_BIT(HTTP_HEADER_IF_MODIFIED_SINCE) |			\
    HTTP_HEADER_BIT(HTTP_HEADER_IF_UNMODIFIED_SINCE))

/* Answer by the request's conditions, if they say that. */
static void http_response_conditional(struct http_request *request)
{
	struct http_response *response = &request->response;
	struct http_validators validators = http_response_validators(response);
	unsigned status;

	if (!(request->head.present & HTTP_CONDITIONS) || response->foreign ||
	    response->status != 200 || (!response->etag.len &&
		response->last_modified == -1))
		return;
	status = http_conditional(request->method, request->head.headers,
	    request->head.header_count, &validators,
	    (enum http_ims)request->location->core->if_modified_since);
	if (status == 304)
		http_response_not_modified(request);
	else if (status == 412)
		http_request_refuse(request, 412);
}

/* ---- ranges ---- */

/* Bytes `range` of a body that is in memory or a file. */
static struct http_body http_body_cut(const struct http_body *body,
    struct range range)
{
	struct http_body cut = *body;

	if (body->kind == HTTP_BODY_BYTES)
		cut.bytes = (struct slice){ body->bytes.data + range.first,
		    range.end - range.first };
	else
		cut.offset += (off_t)range.first;
	return cut;
}

/* One range of what another source gives. */
struct http_part {
	struct http_source source;
	struct http_source *inner;
	uint64_t skip, left;		/* bytes */
};

static int http_part_next(struct http_source *source, struct http_chunk *ret)
{
	struct http_part *part = (struct http_part *)source;
	struct slice bytes = { NULL, 0 };
	struct http_chunk chunk;
	size_t skipped;
	int rc;

	while (part->left && !bytes.len) {
		rc = part->inner->next(part->inner, &chunk);
		if (rc <= 0)
			return rc;
		assert(chunk.fd < 0);
		if (!chunk.bytes.len)
			break;	/* a flush */
		skipped = slice_first(chunk.bytes, part->skip).len;
		part->skip -= skipped;
		bytes = slice_first(slice_from(chunk.bytes, skipped),
		    part->left);
		part->left -= bytes.len;
	}
	*ret = (struct http_chunk){ .fd = -1, .bytes = bytes };
	return bytes.len || part->left;
}

static void http_part_close(struct http_source *source)
{
	struct http_part *part = (struct http_part *)source;

	if (part->inner->close)
		part->inner->close(part->inner);
}

static int http_response_part(struct http_request *request,
    struct range range)
{
	struct http_body *body = &request->response.body;
	struct http_part *part;

	if (body->kind != HTTP_BODY_SOURCE) {
		*body = http_body_cut(body, range);
		return 0;
	}
	part = arena_alloc(&request->arena, sizeof(*part));
	if (!part)
		return -ENOMEM;
	*part = (struct http_part){ { http_part_next, http_part_close, NULL },
	    body->source, range.first, range.end - range.first };
	body->source = &part->source;
	return 0;
}

/* A body of several ranges: multipart/byteranges (RFC 9110 §14.6). */
struct http_multipart {
	struct http_source source;
	struct http_body body;
	struct range *ranges;
	struct slice *heads;	/* before each part; and the last line */
	unsigned count;
	unsigned next;			/* part that is being sent */
	bool head_sent;
};

static int http_multipart_next(struct http_source *source,
    struct http_chunk *ret)
{
	struct http_multipart *parts = (struct http_multipart *)source;
	struct http_body cut;
	struct range range;

	if (parts->next > parts->count)
		return 0;
	*ret = (struct http_chunk){ .fd = -1 };
	if (!parts->head_sent) {
		ret->bytes = parts->heads[parts->next];
		parts->head_sent = true;
		parts->next += parts->next == parts->count;
		return 1;
	}
	range = parts->ranges[parts->next++];
	parts->head_sent = false;
	cut = http_body_cut(&parts->body, range);
	ret->bytes = cut.bytes;
	if (cut.kind == HTTP_BODY_FILE) {
		ret->fd = cut.fd;
		ret->offset = cut.offset;
		ret->size = range.end - range.first;
	}
	return 1;
}

/* The texts before the parts, and the length of the whole. */
static int http_multipart_heads(struct http_request *request,
    struct http_multipart *parts, struct slice boundary)
{
	struct http_response *response = &request->response;
	int64_t length = 0, size = response->length;

	for (unsigned i = 0; i <= parts->count; i++) {
		const struct range *range = &parts->ranges[i];

		if (i == parts->count)
			parts->heads[i] = arena_printf(&request->arena,
			    "\r\n--%.*s--\r\n", SLICE_ARG(boundary));
		else
			parts->heads[i] = arena_printf(&request->arena,
			    "\r\n--%.*s\r\n%s%.*s%sContent-Range: bytes "
			    "%llu-%llu/%lld\r\n\r\n", SLICE_ARG(boundary),
			    response->content_type.len ? "Content-Type: " : "",
			    SLICE_ARG(response->content_type),
			    response->content_type.len ? "\r\n" : "",
			    (unsigned long long)range->first,
			    (unsigned long long)range->end - 1,
			    (long long)size);
		if (!parts->heads[i].data)
			return -ENOMEM;
		length += (int64_t)parts->heads[i].len;
		if (i < parts->count)
			length += (int64_t)(range->end - range->first);
	}
	response->length = length;
	return 0;
}

static int http_response_multipart(struct http_request *request,
    const struct range_set *set)
{
	struct http_response *response = &request->response;
	struct http_multipart *parts = arena_calloc(&request->arena, 1,
	    sizeof(*parts));
	struct slice boundary = arena_printf(&request->arena, "%0*llu",
	    HTTP_BOUNDARY_LEN, (unsigned long long)request->id);
	int err;

	if (!parts || !boundary.data)
		return -ENOMEM;
	parts->source.next = http_multipart_next;
	parts->body = response->body;
	parts->count = set->count;
	parts->ranges = arena_calloc(&request->arena, set->count + 1,
	    sizeof(*parts->ranges));
	parts->heads = arena_calloc(&request->arena, set->count + 1,
	    sizeof(*parts->heads));
	if (!parts->ranges || !parts->heads)
		return -ENOMEM;
	memcpy(parts->ranges, set->ranges, set->count * sizeof(*set->ranges));
	if (response->content_type.len && response->charset.len)
		response->content_type = arena_printf(&request->arena,
		    "%.*s; charset=%.*s", SLICE_ARG(response->content_type),
		    SLICE_ARG(response->charset));
	response->charset = (struct slice){ NULL, 0 };
	err = http_multipart_heads(request, parts, boundary);
	if (err)
		return err;
	response->content_type = arena_printf(&request->arena,
	    "multipart/byteranges; boundary=%.*s", SLICE_ARG(boundary));
	response->body = (struct http_body){ .kind = HTTP_BODY_SOURCE,
	    .fd = -1, .source = &parts->source };
	return response->content_type.data ? 0 : -ENOMEM;
}

static int http_response_partial(struct http_request *request,
    const struct range_set *set)
{
	struct http_response *response = &request->response;
	struct range range = set->ranges[0];

	response->status = 206;
	response->prepared = (struct slice){ NULL, 0 };
	response->accept_ranges = false;
	if (set->count > 1)
		return http_response_multipart(request, set);
	response->content_range = arena_printf(&request->arena,
	    "bytes %llu-%llu/%lld", (unsigned long long)range.first,
	    (unsigned long long)range.end - 1, (long long)response->length);
	response->length = (int64_t)(range.end - range.first);
	return response->content_range.data ?
	    http_response_part(request, range) : -ENOMEM;
}

static int http_response_ranges(struct http_request *request)
{
	struct http_response *response = &request->response;
	int64_t most = request->location->core->max_ranges;
	struct http_validators validators = http_response_validators(response);
	struct range ranges[HTTP_RANGES_MAX];
	struct range_set set = { .ranges = ranges,
	    .capacity = most < HTTP_RANGES_MAX ? (unsigned)most :
	    HTTP_RANGES_MAX };
	const struct http_header *header;
	int64_t size = response->length;

	if (response->status != 200 || !response->accept_ranges ||
	    request->method != HTTP_METHOD_GET || most == 0)
		return 0;
	if (response->body.kind == HTTP_BODY_SOURCE)
		set.capacity = 1;	/* a source cannot go back */
	header = http_header_find(request->head.headers,
	    request->head.header_count, HTTP_HEADER_RANGE);
	if (!header || !http_if_range(request->head.headers,
	    request->head.header_count, &validators))
		return 0;
	switch (range_parse(header->value, (uint64_t)size, &set)) {
	case RANGE_WHOLE:
		return 0;
	case RANGE_PARTIAL:
		return http_response_partial(request, &set);
	case RANGE_UNSATISFIABLE:
		break;
	}
	http_request_refuse(request, 416);
	response->content_range = arena_printf(&request->arena, "bytes */%lld",
	    (long long)size);
	return response->content_range.data ? 0 : -ENOMEM;
}

/* ---- all together ---- */

/* An error page is not what was asked for: it cannot be had in parts, and
 * its date says nothing. */
static void http_response_no_entity(struct http_response *response)
{
	response->last_modified = -1;
	response->accept_ranges = false;
	response->prepared = (struct slice){ NULL, 0 };
}

/* Nothing may be said of a body that there cannot be (RFC 9110 §8.6). */
static void http_response_no_content(struct http_response *response)
{
	response->content_type = (struct slice){ NULL, 0 };
	response->length = -1;
}

static int http_response_filter_modules(struct http_request *request)
{
	const struct http_module *const *module =
	    request->worker->http->modules;
	int err = 0;

	for (; *module && !err; module++)
		if ((*module)->filter)
			err = (*module)->filter(request);
	return err;
}

int http_response_filter(struct http_request *request)
{
	struct http_response *response = &request->response;
	int err = 0;

	if (response->status != 200)
		http_response_no_entity(response);
	if (response->status == 204)
		http_response_no_content(response);
	if (request->content_type.len && response->content_type.len &&
	    response->status < 300 && !response->foreign) {
		response->content_type = request->content_type;
		response->prepared = (struct slice){ NULL, 0 };
	}
	if (response->location.len)
		err = http_response_location(request);
	if (!err && response->location.len && response->location.data[0] == '/')
		err = http_response_absolute(request);
	/* First, since an answer of 412 has fields of modules, too. */
	if (!err)
		http_response_conditional(request);
	if (!err)
		err = http_response_filter_modules(request);
	if (!err && request->head.present & HTTP_HEADER_BIT(HTTP_HEADER_RANGE))
		err = http_response_ranges(request);
	if (err) {
		http_log(request, LOG_LEVEL_CRIT, -err,
		    "cannot complete the response");
		http_request_refuse(request, 500);
	}
	request->header_only = request->method == HTTP_METHOD_HEAD ||
	    response->status == 204 || response->status == 304;
	return HTTP_DONE;
}

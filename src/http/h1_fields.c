/*
 * What the target and the headers of a request mean: where it goes, how its
 * body is framed, what becomes of the connection. Everything that two readers
 * might understand differently is refused (RFC 9112 §11.2).
 */
#include "http/h1_fields.h"

#include "http/conditional.h"

enum h1_result h1_fail(struct h1_head *head, enum h1_result result,
    const char *reason)
{
	head->reason = reason;
	return result;
}

static enum h1_result target_authority(struct h1_head *head)
{
	head->form = H1_TARGET_AUTHORITY;
	if (!http_host_parse(head->target, &head->host) || !head->host.has_port)
		return h1_fail(head, H1_BAD_REQUEST,
		    "client sent invalid authority in request line");
	head->has_host = true;
	return H1_DONE;
}

static enum h1_result target_absolute(struct h1_head *head)
{
	struct slice target = head->target, rest;
	size_t scheme, authority = 0;

	if (target.len > 7 &&
	    slice_equal_nocase(slice_first(target, 7), SLICE("http://")))
		scheme = 4;
	else if (target.len > 8 &&
	    slice_equal_nocase(slice_first(target, 8), SLICE("https://")))
		scheme = 5;
	else
		return h1_fail(head, H1_BAD_REQUEST,
		    "client sent invalid target in request line");
	head->form = H1_TARGET_ABSOLUTE;
	head->scheme = slice_first(target, scheme);
	rest = slice_from(target, scheme + 3);
	while (authority < rest.len && rest.data[authority] != '/' &&
	    rest.data[authority] != '?' && rest.data[authority] != '#')
		authority++;
	head->path = slice_from(rest, authority);
	if (!http_host_parse(slice_first(rest, authority), &head->host))
		return h1_fail(head, H1_BAD_REQUEST,
		    "client sent invalid host in request line");
	head->has_host = true;
	return H1_DONE;
}

enum h1_result h1_target_parse(struct h1_head *head)
{
	if (head->method == HTTP_METHOD_CONNECT)
		return target_authority(head);
	if (head->target.data[0] == '/') {
		head->form = H1_TARGET_ORIGIN;
		head->path = head->target;
		return H1_DONE;
	}
	if (head->method == HTTP_METHOD_OPTIONS &&
	    slice_equal(head->target, SLICE("*"))) {
		head->form = H1_TARGET_ASTERISK;
		head->path = head->target;
		return H1_DONE;
	}
	return target_absolute(head);
}

/* RFC 9112 §3.2: checked even if the target has a host, which wins. */
static enum h1_result apply_host(struct h1_head *head, struct slice value)
{
	struct http_host host;

	if (!http_host_parse(value, &host))
		return h1_fail(head, H1_BAD_REQUEST,
		    "client sent invalid host header");
	if (!head->has_host)
		head->host = host;
	head->has_host = true;
	return H1_DONE;
}

/* RFC 9112 §6.3: neither a list nor a sign, also of equal values. */
static enum h1_result apply_content_length(struct h1_head *head,
    struct slice value)
{
	if (!slice_to_u64(value, &head->content_length) ||
	    head->content_length > HTTP_BODY_BYTES_MAX)
		return h1_fail(head, H1_BAD_REQUEST,
		    "client sent invalid \"Content-Length\" header");
	head->has_content_length = true;
	return H1_DONE;
}

static void apply_connection(struct h1_head *head, struct slice value)
{
	struct http_list list = { value };
	struct slice token;

	while (http_list_next(&list, &token)) {
		if (slice_equal_nocase(token, SLICE("close")))
			head->connection_close = true;
		else if (slice_equal_nocase(token, SLICE("keep-alive")))
			head->connection_keep_alive = true;
		else if (slice_equal_nocase(token, SLICE("upgrade")))
			head->connection_upgrade = true;
	}
}

static void apply_expect(struct h1_head *head, struct slice value)
{
	if (head->version_minor == 0)
		return;		/* RFC 9110 §10.1.1 */
	head->expect = slice_equal_nocase(value, SLICE("100-continue"))
	    ? H1_EXPECT_CONTINUE : H1_EXPECT_UNKNOWN;
}

/* A second header of its name. */
static enum h1_result apply_again(struct h1_head *head,
    const struct http_header *header)
{
	uint64_t bit = HTTP_HEADER_BIT(header->id);

	if (header->id == HTTP_HEADER_CONNECTION)
		apply_connection(head, header->value);
	else if (bit & H1_HEADERS_UNIQUE ||
	    !http_etag_list_valid(header->value))
		return h1_fail(head, H1_BAD_REQUEST,
		    "client sent duplicate header line");
	return H1_DONE;
}

enum h1_result h1_header_apply(struct h1_head *head,
    const struct http_header *header)
{
	if (head->present & HTTP_HEADER_BIT(header->id))
		return apply_again(head, header);
	switch (header->id) {
	case HTTP_HEADER_HOST:
		return apply_host(head, header->value);
	case HTTP_HEADER_CONTENT_LENGTH:
		return apply_content_length(head, header->value);
	case HTTP_HEADER_TRANSFER_ENCODING:
		/* Judged at the end: worse may come (another, a length). */
		head->chunked = true;
		head->bad_coding = !slice_equal_nocase(header->value,
		    SLICE("chunked"));
		break;
	case HTTP_HEADER_CONNECTION:
		apply_connection(head, header->value);
		break;
	case HTTP_HEADER_EXPECT:
		apply_expect(head, header->value);
		break;
	default:
		break;
	}
	return H1_DONE;
}

enum h1_result h1_head_finish(struct h1_head *head)
{
	if (head->version_minor > 0 &&
	    !(head->present & HTTP_HEADER_BIT(HTTP_HEADER_HOST)))
		return h1_fail(head, H1_BAD_REQUEST,
		    "client sent HTTP/1.1 request without \"Host\" header");
	if (head->chunked && head->version_minor == 0)
		return h1_fail(head, H1_BAD_REQUEST,
		    "client sent HTTP/1.0 request with "
		    "\"Transfer-Encoding\" header");
	if (head->chunked && head->has_content_length)
		return h1_fail(head, H1_BAD_REQUEST,
		    "client sent \"Content-Length\" and "
		    "\"Transfer-Encoding\" headers at the same time");
	if (head->bad_coding)
		return h1_fail(head, H1_NOT_IMPLEMENTED,
		    "client sent unknown \"Transfer-Encoding\"");
	head->keep_alive = !head->connection_close &&
	    (head->version_minor > 0 || head->connection_keep_alive);
	return H1_DONE;
}

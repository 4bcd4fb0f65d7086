/*
 * The parser of response heads. Unlike that of requests it begins anew when
 * more bytes have come: answers of one packet are the rule.
 */

#include "http/h1_response.h"

#include "http/scan.h"

static enum h1_response_result response_bad(struct h1_response *response,
    const char *why)
{
	response->why = why;
	return H1_RESPONSE_BAD;
}

/* The bytes ended within the head, which has `len` so far. */
static enum h1_response_result response_more(struct h1_response *response,
    size_t len)
{
	if (len < H1_RESPONSE_BYTES_MAX)
		return H1_RESPONSE_MORE;
	return response_bad(response, "the response's header is too large");
}

/* The length of the line end at `at`: 0 for none, -1 for not yet. */
static int response_line_end(const char *at, const char *end)
{
	if (at == end)
		return -1;
	if (*at == '\n')
		return 1;
	if (*at != '\r')
		return 0;
	if (at + 1 == end)
		return -1;
	return at[1] == '\n' ? 2 : 0;
}

static bool response_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK": RFC 9112 §4. *at is moved behind it. */
static enum h1_response_result response_status_line(
    struct h1_response *response, const char **at, const char *end)
{
	static const char form[] = "HTTP/1.";
	const char *p = *at;
	size_t len = (size_t)(end - p);
	int line_end;

	if (memcmp(p, form, len < 7 ? len : 7) != 0)
		return response_bad(response, "the response is not HTTP/1");
	if (len < 13)
		return H1_RESPONSE_MORE;
	if (!response_digit(p[7]) || p[8] != ' ' || p[9] < '1' || p[9] > '9' ||
	    !response_digit(p[10]) || !response_digit(p[11]) ||
	    (p[12] != ' ' && p[12] != '\r' && p[12] != '\n'))
		return response_bad(response, "invalid status line");
	response->version_minor = (uint8_t)(p[7] - '0');
	response->status = (uint16_t)((p[9] - '0') * 100 + (p[10] - '0') * 10 +
	    (p[11] - '0'));
	/* The blank behind the number is there even without a reason, but
	 * not every server knows. */
	p += p[12] == ' ' ? 13 : 12;
	response->reason.data = p;
	p = scan_value(*at, p, end);
	response->reason.len = (size_t)(p - response->reason.data);
	line_end = response_line_end(p, end);
	if (line_end < 0)
		return H1_RESPONSE_MORE;
	if (line_end == 0)
		return response_bad(response, "invalid status line");
	*at = p + line_end;
	return H1_RESPONSE_DONE;
}

static void response_connection(struct h1_response *response,
    struct slice value)
{
	struct http_list list = { value };
	struct slice token;

	while (http_list_next(&list, &token)) {
		if (slice_equal_nocase(token, SLICE("close")))
			response->connection_close = true;
		else if (slice_equal_nocase(token, SLICE("keep-alive")))
			response->connection_keep_alive = true;
	}
}

/* Note what the header means for the framing; false if that is unclear. */
static bool response_apply(struct h1_response *response,
    const struct http_header *header)
{
	switch (header->id) {
	case HTTP_HEADER_CONTENT_LENGTH:
		if (response->has_content_length)
			return false;
		response->has_content_length = true;
		return slice_to_u64(header->value, &response->content_length);
	case HTTP_HEADER_TRANSFER_ENCODING:
		if (response->chunked)
			return false;
		response->chunked = true;
		return slice_equal_nocase(header->value, SLICE("chunked"));
	case HTTP_HEADER_CONNECTION:
		response_connection(response, header->value);
		return true;
	default:
		return true;
	}
}

/* One header line. *at is moved behind it. */
static enum h1_response_result response_header(struct h1_response *response,
    const char **at, const char *end)
{
	uint8_t classes = 0;
	const char *colon = scan_token(*at, *at, end, &classes);
	const char *last;
	struct http_header header;
	int line_end;

	if (colon == end)
		return H1_RESPONSE_MORE;
	if (*colon != ':' || colon == *at)
		return response_bad(response, "invalid header line");
	last = scan_value(*at, colon + 1, end);
	line_end = response_line_end(last, end);
	if (line_end < 0)
		return H1_RESPONSE_MORE;
	if (line_end == 0)
		return response_bad(response, "invalid header line");
	header.name = (struct slice){ *at, (size_t)(colon - *at) };
	header.value = slice_trim((struct slice){ colon + 1,
	    (size_t)(last - colon - 1) });
	header.id = (uint8_t)http_header_lookup(header.name);
	if (!response_apply(response, &header))
		return response_bad(response, "the length of the response is "
		    "not clear");
	if (response->header_count == H1_RESPONSE_HEADERS_MAX)
		return response_bad(response, "too many header lines");
	if (response->header_count < response->header_capacity)
		response->headers[response->header_count] = header;
	response->header_count++;
	*at = last + line_end;
	return H1_RESPONSE_DONE;
}

static enum h1_response_result response_lines(struct h1_response *response,
    const char **at, const char *end)
{
	enum h1_response_result result;
	int line_end;

	result = response_status_line(response, at, end);
	while (result == H1_RESPONSE_DONE) {
		line_end = response_line_end(*at, end);
		if (line_end < 0)
			return H1_RESPONSE_MORE;
		if (line_end > 0) {
			*at += line_end;
			return H1_RESPONSE_DONE;
		}
		result = response_header(response, at, end);
	}
	return result;
}

enum h1_response_result h1_response_parse(struct slice data,
    struct h1_response *response, size_t *consumed)
{
	const char *at = data.data;
	enum h1_response_result result;

	if (data.len == 0)
		return H1_RESPONSE_MORE;
	*response = (struct h1_response){ .headers = response->headers,
	    .header_capacity = response->header_capacity };
	result = response_lines(response, &at, data.data + data.len);
	if (result == H1_RESPONSE_MORE)
		return response_more(response, data.len);
	*consumed = (size_t)(at - data.data);
	if (result == H1_RESPONSE_DONE && response->chunked &&
	    response->has_content_length)
		return response_bad(response, "the response has both "
		    "Content-Length and Transfer-Encoding");
	return result;
}

enum h1_response_framing h1_response_framing(
    const struct h1_response *response, enum http_method method)
{
	if (method == HTTP_METHOD_HEAD || response->status < 200 ||
	    response->status == 204 || response->status == 304)
		return H1_RESPONSE_NO_BODY;
	if (response->chunked)
		return H1_RESPONSE_CHUNKED;
	if (response->has_content_length)
		return H1_RESPONSE_LENGTH;
	return H1_RESPONSE_UNTIL_CLOSE;
}

bool h1_response_keeps(const struct h1_response *response,
    enum h1_response_framing framing)
{
	if (response->connection_close || framing == H1_RESPONSE_UNTIL_CLOSE)
		return false;
	return response->version_minor > 0 || response->connection_keep_alive;
}

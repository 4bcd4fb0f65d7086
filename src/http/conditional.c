/* Conditional requests (RFC 9110 §13), as a function of headers. */
#include "http/conditional.h"

#include "http/date.h"

static bool etag_is_weak(struct slice tag)
{
	return slice_starts(tag, SLICE("W/"));
}

static bool etag_equal(struct slice a, struct slice b, bool weak)
{
	if (!weak)
		return !etag_is_weak(a) && slice_equal(a, b);
	return slice_equal(slice_from(a, etag_is_weak(a) ? 2 : 0),
	    slice_from(b, etag_is_weak(b) ? 2 : 0));
}

/*
 * Take an entity tag off the front of `list`, with the blanks and commas
 * before it. Tags may hold commas, so the quotes decide. Returns false, with
 * `list` empty if that was all of it, when no tag follows.
 */
static bool etag_next(struct slice *list, struct slice *ret)
{
	const char *quote;
	size_t open, len;

	while (list->len && (list->data[0] == ',' || list->data[0] == ' ' ||
	    list->data[0] == '\t'))
		*list = slice_from(*list, 1);
	open = etag_is_weak(*list) ? 2 : 0;
	if (list->len <= open || list->data[open] != '"')
		return false;
	quote = memchr(list->data + open + 1, '"', list->len - open - 1);
	if (!quote)
		return false;
	len = (size_t)(quote - list->data) + 1;
	*ret = slice_first(*list, len);
	*list = slice_trim(slice_from(*list, len));
	return list->len == 0 || list->data[0] == ',';
}

bool http_etag_list_valid(struct slice s)
{
	struct slice tag;

	if (slice_equal(s, SLICE("*")))
		return true;
	while (etag_next(&s, &tag))
		;
	return s.len == 0;
}

static bool list_matches(struct slice list, struct slice etag, bool weak)
{
	struct slice tag;

	if (slice_equal(list, SLICE("*")))
		return true;
	while (etag_next(&list, &tag)) {
		if (etag_equal(tag, etag, weak))
			return true;
	}
	return false;
}

/* Whether any line of header `id` lists the representation's tag. */
static bool any_matches(const struct http_header *headers, size_t count,
    enum http_header_id id, struct slice etag)
{
	for (size_t i = 0; i < count; i++) {
		if (headers[i].id == id && list_matches(headers[i].value, etag,
		    id == HTTP_HEADER_IF_NONE_MATCH))
			return true;
	}
	return false;
}

/* The time in `header`; false if there is no header, or no time in it. */
static bool header_time(const struct http_header *header, time_t *ret)
{
	return header && http_date_parse(header->value, ret);
}

static bool modified_since(const struct http_header *header, time_t modified,
    enum http_ims ims)
{
	time_t since;

	if (ims == HTTP_IMS_OFF || modified == -1 ||
	    !header_time(header, &since))
		return true;
	return ims == HTTP_IMS_EXACT ? since != modified : since < modified;
}

unsigned http_conditional(enum http_method method,
    const struct http_header *headers, size_t header_count,
    const struct http_validators *validators, enum http_ims ims)
{
	bool get = method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD;
	time_t modified = validators->last_modified, since;

	if (http_header_find(headers, header_count, HTTP_HEADER_IF_MATCH)) {
		if (!any_matches(headers, header_count, HTTP_HEADER_IF_MATCH,
		    validators->etag))
			return 412;
	} else if (header_time(http_header_find(headers, header_count,
	    HTTP_HEADER_IF_UNMODIFIED_SINCE), &since)) {
		if (modified == -1 || modified > since)
			return 412;
	}
	if (http_header_find(headers, header_count,
	    HTTP_HEADER_IF_NONE_MATCH)) {
		if (any_matches(headers, header_count,
		    HTTP_HEADER_IF_NONE_MATCH, validators->etag))
			return get ? 304 : 412;
	} else if (get && !modified_since(http_header_find(headers,
	    header_count, HTTP_HEADER_IF_MODIFIED_SINCE), modified, ims)) {
		return 304;
	}
	return 200;
}

bool http_if_range(const struct http_header *headers, size_t header_count,
    const struct http_validators *validators)
{
	const struct http_header *header = http_header_find(headers,
	    header_count, HTTP_HEADER_IF_RANGE);
	time_t time;

	if (!header)
		return true;
	if (slice_ends(header->value, SLICE("\"")))
		return etag_equal(header->value, validators->etag, false);
	return header_time(header, &time) &&
	    time == validators->last_modified && time != -1;
}

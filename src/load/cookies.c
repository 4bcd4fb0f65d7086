#include "load/cookies.h"

#include <stdlib.h>

#include "http/date.h"

/* What stands before `c`, which goes with it; all if there is none. */
static struct slice cookies_until(struct slice *rest, char c)
{
	const char *end = rest->len ? memchr(rest->data, c, rest->len) : NULL;
	struct slice first = end ? slice_first(*rest,
	    (size_t)(end - rest->data)) : *rest;

	*rest = slice_from(*rest, first.len + (end != NULL));
	return first;
}

/* RFC 6265 §5.2.2: what is not a number is not there. */
static bool cookies_max_age(struct slice value, bool *removes)
{
	bool negative = slice_starts(value, SLICE("-"));
	bool zero = true;

	if (negative)
		value = slice_from(value, 1);
	if (value.len == 0)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
		zero &= value.data[i] == '0';
	}
	*removes = negative || zero;
	return true;
}

/* Many servers write the date of Netscape's proposal, "01-Jan-1970". */
static bool cookies_expired(struct slice value, time_t now)
{
	char date[HTTP_DATE_LEN];
	time_t expires;

	if (value.len == sizeof(date)) {
		for (size_t i = 0; i < sizeof(date); i++)
			date[i] = value.data[i] == '-' ? ' ' : value.data[i];
		value.data = date;
	}
	return http_date_parse(value, &expires) && expires <= now;
}

/* Do the attributes behind a cookie remove it? The last of a kind counts. */
static bool cookies_removes(struct slice attributes, time_t now)
{
	bool expired = false, aged = false, old = false;

	while (attributes.len) {
		struct slice value = cookies_until(&attributes, ';');
		struct slice name = slice_trim(cookies_until(&value, '='));

		value = slice_trim(value);
		if (slice_equal_nocase(name, SLICE("max-age")))
			aged |= cookies_max_age(value, &old);
		else if (slice_equal_nocase(name, SLICE("expires")))
			expired = cookies_expired(value, now);
	}
	return aged ? old : expired;
}

static void cookies_remove(struct cookies *cookies, struct slice name)
{
	struct slice rest = { cookies->text, cookies->len };

	while (rest.len) {
		char *begin = cookies->text + (cookies->len - rest.len);
		struct slice cookie = cookies_until(&rest, ';');

		/* The blank behind the semicolon. */
		rest = slice_from(rest, 1);
		if (!slice_equal(cookies_until(&cookie, '='), name))
			continue;
		memmove(begin, rest.data, rest.len);
		cookies->len = (size_t)(begin - cookies->text) + rest.len;
		/* It was the last one: the separator before it goes, too. */
		if (rest.len == 0 && cookies->len > 0)
			cookies->len -= 2;
		cookies->count--;
		return;
	}
}

static void cookies_append(struct cookies *cookies, struct slice s)
{
	memcpy(cookies->text + cookies->len, s.data, s.len);
	cookies->len += s.len;
}

void cookies_set(struct cookies *cookies, struct slice value, time_t now)
{
	struct slice pair = cookies_until(&value, ';'), text = pair, name;
	bool assigned = pair.len && memchr(pair.data, '=', pair.len);

	name = slice_trim(cookies_until(&text, '='));
	text = slice_trim(text);
	if (!assigned || name.len == 0)
		return;
	cookies_remove(cookies, name);
	if (cookies_removes(value, now) ||
	    cookies->count == LOAD_COOKIES_MAX ||
	    cookies->len + name.len + text.len + sizeof("; =") >
	    LOAD_COOKIE_BYTES_MAX)
		return;
	if (!cookies->text)
		cookies->text = malloc(LOAD_COOKIE_BYTES_MAX);
	if (!cookies->text)
		return;
	if (cookies->count++ > 0)
		cookies_append(cookies, SLICE("; "));
	cookies_append(cookies, name);
	cookies_append(cookies, SLICE("="));
	cookies_append(cookies, text);
}

struct slice cookies_add(struct cookies *cookies,
    const struct load_request *request)
{
	struct buf *buf = &cookies->request;

	if (cookies->count == 0)
		return request->bytes;
	buf->len = 0;
	buf->limit = request->bytes.len + 2 * LOAD_COOKIE_BYTES_MAX;
	buf->failed = false;
	buf_append_slice(buf, slice_first(request->bytes, request->head_len));
	buf_append_cstr(buf, "Cookie: ");
	buf_append(buf, cookies->text, cookies->len);
	buf_append_cstr(buf, "\r\n");
	buf_append_slice(buf, slice_from(request->bytes, request->head_len));
	return buf->failed ? (struct slice){ NULL, 0 } : buf_slice(buf);
}

void cookies_free(struct cookies *cookies)
{
	free(cookies->text);
	buf_free(&cookies->request);
	*cookies = (struct cookies){ .count = 0 };
}

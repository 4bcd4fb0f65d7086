/* Names of request methods. */
#include "http/method.h"

static const struct slice names[HTTP_METHOD_COUNT] = {
	[HTTP_METHOD_GET] = { "GET", 3 },
	[HTTP_METHOD_HEAD] = { "HEAD", 4 },
	[HTTP_METHOD_POST] = { "POST", 4 },
	[HTTP_METHOD_PUT] = { "PUT", 3 },
	[HTTP_METHOD_DELETE] = { "DELETE", 6 },
	[HTTP_METHOD_MKCOL] = { "MKCOL", 5 },
	[HTTP_METHOD_COPY] = { "COPY", 4 },
	[HTTP_METHOD_MOVE] = { "MOVE", 4 },
	[HTTP_METHOD_OPTIONS] = { "OPTIONS", 7 },
	[HTTP_METHOD_PROPFIND] = { "PROPFIND", 8 },
	[HTTP_METHOD_PROPPATCH] = { "PROPPATCH", 9 },
	[HTTP_METHOD_LOCK] = { "LOCK", 4 },
	[HTTP_METHOD_UNLOCK] = { "UNLOCK", 6 },
	[HTTP_METHOD_PATCH] = { "PATCH", 5 },
	[HTTP_METHOD_TRACE] = { "TRACE", 5 },
	[HTTP_METHOD_CONNECT] = { "CONNECT", 7 },
};

enum http_method http_method_lookup(struct slice name)
{
	/* Nearly every request; and the table begins with the common ones. */
	if (name.len == 3 && memcmp(name.data, "GET", 3) == 0)
		return HTTP_METHOD_GET;
	for (int i = HTTP_METHOD_HEAD; i < HTTP_METHOD_COUNT; i++) {
		if (slice_equal(names[i], name))
			return (enum http_method)i;
	}
	return HTTP_METHOD_OTHER;
}

struct slice http_method_name(enum http_method method)
{
	return names[method];
}

bool http_method_idempotent(enum http_method method)
{
	switch (method) {
	case HTTP_METHOD_GET:
	case HTTP_METHOD_HEAD:
	case HTTP_METHOD_PUT:
	case HTTP_METHOD_DELETE:
	case HTTP_METHOD_OPTIONS:
	case HTTP_METHOD_TRACE:
		return true;
	default:
		return false;
	}
}

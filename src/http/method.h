#ifndef RINGMASTER_HTTP_METHOD_H
#define RINGMASTER_HTTP_METHOD_H

#include "base/slice.h"

enum http_method {
	HTTP_METHOD_OTHER,	/* a token, but none of these */
	HTTP_METHOD_GET,
	HTTP_METHOD_HEAD,
	HTTP_METHOD_POST,
	HTTP_METHOD_PUT,
	HTTP_METHOD_DELETE,
	HTTP_METHOD_MKCOL,
	HTTP_METHOD_COPY,
	HTTP_METHOD_MOVE,
	HTTP_METHOD_OPTIONS,
	HTTP_METHOD_PROPFIND,
	HTTP_METHOD_PROPPATCH,
	HTTP_METHOD_LOCK,
	HTTP_METHOD_UNLOCK,
	HTTP_METHOD_PATCH,
	HTTP_METHOD_TRACE,
	HTTP_METHOD_CONNECT,
	HTTP_METHOD_COUNT
};

/* The method of this name; names are case-sensitive (RFC 9110 §9.1). */
enum http_method http_method_lookup(struct slice name);

/* Its name, as it is sent; empty for HTTP_METHOD_OTHER. */
struct slice http_method_name(enum http_method method);

/* May it be sent again when nobody knows whether it was carried out? Of the
 * methods of RFC 9110 §9.2.2. */
bool http_method_idempotent(enum http_method method);

#endif

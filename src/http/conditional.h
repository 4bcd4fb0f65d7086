#ifndef RINGMASTER_HTTP_CONDITIONAL_H
#define RINGMASTER_HTTP_CONDITIONAL_H

#include <time.h>

#include "http/header.h"
#include "http/method.h"

/* if_modified_since */
enum http_ims {
	HTTP_IMS_OFF,
	HTTP_IMS_EXACT,		/* not modified if the times are equal */
	HTTP_IMS_BEFORE		/* ... or if the client's is later */
};

/* What a representation is told by (RFC 9110 §8.8). */
struct http_validators {
	struct slice etag;	/* with its quotes and W/; empty for none */
	time_t last_modified;	/* or -1 for none */
};

/* Whether `s` is a list of entity tags, or "*". */
bool http_etag_list_valid(struct slice s);

/*
 * Evaluate If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since
 * for a request that would be answered 200 with a representation that exists,
 * in the order of RFC 9110 §13.2.2. Headers that cannot be understood are
 * ignored, except that an If-Match that lists no known tag never matches.
 * Returns 200, 304 or 412.
 */
unsigned http_conditional(enum http_method method,
    const struct http_header *headers, size_t header_count,
    const struct http_validators *validators, enum http_ims ims);

/*
 * Whether a Range header may be honoured: there is no If-Range among the
 * headers, or it names exactly this representation (RFC 9110 §13.1.5).
 */
bool http_if_range(const struct http_header *headers, size_t header_count,
    const struct http_validators *validators);

#endif

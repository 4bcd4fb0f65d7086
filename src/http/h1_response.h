#ifndef RINGMASTER_HTTP_H1_RESPONSE_H
#define RINGMASTER_HTTP_H1_RESPONSE_H

#include "http/header.h"
#include "http/method.h"

/*
 * The head of a response, as a client reads it: the load generator, and
 * whoever talks to other servers.
 */

enum {
	H1_RESPONSE_BYTES_MAX = 64 << 10,	/* of a head */
	H1_RESPONSE_HEADERS_MAX = 256,
};

enum h1_response_result {
	H1_RESPONSE_DONE,
	H1_RESPONSE_MORE,	/* call again with these bytes and more */
	H1_RESPONSE_BAD,	/* not HTTP, or it may be understood in two
				 * ways: close */
};

/* How the end of the content is found (RFC 9112 §6.3). */
enum h1_response_framing {
	H1_RESPONSE_NO_BODY,
	H1_RESPONSE_LENGTH,
	H1_RESPONSE_CHUNKED,
	H1_RESPONSE_UNTIL_CLOSE,
};

/* Slices point into the bytes that were given. */
struct h1_response {
	/* Set by the caller: room for header lines, or NULL and 0 to count
	 * them only. */
	struct http_header *headers;
	unsigned header_capacity;

	unsigned header_count;		/* may exceed the capacity */
	uint16_t status;
	uint8_t version_minor;
	struct slice reason;
	uint64_t content_length;
	bool has_content_length;
	bool chunked;
	bool connection_close, connection_keep_alive;
	const char *why;		/* of H1_RESPONSE_BAD */
};

/*
 * Parse a head, strictly after RFC 9112; a bare LF ends a line as a CRLF
 * does (§2.2).
 *
 * consumed:  on DONE, the length of the head with its empty line
 */
enum h1_response_result h1_response_parse(struct slice data,
    struct h1_response *response, size_t *consumed);

/* How the content that follows is framed, for the answer to a `method`
 * request. */
enum h1_response_framing h1_response_framing(
    const struct h1_response *response, enum http_method method);

/* May the connection be used again, once the content was read (§9.3)? */
bool h1_response_keeps(const struct h1_response *response,
    enum h1_response_framing framing);

#endif

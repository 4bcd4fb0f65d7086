#ifndef RINGMASTER_HTTP_H1_FIELDS_H
#define RINGMASTER_HTTP_H1_FIELDS_H

#include "http/h1_parse.h"

/*
 * Parts of the parser of h1_parse.c, for nobody else. Each returns H1_DONE,
 * or an error with its text in head->reason.
 */

/* Fail with `result` and say why. */
enum h1_result h1_fail(struct h1_head *head, enum h1_result result,
    const char *reason);

/* Split head->target by its form; the method is known. RFC 9112 §3.2 */
enum h1_result h1_target_parse(struct h1_head *head);

/* Sent twice, these have no meaning. */
#define H1_HEADERS_UNIQUE (					\
	HTTP_HEADER_BIT(HTTP_HEADER_HOST) |			\
	HTTP_HEADER_BIT(HTTP_HEADER_CONTENT_LENGTH) |		\
	HTTP_HEADER_BIT(HTTP_HEADER_TRANSFER_ENCODING) |	\
	HTTP_HEADER_BIT(HTTP_HEADER_EXPECT) |			\
	HTTP_HEADER_BIT(HTTP_HEADER_CONTENT_RANGE) |		\
	HTTP_HEADER_BIT(HTTP_HEADER_IF_RANGE) |			\
	HTTP_HEADER_BIT(HTTP_HEADER_IF_MODIFIED_SINCE) |	\
	HTTP_HEADER_BIT(HTTP_HEADER_IF_UNMODIFIED_SINCE) |	\
	HTTP_HEADER_BIT(HTTP_HEADER_AUTHORIZATION) |		\
	HTTP_HEADER_BIT(HTTP_HEADER_PROXY_AUTHORIZATION))

/* Sent twice, these are one list; nothing but entity tags may be joined. */
#define H1_HEADERS_TAGS (					\
	HTTP_HEADER_BIT(HTTP_HEADER_IF_MATCH) |			\
	HTTP_HEADER_BIT(HTTP_HEADER_IF_NONE_MATCH))

/* What h1_header_apply() must see. */
#define H1_HEADERS_APPLIED (H1_HEADERS_UNIQUE | H1_HEADERS_TAGS | \
	HTTP_HEADER_BIT(HTTP_HEADER_CONNECTION))

/*
 * Note what a header means for this request. head->present does not yet
 * have it, unless this is not the first of its name.
 */
enum h1_result h1_header_apply(struct h1_head *head,
    const struct http_header *header);

/* Check what can only be said of all headers together. */
enum h1_result h1_head_finish(struct h1_head *head);

#endif

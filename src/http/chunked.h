#ifndef RINGMASTER_HTTP_CHUNKED_H
#define RINGMASTER_HTTP_CHUNKED_H

#include "base/slice.h"

/* Of a chunk's size line, with extensions, without its CRLF. */
#define CHUNKED_LINE_BYTES_MAX 4096
/* Of the trailer section, without its last CRLF. */
#define CHUNKED_TRAILER_BYTES_MAX 8192

enum chunked_result {
	CHUNKED_MORE,		/* the input is used up */
	CHUNKED_DATA,		/* here is a piece of the body */
	CHUNKED_DONE,		/* the body has ended */
	CHUNKED_BAD		/* 400, then close */
};

enum chunked_step {
	CHUNKED_SIZE_FIRST,
	CHUNKED_SIZE,
	CHUNKED_EXT,
	CHUNKED_EXT_NAME_FIRST,
	CHUNKED_EXT_NAME,
	CHUNKED_EXT_NAME_END,
	CHUNKED_EXT_VALUE_FIRST,
	CHUNKED_EXT_VALUE,
	CHUNKED_EXT_QUOTED,
	CHUNKED_EXT_ESCAPED,
	CHUNKED_EXT_END,
	CHUNKED_SIZE_LF,
	CHUNKED_BODY,
	CHUNKED_BODY_CR,
	CHUNKED_BODY_LF,
	CHUNKED_TRAILER_FIRST,
	CHUNKED_TRAILER_NAME,
	CHUNKED_TRAILER_VALUE,
	CHUNKED_TRAILER_LF,
	CHUNKED_LAST_LF,
	CHUNKED_END,
	CHUNKED_ERROR
};

/* A decoder; begin with all zero. */
struct chunked {
	enum chunked_step step;
	const char *reason;	/* of CHUNKED_BAD, for the log */
	uint64_t left;		/* bytes of the current chunk to come */
	uint32_t line_bytes;	/* of the size line, or of all trailers */
};

/*
 * Decode a body in the chunked coding (RFC 9112 §7.1): strictly, with CRLF
 * only. Extensions and trailers are checked and dropped.
 *
 * in:    what has come; advanced over all that was used, and on CHUNKED_DONE
 *        what is left belongs to the next request
 * body:  on CHUNKED_DATA, a part of `in` that is content; call again
 */
enum chunked_result chunked_next(struct chunked *chunked, struct slice *in,
    struct slice *body);

#endif

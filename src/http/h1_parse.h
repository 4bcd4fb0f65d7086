#ifndef RINGMASTER_HTTP_H1_PARSE_H
#define RINGMASTER_HTTP_H1_PARSE_H

#include "http/header.h"
#include "http/host.h"
#include "http/method.h"

/* Empty lines before a request that are skipped (RFC 9112 §2.2). */
#define H1_EMPTY_LINES_MAX 8

/* Bodies beyond this are refused: sizes are also offsets of files. */
#define HTTP_BODY_BYTES_MAX ((uint64_t)INT64_MAX)

/* What the configuration decides about heads. */
struct h1_options {
	size_t line_bytes_max;		/* of a line, with its end */
	size_t head_bytes_max;		/* from the method to the last line */
	unsigned header_count_max;
	bool keep_invalid_headers;	/* ignore_invalid_headers off */
	bool underscores;		/* underscores_in_headers on */
};

/* nginx's defaults: 4 large buffers of 8 KiB. */
#define H1_OPTIONS_DEFAULT ((struct h1_options){	\
	.line_bytes_max = 8 << 10,			\
	.head_bytes_max = 32 << 10,			\
	.header_count_max = 1000,			\
})

enum h1_result {
	H1_DONE,
	H1_MORE,		/* call again when there are more bytes */
	H1_MORE_HEADERS,	/* call again with a larger head->headers */
	/* What follows is an error: answer, then close. */
	H1_BAD_REQUEST,		/* 400 */
	H1_URI_TOO_LONG,	/* 414 */
	H1_HEADERS_TOO_LARGE,	/* 431, or 494 as nginx has it */
	H1_TOO_MANY_HEADERS,	/* nginx: 400 */
	H1_NOT_IMPLEMENTED,	/* 501: a transfer coding */
	H1_VERSION		/* 505 */
};

/* RFC 9112 §3.2 */
enum h1_target_form {
	H1_TARGET_ORIGIN,	/* /path?query */
	H1_TARGET_ABSOLUTE,	/* http://host/path?query */
	H1_TARGET_AUTHORITY,	/* host:port, of CONNECT only */
	H1_TARGET_ASTERISK	/* *, of OPTIONS only */
};

enum h1_expect {
	H1_EXPECT_NONE,
	H1_EXPECT_CONTINUE,	/* HTTP/1.1 only: 1.0 must not see a 100 */
	H1_EXPECT_UNKNOWN	/* answer 417 */
};

/*
 * The head of a request. Slices point into the bytes that were given to the
 * last call; the caller sets `headers` and `header_capacity` before the first.
 */
struct h1_head {
	struct http_header *headers;
	unsigned header_capacity;
	unsigned header_count;
	uint64_t present;		/* set of HTTP_HEADER_BIT() */

	enum http_method method;
	enum h1_target_form form;
	uint8_t version_major;		/* always 1 */
	uint8_t version_minor;
	struct slice method_text;
	struct slice target;		/* as sent */
	struct slice scheme;		/* of an absolute target only */
	struct slice path;		/* path and query: target or its end;
					 * the path may be missing ("", "?x")
					 * if absolute; empty for authority */
	bool has_host;
	struct http_host host;		/* of the target if it has one,
					 * otherwise of the Host header */

	uint64_t content_length;
	bool has_content_length;
	bool chunked;
	bool connection_close;		/* the tokens of Connection */
	bool connection_keep_alive;
	bool connection_upgrade;
	bool keep_alive;		/* may persist (RFC 9112 §9.3) */
	enum h1_expect expect;

	struct slice raw;		/* from the method to the empty line */

	bool bad_coding;		/* Transfer-Encoding is not "chunked" */
	const char *reason;		/* of an error, for the log */
};

/* Where a parser is in a head. */
enum h1_step {
	H1_STEP_START,
	H1_STEP_METHOD,
	H1_STEP_TARGET,
	H1_STEP_VERSION,
	H1_STEP_LINE,
	H1_STEP_NAME,
	H1_STEP_VALUE
};

/* A parser between two calls. */
struct h1_parser {
	const struct h1_options *options;
	uintptr_t base;		/* address of the bytes at the last call */
	size_t start;		/* offset of the method */
	size_t line;		/* offset of the current line */
	size_t item;		/* offset of the current name, value, ... */
	size_t pos;		/* all before it has been looked at */
	enum h1_step step;
	unsigned empty_lines;
	uint8_t name_classes;	/* of the current name (SCAN_*) */
	struct slice name;	/* of the current header */
};

/*
 * Begin a head. `options` must live as long as the parser is used for it.
 */
void h1_parser_init(struct h1_parser *parser,
    const struct h1_options *options);

/*
 * Parse the head of a request, strictly after RFC 9112; a bare LF ends a line
 * as a CRLF does (§2.2).
 *
 * data:      from the end of the previous request; while more is asked for,
 *            call again with the same bytes, here or elsewhere, and more
 * head:      `headers` and `header_capacity` set by the caller, the rest
 *            filled in; complete when H1_DONE is returned
 * consumed:  on H1_DONE, the length of the head and of empty lines before it
 *
 * Any split of the bytes over calls gives the same result, and each byte is
 * looked at once. On H1_MORE_HEADERS the entries must be copied to a larger
 * array. Errors are final and leave their text in head->reason.
 */
enum h1_result h1_parse_head(struct h1_parser *parser, const char *data,
    size_t len, struct h1_head *head, size_t *consumed);

#endif

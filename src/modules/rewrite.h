#ifndef RINGMASTER_MODULES_REWRITE_H
#define RINGMASTER_MODULES_REWRITE_H

#include "http/conn.h"
#include "http/variable.h"

/*
 * The rewrite module's program: what "set", "if", "rewrite", "break" and
 * "return" of a server or a location say, in the order in which they stand.
 * rewrite.c reads it from the configuration, rewrite_run.c runs it.
 */

enum rewrite_kind {
	REWRITE_SET,
	REWRITE_IF,
	REWRITE_URI,			/* the directive "rewrite" */
	REWRITE_BREAK,
	REWRITE_RETURN,
};

enum rewrite_test {
	REWRITE_TEST_TRUE,		/* neither empty nor "0" */
	REWRITE_TEST_EQUAL,
	REWRITE_TEST_REGEX,
	REWRITE_TEST_FILE,		/* -f */
	REWRITE_TEST_DIRECTORY,		/* -d */
	REWRITE_TEST_EXISTS,		/* -e */
	REWRITE_TEST_EXECUTABLE,	/* -x */
};

struct rewrite_condition {
	enum rewrite_test test;
	bool negated;			/* "!=", "!~", "!-f" */
	struct http_value subject;
	struct http_value other;	/* EQUAL */
	struct http_regex *regex;
	struct slice pattern;		/* of `regex`, for the log */
};

struct rewrite_op {
	enum rewrite_kind kind;
	struct rewrite_op *next;
	/* SET: to `text` */
	struct http_variable *variable;
	/* IF */
	struct rewrite_condition condition;
	struct http_location *location;	/* settings of its block */
	bool in_server;			/* which has no settings of its own */
	/* URI */
	struct http_regex *regex;
	struct slice pattern;
	struct http_value args;		/* behind '?' in the replacement */
	bool has_args;
	bool keep_args;			/* add those of the request */
	bool last;			/* end of the program */
	bool stay;			/* "break": in this location */
	/* URI that redirects, and RETURN */
	unsigned status;		/* 0: no redirect */
	bool has_text;
	struct http_value text;		/* or replacement, or value */
};

struct rewrite_record {
	struct rewrite_op *ops, **end;
	int64_t log;
	int64_t warns;			/* uninitialized_variable_warn */
};

extern const struct http_module http_rewrite_module;

/* The hook: run the program of the request's records. */
int rewrite_run(struct http_request *request);

#endif

#ifndef RINGMASTER_HTTP_REGEX_H
#define RINGMASTER_HTTP_REGEX_H

#include "conf/conf.h"

/* Regular expressions of the configuration: the one file that knows PCRE2. */

struct http_regex;
struct http_request;

/* What the groups of a match are, by their number: [0] is all of it, and one
 * that took no part is NULL. */
enum { HTTP_CAPTURES_MAX = 10 };
struct http_captures {
	struct slice groups[HTTP_CAPTURES_MAX];
};

/* Compile `pattern` (with JIT where there is one). Its named groups become
 * variables. Returns 0 or the result of conf_fail(). It lives as long as the
 * process's configuration. */
int http_regex_compile(struct conf *conf, const struct conf_node *node,
    struct slice pattern, bool nocase, struct http_regex **ret);

/*
 * Does it match anywhere in `subject`? Returns 1 or 0; or -E2BIG if telling
 * takes more steps than PCRE2 allows, which a client must not be able to use
 * to get around a rule.
 */
int http_regex_match(const struct http_regex *regex, struct slice subject);

/*
 * Keep the groups of the last match of `regex`, which was with `subject`, as
 * the request's $1 ... and the named ones as variables. The subject must live
 * as long as the request. Returns 0 or -ENOMEM.
 */
int http_regex_capture(struct http_request *request,
    const struct http_regex *regex, struct slice subject);

#endif

#ifndef RINGMASTER_HTTP_REGEX_H
#define RINGMASTER_HTTP_REGEX_H

#include "conf/conf.h"

/* Regular expressions of the configuration: the one file that knows PCRE2. */

struct http_regex;

/* Compile `pattern` (with JIT where there is one). Returns 0 or the result
 * of conf_fail(). It lives as long as the process's configuration. */
int http_regex_compile(struct conf *conf, const struct conf_node *node,
    struct slice pattern, bool nocase, struct http_regex **ret);

/* Does it match anywhere in `subject`? An error counts as no match. */
bool http_regex_match(const struct http_regex *regex, struct slice subject);

#endif

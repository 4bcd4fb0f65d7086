#ifndef RINGMASTER_HTTP_NAMES_H
#define RINGMASTER_HTTP_NAMES_H

#include "base/arena.h"

/*
 * A table of host names, in any case, to what they stand for. With wildcards
 * as server_name has them: "*.example.com", "www.example.*" and
 * ".example.com", which is "example.com" and "*.example.com".
 */

struct http_name;

struct http_names {
	struct arena *arena;
	struct http_name **table;
	size_t size;			/* a power of two, or 0 */
	size_t count;
	bool wildcards;			/* there are some */
};

/* Names longer than this match no wildcard. */
enum { HTTP_NAME_MAX = 256 };

/* Begin an empty table; all its memory will be of `arena`. */
void http_names_init(struct http_names *names, struct arena *arena);

/*
 * Add a name, which must live as long as the table, for `value` (not NULL).
 * `wildcards`: it may be one; else it is taken as it is written.
 * Returns 0; -EEXIST if it is there already, -EINVAL if it can be no name
 * with a wildcard, -ENOMEM.
 */
int http_names_add(struct http_names *names, struct slice name,
    bool wildcards, void *value);

/* What stands for `name`: of itself, or of its longest wildcard, those that
 * begin with '*' first. NULL: nothing does. */
void *http_names_find(const struct http_names *names, struct slice name);

#endif

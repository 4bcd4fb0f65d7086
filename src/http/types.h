#ifndef RINGMASTER_HTTP_TYPES_H
#define RINGMASTER_HTTP_TYPES_H

#include "conf/conf.h"

/* A set of media types, as "gzip_types" and its like name them. */
struct http_types {
	struct slice *names;
	unsigned count;
	bool any;			/* "*" */
};

/*
 * Add the arguments of a directive to the set, which is made, with text/html
 * in it, when *types is NULL. Returns 0 or -ENOMEM.
 */
int http_types_add(struct conf *conf, const struct conf_node *node,
    struct http_types **types);

/* Is the type, whose parameters do not count, in the set? If that is NULL: is
 * it one of `initial`, which an empty name ends? */
bool http_types_match(const struct http_types *types,
    const struct slice *initial, struct slice type);

#endif

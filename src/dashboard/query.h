#ifndef RINGMASTER_DASHBOARD_QUERY_H
#define RINGMASTER_DASHBOARD_QUERY_H

#include "base/arena.h"

/* What stands behind '?' in the address of a page: "a=1&b=two+words". */

/* One argument, decoded; a name without '=' has an empty value. */
struct query_arg {
	struct slice name, value;
};

/*
 * Take the first argument off *rest and decode it to memory of `arena`;
 * empty ones are skipped. A '%' that no two hex digits follow stands for
 * itself.
 * Returns false at the end of the query, or without memory.
 */
bool query_next(struct arena *arena, struct slice *rest,
    struct query_arg *ret);

#endif

#ifndef RINGMASTER_MODULES_RESOLVER_H
#define RINGMASTER_MODULES_RESOLVER_H

#include "http/request.h"

/*
 * Names of hosts that are only known when a request has come, looked up with
 * the servers of the directive "resolver".
 */

struct resolver_addresses {
	const union http_address *list;	/* without ports; in an order that
					 * changes; of the request's arena */
	unsigned count;			/* at least 1 */
};

/*
 * Look `name` up, or take what is remembered of it. Returns HTTP_DECLINED
 * with *ret; or 502 after logging why it could not be; or HTTP_ABORT: the
 * client has gone. [coroutine]
 */
int resolver_lookup(struct http_request *request, struct slice name,
    struct resolver_addresses *ret);

#endif

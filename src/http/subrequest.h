#ifndef RINGMASTER_HTTP_SUBREQUEST_H
#define RINGMASTER_HTTP_SUBREQUEST_H

#include "http/body.h"

struct http_request;

enum {
	HTTP_SUBREQUEST_DEPTH_MAX = 4,	/* one on behalf of another: all share
					 * the stack of a coroutine */
};

/*
 * A request that the server makes to itself on behalf of another one: a GET
 * with that one's headers, which runs through the phases (without access) and
 * the filters, and is neither logged nor counted. It lives as long as its
 * parent.
 *
 * Its body is given as a source of pieces in memory; it runs when that is
 * first pulled, and its body is closed when the parent ends. NULL without
 * memory.
 */
struct http_source *http_subrequest_source(struct http_request *parent,
    struct slice uri, struct slice args);

#endif

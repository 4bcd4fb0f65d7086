#ifndef RINGMASTER_HTTP_NETWORKS_H
#define RINGMASTER_HTTP_NETWORKS_H

#include "conf/conf.h"
#include "http/address.h"

/* Lists of trusted proxies, and whom a chain of them speaks for. */

struct http_request;

struct http_networks {
	struct http_network *list;	/* in the configuration's arena */
	unsigned count;
};

/* Add a network. Returns 0 or -ENOMEM. */
int http_networks_add(struct conf *conf, struct http_networks *networks,
    const struct http_network *network);

/* Read a network of the configuration; low bits that are set are a warning.
 * Returns 0, or the result of conf_fail(). */
int http_network_read(struct conf *conf, const struct conf_node *node,
    struct slice text, struct http_network *ret);

bool http_networks_have(const struct http_networks *networks,
    const union http_address *address);

/*
 * If *address is trusted, make it the last one in the list `text` ("client,
 * proxy, proxy"); if `recursive`, the last one that is not trusted. Returns
 * false, leaving it alone, if it is not or there is none.
 */
bool http_forwarded(const struct http_networks *trusted, struct slice text,
    bool recursive, union http_address *address);

/* The same for the X-Forwarded-For lines of a request, as if they were one. */
bool http_forwarded_for(const struct http_request *request,
    const struct http_networks *trusted, bool recursive,
    union http_address *address);

#endif

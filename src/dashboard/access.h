#ifndef RINGMASTER_DASHBOARD_ACCESS_H
#define RINGMASTER_DASHBOARD_ACCESS_H

#include "base/slice.h"

/*
 * Two checks that protect a server on this machine from pages of other sites
 * in a browser of this machine. Bytes in, verdict out.
 */

/*
 * Is `name` (lower case, without port) among the names the dashboard may be
 * called by? One that is not reached it by way of a foreign domain that was
 * made to resolve to this machine (DNS rebinding), whose pages could then
 * read the answer.
 */
bool access_host(struct slice name, const struct slice *hosts, unsigned count);

/* The headers of a request that tell where it came from; empty: not sent. */
struct access_headers {
	struct slice host;	/* as sent, with the port */
	struct slice origin;
	struct slice referer;
	struct slice fetch_site;	/* Sec-Fetch-Site */
};

enum access_verdict {
	ACCESS_ALLOW,
	ACCESS_CONFIRM,		/* typed or followed by hand: ask first */
	ACCESS_REFUSE,		/* may come from another site */
};

/*
 * May this request change something? What browsers send of their own accord
 * decides: Sec-Fetch-Site, else Origin, else Referer; a program sends none of
 * them and is believed. The host must have passed access_host().
 *
 * post:  the method is POST; else it is GET, which a link, an image or a
 *        prefetch can be as well
 */
enum access_verdict access_change(const struct access_headers *headers,
    bool post);

/*
 * Is `origin` (of the header of that name) that of our own page? For what
 * only reads and the browser lets other sites try, as with WebSocket.
 *
 * host:  the Host header, as sent
 */
bool access_same_origin(struct slice origin, struct slice host);

#endif

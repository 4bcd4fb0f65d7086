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

/* What of a request tells where it came from; empty: not sent. */
struct access_request {
	struct slice host;	/* as sent, with the port */
	struct slice origin;
	struct slice referer;
	struct slice fetch_site;	/* Sec-Fetch-Site */
	struct slice user_agent;
	bool post;	/* the method is POST; else it is GET, which a link,
			 * an image or a prefetch can be as well */
	bool auth;	/* authentication is on */
	bool token;	/* the token of its session came with it */
};

enum access_verdict {
	ACCESS_ALLOW,
	ACCESS_CONFIRM,		/* followed, or not known by whom: ask first */
	ACCESS_TOKEN,		/* a browser's, without the token */
	ACCESS_REFUSE,		/* may come from another site */
};

/*
 * May this request change something? What browsers send of their own accord
 * decides: Sec-Fetch-Site, else Origin, else Referer; a program sends none of
 * them and is believed. The host must have passed access_host().
 *
 * With authentication a browser sends the password by itself whoever made it
 * ask, so it has to send the token, too, which only our own page can read.
 * A browser need not send any of those headers with a GET over plain HTTP;
 * then its User-Agent gives it away.
 */
enum access_verdict access_change(const struct access_request *request);

/*
 * Is `origin` (of the header of that name) that of our own page? For what
 * only reads and the browser lets other sites try, as with WebSocket.
 *
 * host:  the Host header, as sent
 */
bool access_same_origin(struct slice origin, struct slice host);

#endif

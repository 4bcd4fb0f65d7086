#ifndef RINGMASTER_LOAD_COOKIES_H
#define RINGMASTER_LOAD_COOKIES_H

#include <time.h>

#include "base/buf.h"
#include "load/plan.h"

/*
 * The cookies of one user, as a scenario's `session cookies=keep` wants them:
 * RFC 6265 for one server and the time of a test. Name and value are kept
 * until the server removes them; Domain, Path and Secure are not looked at,
 * and a cookie that is to live at all outlives the test.
 */

enum {
	LOAD_COOKIES_MAX = 50,		/* of a user; further ones are not
					 * kept */
	LOAD_COOKIE_BYTES_MAX = 4096,	/* of all of them as they are sent */
};

/* Zero is no cookies. */
struct cookies {
	char *text;			/* "a=b; c=d"; from the heap */
	size_t len;			/* of it */
	unsigned count;
	struct buf request;		/* the newest with them */
};

/*
 * Do what the value of a Set-Cookie says.
 *
 * now:  against which an Expires is held; a Max-Age counts before it
 */
void cookies_set(struct cookies *cookies, struct slice value, time_t now);

/* The bytes of a request with the cookies in its head: valid until the next
 * call. Its own bytes without any; empty without memory. */
struct slice cookies_add(struct cookies *cookies,
    const struct load_request *request);

/* Forget them all and give the memory back. */
void cookies_free(struct cookies *cookies);

#endif

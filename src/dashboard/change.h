#ifndef RINGMASTER_DASHBOARD_CHANGE_H
#define RINGMASTER_DASHBOARD_CHANGE_H

#include "dashboard/fields.h"
#include "http/request.h"

/*
 * What goes before every change: may this request make it, and what does it
 * say?
 */

struct change {
	/* Asked of somebody who followed a link or has no script; or NULL. */
	const char *question;
	struct slice field;	/* that its body may have; empty: none */
	const struct slice *more;	/* others; an empty one ends them */
	const char *expected;	/* an example of such a body */
};

/*
 * Check where a request (GET or POST) comes from and read its body.
 *
 * Returns HTTP_DECLINED with what the body says, if the change may be made;
 * else the request was answered: with the question, with 400, 403, 405, 413
 * or 415 and what is wrong; or what http_request_body_read() returned.
 * [coroutine]
 */
int change_begin(struct http_request *request, const struct change *change,
    struct fields *ret);

/* Who makes a change: a name, or an address in `text`. */
struct slice change_who(struct http_request *request,
    char text[HTTP_ADDRESS_TEXT]);

/* Log who changed what: "NAME-OR-ADDRESS TEXT". */
void change_log(struct http_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

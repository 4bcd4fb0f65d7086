#ifndef RINGMASTER_HTTP_RESPONSE_H
#define RINGMASTER_HTTP_RESPONSE_H

#include "http/request.h"

/*
 * What is done to every response before it is sent: filters of modules,
 * conditions, ranges, absolute redirects. Returns HTTP_DONE.
 */
int http_response_filter(struct http_request *request);

/* Forget a response that was begun, but for what goes with its status
 * (Location, Allow). */
void http_response_reset(struct http_request *request);

/* Begin to serve the page that error_page has for `status`. Returns as a hook
 * does, HTTP_DECLINED if there is none. */
int http_error_page_serve(struct http_request *request, unsigned status);

/* Has error_page a page for `status`? */
bool http_error_page_has(const struct http_request *request, unsigned status);

/* The answer to "OPTIONS *". Returns as a hook does. */
int http_response_options(struct http_request *request);

#endif

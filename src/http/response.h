#ifndef RINGMASTER_HTTP_RESPONSE_H
#define RINGMASTER_HTTP_RESPONSE_H

#include "http/request.h"

/*
 * What is done to every response before it is sent: filters of modules,
 * conditions, ranges, absolute redirects. Returns HTTP_DONE.
 */
int http_response_filter(struct http_request *request);

/* The answer to "OPTIONS *". Returns as a hook does. */
int http_response_options(struct http_request *request);

#endif

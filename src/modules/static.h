#ifndef RINGMASTER_MODULES_STATIC_H
#define RINGMASTER_MODULES_STATIC_H

#include "http/file_cache.h"
#include "http/request.h"

/* Answer with a regular file, whose type is that of the request's path.
 * Returns as a hook does. */
int static_answer(struct http_request *request, struct file *file);

#endif

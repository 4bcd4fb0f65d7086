#ifndef RINGMASTER_MODULES_MODULES_H
#define RINGMASTER_MODULES_MODULES_H

#include "http/module.h"

/* The modules of the server, ended by NULL; their order is the order in
 * which hooks of one phase are called. */
extern const struct http_module *const http_modules[];

#endif

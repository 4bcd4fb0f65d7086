#ifndef RINGMASTER_CONF_UNSUPPORTED_H
#define RINGMASTER_CONF_UNSUPPORTED_H

#include "base/slice.h"

/*
 * Why ringmaster does not have the directive `name`, of nginx or of a module
 * known for it: half a sentence. NULL if it is none of those.
 */
const char *conf_unsupported(struct slice name);

#endif

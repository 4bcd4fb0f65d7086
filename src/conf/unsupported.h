#ifndef RINGMASTER_CONF_UNSUPPORTED_H
#define RINGMASTER_CONF_UNSUPPORTED_H

#include "base/slice.h"

/*
 * Why ringmaster does not have the directive `name`, of nginx or of a module
 * known for it: half a sentence. NULL if it is none of those.
 */
const char *conf_unsupported(struct slice name);

/*
 * All of them, for the manual: reason number `i` and the names it is for, with
 * blanks between; "x*" is all that begin with x, "*x" all that end with it.
 * False if there are fewer.
 */
bool conf_unsupported_list(unsigned i, const char **reason,
    const char **names);

#endif

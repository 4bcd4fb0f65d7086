#ifndef RINGMASTER_MASTER_PRIVILEGES_H
#define RINGMASTER_MASTER_PRIVILEGES_H

#include "master/core.h"

/* What a process that was forked for a worker gives up or gets. The errors
 * are said on `log`. */

/* Limits, priority and, for the worker of a slot, processors. Only the
 * dashboard has no slot (-1). */
void privileges_set_limits(const struct core_conf *core, int slot,
    const struct log *log);

/* Become the workers' user. 0 or -errno, and then it must not go on. */
int privileges_drop(const struct core_conf *core, const struct log *log);

/* Keep only the variables of "env", and TZ. 0 or -ENOMEM. */
int privileges_set_environment(const struct core_conf *core);

#endif

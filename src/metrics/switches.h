#ifndef RINGMASTER_METRICS_SWITCHES_H
#define RINGMASTER_METRICS_SWITCHES_H

#include "base/log.h"
#include "metrics/segment.h"

/*
 * What can be changed while the server runs, besides the file cache: words of
 * the header that any process with a writable mapping sets and that the
 * master and the workers look at several times a second. Each change is
 * marked, with who made it.
 */

enum { METRICS_LEVEL_CONFIGURED = 0 };	/* each log its own */

/*
 * Have all error logs take lines up to `level`, whatever is configured, or
 * METRICS_LEVEL_CONFIGURED. Adds a mark if it changed. 0 or -errno.
 */
int metrics_log_switch(struct metrics_segment *segment, unsigned level,
    struct slice who);

/* The same, back to what is configured, unnoticed: at a reload. */
void metrics_log_reset(struct metrics_segment *segment);

/* The level that was chosen last, or METRICS_LEVEL_CONFIGURED. */
unsigned metrics_log_level(const struct metrics_segment *segment);

/*
 * Ask the master to replace the worker of that number, which finishes what it
 * serves. Adds a mark. Returns its process id, or
 * -ENOENT: there is none; -EBUSY: another of that number is being replaced,
 * and has not yet left; or -errno.
 */
int metrics_drain_want(struct metrics_segment *segment, unsigned worker,
    struct slice who);

/* Was that asked for since the last call? For the master. */
bool metrics_drain_take(struct metrics_segment *segment, unsigned worker);

#endif

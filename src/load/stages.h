#ifndef RINGMASTER_LOAD_STAGES_H
#define RINGMASTER_LOAD_STAGES_H

#include "base/slice.h"
#include "load/plan.h"

/* How people write the course of a rate. */

/*
 * Add a point to a schedule that begins with none. Returns NULL, or what is
 * wrong: the first is not at 0, it goes back in time, or a limit is exceeded.
 */
const char *stages_add(struct schedule *schedule, double at_s, double rate);

/* Is it a course of rates, and is at least one request due in it? Returns
 * NULL, or what is wrong. */
const char *stages_check(const struct schedule *schedule);

/* "0:0,5s:5000,25s:5000,30s:0", TIME:RATE each, to a schedule that begins with
 * no points. Returns NULL, or what is wrong. */
const char *stages_parse(struct slice text, struct schedule *schedule);

#endif

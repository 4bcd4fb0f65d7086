#ifndef RINGMASTER_STAT_CONDITIONS_H
#define RINGMASTER_STAT_CONDITIONS_H

#include "stat/counters.h"
#include "stat/expression.h"

/*
 * Names of counters, for expression_parse(); the argument is a struct
 * stat_table. rate(NAME) is how much a counter grows a second, recent(NAME) a
 * quantile of what came since the last sample. What was not counted yet is 0.
 */
extern const struct expression_names stat_counter_names;

/* Names of the fields of a request; the argument is one. */
extern const struct expression_names stat_request_names;

/* Does an expression of counters look at what changes? Then it takes two
 * samples until it holds. */
bool stat_condition_has_changes(const struct expression *expression);

#endif

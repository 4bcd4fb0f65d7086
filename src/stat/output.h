#ifndef RINGMASTER_STAT_OUTPUT_H
#define RINGMASTER_STAT_OUTPUT_H

#include "base/buf.h"
#include "stat/counters.h"
#include "stat/filter.h"

/* What ringstat prints: the rows of a table in several forms. */

enum { STAT_OUTPUT_MAX = 64 << 20 };

/*
 * Append a text from anywhere for a terminal: what is no character that is
 * seen, or not UTF-8, becomes \xXX, and a backslash \\.
 */
void stat_write_visible(struct buf *out, struct slice text);

/*
 * Append the rows that pass the filter; check out->failed afterwards. Text
 * has a row a line: name, value, change, average, help. The list has the names
 * and helps.
 */
void stat_write_text(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter);
void stat_write_list(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter);

/* These two are whole documents, which name the sample. */
void stat_write_json(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter, const struct stat_sample *sample);
void stat_write_xml(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter, const struct stat_sample *sample);

/* A line a row, each with the time of the sample; `head` puts the names of
 * the columns in front. */
void stat_write_csv(struct buf *out, const struct stat_table *table,
    const struct stat_filter *filter, const struct stat_sample *sample,
    bool head);

/*
 * The rows of which `a` and `b`, two tables with the older one first, have
 * different values: name, both values, difference, and what it was a second
 * as b was made to know (NAN if it was not).
 */
void stat_write_diff(struct buf *out, const struct stat_table *a,
    const struct stat_table *b, const struct stat_filter *filter);

/* A request in a line. */
void stat_write_request(struct buf *out,
    const Ringmaster__V1__Request *request);

/* How many series Prometheus makes of a sample, by level and scope. */
void stat_write_series(struct buf *out, const struct stat_sample *sample);

/* Write all to the standard output and empty it. Returns 0 or -errno. */
int stat_output_write(struct buf *out);

#endif

#ifndef RINGMASTER_LOAD_PRINT_H
#define RINGMASTER_LOAD_PRINT_H

#include "base/buf.h"
#include "load.pb-c.h"
#include "load/hdr.h"

/*
 * Results for people and for other programs, each appended to a buffer; the
 * caller looks at out->failed.
 */

enum { PRINT_COLUMNS = 80, PRINT_LINES = 24 };

/* The summary of a run: the verdict first; it fits a terminal of
 * PRINT_COLUMNS x PRINT_LINES with a line left for the prompt, unless the
 * server's part is longer than what is left. */
void load_print_text(struct buf *out,
    const Ringmaster__V1__LoadResult *result);

/* The server's part of it: where the time went, and its workers. */
void load_print_server(struct buf *out,
    const Ringmaster__V1__LoadServer *server);

/* The summary as Markdown. */
void load_print_markdown(struct buf *out,
    const Ringmaster__V1__LoadResult *result);

/* Two runs, figure by figure, and what that says. */
void load_print_comparison(struct buf *out,
    const Ringmaster__V1__LoadComparison *comparison);

/* Second by second (RFC 4180, but lines end with LF); the names of the
 * columns end with their units. */
void load_print_csv(struct buf *out, const Ringmaster__V1__LoadResult *result);

/* All of it as JSON, in the usual form of metrics/json.h, and a newline. */
void load_print_json(struct buf *out,
    const Ringmaster__V1__LoadResult *result);

/* A line of newline-delimited JSON. */
void load_print_status(struct buf *out,
    const Ringmaster__V1__LoadStatusNow *status);

/* The percentile distribution in milliseconds, as wrk2 and the tools of
 * HdrHistogram print it and its plotters read it. */
void load_print_hgrm(struct buf *out, const struct hdr *hdr);

/* Text from elsewhere, with '?' for each control character, which a terminal
 * would obey (C1 controls in UTF-8, too). */
void load_print_plain(struct buf *out, struct slice text);

#endif

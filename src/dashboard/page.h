#ifndef RINGMASTER_DASHBOARD_PAGE_H
#define RINGMASTER_DASHBOARD_PAGE_H

#include "base/buf.h"
#include "metrics.pb-c.h"

/*
 * HTML pages. What a client sent (paths, addresses) is text in them and
 * nothing else. Check out->failed after each.
 */

/* A snapshot: cards, and tables of requests, workers, servers and events.
 * It reloads itself; nothing in it is a script. */
void page_write(struct buf *out, const Ringmaster__V1__Snapshot *snapshot);

/* An error, for people. */
void page_write_error(struct buf *out, unsigned status, struct slice message);

/* A question with a button that posts to `action`, a path of ours. */
void page_write_confirm(struct buf *out, const char *question,
    const char *action);

/*
 * Append `text` so that it is only text, also within quoted attributes:
 * markup is escaped, control bytes and what is not UTF-8 are shown as \xXX.
 */
void page_escape(struct buf *out, struct slice text);

/* Append a number with a comma between thousands. */
void page_count(struct buf *out, uint64_t number);

/* Append a duration in the unit that suits it: "23.4 ms". */
void page_seconds(struct buf *out, double seconds);

/* Append a size likewise: "1.5 KiB". */
void page_bytes(struct buf *out, uint64_t bytes);

#endif

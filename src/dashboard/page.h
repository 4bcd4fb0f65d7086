#ifndef RINGMASTER_DASHBOARD_PAGE_H
#define RINGMASTER_DASHBOARD_PAGE_H

#include "base/buf.h"

/*
 * HTML pages. What a client sent (paths, addresses) is text in them and
 * nothing else. Check out->failed after each.
 */

/* An error, for people. */
void page_write_error(struct buf *out, unsigned status, struct slice message);

/* A question with a button that posts the session's token to `action`, a path
 * of ours. */
void page_write_confirm(struct buf *out, const char *question,
    struct slice action, const char *token);

/* The gallery of reports: its beginning, each of them, its end. */
struct page_report {
	const char *run, *name, *date, *figures;
};
void page_write_reports_begin(struct buf *out, unsigned count);
void page_write_report(struct buf *out, const struct page_report *report);
void page_write_reports_end(struct buf *out);

/*
 * Append `text` so that it is only text, also within quoted attributes:
 * markup is escaped, control bytes and what is not UTF-8 are shown as \xXX.
 */
void page_escape(struct buf *out, struct slice text);

#endif

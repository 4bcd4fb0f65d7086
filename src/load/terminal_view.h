#ifndef RINGMASTER_LOAD_TERMINAL_VIEW_H
#define RINGMASTER_LOAD_TERMINAL_VIEW_H

#include "base/buf.h"
#include "load/progress.h"

/* What the live view shows, as text: no terminal, no clock. */

enum { LOAD_VIEW_COLUMNS_MAX = 200, LOAD_VIEW_ROWS_MAX = 60 };

struct load_view {
	unsigned columns, rows;		/* of the terminal */
	bool colour, utf8;
	const char *title;
	const char *doing;		/* which of several tests this is, or
					 * NULL */
	struct slice told;		/* lines about those before, the newest
					 * last; as many as fit are shown */
	double elapsed_s;		/* since the test began */
	bool stopping;			/* it was told to end */
	bool keys;			/* are read */
	bool can_change;		/* the rate, by the key `r` */
	const char *typed;		/* of a new rate so far; or NULL */
};

/* Append the screen: at most `rows` lines that are at most `columns` wide,
 * with newlines between and ANSI colours if they are wanted. */
void load_view_draw(struct buf *out, const struct load_view *view,
    const struct load_progress *progress);

/* Append one line about the newest second, for logs. */
void load_view_line(struct buf *out, const struct load_progress *progress);

#endif

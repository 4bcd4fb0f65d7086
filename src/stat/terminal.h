#ifndef RINGMASTER_STAT_TERMINAL_H
#define RINGMASTER_STAT_TERMINAL_H

#include "stat/canvas.h"
#include "stat/source.h"

/*
 * The terminal, through ncursesw: the one place that knows it. There is one
 * at a time, as signals are of the process.
 */

struct terminal;

enum {
	/* What terminal_wait() returns besides keys; above
	 * enum view_key. */
	TERMINAL_NOTHING = 0x120000,	/* the time is over */
	TERMINAL_RESIZED,		/* or gone on with: draw all of it */
	TERMINAL_ENDED,			/* a signal says so, or it hung up */
};

/*
 * Take the terminal that is the standard output; keys come from the standard
 * input, or from /dev/tty if that is no terminal. In colour unless NO_COLOR
 * is set (no-color.org).
 *
 * From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT end a wait, SIGTSTP gives
 * the terminal back until SIGCONT, and what kills the process (SIGSEGV,
 * SIGABRT, SIGPIPE, ...) does so after the terminal was put back.
 * Returns 0, or -errno with a sentence in `why`.
 */
int terminal_open(char why[STAT_WHY_MAX], struct terminal **ret);

/*
 * Put the terminal back as it was, and free. If a signal ended the last wait,
 * the process then dies of it.
 */
void terminal_close(struct terminal **terminal);

/* What it can show: glyphs and colours of a canvas for it. */
void terminal_can(const struct terminal *terminal, struct canvas *canvas);

/* Its size in cells. */
void terminal_size(const struct terminal *terminal, unsigned *columns,
    unsigned *rows);

/*
 * Wait for a key: a code point, one of enum view_key (key.h), or one of those
 * above.
 * timeout_ms: -1 waits for as long as it takes.
 */
uint32_t terminal_wait(struct terminal *terminal, int timeout_ms);

/* Show a canvas. Only what changed is written, or all of it if `again`. */
void terminal_show(struct terminal *terminal, const struct canvas *canvas,
    bool again);

#endif

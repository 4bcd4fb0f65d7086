#ifndef RINGMASTER_LOAD_TERMINAL_H
#define RINGMASTER_LOAD_TERMINAL_H

#include <signal.h>

#include "load/progress.h"

/*
 * How a running test is doing, for people: on a terminal a screen that is
 * drawn four times a second, else one line a second.
 *
 * The screen is drawn by a thread of its own, which sleeps in between, so it
 * takes nothing from the engine's threads. Its key `q` ends the test, `r` and
 * a number change the rate of the open model.
 *
 * Several tests in a row may share it. Then there is a line for each when it
 * is over, on the screen and, when that is gone, below it; and without a
 * screen nothing else.
 */

struct load_terminal;

struct load_terminal_options {
	const struct load_plan *plan;	/* copied */
	const char *title;		/* what is tested */
	bool several;			/* tests in a row */
	int fd;				/* written to: standard error */
	int keys_fd;			/* keys are read here if it is a
					 * terminal: standard input */
	volatile sig_atomic_t *stop;	/* set to 1 by the key */
	uint32_t *rate;			/* set by the other one, atomically;
					 * or NULL: there is none */
};

/*
 * Begin. A screen is drawn if `fd` is a terminal that can be moved about in
 * (TERM is set and not "dumb") and this is no background job; in colour
 * unless NO_COLOR is set (no-color.org), in ASCII unless the locale's
 * characters are UTF-8.
 * Returns 0, or -errno: -ENOMEM, -EAGAIN (no thread).
 */
int load_terminal_open(const struct load_terminal_options *options,
    struct load_terminal **ret);

/* The next of several tests begins; `doing` says which one it is. */
void load_terminal_begins(struct load_terminal *terminal,
    const struct load_plan *plan, const char *doing);

/* It is over: a line about it. */
void load_terminal_told(struct load_terminal *terminal, const char *line);

/* A second is over. */
void load_terminal_second(struct load_terminal *terminal,
    const struct load_progress *progress);

/* Put the terminal back as it was and free; NULL is fine. */
void load_terminal_close(struct load_terminal *terminal);

/* Put the terminal back as it was, from a signal handler that then exits. */
void load_terminal_restore(void);

#endif

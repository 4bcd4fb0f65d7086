#ifndef RINGMASTER_STAT_SCREENS_H
#define RINGMASTER_STAT_SCREENS_H

#include "stat/canvas.h"
#include "stat/filter.h"
#include "stat/source.h"

/* ringstat on a terminal: samples, keys and pictures in turn. */

struct screens_options {
	const struct stat_filter *filter;	/* of the counters */
	double interval_s;			/* between samples */
	enum canvas_glyphs glyphs;		/* at most these */
};

/*
 * Show what a source has until somebody quits. The standard output is a
 * terminal; it is left as it was, also by a signal, of which the process then
 * dies.
 * Returns 0, or -errno with a sentence in `why`: -ENOTSUP if the terminal
 * cannot do it.
 */
int screens_run(struct stat_source *source,
    const struct screens_options *options, char why[STAT_WHY_MAX]);

#endif

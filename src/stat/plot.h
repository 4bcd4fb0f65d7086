#ifndef RINGMASTER_STAT_PLOT_H
#define RINGMASTER_STAT_PLOT_H

#include "stat/canvas.h"

/*
 * Pictures out of characters: braille dots, block elements or ASCII, as the
 * canvas has them. Numbers that are not finite leave a gap.
 */

/* Values that one column of a plot shows. */
static inline unsigned plot_values_each(const struct canvas *canvas)
{
	return canvas->glyphs == CANVAS_BRAILLE ? 2 : 1;
}

/*
 * Values over time, oldest first; the newest is at the right edge. Of more
 * than fit, the oldest are left out.
 */
struct plot_values {
	const double *values;
	unsigned count;
	enum canvas_style style;
};

/* The lowest 1, 2 or 5 times a power of ten that is not below `value`. */
double plot_ceiling(double value);

/*
 * Filled up to the values, of which `max` fills the area. The style is the
 * first of a ramp of `ramp` styles from the foot up.
 */
void plot_fill(struct area area, const struct plot_values *values,
    unsigned ramp, double max);

/*
 * Lines on a logarithmic axis from `min` to `max`; later ones lie above
 * earlier ones. Where there are no braille dots a character marks each value.
 */
void plot_lines(struct area area, const struct plot_values *lines,
    unsigned count, double min, double max);

/* Values on top of each other, of the same times, as shares of `max`. */
void plot_stack(struct area area, const struct plot_values *layers,
    unsigned count, double max);

/* One row filled up to `share` (0 to 1), on a faint ground. */
void plot_meter(struct area area, double share, enum canvas_style style);

/* One column filled from the foot up to `share` of the area's rows. */
void plot_column(struct area area, unsigned x, double share,
    enum canvas_style style);

/* A cell of a heat map: `share` 0 is blank, up to 1. */
void plot_heat(struct area area, unsigned x, unsigned y, double share);

#endif

#include "stat/plot.h"

#include <math.h>
#include <string.h>

enum {
	PLOT_EIGHTHS = 8,	/* steps of a block element */
	PLOT_HEATS = STYLE_HEAT_TOP - STYLE_HEAT + 1,
	PLOT_DOT_ROWS = 4,	/* of a cell in braille */
	PLOT_FULL_COLOURS = 256,
};

static const uint32_t plot_ascii_fill[] = { ' ', '.', ':', '|' };

double plot_ceiling(double value)
{
	double power;

	if (!(value > 0) || !isfinite(value))
		return 1;
	power = pow(10, floor(log10(value)));
	for (unsigned i = 0; i < 2; i++, power *= 10)
		for (double step = 1; step < 6; step += step < 2 ? 1 : 3)
			if (value <= step * power * (1 + 1e-9))
				return step * power;
	return value;
}

/* The value `from_right` places before the newest; NAN if there is none. */
static double plot_value(const struct plot_values *values, unsigned from_right)
{
	return from_right < values->count
	    ? values->values[values->count - 1 - from_right] : NAN;
}

/* How many of `steps` a share is: some is never none. */
static unsigned plot_steps(double share, unsigned steps)
{
	if (!(share > 0))
		return 0;
	if (share >= 1)
		return steps;
	return (unsigned)fmax(1, lround(share * steps));
}

/* ---- columns ---- */

/* What a cell shows that is filled from its foot by some eighths. */
static uint32_t plot_block(const struct canvas *canvas, unsigned eighths)
{
	if (canvas_utf8(canvas))
		return eighths ? 0x2580 + eighths : ' ';
	return plot_ascii_fill[(eighths * 3 + 7) / PLOT_EIGHTHS];
}

void plot_column(struct area area, unsigned x, double share,
    enum canvas_style style)
{
	unsigned filled = plot_steps(share, area.rows * PLOT_EIGHTHS);

	for (unsigned row = 0; row < area.rows && filled > 0; row++) {
		unsigned here = filled < PLOT_EIGHTHS ? filled : PLOT_EIGHTHS;

		area_put(area, x, area.rows - 1 - row,
		    plot_block(area.canvas, here), style);
		filled -= here;
	}
}

/* Bits of the left column's dots from the foot up; the right one's. */
static const unsigned plot_left[] = { 0x40, 0x04, 0x02, 0x01 };
static const unsigned plot_right[] = { 0x80, 0x20, 0x10, 0x08 };

static unsigned plot_dots(const unsigned *bits, unsigned count)
{
	unsigned dots = 0;

	for (unsigned i = 0; i < count && i < PLOT_DOT_ROWS; i++)
		dots |= bits[i];
	return dots;
}

static enum canvas_style plot_ramp(const struct plot_values *values,
    unsigned ramp, unsigned row, unsigned rows)
{
	unsigned step = rows > 1 ? row * ramp / rows : ramp - 1;

	return (enum canvas_style)(values->style + step);
}

static unsigned plot_above(unsigned dots, unsigned below)
{
	return dots > below ? dots - below : 0;
}

static void plot_fill_column(struct area area, unsigned x,
    const unsigned heights[2], const enum canvas_style *styles)
{
	bool braille = area.canvas->glyphs == CANVAS_BRAILLE;

	for (unsigned row = 0; row < area.rows; row++) {
		unsigned each = braille ? PLOT_DOT_ROWS : PLOT_EIGHTHS;
		unsigned left = plot_above(heights[0], row * each);
		unsigned right = plot_above(heights[1], row * each);
		uint32_t shown = braille
		    ? 0x2800 | plot_dots(plot_left, left) |
			plot_dots(plot_right, right)
		    : plot_block(area.canvas, left < each ? left : each);

		if (left || right)
			area_put(area, x, area.rows - 1 - row, shown,
			    styles[row]);
	}
}

void plot_fill(struct area area, const struct plot_values *values,
    unsigned ramp, double max)
{
	unsigned each = plot_values_each(area.canvas);
	unsigned steps = area.rows * (each == 2 ? PLOT_DOT_ROWS : PLOT_EIGHTHS);
	enum canvas_style styles[CANVAS_ROWS_MAX];

	for (unsigned row = 0; row < area.rows; row++)
		styles[row] = plot_ramp(values, ramp, row, area.rows);
	for (unsigned i = 0; i < area.columns; i++) {
		unsigned heights[2] = { 0, 0 };

		for (unsigned k = 0; k < each; k++)
			heights[each - 1 - k] = plot_steps(
			    plot_value(values, i * each + k) / max, steps);
		plot_fill_column(area, area.columns - 1 - i, heights, styles);
	}
}

/* ---- lines ---- */

struct plot_grid {		/* a column of cells being drawn */
	unsigned dots[CANVAS_ROWS_MAX];
	enum canvas_style styles[CANVAS_ROWS_MAX];
};

/* Where on a logarithmic axis of `steps` a value lies. */
static unsigned plot_log_step(double value, double min, double max,
    unsigned steps)
{
	double share = log(value / min) / log(max / min);

	if (!(share > 0))
		return 0;
	return share >= 1 ? steps - 1 : (unsigned)(share * steps);
}

static void plot_line_dots(struct plot_grid *grid, unsigned rows,
    const unsigned *bits, unsigned range[2], enum canvas_style style)
{
	for (unsigned at = range[0]; at <= range[1]; at++) {
		unsigned row = rows - 1 - at / PLOT_DOT_ROWS;

		grid->dots[row] |= bits[at % PLOT_DOT_ROWS];
		grid->styles[row] = style;
	}
}

/*
 * From one value to the next, which is `from_right` values from the edge:
 * the dots between the two are filled, so that it is a line.
 */
static void plot_line_part(struct plot_grid *grid, unsigned rows,
    const struct plot_values *line, unsigned from_right, const double ends[2])
{
	double now = plot_value(line, from_right);
	double before = plot_value(line, from_right + 1);
	unsigned steps = rows * PLOT_DOT_ROWS, range[2];

	if (!(now > 0) || !isfinite(now))
		return;
	range[0] = range[1] = plot_log_step(now, ends[0], ends[1], steps);
	if (before > 0 && isfinite(before)) {
		unsigned at = plot_log_step(before, ends[0], ends[1], steps);

		if (at + 1 < range[0])
			range[0] = at + 1;
		else if (at > range[1] + 1)
			range[1] = at - 1;
	}
	plot_line_dots(grid, rows, from_right % 2 ? plot_left : plot_right,
	    range, line->style);
}

static void plot_lines_braille(struct area area,
    const struct plot_values *lines, unsigned count, const double ends[2])
{
	for (unsigned i = 0; i < area.columns; i++) {
		struct plot_grid grid = { .dots = { 0 } };

		for (unsigned k = 0; k < count; k++)
			for (unsigned half = 0; half < 2; half++)
				plot_line_part(&grid, area.rows, &lines[k],
				    2 * i + half, ends);
		for (unsigned row = 0; row < area.rows; row++)
			if (grid.dots[row])
				area_put(area, area.columns - 1 - i, row,
				    0x2800 | grid.dots[row], grid.styles[row]);
	}
}

void plot_lines(struct area area, const struct plot_values *lines,
    unsigned count, double min, double max)
{
	static const uint32_t marks[] = { '.', '-', '*', '#' };

	if (area.rows == 0)
		return;
	if (area.canvas->glyphs == CANVAS_BRAILLE) {
		plot_lines_braille(area, lines, count,
		    (const double[]){ min, max });
		return;
	}
	for (unsigned i = 0; i < area.columns; i++) {
		struct plot_grid grid = { .dots = { 0 } };

		for (unsigned k = 0; k < count; k++) {
			double value = plot_value(&lines[k], i);

			if (!(value > 0) || !isfinite(value))
				continue;
			unsigned row = area.rows - 1 -
			    plot_log_step(value, min, max, area.rows);

			grid.dots[row] = marks[k % 4];
			grid.styles[row] = lines[k].style;
		}
		for (unsigned row = 0; row < area.rows; row++)
			if (grid.dots[row])
				area_put(area, area.columns - 1 - i, row,
				    grid.dots[row], grid.styles[row]);
	}
}

/* ---- the rest ---- */

void plot_stack(struct area area, const struct plot_values *layers,
    unsigned count, double max)
{
	static const uint32_t ascii[] = { '=', '-', '4', '5', 'x', '#' };

	for (unsigned i = 0; i < area.columns; i++) {
		double sum = 0;
		unsigned row = 0;

		for (unsigned k = 0; k < count; k++) {
			double value = plot_value(&layers[k], i);
			unsigned end;

			if (!(value > 0) || !isfinite(value))
				continue;
			sum += value;
			end = plot_steps(sum / max, area.rows);
			/* What there is is seen, however little it is. */
			if (end <= row)
				end = row + 1;
			for (; row < end && row < area.rows; row++)
				area_put(area, area.columns - 1 - i,
				    area.rows - 1 - row,
				    canvas_utf8(area.canvas) ? 0x2588
					: ascii[k % 6], layers[k].style);
		}
	}
}

void plot_meter(struct area area, double share, enum canvas_style style)
{
	bool utf8 = canvas_utf8(area.canvas);
	unsigned each = utf8 ? 2 : 1;
	unsigned filled = plot_steps(share, area.columns * each);

	for (unsigned x = 0; x < area.columns; x++) {
		unsigned here = plot_above(filled, x * each);

		if (here >= each)
			area_put(area, x, 0, utf8 ? 0x2501 : '=', style);
		else if (here)
			area_put(area, x, 0, 0x2578, style);
		else
			area_put(area, x, 0, utf8 ? 0x2500 : '-', STYLE_FAINT);
	}
}

void plot_heat(struct area area, unsigned x, unsigned y, double share)
{
	static const uint32_t shades[] = { 0x2591, 0x2591, 0x2592, 0x2592,
		0x2593, 0x2593, 0x2588, 0x2588 };
	unsigned heat = plot_steps(share, PLOT_HEATS);
	uint32_t shown;

	if (heat == 0)
		return;
	if (!canvas_utf8(area.canvas))
		shown = (uint32_t)".:-=+*#@"[heat - 1];
	else
		shown = area.canvas->colours >= PLOT_FULL_COLOURS ? 0x2588
		    : shades[heat - 1];
	area_put(area, x, y, shown, (enum canvas_style)(STYLE_HEAT + heat - 1));
}

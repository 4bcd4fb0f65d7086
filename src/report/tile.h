#ifndef RINGMASTER_REPORT_TILE_H
#define RINGMASTER_REPORT_TILE_H

#include "report/chart.h"

/* A figure in large digits, with its course and how it changed. */

struct tile {
	const char *label;
	char value[WORDS_MAX];		/* a number, and its unit behind " " */
	const char *below;
	const double *spark;		/* its course; or NULL */
	unsigned spark_count;
	enum theme_token token;
	double now, before;		/* NAN: cannot be compared */
	bool more;			/* is better */
	bool chance;			/* may have changed it */
	bool minor;			/* left out if not all have room */
};

/* Side by side from the top of a box on, in rows if they would be too narrow.
 * Returns how high they are together. */
double tiles_show(struct scene *scene, struct box box,
    const struct tile *tiles, unsigned count);

#endif

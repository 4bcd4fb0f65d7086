#ifndef RINGMASTER_TOOLS_GRAFANA_BOARDS_H
#define RINGMASTER_TOOLS_GRAFANA_BOARDS_H

#include <stdbool.h>
#include <stddef.h>

/* What the dashboards for Grafana show; grafana_gen.c writes them. */

enum grafana_type {
	GRAFANA_ROW,		/* a heading */
	GRAFANA_TIMESERIES,
	GRAFANA_STAT,
	GRAFANA_HEATMAP,
	GRAFANA_TABLE,
};

enum { GRAFANA_QUERIES_MAX = 7 };

struct grafana_query {
	const char *expr;	/* PromQL; @ stands for the chosen servers */
	const char *legend;	/* of a line; of a table's column */
};

struct grafana_panel {
	enum grafana_type type;
	const char *title;
	int width;		/* of 24 */
	const char *unit;	/* Grafana's name; NULL: the catalogue says */
	const char *note;	/* what it shows; NULL: the catalogue says, of
				 * the first metric asked for */
	bool stacked;
	struct grafana_query queries[GRAFANA_QUERIES_MAX + 1];	/* then NULL */
};

struct grafana_board {
	const char *uid;	/* in addresses; names its file, too */
	const char *title;
	const struct grafana_panel *panels;
	size_t panel_count;
};

extern const struct grafana_board grafana_boards[];	/* last: uid NULL */

#endif

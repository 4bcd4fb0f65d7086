#ifndef RINGMASTER_STAT_VIEW_H
#define RINGMASTER_STAT_VIEW_H

#include "stat/canvas.h"
#include "stat/key.h"
#include "stat/source.h"
#include "stat/track.h"

/*
 * What is looked at and how: the state of the screens, which keys change and
 * from which they are drawn. It knows neither the terminal nor the source.
 */

enum view_screen {
	SCREEN_OVERVIEW,
	SCREEN_COUNTERS,
	SCREEN_WORKERS,
	SCREEN_SERVERS,
	SCREEN_LATENCY,
	SCREEN_TOP,
	SCREEN_REQUESTS,
	SCREEN_COUNT
};

enum {
	VIEW_COLUMNS_MIN = 80,
	VIEW_ROWS_MIN = 24,
	VIEW_FILTER_MAX = 64,		/* bytes, with the terminator */
	VIEW_NAME_MAX = 256,
};

enum view_source {
	VIEW_LIVE,
	VIEW_STOPPED,			/* the last snapshot is shown */
	VIEW_FILE,			/* one that was kept */
};

/* A list that is longer than the screen. */
struct view_list {
	unsigned selected, first;
	unsigned count, page;		/* as last drawn */
	unsigned drawn;			/* what was selected then, and */
	char key[VIEW_NAME_MAX];	/* what that was; "" at the top */
};

struct stat_table;
struct stat_filter;

struct view {			/* at first all zeros but the pointers */
	struct track *track;
	struct stat_table *table;
	const struct stat_filter *filter;	/* of the counters */

	enum view_source source;
	const char *name;		/* of the instance, or of the file */
	char stopped[STAT_WHY_MAX];	/* since when, in words */

	enum view_screen screen;
	struct view_list lists[SCREEN_COUNT];
	char filters[SCREEN_COUNT][VIEW_FILTER_MAX];
	unsigned sorts[SCREEN_COUNT];
	unsigned window;		/* of latencies: enum view_window */
	unsigned listed;		/* in Top: which of the server's lists,
					 * from 1; 0: what was seen here */
	bool typing;			/* a filter */
	bool help;
	bool paused;
	bool zeros;			/* are shown */
	bool unscaled;			/* all digits, in groups */
	bool raw;			/* all digits, as programs read them */
	unsigned verbosity;		/* enum metrics_level */
	unsigned interval_ms;		/* between snapshots */
};

enum view_counters { COUNTERS_BY_NAME, COUNTERS_BY_ACTIVITY, COUNTERS_ORDERS };
enum view_window { WINDOW_LATELY, WINDOW_INTERVAL, WINDOW_START,
	WINDOW_COUNT };

enum view_action {		/* what the caller is to do after a key */
	VIEW_DRAW,
	VIEW_SAMPLE,		/* take a snapshot now, and draw */
	VIEW_REDRAW,		/* all that is on the terminal */
	VIEW_QUIT,
};

/* Obey a key: a code point or one of enum view_key. */
enum view_action view_key(struct view *view, uint32_t key);

/* Draw the chosen screen on all of a canvas. The track has a snapshot. */
void view_draw(struct view *view, struct canvas *canvas);

#endif

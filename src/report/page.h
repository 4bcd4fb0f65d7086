#ifndef RINGMASTER_REPORT_PAGE_H
#define RINGMASTER_REPORT_PAGE_H

#include "load.pb-c.h"
#include "report/chart.h"
#include "report/scene.h"
#include "report/series.h"
#include "report/source.h"

/*
 * The pages of a report, as scenes. Inside src/report only: others call
 * report.h.
 */

enum {
	PAGE_WIDTH = 1600, PAGE_HEIGHT = 1000,	/* units */
	PAGE_WIDTH_MIN = 600, PAGE_HEIGHT_MIN = 315,
	PAGE_SIDE_MAX = 4000,
	PAGE_FULL_WIDTH = 1200, PAGE_FULL_HEIGHT = 800,	/* below: a card */
	PAGE_HISTORY = 20,
	PAGE_HEADER = 72, PAGE_FOOTER = 32,
	PAGE_TILES = 6,
};

#define PAGE_MARGIN 32.0
#define PAGE_GAP 16.0
#define PAGE_CHART_MIN 150.0		/* units high */

/* A run that is shown. */
struct page_run {
	Ringmaster__V1__LoadResult *result;
	struct series series;		/* count 0: it has no seconds */
	bool open;			/* of the open model */
	struct chart_mark marks[CHART_MARKS_MAX];
	unsigned mark_count;
	unsigned marks_told;		/* of these, in keys so far */
};

struct page {
	struct scene *scene;
	struct arena *arena;
	const struct source *source;
	unsigned index;			/* of the run in the source */
	struct page_run run;
	struct page_run before;		/* result NULL: there is none */
	unsigned history;		/* runs that are shown of it */
	const char *digest;		/* of the data; NULL: not told */
	/* Of `before`, which is A, and `run`, B; else NULL. */
	Ringmaster__V1__LoadComparison *comparison;
};

enum page_panel {
	PANEL_THROUGHPUT, PANEL_LATENCY, PANEL_DISTRIBUTION, PANEL_PERCENTILES,
	PANEL_STAGES, PANEL_STATUS, PANEL_WORKERS, PANEL_HISTORY,
	PANEL_NOTES, PANELS,
	PANEL_NONE = PANELS
};

extern const char *const page_panel_names[PANELS];

/* Fetch a run from the source. Returns 0 or -ENOMEM. */
int page_run_make(struct page *page, unsigned index, struct page_run *ret);

/* The whole page of a run, a card of it, or one panel; width and height are
 * the scene's. */
void page_run_layout(struct page *page, double width, double height);
void page_card_layout(struct page *page, double width, double height);
void page_panel_layout(struct page *page, enum page_panel panel,
    double width, double height);

/* Two runs; the course of many. */
void page_compare_layout(struct page *page, double width, double height);
void page_trend_layout(struct page *page, double width, double height);

/* page_head.c: what all pages have at the top and the bottom. */
void page_header(struct page *page, struct box box);
void page_footer(struct page *page, struct box box);

/* At the top of a box; returns how high they are. */
double page_tiles(struct page *page, struct box box);

/* What drew it, and the digest of its data, in a line at the bottom of a page
 * that has no footer. */
void page_colophon(struct page *page);

/* A word on a plate at the right end; returns where the plate begins. */
double page_chip(struct page *page, struct point right_top, const char *word,
    enum theme_token token);

/* Text in the arena. */
const char *page_print(struct page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "open 2,000/s poisson, 30 s, 100 connections", in the arena. */
const char *page_model(struct page *page,
    const Ringmaster__V1__LoadResult *result);

/* The panels. */
void panel_throughput(struct page *page, struct box box);
void panel_latency(struct page *page, struct box box);
void panel_distribution(struct page *page, struct box box);
void panel_percentiles(struct page *page, struct box box);
void panel_stages(struct page *page, struct box box);
void panel_status(struct page *page, struct box box);
void panel_workers(struct page *page, struct box box);
void panel_history(struct page *page, struct box box);
void panel_notes(struct page *page, struct box box);

/* A list of sentences, as far as there is room. */
struct notes {
	struct page *page;
	struct point at;		/* of the next one */
	double bottom, width;
};

struct notes notes_open(struct page *page, struct box box, const char *title);
void notes_line(struct notes *notes, enum theme_token token,
    const char *text);

#endif

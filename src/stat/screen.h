#ifndef RINGMASTER_STAT_SCREEN_H
#define RINGMASTER_STAT_SCREEN_H

#include "stat/view.h"
#include "stat/word.h"

/* What the files of the single screens share; view.c chooses among them. */

/* Draw a screen between header and footer. There is a snapshot. */
void screen_overview(struct view *view, struct area body);
void screen_counters(struct view *view, struct area body);
void screen_workers(struct view *view, struct area body);
void screen_servers(struct view *view, struct area body);
void screen_latency(struct view *view, struct area body);
void screen_top(struct view *view, struct area body);
void screen_requests(struct view *view, struct area body);

/*
 * Begin to draw this screen's list: it has so many rows, of which so many
 * are seen. Returns it with what is selected kept in sight.
 */
struct view_list *screen_list(struct view *view, unsigned count,
    unsigned page);

/*
 * What is selected stays so, were it in another row now, unless a key has
 * moved from it; only the first row is where one stays, whatever comes there.
 * Before screen_list(), and after it:
 *
 * key:  what a row's name is, to be found again
 */
void screen_list_follow(struct view *view, unsigned count,
    const char *(*key)(const struct view *view, unsigned row));
void screen_list_remember(struct view *view,
    const char *(*key)(const struct view *view, unsigned row));

/* The selected row gets its style, unless there is none. */
void screen_list_mark(const struct view_list *list, struct area rows);

struct screen_words {
	char s[3 * WORDS_MAX];
};

/* "3-17 of 40", or "none". */
struct screen_words screen_list_words(const struct view_list *list);

/* "1,234 of 5,678". */
struct screen_words screen_of(uint64_t part, uint64_t all);

/* A power of ten of seconds: "100 us". */
struct word screen_decade(int power);

/* The style of a status; 0 is none. */
enum canvas_style screen_status_style(unsigned status);
extern const struct screen_class {
	const char *name;
	enum canvas_style style;
} screen_classes[TRACK_CLASS_COUNT];

/* A dot between two words, where there is one. */
static inline const char *screen_dot(struct area area)
{
	return canvas_utf8(area.canvas) ? " · " : ", ";
}

/* Whether `text` has `part` in it, without regard to the case of ASCII. */
bool screen_contains(const char *text, const char *part);

/* A line of the track as what is plotted. */
#define SCREEN_LINE(view, line, of_style) ((struct plot_values){ \
	(view)->track->lines[line], (view)->track->count, of_style })

/* The time that `columns` of a plot show: "last 5 min 00 s". */
void screen_plot_span(const struct view *view, struct area area, char *ret,
    size_t size);

/* Marks on a plot's upper border: where events were. */
void screen_plot_marks(const struct view *view, struct area plot);

/* One event in a row: when, what. */
void screen_mark(struct pen *pen, const Ringmaster__V1__Mark *mark);

#endif

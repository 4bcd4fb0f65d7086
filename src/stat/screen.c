/* What several screens draw. */
#include "stat/screen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct screen_class screen_classes[TRACK_CLASS_COUNT] = {
	[TRACK_1XX] = { "1xx", STYLE_PLAIN },
	[TRACK_2XX] = { "2xx", STYLE_OK },
	[TRACK_3XX] = { "3xx", STYLE_MOVED },
	[TRACK_4XX] = { "4xx", STYLE_CLIENT },
	[TRACK_5XX] = { "5xx", STYLE_SERVER },
	[TRACK_ABORTED] = { "cut", STYLE_ABORTED },
};

struct view_list *screen_list(struct view *view, unsigned count,
    unsigned page)
{
	struct view_list *list = &view->lists[view->screen];

	list->count = count;
	list->page = page;
	if (list->selected >= count)
		list->selected = count ? count - 1 : 0;
	/* Unsigned: it may have been moved to before the first row. */
	if ((int)list->first < 0 || list->first > list->selected)
		list->first = (int)list->first < 0 ? 0 : list->selected;
	if (page && list->selected - list->first >= page)
		list->first = list->selected - page + 1;
	if (list->first + page > count)
		list->first = count > page ? count - page : 0;
	return list;
}

void screen_list_follow(struct view *view, unsigned count,
    const char *(*key)(const struct view *view, unsigned row))
{
	struct view_list *list = &view->lists[view->screen];

	if (list->selected != list->drawn || !*list->key)
		return;
	for (unsigned i = 0; i < count; i++)
		if (strcmp(key(view, i), list->key) == 0) {
			/* The picture stays, too. */
			list->first += i - list->selected;
			list->selected = i;
			return;
		}
}

void screen_list_remember(struct view *view,
    const char *(*key)(const struct view *view, unsigned row))
{
	struct view_list *list = &view->lists[view->screen];

	list->drawn = list->selected;
	(void)snprintf(list->key, sizeof(list->key), "%s",
	    list->selected > 0 ? key(view, list->selected) : "");
}

void screen_list_mark(const struct view_list *list, struct area rows)
{
	if (list->count)
		area_style_row(rows, list->selected - list->first,
		    STYLE_CHOSEN);
}

struct screen_words screen_list_words(const struct view_list *list)
{
	struct screen_words words;
	unsigned last = list->first + list->page;

	if (list->count == 0)
		(void)snprintf(words.s, sizeof(words.s), "none");
	else
		(void)snprintf(words.s, sizeof(words.s), "%u-%u of %u",
		    list->first + 1, last < list->count ? last : list->count,
		    list->count);
	return words;
}

struct screen_words screen_of(uint64_t part, uint64_t all)
{
	struct screen_words words;

	(void)snprintf(words.s, sizeof(words.s), "%s of %s",
	    word_short((double)part).s, word_short((double)all).s);
	return words;
}

enum canvas_style screen_status_style(unsigned status)
{
	if (status < 100 || status > 599)
		return STYLE_ABORTED;
	return screen_classes[status / 100 - 1].style;
}

bool screen_contains(const char *text, const char *part)
{
	size_t len = strlen(part);

	for (; *text; text++)
		if (strncasecmp(text, part, len) == 0)
			return true;
	return len == 0;
}

/* ---- time ---- */

/* How many values lie in the picture. */
static unsigned screen_plot_count(const struct view *view, struct area plot)
{
	unsigned shown = plot.columns *
	    (plot.canvas->glyphs == CANVAS_BRAILLE ? 2 : 1);

	return shown < view->track->count ? shown : view->track->count;
}

void screen_plot_span(const struct view *view, struct area area, char *ret,
    size_t size)
{
	const struct track *track = view->track;
	unsigned shown = screen_plot_count(view, area);
	const double *times = track->lines[TRACK_TIME];

	(void)snprintf(ret, size, "last %s", shown > 1
	    ? word_span(round(times[track->count - 1] -
		  times[track->count - shown])).s : "0 s");
}

static enum canvas_style screen_mark_style(Ringmaster__V1__MarkKind kind)
{
	switch (kind) {
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_CRASH:
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_RELOAD_FAILED:
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_ALERT:
		return STYLE_SERVER;
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_STOP:
		return STYLE_CLIENT;
	default:
		return STYLE_OK;
	}
}

void screen_plot_marks(const struct view *view, struct area plot)
{
	const struct track *track = view->track;
	const Ringmaster__V1__Snapshot *now = track->now;
	unsigned shown = screen_plot_count(view, plot);
	unsigned each = plot.canvas->glyphs == CANVAS_BRAILLE ? 2 : 1;
	const double *times = track->lines[TRACK_TIME];

	/* The newest last, so that an older one does not hide it. */
	for (size_t i = now->n_marks; i-- > 0;) {
		double at = (double)now->marks[i]->time_unix_ns * 1e-9;
		unsigned back = 0;

		while (back + 1 < shown &&
		    times[track->count - 2 - back] >= at)
			back++;
		if (back + 1 >= shown)
			continue;
		struct area cell = area_columns(plot,
		    plot.columns - 1 - back / each, 1);

		area_clear(area_rows(cell, 0, 1));
		area_put(cell, 0, 0, canvas_utf8(plot.canvas) ? 0x25bc : 'v',
		    screen_mark_style(now->marks[i]->kind));
	}
}

void screen_mark(struct pen *pen, const Ringmaster__V1__Mark *mark)
{
	static const char *const names[] = { "event", "start", "reload",
		"reload failed", "worker lost", "upgrade", "cache on",
		"cache off", "stop", "cache flush", "deploy", "test",
		"test end", "alert", "log level", "drain" };
	unsigned kind = (unsigned)mark->kind;
	const char *name = kind < sizeof(names) / sizeof(*names) ? names[kind]
								 : names[0];

	pen_printf(pen, STYLE_FAINT, "%s ", word_clock(mark->time_unix_ns).s);
	pen_fit(pen, screen_mark_style(mark->kind), 13, name);
	pen_text(pen, STYLE_FAINT, " ");
	pen_fit(pen, STYLE_PLAIN, pen->x < pen->area.columns
	    ? pen->area.columns - pen->x : 0, mark->text ? mark->text : "");
}

struct word screen_decade(int power)
{
	static const char *const units[] = { "us", "ms", "s" };
	static const unsigned numbers[] = { 1, 10, 100 };
	struct word word;

	if (power < -6 || power > 2)
		return word_time(pow(10, power));
	(void)snprintf(word.s, sizeof(word.s), "%u %s",
	    numbers[(power + 6) % 3], units[(power + 6) / 3]);
	return word;
}

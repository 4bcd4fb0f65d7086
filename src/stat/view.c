#include "stat/view.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "stat/screen.h"
#include "stat/counters.h"

/* Milliseconds between snapshots, among which the keys choose. */
static const unsigned view_intervals[] = { 100, 200, 500, 1000, 2000, 5000,
	10000, 20000, 30000, 60000 };
enum { VIEW_INTERVALS = sizeof(view_intervals) / sizeof(*view_intervals) };

static const struct view_screen_row {
	const char *name;
	void (*draw)(struct view *view, struct area body);
	unsigned sorts;			/* orders to choose from */
	bool filter;
	const char *keys;		/* of its own, for the footer */
} view_screens[SCREEN_COUNT] = {
	[SCREEN_OVERVIEW] = { "Overview", screen_overview, 0, false, "" },
	[SCREEN_COUNTERS] = { "Counters", screen_counters, COUNTERS_ORDERS,
		true,
		"/ filter  s sort  d zeros  e scale  r raw  v more  " },
	[SCREEN_WORKERS] = { "Workers", screen_workers, 0, false, "" },
	[SCREEN_SERVERS] = { "Servers", screen_servers, 0, true,
		"/ filter  d zeros  " },
	[SCREEN_LATENCY] = { "Latency", screen_latency, 0, false,
		"s time span  " },
	[SCREEN_TOP] = { "Top", screen_top, SKETCH_ORDERS, true,
		"/ filter  s sort  t lists  " },
	[SCREEN_REQUESTS] = { "Requests", screen_requests, 0, true,
		"/ filter  " },
};

/* ---- keys ---- */

static char *view_filter(struct view *view)
{
	return view->filters[view->screen];
}

static void view_erase(char *filter)
{
	size_t len = strlen(filter);

	/* A character as a whole, were it of several bytes. */
	while (len > 0 && ((unsigned char)filter[--len] & 0xc0) == 0x80)
		;
	filter[len] = '\0';
}

static void view_append(char *filter, uint32_t c)
{
	size_t len = strlen(filter);
	char bytes[5] = { 0 };

	if (c < 0x80) {
		bytes[0] = (char)c;
	} else if (c < 0x800) {
		bytes[0] = (char)(0xc0 | c >> 6);
		bytes[1] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		bytes[0] = (char)(0xe0 | c >> 12);
		bytes[1] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (c & 0x3f));
	} else {
		bytes[0] = (char)(0xf0 | c >> 18);
		bytes[1] = (char)(0x80 | (c >> 12 & 0x3f));
		bytes[2] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[3] = (char)(0x80 | (c & 0x3f));
	}
	if (len + strlen(bytes) < VIEW_FILTER_MAX)
		memcpy(filter + len, bytes, strlen(bytes) + 1);
}

/* While a filter is typed. */
static void view_key_typed(struct view *view, uint32_t key)
{
	if (key == KEY_VIEW_ENTER || key == '\r' || key == '\n') {
		view->typing = false;
	} else if (key == 0x1b) {
		*view_filter(view) = '\0';
		view->typing = false;
	} else if (key == KEY_VIEW_ERASE || key == 0x7f || key == '\b') {
		view_erase(view_filter(view));
	} else if (key == ('u' & 0x1f)) {
		*view_filter(view) = '\0';
	} else if (key >= 0x20 && key < KEY_NONE) {
		view_append(view_filter(view), key);
	}
	view->lists[view->screen].selected = 0;
}

static void view_move(struct view_list *list, long by)
{
	long to = (long)list->selected + by, last = (long)list->count - 1;

	to = to > last ? last : to;
	list->selected = to > 0 ? (unsigned)to : 0;
}

/* Keys that move in the screen's list. */
static bool view_key_list(struct view *view, uint32_t key)
{
	struct view_list *list = &view->lists[view->screen];
	long page = list->page > 1 ? list->page : 1;

	switch (key) {
	case 'k': case KEY_VIEW_UP:
		view_move(list, -1);
		return true;
	case 'j': case KEY_VIEW_DOWN:
		view_move(list, 1);
		return true;
	case 'b': case KEY_VIEW_PAGE_UP: case 'b' & 0x1f:
		view_move(list, -page);
		return true;
	case ' ': case KEY_VIEW_PAGE_DOWN: case 'f' & 0x1f:
		view_move(list, page);
		return true;
	case 'g': case KEY_VIEW_HOME:
		list->selected = 0;
		return true;
	case 'G': case KEY_VIEW_END:
		view_move(list, list->count);
		return true;
	default:
		return false;
	}
}

static void view_go(struct view *view, unsigned screen)
{
	if (screen < SCREEN_COUNT)
		view->screen = (enum view_screen)screen;
}

/* Keys that choose a screen. */
static bool view_key_screen(struct view *view, uint32_t key)
{
	if (key >= '1' && key < '1' + SCREEN_COUNT)
		view_go(view, key - '1');
	else if (key >= KEY_VIEW_F1 && key < KEY_VIEW_F1 + SCREEN_COUNT)
		view_go(view, key - KEY_VIEW_F1);
	else if (key == KEY_VIEW_TAB || key == '\t' || key == KEY_VIEW_RIGHT)
		view_go(view, (view->screen + 1u) % SCREEN_COUNT);
	else if (key == KEY_VIEW_BACK_TAB || key == KEY_VIEW_LEFT)
		view_go(view, (view->screen + SCREEN_COUNT - 1u) %
		    SCREEN_COUNT);
	else
		return false;
	return true;
}

/* The key 's': another order, or another time span. */
static void view_sort(struct view *view)
{
	unsigned sorts = view_screens[view->screen].sorts;

	if (view->screen == SCREEN_LATENCY)
		view->window = (view->window + 1) % WINDOW_COUNT;
	else if (sorts)
		view->sorts[view->screen] =
		    (view->sorts[view->screen] + 1) % sorts;
}

/* The next longer interval, or shorter one, if there is one. */
static void view_interval(struct view *view, bool longer)
{
	for (unsigned i = 0; i < VIEW_INTERVALS; i++) {
		unsigned ms = view_intervals[longer ? i
						    : VIEW_INTERVALS - 1 - i];

		if (longer ? ms > view->interval_ms : ms < view->interval_ms) {
			view->interval_ms = ms;
			return;
		}
	}
}

/* Keys that change how something is shown. */
static void view_key_change(struct view *view, uint32_t key)
{
	switch (key) {
	case 'd':
		view->zeros = !view->zeros;
		break;
	case 'r':
		view->raw = !view->raw;
		break;
	case 'e':
		view->unscaled = !view->unscaled;
		break;
	case 'v':
		view->verbosity += view->verbosity < METRICS_LEVEL_FULL;
		break;
	case 'V':
		view->verbosity -= view->verbosity > METRICS_LEVEL_BASIC;
		break;
	case '+': case '-':
		view_interval(view, key == '+');
		break;
	case '0':
		track_reset(view->track);
		stat_table_reset(view->table);
		break;
	case 's':
		view_sort(view);
		break;
	case 't':
		view->listed++;		/* beyond the last is the first */
		break;
	case '/':
		view->typing = view_screens[view->screen].filter;
		break;
	case 0x1b:
		*view_filter(view) = '\0';
		break;
	default:
		break;
	}
}

enum view_action view_key(struct view *view, uint32_t key)
{
	if (key == ('l' & 0x1f))
		return VIEW_REDRAW;
	if (key == ('t' & 0x1f))
		return VIEW_SAMPLE;
	if (view->typing) {
		view_key_typed(view, key);
		return VIEW_DRAW;
	}
	if (key == 'q' || key == 'Q')
		return VIEW_QUIT;
	if (key == 'h' || key == '?') {
		view->help = !view->help;
		return VIEW_DRAW;
	}
	if (view->help) {		/* any key ends it */
		view->help = false;
		return VIEW_DRAW;
	}
	if (key == 'p') {
		view->paused = !view->paused;
		return view->paused ? VIEW_DRAW : VIEW_SAMPLE;
	}
	if (!view_key_screen(view, key) && !view_key_list(view, key))
		view_key_change(view, key);
	return VIEW_DRAW;
}

/* ---- frame ---- */

/* What runs, at the left; how it is, at the right. */
static void view_header_left(const struct view *view, struct pen *pen)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;
	const char *dot = screen_dot(pen->area);
	const Ringmaster__V1__Identity *identity = now->identity;
	char facts[VIEW_NAME_MAX] = "";
	struct buf buf = { facts, 0, sizeof(facts) - 1, sizeof(facts) - 1,
		false };

	pen_text(pen, STYLE_BAR_NAME, " ");
	pen_short(pen, STYLE_BAR_NAME, 20, view->name);
	pen_text(pen, STYLE_BAR_NAME, " ");
	pen_text(pen, STYLE_BAR, " ");
	if (!identity)
		return;
	if (identity->build && identity->build->version)
		buf_printf(&buf, "%.32s", identity->build->version);
	if (identity->started_unix_ns)
		buf_printf(&buf, "%sup %s", dot, word_span(
		    ((double)now->taken_unix_ns -
			(double)identity->started_unix_ns) * 1e-9).s);
	buf_printf(&buf, "%sgen %u", dot, identity->generation);
	if (now->processes)
		buf_printf(&buf, "%s%u workers", dot,
		    now->processes->workers_current);
	pen_short(pen, STYLE_BAR, pen->area.columns > pen->x
	    ? pen->area.columns - pen->x : 0, facts);
}

static enum canvas_style view_header_state(const struct view *view, char *text,
    size_t size, bool utf8)
{
	char every[WORDS_MAX];

	if (view->source == VIEW_STOPPED) {
		(void)snprintf(text, size, " %s %s ", utf8 ? "■" : "#",
		    view->stopped);
		return STYLE_BAR_BAD;
	}
	if (view->source == VIEW_FILE) {
		(void)snprintf(text, size, " snapshot of %s ",
		    word_clock(view->track->now->taken_unix_ns).s);
		return STYLE_BAR_WARN;
	}
	if (view->paused) {
		(void)snprintf(text, size, " %s paused at %s ",
		    utf8 ? "‖" : "=",
		    word_clock(view->track->now->taken_unix_ns).s);
		return STYLE_BAR_WARN;
	}
	if (view->interval_ms < 100)
		(void)snprintf(every, sizeof(every), "%u ms",
		    view->interval_ms);
	else
		(void)snprintf(every, sizeof(every), "%u.%u s",
		    view->interval_ms / 1000, view->interval_ms / 100 % 10);
	(void)snprintf(text, size, " %s live, every %s  %s ",
	    utf8 ? "●" : "*", every,
	    word_clock(view->track->now->taken_unix_ns).s);
	return STYLE_BAR_OK;
}

static void view_header(const struct view *view, struct area area)
{
	char state[2 * STAT_WHY_MAX];
	enum canvas_style style = view_header_state(view, state,
	    sizeof(state), canvas_utf8(area.canvas));
	unsigned width = canvas_width(area.canvas, state);
	struct pen pen = pen_at(area_columns(area, 0, area.columns - width),
	    0, 0);

	view_header_left(view, &pen);
	for (unsigned x = pen.x; x < area.columns - width; x++)
		area_put(area, x, 0, ' ', STYLE_BAR);
	pen = pen_at(area, area.columns - width, 0);
	pen_text(&pen, style, state);
}

static void view_tabs(const struct view *view, struct area area)
{
	struct pen pen = pen_at(area, 0, 1);

	for (unsigned i = 0; i < SCREEN_COUNT; i++) {
		bool chosen = i == view->screen;

		pen_printf(&pen, chosen ? STYLE_BAR_NAME : STYLE_FAINT,
		    " %u %s ", i + 1, view_screens[i].name);
	}
}

/* Keys and what they do, by turns: a word, and text up to two spaces. */
static void view_footer_keys(struct pen *pen, const char *keys)
{
	while (*keys) {
		int key = (int)strcspn(keys, " ");
		const char *end = strstr(keys, "  ");

		pen_printf(pen, STYLE_STRONG, "%.*s", key, keys);
		pen_printf(pen, STYLE_FAINT, "%.*s  ",
		    (int)(end - keys) - key, keys + key);
		keys = end + 2;
	}
}

static void view_footer(struct view *view, struct area area)
{
	const struct view_screen_row *row = &view_screens[view->screen];
	unsigned y = area.rows - 1;
	struct pen pen = pen_at(area, 1, y);

	if (view->typing) {
		pen_text(&pen, STYLE_STRONG, "filter: /");
		pen_short(&pen, STYLE_PLAIN, area.columns - 40,
		    view_filter(view));
		pen_text(&pen, STYLE_STRONG, "_");
		pen_text(&pen, STYLE_FAINT, "  Enter keeps, Esc drops it");
		return;
	}
	view_footer_keys(&pen, view->paused ? "h help  q quit  p go on  "
	    : "h help  q quit  p pause  ");
	view_footer_keys(&pen, row->keys);
	if (*view_filter(view) && pen.x + 1 < area.columns)
		pen_short(&pen, STYLE_CLIENT, area.columns - pen.x - 1,
		    view_filter(view));
}

/* ---- other pictures ---- */

static const char *const view_help_lines[] = {
	"1-7 F1-F7  choose a screen",
	"Tab, arrows  next, previous screen",
	"j k, arrows  one row down, up",
	"Space b, PgDn PgUp  a page",
	"g G, Home End  first, last row",
	"/  filter; Esc drops it",
	"s  sort; time span of Latency",
	"t  Top: lists of metrics_top",
	"p  pause, go on",
	"+ -  longer, shorter interval",
	"Ctrl-T  take a sample now",
	"d  show and hide what is zero",
	"e  numbers: scaled, all digits",
	"r  numbers: as programs read them",
	"v V  more, fewer counters",
	"0  begin averages, Top, spans anew",
	"Ctrl-L  draw all of it again",
	"h ?  this help",
	"q  quit",
};

static void view_help(struct area area)
{
	enum { LINES = sizeof(view_help_lines) / sizeof(*view_help_lines),
		WIDTH = 58 };
	struct area box = area_rows(area_columns(area,
	    (area.columns - WIDTH) / 2, WIDTH), (area.rows - LINES - 2) / 2,
	    LINES + 2);
	struct area inner;

	area_clear(box);
	inner = area_box(box, "Keys", "any key closes");
	for (unsigned i = 0; i < LINES; i++) {
		const char *line = view_help_lines[i];
		const char *means = strstr(line, "  ");
		struct pen pen = pen_at(inner, 1, i);

		pen_printf(&pen, STYLE_STRONG, "%.*s", (int)(means - line),
		    line);
		pen_to(&pen, 22 < inner.columns ? 22 : 0);
		if (pen.x < (unsigned)(means - line) + 2)
			pen_to(&pen, (unsigned)(means - line) + 2);
		pen_text(&pen, STYLE_PLAIN, means + 2);
	}
}

static void view_middle(struct area area, unsigned y, enum canvas_style style,
    const char *text)
{
	unsigned width = canvas_width(area.canvas, text);
	struct pen pen = pen_at(area, width < area.columns
	    ? (area.columns - width) / 2 : 0, y);

	pen_fit(&pen, style, width < area.columns ? width : area.columns,
	    text);
}

static void view_too_small(struct area area)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "ringstat needs %ux%u",
	    VIEW_COLUMNS_MIN, VIEW_ROWS_MIN);
	view_middle(area, area.rows / 2, STYLE_STRONG, text);
	(void)snprintf(text, sizeof(text), "this is %ux%u", area.columns,
	    area.rows);
	view_middle(area, area.rows / 2 + 1, STYLE_PLAIN, text);
}

void view_draw(struct view *view, struct canvas *canvas)
{
	struct area area = area_all(canvas), body;

	canvas_clear(canvas);
	if (area.columns < VIEW_COLUMNS_MIN || area.rows < VIEW_ROWS_MIN) {
		view_too_small(area);
		return;
	}
	body = area_rows(area, 2, area.rows - 3);
	view_header(view, area);
	view_tabs(view, area);
	view_screens[view->screen].draw(view, body);
	if (view->source == VIEW_STOPPED)
		area_style(body, STYLE_FAINT);
	view_footer(view, area);
	if (view->help)
		view_help(area);
}

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "stat/conditions.h"
#include "stat/screen.h"

enum { REQUESTS_DETAIL_ROWS = 4, REQUESTS_WIDE = 120 };

/* Those that are shown; drawn by one thread only. */
static unsigned requests_found[TRACK_REQUESTS];

/* ---- the filter ---- */

/* As the names of a query know it; its texts are those of `from`. */
static void requests_message(const struct track_request *from,
    Ringmaster__V1__Request *ret)
{
	ringmaster__v1__request__init(ret);
	ret->time_unix_ns = from->time_unix_ns;
	ret->client_ip = (char *)from->client;
	ret->method = (char *)from->method;
	ret->path = (char *)from->path;
	ret->status = from->status;
	ret->response_time = from->seconds;
	ret->bytes_sent = from->bytes;
	ret->worker = from->worker;
	ret->request_id = (char *)from->id;
	ret->cache = (Ringmaster__V1__CacheResult)from->cache;
	ret->server = (char *)from->server;
	ret->protocol = (char *)from->protocol;
	ret->upstream = (char *)from->upstream;
	ret->upstream_time = from->upstream_seconds;
	ret->aborted = from->aborted;
}

static bool requests_has_text(const struct track_request *request,
    const char *text)
{
	char status[WORDS_MAX];

	(void)snprintf(status, sizeof(status), "%u", request->status);
	return screen_contains(request->path, text) ||
	    screen_contains(request->client, text) ||
	    screen_contains(request->method, text) ||
	    screen_contains(request->server, text) ||
	    screen_contains(request->id, text) || strcmp(status, text) == 0;
}

/* Find those that a filter lets through: a query, or else a text. */
static unsigned requests_find(const struct track *track, const char *filter)
{
	static struct expression query;	/* large; of one thread only */
	char why[EXPRESSION_WHY_MAX];
	bool is_query = expression_parse(slice_cstr(filter),
	    &stat_request_names, &query, why);
	unsigned count = 0;

	for (unsigned i = 0; i < track->request_count; i++) {
		const struct track_request *request =
		    track_request_at(track, i);
		Ringmaster__V1__Request message;

		requests_message(request, &message);
		if (is_query ? expression_holds(&query, &message)
		    : requests_has_text(request, filter))
			requests_found[count++] = i;
	}
	return count;
}

/* ---- drawing ---- */

static void requests_status(struct pen *pen,
    const struct track_request *request)
{
	enum canvas_style style = screen_status_style(request->status);

	if (request->status == 0)
		pen_fit(pen, style, 4, "-");
	else
		pen_printf(pen, style, "%3u ", request->status % 1000);
}

static void requests_head(struct area area)
{
	bool wide = area.columns >= REQUESTS_WIDE;
	struct pen pen = pen_at(area, 1, 0);

	pen_fit(&pen, STYLE_TITLE, 13, "time");
	pen_fit(&pen, STYLE_TITLE, wide ? 26 : 16, "client");
	pen_fit(&pen, STYLE_TITLE, 4, "");
	pen_right(&pen, STYLE_TITLE, 8, "took");
	pen_right(&pen, STYLE_TITLE, 9, "bytes");
	pen_text(&pen, STYLE_TITLE, " ");
	if (wide)
		pen_fit(&pen, STYLE_TITLE, 20, "server");
	pen_fit(&pen, STYLE_TITLE, area.columns - pen.x, "request");
}

static void requests_row(const struct track_request *request,
    struct area area)
{
	bool wide = area.columns >= REQUESTS_WIDE;
	struct pen pen = pen_at(area, 1, 0);

	pen_printf(&pen, STYLE_FAINT, "%s.%03u ",
	    word_clock(request->time_unix_ns).s,
	    (unsigned)(request->time_unix_ns / NS_PER_MSEC % 1000));
	pen_fit(&pen, STYLE_PLAIN, wide ? 25 : 15, request->client);
	pen_text(&pen, STYLE_PLAIN, " ");
	requests_status(&pen, request);
	pen_right(&pen, STYLE_PLAIN, 8, word_time(request->seconds).s);
	pen_right(&pen, STYLE_PLAIN, 9, word_bytes((double)request->bytes).s);
	pen_text(&pen, STYLE_PLAIN, " ");
	if (wide) {
		pen_fit(&pen, STYLE_FAINT, 19, request->server);
		pen_text(&pen, STYLE_PLAIN, " ");
	}
	pen_short(&pen, STYLE_STRONG, 8, request->method);
	pen_text(&pen, STYLE_PLAIN, " ");
	pen_fit(&pen, STYLE_PLAIN, area.columns > pen.x
	    ? area.columns - pen.x : 0, request->path);
}

/* Text, or nothing of it where it does not fit as a whole. */
static void requests_fact(struct pen *pen, enum canvas_style style,
    const char *text)
{
	if (pen->x + canvas_width(pen->area.canvas, text) < pen->area.columns)
		pen_text(pen, style, text);
}

static void requests_stages(struct pen *pen,
    const struct track_request *request)
{
	for (unsigned i = 0; request->staged && i < TRACK_STAGES; i++) {
		char text[2 * WORDS_MAX];

		(void)snprintf(text, sizeof(text), "%s %s  ", track_stages[i],
		    word_time(request->stages[i]).s);
		if (request->stages[i] > 0)
			requests_fact(pen, (enum canvas_style)(STYLE_STAGE +
			    i), text);
	}
}

static void requests_detail(const struct track_request *request,
    struct area area)
{
	static const char *const caches[] = { "none", "hit", "miss",
		"bypass" };
	struct area inner = area_box(area, "Request", request->id);
	struct pen pen = pen_at(inner, 1, 0);
	char text[5 * WORDS_MAX];

	pen_fit(&pen, STYLE_STRONG, inner.columns - 2, request->path);
	pen = pen_at(inner, 1, 1);
	pen_fit(&pen, STYLE_FAINT, 9, request->protocol);
	(void)snprintf(text, sizeof(text), "worker %u  cache %s  ",
	    request->worker, caches[request->cache & 3]);
	requests_fact(&pen, STYLE_FAINT, text);
	if (request->aborted)
		requests_fact(&pen, STYLE_SERVER, "aborted  ");
	if (*request->upstream) {
		(void)snprintf(text, sizeof(text), "upstream %s %s  ",
		    request->upstream, word_time(request->upstream_seconds).s);
		requests_fact(&pen, STYLE_PLAIN, text);
	}
	requests_stages(&pen, request);
}

static const char *requests_key(const struct view *view, unsigned row)
{
	return track_request_at(view->track, requests_found[row])->id;
}

void screen_requests(struct view *view, struct area body)
{
	const struct track *track = view->track;
	unsigned count = requests_find(track, view->filters[SCREEN_REQUESTS]);
	unsigned page = body.rows - REQUESTS_DETAIL_ROWS - 3;
	struct view_list *list;
	struct area table, rows;
	char note[5 * WORDS_MAX];

	screen_list_follow(view, count, requests_key);
	list = screen_list(view, count, page);
	screen_list_remember(view, requests_key);
	(void)snprintf(note, sizeof(note), "%s, %s passed unseen",
	    screen_list_words(list).s, word_short((double)track->missed).s);
	table = area_box(area_rows(body, 0, page + 3),
	    "Requests, newest first", note);
	rows = area_rows(table, 1, page);
	requests_head(table);
	for (unsigned i = 0; i < page && list->first + i < count; i++)
		requests_row(track_request_at(track,
		    requests_found[list->first + i]), area_rows(rows, i, 1));
	screen_list_mark(list, rows);
	if (count)
		requests_detail(track_request_at(track,
		    requests_found[list->selected]), area_rows(body, page + 3,
		    REQUESTS_DETAIL_ROWS));
}

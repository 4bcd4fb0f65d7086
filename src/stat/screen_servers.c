#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stat/screen.h"

enum { SERVERS_ROWS_MAX = 1024, SERVERS_NUMBERS = 53 };

/* A row: a server, or a location of it. */
struct servers_row {
	const char *name;
	const Ringmaster__V1__CodeClasses *classes;
	const Ringmaster__V1__Histogram *duration;
	double rate, bytes, errors;
	bool inner;
};

struct servers {
	struct servers_row rows[SERVERS_ROWS_MAX];
	unsigned count;
};

static void servers_add(struct servers *servers, const struct view *view,
    const struct servers_row *row)
{
	if (servers->count == SERVERS_ROWS_MAX ||
	    !screen_contains(row->name, view->filters[SCREEN_SERVERS]) ||
	    (!view->zeros && track_class_sum(row->classes) == 0))
		return;
	servers->rows[servers->count++] = *row;
}

static const char *servers_text(const char *text)
{
	return text ? text : "";
}

static void servers_collect(const struct view *view, struct servers *servers)
{
	const struct track *track = view->track;

	for (size_t i = 0; i < track->now->n_servers; i++) {
		const Ringmaster__V1__Server *server = track->now->servers[i];

		servers_add(servers, view, &(struct servers_row){
		    .name = servers_text(server->name),
		    .classes = server->classes, .duration = server->duration,
		    .rate = track_rate(track, TRACK_OF_SERVER, i),
		    .bytes = track_rate(track, TRACK_OF_SERVER_BYTES, i),
		    .errors = track_rate(track, TRACK_OF_SERVER_ERRORS, i) });
		for (size_t k = 0; k < server->n_locations; k++) {
			const Ringmaster__V1__Location *location =
			    server->locations[k];
			uint64_t at = (uint64_t)i << 16 | k;

			servers_add(servers, view, &(struct servers_row){
			    .name = servers_text(location->pattern),
			    .classes = location->classes,
			    .duration = location->duration,
			    .rate = track_rate(track, TRACK_OF_LOCATION, at),
			    .bytes = track_rate(track,
				TRACK_OF_LOCATION_BYTES, at),
			    .errors = track_rate(track,
				TRACK_OF_LOCATION_ERRORS, at),
			    .inner = true });
		}
	}
}

static void servers_head(struct area area)
{
	struct pen pen = pen_at(area, 1, 0);

	pen_fit(&pen, STYLE_TITLE, area.columns - 2 - SERVERS_NUMBERS,
	    "server, location");
	pen_right(&pen, STYLE_TITLE, 7, "req/s");
	pen_right(&pen, STYLE_TITLE, 8, "2xx 3xx");
	pen_right(&pen, STYLE_TITLE, 7, "4xx");
	pen_right(&pen, STYLE_TITLE, 7, "5xx");
	pen_right(&pen, STYLE_TITLE, 8, "p50");
	pen_right(&pen, STYLE_TITLE, 8, "p99");
	pen_right(&pen, STYLE_TITLE, 8, "out/s");
}

/* "1.23 MiB" in less. */
static struct word servers_bytes(double bytes)
{
	struct word word = word_short(bytes);
	size_t len = strlen(word.s);

	if (len + 2 < sizeof(word.s) && isfinite(bytes))
		memcpy(word.s + len, "B", 2);
	return word;
}

static struct word servers_time(double seconds)
{
	struct word word = word_time(seconds);
	char *space = strchr(word.s, ' ');

	if (space)
		memmove(space, space + 1, strlen(space));
	return word;
}

static void servers_row(const struct servers_row *row, struct area area)
{
	uint64_t fine = track_class_count(row->classes, TRACK_2XX) +
	    track_class_count(row->classes, TRACK_3XX);
	uint64_t client = track_class_count(row->classes, TRACK_4XX);
	uint64_t server = track_class_count(row->classes, TRACK_5XX);
	const Ringmaster__V1__Histogram *hist = row->duration;
	bool any = hist && hist->count > 0;
	struct pen pen = pen_at(area, 1, 0);

	if (row->inner)
		pen_text(&pen, STYLE_FAINT, canvas_utf8(area.canvas) ? " └ "
								     : " - ");
	pen_fit(&pen, row->inner ? STYLE_PLAIN : STYLE_STRONG,
	    area.columns - 1 - SERVERS_NUMBERS - pen.x, row->name);
	pen_right(&pen, STYLE_STRONG, 7, word_short(row->rate).s);
	pen_right(&pen, STYLE_PLAIN, 8, word_short((double)fine).s);
	pen_right(&pen, client ? STYLE_CLIENT : STYLE_FAINT, 7,
	    word_short((double)client).s);
	pen_right(&pen, server ? STYLE_SERVER : STYLE_FAINT, 7,
	    word_short((double)server).s);
	pen_right(&pen, STYLE_PLAIN, 8, servers_time(any ? hist->p50
							 : NAN).s);
	pen_right(&pen, STYLE_PLAIN, 8, servers_time(any ? hist->p99
							 : NAN).s);
	pen_right(&pen, STYLE_PLAIN, 8, servers_bytes(row->bytes).s);
}

void screen_servers(struct view *view, struct area body)
{
	static struct servers servers;	/* large; drawn by one thread only */
	unsigned page = body.rows - 3;
	struct view_list *list;
	struct area table, rows;

	servers.count = 0;
	servers_collect(view, &servers);
	list = screen_list(view, servers.count, page);
	table = area_box(body, "Servers and locations",
	    screen_list_words(list).s);
	rows = area_rows(table, 1, page);
	servers_head(table);
	for (unsigned i = 0; i < page && list->first + i < list->count; i++)
		servers_row(&servers.rows[list->first + i],
		    area_rows(rows, i, 1));
	screen_list_mark(list, rows);
}

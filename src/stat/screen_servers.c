#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stat/plot.h"
#include "stat/screen.h"

enum {
	SERVERS_ROWS_MAX = 1024,
	SERVERS_NUMBERS = 53,		/* columns of all numbers */
	SERVERS_WIDE = 120,		/* columns for a meter, too */
	SERVERS_METER = 30,
};

/* A row: a server or an upstream group, or a location or server of it. */
struct servers_row {
	const char *name;
	char note[2 * WORDS_MAX];	/* how it is */
	enum canvas_style note_style;
	uint64_t all, fine, client, server;	/* by class */
	const Ringmaster__V1__Histogram *duration;
	double rate, bytes;
	bool inner;
};

struct servers {
	struct servers_row rows[SERVERS_ROWS_MAX];
	unsigned count;
};

static void servers_add(struct servers *servers, const struct view *view,
    const struct servers_row *row)
{
	if (servers->count < SERVERS_ROWS_MAX &&
	    screen_contains(row->name, view->filters[SCREEN_SERVERS]) &&
	    (view->zeros || row->all > 0))
		servers->rows[servers->count++] = *row;
}

/* Add to a row's counts. */
static void servers_count(struct servers_row *row,
    const Ringmaster__V1__CodeClasses *classes)
{
	row->all += track_class_sum(classes);
	row->fine += track_class_count(classes, TRACK_2XX) +
	    track_class_count(classes, TRACK_3XX);
	row->client += track_class_count(classes, TRACK_4XX);
	row->server += track_class_count(classes, TRACK_5XX);
}

static const char *servers_text(const char *text)
{
	return text ? text : "";
}

static void servers_collect_server(const struct view *view,
    struct servers *servers, size_t at)
{
	const struct track *track = view->track;
	const Ringmaster__V1__Server *server = track->now->servers[at];
	struct servers_row head = { .name = servers_text(server->name),
		.duration = server->duration,
		.rate = track_rate(track, TRACK_OF_SERVER, at),
		.bytes = track_rate(track, TRACK_OF_SERVER_BYTES, at) };

	servers_count(&head, server->classes);
	servers_add(servers, view, &head);
	for (size_t i = 0; i < server->n_locations; i++) {
		const Ringmaster__V1__Location *location =
		    server->locations[i];
		uint64_t which = (uint64_t)at << 16 | i;
		struct servers_row row = {
			.name = servers_text(location->pattern),
			.duration = location->duration,
			.rate = track_rate(track, TRACK_OF_LOCATION, which),
			.bytes = track_rate(track, TRACK_OF_LOCATION_BYTES,
			    which), .inner = true };

		servers_count(&row, location->classes);
		servers_add(servers, view, &row);
	}
}

static void servers_peer_note(const Ringmaster__V1__Peer *peer,
    struct servers_row *row)
{
	static const struct {
		const char *name;
		enum canvas_style style;
	} states[] = {
		[RINGMASTER__V1__PEER_STATE__PEER_STATE_UNKNOWN] =
		    { "gone", STYLE_FAINT },
		[RINGMASTER__V1__PEER_STATE__PEER_STATE_UP] =
		    { "up", STYLE_OK },
		[RINGMASTER__V1__PEER_STATE__PEER_STATE_DRAINING] =
		    { "draining", STYLE_CLIENT },
		[RINGMASTER__V1__PEER_STATE__PEER_STATE_DOWN] =
		    { "down", STYLE_FAINT },
		[RINGMASTER__V1__PEER_STATE__PEER_STATE_UNAVAIL] =
		    { "unavailable", STYLE_SERVER },
	};
	unsigned state = (unsigned)peer->state < sizeof(states) /
	    sizeof(*states) ? (unsigned)peer->state : 0;

	row->note_style = states[state].style;
	if (peer->active)
		(void)snprintf(row->note, sizeof(row->note), "%s, %s asked",
		    states[state].name, word_short(peer->active).s);
	else
		(void)snprintf(row->note, sizeof(row->note), "%s",
		    states[state].name);
}

/* An upstream group, which is the sum of its servers, and these. */
static void servers_collect_upstream(const struct view *view,
    struct servers *servers, size_t at)
{
	const Ringmaster__V1__Upstream *upstream =
	    view->track->now->upstreams[at];
	struct servers_row head = { .name = servers_text(upstream->name),
		.note = "upstream", .note_style = STYLE_FAINT };
	unsigned place = servers->count;

	for (size_t i = 0; i < upstream->n_peers; i++)
		servers_count(&head, upstream->peers[i]->classes);
	servers_add(servers, view, &head);
	for (size_t i = 0; i < upstream->n_peers; i++) {
		const Ringmaster__V1__Peer *peer = upstream->peers[i];
		uint64_t which = (uint64_t)at << 16 | i;
		struct servers_row row = {
			.name = servers_text(peer->address),
			.duration = peer->response,
			.rate = track_rate(view->track, TRACK_OF_PEER, which),
			.bytes = track_rate(view->track, TRACK_OF_PEER_BYTES,
			    which), .inner = true };

		servers_count(&row, peer->classes);
		servers_peer_note(peer, &row);
		servers_add(servers, view, &row);
		head.rate += row.rate;
		head.bytes += row.bytes;
	}
	if (place < servers->count && !servers->rows[place].inner) {
		servers->rows[place].rate = head.rate;
		servers->rows[place].bytes = head.bytes;
	}
}

static void servers_head(struct area area)
{
	struct pen pen = pen_at(area, 1, 0);

	pen_fit(&pen, STYLE_TITLE, area.columns - 2 - SERVERS_NUMBERS,
	    "server, location, peer");
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

/* The name and how it is, which matters more where there is little room. */
static void servers_name(struct pen *pen, const struct servers_row *row,
    unsigned width)
{
	unsigned end = pen->x + width;
	unsigned note = canvas_width(pen->area.canvas, row->note);

	if (note)
		note = note + 1 < width / 2 ? note + 1 : width / 2;
	pen_short(pen, row->inner ? STYLE_PLAIN : STYLE_STRONG, width - note,
	    row->name);
	if (note > 1) {
		pen->x++;
		pen_fit(pen, row->note_style, note - 1, row->note);
	}
	pen_to(pen, end);
}

/* Its part of all that is asked, between the name and the numbers. */
static void servers_share(struct pen *pen, const struct servers_row *row,
    double all)
{
	struct area area = area_rows(pen->area, pen->y, 1);

	pen->x -= SERVERS_METER;
	plot_meter(area_columns(area, pen->x, SERVERS_METER - 1),
	    row->rate > 0 && all > 0 ? fmin(1, row->rate / all) : 0,
	    row->inner ? STYLE_REQUESTS : STYLE_REQUESTS_TOP);
	pen->x += SERVERS_METER;
}

static void servers_row(const struct servers_row *row, struct area area,
    double all)
{
	const Ringmaster__V1__Histogram *hist = row->duration;
	bool any = hist && hist->count > 0;
	bool wide = area.columns >= SERVERS_WIDE;
	struct pen pen = pen_at(area, 1, 0);

	if (row->inner)
		pen_text(&pen, STYLE_FAINT, canvas_utf8(area.canvas) ? " └ "
								     : " - ");
	servers_name(&pen, row, area.columns - 1 - SERVERS_NUMBERS - pen.x -
	    (wide ? SERVERS_METER : 0));
	if (wide) {
		pen.x += SERVERS_METER;
		servers_share(&pen, row, all);
	}
	pen_right(&pen, STYLE_STRONG, 7, word_short(row->rate).s);
	pen_right(&pen, STYLE_PLAIN, 8, word_short((double)row->fine).s);
	pen_right(&pen, row->client ? STYLE_CLIENT : STYLE_FAINT, 7,
	    word_short((double)row->client).s);
	pen_right(&pen, row->server ? STYLE_SERVER : STYLE_FAINT, 7,
	    word_short((double)row->server).s);
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
	for (size_t i = 0; i < view->track->now->n_servers; i++)
		servers_collect_server(view, &servers, i);
	for (size_t i = 0; i < view->track->now->n_upstreams; i++)
		servers_collect_upstream(view, &servers, i);
	list = screen_list(view, servers.count, page);
	table = area_box(body, "Servers, locations, upstreams",
	    screen_list_words(list).s);
	rows = area_rows(table, 1, page);
	servers_head(table);
	for (unsigned i = 0; i < page && list->first + i < list->count; i++)
		servers_row(&servers.rows[list->first + i],
		    area_rows(rows, i, 1), track_last(view->track,
			TRACK_REQUEST_RATE));
	screen_list_mark(list, rows);
}

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stat/plot.h"
#include "stat/screen.h"

enum { TOP_SIDE = 30, TOP_SIDE_WIDE = 60, TOP_NUMBERS = 30 };

static const char *const top_orders[SKETCH_ORDERS] = {
	[SKETCH_BY_COUNT] = "requests", [SKETCH_BY_TIME] = "time taken",
	[SKETCH_BY_ERRORS] = "errors", [SKETCH_BY_BYTES] = "bytes",
};

/* ---- what the viewer counts ---- */

static void top_head(struct area area, const char *what)
{
	struct pen pen = pen_at(area, 1, 0);

	pen_right(&pen, STYLE_TITLE, 7, "reqs");
	pen_right(&pen, STYLE_TITLE, 7, "share");
	pen_right(&pen, STYLE_TITLE, 8, "average");
	pen_right(&pen, STYLE_TITLE, 6, "errs");
	pen_to(&pen, TOP_NUMBERS + 1);
	pen_text(&pen, STYLE_TITLE, what);
}

static void top_row(const struct sketch *sketch,
    const struct sketch_entry *entry, struct area area)
{
	uint64_t own = entry->count - entry->over;
	char count[2 * WORDS_MAX];
	struct pen pen = pen_at(area, 1, 0);

	/* What may be too much is no exact number. */
	(void)snprintf(count, sizeof(count), "%s%s", entry->over ? "~" : "",
	    word_short((double)entry->count).s);
	pen_right(&pen, STYLE_STRONG, 7, count);
	pen_right(&pen, STYLE_PLAIN, 7, word_share((double)entry->count /
	    (double)sketch->seen).s);
	pen_right(&pen, STYLE_PLAIN, 8, word_time(entry->seconds /
	    (double)own).s);
	pen_right(&pen, entry->errors ? STYLE_SERVER : STYLE_FAINT, 6,
	    word_short((double)entry->errors).s);
	pen_to(&pen, TOP_NUMBERS + 1);
	pen_fit(&pen, STYLE_PLAIN, area.columns > pen.x + 1
	    ? area.columns - pen.x - 1 : 0, entry->key);
}

/* Those that the filter lets through, in order; returns how many. */
static unsigned top_some(const struct view *view, const struct sketch *sketch,
    unsigned *indices)
{
	unsigned all[SKETCH_ENTRIES], count = 0;
	unsigned found = sketch_sort(sketch,
	    (enum sketch_order)view->sorts[SCREEN_TOP], all);

	for (unsigned i = 0; i < found; i++)
		if (screen_contains(sketch->entries[all[i]].key,
			view->filters[SCREEN_TOP]))
			indices[count++] = all[i];
	return count;
}

static void top_sketch(struct view *view, struct area area,
    const struct sketch *sketch, const char *name, const char *what)
{
	unsigned indices[SKETCH_ENTRIES];
	unsigned page = area.rows - 3;
	struct view_list *list = screen_list(view,
	    top_some(view, sketch, indices), page);
	char title[VIEW_NAME_MAX];
	struct area inner, rows;

	(void)snprintf(title, sizeof(title), "%s by %s", name,
	    top_orders[view->sorts[SCREEN_TOP]]);
	inner = area_box(area, title, screen_list_words(list).s);
	rows = area_rows(inner, 1, page);
	top_head(inner, what);
	for (unsigned i = 0; i < page && list->first + i < list->count; i++)
		top_row(sketch, &sketch->entries[indices[list->first + i]],
		    area_rows(rows, i, 1));
	screen_list_mark(list, rows);
}

static void top_clients(const struct view *view, struct area area)
{
	const struct sketch *sketch = &view->track->clients;
	unsigned indices[SKETCH_ENTRIES];
	unsigned count = top_some(view, sketch, indices);
	struct area inner = area_box(area, "Clients", NULL);

	top_head(inner, "client");
	for (unsigned i = 0; i < count && i + 1 < inner.rows; i++)
		top_row(sketch, &sketch->entries[indices[i]],
		    area_rows(inner, i + 1, 1));
}

/* ---- what the server counted ---- */

/* The list that was chosen; NULL is what was seen here. */
static const Ringmaster__V1__Top *top_chosen(struct view *view)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;

	if (view->listed > now->n_tops)
		view->listed = 0;
	return view->listed ? now->tops[view->listed - 1] : NULL;
}

static void top_listed(struct view *view, struct area area,
    const Ringmaster__V1__Top *top)
{
	struct sketch *sketch = &view->track->listed;

	sketch->count = 0;
	sketch->seen = top->requests;
	for (size_t i = 0; i < top->n_keys && i < SKETCH_ENTRIES; i++) {
		const Ringmaster__V1__TopKey *key = top->keys[i];
		struct sketch_entry *entry =
		    &sketch->entries[sketch->count++];

		*entry = (struct sketch_entry){
			.count = key->requests, .over = key->over,
			.errors = key->server_errors,
			.bytes = key->bytes_sent,
			.seconds = key->average_response_time *
			    (double)(key->requests - key->over),
		};
		(void)snprintf(entry->key, sizeof(entry->key), "%s",
		    key->key);
	}
	top_sketch(view, area, sketch, top->name, top->key);
}

struct top_item {
	const char *name;
	uint64_t count;
	enum canvas_style style;
};

enum { TOP_ITEMS_MAX = 64 };

struct top_items {
	unsigned count;
	uint64_t sum;
	struct top_item list[TOP_ITEMS_MAX];
	char names[TOP_ITEMS_MAX][8];
};

/* Keep them in order, the greatest first; the least fall off the end. */
static void top_item_add(struct top_items *items, const struct top_item *item)
{
	unsigned at = items->count;

	items->sum += item->count;
	if (item->count == 0)
		return;
	while (at > 0 && items->list[at - 1].count < item->count)
		at--;
	if (at == TOP_ITEMS_MAX)
		return;
	items->count += items->count < TOP_ITEMS_MAX;
	memmove(&items->list[at + 1], &items->list[at],
	    (items->count - 1 - at) * sizeof(*items->list));
	items->list[at] = *item;
}

static void top_items_draw(const struct top_items *items, struct area area,
    const char *title)
{
	struct area inner = area_box(area, title, NULL);

	for (unsigned i = 0; i < items->count && i < inner.rows; i++) {
		const struct top_item *item = &items->list[i];
		double share = (double)item->count / (double)items->sum;
		unsigned name = inner.columns > 40 ? 20 : 9;
		struct pen pen = pen_at(inner, 1, i);

		pen_fit(&pen, item->style, name, item->name);
		pen_right(&pen, STYLE_PLAIN, 8,
		    word_short((double)item->count).s);
		pen_right(&pen, STYLE_FAINT, 8, word_share(share).s);
		if (inner.columns > pen.x + 4)
			plot_meter(area_rows(area_columns(inner, pen.x + 1,
			    inner.columns - pen.x - 2), i, 1), share,
			    item->style);
	}
}

static const char *top_text(const char *text)
{
	return text && *text ? text : "-";
}

static void top_codes(const struct view *view, struct area area)
{
	const Ringmaster__V1__Http *http = view->track->now->http;
	struct top_items items = { .count = 0 };

	for (size_t i = 0; http && i < http->n_codes && i < TOP_ITEMS_MAX;
	    i++) {
		const Ringmaster__V1__CodeCount *code = http->codes[i];

		(void)snprintf(items.names[i], sizeof(items.names[i]), "%u",
		    code->code);
		top_item_add(&items, &(struct top_item){ code->code
		    ? items.names[i] : "other", code->count,
		    screen_status_style(code->code) });
	}
	top_items_draw(&items, area, "Status");
}

static void top_methods(const struct view *view, struct area area)
{
	const Ringmaster__V1__Http *http = view->track->now->http;
	struct top_items items = { .count = 0 };

	for (size_t i = 0; http && i < http->n_methods; i++)
		top_item_add(&items, &(struct top_item){
		    top_text(http->methods[i]->method),
		    http->methods[i]->count, STYLE_REQUESTS_TOP });
	top_items_draw(&items, area, "Methods");
}

static void top_servers(const struct view *view, struct area area)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;
	struct top_items items = { .count = 0 };

	for (size_t i = 0; i < now->n_servers; i++)
		top_item_add(&items, &(struct top_item){
		    top_text(now->servers[i]->name),
		    track_class_sum(now->servers[i]->classes),
		    STYLE_CLIENTS_TOP });
	top_items_draw(&items, area, "Servers");
}

static void top_words(const struct view *view,
    const Ringmaster__V1__Top *top, struct area body)
{
	const struct track *track = view->track;
	uint64_t all = track->paths.seen + track->missed;
	struct pen pen = pen_at(body, 1, 0);

	pen_printf(&pen, STYLE_FAINT, "left: %s requests ",
	    word_count(top ? top->requests : track->paths.seen).s);
	if (top)
		pen_printf(&pen, STYLE_FAINT, "since %s, %s of other keys",
		    word_clock(top->since_unix_ns).s,
		    word_count(top->other ? top->other->requests : 0).s);
	else
		pen_printf(&pen, STYLE_FAINT, "seen of %s since ringstat "
		    "began", word_count(all).s);
	pen_text(&pen, STYLE_FAINT, "; right: all");
}

void screen_top(struct view *view, struct area body)
{
	const Ringmaster__V1__Top *top = top_chosen(view);
	unsigned side = body.columns >= 140 ? TOP_SIDE_WIDE : TOP_SIDE;
	struct area left = area_columns(body, 0, body.columns - side);
	struct area right = area_columns(body, body.columns - side, side);
	unsigned paths = (body.rows - 1) * 3 / 5;
	unsigned codes = (body.rows - 1) * 2 / 5;
	unsigned methods = (body.rows - 1 - codes) / 2;

	top_words(view, top, body);
	if (top) {
		top_listed(view, area_rows(left, 1, body.rows - 1), top);
	} else {
		top_sketch(view, area_rows(left, 1, paths),
		    &view->track->paths, "Paths", "path");
		top_clients(view, area_rows(left, 1 + paths,
		    body.rows - 1 - paths));
	}
	top_codes(view, area_rows(right, 1, codes));
	top_methods(view, area_rows(right, 1 + codes, methods));
	top_servers(view, area_rows(right, 1 + codes + methods,
	    body.rows - 1 - codes - methods));
}

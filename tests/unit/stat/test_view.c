/*
 * The screens: each is drawn at all sizes from all kinds of snapshots without
 * drawing over itself or past an edge, and each key does what the help says.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/clock.h"
#include "server_sample.h"
#include "stat/counters.h"
#include "stat/filter.h"
#include "stat/view.h"

static struct view view;
static struct stat_table table;
static struct stat_filter filter;
static struct arena arena;
static struct canvas canvas;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 256 << 20);
	stat_table_init(&table);
	view = (struct view){ .table = &table, .filter = &filter,
		.name = "ringmaster", .interval_ms = 1000,
		.track = calloc(1, sizeof(*view.track)) };
	canvas = (struct canvas){ .glyphs = CANVAS_BRAILLE, .colours = 256 };
	return view.track ? canvas_resize(&canvas, 80, 24) : -1;
}

static int teardown(void **state)
{
	(void)state;
	canvas_free(&canvas);
	stat_table_fini(&table);
	free(view.track);
	arena_fini(&arena);
	return 0;
}

/* A few seconds of a server. */
static void feed(struct sample_options options)
{
	for (unsigned i = 0; i < 5; i++) {
		struct stat_sample sample = {
			.taken_ns = (i + 1) * NS_PER_SEC, .run = 1 };

		options.requests += 100;
		sample.snapshot = sample_snapshot(&arena, &options);
		track_update(view.track, sample.snapshot, sample.taken_ns, 1);
		assert_int_equal(stat_table_update(&table, &sample), 0);
		for (unsigned k = 0; k < 100; k++)
			track_request_add(view.track, sample_request(&arena,
			    100 * i + k, options.text ? options.text : "/"));
	}
}

static void feed_usual(void)
{
	feed((struct sample_options){ .workers = 2, .servers = 2 });
}

/* A row of the picture as text. */
static const char *row(unsigned y)
{
	static char text[CANVAS_COLUMNS_MAX * 4 + 1];
	char *to = text;

	for (unsigned x = 0; x < canvas.columns; x++) {
		uint32_t c = canvas.cells[y * canvas.columns + x].chars[0];

		if (c)
			to += wctomb(to, (wchar_t)c);
	}
	*to = '\0';
	return text;
}

static bool shows(const char *text)
{
	view_draw(&view, &canvas);
	for (unsigned y = 0; y < canvas.rows; y++)
		if (strstr(row(y), text))
			return true;
	return false;
}

static void type(const char *keys)
{
	for (; *keys; keys++)
		(void)view_key(&view, (unsigned char)*keys);
}

static void draw_all(unsigned columns, unsigned rows)
{
	assert_int_equal(canvas_resize(&canvas, columns, rows), 0);
	for (unsigned glyphs = CANVAS_ASCII; glyphs <= CANVAS_BRAILLE;
	    glyphs++)
		for (unsigned i = 0; i < SCREEN_COUNT; i++) {
			canvas.glyphs = glyphs;
			view.screen = i;
			view_draw(&view, &canvas);
			if (canvas.overdrawn || canvas.cut)
				for (unsigned y = 0; y < rows; y++)
					print_message("%s\n", row(y));
			assert_int_equal(canvas.overdrawn, 0);
			assert_int_equal(canvas.cut, 0);
		}
}

static void draw_all_sizes(void)
{
	draw_all(80, 24);
	draw_all(81, 25);
	draw_all(100, 30);
	draw_all(133, 43);
	draw_all(160, 45);
	draw_all(200, 60);
	draw_all(CANVAS_COLUMNS_MAX, CANVAS_ROWS_MAX);
}

static void every_screen_fits(void **state)
{
	(void)state;
	feed_usual();
	draw_all_sizes();
}

static void every_screen_fits_before_there_are_rates(void **state)
{
	struct sample_options options = { .workers = 0 };

	(void)state;
	track_update(view.track, sample_snapshot(&arena, &options), 1, 1);
	draw_all_sizes();
}

static void every_screen_fits_much_and_large(void **state)
{
	(void)state;
	feed((struct sample_options){ .workers = 100, .servers = 100,
	    .large = UINT64_C(1) << 60 });
	view.zeros = true;
	view.verbosity = METRICS_LEVEL_FULL;
	draw_all_sizes();
	view.unscaled = true;
	draw_all_sizes();
	view.raw = true;
	draw_all_sizes();
}

static void every_screen_fits_hostile_texts(void **state)
{
	(void)state;
	feed((struct sample_options){ .workers = 2, .servers = 2,
	    .text = "\033]0;x\a\xe6\xbc\xa2\xe5\xad\x97\xff" "e\xcc\x81\xcc\x81"
		"\xe2\x80\xae\xf0\x9f\x98\x80 a very long text that goes on"
		" and on and on and on and on and on and on and on" });
	view.name = "\033[2J\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97";
	draw_all_sizes();
	for (unsigned i = 0; i < canvas.columns * canvas.rows; i++)
		assert_true(canvas.cells[i].chars[0] == 0 ||
		    wcwidth((wchar_t)canvas.cells[i].chars[0]) > 0);
}

static void too_small_says_so(void **state)
{
	(void)state;
	feed_usual();
	for (unsigned columns = 0; columns < 90; columns += 13)
		for (unsigned rows = 0; rows < 30; rows++) {
			assert_int_equal(canvas_resize(&canvas, columns,
			    rows), 0);
			view_draw(&view, &canvas);
			assert_int_equal(canvas.overdrawn, 0);
		}
	assert_int_equal(canvas_resize(&canvas, 60, 20), 0);
	assert_true(shows("ringstat needs 80x24"));
	assert_true(shows("this is 60x20"));
}

static void keys_choose_screens(void **state)
{
	(void)state;
	feed_usual();
	for (unsigned i = 0; i < SCREEN_COUNT; i++) {
		view.screen = (i + 1) % SCREEN_COUNT;
		(void)view_key(&view, '1' + i);
		assert_int_equal(view.screen, i);
		view.screen = (i + 1) % SCREEN_COUNT;
		(void)view_key(&view, KEY_VIEW_F1 + i);
		assert_int_equal(view.screen, i);
	}
	(void)view_key(&view, '\t');
	assert_int_equal(view.screen, SCREEN_OVERVIEW);
	(void)view_key(&view, KEY_VIEW_BACK_TAB);
	assert_int_equal(view.screen, SCREEN_REQUESTS);
	(void)view_key(&view, KEY_VIEW_F1 + SCREEN_COUNT);
	assert_int_equal(view.screen, SCREEN_REQUESTS);
}

static void keys_move_in_lists(void **state)
{
	const struct view_list *list = &view.lists[SCREEN_COUNTERS];

	(void)state;
	feed_usual();
	type("2d");
	view_draw(&view, &canvas);
	assert_true(list->count > 2 * list->page);
	type("jjjk");
	assert_int_equal(list->selected, 2);
	type(" ");
	assert_int_equal(list->selected, 2 + list->page);
	view_draw(&view, &canvas);
	assert_true(list->first <= list->selected);
	assert_true(list->selected < list->first + list->page);
	type("b");
	assert_int_equal(list->selected, 2);
	type("G");
	assert_int_equal(list->selected, list->count - 1);
	(void)view_key(&view, KEY_VIEW_DOWN);
	assert_int_equal(list->selected, list->count - 1);
	view_draw(&view, &canvas);
	assert_int_equal(list->first, list->count - list->page);
	type("gk");
	assert_int_equal(list->selected, 0);
}

static void zeros_and_levels_are_hidden(void **state)
{
	const struct view_list *list = &view.lists[SCREEN_COUNTERS];
	unsigned shown;

	(void)state;
	feed_usual();
	type("2");
	view_draw(&view, &canvas);
	shown = list->count;
	type("d");
	view_draw(&view, &canvas);
	assert_true(list->count > shown);
	type("d");
	view_draw(&view, &canvas);
	assert_int_equal(list->count, shown);
	type("vvvv");
	view_draw(&view, &canvas);
	assert_true(list->count > shown);
	type("VVVV");
	view_draw(&view, &canvas);
	assert_int_equal(list->count, shown);
}

static void numbers_have_three_forms(void **state)
{
	(void)state;
	feed((struct sample_options){ .requests = 12345178, .workers = 1 });
	type("2/total_req\r");
	assert_true(shows("12.3M"));
	type("e");
	assert_true(shows("12,345,678"));
	type("r");
	assert_true(shows("12345678"));
	assert_true(shows("counter, requests"));
}

static void a_filter_is_typed(void **state)
{
	(void)state;
	feed_usual();
	type("2/requests");
	assert_true(view.typing);
	assert_true(shows("filter: /requests_"));
	type("\x7f\x7f");
	assert_string_equal(view.filters[SCREEN_COUNTERS], "reques");
	(void)view_key(&view, 0x6f22);
	assert_string_equal(view.filters[SCREEN_COUNTERS],
	    "reques\xe6\xbc\xa2");
	(void)view_key(&view, KEY_VIEW_ERASE);
	assert_string_equal(view.filters[SCREEN_COUNTERS], "reques");
	(void)view_key(&view, KEY_VIEW_ENTER);
	assert_false(view.typing);
	assert_true(shows("total_requests"));
	assert_false(shows("connections.limit"));
	type("\033");
	assert_string_equal(view.filters[SCREEN_COUNTERS], "");
	type("/");
	for (unsigned i = 0; i < 100; i++)
		type("xyz");
	assert_int_equal(strlen(view.filters[SCREEN_COUNTERS]),
	    VIEW_FILTER_MAX - 1);
	type("q");
	assert_true(view.typing);
}

static void requests_are_found_by_text_and_query(void **state)
{
	const struct view_list *list = &view.lists[SCREEN_REQUESTS];

	(void)state;
	feed_usual();
	type("7/503\r");
	view_draw(&view, &canvas);
	assert_int_equal(list->count, (500 + 6) / 7);
	type("\033/status >= 500 and response_time > 400ms\r");
	view_draw(&view, &canvas);
	assert_int_equal(list->count, (500 + 6) / 7 - (401 + 6) / 7);
	type("\033/nothing of the kind\r");
	view_draw(&view, &canvas);
	assert_int_equal(list->count, 0);
}

static void a_selected_request_stays_selected(void **state)
{
	const struct view_list *list = &view.lists[SCREEN_REQUESTS];

	(void)state;
	feed_usual();
	type("7");
	view_draw(&view, &canvas);
	type("jj");
	view_draw(&view, &canvas);
	track_request_add(view.track, sample_request(&arena, 1000, "/new"));
	view_draw(&view, &canvas);
	assert_int_equal(list->selected, 3);
	type("g");
	view_draw(&view, &canvas);
	track_request_add(view.track, sample_request(&arena, 1001, "/new"));
	view_draw(&view, &canvas);
	assert_int_equal(list->selected, 0);
}

static void what_the_keys_ask_for(void **state)
{
	(void)state;
	feed_usual();
	assert_int_equal(view_key(&view, 'q'), VIEW_QUIT);
	assert_int_equal(view_key(&view, 't' & 0x1f), VIEW_SAMPLE);
	assert_int_equal(view_key(&view, 'l' & 0x1f), VIEW_REDRAW);
	assert_int_equal(view_key(&view, 'p'), VIEW_DRAW);
	assert_true(view.paused);
	assert_true(shows("paused"));
	assert_int_equal(view_key(&view, 'p'), VIEW_SAMPLE);
	type("+");
	assert_int_equal(view.interval_ms, 2000);
	type("---------------");
	assert_int_equal(view.interval_ms, 100);
	view.interval_ms = 1300;
	type("-");
	assert_int_equal(view.interval_ms, 1000);
	type("++++++++++++");
	assert_int_equal(view.interval_ms, 60000);
	assert_true(view.track->paths.seen > 0);
	type("0");
	assert_int_equal(view.track->paths.seen, 0);
}

static void help_lies_above(void **state)
{
	(void)state;
	feed_usual();
	for (unsigned i = 0; i < SCREEN_COUNT; i++) {
		view.screen = i;
		type("h");
		assert_true(shows("take a sample now"));
		assert_int_equal(canvas.overdrawn, 0);
		assert_int_equal(canvas.cut, 0);
		type("j");
		assert_false(shows("take a sample now"));
		assert_int_equal(view.lists[i].selected, 0);
	}
}

static void a_stopped_server_is_grey(void **state)
{
	(void)state;
	feed_usual();
	view.source = VIEW_STOPPED;
	(void)snprintf(view.stopped, sizeof(view.stopped),
	    "stopped 12 s ago");
	assert_true(shows("stopped 12 s ago"));
	for (unsigned i = 2 * 80; i < 23 * 80; i++)
		assert_int_equal(canvas.cells[i].style, STYLE_FAINT);
}

static void upstream_servers_have_a_state(void **state)
{
	(void)state;
	feed_usual();
	type("4");
	assert_true(shows("backend upstream"));
	assert_int_equal(canvas_resize(&canvas, 120, 24), 0);
	assert_true(shows("192.0.2.1:8080 up, 12 asked"));
	assert_true(shows("192.0.2.1:8080 unavailable, 12 asked"));
}

static void orders_change(void **state)
{
	(void)state;
	feed_usual();
	type("2s");
	assert_true(shows("by activity"));
	type("s");
	assert_false(shows("by activity"));
	type("6");
	assert_true(shows("Paths by requests"));
	type("s");
	assert_true(shows("Paths by time taken"));
	type("5s");
	assert_true(shows("last interval"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(every_screen_fits),
		T(every_screen_fits_before_there_are_rates),
		T(every_screen_fits_much_and_large),
		T(every_screen_fits_hostile_texts),
		T(too_small_says_so),
		T(keys_choose_screens),
		T(keys_move_in_lists),
		T(zeros_and_levels_are_hidden),
		T(numbers_have_three_forms),
		T(a_filter_is_typed),
		T(requests_are_found_by_text_and_query),
		T(a_selected_request_stays_selected),
		T(what_the_keys_ask_for),
		T(help_lies_above),
		T(a_stopped_server_is_grey),
		T(upstream_servers_have_a_state),
		T(orders_change),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests_name("stat/view", tests, NULL, NULL);
}

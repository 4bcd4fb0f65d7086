/*
 * Layouts of pages without a graphics library: whatever a run says, each text
 * is on the page and none lies on another.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/compare.h"
#include "metrics/json.h"
#include "report/server.h"
#include "../load/sample_result.h"

enum { MEMORY = 64 << 20, WORKERS = 64, RUNS = 30 };

struct fixture {
	struct arena arena;
	struct sample sample;
	struct source *source;
	struct scene scene;
	struct page page;
};

/* A font whose letters are all of one width. */
static void measure(void *arg, struct slice text,
    const struct scene_font *font, struct scene_extent *ret)
{
	size_t letters = 0;

	(void)arg;
	for (size_t i = 0; i < text.len; i++)
		letters += (text.data[i] & 0xc0) != 0x80;
	*ret = (struct scene_extent){ (double)letters * font->size * 0.58,
		font->size * 0.95, font->size * 0.25 };
}

static int setup(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	arena_init(&fixture.arena, NULL, 0, MEMORY);
	sample_open(&fixture.sample, &fixture.arena);
	fixture.sample.result.started_unix_ns = 1795380531 * NS_PER_SEC;
	fixture.source = source_new();
	assert_non_null(fixture.source);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	source_free(fixture->source);
	arena_fini(&fixture->arena);
	return 0;
}

/* Keep the sample as one more run. */
static void keep(struct fixture *fixture)
{
	const struct json_options options = { .bins = true };
	struct buf text = buf_make(MEMORY);
	char id[32];

	(void)snprintf(id, sizeof(id), "01ARYZ6S41TSV4RRFFQ69G5F%02u",
	    fixture->source->count);
	fixture->sample.result.run = id;
	fixture->sample.result.started_unix_ns += NS_PER_SEC;
	json_write(&text, &fixture->sample.result.base, &options);
	assert_int_equal(source_read_bytes(fixture->source, "sample",
	    buf_slice(&text), &fixture->page.index), 0);
	buf_free(&text);
}

static void begin(struct fixture *fixture)
{
	struct page *page = &fixture->page;
	int before;

	scene_init(&fixture->scene, &fixture->arena, THEME_DARK);
	fixture->scene.measure = measure;
	page->scene = &fixture->scene;
	page->arena = &fixture->arena;
	page->source = fixture->source;
	page->history = PAGE_HISTORY;
	assert_int_equal(page_run_make(page, page->index, &page->run), 0);
	before = source_previous(fixture->source, page->index);
	if (before >= 0)
		assert_int_equal(page_run_make(page, (unsigned)before,
		    &page->before), 0);
}

/* The letters, without the air that a font leaves above and below. */
static struct box letters(const struct scene_item *item)
{
	return (struct box){ item->box.x, item->baseline -
	    item->font.size * 0.7, item->box.w, item->font.size * 0.85 };
}

static bool apart(struct box a, struct box b)
{
	return box_right(a) <= b.x || box_right(b) <= a.x ||
	    box_bottom(a) <= b.y || box_bottom(b) <= a.y;
}

static void check_text(const struct scene *scene,
    const struct scene_item *item)
{
	struct box box = letters(item);

	if (box.x < 0 || box.y < 0 || box_right(box) > scene->width ||
	    box_bottom(box) > scene->height)
		fail_msg("\"%.*s\" is not on the page", SLICE_ARG(item->text));
	for (const struct scene_item *other = item->next; other;
	    other = other->next)
		if (other->kind == SCENE_TEXT && !apart(box, letters(other)))
			fail_msg("\"%.*s\" lies on \"%.*s\"",
			    SLICE_ARG(item->text), SLICE_ARG(other->text));
}

static void check_points(const struct scene *scene,
    const struct scene_item *item)
{
	for (size_t i = 0; i < item->count; i++) {
		struct point at = item->points[i];

		assert_true(isnan(at.y) || (at.x >= 0 &&
		    at.x <= scene->width && at.y >= 0 &&
		    at.y <= scene->height));
	}
}

static void check(const struct fixture *fixture)
{
	assert_false(fixture->scene.failed);
	for (const struct scene_item *item = fixture->scene.first; item;
	    item = item->next) {
		assert_true(isfinite(item->box.x + item->box.y +
		    item->box.w + item->box.h));
		check_points(&fixture->scene, item);
		if (item->kind == SCENE_TEXT)
			check_text(&fixture->scene, item);
	}
}

/* The smallest, narrow and low. */
enum { SIZES = 3 };
static const double sizes[SIZES][2] = {
	{ PAGE_WIDTH_MIN, PAGE_HEIGHT_MIN }, { PAGE_WIDTH_MIN, PAGE_HEIGHT },
	{ PAGE_WIDTH, PAGE_HEIGHT_MIN } };

/* In all shapes that a page has. */
static void check_page(struct fixture *fixture)
{
	begin(fixture);
	page_run_layout(&fixture->page, PAGE_WIDTH, PAGE_HEIGHT);
	check(fixture);
	begin(fixture);
	page_run_layout(&fixture->page, PAGE_WIDTH, PAGE_WIDTH / 1.4142);
	check(fixture);
	begin(fixture);
	page_run_layout(&fixture->page, PAGE_FULL_WIDTH, PAGE_FULL_HEIGHT);
	check(fixture);
	begin(fixture);
	page_card_layout(&fixture->page, 1200, 630);
	check(fixture);
	for (unsigned i = 0; i < SIZES; i++) {
		begin(fixture);
		page_card_layout(&fixture->page, sizes[i][0], sizes[i][1]);
		check(fixture);
	}
	for (enum page_panel panel = 0; panel < PANELS; panel++) {
		begin(fixture);
		page_panel_layout(&fixture->page, panel, 800, 320);
		check(fixture);
		begin(fixture);
		page_panel_layout(&fixture->page, panel, PAGE_WIDTH_MIN,
		    PAGE_HEIGHT_MIN);
		check(fixture);
	}
}

static bool shows(const struct fixture *fixture, const char *text)
{
	for (const struct scene_item *item = fixture->scene.first; item;
	    item = item->next)
		if (item->kind == SCENE_TEXT &&
		    memmem(item->text.data, item->text.len, text,
			strlen(text)))
			return true;
	return false;
}

static void a_run_is_legible(void **state)
{
	struct fixture *fixture = *state;

	keep(fixture);
	check_page(fixture);
	begin(fixture);
	page_run_layout(&fixture->page, PAGE_WIDTH, PAGE_HEIGHT);
	assert_true(shows(fixture, "10,000"));
	assert_true(shows(fixture, "200 OK"));
	assert_true(shows(fixture, "not a ringmaster on this host"));
	assert_false(shows(fixture, "Where the time went"));
	begin(fixture);
	page_card_layout(&fixture->page, PAGE_WIDTH_MIN, PAGE_HEIGHT_MIN);
	assert_true(shows(fixture, "10,000"));
}

static void names_from_elsewhere_are_cut(void **state)
{
	struct fixture *fixture = *state;
	char name[800];

	memset(name, 'W', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	name[3] = '\n';
	name[4] = '\x1b';
	memcpy(name + 8, "\xe2\x80\xae", 3);	/* right to left */
	fixture->sample.result.name = fixture->sample.result.note = name;
	fixture->sample.result.url = fixture->sample.spec.model = name;
	fixture->sample.spec.arrivals = fixture->sample.cause.cause = name;
	fixture->sample.cause.count = 4;
	fixture->sample.result.n_causes = 1;
	fixture->sample.place.kernel = fixture->sample.place.cpu_model = name;
	keep(fixture);
	check_page(fixture);
	for (const struct scene_item *item = fixture->scene.first; item;
	    item = item->next) {
		assert_null(memchr(item->text.data ? item->text.data : "",
		    '\n', item->text.len));
		assert_null(memchr(item->text.data ? item->text.data : "",
		    '\x1b', item->text.len));
	}
}

static void huge_numbers_fit(void **state)
{
	struct fixture *fixture = *state;
	Ringmaster__V1__LoadResult *result = &fixture->sample.result;

	result->requests = result->errors = INT64_MAX / 4;
	result->rate = fixture->sample.spec.rate = 1e15;
	result->bytes_in = INT64_MAX;
	result->duration_seconds = 1e12;
	result->latency->max = 1e12;
	fixture->sample.spec.connections = UINT32_MAX;
	fixture->sample.status.count = INT64_MAX;
	for (unsigned i = 0; i < 10; i++)
		fixture->sample.seconds[i].requests = INT64_MAX / 16;
	keep(fixture);
	check_page(fixture);
}

static void nothing_answered_is_explained(void **state)
{
	struct fixture *fixture = *state;
	Ringmaster__V1__LoadResult *result = &fixture->sample.result;

	ringmaster__v1__load_result__init(result);
	result->url = "http://127.0.0.1:1/";
	keep(fixture);
	check_page(fixture);
	begin(fixture);
	page_run_layout(&fixture->page, PAGE_WIDTH, PAGE_HEIGHT);
	assert_true(shows(fixture, "Nothing was answered"));
}

static void a_moment_is_legible(void **state)
{
	struct fixture *fixture = *state;

	fixture->sample.result.n_seconds = 1;
	fixture->sample.result.duration_seconds = 0.028;
	fixture->sample.spec.model = "closed";
	keep(fixture);
	check_page(fixture);
}

static Ringmaster__V1__LoadPart *part(struct fixture *fixture,
    const char *stage, double seconds)
{
	Ringmaster__V1__LoadPart *part = arena_alloc(&fixture->arena,
	    sizeof(*part));

	assert_non_null(part);
	ringmaster__v1__load_part__init(part);
	part->stage = (char *)(uintptr_t)stage;
	part->seconds = seconds;
	return part;
}

static void a_server_is_shown(void **state)
{
	static const char *const stages[] = { "slip", "kernel", "header",
		"parse", "pool_wait", "handler", "send", "return", "else" };
	enum { STAGES = sizeof(stages) / sizeof(stages[0]) };
	struct fixture *fixture = *state;
	Ringmaster__V1__LoadServer server;
	Ringmaster__V1__LoadWorker workers[WORKERS], *list[WORKERS];
	Ringmaster__V1__LoadPart *parts[STAGES];

	ringmaster__v1__load_server__init(&server);
	fixture->sample.result.server = &server;
	for (unsigned i = 0; i < STAGES; i++)
		parts[i] = part(fixture, stages[i], i ? 1e-5 * i : NAN);
	server.median = server.tail = parts;
	server.n_median = server.n_tail = STAGES;
	for (unsigned i = 0; i < WORKERS; i++) {
		ringmaster__v1__load_worker__init(&workers[i]);
		list[i] = &workers[i];
		workers[i].index = i;
		workers[i].requests = 100 + i;
		workers[i].p99_seconds = i % 2 ? 0.001 * i : NAN;
	}
	server.workers = list;
	for (server.n_workers = 1; server.n_workers <= WORKERS;
	    server.n_workers *= 4) {
		keep(fixture);
		check_page(fixture);
	}
	begin(fixture);
	page_run_layout(&fixture->page, PAGE_WIDTH, PAGE_HEIGHT);
	assert_true(shows(fixture, "Where the time went"));
	assert_true(shows(fixture, "pool wait"));
	assert_true(shows(fixture, "balance"));
}

static void what_happened_is_marked(void **state)
{
	enum { MARKS = 40 };
	struct fixture *fixture = *state;
	Ringmaster__V1__LoadServer server;
	Ringmaster__V1__LoadMark marks[MARKS], *list[MARKS];
	static const double times[] = { 0, 0.5, 0.5, 0.5, 0.5, 3.333, 3.334,
		9.99, 10, 1e300, -1, NAN };

	ringmaster__v1__load_server__init(&server);
	fixture->sample.result.server = &server;
	for (unsigned i = 0; i < MARKS; i++) {
		ringmaster__v1__load_mark__init(&marks[i]);
		list[i] = &marks[i];
		marks[i].at_seconds = i < sizeof(times) / sizeof(times[0])
		    ? times[i] : 0.2 * i;
		marks[i].text = "reload:\n2";
	}
	server.marks = list;
	server.n_marks = MARKS;
	keep(fixture);
	check_page(fixture);
	server.n_marks = 8;
	keep(fixture);
	check_page(fixture);
	begin(fixture);
	page_panel_layout(&fixture->page, PANEL_LATENCY, 1600, 320);
	assert_true(shows(fixture, "0 s reload:?2"));
	assert_int_equal(fixture->page.run.mark_count, 8);
	begin(fixture);
	page_run_layout(&fixture->page, PAGE_WIDTH, PAGE_HEIGHT);
	assert_true(shows(fixture, "3.3 s reload"));
	assert_true(shows(fixture, "and "));
}

static void sentences_have_a_second_line(void **state)
{
	struct fixture *fixture = *state;
	char *hints[] = { "a sentence of so many words that it has no room in "
	    "a line of a panel as narrow as this one is, which goes on below",
	    "Awordthathasnoroominalineofapanelasnarrowasthisoneisandnoblank" };
	Ringmaster__V1__LoadVerdict verdict;

	ringmaster__v1__load_verdict__init(&verdict);
	verdict.hints = hints;
	verdict.n_hints = 2;
	fixture->sample.result.verdict = &verdict;
	keep(fixture);
	check_page(fixture);
	begin(fixture);
	page_panel_layout(&fixture->page, PANEL_NOTES, PAGE_WIDTH_MIN,
	    PAGE_HEIGHT_MIN);
	check(fixture);
	assert_true(shows(fixture, "a sentence of so many"));
	assert_true(shows(fixture, "goes on below"));
}

static void many_runs_are_a_course(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < RUNS; i++) {
		fixture->sample.result.passed = i % 3;
		fixture->sample.result.errors = i % 5;
		keep(fixture);
	}
	check_page(fixture);
	begin(fixture);
	fixture->page.history = RUNS;
	page_trend_layout(&fixture->page, PAGE_WIDTH, PAGE_HEIGHT);
	check(fixture);
	assert_true(shows(fixture, "The last 30 load tests"));
	assert_true(shows(fixture, "and 10 before"));
	for (unsigned i = 0; i < SIZES; i++) {
		begin(fixture);
		page_trend_layout(&fixture->page, sizes[i][0], sizes[i][1]);
		check(fixture);
	}
}

static void two_runs_are_compared(void **state)
{
	struct fixture *fixture = *state;
	struct page *page = &fixture->page;

	keep(fixture);
	fixture->sample.result.rate = 500;
	for (unsigned i = 0; i < 10; i++)
		fixture->sample.seconds[i].requests = 500;
	keep(fixture);
	for (unsigned i = 0; i < 2 + SIZES; i++) {
		begin(fixture);
		assert_int_equal(load_compare(page->before.result,
		    page->run.result, &fixture->arena, &page->comparison), 0);
		if (i < SIZES)
			page_compare_layout(page, sizes[i][0], sizes[i][1]);
		else
			page_compare_layout(page, i == SIZES ? 1200
			    : PAGE_WIDTH, i == SIZES ? 630 : PAGE_HEIGHT);
		check(fixture);
		assert_true(shows(fixture, "B IS SLOWER"));
	}
}

static void a_server_without_a_test_is_legible(void **state)
{
	struct fixture *fixture = *state;
	static double points[SERVER_SERIES][SERVER_POINTS_MAX];
	struct server_mark marks[SERVER_MARKS_MAX];
	struct report_server server = { .from_s = 1795380531, .step_s = 5,
		.count = SERVER_POINTS_MAX, .requests = 1e12, .errors = 7,
		.marks = marks, .mark_count = SERVER_MARKS_MAX };

	for (unsigned i = 0; i < SERVER_SERIES; i++) {
		server.points[i] = points[i];
		for (unsigned k = 0; k < SERVER_POINTS_MAX; k++)
			points[i][k] = k % 100 > 90 ? NAN : 0.001 * k;
	}
	for (unsigned i = 0; i < SERVER_MARKS_MAX; i++)
		marks[i] = (struct server_mark){ server.from_s + i * i * 5,
			"reload: something with a name" };
	for (unsigned i = 0; i < SIZES; i++) {
		scene_init(&fixture->scene, &fixture->arena, THEME_LIGHT);
		fixture->scene.measure = measure;
		page_server_layout(&fixture->scene, &server, sizes[i][0],
		    sizes[i][1]);
		check(fixture);
	}
	/* Of a minute the clock has seconds; minutes here end with 3 or 8. */
	assert_false(shows(fixture, ":10"));
	server.step_s = 1;
	server.count = 60;
	server.mark_count = 0;
	scene_init(&fixture->scene, &fixture->arena, THEME_LIGHT);
	fixture->scene.measure = measure;
	page_server_layout(&fixture->scene, &server, PAGE_WIDTH, PAGE_HEIGHT);
	check(fixture);
	assert_true(shows(fixture, ":10"));
	server.step_s = 5;
	server.count = SERVER_POINTS_MAX;
	server.mark_count = SERVER_MARKS_MAX;
	for (unsigned i = 0; i < 3; i++) {
		scene_init(&fixture->scene, &fixture->arena, THEME_LIGHT);
		fixture->scene.measure = measure;
		/* The last time there is nothing at all. */
		for (unsigned k = 0; i == 2 && k < SERVER_POINTS_MAX; k++)
			for (unsigned n = 0; n < SERVER_SERIES; n++)
				points[n][k] = NAN;
		page_server_layout(&fixture->scene, &server, i == 1 ? 1200
		    : PAGE_WIDTH, i == 1 ? 630 : PAGE_HEIGHT);
		check(fixture);
	}
	assert_true(shows(fixture, "nothing was recorded"));
}

static void a_full_memory_is_told(void **state)
{
	struct fixture *fixture = *state;
	struct arena small;

	keep(fixture);
	for (size_t limit = 64 << 10; limit < 512 << 10; limit += 16 << 10) {
		arena_init(&small, NULL, 0, limit);
		begin(fixture);
		fixture->scene.arena = fixture->page.arena = &small;
		page_run_layout(&fixture->page, PAGE_WIDTH, PAGE_HEIGHT);
		if (!fixture->scene.failed)
			limit = 512 << 10;
		arena_fini(&small);
	}
	assert_false(fixture->scene.failed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_is_legible),
		TEST(names_from_elsewhere_are_cut),
		TEST(huge_numbers_fit),
		TEST(nothing_answered_is_explained),
		TEST(a_moment_is_legible),
		TEST(a_server_is_shown),
		TEST(what_happened_is_marked),
		TEST(sentences_have_a_second_line),
		TEST(many_runs_are_a_course),
		TEST(two_runs_are_compared),
		TEST(a_server_without_a_test_is_legible),
		TEST(a_full_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

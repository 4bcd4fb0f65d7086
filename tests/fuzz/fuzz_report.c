/*
 * A file that somebody wants a report of, a picture or results: it is refused
 * with a sentence, or all pages of it can be laid out, and what a picture of
 * it would carry can be read again.
 */
#include <stdlib.h>

#include "report/text.h"

enum { MEMORY_MAX = 64 << 20 };

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void measure(void *arg, struct slice text,
    const struct scene_font *font, struct scene_extent *ret)
{
	(void)arg;
	*ret = (struct scene_extent){ (double)text.len * font->size * 0.5,
		font->size, font->size / 4 };
}

static void fuzz_layout(const struct source *source, unsigned index,
    bool whole)
{
	struct arena arena;
	struct scene scene;
	struct page page = { .scene = &scene, .arena = &arena,
		.source = source, .index = index, .history = PAGE_HISTORY };
	int before = source_previous(source, index);

	arena_init(&arena, NULL, 0, MEMORY_MAX);
	scene_init(&scene, &arena, THEME_DARK);
	scene.measure = measure;
	if (page_run_make(&page, index, &page.run) == 0 && (before < 0 ||
		page_run_make(&page, (unsigned)before, &page.before) == 0)) {
		if (whole)
			page_run_layout(&page, PAGE_WIDTH, PAGE_HEIGHT);
		else
			page_trend_layout(&page, PAGE_WIDTH, PAGE_HEIGHT);
	}
	arena_fini(&arena);
}

static void fuzz_again(const struct source *source, unsigned index)
{
	const struct report_request request = { .runs = { index } };
	struct source *again = source_new();
	struct buf out = buf_make(MEMORY_MAX);
	unsigned last;

	check(again);
	if (report_data(source, &request, &out) == 0)
		check(source_read_bytes(again, "again", buf_slice(&out),
		    &last) == 0);
	buf_free(&out);
	source_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *source = source_new();
	unsigned index;

	check(source);
	if (source_read_bytes(source, "input", (struct slice){
		(const char *)data, size }, &index) == 0) {
		check(index < source->count);
		fuzz_layout(source, index, true);
		fuzz_layout(source, index, false);
		fuzz_again(source, index);
	} else {
		check(source->why[0]);
	}
	source_free(source);
	return 0;
}

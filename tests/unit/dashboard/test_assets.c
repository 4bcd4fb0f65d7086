#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dashboard/assets.h"

/* What a browser loads at first to show the page, as it is sent. */
enum { PAGE_SIZE_MAX = 60 * 1024 };

static const struct asset *find(const char *path)
{
	for (unsigned i = 0; i < dashboard_asset_count; i++)
		if (slice_equal(dashboard_assets[i].path, slice_cstr(path)))
			return &dashboard_assets[i];
	fail_msg("there is no %s", path);
	return NULL;
}

/* Documents are served, too, but the page does not load them; and parts wait
 * until somebody wants them. */
static bool is_loaded_at_first(const struct asset *asset)
{
	return !slice_starts(asset->path, SLICE("/js/parts/")) &&
	    !slice_equal(asset->type, SLICE("application/json")) &&
	    !slice_starts(asset->type, SLICE("text/plain"));
}

static void the_page_is_light(void **state)
{
	size_t sum = 0;

	(void)state;
	for (unsigned i = 0; i < dashboard_asset_count; i++) {
		const struct asset *asset = &dashboard_assets[i];
		size_t size = asset->gzip.data.len;

		if (!is_loaded_at_first(asset))
			continue;
		sum += size;
		print_message("# %6zu %.*s\n", size, SLICE_ARG(asset->path));
	}
	print_message("# %6zu bytes, at most %d\n", sum, PAGE_SIZE_MAX);
	assert_true(sum <= PAGE_SIZE_MAX);
}

static void files_are_served_by_their_names(void **state)
{
	static const char *const paths[] = { "/", "/js/app.js", "/style.css",
	    "/favicon.svg", "/uPlot.iife.min.js", "/uPlot.LICENSE" };

	(void)state;
	for (unsigned i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		assert_true(find(paths[i])->plain.data.len > 0);
	assert_true(slice_equal(find("/")->type,
	    SLICE("text/html; charset=utf-8")));
	assert_true(slice_starts(find("/")->plain.data,
	    SLICE("<!DOCTYPE html>")));
	assert_true(slice_equal(find("/js/app.js")->type,
	    SLICE("text/javascript; charset=utf-8")));
}

static void assert_tag(struct slice tag)
{
	assert_int_equal(tag.len, 18);
	assert_int_equal(tag.data[0], '"');
	assert_int_equal(tag.data[17], '"');
}

static void each_form_of_each_file_has_a_tag(void **state)
{
	(void)state;
	for (unsigned i = 0; i < dashboard_asset_count; i++) {
		const struct asset *asset = &dashboard_assets[i];

		assert_tag(asset->plain.etag);
		assert_tag(asset->gzip.etag);
		assert_false(slice_equal(asset->plain.etag,
		    asset->gzip.etag));
		assert_true(slice_starts(asset->gzip.data,
		    SLICE("\x1f\x8b")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_light),
		cmocka_unit_test(files_are_served_by_their_names),
		cmocka_unit_test(each_form_of_each_file_has_a_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

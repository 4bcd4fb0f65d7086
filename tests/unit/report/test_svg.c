/* Documents are made smaller and the same, and stay the same picture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/svg.h"

static void assert_finished(const char *body, const char *expected)
{
	struct buf in = buf_make(4096), out = buf_make(4096);
	static const char head[] = "<svg role=\"img\" a=\"1\">\n"
	    "<title>T &#60;b&#62;</title>\n";

	buf_printf(&in, "<svg a=\"1\">%s", body);
	buf_append_char(&in, '\0');
	svg_finish(in.data, "T <b>", &out);
	buf_append_char(&out, '\0');
	assert_memory_equal(out.data, head, sizeof(head) - 1);
	assert_string_equal(out.data + sizeof(head) - 1, expected);
	buf_free(&in);
	buf_free(&out);
}

static void parts_are_numbered_by_their_order(void **state)
{
	(void)state;
	assert_finished("<g id=\"surface41\"><use xlink:href=\"#image57\"/>"
	    "<use xlink:href=\"#image57\"/><g id=\"clip12\">",
	    "<g id=\"surface0\"><use xlink:href=\"#image1\"/>"
	    "<use xlink:href=\"#image1\"/><g id=\"clip12\">");
}

static void places_have_few_decimals(void **state)
{
	(void)state;
	assert_finished("<use x=\"12.345\" y=\"-3.21\" width=\"3\"/>",
	    "<use x=\"12.3\" y=\"-3.2\" width=\"3\"/>");
}

/* Outlines of letters are finer; what was rounded does not add up. */
static void paths_are_short(void **state)
{
	(void)state;
	assert_finished("<path d=\"M 1.234 -5.678 L 10 0.5 L 10.5 0.7 Z M 1 1 "
	    "\"/></defs><path d=\"M 0.04 2 L 0.08 2 L 0.12 2 L 0.16 2.5 \"/>",
	    "<path d=\"m1.23-5.68 8.77 6.18 .5 .2zm-.23 6.68\"/></defs>"
	    "<path d=\"m0 2 .1 0 0 0 .1 .5\"/>");
	assert_finished("<path d=\"M 1 1 M 2 2 L 3 3 C 4 4 5 5 6 6 C 7 7 8 8 "
	    "9 9 L 100 1000 Z L 2 3\"/>", "<path d=\"m1 1m1 1 1 1c1 1 2 2 3 3 "
	    "1 1 2 2 3 3l91 991zl0 1\"/>");
}

static void paths_of_others_stay(void **state)
{
	static const char *const texts[] = { "<path d=\"M 1 2 A 3 4\"/>",
		"<path d=\"M 1 2", "<path id=\"M 1 2 L 3 4\"/>" };

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_finished(texts[i], texts[i]);
}

static void colours_are_short(void **state)
{
	(void)state;
	assert_finished("<g style=\"fill:rgb(90.196078%,91.764706%,94.901961%)"
	    ";\"/>rgb(1%,2%)", "<g style=\"fill:#e6eaf2;\"/>rgb(1%,2%)");
}

static void scales_and_widths_are_exact(void **state)
{
	static const char text[] = "<use transform=\"matrix(0.466667,0,0,"
	    "0.481856,867.0625,276)\"/><use transform=\"matrix(0.466667, 0, "
	    "0, 0.481856, 867.0625, 276)\"/><g style=\"fill-opacity:0.125;"
	    "stroke-width:1.125;\">";

	(void)state;
	assert_finished(text, text);
}

static void defaults_are_left_out(void **state)
{
	(void)state;
	assert_finished("<g>\n  <use href=\"#glyph0-1\"/>\n</g>",
	    "<g><use href=\"#g0-1\"/>\n</g>");
	assert_finished("<path style=\" stroke:none;fill-rule:nonzero;"
	    "fill:#010203;fill-opacity:1;stroke-miterlimit:10;\"/>",
	    "<path style=\" fill:#010203;\"/>");
}

/* Letters that are all 5 wide. */
static void measure(void *arg, struct slice text,
    const struct scene_font *font, struct scene_extent *ret)
{
	(void)arg;
	*ret = (struct scene_extent){ (double)text.len * 5, font->size, 2 };
}

static void texts_are_as_wide_as_was_measured(void **state)
{
	static const char expected[] = "<text x=\"1.5\" y=\"20\" "
	    "font-size=\"11\" fill=\"#e6eaf2\" textLength=\"25\" "
	    "lengthAdjust=\"spacingAndGlyphs\">a&#60;b&#38;c</text>\n"
	    "<text x=\"1234.6\" y=\"2\" font-size=\"12\" "
	    "font-weight=\"600\" fill-opacity=\"0.5\" fill=\"#e6eaf2\" "
	    "textLength=\"5\" lengthAdjust=\"spacingAndGlyphs\">B</text>\n";
	const struct scene_style plain = { .size = 11 };
	const struct scene_style other = { .size = 12, .bold = true,
		.ink = { TOKEN_TEXT, 0.5 } };
	struct buf out = buf_make(4096);
	struct scene scene;
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, 0, 1 << 16);
	scene_init(&scene, &arena, THEME_DARK);
	scene.measure = measure;
	(void)scene_text(&scene, (struct point){ 1.5, 20 }, &plain, "a<b&c");
	(void)scene_text(&scene, (struct point){ 1234.56, 2 }, &other, "B");
	(void)scene_text(&scene, (struct point){ 7, 2 }, &plain, "%s", "");
	scene_box(&scene, (struct box){ 1, 2, 3, 4 }, 0, ink(TOKEN_TEXT));
	svg_texts(&scene, &out);
	buf_append_char(&out, '\0');
	assert_string_equal(out.data, expected);
	buf_free(&out);
	arena_fini(&arena);
}

static void what_is_no_document_is_nothing(void **state)
{
	struct buf out = buf_make(64);

	(void)state;
	svg_finish("", "", &out);
	svg_finish("<svg ", "", &out);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_numbered_by_their_order),
		cmocka_unit_test(places_have_few_decimals),
		cmocka_unit_test(paths_are_short),
		cmocka_unit_test(paths_of_others_stay),
		cmocka_unit_test(colours_are_short),
		cmocka_unit_test(scales_and_widths_are_exact),
		cmocka_unit_test(defaults_are_left_out),
		cmocka_unit_test(texts_are_as_wide_as_was_measured),
		cmocka_unit_test(what_is_no_document_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

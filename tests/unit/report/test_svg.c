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
	assert_finished("<path d=\"M 1.234 -5.678 L 10 0.5\"/></defs>"
	    "<path d=\"M 1.234 -5.678\"/><use x=\"12.345\" y=\"-3.21\"/>",
	    "<path d=\"M 1.23 -5.67 L 10 0.5\"/></defs>"
	    "<path d=\"M 1.2 -5.6\"/><use x=\"12.3\" y=\"-3.2\"/>");
}

static void scales_colours_and_widths_are_exact(void **state)
{
	static const char text[] = "<use transform=\"matrix(0.466667,0,0,"
	    "0.481856,867.0625,276)\"/><use transform=\"matrix(0.466667, 0, "
	    "0, 0.481856, 867.0625, 276)\"/><g style=\"fill:rgb(90.196078%,"
	    "91.764706%,94.901961%);fill-opacity:0.125;stroke-width:1.125;\">";

	(void)state;
	assert_finished(text, text);
}

static void defaults_are_left_out(void **state)
{
	(void)state;
	assert_finished("<path style=\" stroke:none;fill-rule:nonzero;"
	    "fill:rgb(1%,2%,3%);fill-opacity:1;\" d=\"M 1 2 Z\"/>",
	    "<path style=\" fill:rgb(1%,2%,3%);\" d=\"M 1 2 Z\"/>");
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
		cmocka_unit_test(scales_colours_and_widths_are_exact),
		cmocka_unit_test(defaults_are_left_out),
		cmocka_unit_test(what_is_no_document_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

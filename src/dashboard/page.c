/*
 * Pages as plain HTML, for what needs no script: errors, questions, reports.
 * Their look is in html/dashboard/, and the only script is the one there that
 * takes the theme which the reader chose; there is neither script nor style in
 * them.
 */

#include "dashboard/page.h"

#include "base/utf8.h"

static const char *page_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void page_escape(struct buf *out, struct slice text)
{
	while (text.len) {
		size_t len = utf8_char_len(text);
		const char *entity = page_entity(*text.data);

		if (len == 0 || utf8_char_is_control(text.data, len)) {
			len = 1;
			buf_printf(out, "\\x%02X", (unsigned char)*text.data);
		} else if (entity) {
			buf_append_cstr(out, entity);
		} else {
			buf_append(out, text.data, len);
		}
		text = slice_from(text, len);
	}
}

/* ---- what every page has around it ---- */

static void page_begin(struct buf *out, const char *class)
{
	buf_printf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n"
	    "<title>ringmaster</title>\n"
	    "<link rel=\"icon\" href=\"/favicon.svg\" "
	    "type=\"image/svg+xml\">\n"
	    "<script src=\"/js/theme.js\"></script>\n"
	    "<link rel=\"stylesheet\" href=\"/style.css\">\n"
	    "</head>\n<body class=\"%s\">\n<main>\n", class);
}

static void page_end(struct buf *out, const char *back)
{
	buf_printf(out, "<p><a href=\"/\">%s</a></p>\n</main>\n</body>\n"
	    "</html>\n", back);
}

void page_write_error(struct buf *out, unsigned status, struct slice message)
{
	page_begin(out, "plain");
	buf_printf(out, "<h1>%u</h1>\n<p>", status);
	page_escape(out, message);
	buf_append_cstr(out, "</p>\n");
	page_end(out, "To the dashboard");
}

void page_write_confirm(struct buf *out, const char *question,
    struct slice action, const char *token)
{
	page_begin(out, "plain");
	buf_printf(out, "<h1>%s</h1>\n"
	    "<form method=\"post\" action=\"%.*s\">"
	    "<input type=\"hidden\" name=\"token\" value=\"%s\">"
	    "<button>Yes</button></form>\n",
	    question, SLICE_ARG(action), token);
	page_end(out, "No, back to the dashboard");
}

/* ---- reports ---- */

void page_write_reports_begin(struct buf *out, unsigned count)
{
	page_begin(out, "plain wide");
	buf_append_cstr(out, "<h1>Reports of load tests</h1>\n");
	if (count == 0)
		buf_append_cstr(out, "<p>No test was kept yet: the dashboard "
		    "starts one, or <code>ringload --save</code>.</p>\n");
	buf_append_cstr(out, "<p>");
	if (count > 1)
		buf_append_cstr(out, "<a href=\"/api/v1/reports/trend\">"
		    "The course of the last 20</a>, ");
	buf_append_cstr(out, "<a href=\"/api/v1/reports/server?range=1h\">"
	    "the server in the last hour</a>, "
	    "<a href=\"/api/v1/reports/server?range=24h\">day</a></p>\n");
	buf_append_cstr(out, "<div class=\"gallery\">\n");
}

/* Ids of runs go into addresses; what is none is text, and leads nowhere. */
void page_write_report(struct buf *out, const struct page_report *report)
{
	static const char *const formats[] = { "pdf", "svg", "html", "csv",
		"json", "md" };
	struct slice run = slice_cstr(report->run);

	buf_append_cstr(out, "<figure><a href=\"/api/v1/reports/");
	page_escape(out, run);
	buf_append_cstr(out, "\"><img src=\"/api/v1/reports/");
	page_escape(out, run);
	buf_append_cstr(out, "?thumb=1\" width=\"600\" height=\"315\" "
	    "loading=\"lazy\" alt=\"Report of ");
	page_escape(out, slice_cstr(report->date));
	buf_append_cstr(out, "\"></a>\n<figcaption><b>");
	page_escape(out, slice_cstr(report->name));
	buf_append_cstr(out, "</b> ");
	page_escape(out, slice_cstr(report->date));
	buf_append_cstr(out, "<br>");
	page_escape(out, slice_cstr(report->figures));
	buf_append_cstr(out, "<br>");
	for (unsigned i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		buf_append_cstr(out, i ? " " : "");
		buf_append_cstr(out, "<a href=\"/api/v1/reports/");
		page_escape(out, run);
		buf_printf(out, "?format=%s\">%s</a>", formats[i],
		    formats[i]);
	}
	buf_append_cstr(out, "</figcaption></figure>\n");
}

void page_write_reports_end(struct buf *out)
{
	buf_append_cstr(out, "</div>\n");
	page_end(out, "To the dashboard");
}

/*
 * Pages as plain HTML, for what needs no script: errors and questions. Their
 * look is in html/dashboard/, and the only script is the one there that takes
 * the theme which the reader chose; there is neither script nor style in them.
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

static void page_begin(struct buf *out)
{
	buf_append_cstr(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n"
	    "<title>ringmaster</title>\n"
	    "<link rel=\"icon\" href=\"/favicon.svg\" "
	    "type=\"image/svg+xml\">\n"
	    "<script src=\"/js/theme.js\"></script>\n"
	    "<link rel=\"stylesheet\" href=\"/style.css\">\n"
	    "</head>\n<body class=\"plain\">\n<main>\n");
}

static void page_end(struct buf *out, const char *back)
{
	buf_printf(out, "<p><a href=\"/\">%s</a></p>\n</main>\n</body>\n"
	    "</html>\n", back);
}

void page_write_error(struct buf *out, unsigned status, struct slice message)
{
	page_begin(out);
	buf_printf(out, "<h1>%u</h1>\n<p>", status);
	page_escape(out, message);
	buf_append_cstr(out, "</p>\n");
	page_end(out, "To the dashboard");
}

void page_write_confirm(struct buf *out, const char *question,
    struct slice action, const char *token)
{
	page_begin(out);
	buf_printf(out, "<h1>%s</h1>\n"
	    "<form method=\"post\" action=\"%.*s\">"
	    "<input type=\"hidden\" name=\"token\" value=\"%s\">"
	    "<button>Yes</button></form>\n",
	    question, SLICE_ARG(action), token);
	page_end(out, "No, back to the dashboard");
}

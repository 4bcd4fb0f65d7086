/* Tables, data and pages of reports; see text.h. */

#include "report/text.h"

#include <errno.h>

#include "load/print.h"

enum { TEXT_MEMORY_MAX = 256 << 20 };

/* ---- data ---- */

/* The run, and the figures of those before. */
int report_data(const struct source *source,
    const struct report_request *request, struct buf *out)
{
	struct source_part parts[PAGE_HISTORY + 1];
	unsigned last = request->runs[0], count = 0;
	int before = source_previous(source, last);
	unsigned first = last + 1 > PAGE_HISTORY ? last + 1 - PAGE_HISTORY : 0;

	if (before >= 0 && (unsigned)before < first)
		parts[count++] = (struct source_part){ (unsigned)before,
			false };
	for (unsigned i = first; i <= last; i++)
		parts[count++] = (struct source_part){ i, i == last };
	return source_write(source, parts, count, out);
}

/* ---- tables ---- */

static int text_run(const struct source *source, unsigned index,
    enum report_format format, struct buf *out)
{
	Ringmaster__V1__LoadResult *result;
	struct arena arena;

	arena_init(&arena, NULL, 0, TEXT_MEMORY_MAX);
	result = source_unpack(source, index, &arena);
	if (result && format == REPORT_CSV)
		load_print_csv(out, result);
	else if (result && format == REPORT_MD)
		load_print_markdown(out, result);
	else if (result)
		load_print_text(out, result);
	arena_fini(&arena);
	return result ? 0 : -ENOMEM;
}

int report_text(const struct source *source,
    const struct report_request *request, enum report_format format,
    struct buf *out)
{
	if (format == REPORT_JSON)
		return report_data(source, request, out);
	return text_run(source, request->runs[0], format, out);
}

/* ---- a page ---- */

/* What would be read as markup is written as its number. */
static void page_escape(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr("<>&\"", text.data[i]) && text.data[i])
			buf_printf(out, "&#%d;", text.data[i]);
		else
			buf_append_char(out, text.data[i]);
	}
}

static void page_style(enum theme theme, struct buf *out)
{
	buf_printf(out, "<style>\n:root { color-scheme: %s; }\n"
	    "body { margin: 0; background: #%06X; color: #%06X; "
	    "font: 14px/1.45 Inter, system-ui, sans-serif; }\n"
	    "main { max-width: 1600px; margin: 0 auto; }\n"
	    "svg { display: block; width: 100%%; height: auto; }\n"
	    "section { padding: 0 2%% 2%%; overflow-x: auto; }\n"
	    "pre { color: #%06X; font: 13px/1.45 ui-monospace, "
	    "\"DejaVu Sans Mono\", monospace; }\n</style>\n",
	    theme == THEME_DARK ? "dark" : "light",
	    theme_color(theme, TOKEN_PAGE), theme_color(theme, TOKEN_TEXT),
	    theme_color(theme, TOKEN_MUTED));
}

void report_page(const struct report_html *html, struct buf *out)
{
	const char *svg = memmem(html->svg.data, html->svg.len, "<svg", 4);

	buf_append_cstr(out, "<!DOCTYPE html>\n<html lang=\"en\">\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>");
	page_escape(slice_cstr(html->title), out);
	buf_append_cstr(out, "</title>\n");
	page_style(html->theme, out);
	buf_append_cstr(out, "<main>\n");
	/* Without the declaration of XML. */
	if (svg)
		buf_append_slice(out, slice_from(html->svg,
		    (size_t)(svg - html->svg.data)));
	buf_append_cstr(out, "<section>\n<h1>In numbers</h1>\n<pre>");
	page_escape(html->text, out);
	buf_append_cstr(out, "</pre>\n<h2>What the words mean</h2>\n<pre>");
	page_escape(slice_cstr(load_print_glossary), out);
	buf_append_cstr(out, "</pre>\n</section>\n</main>\n");
}

/*
 * Texts and numbers as the pages show them.
 */

#include "dashboard/page.h"

#include <math.h>

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

/* Control characters: C0 and DEL, and in UTF-8 those of C1. */
static bool page_is_control(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	return len == 1 ? p[0] < 0x20 || p[0] == 0x7f :
	    len == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

void page_escape(struct buf *out, struct slice text)
{
	while (text.len) {
		size_t len = utf8_char_len(text);
		const char *entity = page_entity(*text.data);

		if (len == 0 || page_is_control(text.data, len)) {
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

void page_count(struct buf *out, uint64_t number)
{
	char text[32], *start = text + sizeof(text);
	unsigned digits = 0;

	do {
		if (digits && digits % 3 == 0)
			*--start = ',';
		*--start = (char)('0' + number % 10);
		number /= 10;
		digits++;
	} while (number);
	buf_append(out, start, (size_t)(text + sizeof(text) - start));
}

/* Three significant digits, without an exponent. */
static void page_short(struct buf *out, double number, const char *unit)
{
	buf_printf(out, "%.*f %s",
	    number < 9.995 ? 2 : number < 99.95 ? 1 : 0, number, unit);
}

void page_seconds(struct buf *out, double seconds)
{
	if (!isfinite(seconds) || seconds < 0)
		buf_append_cstr(out, "\xe2\x80\x93");
	else if (seconds == 0)
		buf_append_cstr(out, "0 ms");
	else if (seconds < 0.9995e-3)
		page_short(out, seconds * 1e6, "\xc2\xb5s");
	else if (seconds < 0.9995)
		page_short(out, seconds * 1e3, "ms");
	else
		page_short(out, seconds, "s");
}

void page_bytes(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB",
	    "PiB", "EiB" };
	double size = (double)bytes;
	unsigned i = 0;

	if (bytes < 1024) {
		buf_printf(out, "%u B", (unsigned)bytes);
		return;
	}
	for (size /= 1024; size >= 1023.5; size /= 1024)
		i++;
	page_short(out, size, units[i]);
}

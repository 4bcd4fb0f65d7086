#include "report/svg.h"

#include <stdlib.h>

enum {
	/* Of a unit: of the outlines of letters, and of the rest. */
	SVG_DECIMALS_LETTERS = 2,
	SVG_DECIMALS = 1,
	SVG_NAMES = 64,
	SVG_NUMBER_DIGITS = 9,		/* of a name, at most */
};

static const char svg_digits[] = "0123456789";

/* ---- names ---- */

struct svg_names {
	unsigned long seen[SVG_NAMES];
	unsigned count;
};

static unsigned svg_name(struct svg_names *names, unsigned long number)
{
	for (unsigned i = 0; i < names->count; i++)
		if (names->seen[i] == number)
			return i;
	if (names->count < SVG_NAMES)
		names->seen[names->count++] = number;
	return names->count - 1;
}

/* Does `word` end at `at`? */
static bool svg_behind(const char *begin, const char *at, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(at - begin) >= len &&
	    memcmp(at - len, word, len) == 0;
}

/* Is `at` behind one of the words that are numbered? */
static bool svg_is_name(const char *begin, const char *at)
{
	static const char *const words[] = { "\"surface", "#surface",
		"\"image", "#image", "\"source-", "#source-" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (svg_behind(begin, at, words[i]))
			return true;
	return false;
}

/* ---- places ---- */

/* Are the digits at `at` decimals of a place? Those of colours, widths and
 * matrices, which have other signs before them, stay as they are. */
static bool svg_is_place(const char *begin, const char *at)
{
	if (at == begin || *--at != '.')
		return false;
	while (at > begin && strchr("0123456789-", at[-1]))
		at--;
	if (at - begin < 2)
		return false;
	return at[-1] == '"' || (at[-1] == ' ' && at[-2] != ',');
}

/* ---- defaults ---- */

/* How long what says nothing is at `at`; 0: it is something else. */
static size_t svg_default(const char *at)
{
	static const char *const defaults[] = { "fill-rule:nonzero;",
		"fill-opacity:1;", "stroke-opacity:1;", "stroke:none;",
		"stroke-linecap:butt;" };

	for (unsigned i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strncmp(at, defaults[i], strlen(defaults[i])) == 0)
			return strlen(defaults[i]);
	return 0;
}

/* ---- the document ---- */

static void svg_body(const char *text, struct buf *out)
{
	const char *letters = strstr(text, "</defs>");
	struct svg_names names = { .count = 0 };
	const char *from = text, *at = text;

	while (*(at += strcspn(at, "0123456789fs"))) {
		size_t len = strspn(at, svg_digits), skip = 0, keep = 0;

		if (len == 0)
			skip = svg_default(at);
		else if (len <= SVG_NUMBER_DIGITS && svg_is_name(text, at))
			skip = len;
		else if (svg_is_place(text, at))
			keep = letters && at < letters
			    ? SVG_DECIMALS_LETTERS : SVG_DECIMALS;
		if (skip || (keep && keep < len)) {
			buf_append(out, from, (size_t)(at - from) + keep);
			from = at + (skip ? skip : len);
		}
		if (skip && len)
			buf_printf(out, "%u", svg_name(&names,
			    strtoul(at, NULL, 10)));
		at += skip ? skip : len ? len : 1;
	}
	buf_append_cstr(out, from);
}

static void svg_title(const char *title, struct buf *out)
{
	buf_append_cstr(out, "<title>");
	for (; *title; title++) {
		if (strchr("<>&", *title))
			buf_printf(out, "&#%d;", *title);
		else
			buf_append_char(out, *title);
	}
	buf_append_cstr(out, "</title>\n");
}

void svg_finish(const char *svg, const char *title, struct buf *out)
{
	static const char element[] = "<svg ";
	const char *begin = strstr(svg, element);
	const char *end = begin ? strchr(begin, '>') : NULL;

	if (!end)
		return;
	buf_append(out, svg, (size_t)(begin - svg));
	buf_append_cstr(out, "<svg role=\"img\" ");
	begin += sizeof(element) - 1;
	buf_append(out, begin, (size_t)(end + 1 - begin));
	buf_append_char(out, '\n');
	svg_title(title, out);
	svg_body(end + 1, out);
}

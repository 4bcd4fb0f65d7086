#include "report/svg.h"

#include <math.h>
#include <stdlib.h>

enum {
	/* Of a unit there are so many parts: in the outlines of letters, and
	 * in the rest. */
	SVG_PARTS_LETTERS = 100,
	SVG_PARTS = 10,
	SVG_NUMBERS = 6,		/* of a command of a path, at most */
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

/* ---- places and colours ---- */

/* Are the digits at `at` decimals of a place? Those of widths and matrices,
 * which have other signs before them, stay as they are. */
static bool svg_is_place(const char *begin, const char *at)
{
	if (at == begin || *--at != '.')
		return false;
	while (at > begin && strchr("0123456789-", at[-1]))
		at--;
	return at - begin >= 2 && at[-1] == '"';
}

/* "rgb(100%,0%,50%)" as "#ff0080"; returns its end, or NULL if it is none. */
static const char *svg_color(const char *at, struct buf *out)
{
	unsigned long color = 0;

	if (strncmp(at, "rgb(", 4) != 0)
		return NULL;
	at += 3;
	for (unsigned i = 0; i < 3; i++) {
		char *end;
		double percent = strtod(at + 1, &end);

		if (end[0] != '%' || end[1] != (i < 2 ? ',' : ')'))
			return NULL;
		color = color << 8 | (unsigned long)lround(percent * 2.55);
		at = end + 1;
	}
	buf_printf(out, "#%06lx", color & 0xffffff);
	return at + 1;
}

/* ---- paths ---- */

static const struct svg_command {
	char letter, relative;
	unsigned numbers;
} svg_commands[] = { { 'M', 'm', 2 }, { 'L', 'l', 2 },
	{ 'C', 'c', SVG_NUMBERS }, { 'Z', 'z', 0 } };

struct svg_pen {
	long at[2], begin[2];		/* parts of a unit */
	long parts;
	char last;			/* command */
};

static const struct svg_command *svg_command(char letter)
{
	for (unsigned i = 0; i < sizeof(svg_commands) /
	    sizeof(svg_commands[0]); i++)
		if (svg_commands[i].letter == letter)
			return &svg_commands[i];
	return NULL;
}

/* Without what can be done without: the zero before and the zeros behind a
 * point, and the blank before a minus. */
static void svg_number(const struct svg_pen *pen, long number, bool first,
    struct buf *out)
{
	long whole = labs(number) / pen->parts;
	long rest = labs(number) % pen->parts;

	if (number < 0)
		buf_append_char(out, '-');
	else if (!first)
		buf_append_char(out, ' ');
	if (whole || !rest)
		buf_printf(out, "%ld", whole);
	if (rest && pen->parts == SVG_PARTS_LETTERS && rest % 10)
		buf_printf(out, ".%02ld", rest);
	else if (rest)
		buf_printf(out, ".%ld", pen->parts == SVG_PARTS_LETTERS
		    ? rest / 10 : rest);
}

/* A command, relative to where the pen is, whose letter is left out if it is
 * what follows anyway. */
static void svg_step(struct svg_pen *pen, const struct svg_command *command,
    const long numbers[SVG_NUMBERS], struct buf *out)
{
	char usual = pen->last == 'm' ? 'l' : pen->last;
	bool named = command->relative != usual || command->relative == 'z';

	if (named)
		buf_append_char(out, command->relative);
	for (unsigned i = 0; i < command->numbers; i++)
		svg_number(pen, numbers[i] - pen->at[i % 2], named && i == 0,
		    out);
	for (unsigned i = 0; i < 2; i++) {
		pen->at[i] = command->numbers
		    ? numbers[command->numbers - 2 + i] : pen->begin[i];
		if (command->letter == 'M')
			pen->begin[i] = pen->at[i];
	}
	pen->last = command->relative;
}

/* The path up to its quote; returns that, or NULL if it has commands that
 * Cairo does not use. */
static const char *svg_path(const char *at, long parts, struct buf *out)
{
	struct svg_pen pen = { .parts = parts };
	size_t len = out->len;

	while (*(at += strspn(at, " ")) != '"') {
		const struct svg_command *command = svg_command(*at);
		long numbers[SVG_NUMBERS];

		if (!command) {
			out->len = len;
			return NULL;
		}
		at++;
		for (unsigned i = 0; i < command->numbers; i++) {
			char *end;

			numbers[i] = lround(strtod(at, &end) *
			    (double)parts);
			at = end;
		}
		svg_step(&pen, command, numbers, out);
	}
	return at;
}

/* ---- defaults ---- */

/* How long what says nothing is at `at`; 0: it is something else. No line
 * here has corners that a limit would cut, and glyphs are g0-1 and so on. */
static size_t svg_default(const char *at)
{
	static const char *const defaults[] = { "fill-rule:nonzero;",
		"fill-opacity:1;", "stroke-opacity:1;", "stroke:none;",
		"stroke-linecap:butt;", "stroke-miterlimit:10;",
		"lyph", "\n  " };

	for (unsigned i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strncmp(at, defaults[i], strlen(defaults[i])) == 0)
			return strlen(defaults[i]);
	return 0;
}

/* ---- the document ---- */

struct svg_document {
	const char *text;
	const char *letters;		/* their outlines end there, or NULL */
	struct svg_names names;
	struct buf *out;
};

static const char *svg_digits_write(struct svg_document *document,
    const char *at)
{
	size_t len = strspn(at, svg_digits);

	if (len <= SVG_NUMBER_DIGITS && svg_is_name(document->text, at))
		buf_printf(document->out, "%u", svg_name(&document->names,
		    strtoul(at, NULL, 10)));
	else if (svg_is_place(document->text, at))
		buf_append(document->out, at, 1);
	else
		buf_append(document->out, at, len);
	return at + len;
}

/* What may be written in another way; returns where it ends. */
static const char *svg_write(struct svg_document *document, const char *at)
{
	static const char path[] = " d=\"";
	const char *end;

	if (strchr(svg_digits, *at))
		return svg_digits_write(document, at);
	if (svg_default(at))
		return at + svg_default(at);
	end = svg_color(at, document->out);
	if (end)
		return end;
	if (strncmp(at, path, sizeof(path) - 1) != 0) {
		buf_append_char(document->out, *at);
		return at + 1;
	}
	at += sizeof(path) - 1;
	buf_append_cstr(document->out, path);
	end = svg_path(at, at < document->letters ? SVG_PARTS_LETTERS
	    : SVG_PARTS, document->out);
	return end ? end : at;
}

static void svg_body(const char *text, struct buf *out)
{
	struct svg_document document = { .text = text, .out = out,
		.letters = strstr(text, "</defs>") };
	const char *at = text;

	for (;;) {
		size_t plain = strcspn(at, "\n 0123456789flrs");

		buf_append(out, at, plain);
		at += plain;
		if (!*at)
			return;
		at = svg_write(&document, at);
	}
}

static void svg_escape(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (memchr("<>&", text.data[i], 3))
			buf_printf(out, "&#%d;", text.data[i]);
		else
			buf_append_char(out, text.data[i]);
	}
}

static void svg_title(const char *title, struct buf *out)
{
	buf_append_cstr(out, "<title>");
	svg_escape(slice_cstr(title), out);
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

/* ---- texts ---- */

static void svg_text(const struct scene *scene, const struct scene_item *item,
    struct buf *out)
{
	if (item->text.len == 0)
		return;
	buf_printf(out, "<text x=\"%.5g\" y=\"%.5g\" font-size=\"%g\" ",
	    item->box.x, item->baseline, item->font.size);
	if (item->font.bold)
		buf_append_cstr(out, "font-weight=\"600\" ");
	if (item->ink.alpha < 1)
		buf_printf(out, "fill-opacity=\"%.3g\" ", item->ink.alpha);
	buf_printf(out, "fill=\"#%06x\" textLength=\"%.5g\" "
	    "lengthAdjust=\"spacingAndGlyphs\">",
	    theme_color(scene->theme, item->ink.token), item->box.w);
	svg_escape(item->text, out);
	buf_append_cstr(out, "</text>\n");
}

void svg_texts(const struct scene *scene, struct buf *out)
{
	for (const struct scene_item *item = scene->first; item;
	    item = item->next)
		if (item->kind == SCENE_TEXT)
			svg_text(scene, item, out);
}

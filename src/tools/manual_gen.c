/*
 * Makes a manual page of its source, when ringmaster is built; see manual.h.
 *
 *	manual_gen PAGE SOURCE > man/PAGE
 */

#include "tools/manual.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 512, ABOUTS_MAX = 512, NAME_MAX_BYTES = 64 };

/* What stands between "@about NAME" and "@end". */
struct about {
	char name[NAME_MAX_BYTES];
	char *text;
	bool used;
};

static const struct manual_page *const pages[] = {
	&manual_conf, &manual_metrics, &manual_segment
};

static struct about abouts[ABOUTS_MAX];
static unsigned about_count;

void manual_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fprintf(stderr, "manual_gen: ");
	(void)vfprintf(stderr, format, args);
	(void)fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

/* ---- what pages print ---- */

void manual_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		printf("\\&");
	for (; *text; text++) {
		if (*text == '\\')
			printf("\\e");
		else
			putchar(*text);
	}
}

void manual_sentence(const char *text)
{
	size_t len = strlen(text);
	char first[2] = { (char)toupper((unsigned char)*text), '\0' };

	if (!len)
		return;
	manual_text(first);
	if (len > 1)
		manual_text(text + 1);
	printf("%s\n", text[len - 1] == '.' ? "" : ".");
}

/* ---- the source ---- */

/* A line of text or of mdoc, with its numbers. */
static void print_line(const struct manual_page *page, const char *line)
{
	const char *mark;

	while ((mark = strstr(line, "@{"))) {
		char name[NAME_MAX_BYTES];
		size_t len = strcspn(mark + 2, "}");
		uint64_t value;

		if (len >= sizeof(name))
			manual_fail("no } behind \"%s\"", mark);
		memcpy(name, mark + 2, len);
		name[len] = '\0';
		if (!page->value || !page->value(name, &value))
			manual_fail("@{%s}: there is no such number", name);
		printf("%.*s%" PRIu64, (int)(mark - line), line, value);
		line = mark + 2 + len + 1;
	}
	printf("%s", line);
}

static const struct manual_page *about_page;

void manual_about(const char *name)
{
	for (unsigned i = 0; i < about_count; i++) {
		if (strcmp(abouts[i].name, name) == 0) {
			print_line(about_page, abouts[i].text);
			abouts[i].used = true;
		}
	}
}

static void read_about(FILE *in, const char *name)
{
	struct about *about = &abouts[about_count++];
	char line[LINE_MAX_BYTES];
	size_t size;
	FILE *text;

	if (about_count > ABOUTS_MAX || strlen(name) >= sizeof(about->name))
		manual_fail("too many or too long names at \"%s\"", name);
	strcpy(about->name, name);
	text = open_memstream(&about->text, &size);
	while (text && fgets(line, sizeof(line), in)) {
		if (strcmp(line, "@end\n") == 0) {
			(void)fclose(text);
			return;
		}
		(void)fputs(line, text);
	}
	manual_fail("no @end of \"%s\"", name);
}

/* Read what the source says about names; it may stand at its end. */
static void read_abouts(FILE *in)
{
	char line[LINE_MAX_BYTES];

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "@about ", 7) == 0)
			read_about(in, line + 7);
	}
	rewind(in);
}

static void print_page(const struct manual_page *page, FILE *in)
{
	char line[LINE_MAX_BYTES];
	bool skip = false;

	printf(".\\\" Made by manual_gen: see man/%s.in.\n", page->name);
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "@about ", 7) == 0) {
			skip = true;
		} else if (skip) {
			skip = strcmp(line, "@end\n") != 0;
		} else if (line[0] == '@' && line[1] != '{') {
			line[strcspn(line, "\n")] = '\0';
			if (!page->insert(line + 1))
				manual_fail("%s: there is no such thing",
				    line);
		} else {
			print_line(page, line);
		}
	}
}

int main(int argc, char **argv)
{
	FILE *in = argc == 3 ? fopen(argv[2], "r") : NULL;

	for (size_t i = 0; in && i < sizeof(pages) / sizeof(*pages); i++)
		if (strcmp(pages[i]->name, argv[1]) == 0)
			about_page = pages[i];
	if (!about_page)
		manual_fail("usage: manual_gen PAGE SOURCE");
	read_abouts(in);
	print_page(about_page, in);
	for (unsigned i = 0; i < about_count; i++) {
		if (!abouts[i].used)
			manual_fail("about \"%s\": there is no such thing",
			    abouts[i].name);
		free(abouts[i].text);
	}
	(void)fclose(in);
	return fflush(stdout) == 0 ? 0 : 1;
}

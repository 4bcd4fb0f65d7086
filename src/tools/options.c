#include "tools/options.h"

#include <assert.h>

enum { OPTIONS_NAME = 24, OPTIONS_HALF = 40 };

/* ---- what is given ---- */

/* What getopt_long() wants. */
static void options_make(const struct options_table *table,
    struct option *longs, char *letters)
{
	assert(table->count <= OPTIONS_MAX);
	*letters++ = ':';		/* tells a missing value apart */
	for (unsigned i = 0; i < table->count; i++) {
		const struct options_row *row = &table->rows[i];

		longs[i] = (struct option){ .name = row->name,
		    .has_arg = !row->arg ? no_argument
			: *row->arg == '[' ? optional_argument
					   : required_argument,
		    .val = row->id };
		if (row->id >= OPTIONS_LONG)
			continue;
		*letters++ = (char)row->id;
		if (row->arg)
			*letters++ = ':';
	}
	longs[table->count] = (struct option){ .name = NULL };
	*letters = '\0';
}

int options_next(const struct options_table *table, int argc, char **argv,
    char *why, size_t size)
{
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 2], letter[3] = "-";
	const char *name = letter;
	int id;

	options_make(table, longs, letters);
	opterr = 0;
	id = getopt_long(argc, argv, letters, longs, NULL);
	if (id != '?' && id != ':')
		return id;
	/* A long option that is unknown leaves no letter. */
	letter[1] = (char)optopt;
	if (optopt <= 0 || optopt >= OPTIONS_LONG)
		name = argv[optind - 1];
	(void)snprintf(why, size, id == ':'
	    ? "%s lacks its value; see --help"
	    : "there is no option %s, or not so; see --help", name);
	return OPTIONS_WRONG;
}

/* ---- what there is ---- */

/* Its names and its value; without a letter, indented or not. */
static int options_name(char *name, size_t size, const struct options_row *row,
    const char *indent)
{
	char letter[] = "-x, ";
	const char *arg = row->arg ? row->arg : "";

	letter[1] = (char)row->id;
	return snprintf(name, size, "%s--%s%s%s",
	    row->id < OPTIONS_LONG ? letter : indent, row->name,
	    *arg && *arg != '[' ? " " : "", arg);
}

void options_help(FILE *to, const struct options_table *table)
{
	char name[OPTIONS_HALF];
	int width = 0, n;

	for (unsigned i = 0; i < table->count; i++) {
		n = options_name(name, sizeof(name), &table->rows[i], "    ");
		width = n > width ? n : width;
	}
	for (unsigned i = 0; i < table->count; i++) {
		(void)options_name(name, sizeof(name), &table->rows[i],
		    "    ");
		(void)fprintf(to, "  %-*s  %s\n", width, name,
		    table->rows[i].help);
	}
}

static void options_help_half(FILE *to, const struct options_row *row,
    int width)
{
	char name[OPTIONS_HALF];

	(void)options_name(name, sizeof(name), row, "");
	(void)fprintf(to, "%-*s %-*s", OPTIONS_NAME - 1, name, width,
	    row->help);
}

void options_help_dense(FILE *to, const struct options_table *table)
{
	unsigned lines = (table->count + 1) / 2;

	for (unsigned i = 0; i < lines; i++) {
		unsigned right = i + lines;

		options_help_half(to, &table->rows[i], right < table->count
		    ? OPTIONS_HALF - OPTIONS_NAME : 0);
		if (right < table->count)
			options_help_half(to, &table->rows[right], 0);
		(void)fputc('\n', to);
	}
}

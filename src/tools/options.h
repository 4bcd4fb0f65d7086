#ifndef RINGMASTER_TOOLS_OPTIONS_H
#define RINGMASTER_TOOLS_OPTIONS_H

#include <getopt.h>
#include <stdio.h>

/*
 * The options of a command, from a table: what getopt_long(3) takes and what
 * --help says are made from it, so that they are the same.
 */

enum {
	OPTIONS_MAX = 64,		/* rows of a table */
	OPTIONS_LONG = 256,		/* first id of those without a letter */
	OPTIONS_END = -1,		/* what options_next() gives, too */
	OPTIONS_WRONG = -2,
};

struct options_row {
	const char *name;
	const char *arg;	/* NULL: none; "[=...": it may be left out */
	const char *help;
	int id;			/* its letter, or from OPTIONS_LONG on */
};

struct options_table {
	const struct options_row *rows;
	unsigned count;
};

#define OPTIONS_TABLE(rows) { rows, sizeof(rows) / sizeof(*(rows)) }

/*
 * The id of the next option of argv, with its value in optarg; OPTIONS_END if
 * there are no more, and what is left begins at optind; or OPTIONS_WRONG, if
 * there is no such option or its value is missing, with a sentence in `why`
 * without a full stop.
 */
int options_next(const struct options_table *table, int argc, char **argv,
    char *why, size_t size);

/* Print all of them, a line each, with their helps in a column. */
void options_help(FILE *to, const struct options_table *table);

/* The same in two columns of half a screen: helps of up to 16 characters on
 * the left, and on the right as many. */
void options_help_dense(FILE *to, const struct options_table *table);

#endif

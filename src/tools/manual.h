#ifndef RINGMASTER_TOOLS_MANUAL_H
#define RINGMASTER_TOOLS_MANUAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Manual pages that are made of what they describe: manual_gen fills in what
 * their sources in man/ leave open, from the tables that the server itself
 * goes by. In such a source stand, besides mdoc,
 *
 *	@NAME		a line that the page's `insert` replaces
 *	@{NAME}		a number, from the page's `value`
 *	@about NAME	what stands up to "@end" is left out here; `insert`
 *			puts it where NAME is described
 *
 * What is wrong with a source is an error, and no page is made.
 */

struct manual_page {
	const char *name;
	/* Print what "@WHAT" stands for; false if there is no such thing. */
	bool (*insert)(const char *what);
	/* What "@{NAME}" stands for; false if there is no such thing. NULL: the
	 * page has none. */
	bool (*value)(const char *name, uint64_t *ret);
};

extern const struct manual_page manual_conf;
extern const struct manual_page manual_metrics;
extern const struct manual_page manual_segment;

/* Print what the source says about `name`; nothing if it says nothing. */
void manual_about(const char *name);

/* Print text so that it means itself. */
void manual_text(const char *text);

/* The same as a sentence: with a capital, a full stop and a line of its own. */
void manual_sentence(const char *text);

/* Say what is wrong, in the words of printf(), and exit. */
_Noreturn void manual_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif

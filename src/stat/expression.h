#ifndef RINGMASTER_STAT_EXPRESSION_H
#define RINGMASTER_STAT_EXPRESSION_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Conditions, of counters (--wait) and of requests (--query):
 *
 *	condition  = all { "or" all }
 *	all        = one { "and" one }
 *	one        = "not" one | "(" condition ")" | comparison
 *	comparison = operand [ operator word ]
 *	operand    = word | word "(" word ")"
 *	operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"
 *
 * A word is all up to a blank, a parenthesis or an operator, or stands in
 * quotes, single or double ones. What is compared with a number is a number,
 * maybe with a unit: 5k, 2M, 10ms, 5s, 2m, 1h, 64KiB, 1GiB. Texts are equal or
 * not, or contain another (~), which may be a glob for the whole. An operand
 * alone is true if it is not 0 and not empty.
 */

enum {
	EXPRESSION_NODES_MAX = 64,
	EXPRESSION_DEPTH_MAX = 32,
	EXPRESSION_WHY_MAX = 256,
	EXPRESSION_TEXT_MAX = 4096,	/* bytes of all of it */
};

enum expression_type {
	EXPRESSION_UNKNOWN,		/* there is no such name */
	EXPRESSION_NUMBER,
	EXPRESSION_TEXT,
};

struct expression_value {
	double number;			/* NAN: it has none yet */
	struct slice text;		/* of EXPRESSION_TEXT, NUL behind */
	char room[64];			/* where `text` may be */
};

/* What names mean. `function` is empty without one. */
struct expression_names {
	enum expression_type (*type)(struct slice function, struct slice name);
	void (*value)(const void *arg, struct slice function,
	    struct slice name, struct expression_value *ret);
};

enum expression_op {
	EXPRESSION_OR, EXPRESSION_AND, EXPRESSION_NOT,
	EXPRESSION_IS,			/* an operand alone */
	EXPRESSION_EQUAL, EXPRESSION_UNEQUAL,
	EXPRESSION_LESS, EXPRESSION_AT_MOST,
	EXPRESSION_MORE, EXPRESSION_AT_LEAST,
	EXPRESSION_LIKE, EXPRESSION_UNLIKE,
};

struct expression_node {
	enum expression_op op;
	enum expression_type type;	/* of a comparison */
	unsigned left, right;		/* nodes; of "not" the left one */
	struct slice function, name;
	double number;
	struct slice text;		/* with a NUL behind it */
};

struct expression {
	char text[EXPRESSION_TEXT_MAX];	/* that the nodes have slices of */
	struct expression_node nodes[EXPRESSION_NODES_MAX];
	unsigned count, root;
	const struct expression_names *names;
};

/*
 * Parse `text`. *ret stays at its address. Returns true; or false, with what
 * is wrong in `why`, in words that end a sentence.
 */
bool expression_parse(struct slice text, const struct expression_names *names,
    struct expression *ret, char why[EXPRESSION_WHY_MAX]);

/* Is it true now? A comparison with what has no number is not. `arg` is for
 * names->value. */
bool expression_holds(const struct expression *expression, const void *arg);

#endif

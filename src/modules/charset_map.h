#ifndef RINGMASTER_MODULES_CHARSET_MAP_H
#define RINGMASTER_MODULES_CHARSET_MAP_H

#include "base/arena.h"

/* Tables between two character sets, and recoding by them. No I/O. */

enum {
	CHARSET_UTF8_MAX = 3,		/* bytes of a character in a table */
	CHARSET_ENTITY_MAX = 10,	/* "&#1114111;" */
};

struct charset_map {
	struct slice from, to;		/* `from` has one byte a character */
	bool utf8;			/* `to` is UTF-8 */
	unsigned char there[256], back[256];	/* if it is not */
	struct charset_utf8 {
		uint8_t len;
		char bytes[CHARSET_UTF8_MAX];
	} utf8_there[256];
	unsigned char *utf8_back[256];	/* by the high byte; or NULL */
	struct charset_map *next;
};

/* An empty map: ASCII is itself, all else is '?'. NULL without memory. */
struct charset_map *charset_map_new(struct arena *arena, struct slice from,
    struct slice to);

enum charset_result {
	CHARSET_OK,
	CHARSET_BAD_FROM,		/* the first column is no such value */
	CHARSET_BAD_TO,
	CHARSET_NO_MEMORY,
};

/* One line of a map: two numbers in hexadecimal. */
enum charset_result charset_map_add(struct arena *arena,
    struct charset_map *map, struct slice from, struct slice to);

/* A text that is being recoded, piece by piece. */
struct charset_recode {
	const struct charset_map *map;
	bool back;			/* from `to` to `from` */
	char saved[4];			/* bytes of a character not yet whole */
	size_t saved_len;
};

/*
 * Recode from the begin of *in, as much as `size` bytes have room for (at
 * least CHARSET_ENTITY_MAX): *in is what is left. What UTF-8 has and the other
 * set has not becomes "&#N;", what is not UTF-8 '?'. Returns the bytes written
 * to `out`. Stops early only for lack of room.
 */
size_t charset_recode(struct charset_recode *recode, struct slice *in,
    char *out, size_t size);

#endif

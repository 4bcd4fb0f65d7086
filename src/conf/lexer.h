#ifndef RINGMASTER_CONF_LEXER_H
#define RINGMASTER_CONF_LEXER_H

#include "base/slice.h"

/*
 * The words and signs of nginx's configuration language.
 *
 * A word begins where the one before ended and goes on to white space, ";"
 * or "{"; a backslash takes the meaning from the next byte, and the "{" of
 * "${name}" belongs to the word. Quotes count only as the first byte of a
 * word, which then goes on to the same quote. "#" begins a comment only
 * where a word could begin.
 */

enum {
	/* Bytes of a word as written, with the one that ends it. */
	CONF_WORD_SIZE_MAX = 4096,
	CONF_LEXER_ERROR_SIZE = 96,
};

enum conf_token {
	CONF_TOKEN_WORD,	/* `word` is set */
	CONF_TOKEN_SEMICOLON,
	CONF_TOKEN_OPEN,
	CONF_TOKEN_CLOSE,
	CONF_TOKEN_END,		/* the end of the text */
	CONF_TOKEN_CUT,		/* the end of the text, inside a word */
	CONF_TOKEN_ERROR,	/* `error` says what is wrong */
};

struct conf_lexer {
	const char *next;
	const char *end;
	unsigned line;		/* of `next`, or of the error; from 1 */
	bool quoted;		/* the last token was a word in quotes */
	struct slice word;	/* as written, without the quotes */
	char error[CONF_LEXER_ERROR_SIZE];
};

/* Begin at the first byte of `text`, which must outlive the lexer. */
void conf_lexer_init(struct conf_lexer *lexer, struct slice text);

/* The next token; after END, CUT and ERROR there is nothing to ask for. */
enum conf_token conf_lexer_next(struct conf_lexer *lexer);

/*
 * Write what a word means to `out`, which has word.len bytes of room: \" \'
 * \\ \t \r and \n become one byte, any other backslash stays.
 * Returns the length.
 */
size_t conf_word_unescape(struct slice word, char *out);

#endif

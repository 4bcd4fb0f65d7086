#include "conf/lexer.h"

#include <stdarg.h>
#include <stdio.h>

void conf_lexer_init(struct conf_lexer *lexer, struct slice text)
{
	*lexer = (struct conf_lexer){
		.next = text.data,
		.end = text.len ? text.data + text.len : text.data,
		.line = 1,
	};
}

__attribute__((format(printf, 2, 3)))
static enum conf_token conf_lexer_fail(struct conf_lexer *lexer,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(lexer->error, sizeof(lexer->error), format, args);
	va_end(args); /* a message that is cut is still one */
	return CONF_TOKEN_ERROR;
}

static bool conf_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool conf_ends_word(char c, char quote)
{
	return quote ? c == quote : conf_is_space(c) || c == ';' || c == '{';
}

/* Go to the first byte that is neither white space nor in a comment. */
static void conf_lexer_skip(struct conf_lexer *lexer)
{
	bool comment = false;

	for (; lexer->next < lexer->end; lexer->next++) {
		char c = *lexer->next;

		if (c == '\n') {
			lexer->line++;
			comment = false;
		} else if (c == '#') {
			comment = true;
		} else if (!comment && !conf_is_space(c)) {
			return;
		}
	}
}

/* The word is nearly always one whose end was forgotten: say where it began. */
static enum conf_token conf_lexer_too_long(struct conf_lexer *lexer,
    struct slice word, char quote)
{
	if (quote)
		return conf_lexer_fail(lexer, "too long parameter, probably "
		    "missing terminating \"%c\" character", quote);
	return conf_lexer_fail(lexer,
	    "too long parameter \"%.*s...\" started",
	    SLICE_ARG(slice_first(word, 10)));
}

/* The word that begins at `next`, up to what ends it; quote: 0 for none. */
static enum conf_token conf_lexer_word(struct conf_lexer *lexer, char quote)
{
	const char *start = lexer->next;
	unsigned start_line = lexer->line;
	bool escaped = false, variable = false;

	for (; lexer->next < lexer->end; lexer->next++) {
		size_t len = (size_t)(lexer->next - start);
		char c = *lexer->next;

		lexer->word = (struct slice){ start, len };
		if (len == CONF_WORD_SIZE_MAX) {
			lexer->line = start_line;
			return conf_lexer_too_long(lexer, lexer->word, quote);
		}
		if (c == '\0') /* would cut what becomes a C string */
			return conf_lexer_fail(lexer, "unexpected zero byte");
		if (!escaped && !(variable && c == '{')) {
			if (conf_ends_word(c, quote))
				return CONF_TOKEN_WORD;
			variable = c == '$';
		}
		escaped = !escaped && c == '\\';
		lexer->line += c == '\n';
	}
	return CONF_TOKEN_CUT;
}

static enum conf_token conf_lexer_quoted(struct conf_lexer *lexer)
{
	enum conf_token token;
	char quote = *lexer->next++;

	token = conf_lexer_word(lexer, quote);
	if (token == CONF_TOKEN_WORD) {
		lexer->next++;
		lexer->quoted = true;
	}
	return token;
}

/* ")" may follow as well, for: if ($a = "b") */
static bool conf_may_follow_quoted(char c)
{
	return conf_ends_word(c, 0) || c == ')';
}

enum conf_token conf_lexer_next(struct conf_lexer *lexer)
{
	bool quoted = lexer->quoted;

	lexer->quoted = false;
	if (quoted && lexer->next < lexer->end &&
	    !conf_may_follow_quoted(*lexer->next))
		return conf_lexer_fail(lexer, "unexpected \"%c\"",
		    *lexer->next);
	conf_lexer_skip(lexer);
	if (lexer->next == lexer->end)
		return CONF_TOKEN_END;
	switch (*lexer->next) {
	case ';':
		lexer->next++;
		return CONF_TOKEN_SEMICOLON;
	case '{':
		lexer->next++;
		return CONF_TOKEN_OPEN;
	case '}':
		lexer->next++;
		return CONF_TOKEN_CLOSE;
	case '"':
	case '\'':
		return conf_lexer_quoted(lexer);
	default:
		return conf_lexer_word(lexer, 0);
	}
}

size_t conf_word_unescape(struct slice word, char *out)
{
	static const char from[] = "\"'\\trn", to[] = "\"'\\\t\r\n";
	size_t len = 0;

	for (size_t i = 0; i < word.len; i++) {
		const char *found = NULL;

		if (word.data[i] == '\\' && i + 1 < word.len)
			found = memchr(from, word.data[i + 1],
			    sizeof(from) - 1);
		if (found)
			i++;
		out[len++] = found ? to[found - from] : word.data[i];
	}
	return len;
}

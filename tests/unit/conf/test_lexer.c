#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conf/lexer.h"

static char shown[16384];

/*
 * All tokens of `text` in one line: words, unescaped, as <word>; signs as
 * they are; "$" for the end, "!" for the end inside a word, "?MESSAGE@LINE".
 */
static const char *show(struct slice text)
{
	struct conf_lexer lexer;
	char *out = shown;

	conf_lexer_init(&lexer, text);
	for (;;) {
		switch (conf_lexer_next(&lexer)) {
		case CONF_TOKEN_WORD:
			*out++ = '<';
			out += conf_word_unescape(lexer.word, out);
			*out++ = '>';
			break;
		case CONF_TOKEN_SEMICOLON:
			*out++ = ';';
			break;
		case CONF_TOKEN_OPEN:
			*out++ = '{';
			break;
		case CONF_TOKEN_CLOSE:
			*out++ = '}';
			break;
		case CONF_TOKEN_END:
			strcpy(out, "$");
			return shown;
		case CONF_TOKEN_CUT:
			strcpy(out, "!");
			return shown;
		case CONF_TOKEN_ERROR:
			sprintf(out, "?%s@%u", lexer.error, lexer.line);
			return shown;
		}
	}
}

#define assert_tokens(text, expected) \
	assert_string_equal(show(SLICE(text)), expected)

static void words_end_at_space_and_signs(void **state)
{
	(void)state;
	assert_tokens("", "$");
	assert_tokens(" \t\r\n", "$");
	assert_tokens("a b;", "<a><b>;$");
	assert_tokens("a\tb\r\nc{}", "<a><b><c>{}$");
	assert_tokens("a}b;", "<a}b>;$");
	assert_tokens("a} }", "<a}>}$");
	assert_tokens("a", "!");
	assert_tokens(";;{", ";;{$");
}

static void an_empty_slice_may_be_null(void **state)
{
	(void)state;
	assert_string_equal(show((struct slice){ NULL, 0 }), "$");
}

static void a_comment_begins_where_a_word_could(void **state)
{
	(void)state;
	assert_tokens("# a;{}\"\nb;", "<b>;$");
	assert_tokens("a#b;#c", "<a#b>;$");
	assert_tokens("a #b;\n;", "<a>;$");
	assert_tokens("# no line end", "$");
	assert_tokens("# a backslash \\\nb;", "<b>;$");
}

static void quotes_count_at_the_start_of_a_word(void **state)
{
	(void)state;
	assert_tokens("\"a b\";", "<a b>;$");
	assert_tokens("'a;{}#b'{", "<a;{}#b>{$");
	assert_tokens("'';", "<>;$");
	assert_tokens("a\"b c\";", "<a\"b><c\">;$");
	assert_tokens("\"it's\" 'a \"b\"';", "<it's><a \"b\">;$");
	assert_tokens("\"a\nb\";", "<a\nb>;$");
	assert_tokens("\"a", "!");
	assert_tokens("\"a\\\"", "!");
}

static void after_a_quote_a_word_must_end(void **state)
{
	(void)state;
	assert_tokens("\"a\"b", "<a>?unexpected \"b\"@1");
	assert_tokens("\"a\"}", "<a>?unexpected \"}\"@1");
	assert_tokens("\n'a'#", "<a>?unexpected \"#\"@2");
	assert_tokens("if ($a = \"b\"){", "<if><($a><=><b><)>{$");
	assert_tokens("\"a\"", "<a>$");
	assert_tokens("\"a\" #\n\"b\"\n;", "<a><b>;$");
}

static void backslash_takes_the_meaning_away(void **state)
{
	(void)state;
	assert_tokens("a\\;b\\{c\\ d;", "<a\\;b\\{c\\ d>;$");
	assert_tokens("\\;;", "<\\;>;$");
	assert_tokens("\"a\\\"b\\'c\\\\\";", "<a\"b'c\\>;$");
	assert_tokens("'\\t\\r\\n';", "<\t\r\n>;$");
	assert_tokens("\\.php$;", "<\\.php$>;$");
	assert_tokens("a\\\\;", "<a\\>;$");
	assert_tokens("\\#a;", "<\\#a>;$");
	assert_tokens("a\\", "!");
}

static void braces_of_a_variable_belong_to_the_word(void **state)
{
	(void)state;
	assert_tokens("${a}b;", "<${a}b>;$");
	assert_tokens("a${b}{", "<a${b}>{$");
	assert_tokens("$a{", "<$a>{$");
	assert_tokens("${{a};", "<${{a}>;$");
	assert_tokens("\\${a;", "<\\$>{<a>;$");
	assert_tokens("${a b};", "<${a><b}>;$");
	assert_tokens("$", "!");
}

static void lines_are_counted(void **state)
{
	struct conf_lexer lexer;

	(void)state;
	conf_lexer_init(&lexer, SLICE("a\n#\n\"b\n\" \\\n;"));
	assert_int_equal(lexer.line, 1);
	assert_int_equal(conf_lexer_next(&lexer), CONF_TOKEN_WORD);
	assert_int_equal(lexer.line, 1);
	assert_int_equal(conf_lexer_next(&lexer), CONF_TOKEN_WORD);
	assert_int_equal(lexer.line, 4);
	assert_int_equal(conf_lexer_next(&lexer), CONF_TOKEN_WORD);
	assert_int_equal(lexer.line, 5);
	assert_int_equal(conf_lexer_next(&lexer), CONF_TOKEN_SEMICOLON);
}

static void zero_bytes_are_refused_in_words(void **state)
{
	(void)state;
	assert_tokens("a\0b;", "?unexpected zero byte@1");
	assert_tokens("\n\"\0\";", "?unexpected zero byte@2");
	assert_tokens("# \0\na;", "<a>;$");
}

/* `len` times "a" behind `before`, then ";" behind `after`. */
static const char *show_long(const char *before, size_t len,
    const char *after)
{
	static char text[8192];
	int n = snprintf(text, sizeof(text), "%s", before);

	memset(text + n, 'a', len);
	strcpy(text + n + len, after);
	return show(slice_cstr(text));
}

static void words_have_a_longest_length(void **state)
{
	size_t max = CONF_WORD_SIZE_MAX - 1;

	(void)state;
	assert_non_null(strstr(show_long("\n", max, ";"), ">;$"));
	assert_string_equal(show_long("\n", max + 1, ";\n"),
	    "?too long parameter \"aaaaaaaaaa...\" started@2");
	assert_non_null(strstr(show_long("\"", max, "\";"), ">;$"));
	assert_string_equal(show_long("\"\n", max, "\";"),
	    "?too long parameter, probably missing terminating \"\"\" "
	    "character@1");
	assert_string_equal(show_long("'", max + 1, "';"),
	    "?too long parameter, probably missing terminating \"'\" "
	    "character@1");
}

static void comments_may_be_longer_than_words(void **state)
{
	(void)state;
	assert_string_equal(show_long("#", 2 * CONF_WORD_SIZE_MAX - 8, "\n;"),
	    ";$");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_end_at_space_and_signs),
		cmocka_unit_test(an_empty_slice_may_be_null),
		cmocka_unit_test(a_comment_begins_where_a_word_could),
		cmocka_unit_test(quotes_count_at_the_start_of_a_word),
		cmocka_unit_test(after_a_quote_a_word_must_end),
		cmocka_unit_test(backslash_takes_the_meaning_away),
		cmocka_unit_test(braces_of_a_variable_belong_to_the_word),
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(zero_bytes_are_refused_in_words),
		cmocka_unit_test(words_have_a_longest_length),
		cmocka_unit_test(comments_may_be_longer_than_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

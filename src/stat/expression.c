#include "stat/expression.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>

#include "base/number.h"

struct parser {
	struct expression *to;
	char *at;			/* in to->text */
	unsigned depth;
	char *why;
};

#define PARSER_FAIL(parser, ...)                                           \
	((void)snprintf((parser)->why, EXPRESSION_WHY_MAX, __VA_ARGS__), false)

static const struct {
	char text[3];			/* longer ones first */
	enum expression_op op;
} parser_operators[] = {
	{ "!=", EXPRESSION_UNEQUAL }, { "!~", EXPRESSION_UNLIKE },
	{ "<=", EXPRESSION_AT_MOST }, { ">=", EXPRESSION_AT_LEAST },
	{ "=", EXPRESSION_EQUAL }, { "<", EXPRESSION_LESS },
	{ ">", EXPRESSION_MORE }, { "~", EXPRESSION_LIKE },
};

/* ---- words ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool is_word(char c)
{
	return c && !is_blank(c) && !strchr("()=!<>~\"'", c);
}

static void skip_blanks(struct parser *parser)
{
	while (is_blank(*parser->at))
		parser->at++;
}

/* "and", if that is what comes next. */
static bool take_keyword(struct parser *parser, const char *word)
{
	size_t len = strlen(word);

	skip_blanks(parser);
	if (strncmp(parser->at, word, len) != 0 || is_word(parser->at[len]))
		return false;
	parser->at += len;
	return true;
}

static bool take_char(struct parser *parser, char c)
{
	skip_blanks(parser);
	if (*parser->at != c)
		return false;
	parser->at++;
	return true;
}

static bool take_operator(struct parser *parser, enum expression_op *ret)
{
	skip_blanks(parser);
	for (unsigned i = 0; i < sizeof(parser_operators) /
	    sizeof(parser_operators[0]); i++) {
		size_t len = strlen(parser_operators[i].text);

		if (strncmp(parser->at, parser_operators[i].text, len) == 0) {
			parser->at += len;
			*ret = parser_operators[i].op;
			return true;
		}
	}
	return false;
}

static bool take_word(struct parser *parser, struct slice *ret, bool *quoted)
{
	char *end;

	skip_blanks(parser);
	*quoted = *parser->at == '"' || *parser->at == '\'';
	if (*quoted) {
		end = strchr(parser->at + 1, *parser->at);
		if (!end)
			return PARSER_FAIL(parser, "lacks a closing %c",
			    *parser->at);
		*ret = (struct slice){ parser->at + 1,
			(size_t)(end - parser->at - 1) };
		parser->at = end + 1;
		return true;
	}
	for (end = parser->at; is_word(*end); end++)
		;
	if (end == parser->at && *end)
		return PARSER_FAIL(parser, "has a name or a value missing at "
		    "\"%.32s\"", end);
	if (end == parser->at)
		return PARSER_FAIL(parser, "ends too early");
	*ret = (struct slice){ parser->at, (size_t)(end - parser->at) };
	parser->at = end;
	return true;
}

/* ---- the tree ---- */

static bool node_add(struct parser *parser, const struct expression_node *node,
    unsigned *ret)
{
	struct expression *to = parser->to;

	if (to->count == EXPRESSION_NODES_MAX)
		return PARSER_FAIL(parser, "has more than %u parts",
		    EXPRESSION_NODES_MAX);
	to->nodes[to->count] = *node;
	*ret = to->count++;
	return true;
}

static bool parse_operand(struct parser *parser, struct expression_node *node)
{
	bool quoted;

	if (!take_word(parser, &node->name, &quoted))
		return false;
	node->function = (struct slice){ node->name.data, 0 };
	if (!quoted && *parser->at == '(') {
		parser->at++;
		node->function = node->name;
		if (!take_word(parser, &node->name, &quoted))
			return false;
		if (!take_char(parser, ')'))
			return PARSER_FAIL(parser, "lacks a ) after \"%.*s\"",
			    SLICE_ARG(node->name));
	}
	node->type = parser->to->names->type(node->function, node->name);
	if (node->type != EXPRESSION_UNKNOWN)
		return true;
	return node->function.len
	    ? PARSER_FAIL(parser, "has no %.*s() of \"%.*s\"",
		SLICE_ARG(node->function), SLICE_ARG(node->name))
	    : PARSER_FAIL(parser, "has the unknown name \"%.*s\"",
		SLICE_ARG(node->name));
}

static bool parse_value(struct parser *parser, struct expression_node *node)
{
	bool quoted, orders = node->op >= EXPRESSION_LESS &&
	    node->op <= EXPRESSION_AT_LEAST;
	struct slice *text = &node->text;

	if (!take_word(parser, text, &quoted))
		return false;
	if (node->type == EXPRESSION_TEXT)
		return !orders || PARSER_FAIL(parser, "compares the text "
		    "\"%.*s\" as if it was a number", SLICE_ARG(node->name));
	if (node->op >= EXPRESSION_LIKE)
		return PARSER_FAIL(parser, "looks for a text in the number "
		    "\"%.*s\"", SLICE_ARG(node->name));
	if (number_parse(*text, &node->number) ||
	    number_parse_seconds(*text, &node->number) ||
	    number_parse_bytes(*text, &node->number))
		return true;
	return PARSER_FAIL(parser, "compares \"%.*s\" with \"%.*s\", which is "
	    "no number", SLICE_ARG(node->name), SLICE_ARG(*text));
}

static bool parse_or(struct parser *parser, unsigned *ret);

static bool parse_comparison(struct parser *parser, unsigned *ret)
{
	struct expression_node node = { .op = EXPRESSION_IS };

	if (!parse_operand(parser, &node))
		return false;
	if (take_operator(parser, &node.op) && !parse_value(parser, &node))
		return false;
	return node_add(parser, &node, ret);
}

static bool parse_one(struct parser *parser, unsigned *ret)
{
	struct expression_node not = { .op = EXPRESSION_NOT };
	bool ok;

	if (parser->depth == EXPRESSION_DEPTH_MAX)
		return PARSER_FAIL(parser, "is nested too deeply");
	parser->depth++;
	if (take_keyword(parser, "not"))
		ok = parse_one(parser, &not.left) &&
		    node_add(parser, &not, ret);
	else if (take_char(parser, '('))
		ok = parse_or(parser, ret) && (take_char(parser, ')') ||
		    PARSER_FAIL(parser, "lacks a closing parenthesis"));
	else
		ok = parse_comparison(parser, ret);
	parser->depth--;
	return ok;
}

static bool parse_and(struct parser *parser, unsigned *ret)
{
	bool ok = parse_one(parser, ret);

	while (ok && take_keyword(parser, "and")) {
		struct expression_node node = { .op = EXPRESSION_AND,
			.left = *ret };

		ok = parse_one(parser, &node.right) &&
		    node_add(parser, &node, ret);
	}
	return ok;
}

static bool parse_or(struct parser *parser, unsigned *ret)
{
	bool ok = parse_and(parser, ret);

	while (ok && take_keyword(parser, "or")) {
		struct expression_node node = { .op = EXPRESSION_OR,
			.left = *ret };

		ok = parse_and(parser, &node.right) &&
		    node_add(parser, &node, ret);
	}
	return ok;
}

/* The words that texts are compared with end, now that all is read. */
static void end_texts(struct expression *expression)
{
	for (unsigned i = 0; i < expression->count; i++) {
		const struct slice *text = &expression->nodes[i].text;

		if (text->data)
			expression->text[text->data - expression->text +
			    (ptrdiff_t)text->len] = '\0';
	}
}

bool expression_parse(struct slice text, const struct expression_names *names,
    struct expression *ret, char why[EXPRESSION_WHY_MAX])
{
	struct parser parser = { .to = ret, .at = ret->text, .why = why };

	if (text.len >= sizeof(ret->text) ||
	    (text.len > 0 && memchr(text.data, '\0', text.len)))
		return PARSER_FAIL(&parser, "is too long");
	if (text.len > 0)
		memcpy(ret->text, text.data, text.len);
	ret->text[text.len] = '\0';
	ret->count = 0;
	ret->names = names;
	if (!parse_or(&parser, &ret->root))
		return false;
	skip_blanks(&parser);
	if (*parser.at)
		return PARSER_FAIL(&parser, "is not understood from \"%.64s\" "
		    "on", parser.at);
	end_texts(ret);
	return true;
}

/* ---- is it true? ---- */

static bool text_is_like(struct slice text, const struct slice *wanted)
{
	return strpbrk(wanted->data, "*?")
	    ? fnmatch(wanted->data, text.data, 0) == 0
	    : strstr(text.data, wanted->data) != NULL;
}

static bool text_holds(const struct expression_node *node, struct slice text)
{
	switch (node->op) {
	case EXPRESSION_EQUAL:
		return slice_equal(text, node->text);
	case EXPRESSION_UNEQUAL:
		return !slice_equal(text, node->text);
	case EXPRESSION_LIKE:
		return text_is_like(text, &node->text);
	case EXPRESSION_UNLIKE:
		return !text_is_like(text, &node->text);
	default:
		return text.len > 0;
	}
}

static bool number_holds(const struct expression_node *node, double number)
{
	if (isnan(number))
		return false;
	switch (node->op) {
	case EXPRESSION_EQUAL:
		return number == node->number;
	case EXPRESSION_UNEQUAL:
		return number != node->number;
	case EXPRESSION_LESS:
		return number < node->number;
	case EXPRESSION_AT_MOST:
		return number <= node->number;
	case EXPRESSION_MORE:
		return number > node->number;
	case EXPRESSION_AT_LEAST:
		return number >= node->number;
	default:
		return number != 0;
	}
}

static bool node_holds(const struct expression *expression, unsigned i,
    const void *arg)
{
	const struct expression_node *node = &expression->nodes[i];
	struct expression_value value = { .number = NAN };

	switch (node->op) {
	case EXPRESSION_OR:
		return node_holds(expression, node->left, arg) ||
		    node_holds(expression, node->right, arg);
	case EXPRESSION_AND:
		return node_holds(expression, node->left, arg) &&
		    node_holds(expression, node->right, arg);
	case EXPRESSION_NOT:
		return !node_holds(expression, node->left, arg);
	default:
		break;
	}
	expression->names->value(arg, node->function, node->name, &value);
	return node->type == EXPRESSION_TEXT ? text_holds(node, value.text)
	    : number_holds(node, value.number);
}

bool expression_holds(const struct expression *expression, const void *arg)
{
	return node_holds(expression, expression->root, arg);
}

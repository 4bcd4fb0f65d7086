/*
 * rewrite, set, if, break, return: from the configuration to a program.
 */

#include "modules/rewrite.h"

#include <errno.h>

#include "modules/modules.h"

/* Add an operation to the program; NULL without memory. */
static struct rewrite_op *rewrite_add(struct conf *conf,
    struct rewrite_record *record, enum rewrite_kind kind)
{
	struct rewrite_op *op = arena_calloc(&conf->arena, 1, sizeof(*op));

	if (!op)
		return NULL;
	op->kind = kind;
	if (!record->end)
		record->end = &record->ops;
	*record->end = op;
	record->end = &op->next;
	return op;
}

/* ---- return ---- */

static bool rewrite_is_url(struct slice text)
{
	return slice_starts(text, SLICE("http://")) ||
	    slice_starts(text, SLICE("https://")) ||
	    slice_starts(text, SLICE("$scheme"));
}

static int rewrite_set_return(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct rewrite_op *op = rewrite_add(conf, record, REWRITE_RETURN);
	struct slice first = node->args[1];
	uint64_t status;

	(void)scope;
	if (!op)
		return -ENOMEM;
	if (!slice_to_u64(first, &status)) {
		if (node->argc != 2 || !rewrite_is_url(first))
			return conf_fail(conf, node, 0,
			    "invalid return code \"%.*s\"", SLICE_ARG(first));
		op->status = 302;
		op->has_text = true;
		return http_value_compile(conf, node, first, &op->text);
	}
	if (status > 999)
		return conf_fail(conf, node, 0,
		    "invalid return code \"%.*s\"", SLICE_ARG(first));
	op->status = (unsigned)status;
	op->has_text = node->argc == 3 && node->args[2].len;
	return op->has_text ? http_value_compile(conf, node, node->args[2],
	    &op->text) : 0;
}

/* ---- break ---- */

static int rewrite_set_break(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	(void)node;
	(void)scope;
	return rewrite_add(conf, record, REWRITE_BREAK) ? 0 : -ENOMEM;
}

/* ---- set ---- */

/* What one is that nothing was assigned to yet. */
static bool rewrite_unset(struct http_request *request, void *arg,
    struct slice *ret)
{
	const struct rewrite_record *record = http_request_record(request,
	    &http_rewrite_module.table);
	const struct http_variable *variable = arg;

	if (record->warns)
		http_log(request, LOG_LEVEL_WARN, 0,
		    "using uninitialized \"%.*s\" variable",
		    SLICE_ARG(variable->name));
	*ret = SLICE("");
	return true;
}

static int rewrite_set_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct rewrite_op *op = rewrite_add(conf, record, REWRITE_SET);
	struct slice name = node->args[1];
	int err;

	(void)scope;
	if (!op)
		return -ENOMEM;
	if (name.len < 2 || name.data[0] != '$')
		return conf_fail(conf, node, 0,
		    "invalid variable name \"%.*s\"", SLICE_ARG(name));
	err = http_variable_define(conf, node, slice_from(name, 1),
	    &op->variable);
	if (err)
		return err;
	if (!op->variable->get && !op->variable->make &&
	    !op->variable->family) {
		op->variable->make = rewrite_unset;
		op->variable->arg = op->variable;
	}
	return http_value_compile(conf, node, node->args[2], &op->text);
}

/* ---- rewrite ---- */

static int rewrite_parse_flag(struct conf *conf, const struct conf_node *node,
    struct slice flag, struct rewrite_op *op)
{
	if (slice_equal(flag, SLICE("break")))
		op->stay = true;
	else if (slice_equal(flag, SLICE("redirect")))
		op->status = 302;
	else if (slice_equal(flag, SLICE("permanent")))
		op->status = 301;
	else if (!slice_equal(flag, SLICE("last")))
		return conf_fail(conf, node, 0, "invalid parameter \"%.*s\"",
		    SLICE_ARG(flag));
	op->last = true;
	return 0;
}

/* The replacement, in two parts if what it says of a query is to become that
 * of the request. */
static int rewrite_parse_target(struct conf *conf,
    const struct conf_node *node, struct slice target, struct rewrite_op *op)
{
	const char *mark = op->status ? NULL :
	    memchr(target.data, '?', target.len);
	int err;

	op->has_args = memchr(target.data, '?', target.len) != NULL;
	if (mark) {
		err = http_value_compile(conf, node, slice_from(target,
		    (size_t)(mark + 1 - target.data)), &op->args);
		if (err)
			return err;
		target.len = (size_t)(mark - target.data);
	}
	return http_value_compile(conf, node, target, &op->text);
}

/* rewrite PATTERN REPLACEMENT [last | break | redirect | permanent] */
static int rewrite_set_rewrite(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct rewrite_op *op = rewrite_add(conf, record, REWRITE_URI);
	struct slice target = node->args[2];
	int err;

	(void)scope;
	if (!op)
		return -ENOMEM;
	if (target.len == 0)
		return conf_fail(conf, node, 0, "empty replacement");
	op->pattern = node->args[1];
	err = http_regex_compile(conf, node, op->pattern, false, &op->regex);
	if (err)
		return err;
	op->keep_args = target.data[target.len - 1] != '?';
	target.len -= !op->keep_args;
	if (rewrite_is_url(target)) {
		op->status = 302;
		op->last = true;
	}
	if (node->argc == 4)
		err = rewrite_parse_flag(conf, node, node->args[3], op);
	return err ? err : rewrite_parse_target(conf, node, target, op);
}

/* ---- if ---- */

/* The words of a condition, without the brackets around them. */
struct rewrite_words {
	struct slice word[3];
	unsigned count;
};

static int rewrite_bad_condition(struct conf *conf,
    const struct conf_node *node, struct slice word)
{
	return conf_fail(conf, node, 0, "invalid condition \"%.*s\"",
	    SLICE_ARG(word));
}

static int rewrite_split(struct conf *conf, const struct conf_node *node,
    struct rewrite_words *words)
{
	struct slice first = node->args[1], last = node->args[node->argc - 1];

	if (first.len == 0 || first.data[0] != '(')
		return rewrite_bad_condition(conf, node, first);
	if (!slice_ends(last, SLICE(")")))
		return rewrite_bad_condition(conf, node,
		    slice_from(last, node->argc == 2));
	*words = (struct rewrite_words){ .count = 0 };
	for (unsigned i = 1; i < node->argc; i++) {
		struct slice word = node->args[i];

		if (i == 1)
			word = slice_from(word, 1);
		if (i == node->argc - 1)
			word.len--;
		/* A bracket that stood alone. */
		if (word.len == 0 && (i == 1 || i == node->argc - 1))
			continue;
		if (words->count == 3)
			return rewrite_bad_condition(conf, node,
			    words->word[0]);
		words->word[words->count++] = word;
	}
	return words->count ? 0 : rewrite_bad_condition(conf, node, first);
}

/* -f and the like; REWRITE_TEST_TRUE if it is none. */
static enum rewrite_test rewrite_file_test(struct slice word)
{
	if (word.len != 2 || word.data[0] != '-')
		return REWRITE_TEST_TRUE;
	switch (word.data[1]) {
	case 'f':
		return REWRITE_TEST_FILE;
	case 'd':
		return REWRITE_TEST_DIRECTORY;
	case 'e':
		return REWRITE_TEST_EXISTS;
	case 'x':
		return REWRITE_TEST_EXECUTABLE;
	default:
		return REWRITE_TEST_TRUE;
	}
}

/* "$variable", or "$variable OPERATOR TEXT" */
static int rewrite_parse_variable(struct conf *conf,
    const struct conf_node *node, const struct rewrite_words *words,
    struct rewrite_condition *condition)
{
	struct slice subject = words->word[0], sign = words->word[1];
	int err;

	if (words->count == 2)
		return rewrite_bad_condition(conf, node, subject);
	err = http_value_compile(conf, node, subject, &condition->subject);
	if (err || words->count == 1)
		return err;
	condition->negated = sign.data[0] == '!';
	sign = slice_from(sign, condition->negated);
	if (slice_equal(sign, SLICE("="))) {
		condition->test = REWRITE_TEST_EQUAL;
		return http_value_compile(conf, node, words->word[2],
		    &condition->other);
	}
	if (slice_equal(sign, SLICE("~")) || slice_equal(sign, SLICE("~*"))) {
		condition->test = REWRITE_TEST_REGEX;
		condition->pattern = words->word[2];
		return http_regex_compile(conf, node, words->word[2],
		    sign.len == 2, &condition->regex);
	}
	return conf_fail(conf, node, 0, "unexpected \"%.*s\" in condition",
	    SLICE_ARG(words->word[1]));
}

static int rewrite_parse_condition(struct conf *conf,
    const struct conf_node *node, struct rewrite_condition *condition)
{
	struct rewrite_words words;
	int err = rewrite_split(conf, node, &words);
	struct slice first;

	if (err)
		return err;
	first = words.word[0];
	if (first.len > 1 && first.data[0] == '$')
		return rewrite_parse_variable(conf, node, &words, condition);
	condition->negated = first.data[0] == '!';
	condition->test = rewrite_file_test(slice_from(first,
	    condition->negated));
	if (condition->test == REWRITE_TEST_TRUE || words.count != 2)
		return rewrite_bad_condition(conf, node, first);
	return http_value_compile(conf, node, words.word[1],
	    &condition->subject);
}

static int rewrite_set_if(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct rewrite_op *op = rewrite_add(conf, record, REWRITE_IF);
	int err;

	if (!op)
		return -ENOMEM;
	op->in_server = scope->context == CONF_SERVER ||
	    scope->context == CONF_SERVER_IF;
	err = rewrite_parse_condition(conf, node, &op->condition);
	return err ? err : http_location_block(conf, node, scope,
	    op->in_server ? CONF_SERVER_IF : CONF_LOCATION_IF, &op->location);
}

#define REWRITE_CONTEXTS (CONF_SERVER | CONF_SERVER_IF | CONF_LOCATION | \
    CONF_LOCATION_IF)
#define FIELD(field) offsetof(struct rewrite_record, field)

static const struct conf_directive rewrite_directives[] = {
	{ .name = "rewrite", .contexts = REWRITE_CONTEXTS, .args_min = 2,
	  .args_max = 3, .set = rewrite_set_rewrite,
	  .syntax = "REGEX REPLACEMENT [FLAG]",
	  .help = "another path for those that match, or a redirect" },
	{ .name = "return", .contexts = REWRITE_CONTEXTS, .args_min = 1,
	  .args_max = 2, .set = rewrite_set_return,
	  .syntax = "STATUS [TEXT | URL] | URL",
	  .help = "answer with a status, and a text or a redirect" },
	{ .name = "break", .contexts = REWRITE_CONTEXTS,
	  .set = rewrite_set_break,
	  .help = "skip what else the rewrite module has to do" },
	{ .name = "if", .contexts = REWRITE_CONTEXTS, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .block = true, .set = rewrite_set_if,
	  .syntax = "(CONDITION)",
	  .help = "settings and rewrites under a condition" },
	{ .name = "set", .contexts = REWRITE_CONTEXTS, .args_min = 2,
	  .args_max = 2, .set = rewrite_set_set,
	  .syntax = "$VARIABLE VALUE",
	  .help = "a value for a variable" },
	{ .name = "rewrite_log",
	  .contexts = CONF_HTTP_ALL | CONF_SERVER_IF | CONF_LOCATION_IF,
	  .args_min = 1, .args_max = 1, .type = CONF_FLAG,
	  .offset = FIELD(log), .initial = "off",
	  .help = "log each step to error_log as a notice" },
	{ .name = "uninitialized_variable_warn",
	  .contexts = CONF_HTTP_ALL | CONF_SERVER_IF | CONF_LOCATION_IF,
	  .args_min = 1, .args_max = 1, .type = CONF_FLAG,
	  .offset = FIELD(warns), .initial = "on",
	  .help = "log the use of variables that were not set" },
	{ .name = NULL },
};

const struct http_module http_rewrite_module = {
	.table = { .name = "rewrite",
	    .help = "changes paths, answers at once, and sets variables, "
	      "under conditions",
	    .directives = rewrite_directives,
	    .record_size = sizeof(struct rewrite_record) },
	.phase = { [HTTP_PHASE_SERVER_REWRITE] = rewrite_run,
	    [HTTP_PHASE_REWRITE] = rewrite_run },
};

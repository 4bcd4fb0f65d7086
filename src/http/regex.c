/* The one file that knows PCRE2. */

#include "http/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <errno.h>

#include "http/variable.h"

struct http_regex_name {
	uint32_t group;
	struct http_variable *variable;
};

struct http_regex {
	pcre2_code *code;
	pcre2_match_data *match;	/* one thread of a process uses it */
	pcre2_match_context *context;
	struct http_regex_name *names;
	uint32_t name_count;
};

enum {
	REGEX_STACK_MIN = 32 * 1024,	/* bytes that compiled code works in */
	REGEX_STACK_MAX = 512 * 1024,
};

/*
 * Compiled code would else take 32 KiB of the stack it is called on, which
 * is a coroutine's. One for the process: a match does not wait.
 */
static pcre2_match_context *regex_context(void)
{
	static pcre2_match_context *context;
	pcre2_jit_stack *stack;

	if (context)
		return context;
	stack = pcre2_jit_stack_create(REGEX_STACK_MIN, REGEX_STACK_MAX, NULL);
	context = pcre2_match_context_create(NULL);
	if (context && stack) {
		pcre2_jit_stack_assign(context, NULL, stack);
		return context;
	}
	pcre2_jit_stack_free(stack);
	pcre2_match_context_free(context);
	context = NULL;
	return NULL;
}

/* Each entry of PCRE2's table: the group, high byte first, and the name. */
static int regex_names(struct conf *conf, const struct conf_node *node,
    struct http_regex *regex)
{
	PCRE2_SPTR table;
	uint32_t size;
	int err = 0;

	(void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT,
	    &regex->name_count); /* the pattern is one */
	(void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE,
	    &size);
	(void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
	if (!regex->name_count)
		return 0;
	regex->names = arena_calloc(&conf->arena, regex->name_count,
	    sizeof(*regex->names));
	if (!regex->names)
		return -ENOMEM;
	for (uint32_t i = 0; i < regex->name_count && !err; i++) {
		PCRE2_SPTR entry = table + i * size;
		struct slice name = arena_copy(&conf->arena,
		    slice_cstr((const char *)entry + 2));

		regex->names[i].group = (uint32_t)entry[0] << 8 | entry[1];
		err = name.data ? http_variable_define(conf, node, name,
		    &regex->names[i].variable) : -ENOMEM;
	}
	return err;
}

int http_regex_compile(struct conf *conf, const struct conf_node *node,
    struct slice pattern, bool nocase, struct http_regex **ret)
{
	struct http_regex *regex = arena_calloc(&conf->arena, 1,
	    sizeof(*regex));
	PCRE2_SIZE where;
	int error;

	if (!regex)
		return -ENOMEM;
	regex->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len,
	    nocase ? PCRE2_CASELESS : 0, &error, &where, NULL);
	if (!regex->code) {
		char text[256];

		(void)pcre2_get_error_message(error, (PCRE2_UCHAR *)text,
		    sizeof(text)); /* "unknown" is written if it fails */
		return conf_fail(conf, node, 0, "pcre2_compile() failed: %s "
		    "in \"%.*s\" at \"%.*s\"", text, SLICE_ARG(pattern),
		    SLICE_ARG(slice_from(pattern, where)));
	}
	if (!conf_cleanup(conf, (void (*)(void *))pcre2_code_free,
	    regex->code))
		return -ENOMEM;
	regex->context = regex_context();
	if (!regex->context)
		return -ENOMEM;
	regex->match = pcre2_match_data_create_from_pattern(regex->code, NULL);
	if (!regex->match || !conf_cleanup(conf,
	    (void (*)(void *))pcre2_match_data_free, regex->match))
		return -ENOMEM;
	(void)pcre2_jit_compile(regex->code,
	    PCRE2_JIT_COMPLETE); /* without it, it is interpreted */
	*ret = regex;
	return regex_names(conf, node, regex);
}

int http_regex_match(const struct http_regex *regex, struct slice subject)
{
	int rc = pcre2_match(regex->code, (PCRE2_SPTR)subject.data,
	    subject.len, 0, 0, regex->match, regex->context);

	/* A long subject must not get around a rule: the interpreter keeps
	 * on the heap what the compiled code has on its small stack. */
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(regex->code, (PCRE2_SPTR)subject.data,
		    subject.len, 0, PCRE2_NO_JIT, regex->match,
		    regex->context);
	return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -E2BIG;
}

int http_regex_capture(struct http_request *request,
    const struct http_regex *regex, struct slice subject)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->match);
	uint32_t count = pcre2_get_ovector_count(regex->match);
	int err = 0;

	if (!request->captures)
		request->captures = arena_alloc(&request->arena,
		    sizeof(*request->captures));
	if (!request->captures)
		return -ENOMEM;
	*request->captures = (struct http_captures){ 0 };
	for (uint32_t i = 0; i < count && i < HTTP_CAPTURES_MAX; i++)
		if (ends[2 * i] != PCRE2_UNSET)
			request->captures->groups[i] = (struct slice){
			    subject.data + ends[2 * i],
			    ends[2 * i + 1] - ends[2 * i] };
	for (uint32_t i = 0; i < regex->name_count && !err; i++) {
		const PCRE2_SIZE *at = ends + 2 * regex->names[i].group;
		struct slice text = SLICE("");

		if (at[0] != PCRE2_UNSET)
			text = (struct slice){ subject.data + at[0],
			    at[1] - at[0] };
		err = http_variable_set(request, regex->names[i].variable,
		    text);
	}
	return err;
}

/* The one file that knows PCRE2. */

#include "http/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <errno.h>

struct http_regex {
	pcre2_code *code;
	pcre2_match_data *match;	/* one thread of a process uses it */
};

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
	regex->match = pcre2_match_data_create_from_pattern(regex->code, NULL);
	if (!regex->match || !conf_cleanup(conf,
	    (void (*)(void *))pcre2_match_data_free, regex->match))
		return -ENOMEM;
	(void)pcre2_jit_compile(regex->code,
	    PCRE2_JIT_COMPLETE); /* without it, it is interpreted */
	*ret = regex;
	return 0;
}

int http_regex_match(const struct http_regex *regex, struct slice subject)
{
	int rc = pcre2_match(regex->code, (PCRE2_SPTR)subject.data,
	    subject.len, 0, 0, regex->match, NULL);

	/* A long subject must not get around a rule: the interpreter keeps
	 * on the heap what the compiled code has on its small stack. */
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(regex->code, (PCRE2_SPTR)subject.data,
		    subject.len, 0, PCRE2_NO_JIT, regex->match, NULL);
	return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -E2BIG;
}

void http_regex_captures(const struct http_regex *regex,
    struct slice subject, struct http_captures *ret)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->match);
	uint32_t count = pcre2_get_ovector_count(regex->match);

	*ret = (struct http_captures){ 0 };
	for (uint32_t i = 0; i < count && i < HTTP_CAPTURES_MAX; i++)
		if (ends[2 * i] != PCRE2_UNSET)
			ret->groups[i] = (struct slice){
			    subject.data + ends[2 * i],
			    ends[2 * i + 1] - ends[2 * i] };
}

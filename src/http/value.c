/*
 * Texts with variables, compiled to a list of literals and variables.
 */

#include "http/value.h"

#include <errno.h>

#include "http/variable.h"

static bool value_is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

/* A copy of a variable's name in lower case: nginx's names have no case. */
static struct slice value_lower(struct arena *arena, struct slice name)
{
	char *text = arena_alloc_text(arena, name.len + 1);

	if (!text)
		return (struct slice){ NULL, 0 };
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		text[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	text[name.len] = '\0';
	return (struct slice){ text, name.len };
}

/* The variable that `rest` begins with, behind its '$'; moves rest on. */
static int value_compile_variable(struct conf *conf,
    const struct conf_node *node, struct slice *rest,
    struct http_value_part *ret)
{
	bool bracket = rest->len && rest->data[0] == '{';
	struct slice name = slice_from(*rest, bracket);
	size_t len = 0;

	while (len < name.len && value_is_name(name.data[len]))
		len++;
	/* Groups have one digit: what follows is text. */
	if (!bracket && len && name.data[0] >= '1' && name.data[0] <= '9')
		len = 1;
	if (bracket && (len == name.len || name.data[len] != '}'))
		return conf_fail(conf, node, 0, "the closing bracket in "
		    "\"%.*s\" variable is missing", (int)len, name.data);
	if (len == 0)
		return conf_fail(conf, node, 0, "invalid variable name");
	*rest = slice_from(name, len + bracket);

	ret->text = value_lower(&conf->arena, slice_first(name, len));
	if (!ret->text.data)
		return conf_fail(conf, node, ENOMEM, "variable");
	ret->variable = http_variable_use(conf, node, ret->text);
	return ret->variable ? 0 : -EINVAL;
}

static int value_compile_part(struct conf *conf,
    const struct conf_node *node, struct slice *rest,
    struct http_value_part *ret)
{
	size_t len = 0;

	if (rest->len && rest->data[0] == '$') {
		*rest = slice_from(*rest, 1);
		return value_compile_variable(conf, node, rest, ret);
	}
	while (len < rest->len && rest->data[len] != '$')
		len++;
	*ret = (struct http_value_part){ .text = slice_first(*rest, len) };
	*rest = slice_from(*rest, len);
	return 0;
}

/* The most parts that `text` can have. */
static unsigned value_parts_max(struct slice text)
{
	unsigned count = 1;

	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '$')
			count += 2;
	return count;
}

int http_value_compile(struct conf *conf, const struct conf_node *node,
    struct slice text, struct http_value *ret)
{
	struct http_value value = { .count = 0 };
	int err;

	value.parts = arena_calloc(&conf->arena, value_parts_max(text),
	    sizeof(*value.parts));
	if (!value.parts)
		return conf_fail(conf, node, ENOMEM, "text with variables");
	if (!text.data)
		text = SLICE("");
	do {
		err = value_compile_part(conf, node, &text,
		    &value.parts[value.count++]);
		if (err)
			return err;
	} while (text.len);
	value.constant = value.count == 1 && !value.parts[0].variable;
	*ret = value;
	return 0;
}

static struct slice value_part_get(struct http_request *request,
    const struct http_value_part *part)
{
	struct slice text;

	if (!part->variable)
		return part->text;
	/* Nothing, as a query that there was not, is no lack of memory. */
	if (!http_variable_get(request, part->variable, part->text, &text) ||
	    !text.data)
		return SLICE("");
	return text;
}

struct slice http_value_get(struct http_request *request,
    const struct http_value *value)
{
	struct slice *texts;
	size_t len = 0;
	char *joined;

	if (value->count == 1)
		return value_part_get(request, &value->parts[0]);
	texts = arena_alloc(&request->arena, value->count * sizeof(*texts));
	if (!texts)
		return (struct slice){ NULL, 0 };
	for (unsigned i = 0; i < value->count; i++) {
		texts[i] = value_part_get(request, &value->parts[i]);
		len += texts[i].len;
	}
	joined = arena_alloc_text(&request->arena, len + 1);
	if (!joined)
		return (struct slice){ NULL, 0 };
	len = 0;
	for (unsigned i = 0; i < value->count; i++) {
		if (texts[i].len)
			memcpy(joined + len, texts[i].data, texts[i].len);
		len += texts[i].len;
	}
	joined[len] = '\0';
	return (struct slice){ joined, len };
}

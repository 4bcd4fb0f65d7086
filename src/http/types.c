/*
 * Sets of media types. They have a handful of members, so a list will do.
 */

#include "http/types.h"

#include <errno.h>

static bool types_has(const struct http_types *types, struct slice name)
{
	for (unsigned i = 0; i < types->count; i++)
		if (slice_equal_nocase(types->names[i], name))
			return true;
	return false;
}

/* Room for `count` members more. */
static int types_grow(struct conf *conf, struct http_types **types,
    unsigned count)
{
	unsigned have = *types ? (*types)->count : 0;
	struct slice *names = arena_calloc(&conf->arena, have + count + 1,
	    sizeof(*names));

	if (names && !*types)
		*types = arena_calloc(&conf->arena, 1, sizeof(**types));
	if (!names || !*types)
		return -ENOMEM;
	if (have)
		memcpy(names, (*types)->names, have * sizeof(*names));
	else
		names[(*types)->count++] = SLICE("text/html");
	(*types)->names = names;
	return 0;
}

int http_types_add(struct conf *conf, const struct conf_node *node,
    struct http_types **types)
{
	if (types_grow(conf, types, node->argc))
		return -ENOMEM;
	for (unsigned i = 1; i < node->argc; i++) {
		struct slice name = node->args[i];

		if (slice_equal(name, SLICE("*")))
			(*types)->any = true;
		else if (!types_has(*types, name))
			(*types)->names[(*types)->count++] = name;
		else if (!(*types)->any)
			(void)conf_warn(conf, node, /* it goes on */
			    "duplicate MIME type \"%.*s\"", SLICE_ARG(name));
	}
	return 0;
}

bool http_types_match(const struct http_types *types,
    const struct slice *initial, struct slice type)
{
	const char *mark = type.len ? memchr(type.data, ';', type.len) : NULL;

	if (types && types->any)
		return true;
	if (mark)
		type = slice_trim(slice_first(type,
		    (size_t)(mark - type.data)));
	if (types)
		return types_has(types, type);
	while (initial->len && !slice_equal_nocase(*initial, type))
		initial++;
	return initial->len != 0;
}

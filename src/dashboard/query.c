/* Decoding of queries, as the URL standard has it for forms. */

#include "dashboard/query.h"

static int query_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool query_decode(struct arena *arena, struct slice text,
    struct slice *ret)
{
	char *to = arena_alloc_text(arena, text.len + 1);
	size_t len = 0;

	if (!to)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '%' && i + 2 < text.len &&
		    query_hex(text.data[i + 1]) >= 0 &&
		    query_hex(text.data[i + 2]) >= 0) {
			c = (char)(query_hex(text.data[i + 1]) << 4 |
			    query_hex(text.data[i + 2]));
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		to[len++] = c;
	}
	to[len] = '\0';
	*ret = (struct slice){ to, len };
	return true;
}

/* What stands before the first `c`; moves *rest behind it. */
static struct slice query_cut(struct slice *rest, char c)
{
	const char *at = rest->len ? memchr(rest->data, c, rest->len) : NULL;
	size_t len = at ? (size_t)(at - rest->data) : rest->len;
	struct slice part = slice_first(*rest, len);

	*rest = slice_from(*rest, at ? len + 1 : len);
	return part;
}

bool query_next(struct arena *arena, struct slice *rest,
    struct query_arg *ret)
{
	while (rest->len) {
		struct slice value = query_cut(rest, '&');
		struct slice name = query_cut(&value, '=');

		if (name.len)
			return query_decode(arena, name, &ret->name) &&
			    query_decode(arena, value, &ret->value);
	}
	return false;
}

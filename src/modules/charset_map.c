/*
 * As nginx has it, there are sets of one byte a character and UTF-8, which
 * tables know up to U+FFFF.
 */

#include "modules/charset_map.h"

#include <stdio.h>

enum {
	UTF8_INVALID = -1,
	UTF8_PARTIAL = -2,
};

/*
 * The character that *in begins with, which is moved on; UTF8_INVALID (moved
 * on too) or UTF8_PARTIAL (left alone).
 */
static int32_t utf8_take(struct slice *in)
{
	unsigned char first = (unsigned char)in->data[0];
	size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 :
	    first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
	static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int32_t c = len < 2 ? first : first & (0xff >> (len + 1));

	if (len > in->len)
		return UTF8_PARTIAL;
	if (len == 0) {
		*in = slice_from(*in, 1);
		return UTF8_INVALID;
	}
	for (size_t i = 1; i < len; i++) {
		unsigned char byte = (unsigned char)in->data[i];

		if (byte < 0x80) {
			*in = slice_from(*in, i + 1);
			return UTF8_INVALID;
		}
		c = c << 6 | (byte & 0x3f);
	}
	*in = slice_from(*in, len);
	return c < least[len] || c > 0x10ffff ? UTF8_INVALID : c;
}

/* ---- tables ---- */

static bool charset_hex(struct slice text, unsigned max, unsigned *ret)
{
	unsigned value = 0;

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i] | 0x20;
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') :
		    c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;

		if (digit == 16 || (value = value * 16 + digit) > max)
			return false;
	}
	*ret = value;
	return true;
}

struct charset_map *charset_map_new(struct arena *arena, struct slice from,
    struct slice to)
{
	struct charset_map *map = arena_calloc(arena, 1, sizeof(*map));

	if (!map)
		return NULL;
	map->from = from;
	map->to = to;
	map->utf8 = slice_equal_nocase(to, SLICE("utf-8"));
	if (map->utf8) {
		map->utf8_back[0] = arena_calloc(arena, 1, 256);
		if (!map->utf8_back[0])
			return NULL;
	}
	for (unsigned i = 0; i < 256; i++) {
		char c = i < 128 ? (char)i : '?';

		map->there[i] = map->back[i] = (unsigned char)c;
		map->utf8_there[i] = (struct charset_utf8){ 1, { c } };
		if (map->utf8 && i < 128)
			map->utf8_back[0][i] = (unsigned char)i;
	}
	return map;
}

static enum charset_result charset_map_add_utf8(struct arena *arena,
    struct charset_map *map, unsigned from, struct slice to)
{
	struct charset_utf8 utf8 = { .len = (uint8_t)(to.len / 2) };
	struct slice bytes = { utf8.bytes, utf8.len };
	unsigned char **page;
	int32_t c;

	if (to.len == 0 || to.len % 2 || to.len / 2 > CHARSET_UTF8_MAX)
		return CHARSET_BAD_TO;
	for (unsigned i = 0; i < utf8.len; i++) {
		unsigned byte;

		if (!charset_hex((struct slice){ to.data + 2 * i, 2 }, 255,
		    &byte))
			return CHARSET_BAD_TO;
		utf8.bytes[i] = (char)byte;
	}
	c = utf8_take(&bytes);
	if (c < 0 || c > 0xffff)
		return CHARSET_BAD_TO;
	page = &map->utf8_back[c >> 8];
	if (!*page)
		*page = arena_calloc(arena, 1, 256);
	if (!*page)
		return CHARSET_NO_MEMORY;
	(*page)[c & 0xff] = (unsigned char)from;
	map->utf8_there[from] = utf8;
	return CHARSET_OK;
}

enum charset_result charset_map_add(struct arena *arena,
    struct charset_map *map, struct slice from, struct slice to)
{
	unsigned source, target;

	if (!charset_hex(from, 255, &source))
		return CHARSET_BAD_FROM;
	if (map->utf8)
		return charset_map_add_utf8(arena, map, source, to);
	if (!charset_hex(to, 255, &target))
		return CHARSET_BAD_TO;
	map->there[source] = (unsigned char)target;
	map->back[target] = (unsigned char)source;
	return CHARSET_OK;
}

/* ---- recoding ---- */

static size_t charset_bytes(const unsigned char *table, struct slice *in,
    char *out, size_t size)
{
	size_t len = in->len < size ? in->len : size;

	for (size_t i = 0; i < len; i++)
		out[i] = (char)table[(unsigned char)in->data[i]];
	*in = slice_from(*in, len);
	return len;
}

static size_t charset_to_utf8(const struct charset_map *map,
    struct slice *in, char *out, size_t size)
{
	size_t used = 0, i = 0;

	for (; i < in->len && size - used >= CHARSET_UTF8_MAX; i++) {
		const struct charset_utf8 *c =
		    &map->utf8_there[(unsigned char)in->data[i]];

		memcpy(out + used, c->bytes, c->len);
		used += c->len;
	}
	*in = slice_from(*in, i);
	return used;
}

/* One character; returns the bytes written. */
static size_t charset_put(const struct charset_map *map, int32_t c, char *out)
{
	const unsigned char *page = c >= 0 && c <= 0xffff ?
	    map->utf8_back[c >> 8] : NULL;
	char entity[CHARSET_ENTITY_MAX + 1];
	int len;

	if (c < 0) {
		*out = '?';
		return 1;
	}
	/* What no line names has no value, but NUL is itself. */
	if (page && (page[c & 0xff] || c == 0)) {
		*out = (char)page[c & 0xff];
		return 1;
	}
	len = snprintf(entity, sizeof(entity), "&#%u;", (unsigned)c);
	memcpy(out, entity, (size_t)len);
	return (size_t)len;
}

/* Complete what the last piece ended in the middle of. */
static size_t charset_resume(struct charset_recode *recode, struct slice *in,
    char *out)
{
	char bytes[sizeof(recode->saved)];
	size_t had = recode->saved_len, len = had;
	struct slice rest;
	int32_t c;

	memcpy(bytes, recode->saved, had);
	while (len < sizeof(bytes) && len - had < in->len) {
		bytes[len] = in->data[len - had];
		len++;
	}
	rest = (struct slice){ bytes, len };
	c = utf8_take(&rest);
	if (c == UTF8_PARTIAL) {
		memcpy(recode->saved, bytes, len);
		recode->saved_len = len;
		*in = slice_from(*in, len - had);
		return 0;
	}
	/* At least all that was saved is used: else it was not partial. */
	*in = slice_from(*in, len - rest.len - had);
	recode->saved_len = 0;
	return charset_put(recode->map, c, out);
}

static size_t charset_from_utf8(struct charset_recode *recode,
    struct slice *in, char *out, size_t size)
{
	size_t used = 0;

	if (recode->saved_len && in->len)
		used = charset_resume(recode, in, out);
	while (in->len && size - used >= CHARSET_ENTITY_MAX) {
		int32_t c = utf8_take(in);

		if (c == UTF8_PARTIAL) {
			memcpy(recode->saved, in->data, in->len);
			recode->saved_len = in->len;
			*in = slice_from(*in, in->len);
			break;
		}
		used += charset_put(recode->map, c, out + used);
	}
	return used;
}

size_t charset_recode(struct charset_recode *recode, struct slice *in,
    char *out, size_t size)
{
	const struct charset_map *map = recode->map;

	if (!map->utf8)
		return charset_bytes(recode->back ? map->back : map->there, in,
		    out, size);
	return recode->back ? charset_from_utf8(recode, in, out, size) :
	    charset_to_utf8(map, in, out, size);
}

/*
 * Names of headers. The lookup is a perfect hash of length, first and last
 * letter, followed by one comparison; the multipliers were found by trying,
 * and a unit test holds that every name finds itself.
 */
#include "http/header.h"

#define HASH_SIZE 128
#define HASH(len, first, last) \
	(((len) + (first) * 18 + (last) * 52) & (HASH_SIZE - 1))

static const struct slice names[HTTP_HEADER_COUNT] = {
#define X(id, first, last, text) \
	[HTTP_HEADER_##id] = { text, sizeof(text) - 1 },
	HTTP_HEADERS(X)
#undef X
};

/* Two names in one place would be a compiler's warning (override-init). */
static const uint8_t ids[HASH_SIZE] = {
#define X(id, first, last, text) \
	[HASH(sizeof(text) - 1, first, last)] = HTTP_HEADER_##id,
	HTTP_HEADERS(X)
#undef X
};

static uint64_t load64(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static uint32_t load32(const char *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

/*
 * Whether `a`, once 0x20 is set in each byte, is `lower`. For tokens that is
 * equality but for case: no two token bytes other than letters that appear
 * in the known names (digits and '-') differ in this bit only.
 */
static bool equal_lower(const char *a, const char *lower, size_t len)
{
	const uint64_t blanks = UINT64_C(0x2020202020202020);
	uint64_t differ = 0;

	if (len >= 8) {
		for (size_t i = 0; i + 8 < len; i += 8)
			differ |= (load64(a + i) | blanks) ^ load64(lower + i);
		a += len - 8;
		lower += len - 8;
		return !(differ | ((load64(a) | blanks) ^ load64(lower)));
	}
	if (len >= 4) {
		differ = (load32(a) | (uint32_t)blanks) ^ load32(lower);
		a += len - 4;
		lower += len - 4;
		return !(differ |
		    ((load32(a) | (uint32_t)blanks) ^ load32(lower)));
	}
	for (size_t i = 0; i < len; i++)
		differ |= (uint64_t)((a[i] | 0x20) ^ lower[i]);
	return !differ;
}

enum http_header_id http_header_lookup(struct slice name)
{
	unsigned first, last;
	uint8_t id;

	if (name.len == 0)
		return HTTP_HEADER_OTHER;
	first = (unsigned char)name.data[0] | 0x20;
	last = (unsigned char)name.data[name.len - 1] | 0x20;
	id = ids[HASH(name.len, first, last)];
	if (names[id].len != name.len ||
	    !equal_lower(name.data, names[id].data, name.len))
		return HTTP_HEADER_OTHER;
	return id;
}

struct slice http_header_name(enum http_header_id id)
{
	return names[id];
}

const struct http_header *http_header_find(const struct http_header *headers,
    size_t count, enum http_header_id id)
{
	for (size_t i = 0; i < count; i++) {
		if (headers[i].id == id)
			return &headers[i];
	}
	return NULL;
}

bool http_list_next(struct http_list *list, struct slice *ret)
{
	while (list->rest.len) {
		struct slice rest = list->rest;
		const char *comma = memchr(rest.data, ',', rest.len);
		size_t len = comma ? (size_t)(comma - rest.data) : rest.len;
		struct slice member = slice_trim(slice_first(rest, len));

		list->rest = slice_from(rest, len + 1);
		if (member.len) {
			*ret = member;
			return true;
		}
	}
	return false;
}

bool http_coding_parse(struct slice member, struct slice *name,
    unsigned *weight)
{
	const char *semicolon = memchr(member.data, ';', member.len);
	struct slice rest;

	*name = member;
	*weight = 1000;
	if (!semicolon)
		return true;
	*name = slice_trim(slice_first(member,
	    (size_t)(semicolon - member.data)));
	rest = slice_trim(slice_from(member,
	    (size_t)(semicolon - member.data) + 1));
	return slice_equal_nocase(slice_first(rest, 2), SLICE("q=")) &&
	    slice_to_weight(slice_from(rest, 2), weight);
}

unsigned http_coding_weight(struct slice accept_encoding, struct slice coding)
{
	struct http_list list = { accept_encoding };
	unsigned weight, others = 0;
	struct slice member, name;

	while (http_list_next(&list, &member)) {
		if (!http_coding_parse(member, &name, &weight))
			continue;
		if (slice_equal_nocase(name, coding))
			return weight;
		if (slice_equal(name, SLICE("*")))
			others = weight;
	}
	return others;
}

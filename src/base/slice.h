#ifndef RINGMASTER_BASE_SLICE_H
#define RINGMASTER_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A run of bytes that somebody else owns: not terminated, may hold any byte.
 * The empty slice may have a null `data`; every function here accepts it.
 */
struct slice {
	const char *data;
	size_t len;
};

/* A slice over a string literal, without its terminator. */
#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).len, (s).data

static inline struct slice slice_cstr(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline unsigned char slice_lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Equal but for the case of ASCII letters. */
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
	size_t i = 0;

	if (a.len != b.len)
		return false;
	/* It takes a zero for the end: then there is more behind it. */
	while (i < a.len) {
		if (strncasecmp(a.data + i, b.data + i, a.len - i) != 0)
			return false;
		i += strnlen(a.data + i, a.len - i) + 1;
	}
	return true;
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 ||
	    memcmp(s.data, prefix.data, prefix.len) == 0);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len && (suffix.len == 0 ||
	    memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0);
}

/* What follows the first `n` bytes; empty when there are not that many. */
static inline struct slice slice_from(struct slice s, size_t n)
{
	return n >= s.len ? (struct slice){ s.data + s.len, 0 }
			  : (struct slice){ s.data + n, s.len - n };
}

/* The first `n` bytes, or all of them. */
static inline struct slice slice_first(struct slice s, size_t n)
{
	return (struct slice){ s.data, n < s.len ? n : s.len };
}

/*
 * Parse the whole slice as a decimal number without sign.
 * Returns false, leaving *ret alone, if it is empty, holds anything but
 * digits, or exceeds UINT64_MAX.
 */
bool slice_to_u64(struct slice s, uint64_t *ret);

/*
 * Parse the whole slice as a weight from 0 to 1 with at most three decimals
 * (qvalue of RFC 9110 §12.4.2), in thousandths.
 * Returns false, leaving *ret alone, if it is none.
 */
bool slice_to_weight(struct slice s, unsigned *ret);

/* `s` without the spaces and tabs (RFC 9110 OWS) at both ends. */
struct slice slice_trim(struct slice s);

#endif

#ifndef RINGMASTER_HTTP_SCAN_H
#define RINGMASTER_HTTP_SCAN_H

/*
 * Classes of bytes, and fast searches for the bytes that end a run.
 *
 * The searches compare 16 bytes at a time with the compiler's vectors, which
 * become SSE2 on x86-64 and NEON on aarch64, and never read beyond `end`.
 */
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "the first byte of a vector is taken to be its lowest");

enum {
	SCAN_ODD = 1,		/* of a token, neither letter, digit nor '-' */
	SCAN_UNDERSCORE = 2,
	SCAN_NOT_TOKEN = 4,
	SCAN_HOST = 8,		/* RFC 3986 unreserved or sub-delims */
	SCAN_HEX = 16,
	SCAN_UPPER = 32,
	SCAN_DIGIT = 64,
	SCAN_DOT = 128
};

/* The sum of the classes that each byte is in. */
extern const uint8_t scan_class[256];

typedef uint8_t scan_vec __attribute__((vector_size(16)));
typedef uint64_t scan_pair __attribute__((vector_size(16)));

static inline scan_vec scan_load(const char *p)
{
	scan_vec v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The index of the first byte of `hits` (each 0 or 0xff) that is set, or 16. */
#ifdef __SSE2__
static inline unsigned scan_first(scan_vec hits)
{
	/* The bit beyond the vector makes the answer 16. */
	unsigned mask = (unsigned)_mm_movemask_epi8((__m128i)hits) | 1u << 16;

	return (unsigned)__builtin_ctz(mask);
}
#else
static inline unsigned scan_first(scan_vec hits)
{
	scan_pair pair = (scan_pair)hits;

	if (pair[0])
		return (unsigned)__builtin_ctzll(pair[0]) / 8;
	return pair[1] ? 8 + (unsigned)__builtin_ctzll(pair[1]) / 8 : 16;
}
#endif

/* Which bytes of a vector end a header value: all controls but the tab. */
static inline scan_vec scan_hits_value(scan_vec v)
{
	return (scan_vec)(((v < 0x20) & (v != '\t')) | (v == 0x7f));
}

/* ... a request target: blanks and controls. */
static inline scan_vec scan_hits_target(scan_vec v)
{
	return (scan_vec)((v <= 0x20) | (v == 0x7f));
}

/* ... a run of letters, digits and '-'. */
static inline scan_vec scan_hits_plain(scan_vec v)
{
	scan_vec lower = v | 0x20;

	return (scan_vec)~(((scan_vec)(lower - 'a') < 26) |
	    ((scan_vec)(v - '0') < 10) | (v == '-'));
}

/*
 * The first byte from `p` on that `hits` finds, or `end`. The bytes from
 * `begin` to `p` may be read, too: so the last vector can end at `end`.
 */
static inline __attribute__((always_inline)) const char *scan_for(
    scan_vec (*hits)(scan_vec), const char *begin, const char *p,
    const char *end)
{
	const scan_vec lanes = { 0, 1, 2, 3, 4, 5, 6, 7,
		8, 9, 10, 11, 12, 13, 14, 15 };
	char few[16] = { 0 };
	uint8_t left;
	unsigned i;

	for (; end - p >= 16; p += 16) {
		i = scan_first(hits(scan_load(p)));
		if (i < 16)
			return p + i;
	}
	left = (uint8_t)(end - p);
	if (left == 0)
		return end;
	if (end - begin >= 16) {
		scan_vec late = (scan_vec)(lanes >= (uint8_t)(16 - left));

		return end - 16 + scan_first(hits(scan_load(end - 16)) & late);
	}
	memcpy(few, p, left);
	i = scan_first(hits(scan_load(few)));
	return p + (i < left ? i : left);
}

static inline const char *scan_value(const char *begin, const char *p,
    const char *end)
{
	return scan_for(scan_hits_value, begin, p, end);
}

static inline const char *scan_target(const char *begin, const char *p,
    const char *end)
{
	return scan_for(scan_hits_target, begin, p, end);
}

/*
 * The first byte that is not of a token (RFC 9110 §5.6.2), or `end`.
 * The classes of the bytes before it that are SCAN_ODD or SCAN_UNDERSCORE
 * are added to *classes.
 */
static inline const char *scan_token(const char *begin, const char *p,
    const char *end, uint8_t *classes)
{
	p = scan_for(scan_hits_plain, begin, p, end);
	for (; p < end; p++) {
		uint8_t class = scan_class[(unsigned char)*p];

		if (class & SCAN_NOT_TOKEN)
			break;
		*classes |= class & (SCAN_ODD | SCAN_UNDERSCORE);
	}
	return p;
}

#endif

#ifndef RINGMASTER_BASE_UTF8_H
#define RINGMASTER_BASE_UTF8_H

#include "base/slice.h"

/*
 * Length of the UTF-8 character `s` begins with, 1 to 4; or 0 if it is empty
 * or does not begin with one: a stray or missing continuation byte, an
 * overlong form, a surrogate, or beyond U+10FFFF (RFC 3629 §4).
 */
static inline size_t utf8_char_len(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.data;
	unsigned char low = 0x80, high = 0xbf;	/* of the second byte */
	size_t len;

	if (s.len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (s.len < len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/*
 * Is this character of `len` bytes, as utf8_char_len() has it, one that a
 * terminal may obey? Those are C0, DEL, and C1 (U+0080 to U+009F).
 */
static inline bool utf8_char_is_control(const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *)data;

	return len == 1 ? p[0] < 0x20 || p[0] == 0x7f :
	    len == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

/* Is all of it UTF-8 without control characters? */
static inline bool utf8_is_plain(struct slice s)
{
	while (s.len) {
		size_t len = utf8_char_len(s);

		if (len == 0 || utf8_char_is_control(s.data, len))
			return false;
		s = slice_from(s, len);
	}
	return true;
}

#endif

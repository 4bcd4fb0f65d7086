#include "base/base64.h"

static const char base64_digits[64] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct slice data, char *out)
{
	const unsigned char *in = (const unsigned char *)data.data;

	for (size_t i = 0; i < data.len; i += 3) {
		size_t left = data.len - i;
		unsigned bits = (unsigned)in[i] << 16 |
		    (left > 1 ? (unsigned)in[i + 1] << 8 : 0) |
		    (left > 2 ? in[i + 2] : 0);

		*out++ = base64_digits[bits >> 18];
		*out++ = base64_digits[bits >> 12 & 63];
		*out++ = left > 1 ? base64_digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? base64_digits[bits & 63] : '=';
	}
}

/* The six bits of a digit, or -1. */
static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t base64_decode_to(struct slice text, void *out)
{
	unsigned char *to = out;
	unsigned bits = 0, count = 0; /* bits gathered, not yet written */

	if (text.len && text.len % 4 == 0)
		for (int pads = 0; pads < 2; pads++)
			text.len -= text.data[text.len - 1] == '=';
	if (text.len % 4 == 1)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		int value = base64_value(text.data[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (unsigned)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*to++ = (unsigned char)(bits >> count);
		}
	}
	return to - (unsigned char *)out;
}

bool base64_decode(struct arena *arena, struct slice text, struct slice *ret)
{
	char *out = arena_alloc_text(arena, text.len / 4 * 3 + 3);
	ssize_t len = out ? base64_decode_to(text, out) : -1;

	if (len >= 0)
		*ret = (struct slice){ out, (size_t)len };
	return len >= 0;
}

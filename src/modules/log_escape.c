/*
 * Escaping of logged values. Nearly all of them need none, which is found out
 * 16 bytes at a time.
 */

#include "modules/log_escape.h"

#include "http/scan.h"

enum {
	LOG_ESCAPED_DEFAULT_MAX = 4,	/* bytes that one may become: \xXX */
	LOG_ESCAPED_JSON_MAX = 6,	/* \u00XX */
};

/* Is this a byte to escape? JSON takes bytes from 0x7f as they are. */
static bool escape_needed(unsigned char c, bool json)
{
	return c < 0x20 || c == '"' || c == '\\' || (!json && c >= 0x7f);
}

static bool escape_needed_any(scan_vec v, uint8_t last)
{
	scan_pair hits = (scan_pair)((v < 0x20) | (v > last) | (v == '"') |
	    (v == '\\'));

	return (hits[0] | hits[1]) != 0;
}

/* 1 to 15 bytes as a vector: some of them twice, and nothing else. */
static scan_vec escape_load_short(const char *p, size_t len)
{
	uint64_t pair[2];
	uint32_t words[2];
	scan_vec v;

	if (len >= 8) {
		memcpy(&pair[0], p, 8);
		memcpy(&pair[1], p + len - 8, 8);
	} else if (len >= 4) {
		memcpy(&words[0], p, 4);
		memcpy(&words[1], p + len - 4, 4);
		pair[0] = pair[1] = (uint64_t)words[1] << 32 | words[0];
	} else {
		memset(&v, p[0], sizeof(v));
		v[1] = (uint8_t)p[len / 2];
		v[2] = (uint8_t)p[len - 1];
		return v;
	}
	memcpy(&v, pair, sizeof(v));
	return v;
}

/* Is there no byte to escape? */
static bool escape_clean(struct slice text, bool json)
{
	uint8_t last = json ? 0xff : 0x7e;
	size_t at = 0;

	if (text.len < 16)
		return !escape_needed_any(
		    escape_load_short(text.data, text.len), last);
	for (; text.len - at > 16; at += 16)
		if (escape_needed_any(scan_load(text.data + at), last))
			return false;
	return !escape_needed_any(
	    scan_load(text.data + text.len - 16), last);
}

static char *escape_hex(char *to, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";

	*to++ = digits[c >> 4];
	*to++ = digits[c & 15];
	return to;
}

static char *escape_default(char *to, unsigned char c)
{
	*to++ = '\\';
	*to++ = 'x';
	return escape_hex(to, c);
}

static char *escape_json(char *to, unsigned char c)
{
	static const char letters[] = "b\bf\fn\nr\rt\t\"\"\\\\";

	*to++ = '\\';
	for (const char *p = letters; *p; p += 2) {
		if ((unsigned char)p[1] == c) {
			*to++ = p[0];
			return to;
		}
	}
	memcpy(to, "u00", 3);
	return escape_hex(to + 3, c);
}

static void escape_append_slow(struct buf *buf, struct slice text, bool json)
{
	size_t each = json ? LOG_ESCAPED_JSON_MAX : LOG_ESCAPED_DEFAULT_MAX;
	char *to = log_room(buf, text.len * each);

	if (!to)
		return;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (!escape_needed(c, json))
			*to++ = (char)c;
		else
			to = json ? escape_json(to, c) : escape_default(to, c);
	}
	buf->len = (size_t)(to - buf->data);
}

void log_escape_append(struct buf *buf, struct slice text,
    enum log_escape escape)
{
	bool json = escape == LOG_ESCAPE_JSON;

	if (!text.len)
		return;
	if (escape == LOG_ESCAPE_NONE || escape_clean(text, json))
		log_append_text(buf, text);
	else
		escape_append_slow(buf, text, json);
}

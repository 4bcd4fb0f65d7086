#include "http/proxy_protocol.h"

#include <errno.h>

/* ---- version 1: a line of text ---- */

static const struct slice proxy_line_start = { "PROXY ", 6 };

/* The shortest line: "PROXY UNKNOWN" and its end. */
enum { PROXY_LINE_MIN = 15 };

/* The text up to the next blank, which is taken from `line`, too. */
static struct slice proxy_word(struct slice *line)
{
	const char *blank = line->len ? memchr(line->data, ' ', line->len) :
	    NULL;
	struct slice word = blank ? slice_first(*line,
	    (size_t)(blank - line->data)) : *line;

	*line = slice_from(*line, word.len + (blank != NULL));
	return word;
}

static bool proxy_address(struct slice *line, int family,
    union http_address *ret)
{
	return http_address_parse(proxy_word(line), ret) &&
	    ret->any.sa_family == family;
}

static bool proxy_port(struct slice text, union http_address *address)
{
	uint64_t port;

	if (!slice_to_u64(text, &port) || port > UINT16_MAX)
		return false;
	http_address_set_port(address, (uint16_t)port);
	return true;
}

/* What stands between "PROXY " and the end of the line. */
static bool proxy_line_parse(struct slice line, struct proxy_protocol *ret)
{
	struct proxy_protocol header = { .tlvs = { NULL, 0 } };
	struct slice protocol = proxy_word(&line);
	int family = slice_equal(protocol, SLICE("TCP4")) ? AF_INET : AF_INET6;

	*ret = header;
	if (slice_equal(protocol, SLICE("UNKNOWN")))
		return true;	/* whatever follows */
	if (family == AF_INET6 && !slice_equal(protocol, SLICE("TCP6")))
		return false;
	if (!proxy_address(&line, family, &header.source) ||
	    !proxy_address(&line, family, &header.destination) ||
	    !proxy_port(proxy_word(&line), &header.source) ||
	    !proxy_port(line, &header.destination))
		return false;
	*ret = header;
	return true;
}

static enum proxy_protocol_result proxy_line(struct slice bytes,
    struct proxy_protocol *ret, size_t *size)
{
	const char *end = memchr(bytes.data, '\n',
	    bytes.len < PROXY_PROTOCOL_LINE_MAX ? bytes.len :
	    PROXY_PROTOCOL_LINE_MAX);
	struct slice line;

	if (!end) {
		*size = bytes.len < PROXY_LINE_MIN ? PROXY_LINE_MIN :
		    bytes.len + 1;
		return bytes.len < PROXY_PROTOCOL_LINE_MAX ?
		    PROXY_PROTOCOL_MORE : PROXY_PROTOCOL_BROKEN;
	}
	line = slice_from(slice_first(bytes, (size_t)(end - bytes.data)),
	    proxy_line_start.len);
	if (!slice_ends(line, SLICE("\r")))
		return PROXY_PROTOCOL_BROKEN;
	line.len--;
	if (!proxy_line_parse(line, ret))
		return PROXY_PROTOCOL_BROKEN;
	*size = (size_t)(end + 1 - bytes.data);
	return PROXY_PROTOCOL_DONE;
}

/* ---- version 2: binary ---- */

/* The signature, the version and command, the family and transport, and the
 * length of what follows: addresses and TLVs. */
static const struct slice proxy_signature = { "\r\n\r\n\0\r\nQUIT\n", 12 };
enum {
	PROXY_VERSION = 12,
	PROXY_FAMILY = 13,
	PROXY_LENGTH = 14,
	PROXY_HEADER = 16,		/* bytes of all these */

	PROXY_COMMAND_PROXY = 1,	/* 0 is "LOCAL": of the proxy itself */
	PROXY_TCP4 = 0x11,
	PROXY_TCP6 = 0x21,
};

static unsigned proxy_uint16(const char *bytes)
{
	return (unsigned)(uint8_t)bytes[0] << 8 | (uint8_t)bytes[1];
}

/* Take both addresses and both ports from `rest`. */
static bool proxy_addresses(struct slice *rest, bool ipv4,
    struct proxy_protocol *ret)
{
	size_t len = ipv4 ? 4 : 16;
	union http_address *ends[] = { &ret->source, &ret->destination };

	if (rest->len < 2 * len + 4)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		const char *bytes = rest->data + i * len;

		ends[i]->any.sa_family = ipv4 ? AF_INET : AF_INET6;
		if (ipv4)
			memcpy(&ends[i]->in.sin_addr, bytes, len);
		else
			memcpy(&ends[i]->in6.sin6_addr, bytes, len);
		http_address_set_port(ends[i], (uint16_t)proxy_uint16(
		    rest->data + 2 * len + (size_t)i * 2));
	}
	*rest = slice_from(*rest, 2 * len + 4);
	return true;
}

static enum proxy_protocol_result proxy_binary(struct slice bytes,
    struct proxy_protocol *ret, size_t *size)
{
	struct proxy_protocol header = { .tlvs = { NULL, 0 } };
	struct slice rest;
	unsigned version, family;

	*size = PROXY_HEADER;
	if (bytes.len < PROXY_HEADER)
		return PROXY_PROTOCOL_MORE;
	version = (uint8_t)bytes.data[PROXY_VERSION];
	family = (uint8_t)bytes.data[PROXY_FAMILY];
	if (version >> 4 != 2)
		return PROXY_PROTOCOL_VERSION;
	*size += proxy_uint16(bytes.data + PROXY_LENGTH);
	if (*size > PROXY_PROTOCOL_SIZE_MAX)
		return PROXY_PROTOCOL_TOO_LARGE;
	if (bytes.len < *size)
		return PROXY_PROTOCOL_MORE;
	rest = slice_from(slice_first(bytes, *size), PROXY_HEADER);
	if ((version & 15) == PROXY_COMMAND_PROXY &&
	    (family == PROXY_TCP4 || family == PROXY_TCP6)) {
		if (!proxy_addresses(&rest, family == PROXY_TCP4, &header))
			return PROXY_PROTOCOL_BROKEN;
		header.tlvs = rest;
	}
	*ret = header;
	return PROXY_PROTOCOL_DONE;
}

/* ---- both ---- */

/* Does one of them begin with the other? */
static bool proxy_begins(struct slice bytes, struct slice start)
{
	return slice_starts(bytes, slice_first(start, bytes.len));
}

enum proxy_protocol_result proxy_protocol_parse(struct slice bytes,
    struct proxy_protocol *ret, size_t *size)
{
	*size = PROXY_LINE_MIN;
	if (bytes.len == 0)
		return PROXY_PROTOCOL_MORE;
	if (proxy_begins(bytes, proxy_signature))
		return proxy_binary(bytes, ret, size);
	if (proxy_begins(bytes, proxy_line_start))
		return proxy_line(bytes, ret, size);
	return PROXY_PROTOCOL_BROKEN;
}

int proxy_protocol_tlv(struct slice tlvs, unsigned type, struct slice *ret)
{
	while (tlvs.len) {
		size_t len;

		if (tlvs.len < 3)
			return -EINVAL;
		len = proxy_uint16(tlvs.data + 1);
		if (tlvs.len - 3 < len)
			return -EINVAL;
		if ((uint8_t)tlvs.data[0] == type) {
			*ret = slice_first(slice_from(tlvs, 3), len);
			return 1;
		}
		tlvs = slice_from(tlvs, 3 + len);
	}
	return 0;
}

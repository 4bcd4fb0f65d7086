/* The syntax of hosts in requests. */
#include "http/host.h"

#include <arpa/inet.h>

#include "http/scan.h"

static uint8_t class_of(char c)
{
	return scan_class[(unsigned char)c];
}

/* IPvFuture after its 'v': 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool future_valid(struct slice s)
{
	size_t i = 0;

	while (i < s.len && class_of(s.data[i]) & SCAN_HEX)
		i++;
	if (i == 0 || i + 1 >= s.len || s.data[i] != '.')
		return false;
	for (i++; i < s.len; i++) {
		if (!(class_of(s.data[i]) & SCAN_HOST) && s.data[i] != ':')
			return false;
	}
	return true;
}

/* What stands between the brackets of an IP literal. */
static bool literal_valid(struct slice s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (s.len && (s.data[0] | 0x20) == 'v')
		return future_valid(slice_from(s, 1));
	if (s.len == 0 || s.len >= sizeof(text) || memchr(s.data, 0, s.len))
		return false;
	memcpy(text, s.data, s.len);
	text[s.len] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* The length of the IP literal that `text` begins with, or 0. */
static size_t literal_length(struct slice text, uint8_t *classes)
{
	const char *end = memchr(text.data, ']', text.len);
	size_t len;

	if (!end)
		return 0;
	len = (size_t)(end - text.data) + 1;
	if (!literal_valid((struct slice){ text.data + 1, len - 2 }))
		return 0;
	for (size_t i = 0; i < len; i++)
		*classes |= class_of(text.data[i]);
	return len;
}

/* The length of the registered name or IPv4 address at the start, or 0. */
static size_t name_length(struct slice text, uint8_t *classes)
{
	uint8_t before = 0;
	size_t i;

	for (i = 0; i < text.len && text.data[i] != ':'; i++) {
		uint8_t class = class_of(text.data[i]);

		if (!(class & SCAN_HOST)) {
			if (text.data[i] != '%' || text.len - i < 3)
				return 0;
			if (!(class_of(text.data[i + 1]) &
			    class_of(text.data[i + 2]) & SCAN_HEX))
				return 0;
			*classes |= class_of(text.data[++i]);
			class = class_of(text.data[++i]);
		}
		if (class & before & SCAN_DOT)
			return 0;
		before = class;
		*classes |= class;
	}
	return i;
}

static bool parse_port(struct slice s, struct http_host *host)
{
	uint64_t port;

	if (s.len == 0)
		return true;
	if (s.data[0] != ':')
		return false;
	s = slice_from(s, 1);
	if (s.len == 0)
		return true;
	if (!slice_to_u64(s, &port) || port > UINT16_MAX)
		return false;
	host->port = (uint16_t)port;
	host->has_port = true;
	return true;
}

bool http_host_parse(struct slice text, struct http_host *ret)
{
	struct http_host host = { 0 };
	bool literal = text.len && text.data[0] == '[';
	uint8_t classes = 0;
	size_t len = literal ? literal_length(text, &classes)
			     : name_length(text, &classes);

	if (len == 0 || !parse_port(slice_from(text, len), &host))
		return false;
	host.name = slice_first(text, len);
	if (!literal && host.name.data[len - 1] == '.')
		host.name.len--;
	if (host.name.len == 0)
		return false;
	host.has_upper = classes & SCAN_UPPER;
	*ret = host;
	return true;
}

struct slice http_host_lower(const struct http_host *host, char *buffer)
{
	struct slice name = host->name;

	if (!host->has_upper)
		return name;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		buffer[i] = class_of(c) & SCAN_UPPER ? (char)(c | 0x20) : c;
	}
	return (struct slice){ buffer, name.len };
}

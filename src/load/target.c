/* The syntax of URLs, and of what is sent of them. */
#include "load/target.h"

#include <sys/un.h>

#include "http/host.h"

enum { TARGET_PORT_DEFAULT = 80 };

bool load_target_same(const struct load_target *a,
    const struct load_target *b)
{
	if (a->local || b->local)
		return a->local && b->local && slice_equal(a->host, b->host);
	return a->port == b->port && slice_equal_nocase(a->host, b->host);
}

/* ---- what is sent ---- */

/* May `c` stand in a path or query, '%' included? RFC 3986 §3.3, §3.4; and
 * brackets, which clients send and servers take. */
static bool uri_byte_plain(char c)
{
	return c > ' ' && c < 0x7f && !strchr("\"<>\\^`{|}", c);
}

static size_t uri_encoded_len(struct slice raw)
{
	size_t len = raw.len;

	for (size_t i = 0; i < raw.len; i++)
		len += uri_byte_plain(raw.data[i]) ? 0 : 2;
	return len;
}

bool load_uri_encode(struct slice raw, struct arena *arena,
    struct slice *ret)
{
	static const char hex[] = "0123456789ABCDEF";
	const char *fragment = raw.len ? memchr(raw.data, '#', raw.len) : NULL;
	bool slash;
	size_t len;
	char *out;

	if (fragment)
		raw.len = (size_t)(fragment - raw.data);
	slash = raw.len == 0 || raw.data[0] != '/';
	len = uri_encoded_len(raw) + slash;
	if (len > LOAD_TARGET_MAX)
		return false;
	out = arena_alloc_text(arena, len + 1);
	if (!out)
		return false;
	*ret = (struct slice){ out, len };
	if (slash)
		*out++ = '/';
	for (size_t i = 0; i < raw.len; i++) {
		unsigned char c = (unsigned char)raw.data[i];

		if (uri_byte_plain(raw.data[i])) {
			*out++ = raw.data[i];
			continue;
		}
		*out++ = '%';
		*out++ = hex[c >> 4];
		*out++ = hex[c & 15];
	}
	*out = '\0';
	return true;
}

/* ---- URLs ---- */

/* Blanks and controls of a URL are mistakes, or worse: an end of line would
 * end the request. */
static bool target_clean(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] <= ' ' || s.data[i] == 0x7f)
			return false;
	return true;
}

/* Cut the scheme off. */
static int target_scheme(struct slice *url, const struct fault *fault)
{
	static const struct slice http = { "http://", 7 };
	static const struct slice https = { "https://", 8 };

	if (slice_equal_nocase(slice_first(*url, https.len), https))
		return fault_set(fault, "https is not there yet: TLS comes "
		    "later, use http:// until then");
	if (!slice_equal_nocase(slice_first(*url, http.len), http))
		return fault_set(fault, "the URL \"%.*s\" does not begin with "
		    "http://", SLICE_ARG(slice_first(*url, 200)));
	*url = slice_from(*url, http.len);
	return 0;
}

/* "/path/of/socket:/uri", the path without a colon; both slices are raw. */
static int target_unix(struct slice rest, struct load_target *target,
    struct slice *uri, const struct fault *fault)
{
	const size_t size = sizeof(((struct sockaddr_un *)0)->sun_path);
	const char *colon = memchr(rest.data, ':', rest.len);
	size_t len = colon ? (size_t)(colon - rest.data) : rest.len;

	target->local = true;
	target->host = slice_first(rest, len);
	target->authority = SLICE("localhost");
	*uri = slice_from(rest, len + 1);
	if (len == 0)
		return fault_set(fault, "the URL has no path of a socket "
		    "behind \"unix:\"");
	if (len >= size)
		return fault_set(fault, "the path of the socket is longer "
		    "than %zu bytes", size - 1);
	return 0;
}

static struct slice target_unbracket(struct slice name)
{
	return name.data[0] == '['
	    ? (struct slice){ name.data + 1, name.len - 2 } : name;
}

static int target_inet(struct slice rest, struct load_target *target,
    struct slice *uri, const struct fault *fault)
{
	size_t len = 0;
	struct http_host host;

	while (len < rest.len && !strchr("/?#", rest.data[len]))
		len++;
	*uri = slice_from(rest, len);
	rest.len = len;
	if (memchr(rest.data, '@', len))
		return fault_set(fault, "the URL has a user name: send an "
		    "Authorization header instead");
	if (!http_host_parse(rest, &host))
		return fault_set(fault, "\"%.*s\" is not a host with a port",
		    SLICE_ARG(slice_first(rest, 200)));
	if (host.has_port && host.port == 0)
		return fault_set(fault, "the URL has port 0, ports are 1 to "
		    "65535");
	target->port = host.has_port ? host.port : TARGET_PORT_DEFAULT;
	target->host = target_unbracket(host.name);
	target->authority = target->port == TARGET_PORT_DEFAULT ? host.name
								: rest;
	return 0;
}

int load_target_parse(struct slice url, struct arena *arena,
    const struct fault *fault, struct load_target *ret)
{
	static const struct slice local = { "unix:", 5 };
	struct load_target target = { .text = url };
	struct slice uri;
	int err;

	if (!target_clean(url))
		return fault_set(fault, "the URL has a blank or a control "
		    "character, write it as %%20 or the like");
	err = target_scheme(&url, fault);
	if (err)
		return err;
	err = slice_starts(url, local)
	    ? target_unix(slice_from(url, local.len), &target, &uri, fault)
	    : target_inet(url, &target, &uri, fault);
	if (err)
		return err;
	if (!load_uri_encode(uri, arena, &target.uri))
		return fault_set(fault, "the path of the URL is longer than "
		    "%d bytes", LOAD_TARGET_MAX);
	target.text = arena_copy(arena, target.text);
	target.host = arena_copy(arena, target.host);
	target.authority = arena_copy(arena, target.authority);
	if (!target.text.data || !target.host.data || !target.authority.data)
		return fault_memory(fault);
	*ret = target;
	return 0;
}

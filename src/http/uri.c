/*
 * Paths of requests. What this returns is what locations are matched against
 * and what is appended to a root, so that all must agree on it: whatever is
 * encoded is decoded once, first, and judged afterwards.
 */
#include "http/uri.h"

#include "http/scan.h"

static bool is_special(char c)
{
	return c == '%' || c == '?' || c == '#';
}

/*
 * The first byte that is special, or a '/' that another '/' or a '.' follows;
 * or `end`.
 */
static const char *scan_path(const char *p, const char *end)
{
	for (; end - p >= 17; p += 16) {
		scan_vec v = scan_load(p), next = scan_load(p + 1);
		unsigned i = scan_first((scan_vec)((v == '%') | (v == '?') |
		    (v == '#') | ((v == '/') & ((next == '/') |
		    (next == '.')))));

		if (i < 16)
			return p + i;
	}
	for (; p < end; p++) {
		if (is_special(*p))
			break;
		if (*p == '/' && p + 1 < end && (p[1] == '/' || p[1] == '.'))
			break;
	}
	return p;
}

/* Split `rest`, which begins behind the path, into *ret. */
static void split_args(struct slice rest, struct uri *ret)
{
	const char *hash;

	ret->has_args = rest.len && rest.data[0] == '?';
	ret->args = (struct slice){ 0 };
	if (!ret->has_args)
		return;
	ret->args = slice_from(rest, 1);
	hash = memchr(ret->args.data, '#', ret->args.len);
	if (hash)
		ret->args.len = (size_t)(hash - ret->args.data);
}

bool uri_split(struct slice target, struct uri *ret)
{
	const char *end = target.data + target.len, *p;

	if (target.len == 0 || target.data[0] != '/')
		return false;
	p = scan_path(target.data, end);
	if (p < end && *p != '?' && *p != '#')
		return false;
	ret->path = slice_first(target, (size_t)(p - target.data));
	split_args(slice_from(target, ret->path.len), ret);
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Take one byte off the front of `s`, decoding an escape. Returns false for a
 * bad escape and for NUL.
 */
static bool take_byte(struct slice *s, char *ret)
{
	int high, low;

	if (s->data[0] != '%') {
		*ret = s->data[0];
		*s = slice_from(*s, 1);
		return *ret != '\0';
	}
	if (s->len < 3)
		return false;
	high = hex_value(s->data[1]);
	low = hex_value(s->data[2]);
	if (high < 0 || low < 0 || (high | low) == 0)
		return false;
	*ret = (char)(high << 4 | low);
	*s = slice_from(*s, 3);
	return true;
}

/* A path that is being written; it always holds at least the root's '/'. */
struct path {
	char *data;
	size_t len;
	size_t segment;		/* where the last segment begins */
};

enum segment { SEGMENT_KEPT, SEGMENT_DROPPED, SEGMENT_ESCAPES };

/*
 * The last segment is complete: drop it if it is ".", and the one before it,
 * too, if it is "..". Escapes if there is none before it.
 */
static enum segment segment_resolve(struct path *path)
{
	struct slice segment = { path->data + path->segment,
	    path->len - path->segment };

	if (slice_equal(segment, SLICE("."))) {
		path->len = path->segment;
		return SEGMENT_DROPPED;
	}
	if (!slice_equal(segment, SLICE("..")))
		return SEGMENT_KEPT;
	if (path->segment == 1)
		return SEGMENT_ESCAPES;
	do {
		path->segment--;
	} while (path->data[path->segment - 1] != '/');
	path->len = path->segment;
	return SEGMENT_DROPPED;
}

static bool path_append(struct path *path, char c, bool merge_slashes)
{
	if (c == '/') {
		enum segment segment = segment_resolve(path);

		if (segment != SEGMENT_KEPT)
			return segment == SEGMENT_DROPPED;
		if (merge_slashes && path->len == path->segment)
			return true;
	}
	path->data[path->len++] = c;
	if (c == '/')
		path->segment = path->len;
	return true;
}

bool uri_normalise(struct slice target, bool merge_slashes, char *buffer,
    struct uri *ret)
{
	struct path path = { buffer, 1, 1 };
	struct slice rest = target;

	buffer[0] = '/';
	if (rest.len && rest.data[0] == '/')
		rest = slice_from(rest, 1);
	while (rest.len && rest.data[0] != '?' && rest.data[0] != '#') {
		char c;

		if (!take_byte(&rest, &c) ||
		    !path_append(&path, c, merge_slashes))
			return false;
	}
	if (segment_resolve(&path) == SEGMENT_ESCAPES)
		return false;
	ret->path = (struct slice){ buffer, path.len };
	split_args(rest, ret);
	return true;
}

bool uri_unescape(struct slice target, char *buffer, struct uri *ret)
{
	struct slice rest = target;
	size_t len = 0;

	while (rest.len && rest.data[0] != '?' && rest.data[0] != '#')
		if (!take_byte(&rest, &buffer[len++]))
			return false;
	ret->path = (struct slice){ buffer, len };
	split_args(rest, ret);
	return true;
}

unsigned uri_dots(struct slice path)
{
	const char *at = path.data, *end = path.data + path.len;
	unsigned count = 0;

	while (path.len && (at = memmem(at, (size_t)(end - at), "/..", 3))) {
		at += 3;
		count += at == end || *at == '/';
	}
	return count;
}

bool uri_is_inside(struct slice path)
{
	return path.len && path.data[0] == '/' && uri_dots(path) == 0;
}

/*
 * Paths and hosts: a path never leaves the root and holds no NUL, and where
 * the fast way applies, the slow one says the same.
 */
#include <stdlib.h>

#include "http/host.h"
#include "http/uri.h"

/* Whether `s` has a segment that is `name`. */
static bool has_segment(struct slice s, struct slice name)
{
	size_t begin = 0;

	for (size_t i = 0; i <= s.len; i++) {
		if (i < s.len && s.data[i] != '/')
			continue;
		if (slice_equal((struct slice){ s.data + begin, i - begin },
		    name))
			return true;
		begin = i + 1;
	}
	return false;
}

static void check_path(struct slice path, size_t target_len, bool merge)
{
	if (path.len == 0 || path.len > target_len + 1 || path.data[0] != '/')
		abort();
	if (memchr(path.data, 0, path.len) ||
	    has_segment(path, SLICE(".")) || has_segment(path, SLICE("..")))
		abort();
	if (merge && memmem(path.data, path.len, "//", 2))
		abort();
}

static void check_host(struct slice text)
{
	struct http_host host;
	char *buffer = malloc(text.len + 1);

	if (http_host_parse(text, &host)) {
		struct slice lower = http_host_lower(&host, buffer);

		if (lower.len == 0 || lower.len > text.len ||
		    memchr(lower.data, '/', lower.len))
			abort();
		for (size_t i = 0; i < lower.len; i++) {
			if (lower.data[i] >= 'A' && lower.data[i] <= 'Z')
				abort();
		}
	}
	free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice target;
	struct uri fast, slow;
	char *buffer;

	if (size == 0)
		return 0;
	target = (struct slice){ (const char *)data + 1, size - 1 };
	check_host(target);
	buffer = malloc(target.len + 1);
	if (uri_normalise(target, data[0] & 1, buffer, &slow))
		check_path(slow.path, target.len, data[0] & 1);
	else
		slow.path.len = 0;
	/* No target of a request has a NUL: the parser refuses it. */
	if (!memchr(target.data, 0, target.len) &&
	    uri_split(target, &fast)) {
		if (!slice_equal(fast.path, slow.path) ||
		    !slice_equal(fast.args, slow.args) ||
		    fast.has_args != slow.has_args)
			abort();
	}
	free(buffer);
	return 0;
}

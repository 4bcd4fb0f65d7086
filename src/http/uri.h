#ifndef RINGMASTER_HTTP_URI_H
#define RINGMASTER_HTTP_URI_H

#include "base/slice.h"

/* A request target, taken apart as nginx does. */
struct uri {
	struct slice path;	/* decoded and normalised: begins with '/', has
				 * no "." or ".." segment; may hold any byte
				 * but NUL */
	struct slice args;	/* behind the first '?', as sent */
	bool has_args;		/* there was a '?' */
};

/*
 * Take `target` (the path and query of a request) apart if its path is normal
 * as it stands; *ret then points into it. This is the usual case.
 * Returns false, leaving *ret alone, if uri_normalise() is needed.
 */
bool uri_split(struct slice target, struct uri *ret);

/*
 * The same with percent-decoding, the resolution of "." and ".." segments,
 * and, if `merge_slashes`, one slash for several in a row. An empty path
 * becomes "/". A fragment is cut off.
 *
 * buffer:  room for target.len + 1 bytes; ret->path will be in it, while
 *          ret->args stays in `target`
 * Returns false, leaving *ret alone, if the path has a bad escape or a NUL or
 * leads out of the root: the answer is 400.
 */
bool uri_normalise(struct slice target, bool merge_slashes, char *buffer,
    struct uri *ret);

/*
 * The same without resolving segments: "/a/../b" stays what it is, for whom
 * that is reason to refuse it.
 */
bool uri_unescape(struct slice target, char *buffer, struct uri *ret);

/* Does a path begin at the root and have no ".." segment? */
bool uri_is_inside(struct slice path);

/* How many ".." segments a path has. */
unsigned uri_dots(struct slice path);

#endif

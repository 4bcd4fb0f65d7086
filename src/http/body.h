#ifndef RINGMASTER_HTTP_BODY_H
#define RINGMASTER_HTTP_BODY_H

#include <sys/types.h>

#include "base/slice.h"

struct http_request;

/*
 * Bodies are pulled: whoever sends one asks for the next piece until there
 * is none. A filter is a source that pulls from another source.
 */

/* A piece: bytes in memory, or a part of an open file. */
struct http_chunk {
	struct slice bytes;	/* if fd is -1; valid until the next pull */
	int fd;
	off_t offset;
	size_t size;		/* of the part of the file */
};

enum http_source_ready {
	HTTP_SOURCE_WAITS,		/* nothing */
	HTTP_SOURCE_HAS,		/* a piece */
	HTTP_SOURCE_HAS_ALL,		/* what is left */
};

struct http_source {
	/* The next piece to *ret and 1; 0 at the end; or -errno, after which
	 * the answer cannot be completed. May wait. Before it does for long
	 * it gives an empty piece (fd -1): what it gave before is then sent
	 * and does not wait as well. */
	int (*next)(struct http_source *source, struct http_chunk *ret);
	/* Give back what the source holds; called once. Or NULL. */
	void (*close)(struct http_source *source);
	/* How much can be had without waiting; or NULL: it is not known. */
	enum http_source_ready (*ready)(const struct http_source *source);
};

/*
 * The body of a response: nothing, or `bytes`, or a part of a file, or
 * whatever a source gives. Of the first three any part can be had alone. Of a
 * source one part can be, by pulling what is before it in vain: if that is
 * allowed (response->accept_ranges), its length is known and what it gives is
 * in memory.
 */
enum http_body_kind {
	HTTP_BODY_NONE,
	HTTP_BODY_BYTES,
	HTTP_BODY_FILE,
	HTTP_BODY_SOURCE,
};

struct http_body {
	enum http_body_kind kind;
	struct slice bytes;		/* BYTES; alive until the end */
	int fd;				/* FILE; alive until the end */
	off_t offset;			/* FILE */
	struct http_source *source;	/* SOURCE */
};

#endif

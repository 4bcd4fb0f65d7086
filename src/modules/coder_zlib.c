/*
 * gzip (RFC 1952) through zlib.
 */

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "modules/coder.h"

enum {
	ZLIB_GZIP = 16,			/* added to the window's bits */
	ZLIB_BITS_MIN = 9,		/* zlib cannot do with 8 */
};

static void zlib_enter(z_stream *z, const struct coder_io *io)
{
	z->next_in = (Bytef *)(uintptr_t)io->in.data;
	z->avail_in = (uInt)io->in.len;
	z->next_out = (Bytef *)io->out;
	z->avail_out = (uInt)io->room;
}

static void zlib_leave(const z_stream *z, struct coder_io *io)
{
	io->in = slice_from(io->in, io->in.len - z->avail_in);
	io->out += io->room - z->avail_out;
	io->room = z->avail_out;
}

static int deflate_open(const struct coder_options *options, void **ret)
{
	z_stream *z = calloc(1, sizeof(*z));
	int bits = options->window_bits, memory = options->memory;

	if (!z)
		return -ENOMEM;
	/* A small body needs neither; 262 bytes of a window are not used. */
	while (options->size > 0 && bits > ZLIB_BITS_MIN &&
	    options->size < (1 << (bits - 1)) - 262) {
		bits--;
		memory--;
	}
	if (deflateInit2(z, options->level, Z_DEFLATED, bits + ZLIB_GZIP,
	    memory > 1 ? memory : 1, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return -ENOMEM;
	}
	*ret = z;
	return 0;
}

static int deflate_run(void *state, struct coder_io *io, enum coder_op op)
{
	static const int flush[] = { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH };
	z_stream *z = state;
	int rc;

	zlib_enter(z, io);
	rc = deflate(z, flush[op]);
	zlib_leave(z, io);
	if (op == CODER_FINISH)
		return rc == Z_STREAM_END;
	/* Z_BUF_ERROR: there was nothing to do. */
	return io->in.len == 0 && (io->room > 0 || op == CODER_RUN);
}

static void deflate_close(void *state)
{
	(void)deflateEnd(state); /* may be in the middle */
	free(state);
}

const struct coder_kind coder_deflate = {
	.open = deflate_open, .run = deflate_run, .close = deflate_close,
};

/* ---- and back ---- */

struct inflate {
	z_stream z;
	bool ended;			/* the last member has */
};

static int inflate_open(const struct coder_options *options, void **ret)
{
	struct inflate *inflate = calloc(1, sizeof(*inflate));

	(void)options;
	if (!inflate || inflateInit2(&inflate->z, MAX_WBITS + ZLIB_GZIP) !=
	    Z_OK) {
		free(inflate);
		return -ENOMEM;
	}
	*ret = inflate;
	return 0;
}

static int inflate_run(void *state, struct coder_io *io, enum coder_op op)
{
	struct inflate *member = state;
	z_stream *z = &member->z;
	int rc = Z_OK;

	zlib_enter(z, io);
	while (rc == Z_OK && (z->avail_in || !member->ended) && z->avail_out) {
		/* One member may follow another (RFC 1952 §2.2). */
		if (member->ended)
			(void)inflateReset(z); /* of a valid state */
		rc = inflate(z, Z_NO_FLUSH);
		member->ended = rc == Z_STREAM_END;
		if (member->ended)
			rc = Z_OK;
	}
	zlib_leave(z, io);
	if (rc != Z_OK && rc != Z_BUF_ERROR)
		return -EBADMSG;
	if (io->room == 0)
		return 0;
	return op == CODER_FINISH && !member->ended ? -EBADMSG : 1;
}

static void inflate_close(void *state)
{
	struct inflate *inflate = state;

	(void)inflateEnd(&inflate->z); /* may be in the middle */
	free(inflate);
}

const struct coder_kind coder_inflate = {
	.open = inflate_open, .run = inflate_run, .close = inflate_close,
};

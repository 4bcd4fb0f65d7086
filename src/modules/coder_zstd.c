/*
 * Zstandard (RFC 8878) through libzstd.
 */

#include <errno.h>
#include <zstd.h>

#include "modules/coder.h"

enum {
	ZSTD_WINDOW_BITS = 23,	/* what every client must take (RFC 9659) */
	ZSTD_LEVEL_WINDOW = 19,	/* the last level that has no larger one */
	ZSTD_HOLDS = 128 * 1024, /* a block */
};

static int zstd_open(const struct coder_options *options, void **ret)
{
	ZSTD_CCtx *state = ZSTD_createCCtx();

	if (!state)
		return -ENOMEM;
	/* Values in range cannot be refused. */
	(void)ZSTD_CCtx_setParameter(state, ZSTD_c_compressionLevel,
	    options->level);
	if (options->level > ZSTD_LEVEL_WINDOW)
		(void)ZSTD_CCtx_setParameter(state, ZSTD_c_windowLog,
		    ZSTD_WINDOW_BITS);
	if (options->size > 0)
		(void)ZSTD_CCtx_setPledgedSrcSize(state,
		    (unsigned long long)options->size);
	*ret = state;
	return 0;
}

static int zstd_run(void *state, struct coder_io *io, enum coder_op op)
{
	static const ZSTD_EndDirective directive[] = { ZSTD_e_continue,
		ZSTD_e_flush, ZSTD_e_end };
	ZSTD_inBuffer in = { io->in.data, io->in.len, 0 };
	ZSTD_outBuffer out = { io->out, io->room, 0 };
	size_t left;

	do
		left = ZSTD_compressStream2(state, &out, &in, directive[op]);
	while (!ZSTD_isError(left) && out.pos < out.size &&
	    (op == CODER_RUN ? in.pos < in.size : left > 0));
	io->in = slice_from(io->in, in.pos);
	io->out += out.pos;
	io->room -= out.pos;
	if (ZSTD_isError(left))
		return -EIO;
	return in.pos == in.size && (op == CODER_RUN || left == 0);
}

static void zstd_close(void *state)
{
	(void)ZSTD_freeCCtx(state); /* cannot fail */
}

const struct coder_kind coder_zstd = {
	.open = zstd_open, .run = zstd_run, .close = zstd_close,
	.holds = ZSTD_HOLDS,
};

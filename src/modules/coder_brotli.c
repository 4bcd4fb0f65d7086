/*
 * Brotli (RFC 7932) through libbrotlienc.
 */

#include <brotli/encode.h>
#include <errno.h>

#include "modules/coder.h"

enum { BROTLI_HOLDS = 256 * 1024 };

static int brotli_open(const struct coder_options *options, void **ret)
{
	BrotliEncoderState *state = BrotliEncoderCreateInstance(NULL, NULL,
	    NULL);

	if (!state)
		return -ENOMEM;
	/* Values in range cannot be refused. */
	(void)BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY,
	    (uint32_t)options->level);
	(void)BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN,
	    (uint32_t)options->window_bits);
	if (options->size > 0 && options->size < UINT32_MAX)
		(void)BrotliEncoderSetParameter(state, BROTLI_PARAM_SIZE_HINT,
		    (uint32_t)options->size);
	*ret = state;
	return 0;
}

static int brotli_run(void *state, struct coder_io *io, enum coder_op op)
{
	static const BrotliEncoderOperation operation[] = {
		BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH,
		BROTLI_OPERATION_FINISH };
	const uint8_t *in = (const uint8_t *)io->in.data;
	size_t left = io->in.len;
	uint8_t *out = (uint8_t *)io->out;
	BROTLI_BOOL ok;

	do
		ok = BrotliEncoderCompressStream(state, operation[op], &left,
		    &in, &io->room, &out, NULL);
	while (ok && io->room && (left ||
	    BrotliEncoderHasMoreOutput(state) ||
	    (op == CODER_FINISH && !BrotliEncoderIsFinished(state))));
	io->in = slice_from(io->in, io->in.len - left);
	io->out = (char *)out;
	if (!ok)
		return -ENOMEM;
	return left == 0 && !BrotliEncoderHasMoreOutput(state) &&
	    (op != CODER_FINISH || BrotliEncoderIsFinished(state));
}

static void brotli_close(void *state)
{
	BrotliEncoderDestroyInstance(state);
}

const struct coder_kind coder_brotli = {
	.open = brotli_open, .run = brotli_run, .close = brotli_close,
	.holds = BROTLI_HOLDS,
};

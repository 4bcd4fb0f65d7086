#ifndef RINGMASTER_MODULES_CODER_H
#define RINGMASTER_MODULES_CODER_H

#include "http/filter.h"

/*
 * Content codings: what turns bytes into coded ones or back, and the body
 * filter that has it do so. Each library is known to one file.
 */

enum {
	CODER_OUT = 32 * 1024,		/* bytes of a piece that comes out */
};

/* How far the output has to go. */
enum coder_op {
	CODER_RUN,		/* as suits the coding */
	CODER_FLUSH,		/* all that can be told from the input so far */
	CODER_FINISH,		/* the input has ended */
};

struct coder_options {
	int level;
	int window_bits;	/* 0: as the level says */
	int memory;		/* zlib's memLevel */
	int64_t size;		/* of the input; -1: not known */
};

struct coder_io {
	struct slice in;	/* what is left of it */
	char *out;		/* the next free byte */
	size_t room;		/* bytes there */
};

struct coder_kind {
	/* Make one; *ret is an opaque state. Returns 0 or -ENOMEM. */
	int (*open)(const struct coder_options *options, void **ret);
	/* Take from io->in, give to io->out. Returns 1 when all the input was
	 * taken and all of it given that `op` asks for; 0 if there has to be
	 * more room for that; -errno if the input is not what it should be.
	 * On any thread, one at a time. */
	int (*run)(void *state, struct coder_io *io, enum coder_op op);
	void (*close)(void *state);
	size_t holds;		/* bytes of input that may wait for the next
				 * flush before any work is done for them */
};

extern const struct coder_kind coder_deflate;	/* gzip */
extern const struct coder_kind coder_inflate;	/* and back */
extern const struct coder_kind coder_brotli;
extern const struct coder_kind coder_zstd;

/* The filter: its record lives as long as the request. */
struct coder_filter {
	struct http_filter filter;
	const struct coder_kind *kind;
	struct coder_options options;
	void *state;		/* NULL: not begun, or done */
	size_t inline_max;	/* bytes of input worth no thread */
	uint64_t in, out;	/* bytes so far */
	/* private */
	struct coder_io io;
	char *buffer;
	uint64_t turn_ns;
	size_t turn_bytes;	/* of input, coded in this turn by the loop */
	size_t held;		/* of input, since the last flush */
	enum coder_op op;
	bool busy;		/* the operation has more to give */
	bool dirty;		/* something came since the last flush */
	bool owes_flush, done;
};

/*
 * Have the response's body coded. inline_max: as above, SIZE_MAX if no thread
 * is ever needed. Returns 0 or -ENOMEM.
 */
int coder_use(struct http_request *request, const struct coder_kind *kind,
    const struct coder_options *options, size_t inline_max,
    struct coder_filter **ret);

/* All of a body at once, on whatever thread calls it. */
struct coder_whole {
	const struct coder_kind *kind;
	struct coder_options options;	/* `size` is filled in */
	struct slice bytes;		/* the body; or, if that is empty: */
	int fd;
	size_t size;			/* of the file */
	char *result;			/* from malloc() */
	size_t result_len;
	int error;			/* 0 or -errno */
};
void coder_whole_run(void *whole);

#endif

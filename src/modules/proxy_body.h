#ifndef RINGMASTER_MODULES_PROXY_BODY_H
#define RINGMASTER_MODULES_PROXY_BODY_H

#include "http/chunked.h"
#include "modules/proxy.h"

/* The body of an answer on its way; see proxy_body.c. */

/* One of proxy_buffers. */
struct proxy_block {
	struct proxy_block *next;
	size_t from, to;		/* what is in it */
	char data[];
};

struct proxy_body {
	struct http_source source;
	struct proxy *proxy;
	struct chunked decoder;
	uint64_t left;			/* of a body with a length */
	uint64_t begun_ns, read;	/* for proxy_limit_rate */
	bool ended;			/* all of it has come */
	bool extra;			/* the connection is of no more use */
	int error;			/* it will not come */
	bool flushed;			/* an empty piece was given */
	bool stopped;			/* nothing more is wanted */

	struct slice first;		/* came with the head */
	struct proxy_block *blocks, **blocks_end;	/* what came since */
	struct proxy_block *held;	/* given to the client */
	struct proxy_block *spare;
	unsigned block_count;		/* all of them */
	unsigned blocks_max;
	size_t block_size;

	int fd;				/* of the file; -1: none */
	off_t file_from, file_to;	/* what is in it comes before what is
					 * in the blocks */
	bool spilling;			/* the pool has the blocks */

	bool reading;			/* `reader` is to be joined */
	struct ring_task reader;
	struct ring_event changed;
};

/* ---- proxy_file.c ---- */

/* Move blocks to the file, if it may have more: true. False, too, after an
 * error, which then is body->error. [coroutine] */
bool proxy_file_spill(struct proxy_body *body);

/* A piece of what is in the file, given once. */
bool proxy_file_next(struct proxy_body *body, struct http_chunk *ret);

void proxy_file_close(struct proxy_body *body);

/* ---- proxy_body.c ---- */

/* A block is of no more use for what is in it. */
void proxy_block_put(struct proxy_body *body, struct proxy_block *block);

#endif

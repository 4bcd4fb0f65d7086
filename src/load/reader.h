#ifndef RINGMASTER_LOAD_READER_H
#define RINGMASTER_LOAD_READER_H

#include "http/h1_response.h"
#include "load/plan.h"
#include "load/record.h"

/*
 * Reads the answers on a connection, as many as were asked for at once
 * (RFC 9112 §9.3.2), and says what is wrong with one.
 */

struct load_client;

struct reader {			/* on the stack of a coroutine */
	struct load_client *client;
	char *data;			/* received, but not read from `begin`
					 * to `end` */
	size_t begin, end, size;
	uint64_t deadline;
	uint64_t first_ns;		/* when this answer began; 0: it has
					 * not */
	struct slice wanted;		/* in this content */
	size_t content_len;		/* of client->content */
};

enum { READER_KNOWN_MAX = 1024 };	/* bytes of a head that is kept */

/* The last head, and what it means: most answers begin with the same bytes. */
struct reader_known {
	size_t len;			/* 0: there is none */
	struct h1_response response;
	char bytes[READER_KNOWN_MAX];
};

/* For a connection that is open; until `deadline` (CLOCK_MONOTONIC). */
void reader_init(struct reader *reader, struct load_client *client,
    uint64_t deadline);

/*
 * Read the answer to `request`. *keeps: the connection may be used again.
 * LOAD_ERROR_STATUS and LOAD_ERROR_BODY are of answers that are complete, but
 * not as expected; after others there is nothing more to be read. [coroutine]
 */
enum load_error reader_answer(struct reader *reader,
    const struct load_request *request, bool *keeps);

#endif

#ifndef RINGMASTER_LOAD_JSON_READ_H
#define RINGMASTER_LOAD_JSON_READ_H

#include "base/arena.h"
#include "load.pb-c.h"

/*
 * Reads what metrics/json.h wrote in the usual form back into protobuf-c
 * messages, by their descriptors. Unknown names are skipped, missing ones
 * have their default, null is NAN for a floating-point number and the default
 * for anything else. "x_unix_ms" is read as the time x_unix_ns; its twin "x",
 * for people, is skipped. Bytes, maps and oneofs are not known.
 *
 * A text is read value by value, so that a long list need not be in memory
 * as a whole. (The library's integers are signed: those above INT64_MAX are
 * refused.)
 */

enum {
	JSON_READ_BYTES_MAX = 8 << 20,	/* of one value */
	JSON_READ_ERROR_MAX = 200,
};

struct json_reader {
	struct slice text, rest;	/* all, and what was not yet read */
	char error[JSON_READ_ERROR_MAX];	/* a sentence, with the place */
};

static inline void json_reader_init(struct json_reader *reader,
    struct slice text)
{
	*reader = (struct json_reader){ .text = text, .rest = text };
}

/*
 * Each of these reads from reader->rest and leaves what follows there.
 * Returns 0, or, with reader->error set, -EBADMSG for what is not JSON, not of
 * the type or too large, or -ENOMEM.
 */

/* A message of a type and all it holds, in the arena. */
int json_read_message(struct json_reader *reader,
    const ProtobufCMessageDescriptor *type, struct arena *arena,
    ProtobufCMessage **ret);

/* One value of any kind, which is left out. */
int json_read_skip(struct json_reader *reader);

/* A number that is not negative. */
int json_read_uint(struct json_reader *reader, uint64_t *ret);

/* The name of a member with its colon; longer than `size` - 1 bytes, it is
 * cut. */
int json_read_name(struct json_reader *reader, char *name, size_t size);

/* Behind blanks, is `c` next? Then it is read. */
bool json_read_char(struct json_reader *reader, char c);

/* Was all read but blanks? */
bool json_read_end(struct json_reader *reader);

#endif

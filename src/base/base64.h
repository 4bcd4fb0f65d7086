#ifndef RINGMASTER_BASE_BASE64_H
#define RINGMASTER_BASE_BASE64_H

#include <sys/types.h>

#include "base/arena.h"

/* Base64 of RFC 4648 §4. */

#define BASE64_LEN(size) (((size) + 2) / 3 * 4)

/* Write `data` as BASE64_LEN(data.len) characters, with padding. */
void base64_encode(struct slice data, char *out);

/*
 * Decode `text` to `out`, which has room for text.len / 4 * 3 + 2 bytes;
 * padding may be missing. Returns the number of bytes, or -1 if it is not
 * base64 (`out` may then hold anything).
 */
ssize_t base64_decode_to(struct slice text, void *out);

/* The same to memory of `arena`; false also if there is none. */
bool base64_decode(struct arena *arena, struct slice text,
    struct slice *ret);

#endif

#ifndef RINGMASTER_BASE_BUF_H
#define RINGMASTER_BASE_BUF_H

#include "base/slice.h"

/*
 * A growing run of bytes on the heap, for text whose length is not known
 * beforehand. Errors stick: after a failed append (no memory, or beyond
 * `limit`) further appends do nothing and `failed` stays set, so a writer
 * checks once at its end.
 */
struct buf {
	char *data;
	size_t len;
	size_t size;
	size_t limit;		/* bytes it may grow to */
	bool failed;
};

/* An empty buffer that may grow to `limit` bytes; nothing is allocated. */
static inline struct buf buf_make(size_t limit)
{
	return (struct buf){ .limit = limit };
}

/* Give the memory back; the buffer is then empty and may be used again. */
void buf_free(struct buf *buf);

void buf_append(struct buf *buf, const void *data, size_t len);
void buf_append_slice(struct buf *buf, struct slice s);
void buf_append_cstr(struct buf *buf, const char *s);
void buf_append_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for `len` more bytes at data + len, or NULL; does not change `len`. */
char *buf_reserve(struct buf *buf, size_t len);

static inline struct slice buf_slice(const struct buf *buf)
{
	return (struct slice){ buf->data, buf->len };
}

#endif

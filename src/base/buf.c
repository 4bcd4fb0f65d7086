#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUF_SIZE_MIN = 256 };

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = buf_make(buf->limit);
}

char *buf_reserve(struct buf *buf, size_t len)
{
	size_t need, size;
	char *data;

	if (buf->failed)
		return NULL;
	if (__builtin_add_overflow(buf->len, len, &need) || need > buf->limit)
		goto fail;
	if (need <= buf->size)
		return buf->data + buf->len;
	size = buf->size * 2 > BUF_SIZE_MIN ? buf->size * 2 : BUF_SIZE_MIN;
	if (size < need)
		size = need;
	data = realloc(buf->data, size);
	if (!data)
		goto fail;
	buf->data = data;
	buf->size = size;
	return data + buf->len;
fail:
	buf->failed = true;
	return NULL;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
	char *p = len ? buf_reserve(buf, len) : NULL;

	if (p) {
		memcpy(p, data, len);
		buf->len += len;
	}
}

void buf_append_slice(struct buf *buf, struct slice s)
{
	buf_append(buf, s.data, s.len);
}

void buf_append_cstr(struct buf *buf, const char *s)
{
	buf_append(buf, s, strlen(s));
}

void buf_append_char(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;
	int len;
	char *p;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	p = len < 0 ? NULL : buf_reserve(buf, (size_t)len + 1);
	if (p) {
		(void)vsnprintf(p, (size_t)len + 1, format, args); /* sized */
		buf->len += (size_t)len;
	}
	va_end(args);
}

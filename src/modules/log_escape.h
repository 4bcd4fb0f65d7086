#ifndef RINGMASTER_MODULES_LOG_ESCAPE_H
#define RINGMASTER_MODULES_LOG_ESCAPE_H

#include "base/buf.h"

/* log_format's escape=: what is done to values, so that no client can forge
 * a line or reach a terminal. */
enum log_escape {
	LOG_ESCAPE_DEFAULT,	/* \xXX for all but printable ASCII, " and \ */
	LOG_ESCAPE_JSON,	/* as in a JSON string; UTF-8 stays */
	LOG_ESCAPE_NONE,
};

/* Room for `len` more bytes, as buf_reserve(): mostly there is some. */
static inline char *log_room(struct buf *buf, size_t len)
{
	return buf->size - buf->len >= len ? buf->data + buf->len
					   : buf_reserve(buf, len);
}

/* Append `text` as it is. */
static inline void log_append_text(struct buf *buf, struct slice text)
{
	char *to = log_room(buf, text.len);

	if (to && text.len) {
		memcpy(to, text.data, text.len);
		buf->len += text.len;
	}
}

/* Append `text`, escaped. */
void log_escape_append(struct buf *buf, struct slice text,
    enum log_escape escape);

#endif

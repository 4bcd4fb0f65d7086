/* CSV for spreadsheets, which must not run what a client sent. */

#include "base/csv.h"

void csv_write_text(struct buf *out, struct slice text)
{
	buf_append_char(out, '"');
	if (text.len && memchr("=+-@\t\r", text.data[0], 6))
		buf_append_char(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"')
			buf_append_char(out, '"');
		buf_append_char(out, text.data[i]);
	}
	buf_append_char(out, '"');
}
